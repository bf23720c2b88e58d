# SPDX-License-Identifier: Apache-2.0
"""Cases that PyTorch exports: each module once with the exporter that traces (`NAME`) and once with the newer one (`NAME.dynamo`)."""
import inspect
import warnings

import numpy as np
from cases import Case, add


def flatten(value):
    """The tensors of a module's result, in the order in which the exporters list them."""
    if value is None:
        return []
    if hasattr(value, "detach"):
        return [value]
    if isinstance(value, dict) or hasattr(value, "to_tuple"):
        return [leaf for key in value.keys() for leaf in flatten(value[key])]
    return [leaf for item in value for leaf in flatten(item)]


def prepare(case, build):
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # the tracing exporter has no form of the fused layer
    module = build().eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    arguments = lambda index: {name: torch.from_numpy(np.asarray(value)) for name, value in case.inputs(index).items()}
    return torch, module, arguments


def traced(build, opset):
    def write(case, path):
        torch, module, arguments = prepare(case, build)
        names = list(arguments(0))
        inputs = case.open_axes(lambda index: list(arguments(index).values()))
        with torch.no_grad():
            outputs = case.open_axes(lambda index: flatten(module(*arguments(index).values())))
        results = [f"output{i}" if i else "output" for i in range(len(outputs))]
        axes = {name: open_ for name, open_ in zip(names + results, inputs + outputs, strict=True) if open_}
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module, tuple(arguments(0).values()), str(path), dynamo=False, opset_version=opset, input_names=names,
                output_names=results, dynamic_axes=axes,
            )  # fmt: skip

    return write


def captured(build, opset):
    def write(case, path):
        torch, module, arguments = prepare(case, build)
        inputs = case.open_axes(lambda index: list(arguments(index).values()))
        shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in open_} for open_ in inputs)
        named = [p for p in inspect.signature(module.forward).parameters.values() if p.kind is not p.VAR_POSITIONAL]
        if len(named) < len(inspect.signature(module.forward).parameters):  # forward(a, *rest) has the shapes (a, (rest...))
            shapes = (*shapes[: len(named)], shapes[len(named) :])
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module, tuple(arguments(0).values()), dynamo=True, opset_version=opset, input_names=list(arguments(0)),
                dynamic_shapes=shapes, verbose=False,
            )  # fmt: skip
            program.save(str(path))

    return write


def pytorch(name, build, feeds, family="pytorch", exporters=("traced", "captured"), opset=17, **options):
    """Adds `name` for each exporter; `build()` gives the module, whose arguments are `feeds` in order."""
    if "traced" in exporters:
        add(Case(name, family, traced(build, opset), feeds, **options))
    if "captured" in exporters:
        add(Case(name + ".dynamo", family, captured(build, max(opset, 18)), feeds, **options))
