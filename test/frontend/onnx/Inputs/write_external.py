# SPDX-License-Identifier: Apache-2.0
"""Writes models whose weight is in a separate file. usage: write_external.py FOLDER

good.onnx, and bad.onnx's kin: outside (a path that leaves the folder), missing (no such file), short (too few bytes), size (data
in the model that is too short for its shape), overflow (a shape of too many elements).
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
np.arange(600, dtype=np.float32).tofile(os.path.join(folder, "weights.bin"))


def write(name, tensor):
    node = helper.make_node("Add", ["x", "w"], ["y"], name="add")
    value = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 3])
    graph = helper.make_graph([node], "main", [value("x")], [value("y")], [tensor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(model.SerializeToString())


def external(location, offset=400, length=24):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 3], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


write("good.onnx", external("weights.bin"))
write("outside.onnx", external("../weights.bin"))
write("missing.onnx", external("nothing.bin"))
write("short.onnx", external("weights.bin", offset=2392))
write("size.onnx", TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 3], raw_data=b"1234"))
write("overflow.onnx", TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 31, 1 << 31, 1 << 31], raw_data=b"1234"))
