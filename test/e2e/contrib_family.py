# SPDX-License-Identifier: Apache-2.0
"""Families of nodes (test_onnx_ops.py) of other domains than ONNX's own, whose shapes ONNX does not infer."""
import onnx
from onnx import helper
from test_onnx_ops import Family


class ContribFamily(Family):
    def __init__(self, domain, version=1, opset=21, **inputs):
        super().__init__(**inputs)
        self.domain, self.imports = domain, [helper.make_opsetid("", opset), helper.make_opsetid(domain, version)]

    def contrib(self, op, *operands, **attributes):
        return self.add(op, *operands, domain=self.domain, **attributes)

    def drop(self, name):
        """Leaves out a result that is not to be compared."""
        self.outputs.remove(name)

    def model(self, dynamic=()):
        value = lambda name, array: helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), (["N"] if name in dynamic else list(array.shape[:1])) + list(array.shape[1:])
        )  # fmt: skip
        graph = helper.make_graph(
            self.nodes, "family", [value(n, a) for n, a in self.inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in self.outputs],
            [onnx.numpy_helper.from_array(a, n) for n, a in self.constants.items()],
        )  # fmt: skip
        return helper.make_model(graph, opset_imports=self.imports, ir_version=10)
