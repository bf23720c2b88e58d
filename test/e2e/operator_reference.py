# SPDX-License-Identifier: Apache-2.0
"""What the exact operations of operator_cases.py give, by NumPy: the meaning of dlc's operations in the cases that ONNX leaves open."""
import ml_dtypes
import numpy as np
from operator_cases import FLOATS, TYPES


def wide(x):
    """f16 and bf16 are computed with in f32 and rounded after every operation."""
    return x.astype(np.float32) if x.dtype in (np.float16, ml_dtypes.bfloat16) else x


def divide(a, b):
    if a.dtype.kind not in "iu":
        return wide(a) / wide(b)
    a, b = np.broadcast_arrays(a, b)
    lowest = (b == -1) if a.dtype.kind == "i" else np.zeros(a.shape, bool)
    with np.errstate(all="ignore"):
        quotient = np.where((b == 0) | lowest, 0, a // np.where((b == 0) | lowest, 1, b))
        rest = a - quotient * b
        quotient += ((rest != 0) & ((a < 0) != (b < 0)) & (b != 0) & ~lowest).astype(a.dtype)  # toward zero
        return np.where(lowest, -a, quotient).astype(a.dtype)


def modulo(a, b, fmod=0):
    if a.dtype.kind not in "iu":
        a, b = wide(a), wide(b)
        rest = np.fmod(a, b)
        return rest if fmod else np.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)
    a, b = np.broadcast_arrays(a, b)
    isZero = (b == 0) | (b == -1 if a.dtype.kind == "i" else False)
    safe = np.where(isZero, 1, b).astype(a.dtype)
    return np.where(isZero, 0, np.fmod(a, safe) if fmod else np.mod(a, safe)).astype(a.dtype)


def shift(a, b, direction):
    a, b = np.broadcast_arrays(a, b)
    bits = a.dtype.itemsize * 8
    isFar = (b < 0) | (b >= bits)
    amount = np.where(isFar, bits - 1, b).astype(a.dtype)
    if direction == "LEFT":
        return np.where(isFar, 0, a << amount).astype(a.dtype)
    return np.where(isFar & (a.dtype.kind == "u"), 0, a >> amount).astype(a.dtype)


def power(a, b):
    """Wraps, with 254 or 255 for larger exponents; a negative exponent gives the quotient rounded toward zero, 0 for 1 / 0."""
    a, b = np.broadcast_arrays(a, b)

    def one(base, exponent):
        if exponent < 0:
            return base ** (exponent % 2) if base in (1, -1) else 0
        return base ** (exponent if exponent < 256 else 254 + exponent % 2)

    modulus, bits = 2 ** (8 * a.dtype.itemsize), f"u{a.dtype.itemsize}"
    return np.array([one(int(p), int(q)) % modulus for p, q in zip(a.ravel(), b.ravel())], bits).reshape(a.shape).view(a.dtype)


def cast(x, to):
    target = np.dtype(TYPES[to])
    if to == "i1":
        return x != 0
    if to in FLOATS or x.dtype.kind in "iub":
        if to in ("f16", "bf16") and x.dtype.kind in "iu":
            return np.array([round_once(int(n), to) for n in x.ravel()]).reshape(x.shape).astype(target)
        return x.astype(target) if to != "bf16" or x.dtype != np.float64 else np.array([round_once(n, to) for n in x.ravel()]).reshape(x.shape).astype(target)
    info, wider = np.iinfo(target), x.astype(np.float64)
    inside = (wider > float(info.min) - 1) & (wider < float(info.max) + (0 if info.max > 2**53 else 1))
    return np.where(np.isnan(wider), 0, np.where(inside, np.trunc(np.where(inside, wider, 0)).astype(target), np.where(wider > 0, info.max, info.min))).astype(target)


def round_once(number, to):
    """A number as f16 or bf16 without a rounding on the way: the nearer of its neighbours, the even one between them."""
    dtype = TYPES[to]
    if isinstance(number, float) and (np.isnan(number) or np.isinf(number)):
        return dtype(number)
    near = dtype(float(number))
    if np.isinf(near):
        return near  # f16 and bf16 end far below what double rounding could matter for
    import fractions

    exact = fractions.Fraction(number)
    bits = near.view(np.uint16)
    candidates = [v for v in (near, (bits - np.uint16(1)).view(dtype), (bits + np.uint16(1)).view(dtype)) if np.isfinite(v)]
    return min(candidates, key=lambda v: (abs(fractions.Fraction(float(v)) - exact), int(v.view(np.uint16)) & 1))


def extreme(x, axes, keep, ufunc):
    return ufunc.reduce(x, axis=axes, keepdims=keep)


def arg_extreme(x, axis, keepdims, last, best):
    """The first (or last) of the best elements; NaN is better than every number."""
    x = wide(x)
    keys = np.flip(x, axis) if last else x
    index = best(keys, axis=axis)
    index = x.shape[axis] - 1 - index if last else index
    return np.expand_dims(index, axis) if keepdims else index


def top_k(x, k, axis, largest):
    order = np.argsort(wide(x), axis, kind="stable")  # NaN last
    if largest:
        flipped = np.flip(wide(x), axis)
        order = x.shape[axis] - 1 - np.flip(np.argsort(flipped, axis, kind="stable"), axis)
    order = np.take(order, np.arange(k), axis)
    return np.take_along_axis(x, order, axis), order


def relu(x):
    return np.where(wide(x) < 0, np.zeros_like(x), x) if x.dtype.kind != "u" else x


def clip(x, low, high):
    x = x if low is None else np.where(wide(x) < wide(low), low, x)
    return x if high is None else np.where(wide(x) > wide(high), high, x)


REFERENCE = {
    "Abs": np.abs, "Neg": lambda x: -x if x.dtype.kind != "u" else (np.zeros_like(x) - x), "Sign": lambda x: np.where((wide(x) != wide(x)) | (x == 0), x, np.sign(wide(x))), "Relu": relu,
    "Ceil": lambda x: np.ceil(wide(x)), "Floor": lambda x: np.floor(wide(x)), "Round": lambda x: np.rint(wide(x)), "Sqrt": lambda x: np.sqrt(wide(x)),
    "Reciprocal": lambda x: 1 / wide(x), "IsNaN": lambda x: np.isnan(wide(x)), "BitwiseNot": lambda x: ~x, "Not": lambda x: ~x, "Identity": lambda x: x,
    "IsInf": lambda x, detect_negative=1: np.isinf(wide(x)) & ((wide(x) > 0) | bool(detect_negative)),
    "Add": lambda a, b: wide(a) + wide(b), "Sub": lambda a, b: wide(a) - wide(b), "Mul": lambda a, b: wide(a) * wide(b), "Div": divide, "Mod": modulo,
    "Sum": lambda a, b: wide(a) + wide(b), "Max": lambda a, b: np.maximum(wide(a), wide(b)), "Min": lambda a, b: np.minimum(wide(a), wide(b)), "Equal": lambda a, b: wide(a) == wide(b),
    "PRelu": lambda a, b: np.where(wide(a) < 0, wide(a) * wide(b), wide(a)),
    "Greater": lambda a, b: wide(a) > wide(b), "GreaterOrEqual": lambda a, b: wide(a) >= wide(b), "Less": lambda a, b: wide(a) < wide(b),
    "LessOrEqual": lambda a, b: wide(a) <= wide(b), "And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor, "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or, "BitwiseXor": np.bitwise_xor, "BitShift": shift, "Pow": power, "Cast": cast, "Where": np.where, "Clip": clip,
    "ReduceMax": lambda x, axes, keepdims: extreme(x, tuple(axes), bool(keepdims), np.maximum if x.dtype != bool else np.logical_or),
    "ReduceMin": lambda x, axes, keepdims: extreme(x, tuple(axes), bool(keepdims), np.minimum if x.dtype != bool else np.logical_and),
    "ReduceSum": lambda x, axes, keepdims: np.add.reduce(wide(x), axis=tuple(axes), keepdims=bool(keepdims), dtype=wide(x).dtype),
    "ReduceProd": lambda x, axes, keepdims: np.multiply.reduce(wide(x), axis=tuple(axes), keepdims=bool(keepdims), dtype=wide(x).dtype),
    "ReduceL1": lambda x, axes, keepdims: np.add.reduce(np.abs(wide(x)), axis=tuple(axes), keepdims=bool(keepdims), dtype=wide(x).dtype),
    "ReduceSumSquare": lambda x, axes, keepdims: np.add.reduce(wide(x) * wide(x), axis=tuple(axes), keepdims=bool(keepdims), dtype=wide(x).dtype),
    "ArgMax": lambda x, axis, select_last_index, keepdims: arg_extreme(x, axis, keepdims, select_last_index, np.argmax),
    "ArgMin": lambda x, axis, select_last_index, keepdims: arg_extreme(x, axis, keepdims, select_last_index, np.argmin),
    "TopK": lambda x, k, axis, largest: top_k(x, int(k[0]), axis, largest),
}  # fmt: skip


def expected(case, inputs):
    """The case's results, or None where the operation rounds in ways of its own."""
    function = REFERENCE.get(case.op)
    if not function or (case.op == "Pow" and case.type in FLOATS):
        return None
    operands = [inputs[o] if isinstance(o, str) else o for o in case.operands]
    if case.op in ("Max", "Min", "Clip"):
        operands = [None if o is None else np.asarray(o, TYPES[case.type]) for o in operands]
    with np.errstate(all="ignore"):
        results = function(*operands, **case.attributes)
    results = results if isinstance(results, tuple) else (results,)
    def of_type(result, i):
        if result.dtype == bool or case.op in ("Cast", "ArgMax", "ArgMin") or (case.op == "TopK" and i == 1):
            return result
        with np.errstate(over="ignore"):
            return result.astype(TYPES[case.type])
    return [of_type(np.asarray(result), i) for i, result in enumerate(results)]
