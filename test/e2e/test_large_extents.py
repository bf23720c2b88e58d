# SPDX-License-Identifier: Apache-2.0
"""Extents that follow from one another in so many steps that their expressions are large."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def test_extents_that_follow_in_many_steps(programs):
    """Each of 60 slices ends where half its operand does, or at what an input says: expressions that repeat the last one twice."""
    levels = 60
    constants = {"one": [1], "two": [2], "zero": [0], "five": [5]}
    nodes, last = [], "x"
    for i in range(levels):
        nodes += [
            helper.make_node("Shape", [last], [f"s{i}"]), helper.make_node("Mul", [f"s{i}", "five"], [f"m{i}"]), helper.make_node("Sub", [f"m{i}", "k"], [f"d{i}"]),
            helper.make_node("Div", [f"d{i}", "two"], [f"h{i}"]), helper.make_node("Max", [f"h{i}", "one"], [f"a{i}"]), helper.make_node("Min", [f"a{i}", f"s{i}"], [f"e{i}"]),
            helper.make_node("Slice", [last, "zero", f"e{i}"], [f"x{i}"]),
        ]  # fmt: skip
        last = f"x{i}"
    graph = helper.make_graph(
        nodes, "steps", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"]), helper.make_tensor_value_info("k", TensorProto.INT64, [1])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["M"])],
        [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), programs.folder / "m.onnx")
    library = programs.compile("m.onnx", "m.so", timeout=60)
    session = onnxruntime.InferenceSession(str(programs.folder / "m.onnx"), providers=["CPUExecutionProvider"])
    for extent, k in [(1, 0), (7, 9), (100, 301), (100, 299), (1000, 3001), (64, -5)]:
        x = np.arange(extent, dtype=np.float32)
        feed = {"x": x, "k": np.array([k])}
        [wanted] = session.run(None, feed)
        np.testing.assert_array_equal(programs.execute(library, feed, [last])[last], wanted)


def kept_scores(path, classes):
    """As a detector does: the scores of each class above a threshold, at most 5 of them, and of all of those at most 9."""
    constants = {"zero": np.array([0]), "five": np.array([5]), "nine": np.array([9]), "half": np.array(0.5, np.float32)}
    nodes = []
    for i in range(classes):
        constants[f"class{i}"] = np.array(i)
        nodes += [
            helper.make_node("Gather", ["scores", f"class{i}"], [f"s{i}"], axis=1), helper.make_node("Greater", [f"s{i}", "half"], [f"above{i}"]),
            helper.make_node("NonZero", [f"above{i}"], [f"where{i}"]), helper.make_node("Squeeze", [f"where{i}", "zero"], [f"at{i}"]),
            helper.make_node("Gather", [f"s{i}", f"at{i}"], [f"found{i}"]), helper.make_node("Shape", [f"found{i}"], [f"n{i}"]),
            helper.make_node("Min", [f"n{i}", "five"], [f"k{i}"]), helper.make_node("TopK", [f"found{i}", f"k{i}"], [f"kept{i}", f"index{i}"]),
        ]  # fmt: skip
    nodes += [
        helper.make_node("Concat", [f"kept{i}" for i in range(classes)], ["all"], axis=0), helper.make_node("Shape", ["all"], ["count"]),
        helper.make_node("Min", ["count", "nine"], ["k"]), helper.make_node("TopK", ["all", "k"], ["best", "position"]),
    ]  # fmt: skip
    outputs = [helper.make_tensor_value_info(name, element, ["M"]) for name, element in (("best", TensorProto.FLOAT), ("position", TensorProto.INT64))]
    graph = helper.make_graph(nodes, "kept", [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", classes])], outputs, [numpy_helper.from_array(v, k) for k, v in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_sum_of_minima(programs):
    """More minima in one extent than are bounded together."""
    classes, rng = 8, np.random.default_rng(1)
    kept_scores(programs.folder / "m.onnx", classes)
    library = programs.compile("m.onnx", "m.so")
    session = onnxruntime.InferenceSession(str(programs.folder / "m.onnx"), providers=["CPUExecutionProvider"])
    for extent in [0, 1, 2, 7, 40]:
        feed = {"scores": rng.random((extent, classes), np.float32)}
        wanted = session.run(None, feed)
        got = programs.execute(library, feed, ["best", "position"])
        np.testing.assert_array_equal(got["best"], wanted[0])
        np.testing.assert_array_equal(got["position"], wanted[1])


def test_sum_of_90_minima(programs):
    """The time to plan such a program does not grow with the number of choices between them."""
    kept_scores(programs.folder / "m.onnx", 90)
    programs.compile("m.onnx", "m.mlir", "--compile-to=program", timeout=60)
