# SPDX-License-Identifier: Apache-2.0
"""Families of ONNX ops on awkward shapes (extents 0, 1, primes, vector tails), against ONNX Runtime.

One model a family: its nodes read the same few inputs and each gives an output, so that a family compiles once. Tolerance: 2e-5
of the largest expected magnitude (at least 1); integers and booleans exactly.
"""
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

OPSET = 20


class Family:
    """Nodes over shared inputs; every result is an output of the model."""

    imports, ir_version = [helper.make_opsetid("", OPSET)], 9

    def __init__(self, **inputs):
        self.inputs = {name: np.asarray(array) for name, array in inputs.items()}
        self.constants, self.nodes, self.outputs = {}, [], []

    def constant(self, array):
        name = f"constant{len(self.constants)}"
        self.constants[name] = np.asarray(array)
        return name

    def add(self, op, *operands, results=1, **attributes):
        """Appends a node. An operand is a name, or an array that becomes an initializer; None leaves it out."""
        names = ["" if o is None else o if isinstance(o, str) else self.constant(o) for o in operands]
        outputs = [f"{op}{len(self.nodes)}_{i}" for i in range(results)]
        self.nodes.append(helper.make_node(op, names, outputs, name=outputs[0], **attributes))
        self.outputs += outputs
        return outputs[0]

    def model(self, dynamic=()):
        """`dynamic`: inputs whose leading extent is the symbol N."""
        value = lambda name, array: helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), (["N"] if name in dynamic else [array.shape[0]] if array.ndim else []) + list(array.shape[1:])
        )  # fmt: skip
        graph = helper.make_graph(
            self.nodes, "family", [value(n, a) for n, a in self.inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in self.outputs],
            [onnx.numpy_helper.from_array(a, n) for n, a in self.constants.items()],
        )  # fmt: skip
        return self.complete(helper.make_model(graph, opset_imports=self.imports, ir_version=self.ir_version))

    def complete(self, model):
        """Gives the outputs their types."""
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)

    def check(self, programs, dynamic=(), batches=(None,)):
        model = self.model(dynamic)
        onnx.save(model, programs.folder / "family.onnx")
        library = programs.compile("family.onnx", "family.so")
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        for batch in batches:
            inputs = {n: (np.resize(a, (batch, *a.shape[1:])) if n in dynamic and batch is not None else a) for n, a in self.inputs.items()}
            expected = dict(zip(self.outputs, session.run(self.outputs, inputs)))
            actual = programs.execute(library, inputs, self.outputs)
            for name in self.outputs:
                compare(f"{name} (N = {batch})", actual[name], expected[name])


def compare(name, actual, expected):
    assert actual.shape == expected.shape and actual.dtype == expected.dtype, name
    if expected.dtype.kind == "f":
        finite = np.abs(expected[np.isfinite(expected)])
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        tolerance = (2e-5 if expected.dtype != np.float16 else 2e-3) * scale
        np.testing.assert_allclose(actual.astype(np.float64), expected.astype(np.float64), rtol=0, atol=tolerance, equal_nan=True, err_msg=name)
    else:
        np.testing.assert_array_equal(actual, expected, err_msg=name)


@pytest.fixture
def random():
    return np.random.default_rng(20)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def test_unary(programs, random):
    family = Family(x=floats(random, 3, 7, 13), unit=random.uniform(-0.95, 0.95, (1, 37)).astype(np.float32),
                    positive=random.uniform(1.1, 9, 101).astype(np.float32), i=random.integers(-9, 9, (5, 3)).astype(np.int32))  # fmt: skip
    for op in "Abs Neg Sign Ceil Floor Round Exp Erf Sin Cos Tanh Sinh Cosh Atan Asinh Reciprocal".split():
        family.add(op, "x")
    for op in "Asin Acos Atanh Tan".split():
        family.add(op, "unit")
    for op in "Sqrt Log Acosh".split():
        family.add(op, "positive")
    for op in "Abs Neg Sign Relu".split():
        family.add(op, "i")
    family.check(programs)


def test_activations(programs, random):
    family = Family(x=4 * floats(random, 2, 5, 17))
    for op in "Relu Sigmoid Tanh Softplus Softsign HardSwish Mish LeakyRelu Elu Celu Selu HardSigmoid ThresholdedRelu Gelu Shrink".split():
        family.add(op, "x")
    family.add("Gelu", "x", approximate="tanh")
    family.add("PRelu", "x", floats(random, 5, 1))
    family.add("Clip", "x", np.float32(-1), np.float32(2.5))
    family.add("Clip", "x", None, np.float32(0.5))
    family.check(programs)


def test_binary_broadcasting(programs, random):
    a, b = floats(random, 4, 1, 13), floats(random, 7, 1)
    i, j = random.integers(-50, 50, (3, 11)).astype(np.int64), random.integers(1, 9, 11).astype(np.int64)
    family = Family(a=a, b=b, i=i, j=j, p=a > 0, q=b > 0, u=random.integers(0, 255, (2, 19)).astype(np.uint8), s=np.float32(3))
    for op in "Add Sub Mul Div Max Min Equal Greater Less GreaterOrEqual LessOrEqual".split():
        family.add(op, "a", "b")
        family.add(op, "i", "j")
    family.add("Sub", "s", "a")
    family.add("Mod", "i", "j")
    family.add("Mod", "a", "b", fmod=1)
    family.add("Pow", family.add("Abs", "a"), "b")
    for op in "And Or Xor".split():
        family.add(op, "p", "q")
    for op in "BitwiseAnd BitwiseOr BitwiseXor".split():
        family.add(op, "i", "j")
    family.add("BitShift", "u", np.array([3], np.uint8), direction="LEFT")
    family.add("Add", "u", "u")
    family.add("Where", "p", "a", "b")
    family.add("Sum", "a", "b", "s")
    family.add("Mean", "a", "b", "s")
    for to in (TensorProto.DOUBLE, TensorProto.INT32, TensorProto.FLOAT16, TensorProto.BOOL):
        family.add("Cast", "a", to=to)
    family.add("Cast", "i", to=TensorProto.FLOAT)
    family.check(programs)


def test_special_values(programs):
    family = Family(x=np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38], np.float32))
    for op in "Abs Neg Sign Floor Relu Exp Sqrt Tanh Sigmoid IsNaN IsInf".split():
        family.add(op, "x")
    family.add("Max", "x", np.float32(0))
    family.add("Clip", "x", np.float32(-1), np.float32(1))
    family.check(programs)


def test_reductions(programs, random):
    family = Family(x=random.uniform(0.1, 1, (3, 5, 7, 11)).astype(np.float32), i=random.integers(-9, 9, (4, 13)).astype(np.int32))
    kinds = "Sum Mean Max Min Prod L1 L2 LogSum LogSumExp SumSquare".split()
    for axes, keep in ([[1], 1], [[0, 3], 0], [[-1], 0], [[0, 1, 2, 3], 1]):
        for kind in kinds:
            family.add("Reduce" + kind, "x", np.array(axes, np.int64), keepdims=keep)
    for kind in "Sum Max Min".split():
        family.add("Reduce" + kind, "i", np.array([1], np.int64))
    for op in "ArgMax ArgMin".split():
        family.add(op, "x", axis=3, keepdims=0)
        family.add(op, "i", axis=0, select_last_index=1)
    family.check(programs)


def test_normalizations(programs, random):
    family = Family(x=3 * floats(random, 2, 6, 5, 7), row=floats(random, 3, 131))
    channels = [floats(random, 6) for _ in range(3)] + [random.uniform(0.5, 2, 6).astype(np.float32)]
    for axis in (-1, 1):
        for op in "Softmax LogSoftmax Hardmax LpNormalization".split():
            family.add(op, "x", axis=axis)
    family.add("Softmax", "row")
    family.add("BatchNormalization", "x", *channels)
    family.add("InstanceNormalization", "x", channels[0], channels[1])
    family.add("LayerNormalization", "x", floats(random, 7), floats(random, 7), results=3)
    family.add("LayerNormalization", "x", floats(random, 5, 7), axis=2)
    family.add("LRN", "x", size=3, alpha=0.01, beta=0.6, bias=1.5)
    family.add("MeanVarianceNormalization", "x", axes=[0, 2, 3])
    family.check(programs)


def test_convolutions(programs, random):
    family = Family(x=floats(random, 2, 6, 11, 13), line=floats(random, 1, 3, 29), volume=floats(random, 1, 2, 5, 6, 7))
    for channels, kernel, attributes in (
        (7, (1, 1), {}), (33, (3, 3), {"pads": [1, 1, 1, 1]}), (5, (5, 2), {"strides": [2, 3], "pads": [2, 0, 1, 1]}),
        (4, (3, 3), {"dilations": [2, 3], "pads": [1, 2, 3, 0]}), (16, (7, 7), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ):  # fmt: skip
        family.add("Conv", "x", floats(random, channels, 6, *kernel), floats(random, channels), **attributes)
    family.add("Conv", "x", floats(random, 9, 2, 3, 3), group=3)
    family.add("Conv", "x", floats(random, 6, 1, 3, 3), floats(random, 6), group=6, pads=[1, 1, 1, 1], strides=[2, 1])
    family.add("Conv", "line", floats(random, 5, 3, 4), strides=[2], pads=[1, 2])
    family.add("Conv", "volume", floats(random, 3, 2, 2, 3, 3), floats(random, 3), pads=[0, 1, 1, 1, 1, 1])
    family.add("ConvTranspose", "x", floats(random, 6, 5, 3, 3), floats(random, 5), strides=[2, 3], pads=[1, 0, 1, 2], output_padding=[1, 1])
    family.add("ConvTranspose", "x", floats(random, 6, 2, 2, 3), group=2, dilations=[2, 1])
    family.add("ConvTranspose", "line", floats(random, 3, 2, 5), strides=[3])
    family.check(programs)


def test_pools(programs, random):
    family = Family(x=floats(random, 2, 3, 11, 13), line=floats(random, 1, 2, 17), volume=floats(random, 1, 2, 5, 6, 7))
    window = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}
    for ceil in (0, 1):
        family.add("MaxPool", "x", results=2, ceil_mode=ceil, **window)
        for include in (0, 1):
            family.add("AveragePool", "x", ceil_mode=ceil, count_include_pad=include, **window)
    family.add("LpPool", "x", p=3, **window)
    family.add("MaxPool", "x", kernel_shape=[2, 3], dilations=[3, 2])
    family.add("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    family.add("AveragePool", "line", kernel_shape=[4], strides=[3])
    family.add("MaxPool", "volume", kernel_shape=[2, 3, 2], strides=[1, 2, 3])
    for op in "GlobalAveragePool GlobalMaxPool".split():
        family.add(op, "x")
    family.check(programs)


def test_overlapping_pools(programs, random):
    """Windows that overlap are combined in two steps. NaN wins in dlc, while ONNX Runtime passes over it: maxima have infinities only."""
    wide, line = floats(random, 3, 5, 13, 35), floats(random, 2, 3, 50)
    wide[0, 1, 3, 4], wide[2, 4, 12, 34], line[1, 2, 0] = np.inf, -np.inf, np.inf
    family = Family(wide=wide, narrow=floats(random, 2, 17, 5, 1), line=line, volume=floats(random, 2, 3, 5, 6, 18), half=floats(random, 1, 3, 9, 20).astype(np.float16))
    squares = [{"kernel_shape": [k, k], "strides": [s, s], "pads": [k // 2] * 4} for k, s in ((3, 1), (3, 2), (5, 1), (9, 1), (13, 3))]
    for window in squares + [{"kernel_shape": [1, 33]}, {"kernel_shape": [2, 5], "strides": [3, 4], "pads": [1, 4, 0, 2]}]:
        family.add("MaxPool", "wide", ceil_mode=1, **window)
        family.add("AveragePool", "wide", ceil_mode=1, **window)
        family.add("AveragePool", "wide", count_include_pad=1, **window)
    family.add("LpPool", "wide", p=2, **squares[2])
    family.add("MaxPool", "wide", kernel_shape=[3, 3], dilations=[4, 5], pads=[2, 1, 2, 2])
    family.add("AveragePool", "wide", kernel_shape=[3, 3], dilations=[2, 5], pads=[2, 2, 1, 2])
    for op in "MaxPool", "AveragePool":
        family.add(op, "narrow", **squares[0])
        family.add(op, "line", kernel_shape=[9], pads=[4, 8])
        family.add(op, "volume", kernel_shape=[3, 2, 5], strides=[1, 2, 1], pads=[1, 1, 2, 2, 0, 4])
    family.add("AveragePool", "half", **squares[1])
    family.check(programs)


@pytest.mark.parametrize("size", [5, 13])
def test_nan_wins_in_overlapping_windows(programs, size):
    x = np.arange(2 * 3 * 11 * 19, dtype=np.float32).reshape(2, 3, 11, 19)
    x[0, 0, 0, 0] = x[1, 2, 10, 18] = x[1, 0, 5, 7] = np.nan
    x[0, 2, 4] = np.inf
    family = Family(x=x)
    window = {"kernel_shape": [size, size], "pads": [size // 2] * 4}
    outputs = [family.add(op, "x", **window) for op in ("MaxPool", "AveragePool")]
    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, family.outputs)
    margin = size // 2
    expected = np.zeros((2, *x.shape))
    for i in range(11):
        for j in range(19):
            near = x[:, :, max(0, i - margin) : i + margin + 1, max(0, j - margin) : j + margin + 1].astype(np.float64)
            expected[:, :, :, i, j] = near.max((2, 3)), near.mean((2, 3))
    for output, reference in zip(outputs, expected):
        np.testing.assert_allclose(actual[output], reference, rtol=1e-6, err_msg=output)


def test_products(programs, random):
    family = Family(a=floats(random, 5, 19), b=floats(random, 19, 33), batch=floats(random, 2, 1, 7, 19), v=floats(random, 19), t=floats(random, 3, 4, 5))
    family.add("MatMul", "a", "b")
    family.add("MatMul", "batch", "b")
    family.add("MatMul", "v", "b")
    family.add("MatMul", "a", "v")
    family.add("MatMul", "batch", floats(random, 3, 19, 1))
    family.add("Gemm", "a", floats(random, 65, 19), floats(random, 65), transB=1, alpha=0.5, beta=2.0)
    family.add("Gemm", "b", "a", floats(random, 33, 1), transA=1, transB=1)
    family.add("Einsum", "t", "t", equation="bij,bkj->bik")
    family.add("Einsum", "t", equation="...ij->...ji")
    family.add("Einsum", "v", "v", equation="i,j")
    family.check(programs)


def test_movement(programs, random):
    family = Family(x=floats(random, 2, 8, 3, 5), i=np.array([[0, -1], [2, 1]], np.int64), flat=floats(random, 30))
    ints = lambda *values: np.array(values, np.int64)
    family.add("Slice", "x", ints(1, -1), ints(100, -100), ints(1, 3), ints(3, -2))
    family.add("Slice", "flat", ints(-7), ints(-2))
    for mode in ("constant", "edge", "reflect", "wrap"):
        family.add("Pad", "x", ints(0, 1, 2, 1, 0, 0, 1, 2), np.float32(1.5) if mode == "constant" else None, mode=mode)
    family.add("Pad", "x", ints(0, -2, 0, 1, 0, 0, -1, 0))
    family.add("Concat", "x", "x", floats(random, 2, 1, 3, 5), axis=1)
    family.add("Concat", "flat", "flat", axis=0)
    family.add("Split", "x", ints(1, 2, 5), axis=1, results=3)
    family.add("Split", "flat", axis=0, num_outputs=4, results=4)
    family.add("Transpose", "x", perm=[3, 1, 0, 2])
    family.add("Transpose", "x")
    family.add("Reshape", "x", ints(0, -1, 5))
    family.add("Flatten", "x", axis=2)
    family.add("Tile", "x", ints(1, 2, 1, 3))
    family.add("Expand", "flat", ints(3, 1, 30))
    family.add("Gather", "x", "i", axis=2)
    family.add("Gather", "flat", ints(3), axis=0)
    family.add("DepthToSpace", "x", blocksize=2)
    family.add("DepthToSpace", "x", blocksize=2, mode="CRD")
    family.add("SpaceToDepth", floats(random, 1, 3, 4, 6), blocksize=2)
    family.add("Squeeze", family.add("Unsqueeze", "x", ints(0, 5)), ints(0))
    family.check(programs)


def test_resize(programs, random):
    family = Family(x=floats(random, 1, 2, 5, 7))
    for mode in ("nearest", "linear", "cubic"):
        for coordinates in ("half_pixel", "align_corners", "asymmetric"):
            family.add("Resize", "x", None, None, np.array([1, 2, 8, 5], np.int64), mode=mode, coordinate_transformation_mode=coordinates)
        family.add("Resize", "x", None, np.array([1, 1, 2, 2.5], np.float32), mode=mode)
    family.check(programs)


def test_empty_tensors(programs):
    family = Family(x=np.zeros((0, 3), np.float32), y=np.zeros((2, 0, 4), np.float32))
    family.add("Relu", "x")
    family.add("Add", "x", np.ones(3, np.float32))
    family.add("Concat", "x", "x", axis=1)
    family.add("ReduceSum", "y", np.array([1], np.int64))
    family.add("Transpose", "y")
    family.add("MatMul", "x", np.ones((3, 5), np.float32))
    family.check(programs)


def test_dynamic_batch(programs, random):
    """Shape arithmetic of exporters, products, convolutions and reductions, with batches of no, one and a prime number of rows."""
    family = Family(x=floats(random, 7, 3, 8, 8))
    shape = family.add("Shape", "x")
    family.outputs.remove(shape)  # a value of symbolic extents is not an output
    rows = helper.make_node("Gather", [shape, family.constant(np.array([0], np.int64))], ["rows"], axis=0)
    target = helper.make_node("Concat", ["rows", family.constant(np.array([192], np.int64))], ["target"], axis=0)
    family.nodes += [rows, target]
    flat = family.add("Reshape", "x", "target")
    family.add("Gemm", flat, floats(random, 192, 10), floats(random, 10))
    conv = family.add("Conv", "x", floats(random, 5, 3, 3, 3), floats(random, 5), pads=[1, 1, 1, 1])
    family.add("MaxPool", family.add("Relu", conv), kernel_shape=[2, 2], strides=[2, 2])
    family.add("ReduceMean", conv, np.array([2, 3], np.int64))
    family.add("Softmax", flat)
    family.add("Transpose", flat)
    family.check(programs, dynamic=("x",), batches=(1, 5, 0))


@pytest.mark.parametrize("special", [False, True], ids=["finite", "infinite"])
def test_reductions_of_what_is_not_innermost(programs, random, special):
    """Convolutions leave channels innermost in memory; the results of reductions over an image have them further out."""
    x = floats(random, 3, 3, 7, 5)
    if special:
        x[0, 1, 2, 3], x[1, 0, 6, 4], x[2, 2, 0, 0] = np.nan, np.inf, -np.inf
    family = Family(x=x)
    for channels in 1, 5, 16, 31, 64, 129:
        conv = family.add("Conv", "x", floats(random, channels, 3, 1, 1), floats(random, channels))
        family.outputs.remove(conv)
        for op in "ReduceMean ReduceSumSquare ReduceL2 ReduceLogSumExp".split():
            family.add(op, conv, np.array([2, 3], np.int64))
        family.add("ReduceSum", conv, np.array([0, 2, 3], np.int64))
        if special:
            continue  # ONNX Runtime's extremes pass over NaN
        for op in "GlobalMaxPool", "GlobalAveragePool":
            family.add(op, conv)
        for axis in 2, 3:
            for keepdims in 0, 1:
                family.add("ReduceMax", conv, np.array([axis], np.int64), keepdims=keepdims)
                family.add("ReduceMin", conv, np.array([axis], np.int64), keepdims=keepdims)
    family.check(programs, dynamic=("x",), batches=(3, 1) if special else (3, 1, 0))


def test_a_function_of_doubles_twice_in_a_kernel(programs):
    """Functions of doubles are libm's, whose names Halide took for those of the stages of a kernel."""
    functions = {"Acos": np.arccos, "Asin": np.arcsin, "Atan": np.arctan, "Atanh": np.arctanh, "Cos": np.cos, "Cosh": np.cosh, "Exp": np.exp,
                 "Sin": np.sin, "Sinh": np.sinh, "Tan": np.tan, "Tanh": np.tanh}  # fmt: skip
    family = Family(x=np.linspace(-0.9, 0.9, 17), z=np.linspace(0.8, -0.7, 17))
    quarter = family.constant(np.array(0.25))
    for op in functions:
        family.nodes += [helper.make_node(op, [name], [op + name]) for name in "xz"]
        family.nodes.append(helper.make_node("Mul", [op + "x", op + "z"], [op + "product"]))
        family.nodes.append(helper.make_node("Mul", [op + "x", quarter], [op + "quarter"]))
        family.nodes.append(helper.make_node(op, [op + "quarter"], [op + "twice"]))
        family.outputs += [op + "product", op + "twice"]
    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, family.outputs)
    for op, function in functions.items():
        x, z = function(family.inputs["x"]), function(family.inputs["z"])
        np.testing.assert_allclose(actual[op + "product"], x * z, rtol=1e-14, atol=1e-15, err_msg=op)
        np.testing.assert_allclose(actual[op + "twice"], function(x / 4), rtol=1e-14, atol=1e-15, err_msg=op)
