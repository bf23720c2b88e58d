# SPDX-License-Identifier: Apache-2.0
"""Models in memory as files that dlc reads, each written by its own framework's exporter.

A model of a framework can only be there if the framework has been imported, so none is imported here to find out."""
import json
import os
import shutil
import sys
from collections.abc import Mapping

from ._errors import CompileError, ExportError

#: The newest ONNX operators that models are written with.
OPSET = 20


def _is_a(value, module, *names):
    """Whether `value` is an instance of one of the classes of a module, which need not be installed."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, tuple(getattr(loaded, name) for name in names if hasattr(loaded, name)))


def _need(package, what, extra):
    try:
        return __import__(package)
    except ImportError as error:
        raise CompileError(f"to compile {what}, {package} is needed: pip install 'dlc[{extra}]' ({error})") from error


def _write_json(model, folder):
    weights = model.get("weights")
    if isinstance(weights, (str, os.PathLike)) and os.path.isfile(weights):
        # The compiler takes files beside the model only, and looks through symbolic links.
        try:
            os.link(weights, folder / "weights.safetensors")
        except OSError:
            shutil.copyfile(weights, folder / "weights.safetensors")
        model = {**model, "weights": "weights.safetensors"}
    return _dump(model, folder / "model.json", "is not a JSON model")


def _dump(content, path, problem):
    try:
        # Arrays and numbers of NumPy are lists and numbers.
        path.write_text(json.dumps(content, indent=1, default=lambda value: value.tolist()))
    except (TypeError, ValueError, AttributeError) as error:
        raise CompileError(f"the dict {problem}: {error}") from error
    return path


def write_training(section, folder):
    """Writes what a dict says of training, a section `training` or a file that has one, into `folder` and returns the path."""
    content = section if "training" in section else {"training": dict(section)}
    return _dump(content, folder / "training.json", "does not say how to train")


def _write_onnx(model, folder):
    onnx = _need("onnx", "an ONNX model", "onnx")
    path = folder / "model.onnx"
    try:
        onnx.save_model(model, str(path))
    except ValueError:  # of 2 GB or more: the weights go to a file of their own
        onnx.save_model(model, str(path), save_as_external_data=True)
    return path


def _example_inputs(torch, inputs):
    """(positional, keyword) arguments of a module."""
    if inputs is None:
        raise TypeError("a torch.nn.Module is compiled for example inputs: dlc.compile(module, inputs=(x,))")
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    return (tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)), {}


def _write_torch(model, folder, inputs, dynamic_shapes):
    torch = sys.modules["torch"]
    _need("onnxscript", "a PyTorch model", "torch")
    path = folder / "model.onnx"
    if _is_a(model, "torch.export", "ExportedProgram"):
        if inputs is not None or dynamic_shapes is not None:
            raise TypeError("a torch.export program has its inputs and shapes already: leave out `inputs` and `dynamic_shapes`")
        arguments, keywords = (), None
    else:
        arguments, keywords = _example_inputs(torch, inputs)
    try:
        with torch.no_grad():
            program = torch.onnx.export(
                model, arguments, kwargs=keywords, dynamic_shapes=dynamic_shapes, dynamo=True, opset_version=OPSET, verbose=False
            )
            program.save(str(path), external_data=False)
    except ValueError as error:
        if "2" not in str(error) or "GB" not in str(error):
            raise ExportError("PyTorch cannot export the module", error) from error
        program.save(str(path), external_data=True)
    except Exception as error:
        raise ExportError("PyTorch cannot export the module", error) from error
    return path


def _write_sklearn(model, folder, inputs):
    _need("skl2onnx", "a scikit-learn model", "sklearn")
    import numpy as np
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.base import is_classifier

    path = folder / "model.onnx"
    try:
        if inputs is None:
            example = {"initial_types": [("X", FloatTensorType([None, model.n_features_in_]))]}
        else:
            example = {"X": np.asarray(inputs)[:1]}
        options = {id(model): {"zipmap": False}} if is_classifier(model) else None
        content = to_onnx(model, target_opset={"": OPSET, "ai.onnx.ml": 3}, options=options, **example).SerializeToString()
    except AttributeError as error:
        raise CompileError(f"the estimator has not been fitted, or says not how many features it takes: {error}") from error
    except Exception as error:
        raise ExportError(f"skl2onnx cannot export {type(model).__name__}", error) from error
    path.write_bytes(content)
    return path


def write_model(model, folder, inputs, dynamic_shapes):
    """Writes `model` into `folder` and returns the path. Raises CompileError, or TypeError where `model` is nothing that can be compiled."""
    if _is_a(model, "torch.nn", "Module") or _is_a(model, "torch.export", "ExportedProgram"):
        return _write_torch(model, folder, inputs, dynamic_shapes)
    if dynamic_shapes is not None:
        raise TypeError("`dynamic_shapes` belongs to PyTorch modules")
    if _is_a(model, "sklearn.base", "BaseEstimator"):
        return _write_sklearn(model, folder, inputs)
    if inputs is not None:
        raise TypeError("`inputs` belongs to PyTorch modules and scikit-learn estimators")
    if isinstance(model, dict):
        return _write_json(model, folder)
    if _is_a(model, "onnx", "ModelProto"):
        return _write_onnx(model, folder)
    raise TypeError(
        f"dlc.compile takes a path, an onnx.ModelProto, a dict with a JSON model, a torch.nn.Module or torch.export program, or a "
        f"scikit-learn estimator, not a {type(model).__name__}"
    )
