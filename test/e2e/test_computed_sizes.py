# SPDX-License-Identifier: Apache-2.0
"""Sizes that a run computes: graphs with symbolic extents, one library each, run at several sizes and compared with ONNX Runtime."""
import dlc
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper

FLOAT, INT = T.FLOAT, T.INT64
random = np.random.default_rng(7)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(" ") if inputs else [], outputs.split(" "), **attributes)


def numbers(name, value, kind=np.int64):
    return numpy_helper.from_array(np.array(value, kind), name)


def table(name, *shape):
    return numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)


# What the graphs share: the extents of x and a few numbers.
CONSTANTS = [
    numbers("i0", 0), numbers("i1", 1), numbers("zero", [0]), numbers("one", [1]), numbers("two", [2]), numbers("four", [4]), numbers("minus", [-1]),
    numbers("far", [2**63 - 1]), numbers("low", [-(2**63)]), table("words", 16, 4), table("cls", 1, 1, 4), numbers("three", 3),
]  # fmt: skip
EXTENTS = [
    node("Shape", "x", "shape"), node("Gather", "shape i0", "n"), node("Gather", "shape i1", "s"), node("Unsqueeze", "n zero", "n1"),
    node("Unsqueeze", "s zero", "s1"),
]  # fmt: skip
SIZES = [(1, 1), (2, 5), (3, 7), (1, 16), (4, 2)]


def sequence(n, s):
    return {"x": random.standard_normal((n, s, 4)).astype(np.float32)}


# Name: nodes that make y of x[N, S, 4], further constants.
GRAPHS = {
    "constant of shape": ([node("ConstantOfShape", "shape", "c"), node("Add", "c x", "y")], []),
    "zero state": ([node("Concat", "two n1 four", "t", axis=0), node("ConstantOfShape", "t", "y")], []),
    "expand": ([node("Concat", "n1 s1 four", "t", axis=0), node("Expand", "cls t", "y")], []),
    "expand guarded": (
        [
            node("Concat", "n1 minus minus", "t0", axis=0), node("ConstantOfShape", "count", "ones", value=numbers("", [1])),
            node("Equal", "t0 absent", "q"), node("Where", "q ones t0", "t"), node("Expand", "cls t", "c"), node("Concat", "c x", "y", axis=1),
        ],
        [numbers("count", [3]), numbers("absent", [-1, -1, -1])],
    ),
    "positions": ([node("Range", "i0 s i1", "p"), node("Gather", "words p", "e"), node("Add", "x e", "y")], []),
    "range from the end": (
        [node("Sub", "s i1", "l"), node("Range", "l m m", "p"), node("Cast", "p", "f", to=FLOAT), node("Unsqueeze", "f one", "u"), node("Mul", "x u", "y")],
        [numbers("m", -1)],
    ),
    "part of a table": ([node("Slice", "words zero s1 zero", "e"), node("Add", "x e", "y")], []),
    "causal mask": (
        [
            node("Slice", "mask zero s1 one", "q"), node("Slice", "q zero s1 two", "v"), node("Transpose", "x", "xt", perm=[0, 2, 1]),
            node("MatMul", "x xt", "d"), node("Where", "v d none", "w"), node("Softmax", "w", "y", axis=-1),
        ],
        [numpy_helper.from_array(np.tril(np.ones((1, 16, 16), bool)), "mask"), numbers("none", -1e9, np.float32)],
    ),
    "all but the last": ([node("Slice", "x zero minus one", "y")], []),
    "all but the first": ([node("Slice", "x one far one", "y")], []),
    "last": ([node("Slice", "x minus far one", "y")], []),
    "last row": ([node("Sub", "s i1", "l"), node("Gather", "x l", "y", axis=1)], []),
    "every second": ([node("Slice", "x zero far one two", "y")], []),
    "every second backward": ([node("Slice", "x minus low one steps", "y")], [numbers("steps", [-2])]),
    "reversed": ([node("Slice", "x minus low one minus", "y")], []),
    "between computed bounds": (
        [node("Div", "s1 two", "h"), node("Neg", "h", "b"), node("Slice", "x b far one", "y")], []
    ),
    "shift": (
        [node("Slice", "x zero minus one", "a"), node("Slice", "x one far one", "b"), node("Sub", "b a", "y")], []
    ),
    "merged and apart": (
        [
            node("Reshape", "x flat", "f"), node("Relu", "f", "g"), node("Concat", "n1 s1 four", "t", axis=0), node("Reshape", "g t", "y"),
        ],
        [numbers("flat", [-1, 4])],
    ),
    "heads": (
        [
            node("Concat", "n1 s1 two two", "t", axis=0), node("Reshape", "x t", "h"), node("Transpose", "h", "p", perm=[0, 2, 1, 3]),
            node("Mul", "n1 two", "m"), node("Concat", "m minus two", "u", axis=0), node("Reshape", "p u", "y"),
        ],
        [],
    ),
    "mean": ([node("ReduceSum", "x one", "q", keepdims=0), node("Cast", "s", "f", to=FLOAT), node("Div", "q f", "y")], []),
    "scaled by half": (
        [node("Cast", "s", "f", to=FLOAT), node("Mul", "f half", "m"), node("Floor", "m", "k"), node("Cast", "k", "c", to=INT),
         node("Unsqueeze", "c zero", "c1"), node("Slice", "x zero c1 one", "y")],
        [numbers("half", 0.5, np.float32)],
    ),
    "tile by the batch": ([node("Concat", "n1 one one", "t", axis=0), node("Tile", "cls t", "c"), node("Concat", "c x", "y", axis=1)], []),
    "tile by the length": ([node("Concat", "one s1 one", "t", axis=0), node("Tile", "x t", "y")], []),
    "pad to a multiple": (
        [
            node("Neg", "s", "g"), node("Mod", "g by", "p"), node("Unsqueeze", "p zero", "p1"), node("Concat", "z3 zero p1 zero", "t", axis=0),
            node("Pad", "x t", "y"),
        ],
        [numbers("by", 4), numbers("z3", [0, 0, 0])],
    ),
    "pad or crop to three": (
        [node("Sub", "three s", "d"), node("Unsqueeze", "d zero", "d1"), node("Concat", "z3 zero d1 zero", "t", axis=0), node("Pad", "x t v", "y")],
        [numbers("z3", [0, 0, 0]), numbers("v", 2.5, np.float32)],
    ),
    "shape": ([node("Identity", "shape", "y")], []),
    "shape as numbers": ([node("Cast", "shape", "f", to=FLOAT), node("Sqrt", "f", "y")], []),
    "counted by ones": (
        [
            node("ConstantOfShape", "s1", "c", value=numbers("", [1])), node("NonZero", "c", "z"), node("Squeeze", "z zero", "p"),
            node("Gather", "words p", "e"), node("Add", "x e", "y"),
        ],
        [],
    ),
    "lengths": ([node("ArgMax", "x", "a", axis=2, keepdims=0), node("Sub", "s a", "y")], []),
    "top three or fewer": ([node("Min", "s three", "k"), node("Unsqueeze", "k zero", "k1"), node("TopK", "x k1", "y i", axis=1)], []),
    "sorted": ([node("TopK", "x s1", "v y", axis=1)], []),
    "halves": ([node("Split", "x", "a y", axis=1, num_outputs=2)], []),
    "first and rest": (
        [node("Sub", "s1 one", "r"), node("Concat", "one r", "t", axis=0), node("Split", "x t", "a y", axis=1)], []
    ),
    "resized to twice": (
        [node("Mul", "s1 two", "d"), node("Concat", "n1 d four", "t", axis=0), node("Resize", "x   t", "y", mode="linear")], []
    ),
    "chosen by the length": (
        [
            node("Equal", "s one1", "q"), node("Where", "q i1 three", "w"), node("Cast", "w", "f", to=FLOAT), node("Mul", "x f", "y"),
        ],
        [numbers("one1", 1)],
    ),
    "block of ones and squares": (
        [
            node("Concat", "s1 s1", "t", axis=0), node("ConstantOfShape", "t", "c", value=numbers("", [1.0], np.float32)), node("Trilu", "c", "u", upper=0),
            node("MatMul", "u x", "y"),
        ],
        [],
    ),
    "product with itself": (
        [node("Mul", "n1 s1", "m"), node("Concat", "m four", "t", axis=0), node("Reshape", "x t", "f"), node("Transpose", "f", "g"), node("MatMul", "f g", "y")],
        [],
    ),
}  # fmt: skip


# ONNX Runtime does not split fewer elements than there are parts.
OTHER_SIZES = {"halves": [(2, 5), (3, 4), (1, 16)]}


def make_model(nodes, inputs, initializers, path, opset=18):
    """A model whose output y has the type and rank that its nodes give it."""
    used = {name for each in nodes for name in each.input}
    kept = [each for each in initializers if each.name in used]
    output = helper.make_empty_tensor_value_info("y")
    model = helper.make_model(helper.make_graph(nodes, "main", inputs, [output], kept), opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type
    output = helper.make_tensor_value_info("y", inferred.elem_type, None)
    model.graph.output[0].CopyFrom(output)
    path.write_bytes(model.SerializeToString())
    return model


def make_session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def compare(library, model, inputs_of, sizes):
    """Runs `library` and ONNX Runtime on `inputs_of(*size)` for each size."""
    session, run = make_session(model), dlc.Model(library)
    for size in sizes:
        inputs = inputs_of(*size)
        expected, got = session.run(["y"], inputs)[0], run.run(inputs)["y"]
        assert got.dtype == expected.dtype and got.shape == expected.shape, (size, got.dtype, got.shape, expected.shape)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5, err_msg=str(size))


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(programs, name):
    nodes, constants = GRAPHS[name]
    x = helper.make_tensor_value_info("x", FLOAT, ["N", "S", 4])
    needed = {each for made in nodes for each in made.input}
    for extent in reversed(EXTENTS):
        if extent.output[0] in needed:
            needed.update(extent.input)
    nodes = [extent for extent in EXTENTS if extent.output[0] in needed] + nodes
    model = make_model(nodes, [x], CONSTANTS + constants, programs.folder / "m.onnx")
    compare(programs.compile("m.onnx", "m.so"), model, sequence, OTHER_SIZES.get(name, SIZES))
