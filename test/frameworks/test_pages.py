# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation that need a framework, to the letter."""
import os
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "test" / "e2e"))

from pages import blocks, follow  # noqa: E402: the folder is added above

PAGES = [path for path in sorted(TOP.glob("docs/*.md")) if any(block.needs for block in blocks(path.read_text()))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page, tmp_path):
    follow(page.relative_to(TOP), tmp_path, pathlib.Path(sys.executable).parent, os.environ.get("DLC_BIN", TOP / "build" / "bin"))
