# SPDX-License-Identifier: Apache-2.0
"""`python -m dlc ...` is the program dlc; `python -m dlc --cmake-dir` and `--include-dir` print what builds of other projects need."""
import os
import sys

from ._compile import find_program
from ._folders import cmake_dir, include_dir

if sys.argv[1:] == ["--cmake-dir"]:
    print(cmake_dir())
elif sys.argv[1:] == ["--include-dir"]:
    print(include_dir())
else:
    program = find_program()
    try:
        os.execvp(program, [program, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"cannot run {program}: {error.strerror}; set DLC_PROGRAM to the path of dlc")
