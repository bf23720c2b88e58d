# SPDX-License-Identifier: Apache-2.0
"""dlc as a backend of the package onnx, for its own test runner and for programs that are written against its interface:

    import dlc.onnx_backend as backend
    outputs = backend.prepare(onnx_model).run([x])
"""
import numpy as np

try:
    import onnx
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("dlc.onnx_backend needs the package onnx: pip install 'dlc[onnx]'", name="onnx") from error
import onnx.helper
import onnx.shape_inference
from onnx.backend.base import Backend, BackendRep, namedtupledict

from ._compile import compile
from ._dlc import Model
from ._errors import CompileError


def _bits(value):
    """An array as dlc takes it: types that NumPy lacks are integers of the same width."""
    array = np.asarray(value)
    if array.dtype.kind in "biufc" and array.dtype.isbuiltin == 1:
        return array
    return array.view(np.int8 if array.dtype.name in ("int4", "int2") else f"u{array.dtype.itemsize}")


class Prepared(BackendRep):
    """A compiled model."""

    def __init__(self, proto, path, threads):
        self.model = Model(path, threads=threads)
        given = {tensor.name for tensor in proto.graph.initializer}
        self.inputs = [value.name for value in proto.graph.input if value.name not in given]
        self.outputs = [value.name for value in proto.graph.output]
        self.types = [onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type) for value in proto.graph.output]

    def run(self, inputs, **kwargs):
        """Runs the model on arrays in the order of the graph's inputs, or by their names; returns a named tuple of arrays."""
        if not isinstance(inputs, dict):
            inputs = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
            if len(inputs) > len(self.inputs):
                raise ValueError(f"the model takes {len(self.inputs)} inputs, not {len(inputs)}")
            inputs = dict(zip(self.inputs, inputs, strict=False))
        entry = self.model.entry_points[0]
        wanted = {tensor.name for tensor in entry.inputs}
        results = self.model.run({name: _bits(value) for name, value in inputs.items() if name in wanted}, entry=entry.name)
        arrays = []
        for name, dtype in zip(self.outputs, self.types, strict=True):
            array = results[name]
            arrays.append(array if array.dtype == dtype else array.view(dtype))
        return namedtupledict("Outputs", self.outputs)(*arrays)


class DlcBackend(Backend):
    """Compiles ONNX models for the CPU of this machine; `options` are keywords of dlc.compile, beside `threads`."""

    @classmethod
    def prepare(cls, model, device="CPU", threads=1, **options):
        if not cls.supports_device(device):
            raise ValueError(f"dlc compiles for CPUs, not for the device '{device}'")
        super().prepare(model, device)  # checks the model
        return Prepared(model, compile(model, **options), threads)

    @classmethod
    def is_compatible(cls, model, device="CPU", **options):
        """Whether dlc compiles the model, found out by doing so."""
        try:
            return cls.supports_device(device) and compile(model, **options) is not None
        except CompileError:
            return False

    @classmethod
    def run_model(cls, model, inputs, device="CPU", **options):
        return cls.prepare(model, device, **options).run(inputs)

    @classmethod
    def run_node(cls, node, inputs, device="CPU", outputs_info=None, opset_version=None, **options):
        """Runs one node on arrays, which are its inputs that have names, in order."""
        names = [name for name in node.input if name]
        values = [
            onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in zip(names, map(np.asarray, inputs), strict=True)
        ]
        results = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", values, results)
        opset = onnx.helper.make_opsetid(node.domain, opset_version or onnx.defs.onnx_opset_version())
        model = onnx.shape_inference.infer_shapes(onnx.helper.make_model_gen_version(graph, opset_imports=[opset]))
        return cls.run_model(model, list(inputs), device, **options)

    @classmethod
    def supports_device(cls, device):
        return device.split(":")[0] == "CPU"


prepare = DlcBackend.prepare
run_model = DlcBackend.run_model
run_node = DlcBackend.run_node
is_compatible = DlcBackend.is_compatible
supports_device = DlcBackend.supports_device
