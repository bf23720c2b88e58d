# SPDX-License-Identifier: Apache-2.0
"""What may be given as an input: everything that NumPy converts to an array of the right element type without loss."""
import numpy as np

_TYPES = {
    "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64,
    "f16": np.float16, "f32": np.float32, "f64": np.float64, "bf16": np.uint16, "bool": np.bool_,
}  # fmt: skip


def _describe(value):
    """What the caller gave, for a message."""
    return "None" if value is None else f"a {type(value).__name__}" if not isinstance(value, str) else f"the string {value[:40]!r}"


def _from_numbers(array, wanted):
    """Python's numbers, which have no width of their own, as `wanted`; None if one of them would become another."""
    with np.errstate(all="ignore"):
        result = array.astype(wanted)
        if wanted.kind == "f" and array.dtype.kind == "f":
            # Rounded as a number in a program is, but what is finite stays so.
            kept = np.isinf(result) == np.isinf(array)
        else:
            # Compared in both directions: a large integer and its rounded image are equal as reals of 64 bits.
            kept = (result == array) & (result.astype(array.dtype) == array)
            if wanted.kind == "f":
                kept &= np.isfinite(result)
            elif array.dtype.kind == "f":
                kept &= np.abs(array) < 2.0**63
    return result if np.all(kept) else None


def convert(value, kind, expected):
    """`value` as a compact, aligned array of the element type `kind` ("f32", ...) in this machine's byte order.

    Raises TypeError or ValueError with a message that begins with `expected` ("input 'x' is f32[N, 4]"). Arrays keep every value: their
    type converts if NumPy calls that safe. Lists and numbers may be rounded to a real type, but neither overflow nor lose a fraction.
    Shapes are not checked.
    """
    wanted = np.dtype(_TYPES[kind])
    if hasattr(value, "detach") and getattr(value, "requires_grad", False):
        value = value.detach()  # a run records nothing for PyTorch's gradients
    if isinstance(value, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(value)):
        raise ValueError(f"{expected}, and elements of the masked array given have no value: give them one by .filled(...)")
    has_type = not isinstance(value, (list, tuple, int, float))
    try:
        array = None if value is None or isinstance(value, (str, bytes)) else np.asarray(value)
    except ValueError:
        raise ValueError(f"{expected}, and the lists given differ in length or depth") from None
    except Exception:
        array = None
    if array is None or (array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16"):
        what = _describe(value) if array is None or array.dtype.kind == "O" and not array.ndim else f"elements of type {array.dtype}"
        raise TypeError(f"{expected}, and what is given is {what}")
    if kind == "bf16":
        if not has_type or array.dtype.name not in ("uint16", "bfloat16"):
            raise TypeError(f"{expected}, and what is given has elements of type {array.dtype}: give the bits of bf16 as uint16")
        array = array.view(np.uint16) if array.dtype.name == "bfloat16" else array
    elif not has_type:
        array = _from_numbers(array, wanted)
        if array is None:
            raise ValueError(f"{expected}, and a given number is not {'an' if wanted.kind == 'i' else 'a'} {wanted.name}")
    elif not np.can_cast(array.dtype, wanted, "safe"):
        raise TypeError(f"{expected}, and the array given has elements of type {array.dtype}: convert it by .astype(numpy.{wanted.name})")
    return np.require(array, wanted, ["C", "ALIGNED"])
