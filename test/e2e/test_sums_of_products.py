# SPDX-License-Identifier: Apache-2.0
"""Convolutions and matrix products of awkward shapes (extents below, at and beyond every tile; primes; empty batches) against
ONNX Runtime, on one thread and on three: the same bits."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from processor import skip_unless
from sampling import sample

onnxruntime = pytest.importorskip("onnxruntime")
RANDOM = np.random.default_rng(7)
TARGETS = ["native", "x86-64-v2", "x86-64-v3"]


class Graph:
    """Independent nodes in one model, each with inputs and an output of its own."""

    def __init__(self, mean=0.0):
        self.mean = mean
        self.nodes, self.inputs, self.weights, self.arrays, self.outputs = [], [], [], {}, []

    def array(self, shape, constant):
        name = f"t{len(self.inputs) + len(self.weights)}"
        values = (self.mean + RANDOM.standard_normal(shape)).astype(np.float32)
        if constant:
            self.weights.append(numpy_helper.from_array(values, name))
        else:
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            self.arrays[name] = values
        return name

    def add(self, kind, inputs, rank, **attributes):
        name = f"y{len(self.outputs)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank))

    def check(self, programs, *options):
        graph = helper.make_graph(self.nodes, "sums", self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, programs.folder / "sums.onnx")
        names = [output.name for output in self.outputs]
        session = onnxruntime.InferenceSession(str(programs.folder / "sums.onnx"), providers=["CPUExecutionProvider"])
        expected = dict(zip(names, session.run(names, self.arrays)))
        library = programs.compile("sums.onnx", "sums.so", *options)
        got = programs.execute(library, self.arrays, names)
        on_three = programs.execute(library, self.arrays, names, "--threads", "3")
        for name, node in zip(names, self.nodes):
            assert got[name].shape == expected[name].shape, node
            scale = np.abs(expected[name]).max(initial=1e-30)
            np.testing.assert_allclose(got[name] / scale, expected[name] / scale, atol=3e-5, err_msg=str(node))
            np.testing.assert_array_equal(got[name], on_three[name], err_msg=str(node))


# batch, channels in, channels out, height, width, kernel, strides, pads, dilations, groups
CONVOLUTIONS = [
    (1, 1, 1, 1, 1, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (1, 3, 32, 9, 14, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (1, 5, 33, 8, 13, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (2, 7, 31, 6, 15, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (3, 16, 64, 7, 7, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (1, 24, 24, 5, 29, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (1, 13, 17, 11, 10, (5, 3), (2, 1), (2, 0, 1, 1), (1, 1), 1),
    (1, 8, 40, 12, 12, (3, 3), (2, 2), (0, 0, 1, 1), (1, 1), 1),
    (1, 4, 96, 19, 19, (3, 3), (1, 1), (2, 2, 2, 2), (2, 2), 1),
    (1, 3, 6, 28, 28, (5, 5), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (2, 32, 32, 14, 14, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (1, 48, 96, 13, 17, (3, 3), (1, 1), (0, 1, 1, 0), (1, 1), 1),
    (1, 64, 64, 12, 30, (3, 3), (1, 1), (2, 2, 2, 2), (1, 1), 2),
    (1, 64, 128, 6, 6, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 2),
    (1, 12, 18, 6, 6, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 3),
    (1, 16, 16, 9, 9, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 16),
    (2, 37, 37, 9, 8, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), 37),
    (1, 20, 40, 7, 7, (5, 5), (1, 1), (2, 2, 2, 2), (1, 1), 20),
    (2, 29, 29, 9, 11, (7, 7), (1, 1), (3, 3, 3, 3), (1, 1), 29),
    (1, 32, 32, 7, 13, (7, 5), (1, 1), (3, 2, 3, 2), (1, 1), 32),
    # Vectors along rows: few output channels, or few in a group.
    (1, 6, 3, 9, 21, (3, 5), (1, 1), (2, 4, 2, 4), (2, 2), 1),
    (2, 5, 4, 8, 40, (5, 5), (2, 2), (2, 2, 2, 2), (1, 1), 1),
    (3, 17, 1, 1, 8, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (1, 9, 9, 10, 33, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 3),
    (1, 12, 6, 7, 12, (3, 3), (1, 2), (1, 1, 0, 2), (1, 1), 6),
    (2, 4, 12, 5, 16, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 4),
]
OTHER_RANKS = [
    (2, 6, 35, (17,), (3,), (1,), (1, 1), (1,), 1),
    (1, 32, 32, (64,), (5,), (2,), (0, 3), (2,), 1),
    (1, 8, 8, (33,), (3,), (1,), (1, 1), (1,), 8),
    (2, 9, 1, (100,), (7,), (1,), (3, 3), (1,), 1),
    (1, 4, 2, (5, 6, 17), (3, 3, 3), (1, 1, 1), (1,) * 6, (1, 1, 1), 1),
    (1, 3, 18, (5, 6, 7), (3, 3, 3), (1, 1, 1), (1,) * 6, (1, 1, 1), 1),
    (2, 16, 32, (4, 4, 15), (1, 2, 3), (1, 2, 1), (0,) * 6, (1, 1, 1), 1),
]


@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
def test_convolutions(programs, constant):
    graph = Graph()
    for batch, cin, cout, h, w, kernel, strides, pads, dilations, groups in CONVOLUTIONS:
        x, k = graph.array((batch, cin, h, w), False), graph.array((cout, cin // groups, *kernel), constant)
        graph.add("Conv", [x, k, graph.array((cout,), constant)], 4, strides=strides, pads=pads, dilations=dilations, group=groups)
    graph.check(programs)


def test_convolutions_of_other_ranks(programs):
    graph = Graph()
    for batch, cin, cout, extents, kernel, strides, pads, dilations, groups in OTHER_RANKS:
        x, k = graph.array((batch, cin, *extents), False), graph.array((cout, cin // groups, *kernel), True)
        graph.add("Conv", [x, k], 2 + len(extents), strides=strides, pads=pads, dilations=dilations, group=groups)
    graph.check(programs)


def test_transposed_convolutions(programs):
    graph = Graph()
    for cin, cout, h, kernel, stride, pads, dilation, groups, output in [
        (3, 5, 7, 3, 1, (1, 1, 1, 1), 1, 1, 0), (8, 16, 5, 4, 2, (1, 1, 1, 1), 1, 1, 0), (6, 6, 4, 3, 2, (0, 1, 1, 0), 1, 2, 1),
        (4, 7, 6, 3, 1, (0, 0, 0, 0), 2, 1, 0), (32, 64, 13, 3, 1, (1, 1, 1, 1), 1, 1, 0), (48, 32, 6, 3, 1, (0, 2, 1, 1), 1, 1, 0),
        (33, 40, 7, 5, 3, (2, 1, 0, 2), 1, 1, 2), (32, 32, 9, 2, 3, (0, 0, 0, 0), 1, 1, 1), (4, 4, 5, 3, 3, (1, 1, 1, 1), 2, 4, 0),
    ]:  # fmt: skip
        x, k = graph.array((2, cin, h, h + 1), False), graph.array((cin, cout // groups, kernel, kernel), h % 2 == 0)
        graph.add("ConvTranspose", [x, k], 4, strides=(stride,) * 2, pads=pads, dilations=(dilation,) * 2, group=groups, output_padding=(output,) * 2)
    graph.check(programs)


def test_matrix_products(programs):
    graph = Graph()
    for left, right in [
        ((1, 1), (1, 1)), ((1, 127), (127, 129)), ((1, 33), (33, 1000)), ((13, 7), (7, 5)), ((14, 64), (64, 32)), ((15, 64), (64, 33)),
        ((128, 31), (31, 64)), ((3, 29, 17), (3, 17, 32)), ((2, 1, 9, 8), (3, 8, 31)), ((5,), (5, 6)), ((4, 5), (5,)), ((11,), (11,)),
        ((2, 3, 4), (4,)), ((7, 1, 2), (2, 48)), ((4, 0), (0, 3)),
    ]:  # fmt: skip
        for constant in (False, True):
            graph.add("MatMul", [graph.array(left, False), graph.array(right, constant)], max(len(left), len(right), 2) - (len(left) == 1) - (len(right) == 1))
    graph.check(programs)


@pytest.mark.parametrize("target", TARGETS)
def test_transposed_matrix_products(programs, target):
    skip_unless(target)
    graph = Graph()
    sizes = [
        (1, 1, 1), (1, 64, 10), (3, 5, 7), (17, 33, 65), (32, 100, 40), (16, 259, 36), (12, 128, 1000), (7, 131, 320), (7, 512, 64), (8, 512, 64), (5, 300, 32)
    ]  # fmt: skip
    for m, k, n in sample(sizes, 4, TARGETS.index(target)):
        for left in (0, 1):
            for right in (0, 1):
                for constant in (False, True):
                    a = graph.array((k, m) if left else (m, k), False)
                    b = graph.array((n, k) if right else (k, n), constant)
                    graph.add("Gemm", [a, b], 2, transA=left, transB=right)
    graph.check(programs, f"--target={target}")


@pytest.mark.parametrize("target", TARGETS)
def test_few_columns(programs, target):
    """Dot products: single ones and many, in several chains, with terms that fill no vector, of rows whose distance is a power of two."""
    skip_unless(target)
    graph = Graph(mean=0.5)  # so that a single sum is not much smaller than its terms
    sizes = [(1, 10000), (1, 64), (1, 200), (2, 1023), (5, 65), (7, 128), (12, 257), (64, 1024), (101, 4096), (300, 67), (0, 100)]
    for turn, (m, k) in enumerate(sample(sizes, 4, TARGETS.index(target))):
        for n in (1, 2, 3, 4, 5):
            for constant in (False, True):
                graph.add("Gemm", [graph.array((m, k), False), graph.array((n, k), constant), graph.array((n,), True)], 2, transB=1)
        for constant in (False, True):
            graph.add("MatMul", [graph.array((m, k), False), graph.array((k, 1), constant)], 2)
            graph.add("MatMul", [graph.array((3, 1 + turn, k), False), graph.array((k, 1), constant)], 3)
            graph.add("MatMul", [graph.array((3, 1 + turn, k), False), graph.array((k,), constant)], 2)
            graph.add("MatMul", [graph.array((2, 1, 5, k), False), graph.array((3, k, 1), constant)], 4)
            graph.add("MatMul", [graph.array((k,), False), graph.array((k, 3), constant)], 1)
            graph.add("MatMul", [graph.array((k,), False), graph.array((2, k, 3), constant)], 2)
            graph.add("MatMul", [graph.array((k,), False), graph.array((k,), constant)], 0)
    graph.check(programs, f"--target={target}")


@pytest.mark.parametrize("options", [["--target=native"], ["--target=x86-64"]], ids=["one set", "three sets"])
def test_long_sums(programs, options):
    """As gradients of weights are: thousands of terms, in blocks where a number between 32 and 128 divides them."""
    graph = Graph()
    for m, k, n in [(65, 2048, 512), (512, 640, 128), (67, 1024, 256), (48, 2016, 144), (512, 713, 128), (40, 1031, 512), (300, 3000, 7)]:
        graph.add("Gemm", [graph.array((k, m), False), graph.array((k, n), False)], 2, transA=1)
    graph.check(programs, *options)


@pytest.mark.parametrize("width", [1, 5, 16, 33, 64, 96, 100, 128, 300])
def test_sums_of_columns(programs, width):
    """Vectors run along what stays; it may fill them or not."""
    graph = Graph()
    for shape, axes in [((7, width), [0]), ((3, 40, width), [0, 1]), ((600, width), [0]), ((2, 9, width), [1])]:
        graph.add("ReduceMean", [graph.array(shape, False)], len(shape) - len(axes), axes=axes, keepdims=0)
    graph.check(programs)


def test_einsum(programs):
    graph = Graph()
    for equation, *shapes in [
        ("ij,jk->ik", (5, 7), (7, 9)), ("bij,bjk->bik", (2, 5, 7), (2, 7, 32)), ("bhid,bhjd->bhij", (2, 3, 8, 16), (2, 3, 9, 16)),
        ("ij->ji", (4, 6)), ("ii->i", (5, 5)), ("ij,ij->", (3, 4), (3, 4)), ("i,j->ij", (3,), (4,)), ("abc,cd,de->abe", (2, 3, 4), (4, 5), (5, 6)),
    ]:  # fmt: skip
        graph.add("Einsum", [graph.array(shape, False) for shape in shapes], len(equation.split("->")[1]), equation=equation)
    graph.check(programs)


@pytest.mark.parametrize("batch", [0, 1, 3, 8, 30])
def test_dynamic_batch(programs, batch):
    """The rows of a product and the images of a convolution are a symbol."""
    weights = {"w": (40, 33), "k": (32, 3, 3, 3), "g": (32, 32, 3, 3)}
    initializers = [numpy_helper.from_array(np.random.default_rng(1).standard_normal(s).astype(np.float32), n) for n, s in weights.items()]
    nodes = [helper.make_node("MatMul", ["a", "w"], ["y0"]), helper.make_node("Conv", ["x", "k"], ["c"], pads=[1] * 4),
             helper.make_node("Relu", ["c"], ["r"]), helper.make_node("Conv", ["r", "g"], ["y1"], pads=[1] * 4)]  # fmt: skip
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "batch", [info("a", ["N", 40]), info("x", ["N", 3, 13, 13])],
                              [info("y0", ["N", 33]), info("y1", ["N", 32, 13, 13])], initializers)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), programs.folder / "batch.onnx")
    arrays = {"a": RANDOM.standard_normal((batch, 40)).astype(np.float32), "x": RANDOM.standard_normal((batch, 3, 13, 13)).astype(np.float32)}
    library = programs.compile("batch.onnx", "batch.so")
    got = programs.execute(library, arrays, ["y0", "y1"])
    assert got["y0"].shape == (batch, 33) and got["y1"].shape == (batch, 32, 13, 13)
    if batch:
        session = onnxruntime.InferenceSession(str(programs.folder / "batch.onnx"), providers=["CPUExecutionProvider"])
        for name, expected in zip(["y0", "y1"], session.run(["y0", "y1"], arrays)):
            np.testing.assert_allclose(got[name], expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("size", [6, 14])
def test_non_finite_numbers_stay_where_they_belong(programs, value, size):
    """One element reaches 3 x 3 results of a convolution, whatever its algorithm."""
    graph = Graph()
    x, w = graph.array((1, 32, size, size), False), graph.array((64, 32, 3, 3), True)
    graph.arrays[x][0, 5, 3, 2] = value
    graph.add("Conv", [x, w], 4, pads=[1] * 4)
    model = helper.make_model(helper.make_graph(graph.nodes, "one", graph.inputs, graph.outputs, graph.weights),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    onnx.save(model, programs.folder / "one.onnx")
    session = onnxruntime.InferenceSession(str(programs.folder / "one.onnx"), providers=["CPUExecutionProvider"])
    expected = session.run(None, graph.arrays)[0]
    got = programs.execute(programs.compile("one.onnx", "one.so"), graph.arrays, ["y0"])["y0"]
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    large = np.abs(expected) > 1e6
    # What one number of 3e38 reaches is right within the range of the results, however small a weight makes it.
    finite = large & np.isfinite(expected)
    range_of_large = np.abs(expected[finite]).max(initial=0).astype(np.float64)
    np.testing.assert_array_equal(got[large & ~finite], expected[large & ~finite])
    np.testing.assert_allclose(got[finite].astype(np.float64), expected[finite].astype(np.float64), atol=2e-5 * range_of_large)
    np.testing.assert_allclose(got[~large], expected[~large], atol=1e-3)
