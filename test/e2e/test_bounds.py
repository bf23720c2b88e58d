# SPDX-License-Identifier: Apache-2.0
"""Every kernel kind around its tile sizes (one less, equal, one more; extent 1) with batches 0, 1 and a prime, compiled with
--check-bounds: a kernel that would read or write outside its buffers fails instead, and numbers agree with ONNX Runtime."""
import numpy as np
import pytest
from conftest import Programs
from sampling import only_in_full
from test_onnx_ops import Family, floats

dlc = pytest.importorskip("dlc")

BATCHES = (0, 1, 7)
# Lanes of a vector of 4-byte elements are 4, 8 or 16; products and convolutions compute 32, 64 or 128 columns by up to 14 rows.
AROUND_VECTORS = (1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65)


class CheckedPrograms(Programs):
    def compile(self, model, output, *options, **keywords):
        return super().compile(model, output, "--check-bounds", *options, **keywords)


@pytest.fixture
def checked(tmp_path):
    return CheckedPrograms(tmp_path)


@pytest.fixture
def random():
    return np.random.default_rng(11)


def inputs_of(random, *tails):
    """Inputs x0, x1, ... of a symbolic batch and the given further extents."""
    return {f"x{i}": floats(random, 7, *tail) for i, tail in enumerate(tails)}


def check(family, checked):
    family.check(checked, dynamic=tuple(family.inputs), batches=BATCHES)


def test_elementwise(checked, random):
    family = Family(**inputs_of(random, *[(n,) for n in AROUND_VECTORS], (3, 17)))
    for i, n in enumerate(AROUND_VECTORS):
        family.add("Add", family.add("Tanh", f"x{i}"), floats(random, n))
    family.add("Mul", f"x{len(AROUND_VECTORS)}", floats(random, 3, 1))
    check(family, checked)


def test_reductions(checked, random):
    family = Family(**inputs_of(random, *[(n, 5) for n in AROUND_VECTORS], *[(5, n) for n in AROUND_VECTORS]))
    for name in family.inputs:
        family.add("ReduceMax", name, np.array([1], np.int64), keepdims=0)
        family.add("ReduceSum", name, np.array([2], np.int64), keepdims=1)
    check(family, checked)


def test_normalizations(checked, random):
    family = Family(**inputs_of(random, *[(n,) for n in AROUND_VECTORS], *[(n, 3) for n in (1, 15, 16, 17)]))
    for i, n in enumerate(AROUND_VECTORS):
        family.add("Softmax", f"x{i}", axis=1)
        family.add("LayerNormalization", f"x{i}", floats(random, n), floats(random, n), axis=1)
    for i in range(len(AROUND_VECTORS), len(family.inputs)):
        family.add("Softmax", f"x{i}", axis=1)
    check(family, checked)


def test_windows(checked, random):
    family = Family(**inputs_of(random, *[(c, h, w) for c in (1, 16, 17) for h, w in ((3, 3), (5, 16), (4, 33))]))
    for name in family.inputs:
        family.add("MaxPool", name, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        family.add("AveragePool", name, kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1])
        family.add("AveragePool", name, kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2])
    check(family, checked)


def test_movements(checked, random):
    family = Family(**inputs_of(random, *[(n, 17) for n in (1, 7, 8, 9, 15, 16, 17)]))
    for name, array in family.inputs.items():
        family.add("Transpose", name, perm=[0, 2, 1])
        family.add("Concat", name, name, axis=1)
        family.add("Pad", name, np.array([0, 1, 2, 0, 3, 0], np.int64), mode="constant")
        family.add("Gather", name, np.array([0, -1], np.int64), axis=1)
        family.add("Slice", name, np.array([16], np.int64), np.array([-100], np.int64), np.array([2], np.int64), np.array([-3], np.int64))
    check(family, checked)


@pytest.mark.parametrize("width", (1, 7, 14, 15, *only_in_full((6, 8, 13))))
def test_convolutions(checked, random, width):
    family = Family(**inputs_of(random, (3, 5, width), (32, 4, width)))
    for outputs in (1, 31, 32, 33, 65):
        for name, channels in (("x0", 3), ("x1", 32)):
            conv = family.add("Conv", name, floats(random, outputs, channels, 3, 3), floats(random, outputs), pads=[1, 1, 1, 1])
            family.add("Relu", conv)
    family.add("Conv", "x1", floats(random, 64, 32, 1, 1), strides=[2, 2])
    family.add("Conv", "x1", floats(random, 32, 1, 3, 3), pads=[1, 1, 1, 1], group=32)
    family.add("Conv", "x1", floats(random, 64, 16, 3, 3), pads=[1, 1, 1, 1], group=2)
    check(family, checked)


def test_windows_of_channels_last_images(checked, random):
    """Convolutions leave channels innermost in memory, and pools that follow and precede them keep them there."""
    family = Family(**inputs_of(random, (3, 9, 7)))
    for channels in (5, 16, 33):
        conv = family.add("Conv", "x0", floats(random, channels, 3, 3, 3), floats(random, channels), pads=[1, 1, 1, 1])
        for window in ({"kernel_shape": [5, 5], "pads": [2] * 4}, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}):
            pool = family.add("MaxPool", conv, **window)
            family.add("Conv", pool, floats(random, 4, channels, 1, 1))
            family.add("Relu", family.add("AveragePool", conv, ceil_mode=1, **window))
    check(family, checked)


def test_winograd_and_fused_pools(checked, random):
    """Tiles of 4 x 4 results where 64 channels make them pay; a pool of the result that halves it."""
    family = Family(**inputs_of(random, (64, 7, 7), (64, 8, 8), (64, 9, 9), (64, 12, 17)))
    for name in family.inputs:
        conv = family.add("Conv", name, floats(random, 64, 64, 3, 3), floats(random, 64), pads=[1, 1, 1, 1])
        family.add("MaxPool", family.add("Relu", conv), kernel_shape=[2, 2], strides=[2, 2])
    check(family, checked)


JOIN = """first = Constant<value = int64[1] {1}>() end = Constant<value = int64[1] {9}>() rows = Constant<value = int64[1] {0}>()
    tail = Slice(x, first, end, rows) y = Concat<axis = 0>(tail, tail, x)"""


@pytest.mark.parametrize(
    "result, nodes, expected",
    [("float[40,40] y", "t = Transpose(x) y = MatMul(t, x)", lambda x: x.T @ x), ("float[M,40] y", JOIN, lambda x: np.concatenate([x[1:9], x[1:9], x]))],
    ids=["sums without terms", "parts without elements"],
)
def test_tensors_without_elements(checked, result, nodes, expected):
    """What has no elements may have no address, and what a kernel makes of it is not empty."""
    parser = pytest.importorskip("onnx.parser")
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> main (float[N,40] x) => ({result}) {{ {nodes} }}')
    (checked.folder / "empty.onnx").write_bytes(model.SerializeToString())
    compiled = dlc.Model(checked.compile("empty.onnx", "empty.so"))
    for rows in (0, 1, 2):
        x = np.full((rows, 40), 7 + rows, np.float32)
        np.testing.assert_array_equal(compiled.run({"x": x})["y"], expected(x))


def test_products(checked, random):
    family = Family(**inputs_of(random, (33,), (6, 33), (14, 33), (15, 33)))
    for columns in (1, 31, 32, 33, 63, 64, 65, 127, 128, 129):
        for name in family.inputs:
            family.add("MatMul", name, floats(random, 33, columns))
    check(family, checked)
