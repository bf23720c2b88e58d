# SPDX-License-Identifier: Apache-2.0
"""Products of quantized tensors and the operations of ONNX Runtime on them, on awkward shapes, against ONNX Runtime; and models whose products
are turned into integer ones: sizes, modes and instruction sets."""
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from processor import SUMS_SATURATE

RANDOM = np.random.default_rng(5)
KINDS = {np.dtype(np.int8): "i8", np.dtype(np.uint8): "u8", np.dtype(np.int32): "i32", np.dtype(np.float32): "f32", np.dtype(np.bool_): "i1"}


def integers(dtype, *shape):
    """Of the whole range; of i8, whose products with u8 ONNX Runtime sums, seven bits where its sums saturate."""
    info = np.iinfo(dtype)
    numbers = RANDOM.integers(info.min, info.max + 1, shape).astype(dtype)
    return numbers // np.int8(2) if dtype == np.int8 and SUMS_SATURATE else numbers


def reals(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def scales(*shape):
    """Not powers of two, and far from making ties."""
    return (RANDOM.random(shape) * 0.05 + 0.0113).astype(np.float32)


def reference(model, outputs, inputs):
    """ONNX Runtime's results, by name. Its optimizations round the biases of convolutions between quantizations to integers: without them."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(outputs, session.run(outputs, inputs)))


class Graph:
    """Nodes over inputs and constants; every result is an output."""

    def __init__(self):
        self.inputs, self.constants, self.nodes, self.outputs = {}, {}, [], []

    def input(self, array):
        self.inputs[f"x{len(self.inputs)}"] = array
        return f"x{len(self.inputs) - 1}"

    def add(self, op, *operands, results=1, **attributes):
        """Operands are names, arrays (constants), or None."""
        names = []
        for operand in operands:
            if operand is None or isinstance(operand, str):
                names.append(operand or "")
            else:
                names.append(f"c{len(self.constants)}")
                self.constants[names[-1]] = np.asarray(operand)
        outputs = [f"y{len(self.nodes)}_{i}" for i in range(results)]
        self.nodes.append((op, names, outputs, attributes))
        self.outputs += outputs
        return outputs[0]

    def onnx(self, outputs=None):
        nodes = []
        for op, names, results, attributes in self.nodes:
            domain, _, name = op.rpartition(".")
            nodes.append(helper.make_node(name, names, results, domain=domain, **attributes))
        value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        graph = helper.make_graph(
            nodes, "products", [value(n, a) for n, a in self.inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in outputs or self.outputs], [numpy_helper.from_array(a, n) for n, a in self.constants.items()],
        )  # fmt: skip
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)], ir_version=9)

    def json(self, outputs=None):
        constants = [
            {"op": "Constant", "inputs": [], "outputs": [n], "attributes": {"value": a.tolist(), "type": KINDS[a.dtype]}} for n, a in self.constants.items()
        ]  # fmt: skip
        nodes = [{"op": op, "inputs": names, "outputs": results, "attributes": attributes} for op, names, results, attributes in self.nodes]
        inputs = [{"name": n, "type": KINDS[a.dtype], "shape": list(a.shape)} for n, a in self.inputs.items()]
        return {"dlc": 1, "name": "products", "inputs": inputs, "nodes": constants + nodes, "outputs": outputs or self.outputs}

    def run(self, programs):
        """The results of libraries from both formats, which are the same bits."""
        onnx.save(self.onnx(), programs.folder / "model.onnx")
        (programs.folder / "model.json").write_text(json.dumps(self.json()))
        results = [programs.execute(programs.compile(source, "model.so"), self.inputs, self.outputs) for source in ("model.onnx", "model.json")]
        for name in self.outputs:
            np.testing.assert_array_equal(results[0][name], results[1][name])
        return results[0]

    def check(self, programs, *options, outputs=None, others=("model.json", "again.onnx")):
        """The results of dlc and of ONNX Runtime, by name: integers may differ by one step where a rounded scale decides, others not."""
        outputs = outputs or self.outputs
        onnx.save(self.onnx(outputs), programs.folder / "model.onnx")
        (programs.folder / "model.json").write_text(json.dumps(self.json(outputs)))
        expected = reference(self.onnx(outputs), outputs, self.inputs)
        got = programs.execute(programs.compile("model.onnx", "model.so", *options), self.inputs, outputs)
        nodes = {result: (op, names, attributes) for op, names, results, attributes in self.nodes for result in results}
        for name, want in expected.items():
            assert got[name].shape == want.shape and got[name].dtype == want.dtype, nodes[name]
            if want.dtype == np.float32:
                scale = np.abs(want).max(initial=1)
                np.testing.assert_allclose(got[name] / scale, want / scale, atol=1e-5, err_msg=str(nodes[name]))
            elif want.dtype == np.int32:
                np.testing.assert_array_equal(got[name], want, err_msg=str(nodes[name]))
            else:
                difference = np.abs(got[name].astype(int) - want.astype(int))
                assert difference.max(initial=0) <= 1 and difference.sum() <= 0.002 * difference.size + 1, (nodes[name], difference.sum())
        if "again.onnx" in others:
            programs.compile("model.onnx", "again.onnx")
        for source in others:
            same = programs.execute(programs.compile(source, "other.so", *options), self.inputs, outputs)
            for name, want in got.items():
                # An exported file computes attention step by step, and so does dlc then, in another order.
                tolerance = 1e-5 if nodes[name][0].endswith("Attention") and source == "again.onnx" else 0
                np.testing.assert_allclose(same[name], want, rtol=0, atol=tolerance, err_msg=f"{source}: {nodes[name]}")
        return got


PAIRS = [(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)]


@pytest.mark.parametrize("constant", [True, False])
def test_matrices(programs, constant):
    graph = Graph()
    add_operand = (lambda array: array) if constant else graph.input
    for number, (left, right) in enumerate(PAIRS):
        for rows, depth, columns in [(1, 1, 1), (5, 67, 33), (3, 130, 65)][: 2 + (number == 0)]:
            a, b = graph.input(integers(left, rows, depth)), add_operand(integers(right, depth, columns))
            graph.add("MatMulInteger", a, b)
            graph.add("MatMulInteger", a, b, integers(left), integers(right))
            graph.add("MatMulInteger", a, b, None, integers(right, columns))
            scaled = lambda *y: graph.add(
                "QLinearMatMul", a, scales(), integers(left), b, *y, np.float32(0.9 * depth**0.5), integers(left))  # fmt: skip
            scaled(scales(), integers(right))
            if right == np.int8:
                scaled(scales(columns), np.zeros(columns, right))
            graph.add("com.microsoft.MatMulIntegerToFloat", a, b, scales(), scales(columns), integers(left), integers(right, columns), reals(columns))
    a = graph.input(integers(np.uint8, 2, 3, 4, 7))
    graph.add("MatMulInteger", a, add_operand(integers(np.int8, 3, 7, 5)), integers(np.uint8), integers(np.int8))
    graph.check(programs, others=())


def test_products_in_json_models_and_exported_files(programs):
    graph = Graph()
    a, b = graph.input(integers(np.uint8, 5, 19)), integers(np.int8, 19, 33)
    graph.add("MatMulInteger", a, b, integers(np.uint8), integers(np.int8, 33))
    graph.add("QLinearMatMul", a, scales(), integers(np.uint8), b, scales(33), integers(np.int8, 33), np.float32(5), integers(np.uint8))
    x, w = graph.input(integers(np.uint8, 2, 4, 5, 6)), integers(np.int8, 6, 2, 3, 3)
    graph.add("ConvInteger", x, w, integers(np.uint8), integers(np.int8), kernel_shape=(3, 3), pads=(1, 0, 1, 1), group=2)
    more = (np.float32(7), integers(np.uint8), integers(np.int32, 6) // 1000000)
    graph.add("QLinearConv", x, scales(), integers(np.uint8), w, scales(6), np.zeros(6, np.int8), *more, strides=(2, 1), group=2)
    graph.check(programs)


# batch, channels in, channels out, extents, kernel, strides, pads, dilations, groups
CONVOLUTIONS = [
    (1, 1, 1, (1,), (1,), (1,), (0, 0), (1,), 1),
    (2, 3, 5, (9,), (3,), (2,), (1, 2), (1,), 1),
    (1, 5, 33, (8, 13), (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1),
    (2, 7, 64, (7, 7), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (1, 16, 16, (9, 9), (3, 3), (2, 2), (1, 0, 1, 1), (1, 1), 16),
    (1, 12, 18, (6, 6), (3, 3), (1, 1), (2, 2, 2, 2), (2, 2), 3),
]  # fmt: skip


def test_convolutions(programs):
    graph = Graph()
    for number, (batch, channels, filters, extents, kernel, strides, pads, dilations, groups) in enumerate(CONVOLUTIONS):
        left, right = PAIRS[number % 3]
        x, w = graph.input(integers(left, batch, channels, *extents)), integers(right, filters, channels // groups, *kernel)
        window = dict(kernel_shape=kernel, strides=strides, pads=pads, dilations=dilations, group=groups)
        if left == np.uint8:  # ONNX Runtime has ConvInteger for u8 only
            graph.add("ConvInteger", x, w, integers(left), integers(right), **window)
        step = np.float32(2 * (channels // groups * np.prod(kernel)) ** 0.5)
        scaled = lambda *more: graph.add("QLinearConv", x, scales(), integers(left), w, *more, **window)
        scaled(scales(), integers(right), step, integers(left), integers(np.int32, filters) // 1000000)
        if right == np.int8:
            scaled(scales(filters), np.zeros(filters, right), step, integers(left))
    graph.check(programs, others=())


def test_operations_of_onnx_runtime(programs):
    graph = Graph()
    for dtype in np.uint8, np.int8:
        x, y = graph.input(integers(dtype, 2, 3, 8, 7)), graph.input(integers(dtype, 3, 1, 7))
        tensor = lambda value: (value, scales(), integers(dtype))
        result = lambda step=0.031: (np.float32(step), integers(dtype))
        graph.add("com.microsoft.QLinearAdd", *tensor(x), *tensor(y), *result(0.07))
        graph.add("com.microsoft.QLinearMul", *tensor(x), *tensor(y), *result(0.2))
        graph.add("com.microsoft.QLinearSigmoid", *tensor(x), *result(1 / 255))
        graph.add("com.microsoft.QLinearLeakyRelu", *tensor(x), *result(), alpha=0.2)
        graph.add("com.microsoft.QLinearSoftmax", *tensor(x), np.float32(1 / 256), np.array(np.iinfo(dtype).min, dtype), axis=-1, opset=13)
        graph.add("com.microsoft.QLinearConcat", *result(), *tensor(x), *tensor(x), axis=1)
        graph.add("com.microsoft.QLinearGlobalAveragePool", *tensor(x), *result())
        if dtype == np.uint8:
            graph.add("com.microsoft.QLinearAveragePool", *tensor(x), *result(), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0])
        graph.add("com.microsoft.QuantizeLinear", reals(3, 5), np.float32(0.021), integers(dtype))
        graph.add("com.microsoft.DequantizeLinear", x, scales(3), integers(dtype, 3), axis=1)
    condition = graph.input(RANDOM.random((3, 1, 7)) > 0.5)
    graph.add("com.microsoft.QLinearWhere", condition, "x0", scales(), integers(np.uint8), "x1", scales(), integers(np.uint8), scales(), integers(np.uint8))
    for transposed in 0, 1:
        a, b = graph.input(integers(np.uint8, 5, 19)), integers(np.int8, *((33, 19) if transposed else (19, 33)))
        product = lambda *more: graph.add("com.microsoft.QGemm", a, scales(), integers(np.uint8), b, scales(), integers(np.int8), *more, transB=transposed, alpha=1.5)
        product(integers(np.int32, 33) // 1000000)
        product(None, np.float32(9), integers(np.uint8))
    real = graph.input(reals(4, 67))
    graph.add("com.microsoft.DynamicQuantizeMatMul", real, integers(np.int8, 67, 33), scales(33), integers(np.int8, 33), reals(33))
    graph.add("com.microsoft.DynamicQuantizeMatMul", real, integers(np.uint8, 67, 33), scales())
    for depth, columns, block in (67, 33, 16), (64, 7, 32):
        blocks = -(-depth // block)
        a = graph.input(reals(3, depth))
        packed, scale = integers(np.uint8, columns, blocks, block // 2), scales(columns * blocks)
        graph.add("com.microsoft.MatMulNBits", a, packed, scale, K=depth, N=columns, bits=4, block_size=block)
        graph.add("com.microsoft.MatMulNBits", a, packed, scale, integers(np.uint8, columns * -(-blocks // 2)), K=depth, N=columns, bits=4, block_size=block)
    graph.check(programs)


def test_attention(programs):
    graph = Graph()
    batch, length, features, heads, size = 2, 5, 12, 3, 4
    x = graph.input(integers(np.uint8, batch, length, features))
    for dtype in np.int8, np.uint8:
        w, scale = integers(dtype, features, 3 * heads * size), np.float32(0.003)
        zeros = integers(np.uint8), integers(dtype)
        attend = lambda mask, **attributes: graph.add(
            "com.microsoft.QAttention", x, w, reals(3 * heads * size), np.float32(0.02), scale, mask, *zeros, num_heads=heads, **attributes)  # fmt: skip
        attend(None)
        attend(None, unidirectional=1)
        attend(np.array([5, 3], np.int32))
        attend(np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 1]], np.int32))
    graph.check(programs)


def test_recurrent_layers_with_quantized_weights(programs):
    """Against the layer of the dequantized weights, which ONNX Runtime's own result is further from."""
    steps, batch, features, units = 5, 2, 7, 9
    x = reals(steps, batch, features)
    for dtype, per_gate, direction in (np.int8, True, "bidirectional"), (np.uint8, False, "reverse"):
        directions = 2 if direction == "bidirectional" else 1
        shape = (directions, 4 * units) if per_gate else (directions,)
        quantized, plain = Graph(), Graph()
        weights = [integers(dtype, directions, n, 4 * units) for n in (features, units)]
        steps_of = [scales(*shape) / 10 for _ in weights]
        zeros = [integers(dtype, *shape) if dtype == np.uint8 else np.zeros(shape, dtype) for _ in weights]
        bias = reals(directions, 8 * units)
        attributes = dict(hidden_size=units, direction=direction)
        quantized.add(
            "com.microsoft.DynamicQuantizeLSTM", quantized.input(x), *weights, bias, None, None, None, None, steps_of[0], zeros[0], steps_of[1], zeros[1],
            results=3, **attributes)  # fmt: skip
        spread = lambda value: value.reshape(directions, 1, -1)
        numbers = [((w.astype(np.float32) - spread(z).astype(np.float32)) * spread(s)).transpose(0, 2, 1) for w, s, z in zip(weights, steps_of, zeros)]
        plain.add("LSTM", plain.input(x), *numbers, bias, results=3, **attributes)
        got = quantized.run(programs)
        expected = onnxruntime.InferenceSession(plain.onnx().SerializeToString()).run(None, plain.inputs)
        theirs = onnxruntime.InferenceSession(quantized.onnx().SerializeToString()).run(None, quantized.inputs)
        for want, their, name in zip(expected, theirs, quantized.outputs):
            np.testing.assert_allclose(got[name], want, atol=1e-5)
            assert np.abs(their - want).max() < 0.1


def quantized_network(weight=np.int8, wide=512):
    """Products and a convolution between QuantizeLinear and DequantizeLinear, as exporters write them; the graph and its result."""
    graph = Graph()
    x = graph.input(reals(1, 8, 6, 6))

    def requantize(value, step, zero):
        q = graph.add("QuantizeLinear", value, np.float32(step), np.uint8(zero))
        return graph.add("DequantizeLinear", q, np.float32(step), np.uint8(zero))

    def weights(*shape, axis=0):
        size = shape[axis]
        zero = np.zeros(size, weight) if weight == np.int8 else RANDOM.integers(125, 132, size).astype(weight)
        return graph.add("DequantizeLinear", integers(weight, *shape), scales(size) / 20, zero, axis=axis)

    value = requantize(x, 0.0317, 121)
    value = requantize(graph.add("Relu", graph.add("Conv", value, weights(16, 8, 3, 3), reals(16), pads=[1, 1, 1, 1])), 0.0213, 0)
    value = requantize(graph.add("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2]), 0.0213, 0)
    value = graph.add("Flatten", value)
    value = requantize(graph.add("Gemm", value, weights(wide, 144), reals(wide), transB=1), 0.0411, 128)
    value = requantize(graph.add("Add", value, graph.add("Sigmoid", value)), 0.0531, 128)
    return graph, graph.add("MatMul", value, weights(wide, 30, axis=1))


def distance_from_ties(graph):
    """The least distance, in steps, of a number that the graph quantizes from the middle between two steps."""
    rounded = [(names[0], graph.constants[names[1]]) for op, names, _, _ in graph.nodes if op == "QuantizeLinear"]
    computed = [name for name, _ in rounded if name not in graph.inputs]
    values = {**graph.inputs, **reference(graph.onnx(computed), computed, graph.inputs)}
    steps = [(values[name] / step).ravel() for name, step in rounded]
    return min(np.abs(s - np.floor(s) - 0.5).min() for s in steps)


@pytest.mark.parametrize("weight", [np.int8, np.uint8])
def test_networks_between_quantizations(programs, weight):
    # A number that rounds to another step than ONNX Runtime's changes all results.
    while True:
        graph, output = quantized_network(weight)
        if distance_from_ties(graph) > 5e-4:
            break
    (got,) = graph.check(programs, outputs=[output], others=()).values()
    printed = programs.run("dlc", "model.onnx", "--compile-to=graph").stdout
    assert printed.count("xi32>") >= 3 and "dlc.max_pool" in printed
    if weight == np.int8:
        # Weights stay a byte each; a library's own code is what is left of one without them.
        few = programs.folder / "few"
        few.mkdir()
        small, _ = quantized_network(weight, wide=8)
        onnx.save(small.onnx([output]), few / "few.onnx")
        bytes_of = lambda path: path.stat().st_size
        grown = bytes_of(programs.folder / "model.so") - bytes_of(programs.compile("few/few.onnx", "few.so"))
        assert grown < 1.15 * (512 - 8) * (144 + 30 + 8)
        # The same integers on every instruction set, and on threads.
        for target in "x86-64-v2", "x86-64-v3":
            library = programs.compile("model.onnx", f"{target}.so", f"--target={target}")
            np.testing.assert_array_equal(programs.execute(library, graph.inputs, [output], "--threads", "3")[output], got)
    printed = programs.run("dlc", "model.onnx", "--compile-to=graph", "--math=strict").stdout
    assert "xi32>" not in printed
