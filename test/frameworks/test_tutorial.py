# SPDX-License-Identifier: Apache-2.0
"""The tutorial that begins in PyTorch."""
import os
import pathlib
import sys

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))

from tutorial import follow  # noqa: E402: the folder is added above


def test_from_pytorch(tmp_path):
    follow("from-pytorch.md", tmp_path, pathlib.Path(sys.executable).parent, os.environ.get("DLC_BIN", TOP / "build" / "bin"))
