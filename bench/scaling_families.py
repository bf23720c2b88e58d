# SPDX-License-Identifier: Apache-2.0
"""The table of families that scaling.py measures, and how they write their models."""
import json

import onnx
from onnx import TensorProto, helper, numpy_helper

FAMILIES = {}


def family(*sizes, options=()):
    """Registers a function `(n, folder) -> path of a model of n parts`."""

    def add(build):
        FAMILIES[build.__name__] = (build, sizes, options)
        return build

    return add


def write_onnx(folder, nodes, inputs, output, weights):
    """`inputs`: name -> shape; `output`: (name, shape); `weights`: name -> array."""
    floats = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "model", [floats(name, shape) for name, shape in inputs.items()], [floats(*output)],
                              [numpy_helper.from_array(array, name) for name, array in weights.items()])  # fmt: skip
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def write_json(folder, model):
    path = folder / "model.json"
    path.write_text(json.dumps({"dlc": 1, "name": "model", **model}))
    return path
