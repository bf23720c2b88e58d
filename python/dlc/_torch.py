# SPDX-License-Identifier: Apache-2.0
"""torch.compile(module, backend="dlc"): the graphs that PyTorch captures run as libraries of dlc, for inference on CPUs.

PyTorch finds `backend` by the package's entry point `torch_dynamo_backends`; without an installed package, pass dlc.torch_backend itself."""
import threading
import warnings

import torch

from ._compile import compile
from ._dlc import Model
from ._errors import CompileError, ExportError


class _Plan:
    """What a graph returns: True where a tensor is, else the value itself. An object of its own, since torch.export undoes assignments."""

    items = ()


class _Specialized(torch.nn.Module):
    """A captured graph as a function of its tensors alone: parameters and buffers are its own, integers are constants. Outputs that are no
    tensors are kept in `plan` while the graph is exported."""

    def __init__(self, graph, arguments, constants):
        super().__init__()
        self.graph = graph
        self.arguments = [None if isinstance(value, torch.Tensor) else value for value in arguments]
        self.free = [i for i, value in enumerate(arguments) if isinstance(value, torch.Tensor) and i not in constants]
        self.fixed = list(constants)
        for i in self.fixed:
            self.register_buffer(f"constant{i}", arguments[i].detach())
        self.plan = _Plan()

    def forward(self, *tensors):
        arguments = list(self.arguments)
        for i, tensor in zip(self.free, tensors, strict=True):
            arguments[i] = tensor
        for i in self.fixed:
            arguments[i] = getattr(self, f"constant{i}")
        outputs = self.graph(*arguments)
        self.plan.items = [isinstance(value, torch.Tensor) or value for value in outputs]
        return tuple(value for value in outputs if isinstance(value, torch.Tensor))


def _state_of(tensor):
    """What differs after a parameter has been changed or replaced. Tensors made in inference mode count no changes: they are compared."""
    return tensor.clone().numpy().tobytes() if tensor.is_inference() else (tensor._version, tensor.data_ptr())


def _to_torch(array, kind):
    tensor = torch.from_numpy(array)
    return tensor.view(torch.bfloat16) if kind == "bf16" else tensor


class _Compiled:
    """A captured graph, compiled anew for every combination of shapes and integers, and when a parameter changes."""

    def __init__(self, graph, examples, options):
        self.graph, self.options = graph, options
        self.constants = [
            i for i, value in enumerate(examples)
            if isinstance(value, torch.nn.Parameter) or getattr(value, "_dynamo_static_input_type", None)
        ]  # fmt: skip
        self.libraries = {}
        self.versions = None
        self.lock = threading.Lock()

    def build(self, arguments):
        module = _Specialized(self.graph, arguments, self.constants)
        tensors = tuple(arguments[i] for i in module.free)
        with torch.no_grad():
            program = torch.export.export(module, tensors)
        if any(node.op == "call_function" and getattr(node.target, "_schema", None) and node.target._schema.is_mutable for node in program.graph.nodes):
            program = program.run_decompositions({})  # without operations in place, those on inputs and buffers aside
        signature = program.graph_signature
        if signature.buffers_to_mutate or signature.user_inputs_to_mutate:
            warnings.warn("a graph changes tensors in place: PyTorch runs it, not dlc", stacklevel=2)
            return None
        if not any(item is True for item in module.plan.items):
            return None
        try:
            library = compile(program, **self.options)
        except CompileError as error:
            # An error that names a node, or the exporter's, is about the graph; others are about options or what is installed.
            if not isinstance(error, ExportError) and "error: node '" not in str(error):
                raise
            warnings.warn(f"dlc cannot compile a graph, and PyTorch runs it: {error}", stacklevel=2)
            return None
        model = Model(library, threads=min(torch.get_num_threads(), 256))
        # The exporter leaves out inputs that nothing reads, and names the others after the graph's.
        names = [item.arg.name for item in signature.input_specs if item.kind.name == "USER_INPUT"]
        wanted = {tensor.name for tensor in model.entry_points[0].inputs}
        read = [(i, name) for i, name in zip(module.free, names, strict=True) if name in wanted]
        if len(read) != len(wanted):
            raise RuntimeError(f"dlc: the exporter has named the inputs {sorted(wanted)}, not {names}")
        return model, read, module.plan.items

    def __call__(self, *arguments):
        versions = [_state_of(arguments[i]) for i in self.constants]
        key = tuple(
            (tuple(value.shape), value.dtype) if isinstance(value, torch.Tensor) else value
            for i, value in enumerate(arguments) if i not in self.constants
        )  # fmt: skip
        with self.lock:
            if versions != self.versions:
                self.libraries.clear()
                self.versions = versions
            if key not in self.libraries:
                self.libraries[key] = self.build(arguments)
            found = self.libraries[key]
        if found is None:
            return self.graph(*arguments)
        model, read, plan = found
        results = model.run({name: arguments[i].detach().contiguous() for i, name in read})
        kinds = (tensor.type for tensor in model.entry_points[0].outputs)
        tensors = iter([_to_torch(array, kind) for array, kind in zip(results.values(), kinds, strict=True)])
        return tuple(next(tensors) if item is True else item for item in plan)


def backend(graph, examples, *, options=None):
    """What torch.compile calls for a captured graph; `options` are keywords of dlc.compile."""
    tensors = [value for value in examples if isinstance(value, torch.Tensor)]
    others = {value.device.type for value in tensors} - {"cpu"}
    if others:
        raise RuntimeError(f"dlc compiles for CPUs, and a tensor is on a device of the type {', '.join(sorted(others))}")
    if torch.is_grad_enabled() and any(value.requires_grad for value in tensors):
        warnings.warn(
            "dlc compiles for inference, and this graph is to have gradients: PyTorch runs it. Call the module in torch.no_grad() or "
            "torch.inference_mode()", stacklevel=2,
        )  # fmt: skip
        return graph.forward
    return _Compiled(graph, examples, dict(options or {}))
