# SPDX-License-Identifier: Apache-2.0
"""Operands that decide sizes and are inputs of the model: one library for every value of them, against ONNX Runtime."""
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 11.5
I64 = np.int64


def model(nodes, inputs, ranks, opset=21):
    """`inputs`: example values, `ranks`: of the results, all of whose extents are open."""
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    results = [helper.make_tensor_value_info(name, type, ["?"] * rank) for name, (type, rank) in ranks.items()]
    graph = helper.make_graph(nodes, "graph", [value(*item) for item in inputs.items()], results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def check(programs, nodes, ranks, feeds, opset=21):
    """Compares what one library and ONNX Runtime give for all `feeds`."""
    made = model(nodes, feeds[0], ranks, opset)
    onnx.save(made, programs.folder / "m.onnx")
    library = dlc.Model(programs.compile("m.onnx", "m.so"))
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    for feed in feeds:
        expected, actual = dict(zip(ranks, session.run(list(ranks), feed))), library.run(feed)
        for name in ranks:
            assert actual[name].shape == expected[name].shape, (name, feed)
            np.testing.assert_allclose(actual[name], expected[name], rtol=2e-5, atol=1e-5, err_msg=f"{name} {feed}")


def ints(*values):
    return np.array(values, I64)


FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
REDUCTIONS = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSumExp", "SumSquare"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_axes_of_reductions(programs, count):
    nodes = [helper.make_node(f"Reduce{kind}", ["x", "a"], [f"{kind}{keep}"], keepdims=keep) for kind in REDUCTIONS for keep in (0, 1)]
    choices = {1: [(0,), (1,), (2,), (-1,), (-3,)], 2: [(0, 1), (0, 2), (1, 2), (-1, 0), (2, -2)], 3: [(0, 1, 2), (-1, -2, -3)]}[count]
    ranks = {f"{kind}{keep}": (FLOAT, 3 if keep else 3 - count) for kind in REDUCTIONS for keep in (0, 1)}
    check(programs, nodes, ranks, [{"x": X / 8, "a": ints(*axes)} for axes in choices])


def test_axis_of_cumulative_sums(programs):
    nodes = [helper.make_node("CumSum", ["x", "a"], ["y"]), helper.make_node("CumSum", ["x", "a"], ["z"], exclusive=1, reverse=1)]
    check(programs, nodes, {"y": (FLOAT, 3), "z": (FLOAT, 3)}, [{"x": X, "a": np.array(axis)} for axis in (0, 1, 2, -1, -2, -3)])


def test_reshape(programs):
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    shapes = [(6, 4), (4, 6), (24, 1), (-1, 4), (2, -1), (0, -1), (0, 12), (-1, 0), (1, 24)]
    check(programs, nodes, {"y": (FLOAT, 2)}, [{"x": X, "s": ints(*shape)} for shape in shapes])
    library = dlc.Model(programs.folder / "m.so")
    for shape in (5, 5), (-1, 7), (-2, 3):
        with pytest.raises((ValueError, RuntimeError)):
            library.run({"x": X, "s": ints(*shape)})


def test_shapes_made_of_elements(programs):
    """A chain of shape arithmetic from elements, constants and extents."""
    nodes = [
        helper.make_node("Constant", [], ["four"], value_ints=[4]),
        helper.make_node("Unsqueeze", ["n", "zero"], ["n1"]),
        helper.make_node("Constant", [], ["zero"], value_ints=[0]),
        helper.make_node("Mul", ["n1", "two"], ["double"]),
        helper.make_node("Constant", [], ["two"], value_ints=[2]),
        helper.make_node("Concat", ["double", "minus", "four"], ["shape"], axis=0),
        helper.make_node("Constant", [], ["minus"], value_ints=[-1]),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
        helper.make_node("ConstantOfShape", ["double"], ["z"]),
    ]
    order = [0, 2, 1, 4, 3, 6, 5, 7, 8]
    check(programs, [nodes[i] for i in order], {"y": (FLOAT, 3), "z": (FLOAT, 1)}, [{"x": X, "n": np.array(n)} for n in (1, 3)])


def test_sizes(programs):
    nodes = [
        helper.make_node("Expand", ["x", "e"], ["expanded"]),
        helper.make_node("Tile", ["x", "t"], ["tiled"]),
        helper.make_node("ConstantOfShape", ["t"], ["zeros"]),
        helper.make_node("Pad", ["x", "p"], ["padded"]),
        helper.make_node("Range", ["from", "to", "step"], ["range"]),
        helper.make_node("TopK", ["x", "k"], ["top", "indices"]),
        helper.make_node("Split", ["x", "parts"], ["left", "right"], axis=2),
        helper.make_node("Unsqueeze", ["x", "u"], ["unsqueezed"]),
    ]
    constant = helper.make_node("Constant", [], ["step"], value_int=2)
    ranks = {name: (FLOAT, 3) for name in ("expanded", "tiled", "zeros", "padded", "top", "left", "right")}
    ranks |= {"range": (INT64, 1), "indices": (INT64, 3), "unsqueezed": (FLOAT, 4)}
    feeds = [
        {"x": X, "e": ints(*e), "t": ints(*t), "p": ints(*p), "from": np.array(a), "to": np.array(b), "k": ints(k), "parts": ints(l, 4 - l), "u": ints(u)}
        for e, t, p, a, b, k, l, u in [
            ((2, 3, 4), (1, 1, 1), (0, 0, 0, 0, 0, 0), 0, 5, 1, 1, 0), ((2, 3, 4), (2, 1, 3), (1, 0, 2, 0, 3, 1), -3, 4, 2, 3, -1),
            ((2, 3, 4), (3, 0, 2), (0, 1, 0, 2, 0, 0), 7, 3, 4, 4, 2), ((2, 3, 4), (1, 2, 1), (-1, 0, 0, 0, -1, -2), 2, 2, 3, 0, -4),
        ]
    ]  # fmt: skip
    check(programs, [constant, *nodes], ranks, feeds)


def test_center_crop_pad(programs):
    """To extents that are known or not, of one that the run knows."""
    constants = [helper.make_node("Constant", [], [name], value_ints=value) for name, value in {"from": [0], "axis": [1], "known": [3, 2, 5]}.items()]
    nodes = [
        helper.make_node("Slice", ["x", "from", "n", "axis"], ["part"]),
        helper.make_node("CenterCropPad", ["part", "s"], ["y"], axes=[1, -1]),
        helper.make_node("CenterCropPad", ["part", "known"], ["z"]),
    ]
    feeds = [{"x": X, "n": ints(n), "s": ints(*shape)} for n in (0, 1, 2, 3) for shape in [(3, 4), (4, 3), (1, 7), (0, 2), (8, 0)]]
    check(programs, [*constants, *nodes], {"y": (FLOAT, 3), "z": (FLOAT, 3)}, feeds)
    with pytest.raises(dlc.Error, match="needs an extent of at least 0"):
        dlc.Model(programs.folder / "m.so").run({"x": X, "n": ints(2), "s": ints(-1, 4)})


def test_unpooling(programs):
    """Of images of which the run knows how large they are, to that size or another one."""
    constants = [helper.make_node("Constant", [], [name], value_ints=value) for name, value in {"from": [0, 0], "axes": [2, 3]}.items()]
    window = {"kernel_shape": [2, 3], "strides": [2, 2]}
    nodes = [
        helper.make_node("Slice", ["image", "from", "n", "axes"], ["part"]),
        helper.make_node("MaxPool", ["part"], ["pooled", "positions"], **window),
        helper.make_node("MaxUnpool", ["pooled", "positions"], ["y"], **window),
        helper.make_node("MaxUnpool", ["pooled", "positions", "s"], ["z"], **window),
    ]
    image = np.random.default_rng(0).standard_normal((2, 3, 8, 7)).astype(np.float32)
    feeds = [{"image": image, "n": ints(*n), "s": ints(2, 3, *s)} for n, s in [((8, 7), (8, 7)), ((4, 5), (4, 6)), ((4, 5), (6, 4)), ((2, 3), (1, 9))]]
    # ONNX Runtime takes positions for ones in the whole result; ONNX's own test of output_shape adds zeros behind.
    check(programs, [*constants, *nodes[:3]], {"y": (FLOAT, 4)}, [{key: feed[key] for key in ("image", "n")} for feed in feeds])
    y = [dlc.Model(programs.folder / "m.so").run({key: feed[key] for key in ("image", "n")})["y"] for feed in feeds]
    onnx.save(model([*constants, *nodes], feeds[0], {"z": (FLOAT, 4)}), programs.folder / "z.onnx")
    library = dlc.Model(programs.compile("z.onnx", "z.so"))
    for feed, part in zip(feeds, y):
        whole = np.zeros(feed["s"], np.float32)
        common = tuple(slice(min(own, wanted)) for own, wanted in zip(part.shape, feed["s"]))
        whole[common] = part[common]
        np.testing.assert_array_equal(library.run(feed)["z"], whole)


def test_expand_to_one_leaves_extents(programs):
    nodes = [helper.make_node("Expand", ["x", "e"], ["y"]), helper.make_node("Expand", ["z", "e"], ["w"])]
    z = np.ones((3, 1), np.float32)
    feeds = [{"x": X, "z": z, "e": ints(*e)} for e in [(2, 3, 4), (1, 3, 1), (2, 1, 4), (1, 1, 1)]]
    check(programs, nodes, {"y": (FLOAT, 3), "w": (FLOAT, 3)}, feeds)


def test_slices(programs):
    nodes = [helper.make_node("Slice", ["x", "s", "e", "a"], ["y"]), helper.make_node("Constant", [], ["a"], value_ints=[1, 2])]
    big = np.iinfo(I64).max
    bounds = [((0, 0), (3, 4)), ((1, 2), (3, 4)), ((-2, -3), (-1, big)), ((0, 1), (0, 3)), ((2, 3), (1, 2)), ((-9, 0), (9, -1)), ((0, 0), (big, big))]
    check(programs, nodes[::-1], {"y": (FLOAT, 3)}, [{"x": X, "s": ints(*s), "e": ints(*e)} for s, e in bounds])


def test_classes_and_grids(programs):
    nodes = [
        helper.make_node("OneHot", ["i", "d", "v"], ["hot"], axis=0),
        helper.make_node("AffineGrid", ["theta", "size"], ["grid"]),
        helper.make_node("AffineGrid", ["theta", "size"], ["aligned"], align_corners=1),
        helper.make_node("HannWindow", ["d"], ["hann"]),
        helper.make_node("BlackmanWindow", ["d"], ["blackman"], periodic=0),
    ]
    ranks = {"hot": (FLOAT, 2), "grid": (FLOAT, 4), "aligned": (FLOAT, 4), "hann": (FLOAT, 1), "blackman": (FLOAT, 1)}
    theta = np.random.default_rng(0).standard_normal((2, 2, 3)).astype(np.float32)
    feeds = [
        {"i": ints(0, 3, -1, 9), "d": np.array(depth), "v": np.array([-1, 2], np.float32), "theta": theta, "size": ints(2, 1, *size)}
        for depth, size in [(4, (3, 5)), (3, (2, 4)), (7, (6, 3)), (2, (2, 2))]
    ]
    check(programs, nodes, ranks, feeds)


def test_gradients_pass_through_open_shapes(programs):
    """The sum of squares over rows whose length an input decides, differentiated in the graph."""
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("ReduceSumSquare", ["r"], ["y"], keepdims=0),
        helper.make_node("Gradient", ["x"], ["g"], domain="ai.onnx.preview.training", xs=["x"], y="y"),
    ]
    made = model(nodes, {"x": X, "s": ints(6, 4)}, {"g": (FLOAT, 3)}, 17)
    made.opset_import.append(helper.make_opsetid("ai.onnx.preview.training", 1))
    onnx.save(made, programs.folder / "m.onnx")
    library = dlc.Model(programs.compile("m.onnx", "m.so"))
    for shape in (6, 4), (3, 8), (24, 1):
        np.testing.assert_allclose(library.run({"x": X, "s": ints(*shape)})["g"], 2 * X, rtol=1e-6)
