# SPDX-License-Identifier: Apache-2.0
"""Compile deep-learning models to native libraries, and run those libraries on arrays.

    import dlc
    model = dlc.Model(dlc.compile("digits.onnx", "digits.so"), threads=2)
    probability = model(image)                      # positional arrays in, one array (or a tuple) out
    results = model.run({"image": image})           # names in, names out

A model compiled with --train is trainable:

    state = model.new_state(seed=0)                 # its variables, a mapping of names to arrays
    model.run({"image": images, "label": labels, "learning_rate": 0.01}, entry="train_step")
    state.save("digits.safetensors")

Inputs are anything that supports DLPack or the buffer protocol (NumPy, PyTorch, JAX on the CPU), taken as they are if they are compact and
of the declared type, and lists and numbers. Others are converted where NumPy can do so without losing anything (other strides or byte
order, a type that holds every value of theirs; lists and numbers may be rounded). The rest is an error that says what was expected: a
dlc.Error that is a TypeError or ValueError, too. A type that NumPy lacks (bf16) is passed as unsigned integers of the same width.
"""
from ._compile import compile
from ._dlc import EntryPoint, Error, Model, State, Tensor, TrainingError, __version__
from ._errors import CompileError
from ._folders import cmake_dir, include_dir
from ._history import History

__all__ = ["CompileError", "EntryPoint", "Error", "History", "Model", "State", "Tensor", "Trainer", "TrainingError", "__version__", "cmake_dir", "compile", "include_dir"]


def __getattr__(name):
    # What needs a framework imports it when it is asked for.
    if name == "torch_backend":
        try:
            from ._torch import backend
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"dlc.torch_backend needs {error.name}: pip install 'dlc[torch]'", name=error.name) from error
        return backend
    if name == "Trainer":
        from ._trainer import Trainer

        return Trainer
    raise AttributeError(f"module 'dlc' has no attribute '{name}'")
