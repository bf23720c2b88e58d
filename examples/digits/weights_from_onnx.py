#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes digits.safetensors, the weights of digits.json, from digits_cnn.onnx.

A safetensors file is 8 bytes with the length of a JSON header, the header (name -> type, shape, byte range), and the values. Layers of a
JSON model look for tensors LAYER.weight and LAYER.bias, in the order of dimensions that ONNX and PyTorch use.
"""
import json
import pathlib

import onnx
from onnx import numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent
LAYERS = {"0": "conv1", "3": "conv2", "7": "hidden", "9": "probability"}


def main():
    model = onnx.load(FOLDER / "digits_cnn.onnx")
    header, values = {}, b""
    for tensor in model.graph.initializer:
        layer, _, role = tensor.name.partition(".")
        if layer in LAYERS:
            array = numpy_helper.to_array(tensor)
            begin, values = len(values), values + array.astype("<f4").tobytes()
            header[f"{LAYERS[layer]}.{role}"] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, len(values)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (FOLDER / "digits.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + values)


if __name__ == "__main__":
    main()
