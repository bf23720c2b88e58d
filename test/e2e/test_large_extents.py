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
