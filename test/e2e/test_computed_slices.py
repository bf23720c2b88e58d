# SPDX-License-Identifier: Apache-2.0
"""Axes and steps of Slice, Squeeze and Pad that are inputs of the model or computed in a run, against ONNX Runtime."""
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
X = np.arange(210, dtype=np.float32).reshape(5, 6, 7)
BIG = np.iinfo(np.int64).max


def build(programs, nodes, inputs, results, option, symbols=None, opset=21):
    """The library and a function that runs ONNX Runtime. `symbols`: extents of inputs that are not those of the example."""
    value = lambda name, array: helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(array.dtype), (symbols or {}).get(name, array.shape)
    )
    outputs = [helper.make_tensor_value_info(name, kind, ["?"] * rank) for name, (kind, rank) in results.items()]
    graph = helper.make_graph(nodes, "graph", [value(*item) for item in inputs.items()], outputs)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    onnx.save(made, programs.folder / "m.onnx")
    library = dlc.Model(programs.compile("m.onnx", "m.so", option))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return library, lambda feed: dict(zip(results, session.run(list(results), feed)))


def compare(library, expect, feeds):
    for feed in feeds:
        actual = library.run(feed)
        for name, expected in expect(feed).items():
            assert actual[name].shape == expected.shape, (name, feed)
            np.testing.assert_array_equal(actual[name], expected, err_msg=f"{name} {feed}")


def ints(*values):
    return np.array(values, np.int64)


def bounds(starts, ends, axes, steps, x=X):
    return {"x": x, "starts": ints(*starts), "ends": ints(*ends), "axes": ints(*axes), "steps": ints(*steps)}


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_slice(programs, option):
    nodes = [
        helper.make_node("Slice", ["x", "starts", "ends", "axes", "steps"], ["all"]),
        helper.make_node("Slice", ["x", "starts", "ends", "axes"], ["whole_steps"]),
        helper.make_node("Slice", ["x", "starts", "ends", "", "steps"], ["leading"]),
        helper.make_node("Add", ["axes", "zero"], ["computed"]),
        helper.make_node("Slice", ["x", "starts", "ends", "computed", "steps"], ["computed_axes"]),
        helper.make_node("ReduceSum", ["all"], ["sum"], keepdims=0),
    ]
    constant = helper.make_node("Constant", [], ["zero"], value_ints=[0])
    results = {name: (FLOAT, 3) for name in ("all", "whole_steps", "leading", "computed_axes")} | {"sum": (FLOAT, 0)}
    feeds = [
        bounds(*case)
        for case in [
            ((0, 0), (5, 6), (0, 1), (1, 1)), ((1, 2), (4, 7), (0, 2), (2, 3)), ((-3, -2), (BIG, BIG), (2, 1), (1, 1)), ((4, 6), (-99, -8), (0, -1), (-1, -2)),
            ((3, 3), (3, 1), (-3, 1), (1, 1)), ((100, -100), (200, 100), (1, 2), (3, 7)), ((4, 5), (0, 1), (0, 1), (-3, -5)), ((0, 0), (1, 1), (1, 0), (BIG, 1)),
        ]
    ]  # fmt: skip
    library, expect = build(programs, [constant, *nodes], feeds[0], results, option, {"x": ["A", "B", "C"]})
    compare(library, expect, feeds + [bounds((0, 1), (BIG, -1), (2, 0), (2, 1), np.ones(shape, np.float32)) for shape in [(1, 1, 1), (3, 0, 2), (13, 1, 11)]])
    for case in [((0, 0), (1, 1), (0, 0), (1, 1)), ((0, 0), (1, 1), (0, -3), (1, 1)), ((0, 0), (1, 1), (0, 3), (1, 1)), ((0, 0), (1, 1), (-4, 1), (1, 1)), ((0, 0), (1, 1), (0, 1), (1, 0))]:
        with pytest.raises(ValueError, match="needs an extent of at least 0"):
            library.run(bounds(*case))


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_squeeze(programs, option):
    nodes = [helper.make_node("Squeeze", [x, "axis"], [f"{x}1"]) for x in "xyz"]
    x, y, z = (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for shape in [(1, 3, 4), (1, 3, 1), (1, 1, 1)])
    library, expect = build(programs, nodes, {"x": x, "y": y, "z": z, "axis": ints(0)}, {f"{x}1": (FLOAT, 2) for x in "xyz"}, option, {"z": ["A", "B", "C"]})
    compare(library, expect, [{"x": x, "y": y, "z": z, "axis": ints(axis)} for axis in (0, -3)])
    for wrong in (1, 2, 3, -4):
        with pytest.raises(ValueError, match="needs equal extents"):
            library.run({"x": x, "y": y, "z": z, "axis": ints(wrong)})


def test_squeeze_of_several(programs):
    shapes = {(5, 1, 1, 7): [(1, 2), (2, 1), (-2, 1)], (1, 5, 7, 1): [(0, 3), (-1, -4)], (1, 1, 1, 1): [(3, 1), (0, 2)], (1, 0, 1, 3): [(0, 2), (-2, 0)]}
    feeds = [{"x": np.arange(np.prod(shape), dtype=np.float32).reshape(shape), "axes": ints(*axes)} for shape, choices in shapes.items() for axes in choices]
    library, expect = build(programs, [helper.make_node("Squeeze", ["x", "axes"], ["y"])], feeds[0], {"y": (FLOAT, 2)}, "-O3", {"x": ["A", "B", "C", "D"]})
    compare(library, expect, feeds)
    for axes in [(0, 1), (1, 1), (1, -3), (4, 1)]:
        with pytest.raises(ValueError, match="needs equal extents"):
            library.run({"x": feeds[0]["x"], "axes": ints(*axes)})


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_pad(programs, option):
    nodes = [helper.make_node("Pad", ["x", "pads", "", "axes"], [mode], mode=mode) for mode in ("constant", "edge", "reflect")]
    feeds = [
        {"x": X, "pads": ints(*pads), "axes": ints(*axes)}
        for pads, axes in [((0, 0, 0, 0), (0, 1)), ((1, 2, 3, 4), (0, 2)), ((1, 2, 3, 4), (2, 0)), ((0, 3, 4, 0), (-1, -2)), ((2, 0, 0, 1), (1, -3))]
    ]
    library, expect = build(programs, nodes, feeds[0], {mode: (FLOAT, 3) for mode in ("constant", "edge", "reflect")}, option)
    compare(library, expect, feeds)
    for axes in [(0, 0), (1, -2), (3, 0), (-4, 0)]:
        with pytest.raises(ValueError, match="needs equal extents"):
            library.run({"x": X, "pads": ints(1, 1, 1, 1), "axes": ints(*axes)})
