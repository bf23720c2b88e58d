# SPDX-License-Identifier: Apache-2.0
"""Families of nodes (test_onnx_ops.py) of other domains than ONNX's own, whose shapes ONNX does not infer."""
from onnx import helper
from test_onnx_ops import Family


class ContribFamily(Family):
    ir_version = 10

    def __init__(self, domain, version=1, opset=21, **inputs):
        super().__init__(**inputs)
        self.domain, self.imports = domain, [helper.make_opsetid("", opset), helper.make_opsetid(domain, version)]

    def contrib(self, op, *operands, **attributes):
        return self.add(op, *operands, domain=self.domain, **attributes)

    def drop(self, name):
        """Leaves out a result that is not to be compared."""
        self.outputs.remove(name)

    def complete(self, model):
        return model
