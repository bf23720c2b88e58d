# SPDX-License-Identifier: Apache-2.0
"""Models whose operands a run computes: how they are written, and their results beside those of ONNX Runtime or onnx.reference."""
import dlc
import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator


def save(programs, nodes, inputs, results, opset, initializers=()):
    """`inputs`: example values, `results`: types and ranks."""
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    outputs = [helper.make_tensor_value_info(name, kind, ["?"] * rank) for name, (kind, rank) in results.items()]
    graph = helper.make_graph(nodes, "graph", [value(*item) for item in inputs.items()], outputs, list(initializers))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    onnx.save(made, programs.folder / "m.onnx")
    return made


def runtime(made):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    run = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda feed: run.run(None, feed)


def reference(made):
    run = ReferenceEvaluator(made)
    return lambda feed: run.run(None, feed)


def check(programs, made, feeds, run, option="-O3", atol=1e-5):
    """Runs one library on every feed; returns it."""
    library = dlc.Model(programs.compile("m.onnx", "m.so", option))
    for feed in feeds:
        actual = library.run(feed)
        for output, expected in zip(made.graph.output, run(feed)):
            assert actual[output.name].shape == expected.shape, (output.name, feed)
            np.testing.assert_allclose(actual[output.name], expected, rtol=2e-5, atol=atol, err_msg=f"{output.name} {feed}")
    return library
