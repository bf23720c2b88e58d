# SPDX-License-Identifier: Apache-2.0
"""The programs of an installed package, as commands on the path: each is replaced by the program of its name."""
import os
import pathlib
import sys

#: Where a wheel has its programs, headers (include) and CMake package (lib/cmake/dlc).
PREFIX = pathlib.Path(__file__).resolve().parent


def _become(name):
    program = PREFIX / "bin" / name
    try:
        os.execv(program, [name, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"{name}: cannot run {program}: {error.strerror}")


def dlc():
    _become("dlc")


def dlc_opt():
    _become("dlc-opt")


def dlc_run():
    _become("dlc-run")


def dlc_tune():
    _become("dlc-tune")
