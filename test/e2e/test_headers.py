# SPDX-License-Identifier: Apache-2.0
"""The C interface under the strictest warnings of both compilers, and where a program may find it."""
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import TOP

# What docs/runtime.md lists as exceptions. Some ask for what C lacks (casts of C++, containers that check bounds), some for C89 or C++98, and
# some name properties of structures that are as they should be.
CLANG = ["-Weverything", "-Wno-padded", "-Wno-declaration-after-statement", "-Wno-unsafe-buffer-usage", "-Wno-unsafe-buffer-usage-in-libc-call"]
CLANG_CPP = ["-Wno-old-style-cast", "-Wno-c++98-compat-pedantic", "-Wno-unsafe-buffer-usage-in-format-attr-call", "-Wno-missing-format-attribute"]
GCC = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wcast-align", "-Wcast-qual", "-Wundef",
       "-Wdouble-promotion", "-Wformat=2", "-Wwrite-strings", "-Wswitch-enum", "-Wfloat-equal", "-Wredundant-decls"]  # fmt: skip
COMPILERS = {
    "clang-22 -std=c99": [*CLANG, "-Wno-missing-format-attribute"],
    "clang++-22 -std=c++11": [*CLANG, *CLANG_CPP],
    "gcc -std=c99": [*GCC, "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wbad-function-cast"],
    "g++ -std=c++11": [*GCC, "-Wzero-as-null-pointer-constant", "-Wnon-virtual-dtor"],
}

# Labels, hyperparameters and several entry points; state that the context keeps; computed extents; integers and booleans.
MODELS = {
    "iris": (TOP / "examples" / "iris" / "iris.json", []),
    "trained": (TOP / "examples" / "iris" / "iris_training.json", ["--train"]),
    "generating": (TOP / "examples" / "gpt-kv-cache" / "gpt-kv-cache.json", []),
    "recurrent": (TOP / "examples" / "lstm-cell" / "layer.json", []),
}


def compile_header(command, options, source, folder, *includes):
    compiler, *standard = command.split()
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    path = pathlib.Path(folder) / ("a.cpp" if "++" in compiler else "a.c")
    path.write_text(source)
    flags = [*standard, *options, "-Werror", *(f"-I{folder}" for folder in includes)]
    result = subprocess.run([compiler, *flags, "-c", path, "-o", os.devnull], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", COMPILERS)
def test_public_headers(command, tmp_path):
    headers = sorted(path.name for path in (TOP / "runtime" / "include" / "dlc").glob("*.h"))
    source = "".join(f'#include "dlc/{name}"\n' for name in headers)
    compile_header(command, COMPILERS[command], source, tmp_path, TOP / "runtime" / "include")


@pytest.mark.parametrize("command", COMPILERS)
@pytest.mark.parametrize("name", MODELS)
def test_headers_of_models(programs, command, name):
    model, options = MODELS[name]
    programs.compile(model, f"{name}.h", *options)
    compile_header(command, COMPILERS[command], f'#include "{name}.h"\n', programs.folder, programs.folder, TOP / "runtime" / "include")
