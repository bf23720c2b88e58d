# SPDX-License-Identifier: Apache-2.0
"""Calls the program dlc, which stays a process of its own: compiling needs LLVM and Halide, running does not, and a crash stays there."""
import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping

from ._errors import CompileError
from ._folders import locate
from ._options import write_options
from ._sources import write_model, write_training


def find_program():
    """DLC_PROGRAM if set, else the dlc of this package (in a wheel) or beside it (in a build tree or an installation), else that on the path."""
    if os.environ.get("DLC_PROGRAM"):
        return os.environ["DLC_PROGRAM"]
    if found := locate("bin/dlc"):
        return str(found)
    return shutil.which("dlc") or "dlc"


def _run(command, folder):
    """Runs dlc. Models in memory are files of `folder`, which is nothing that a message should tell."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise CompileError(f"cannot run {command[0]}: {error.strerror}; set DLC_PROGRAM to the path of dlc") from error
    errors = result.stderr.strip().replace(f"{folder}{os.sep}", "")
    if result.returncode < 0:
        name = signal.Signals(-result.returncode).name
        raise CompileError(f"dlc was ended by {name}, which is a bug of dlc's unless somebody stopped it:\n{errors[-4000:]}")
    if result.returncode != 0:
        raise CompileError(errors or f"dlc ended with status {result.returncode}")


def _temporary_folder():
    """A folder that lives as long as this program."""
    folder = tempfile.mkdtemp(prefix="dlc-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


def compile(model, output=None, *options, inputs=None, dynamic_shapes=None, **keywords):
    """Compiles a model and returns the path of what was written, for dlc.Model to open.

    `model` is one of
      - the path of an .onnx, .json or .mlir file,
      - an onnx.ModelProto,
      - a dict with the content of a JSON model (weights that it names are looked for in the current folder),
      - a torch.nn.Module with example `inputs` (a tensor, a tuple of tensors, or a dict of keyword arguments), or a torch.export program;
        `dynamic_shapes` is that of torch.export: which extents may vary,
      - a scikit-learn estimator or pipeline that has been fitted; `inputs`, an array, says the type of its features (f32 without it).

    `output` is MODEL.so beside a model file by default, and for other models a file that lives as long as this program; its extension
    decides what is written (so, a, o, h, ll, s, mlir, onnx).

    `train` adds the entry points that train the model: True for a JSON model with a section `training`; for any other model a dict with the
    content of such a section ({"loss": "cross_entropy", "optimizer": "adam", ...}), or the path of a file that has one.

    Options are keywords: `target`, `opt_level` (0 to 3), `math`, `shapes` ({"x": (1, 3, 224, 224)}), `train`, `replaceable_weights`,
    `parameters`, `records`, `memory_limit`, `weights`, `name`, `entry`, `header`, `report`, `profile`, `op`, `link`, `op_descriptions`,
    `machine`, `check_bounds`, `sanitize`, `keep_tensors`, `precision`, `jobs`, `cache`, `cache_dir`; they are those of the command dlc
    (docs/command.md). Strings in `options` are passed to it as they are.

    Raises CompileError with the compiler's diagnostics, TypeError or ValueError for a wrong option.
    """
    with tempfile.TemporaryDirectory(prefix="dlc-") as folder:
        folder = pathlib.Path(folder)
        if isinstance(keywords.get("train"), Mapping):
            keywords = {**keywords, "train": write_training(keywords["train"], folder)}
        words = [*map(str, options), *write_options(keywords)]
        if isinstance(model, (str, os.PathLike)):
            if inputs is not None or dynamic_shapes is not None:
                raise TypeError("`inputs` and `dynamic_shapes` belong to models in memory, not to a model file")
            source = pathlib.Path(model)
            output = pathlib.Path(output) if output is not None else source.with_suffix(".so")
        else:
            output = pathlib.Path(output) if output is not None else _temporary_folder() / "model.so"
            source = write_model(model, folder, inputs, dynamic_shapes)
        _run([find_program(), str(source), "-o", str(output), *words], folder)
    return output
