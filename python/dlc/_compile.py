# SPDX-License-Identifier: Apache-2.0
"""Calls the program dlc, which stays a process of its own: compiling needs LLVM and Halide, running does not."""
import os
import pathlib
import shutil
import subprocess


class CompileError(Exception):
    """dlc rejected the model; the message holds its diagnostics."""


def find_program():
    """DLC_PROGRAM if set, else the dlc of this package (in a wheel) or beside it (in a build tree or an installation), else that on the path."""
    if os.environ.get("DLC_PROGRAM"):
        return os.environ["DLC_PROGRAM"]
    package = pathlib.Path(__file__).resolve().parent
    # build/python/dlc -> build/bin; PREFIX/lib/dlc/python/dlc -> PREFIX/bin, where lib may have a folder of the architecture inside.
    for parent in (package, *package.parents[1:5]):
        if (parent / "bin" / "dlc").is_file():
            return str(parent / "bin" / "dlc")
    return shutil.which("dlc") or "dlc"


def compile(model, output=None, *options):
    """Compiles the model file into `output` and returns its path.

    `output` is MODEL.so beside the model by default; its extension decides what is written (so, a, o, h, ll, s, mlir). Further arguments
    are options of the program: compile("m.onnx", "m.so", "-O3", "--target=x86-64"). Raises CompileError with the diagnostics.
    """
    model = pathlib.Path(model)
    output = pathlib.Path(output) if output is not None else model.with_suffix(".so")
    command = [find_program(), str(model), "-o", str(output), *options]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise CompileError(f"cannot run {command[0]}: {error.strerror}; set DLC_PROGRAM to the path of dlc") from error
    if result.returncode != 0:
        raise CompileError(result.stderr.strip() or f"dlc ended with status {result.returncode}")
    return output
