# SPDX-License-Identifier: Apache-2.0
"""ONNX ops that gather, scatter, mask and accumulate, on awkward shapes and symbolic extents, against ONNX Runtime."""
import numpy as np
import pytest
from test_onnx_ops import Family

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 3, 5)).astype(np.float32)


def indices(shape, *extents):
    """Tuples of indices into `extents`, negative ones among them."""
    return np.stack([RNG.integers(-extent, extent, shape) for extent in extents], -1)


def test_gather_nd(programs):
    family = Family(x=X, i=indices((7,), 4))
    for tuples in indices((7,), 4), indices((2, 1), 4, 3), indices((2, 3), 4, 3, 5), indices((), 4, 3), indices((0,), 4, 3):
        family.add("GatherND", "x", tuples)
    family.add("GatherND", "x", "i")
    family.add("GatherND", "x", indices((4, 2), 3), batch_dims=1)
    family.add("GatherND", "x", indices((4,), 3, 5), batch_dims=1)
    family.add("GatherND", "x", indices((4, 3, 6), 5), batch_dims=2)
    family.check(programs)


def test_gather_nd_of_a_symbolic_batch(programs):
    family = Family(x=X, i=indices((4, 2), 3), k=indices((4,), 3, 5))
    family.add("GatherND", "x", "i", batch_dims=1)
    family.add("GatherND", "x", "k", batch_dims=1)
    family.add("GatherND", "x", np.array([[0, 1], [0, -1]]))
    family.check(programs, dynamic=("x", "i", "k"), batches=(1, 2, 4, 7))


@pytest.mark.parametrize("element", [np.float32, np.int64, np.float16, np.int8])
def test_scatter(programs, element):
    x = (X * 10).astype(element)
    draw = lambda *shape: (RNG.standard_normal(shape) * 10).astype(element)
    unique = np.stack(np.unravel_index(RNG.permutation(12)[:7], (4, 3)), -1)
    family = Family(x=x, u=draw(7, 5))
    family.add("ScatterND", "x", unique, "u")
    family.add("ScatterND", "x", np.array([[2], [0]]), draw(2, 3, 5))
    family.add("ScatterND", "x", np.zeros((0, 2), np.int64), draw(0, 5))
    family.add("ScatterElements", "x", np.array([[[0, -1, 2, 3, 1]]]), draw(1, 1, 5), axis=0)
    family.add("ScatterElements", "x", np.argsort(RNG.standard_normal((2, 3, 5)), axis=2)[:, :, :4], draw(2, 3, 4), axis=-1)
    if element in (np.float32, np.int64):  # ONNX Runtime has the reductions for these only, and orders duplicates as we do
        for reduction in "add", "mul", "max", "min":
            family.add("ScatterND", "x", indices((9,), 4, 3), draw(9, 5), reduction=reduction)
            family.add("ScatterElements", "x", RNG.integers(-3, 3, (4, 7, 5)), draw(4, 7, 5), axis=1, reduction=reduction)
    family.check(programs)


def test_scatter_into_a_symbolic_batch(programs):
    family = Family(x=X, i=np.argsort(RNG.standard_normal((4, 3, 5)), axis=1)[:, :2], u=X[:, :2] + 1)
    family.add("ScatterElements", "x", "i", "u", axis=1)
    family.add("ScatterElements", "x", "i", "u", axis=1, reduction="max")
    family.add("ScatterND", "x", np.array([[0, 1], [0, -1]]), X[:2, 0] * 2)
    family.check(programs, dynamic=("x", "i", "u"), batches=(1, 2, 4, 7))


def test_masks(programs):
    matrix = RNG.integers(0, 9, (5, 7))
    family = Family(x=X, m=matrix, b=matrix > 4, k=np.array(-1))
    for k in -9, -2, 0, 1, 2, 9:
        for upper in 0, 1:
            family.add("Trilu", "x", np.array(k), upper=upper)
    family.add("Trilu", "m", "k")
    family.add("Trilu", "b", "k", upper=0)
    family.add("Trilu", "x")
    for k in -6, -1, 0, 3, 7:
        family.add("EyeLike", "m", k=k)
    family.add("EyeLike", "m", dtype=1)
    family.check(programs, dynamic=("x", "m", "b"), batches=(1, 5, 8))


def test_one_hot(programs):
    numbers = np.array([[0, 1, -1], [4, 9, -5]])
    family = Family(i=numbers, f=numbers.astype(np.float32), v=np.array([0.5, -2], np.float32))
    for axis in -1, 0, 1, 2:
        family.add("OneHot", "i", np.array(5), np.array([2.0, 3.0], np.float32), axis=axis)
    family.add("OneHot", "i", np.array([5]), "v")
    family.add("OneHot", "f", np.array(4.0, np.float32), "v")
    family.check(programs, dynamic=("i", "f"), batches=(1, 2, 5))


def test_reverse_sequence(programs):
    family = Family(x=X, n=np.array([1, 3, 5, 4]), m=np.array([4, 0, 1]))
    for lengths in "m", np.array([1, 2, 3]):
        family.add("ReverseSequence", "x", lengths)
    family.add("ReverseSequence", "x", np.array([1, 2, 3, 3]), batch_axis=0, time_axis=1)
    family.check(programs)


@pytest.mark.parametrize("element", [np.float32, np.int64, np.float64, np.int32])
def test_cumulative_sums(programs, element):
    family = Family(x=(X * 10).astype(element), v=np.arange(6).astype(element), e=np.zeros((0, 2), element))
    for axis in 0, 1, 2, -2:
        for exclusive in 0, 1:
            for reverse in 0, 1:
                family.add("CumSum", "x", np.array(axis), exclusive=exclusive, reverse=reverse)
    family.add("CumSum", "v", np.array([0]))
    family.add("CumSum", "e", np.array(0))
    family.check(programs, dynamic=("x",), batches=(1, 4, 9))


DIFFERENTIABLE = {
    "GatherND": "r = GatherND<batch_dims = 1>(x, i)",
    "ScatterND": "p = Constant<value = int64[3,1] {2, 0, -4}>() q = Slice(u, zero, three) r = ScatterND(x, p, q)",
    "ScatterElements": "r = ScatterElements<axis = 1>(x, j, u)",
    "ScatterElements add": 'r = ScatterElements<axis = 1, reduction = "add">(x, j, u)',
    "ScatterElements mul": 'r = ScatterElements<axis = 1, reduction = "mul">(x, j, u)',
    "ScatterElements max": 'r = ScatterElements<axis = 1, reduction = "max">(x, j, u)',
    "Trilu": "r = Trilu(x)",
    "ReverseSequence": "n = Constant<value = int64[3] {3, 1, 4}>() r = ReverseSequence(x, n)",
    "CumSum": "r = CumSum<exclusive = 1>(x, one)",
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(programs, name):
    """Beside central differences, in f64."""
    import onnx.parser

    parts = DIFFERENTIABLE[name].replace(") ", ")\n  ")
    model = f"""<ir_version: 10, opset_import: ["" : 18, "ai.onnx.preview.training" : 1]>
main (double[4,3] x, double[4,3] u, int64[4,2,1] i, int64[4,3] j) => (double loss, double[4,3] dx, double[4,3] du) {{
  zero = Constant<value = int64[1] {{0}}>()
  one = Constant<value = int64 {{1}}>()
  three = Constant<value = int64[1] {{3}}>()
  {parts}
  s = Sin(r)
  t = Mul(r, s)
  loss1 = ReduceSum<keepdims = 0>(t)
  su = ReduceSum<keepdims = 0>(u)
  loss = Add(loss1, su)
  dx, du = ai.onnx.preview.training.Gradient<xs = ["x", "u"], zs = ["i", "j"], y = "loss">(x, u, i, j)
}}"""
    onnx = pytest.importorskip("onnx")
    onnx.save(onnx.parser.parse_model(model), programs.folder / "model.onnx")
    library = programs.compile("model.onnx", "model.so")
    rng = np.random.default_rng(3)
    inputs = {"x": rng.standard_normal((4, 3)), "u": rng.standard_normal((4, 3)), "i": rng.integers(-3, 3, (4, 2, 1))}
    # Equal indices only where that has a meaning.
    inputs["j"] = rng.integers(-3, 3, (4, 3)) if " " in name else np.argsort(rng.standard_normal((4, 3)), axis=1)
    got = programs.execute(library, inputs, ["loss", "dx", "du"])
    for operand in "xu":
        expected = np.empty((4, 3))
        for position in np.ndindex(4, 3):
            sides = []
            for step in 1e-5, -1e-5:
                moved = {**inputs, operand: inputs[operand].copy()}
                moved[operand][position] += step
                sides.append(programs.execute(library, moved, ["loss"])["loss"])
            expected[position] = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(got["d" + operand], expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("exclusive, reverse", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_cumulative_products(programs, exclusive, reverse):
    text = f"""<ir_version: 10, opset_import: ["" : 26]>
main (float[4,3,5] x) => (float[4,3,5] y) {{
  axis = Constant<value = int64 {{1}}>()
  y = CumProd<exclusive = {exclusive}, reverse = {reverse}>(x, axis)
}}"""
    import onnx.parser

    (programs.folder / "m.onnx").write_bytes(onnx.parser.parse_model(text).SerializeToString())
    library = programs.compile("m.onnx", "m.so")
    x = X[:, ::-1] if reverse else X
    wanted = np.cumprod(x, axis=1)
    if exclusive:
        wanted = np.concatenate([np.ones_like(x[:, :1]), wanted[:, :-1]], axis=1)
    wanted = wanted[:, ::-1] if reverse else wanted
    np.testing.assert_allclose(programs.execute(library, {"x": X}, ["y"])["y"], wanted, rtol=1e-6)


def test_the_older_name_of_scattering(programs):
    import onnx.parser

    text = """<ir_version: 6, opset_import: ["" : 10]>
main (float[3,3] x, int64[2,3] i, float[2,3] u) => (float[3,3] y) { y = Scatter<axis = 0>(x, i, u) }"""
    (programs.folder / "m.onnx").write_bytes(onnx.parser.parse_model(text).SerializeToString())
    library = programs.compile("m.onnx", "m.so")
    inputs = {"x": np.zeros((3, 3), np.float32), "i": np.array([[1, 0, 2], [0, 2, 1]]), "u": np.array([[1, 2, 3], [4, 5, 6]], np.float32)}
    np.testing.assert_array_equal(programs.execute(library, inputs, ["y"])["y"], [[4, 2, 0], [1, 0, 6], [0, 5, 3]])
