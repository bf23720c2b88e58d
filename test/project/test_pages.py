# SPDX-License-Identifier: Apache-2.0
"""Every block of code of the documentation is checked by test/e2e/pages.py, or says why it is not."""
import sys

import pytest

import tree

sys.path.insert(0, str(tree.TOP / "test" / "e2e"))

from pages import PROSE, blocks  # noqa: E402: the folder is added above

PAGES = [path for path in tree.files() if path.suffix == ".md" and path.parts[:2] != ("docs", "generated")]
# Why a block is not run. A reason that is not among these needs a reason to be here.
NOT_RUN = [
    "it installs packages and builds dlc, as every run of CI does",
    "it builds and tests dlc, as every run of CI does",
    "the tests of the pages find what was built in this way",
    "test/e2e/test_wheel.py installs the wheel",
    "test/e2e/test_install.py does, beside an installation",
    "test/e2e/test_cuda.py runs libraries in this way",
    "PyTorch needs a GPU",
    "it takes the images of ImageNet, and days",
    "it is the file of this folder",
    "it is a part of denoise.json",
    "it is a part of digits.h",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_blocks_are_checked(path):
    unchecked = [
        f"{path}:{block.line}"
        for block in blocks(tree.text(path))
        if block.text and block.language not in {"console", *PROSE} and not block.file and not block.not_run
    ]
    assert not unchecked, "say before these blocks how they are checked, or why not (test/e2e/pages.py): " + ", ".join(unchecked)


def test_reasons_are_listed():
    given = {block.not_run for path in PAGES for block in blocks(tree.text(path)) if block.not_run}
    assert given == set(NOT_RUN)


def test_commands_are_in_blocks():
    """A command that is indented instead of being in a console block would not be run."""
    found = []
    for path in PAGES:
        lines = tree.text(path).splitlines()
        for number, line in enumerate(lines, 1):
            if line.startswith("    ") and line.strip().startswith(("$ ", "dlc-run ", "dlc-tune ")) and lines[number - 2] == "":
                found.append(f"{path}:{number}")
    assert not found, ", ".join(found)
