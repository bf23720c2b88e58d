# SPDX-License-Identifier: Apache-2.0
"""Writes the ONNX model that a test file contains in ONNX's text format. usage: write_model.py TEXT MODEL.onnx

Lines that start with '#' are the test's own. The model is not checked, so that tests can show broken ones.
"""
import sys

import onnx.parser

with open(sys.argv[1]) as file:
    text = "".join(line for line in file if not line.startswith("#"))
with open(sys.argv[2], "wb") as file:
    file.write(onnx.parser.parse_model(text).SerializeToString())
