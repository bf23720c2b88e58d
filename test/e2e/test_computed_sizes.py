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
    "amounts that are split and joined": (
        [
            node("Concat", "n1 s1", "ns", axis=0), node("Mod", "ns two", "m"), node("Unsqueeze", "m zero", "u"), node("Concat", "u u", "v", axis=0),
            node("Gather", "v turned", "w", axis=1), node("Split", "w", "f g", axis=1, num_outputs=2), node("Reshape", "f minus", "r"),
            node("Split", "r", "a b", axis=0, num_outputs=2),
            node("Concat", "zero a zero zero b zero", "p", axis=0), node("Pad", "x p", "y"),
        ],
        [numbers("turned", [1, 0])],
    ),
    "roll by the remainder of an extent": (
        [
            node("Mod", "k s1", "m"), node("Slice", "x zero m one", "a"), node("Slice", "x m s1 one", "b"), node("Concat", "b a", "r", axis=1),
            node("Sub", "r x", "y"),
        ],
        [numbers("k", [-3])],
    ),
    "range in steps of an extent": ([node("Mul", "n s", "m"), node("Range", "i0 m s", "p"), node("Cast", "p", "y", to=FLOAT)], []),
    "range down in steps of an extent": (
        [node("Mul", "n s", "m"), node("Neg", "s", "d"), node("Range", "m i0 d", "p"), node("Cast", "p", "y", to=FLOAT)], [],
    ),
    "expand to the shape of x[:1]": ([node("Slice", "x zero one zero", "h"), node("Shape", "h", "t"), node("Expand", "x t", "e"), node("Add", "e x", "y")], []),
    "less the first step": ([node("Slice", "x zero one one", "h"), node("Sub", "x h", "y")], []),
    "first step and first row": (
        [node("Slice", "x zero one one", "h"), node("Slice", "x zero one zero", "r"), node("Mul", "h r", "p"), node("Where", "q p r", "y")],
        [numbers("q", [True, False, True, False], bool)],
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


def select_extents(nodes):
    """The nodes of EXTENTS that `nodes` need."""
    needed = {each for made in nodes for each in made.input}
    for extent in reversed(EXTENTS):
        if extent.output[0] in needed:
            needed.update(extent.input)
    return [extent for extent in EXTENTS if extent.output[0] in needed]


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(programs, name):
    nodes, constants = GRAPHS[name]
    x = helper.make_tensor_value_info("x", FLOAT, ["N", "S", 4])
    model = make_model(select_extents(nodes) + nodes, [x], CONSTANTS + constants, programs.folder / "m.onnx")
    compare(programs.compile("m.onnx", "m.so"), model, sequence, OTHER_SIZES.get(name, SIZES))


# The same for x[N, 2, H, W].
IMAGE_EXTENTS = [
    node("Shape", "x", "shape"), node("Slice", "shape zero one zero", "n1"), node("Slice", "shape two far zero", "hw"),
    node("Slice", "shape two three1 zero", "h1"), node("Slice", "shape three1 far zero", "w1"),
]  # fmt: skip
IMAGE_CONSTANTS = [numbers("three1", [3]), table("kernel", 2, 2, 3, 3), table("wide", 8, 2, 3, 3)]
IMAGE_SIZES = [(1, 6, 9), (2, 8, 4), (1, 5, 7), (3, 12, 3)]
EVEN_SIZES = [(1, 6, 8), (2, 4, 2), (1, 10, 12)]


def image(n, h, w):
    return {"x": random.standard_normal((n, 2, h, w)).astype(np.float32)}


def pad_and_halve(x, y):
    """Nodes that pad `x` as "same" padding does, by what floating point says of its extents, and take the maximum of 3 x 3 windows in steps of 2."""
    nodes = [
        node("Shape", "x", "s"), node("Slice", "s two far zero", "hw"), node("Cast", "hw", "f", to=FLOAT), node("Div", "f half", "d"),
        node("Ceil", "d", "c"), node("Sub", "c unit", "e"), node("Mul", "e half", "g"), node("Add", "g window", "a"), node("Sub", "a f", "t"),
        node("Clip", "t nothing ", "m"), node("Cast", "m", "all", to=INT), node("Div", "all two", "l"), node("Sub", "all l", "r"),
        node("Concat", "zero zero l zero zero r", "p", axis=0), node("Pad", "x p", "o"),
        node("MaxPool", "o", "y", kernel_shape=[3, 3], strides=[2, 2]),
    ]  # fmt: skip
    names = {name: f"{y}.{name}" for each in nodes for name in each.output} | {"x": x, "y": y}
    for each in nodes:
        each.input[:] = [names.get(name, name) for name in each.input]
        each.output[:] = [names[name] for name in each.output]
    return nodes


PADDING_NUMBERS = [
    numbers("half", 2, np.float32), numbers("unit", 1, np.float32), numbers("window", 3, np.float32), numbers("nothing", 0, np.float32),
]  # fmt: skip

IMAGE_GRAPHS = {
    # Each level's extents depend on those before several times.
    "same padding at every level": (
        [made for i in range(12) for made in pad_and_halve(f"x{i}" if i else "x", f"x{i + 1}" if i < 11 else "y")], PADDING_NUMBERS, IMAGE_SIZES,
    ),
    "resize by 2": ([node("Resize", "x  scales", "y", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")],
                    [numbers("scales", [1, 1, 2, 2], np.float32)], IMAGE_SIZES),
    "resize by 1.5": ([node("Resize", "x  scales", "y", mode="linear")], [numbers("scales", [1, 1, 1.5, 0.5], np.float32)], IMAGE_SIZES),
    "down and up": (
        [
            node("MaxPool", "x", "d", kernel_shape=[2, 2], strides=[2, 2]), node("Concat", "n1 two hw", "t", axis=0),
            node("Resize", "d   t", "u", mode="linear"), node("Concat", "u x", "y", axis=1),
        ],
        [], IMAGE_SIZES,
    ),
    "skip around a transposed convolution": (
        [
            node("Conv", "x kernel", "d", strides=[2, 2], pads=[1, 1, 1, 1]), node("ConvTranspose", "d up", "u", strides=[2, 2]), node("Add", "u x", "y"),
        ],
        [table("up", 2, 2, 2, 2)], EVEN_SIZES,
    ),
    "same padding": ([node("Conv", "x kernel", "y", strides=[2, 2], auto_pad="SAME_UPPER")], [], IMAGE_SIZES),
    "same padding below": ([node("Conv", "x kernel", "y", strides=[3, 2], auto_pad="SAME_LOWER")], [], IMAGE_SIZES),
    "same padding of a maximum": (
        [node("Sub", "x hundred", "l"), node("MaxPool", "l", "y", kernel_shape=[3, 3], strides=[2, 3], auto_pad="SAME_UPPER")],
        [numbers("hundred", 100, np.float32)], IMAGE_SIZES,
    ),
    "same padding of a maximum of integers": (
        [node("Cast", "x", "i", to=T.INT8), node("Sub", "i most", "l"), node("MaxPool", "l", "m", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER"),
         node("Cast", "m", "y", to=FLOAT)],
        [numbers("most", 100, np.int8)], IMAGE_SIZES,
    ),
    "same padding of a mean": ([node("AveragePool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")], [], IMAGE_SIZES),
    "same padding of a mean with zeros": (
        [node("AveragePool", "x", "y", kernel_shape=[4, 3], strides=[3, 2], auto_pad="SAME_LOWER", count_include_pad=1)], [], IMAGE_SIZES,
    ),
    "same padding of a norm": ([node("LpPool", "x", "y", kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER", p=2)], [], IMAGE_SIZES),
    "same padding, transposed": ([node("ConvTranspose", "x kernel", "y", strides=[2, 2], auto_pad="SAME_UPPER")], [], IMAGE_SIZES),
    "depth to space": ([node("Conv", "x wide", "c", pads=[1, 1, 1, 1]), node("DepthToSpace", "c", "y", blocksize=2, mode="CRD")], [], IMAGE_SIZES),
    "same padding in floating point": (
        [
            node("Cast", "hw", "f", to=FLOAT), node("Div", "f half", "d"), node("Ceil", "d", "c"), node("Sub", "c unit", "e"), node("Mul", "e half", "g"),
            node("Add", "g window", "a"), node("Sub", "a f", "t"), node("Clip", "t nothing ", "m"), node("Div", "m half", "q"), node("Cast", "q", "l", to=INT),
            node("Concat", "zero zero l zero zero zero zero", "p", axis=0), node("Pad", "x p", "y"),
        ],
        [numbers("half", 2, np.float32), numbers("unit", 1, np.float32), numbers("window", 5, np.float32), numbers("nothing", 0, np.float32)], IMAGE_SIZES,
    ),
    "side of a square": (
        [node("Pow", "count root", "r"), node("Cast", "r", "i", to=INT), node("Concat", "n1 i two", "t", axis=0), node("Expand", "patch t", "y")],
        [numbers("count", [16], np.int64), numbers("root", [0.5], np.float32), table("patch", 1, 1, 2)], IMAGE_SIZES,
    ),
    "depth to space of an open number of channels": (
        [node("Concat", "x x x x", "c", axis=0), node("Transpose", "c", "t", perm=[1, 0, 2, 3]), node("DepthToSpace", "t", "y", blocksize=2)],
        [], IMAGE_SIZES,
    ),
    "transposed with phases": ([node("ConvTranspose", "x many", "y", strides=[2, 2], pads=[1, 1, 1, 1])], [table("many", 2, 5, 4, 4)], IMAGE_SIZES),
    "transposed with uneven phases": (
        [node("ConvTranspose", "x many", "y", strides=[2, 3], pads=[0, 1, 1, 0], output_padding=[1, 0])], [table("many", 2, 33, 3, 4)], IMAGE_SIZES,
    ),
    "space to depth": ([node("SpaceToDepth", "x", "y", blocksize=2)], [], EVEN_SIZES),
    "windows": (
        [
            node("Div", "h1 two", "a"), node("Div", "w1 two", "b"), node("Concat", "n1 two a two b two", "t", axis=0), node("Reshape", "x t", "r"),
            node("Transpose", "r", "p", perm=[0, 2, 4, 3, 5, 1]), node("Reshape", "p rows", "y"),
        ],
        [numbers("rows", [-1, 4, 2])], EVEN_SIZES,
    ),
    "grid": (
        [
            node("Squeeze", "w1 zero", "w"), node("Range", "i0 w i1", "g"), node("Cast", "g", "f", to=FLOAT), node("Sub", "w1 one", "l"),
            node("Cast", "l", "m", to=FLOAT), node("Div", "f m", "q"), node("Add", "x q", "y"),
        ],
        [], [(1, 6, 9), (2, 8, 4), (3, 12, 3)],
    ),
    "padding of the older exporters": (
        [
            node("Mod", "h1 four", "a"), node("Sub", "four a", "b"), node("Mod", "b four", "c", fmod=0), node("Concat", "zero zero zero c", "p", axis=0),
            node("ConstantOfShape", "four", "z", value=numbers("", [0])), node("Concat", "p z", "q", axis=0), node("Reshape", "q pairs", "r"),
            node("Slice", "r minus low zero minus", "v"), node("Transpose", "v", "o", perm=[1, 0]), node("Reshape", "o minus", "t"), node("Pad", "x t", "y"),
        ],
        [numbers("pairs", [-1, 2])], IMAGE_SIZES,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGE_GRAPHS)
def test_image(programs, name):
    nodes, constants, sizes = IMAGE_GRAPHS[name]
    x = helper.make_tensor_value_info("x", FLOAT, ["N", 2, "H", "W"])
    needed = {each for made in nodes for each in made.input}
    nodes = [extent for extent in IMAGE_EXTENTS if extent.output[0] in needed or extent.output[0] == "shape"] + nodes
    model = make_model(nodes, [x], CONSTANTS + IMAGE_CONSTANTS + constants, programs.folder / "m.onnx")
    compare(programs.compile("m.onnx", "m.so"), model, image, sizes)


def fails(library, inputs):
    with pytest.raises(dlc.Error) as caught:
        dlc.Model(library).run(inputs)
    return str(caught.value)


def test_extents_that_must_be_equal(programs):
    """Two names may be equal in one run and differ in the next, which is an error that names the node and both numbers."""
    x, z = (helper.make_tensor_value_info(name, FLOAT, [size, 4]) for name, size in (("x", "N"), ("z", "M")))
    model = make_model([helper.make_node("Add", ["x", "z"], ["y"], name="sum")], [x, z], [], programs.folder / "m.onnx")
    library = programs.compile("m.onnx", "m.so")
    compare(library, model, lambda n: {"x": np.ones((n, 4), np.float32), "z": np.ones((n, 4), np.float32)}, [(3,), (1,), (5,)])
    message = fails(library, {"x": np.ones((3, 4), np.float32), "z": np.ones((5, 4), np.float32)})
    assert "'sum' needs equal extents, and these inputs give 3 and 5" in message


@pytest.mark.parametrize("anonymous", ["?", "None", ""])
def test_dimensions_without_a_name(programs, anonymous):
    """They have nothing to do with each other, also inside one tensor."""
    x = helper.make_tensor_value_info("x", FLOAT, [anonymous, anonymous])
    model = make_model([node("Transpose", "x", "t"), node("MatMul", "x t", "y")], [x], [], programs.folder / "m.onnx")
    compare(programs.compile("m.onnx", "m.so"), model, lambda n, m: {"x": np.ones((n, m), np.float32)}, [(2, 3), (5, 1), (4, 4)])


def test_squeeze_without_axes(programs):
    x = helper.make_tensor_value_info("x", FLOAT, ["N", 1, 4])
    model = make_model([helper.make_node("Squeeze", ["x"], ["y"], name="squeeze")], [x], [], programs.folder / "m.onnx")
    library = programs.compile("m.onnx", "m.so")
    compare(library, model, lambda n: {"x": np.ones((n, 1, 4), np.float32)}, [(2,), (7,)])
    assert "'squeeze' needs an extent other than 1" in fails(library, {"x": np.ones((1, 1, 4), np.float32)})


def test_squeeze_to_declared_rank(programs):
    """An extent that outputs of the declared rank need to be 1 is 1."""
    x = helper.make_tensor_value_info("x", FLOAT, ["B", "S", 4])
    y = helper.make_tensor_value_info("y", FLOAT, [4])
    nodes = [node("ReduceSum", "x one", "s", keepdims=0), node("Squeeze", "s", "q"), node("Add", "q bias", "y")]
    graph = helper.make_graph(nodes, "g", [x], [y], [numbers("one", [1]), table("bias", 4)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, programs.folder / "m.onnx")
    library = programs.compile("m.onnx", "m.so")
    compare(library, model, lambda s: {"x": random.standard_normal((1, s, 4)).astype(np.float32)}, [(1,), (5,), (7,)])
    assert "1" in fails(library, {"x": np.ones((2, 3, 4), np.float32)})


def test_sizes_that_do_not_fit(programs):
    """A part that is longer than the whole, and a shape with more elements than there are."""
    x = helper.make_tensor_value_info("x", FLOAT, ["N", 4])
    nodes = [helper.make_node("Split", ["x", "parts"], ["a", "y"], name="split")]
    make_model(nodes, [x], [numbers("parts", [2, 3])], programs.folder / "split.onnx")
    library = programs.compile("split.onnx", "split.so")
    inputs = random.standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_array_equal(dlc.Model(library).run({"x": inputs})["y"], inputs[2:])
    assert "split" in fails(library, {"x": np.ones((4, 4), np.float32)})
    assert "split" in fails(library, {"x": np.ones((6, 4), np.float32)})


def test_buffer_of_open_size(programs):
    """A kernel's own buffer of an open extent is allocated when it runs: softmax in 16 bits over a dimension
    inside keeps sums of rows in f32."""
    x = helper.make_tensor_value_info("x", T.FLOAT16, ["N", "S", "D"])
    make_model([node("Softmax", "x", "y", axis=1)], [x], [], programs.folder / "m.onnx")
    run = dlc.Model(programs.compile("m.onnx", "m.so"), threads=2)
    for shape in [(1, 1, 1), (3, 5, 7), (2, 1000, 3), (1, 5, 7001), (4, 33, 130)]:
        values = random.standard_normal(shape).astype(np.float16)
        powers = np.exp(values.astype(np.float64))
        got = run.run({"x": values})["y"]
        # Differences from the maximum (up to 2^-9 for those of 4 to 8), powers and quotients are each rounded to 16 bits.
        np.testing.assert_allclose(got, powers / powers.sum(1, keepdims=True), rtol=5e-3, atol=1e-6)
        if shape == (2, 1000, 3):
            fixed = dlc.Model(programs.compile("m.onnx", "fixed.so", "--shape", "x=2x1000x3"))
            np.testing.assert_array_equal(got, fixed.run({"x": values})["y"])


def test_output_listed_twice(programs):
    x, y = (helper.make_tensor_value_info(name, FLOAT, ["N"]) for name in ("x", "y"))
    model = helper.make_model(helper.make_graph([node("Relu", "x", "y")], "main", [x], [y, y]), opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    run = dlc.Model(programs.compile("m.onnx", "m.so"))
    np.testing.assert_array_equal(run.run({"x": np.array([-1, 2], np.float32)})["y"], [0, 2])


GRADIENTS = """
func.func @run(%x: tensor<?x4xf32> {dlc.dims = ["N", 4], dlc.name = "x"}, %b: tensor<1x4xf32> {dlc.name = "b"})
    -> (tensor<?x4xf32> {dlc.name = "sliced"}, tensor<?x4xf32> {dlc.name = "padded"}, tensor<1x4xf32> {dlc.name = "expanded"}) {
  %from = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 floordiv 3, 1)>} : (tensor<?x4xf32>) -> tensor<?x1xi1>
  %size = dlc.shape %x {dims = affine_map<()[s0, s1] -> ((s0 + 1) floordiv 3, 3)>} : (tensor<?x4xf32>) -> tensor<?x3xi1>
  %part = dlc.slice_like %x, %from, %size {steps = array<i64: 2, 1>} : (tensor<?x4xf32>, tensor<?x1xi1>, tensor<?x3xi1>) -> tensor<?x3xf32>
  %square = dlc.mul %part, %part : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %0 = dlc.gradient %square with_respect_to(%x : tensor<?x4xf32>) : tensor<?x3xf32>
  %all = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 * 2, 5)>} : (tensor<?x4xf32>) -> tensor<?x5xi1>
  %low = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 floordiv 2, 1)>} : (tensor<?x4xf32>) -> tensor<?x1xi1>
  %wide = dlc.pad_like %x, %low, %all {mode = #dlc<pad_mode constant>} : (tensor<?x4xf32>, tensor<?x1xi1>, tensor<?x5xi1>) -> tensor<?x5xf32>
  %cube = dlc.mul %wide, %wide : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  %1 = dlc.gradient %cube with_respect_to(%x : tensor<?x4xf32>) : tensor<?x5xf32>
  %rows = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 * 2 + 1, s1)>} : (tensor<?x4xf32>) -> tensor<?x4xi1>
  %many = dlc.expand_like %b, %rows : (tensor<1x4xf32>, tensor<?x4xi1>) -> tensor<?x4xf32>
  %all_squares = dlc.mul %many, %many : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = dlc.gradient %all_squares with_respect_to(%b : tensor<1x4xf32>) : tensor<?x4xf32>
  return %0, %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<1x4xf32>
}
"""


def test_gradients(programs):
    """What goes through a slice, a padding or an expansion of a computed size comes back."""
    (programs.folder / "m.mlir").write_text(GRADIENTS)
    run = dlc.Model(programs.compile("m.mlir", "m.so"))
    for n in (1, 2, 3, 7, 16):
        x, b = random.standard_normal((n, 4)).astype(np.float32), random.standard_normal((1, 4)).astype(np.float32)
        got = run.run({"x": x, "b": b})
        rows = n // 3 + 2 * np.arange((n + 1) // 3)
        expected = np.zeros_like(x)
        expected[rows, 1:] = 2 * x[rows, 1:]
        np.testing.assert_allclose(got["sliced"], expected, rtol=1e-6)
        np.testing.assert_allclose(got["padded"], 2 * x, rtol=1e-6)
        np.testing.assert_allclose(got["expanded"], 2 * b * (2 * n + 1), rtol=1e-5)


@pytest.mark.parametrize("name", ["expand guarded", "range from the end", "every second backward", "pad to a multiple", "shape as numbers", "top three or fewer", "chosen by the length"])  # fmt: skip
def test_written_as_onnx(programs, name):
    """A graph with computed sizes, written as ONNX, is the same for ONNX Runtime, and can be read again."""
    nodes, constants = GRAPHS[name]
    x = helper.make_tensor_value_info("x", FLOAT, ["N", "S", 4])
    model = make_model(select_extents(nodes) + nodes, [x], CONSTANTS + constants, programs.folder / "m.onnx")
    written = onnx.load(programs.compile("m.onnx", "written.onnx"))
    original, session = make_session(model), make_session(written)
    for size in SIZES:
        inputs = sequence(*size)
        np.testing.assert_allclose(session.run(["y"], inputs)[0], original.run(["y"], inputs)[0], rtol=1e-5, atol=1e-6, err_msg=str(size))
    compare(programs.compile("written.onnx", "m.so"), model, sequence, SIZES)
