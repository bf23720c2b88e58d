# SPDX-License-Identifier: Apache-2.0
"""Every command of the documentation, and what it prints. CI follows the pages of SAMPLE; scripts/check.sh pages all of them, in full."""
import os
import pathlib
import sys

import pytest
from conftest import BIN, TOP
from pages import agrees, blocks, follow

PAGES = [str(path.relative_to(TOP)) for pattern in ("*.md", "docs/*.md", "examples/*/*.md") for path in sorted(TOP.glob(pattern))]
IS_ALL = os.environ.get("DLC_TEST_PAGES") == "all"
SAMPLE = ["README.md", *(f"docs/{name}.md" for name in (
    "command", "custom-ops", "decoding", "from-csv", "from-slow-to-fast", "model-format", "python", "runtime", "training", "tuning"))]  # fmt: skip


def has_commands(page):
    return any(not block.not_run for block in blocks((TOP / page).read_text()))


@pytest.mark.parametrize("page", filter(has_commands, PAGES) if IS_ALL else SAMPLE)
def test_page(page, tmp_path):
    follow(page, tmp_path, BIN, pathlib.Path(sys.executable).parent, in_full=IS_ALL)


@pytest.mark.parametrize(
    "shown, output",
    [
        ("a  b", "a b\n"), ("... c", "a b c"), ("a ... c ...", "a b b c d e"), ("a ...", "a"), ("...", ""),
        ("loss 0.5012", "loss 0.5031"), ("in 28.7 ms", "in 31 us"), ("x86-64-v4", "x86-64-v4-bf16"), ("0.01 s", "12 s"), ("0.9 MB of memory", "1.2 MB of memory"), ("e 1e-7", "e 3.5e-08"),
    ],
)  # fmt: skip
def test_what_agrees(shown, output):
    assert agrees(shown, output)


@pytest.mark.parametrize(
    "shown, output",
    [
        ("a b", "a c"), ("a", "a b"), ("a b", "a"), ("... c", "a b"), ("355 of 360", "354 of 360"), ("loss 0.5012", "loss 0.6"), ("1.0", "1"),
        ("in 28.7 ms", "in 28.7 MB"), ("a ... c", "a b"), ("f32[N, 4]", "f32[N, 8]"), ("error: x", "x"),
    ],
)  # fmt: skip
def test_what_does_not_agree(shown, output):
    assert not agrees(shown, output)


PAGE = """
<!-- run: echo 7 >seven -->
`two.txt`:

```text
two
```

<!-- write three.txt:
one
  BLOCK
four
-->
```json
three
```

```console
$ cat seven \\
    two.txt
7
two
$ export NUMBER=9; cat three.txt
one
three
four
$ echo $NUMBER; echo error: nothing; false
9
error: ...
```
"""


def follow_text(text, folder, monkeypatch):
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").write_text(text)
    (folder / "empty").mkdir()
    monkeypatch.setattr("pages.TOP", folder)
    return follow("docs/page.md", folder / "empty")


def test_commands_are_run(tmp_path, monkeypatch):
    """In order, with files and variables; a command that fails has to say so."""
    assert follow_text(PAGE, tmp_path, monkeypatch) == 3


@pytest.mark.parametrize("right, wrong", [("7\ntwo", "7\nthree"), ("error: ...", "..."), ("cat three.txt", "cat three.txt; false"), ("echo 7", "false; echo 8")])
def test_what_is_false_is_found(tmp_path, monkeypatch, right, wrong):
    with pytest.raises(AssertionError, match="line"):
        follow_text(PAGE.replace(right, wrong), tmp_path, monkeypatch)
