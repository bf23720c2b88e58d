# SPDX-License-Identifier: Apache-2.0
"""Where the files are that builds of C and C++ programs need."""
import pathlib


def _find(*names):
    """The first of these files or folders below the package itself (in a wheel) or the folders around it (in an installation)."""
    package = pathlib.Path(__file__).resolve().parent
    for parent in (package, *package.parents[1:5]):
        for name in names:
            if (parent / name).exists():
                return parent / name
    raise FileNotFoundError(f"this dlc, in {package}, is not installed: build trees have no {names[0]}; run `pip install .` or `cmake --install`")


def cmake_dir():
    """The folder of the CMake package: `cmake -Ddlc_DIR=$(python -m dlc --cmake-dir)` lets find_package(dlc) find it."""
    return str(_find("lib/cmake/dlc", "cmake/dlc"))


def include_dir():
    """The folder that contains dlc/runtime.h: `cc -I$(python -m dlc --include-dir)`."""
    return str(_find("include/dlc/runtime.h").parent.parent)
