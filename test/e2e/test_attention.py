# SPDX-License-Identifier: Apache-2.0
"""dlc.attention on awkward shapes (lengths 1 to 1000, head sizes 1 to 80, grouped heads, masks, windows, lengths, dynamic extents)
against NumPy in f64, on one thread and on two: the same bits, and no access outside any buffer."""
import math

import numpy as np
import pytest

TOLERANCE = {"f32": 1e-5, "f64": 1e-12, "f16": 2e-3, "bf16": 1.5e-2}


@np.errstate(invalid="ignore")
def attend(query, key, value, mask=None, lengths=None, scale=1.0, softcap=0.0, left=None, right=None, offset=0, from_end=False):
    """What the op is defined as."""
    query, key, value = (x.astype(np.float64) for x in (query, key, value))
    group = query.shape[1] // key.shape[1]
    key, value = np.repeat(key, group, 1), np.repeat(value, group, 1)
    scores = scale * query @ key.swapaxes(2, 3)
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    queries, keys = scores.shape[2:]
    count = np.full(len(query), keys) if lengths is None else np.clip(lengths, 0, keys)
    index = np.arange(queries)[None, :] + ((count - queries)[:, None] if from_end else 0)
    limit = lambda distance: min(max(distance, -(2**62)), 2**62)
    k = np.arange(keys)
    visible = np.broadcast_to((k < count[:, None])[:, None], (len(query), queries, keys))
    if right is not None:
        visible = visible & (k <= index[..., None] + limit(offset + right))
    if left is not None:
        visible = visible & (k >= index[..., None] + limit(offset - left))
    visible = np.broadcast_to(visible[:, None], scores.shape)
    if mask is not None and mask.dtype == bool:
        visible = visible & mask
    elif mask is not None:
        scores = scores + mask.astype(np.float64)
    scores = np.where(visible, scores, -np.inf)
    largest = scores.max(-1, keepdims=True, initial=-np.inf)
    power = np.exp(scores - np.where(np.isinf(largest), 0, largest))
    total = power.sum(-1, keepdims=True)
    weights = power / np.where(total == 0, 1, total)
    if np.isfinite(value).all():
        return weights @ value
    # What a query does not attend to contributes nothing.
    return np.where((scores == -np.inf)[..., None], 0, weights[..., None] * value[:, :, None]).sum(-2)


def bits_of(values, kind):
    """`values` as a file holds them, and as numbers after rounding."""
    if kind == "bf16":
        bits = values.astype(np.float32).view(np.uint32)
        bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        return bits, (bits.astype(np.uint32) << 16).view(np.float32)
    rounded = values.astype({"f32": np.float32, "f64": np.float64, "f16": np.float16}[kind])
    return rounded, rounded


def numbers_of(array, kind):
    return (array.astype(np.uint32) << 16).view(np.float32) if kind == "bf16" else array


class Case:
    """One attention of a model; extents that are strings are symbols."""

    def __init__(self, batch, heads, queries, size, keys=None, groups=None, value_size=None, kind="f32", mask=None, lengths=False,
                 **attributes):  # fmt: skip
        self.kind, self.attributes, self.mask, self.lengths = kind, attributes, mask, lengths
        keys, groups = queries if keys is None else keys, groups or heads
        self.shapes = [(batch, heads, queries, size), (batch, groups, keys, size), (batch, groups, keys, value_size or size)]
        attributes.setdefault("scale", 1 / math.sqrt(size))

    def operands(self):
        """(type of the elements, shape) of every operand."""
        yield from ((self.kind, shape) for shape in self.shapes)
        if self.mask:
            yield self.mask
        if self.lengths:
            yield "i64", self.shapes[0][:1]

    def text(self, number):
        """The op and its arguments, as text."""
        arguments, names, types = [], [], []
        for i, (kind, shape) in enumerate(self.operands()):
            extents = "".join(f"{'?' if isinstance(e, str) else e}x" for e in shape)
            types.append(f"tensor<{extents}{kind}>")
            names.append(f"%x{number}_{i}")
            dims = ", ".join(f'"{e}"' if isinstance(e, str) else str(e) for e in shape)
            arguments.append(f'{names[-1]}: {types[-1]} {{dlc.name = "x{number}_{i}", dlc.dims = [{dims}]}}')
        extra, rest = "", list(zip(names, types))[3:]
        if self.mask:
            extra += " mask {} : {}".format(*rest.pop(0))
        if self.lengths:
            extra += " lengths {} : {}".format(*rest.pop(0))
        values = {"scale": "f64", "softcap": "f64"}
        attributes = ", ".join(
            f"{k} = {str(v).lower()}" if isinstance(v, bool) else f"{k} = {float(v) if k in values else v} : {values.get(k, 'i64')}"
            for k, v in self.attributes.items()
        )
        shape = self.shapes[0][:3] + self.shapes[2][3:]
        self.result = "tensor<" + "".join(f"{'?' if isinstance(e, str) else e}x" for e in shape) + f"{self.kind}>"
        op = f"%y{number} = dlc.attention {', '.join(names[:3])}{extra} {{{attributes}}} : ({', '.join(types[:3])}) -> {self.result}"
        return arguments, op

    def fill(self, random, symbols):
        """Arrays of the operands, as files hold them and as numbers."""
        stored, numbers = [], []
        for i, (kind, shape) in enumerate(self.operands()):
            shape = tuple(symbols.get(e, e) for e in shape)
            if kind == "i1":
                stored.append(random.random(shape) < 0.6)
                numbers.append(stored[-1])
            elif kind == "i64":
                stored.append(random.integers(0, symbols.get(self.shapes[1][2], self.shapes[1][2]) + 1, shape))
                numbers.append(stored[-1])
            else:
                values = random.standard_normal(shape) * (1 if i < 3 else 3)
                if i == 3:
                    values = np.where(random.random(shape) < 0.2, -np.inf, values)
                for array, into in zip(bits_of(values, kind), (stored, numbers)):
                    into.append(array)
        return stored, numbers


def write_model(path, cases):
    """A model with an output y<n> for each case, whose operands are inputs x<n>_<i>."""
    arguments, ops = [], []
    for number, case in enumerate(cases):
        own, op = case.text(number)
        arguments += own
        ops.append(op)
    results = ", ".join(f'{case.result} {{dlc.name = "y{i}"}}' for i, case in enumerate(cases))
    text = f"func.func @run({', '.join(arguments)}) -> ({results}) {{\n  " + "\n  ".join(ops)
    text += f"\n  return {', '.join(f'%y{i}' for i in range(len(cases)))} : {', '.join(case.result for case in cases)}\n}}\n"
    path.write_text(text)


def inputs_of(filled):
    """The inputs of the model, from what Case.fill gives for its cases."""
    return {f"x{n}_{i}": array for n, (stored, _) in enumerate(filled) for i, array in enumerate(stored)}


def compare(case, numbers, result, tolerance=TOLERANCE, where=""):
    """The numbers of the operands give `result`, as a file holds it."""
    extra = list(numbers[3:])
    mask, lengths = extra.pop(0) if case.mask else None, extra.pop(0) if case.lengths else None
    expected = attend(*numbers[:3], mask, lengths, **case.attributes)
    result = numbers_of(result, case.kind).astype(np.float64)
    assert result.shape == expected.shape
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(
        result, expected, rtol=0, atol=tolerance[case.kind] * finite.max(initial=1e-30), err_msg=f"{case.__dict__} {where}",
    )  # fmt: skip


def check(programs, cases, *options, **symbols):
    write_model(programs.folder / "model.mlir", cases)
    library = programs.compile("model.mlir", "model.so", *options)
    names = [f"y{i}" for i in range(len(cases))]
    rows = [dict(zip(symbols, values)) for values in zip(*symbols.values())] or [{}]
    for row in rows:
        random = np.random.default_rng(3)
        filled = [case.fill(random, row) for case in cases]
        inputs = inputs_of(filled)
        got = programs.execute(library, inputs, names, "--threads", "1")
        on_two = programs.execute(library, inputs, names, "--threads", "2")
        for name, case, (_, numbers) in zip(names, cases, filled):
            np.testing.assert_array_equal(got[name], on_two[name], err_msg=f"{case.__dict__} {row}")
            compare(case, numbers, got[name], where=row)


@pytest.mark.parametrize("bounds", [(), ("--check-bounds",)], ids=["", "bounds"])
def test_lengths_and_sizes(programs, bounds):
    cases = [Case(1 + i % 5, (1, 3, 8)[i % 3], length, size, (length, 129, 7)[i % 3])
             for i, (length, size) in enumerate((n, d) for n in (1, 2, 7, 64) for d in (1, 5, 64, 80))]  # fmt: skip
    check(programs, cases, *bounds)


def test_long(programs):
    check(programs, [Case(1, 2, 129, 64), Case(1, 1, 1000, 64), Case(2, 3, 33, 16, keys=1000), Case(1, 4, 1, 64, keys=1000),
                     Case(1, 2, 1000, 8, right=0), Case(1, 2, 600, 16, left=100, right=30)], "--check-bounds")  # fmt: skip


def test_grouped_heads(programs):
    check(programs, [Case(2, 8, 17, 16, groups=2), Case(3, 6, 5, 8, groups=1, value_size=24), Case(1, 9, 40, 32, groups=3, right=0)])


def test_masks(programs):
    check(programs, [Case(2, 3, 20, 8, keys=37, mask=("f32", (2, 1, 1, 37))), Case(2, 3, 20, 8, keys=37, mask=("f32", (20, 37))),
                     Case(2, 3, 20, 8, keys=37, mask=("i1", (3, 20, 37))), Case(2, 3, 20, 8, keys=37, mask=("i1", (2, 1, 20, 37))),
                     Case(1, 2, 5, 8, keys=700, mask=("f32", (700,)), right=650), Case(2, 2, 9, 8, mask=("f32", ()))],
          "--check-bounds")  # fmt: skip


def test_windows_and_offsets(programs):
    check(programs, [Case(2, 2, 13, 8, right=0), Case(1, 2, 13, 8, keys=40, right=0, offset=27), Case(1, 2, 13, 8, keys=40, left=3),
                     Case(1, 2, 13, 8, keys=40, right=0, from_end=True), Case(1, 2, 40, 8, keys=13, right=0, from_end=True),
                     Case(1, 2, 13, 8, left=0, right=0), Case(2, 2, 13, 8, right=2, left=1, softcap=2.5)])  # fmt: skip


def test_bounds_beyond_32_bits(programs):
    """A distance that no position reaches excludes all keys or none."""
    ends = [2**30 - 1, 2**30, 2**31 - 1, 2**31, 2**32, 2**32 + 2, 2**63 - 1]
    cases = [Case(1, 2, 7, 8, **{name: end}) for end in ends for name in ("left", "right")]
    cases += [Case(1, 1, 7, 8, keys=100, left=2, right=end, offset=-3, from_end=end % 2 == 0) for end in ends]
    cases += [Case(1, 1, 7, 8, left=2, right=2, offset=sign * end) for end in ends for sign in (1, -1)]
    # Both cancel.
    cases += [Case(1, 1, 7, 8, left=end - 1, right=0, offset=end) for end in ends] + [Case(1, 1, 7, 8, right=end, offset=-end) for end in ends]
    check(programs, cases, "--check-bounds")


def test_lengths_operand(programs):
    check(programs, [Case(5, 2, 9, 8, keys=30, lengths=True), Case(5, 2, 9, 8, keys=30, lengths=True, right=0, from_end=True),
                     Case(5, 1, 3, 8, keys=900, lengths=True, left=50, right=0, from_end=True),
                     Case(4, 2, 9, 8, keys=30, lengths=True, mask=("i1", (9, 30)))], "--check-bounds")  # fmt: skip


@pytest.mark.parametrize("kind", ["f64", "f16", "bf16"])
def test_element_types(programs, kind):
    check(programs, [Case(2, 3, 30, 16, kind=kind), Case(1, 2, 5, 5, keys=600, kind=kind, right=0, from_end=True),
                     Case(1, 2, 12, 8, kind=kind, mask=(kind, (12, 12)))], "--check-bounds")  # fmt: skip


@pytest.mark.parametrize("target", ["x86-64-v2", "x86-64-v3"])
def test_narrower_vectors(programs, target):
    check(programs, [Case(2, 3, 30, 16), Case(1, 2, 7, 5, keys=600, right=0, from_end=True), Case(1, 2, 130, 64)], f"--target={target}")


def test_unoptimized(programs):
    check(programs, [Case(2, 3, 30, 16), Case(1, 2, 7, 5, keys=200, right=0, mask=("i1", (7, 200)))], "-O0")


# A batch, queries and keys that are known at run time only.
DYNAMIC = [
    Case("B", 3, "S", 16),
    Case("B", 2, "S", 8, keys="T"),
    Case("B", 2, "S", 8, keys="T", right=0, from_end=True),
    Case("B", 4, 1, 8, keys="T", groups=2, lengths=True),
    Case("B", 2, "S", 8, keys="T", mask=("f32", ("B", 1, 1, "T"))),
]


def test_dynamic(programs):
    check(programs, DYNAMIC, "--check-bounds", B=(1, 5, 2, 3, 0, 1), S=(1, 7, 129, 64, 3, 1000), T=(1, 1000, 2, 127, 5, 31))


def test_no_keys(programs):
    check(programs, DYNAMIC, B=(2,), S=(5,), T=(0,))
