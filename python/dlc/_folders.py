# SPDX-License-Identifier: Apache-2.0
"""Where the files are that builds of C and C++ programs need."""
import pathlib


def locate(*names):
    """The first file or folder of these names below the package itself (in a wheel) or the folders around it; None if there is none.

    build/python/dlc finds build/bin, and PREFIX/lib/dlc/python/dlc finds PREFIX/bin, where lib may have a folder of the architecture inside."""
    package = pathlib.Path(__file__).resolve().parent
    found = (parent / name for parent in (package, *package.parents[1:5]) for name in names if (parent / name).exists())
    return next(found, None)


def _installed(*names):
    found = locate(*names)
    if not found:
        package = pathlib.Path(__file__).resolve().parent
        raise FileNotFoundError(f"this dlc, in {package}, is not installed: build trees have no {names[0]}; run `pip install .` or `cmake --install`")
    return found


def cmake_dir():
    """The folder of the CMake package: `cmake -Ddlc_DIR=$(python -m dlc --cmake-dir)` lets find_package(dlc) find it."""
    return str(_installed("lib/cmake/dlc", "cmake/dlc"))


def include_dir():
    """The folder that contains dlc/runtime.h: `cc -I$(python -m dlc --include-dir)`."""
    return str(_installed("include/dlc/runtime.h").parent.parent)
