# SPDX-License-Identifier: Apache-2.0
"""What every file of the project has in common: a licence line, the format of .clang-format, no trace of one machine."""
import re
import shutil
import subprocess

import pytest

import tree

FORMATTED = [str(path) for path in tree.files() if path.suffix in {".cpp", ".h", ".c"}]
LICENSED = [path for path in tree.files() if path.suffix in tree.CODE or path.name == "CMakeLists.txt"]
# Longer than this, a file is asked to say why it is one idea: it needs a line here.
LONGEST = 700
MAY_BE_LONG = set()


def test_licence_lines():
    without = [str(path) for path in LICENSED if "SPDX-License-Identifier: Apache-2.0" not in tree.text(path)[:400]]
    assert not without, "no SPDX line near the top of: " + ", ".join(without)


def test_format():
    program = shutil.which("clang-format-22")
    if not program:
        pytest.skip("clang-format-22 is not installed")
    result = subprocess.run([program, "--dry-run", "--Werror", *FORMATTED], cwd=tree.TOP, capture_output=True, text=True)
    paths = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    assert result.returncode == 0, "run `clang-format-22 -i` on:\n" + "\n".join(paths[:40])


def test_file_lengths():
    long = [
        f"{path}: {lines} lines"
        for path in tree.files()
        if path.suffix in tree.CODE and str(path) not in MAY_BE_LONG and (lines := tree.text(path).count("\n")) > LONGEST
    ]
    assert not long, "split these, or say in test_sources.py why they are one idea:\n" + "\n".join(long)


def test_no_machine_paths():
    # A folder of one machine's user or of its scratch space; `/usr/lib/llvm-22` is Debian's and may be named.
    machine = re.compile(r"(?<![\w.$}@-])/(work|home|root|opt)/[\w.-]+")
    found = []
    for path in tree.files():
        if path.name == "test_sources.py" or not tree.is_text(path):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if machine.search(line):
                found.append(f"{path}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_no_unfinished_work():
    marker = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = []
    for path in tree.files():
        if path.suffix in tree.CODE | {".md", ".mlir"} and path.name != "test_sources.py":
            for number, line in enumerate(tree.text(path).splitlines(), 1):
                if marker.search(line):
                    found.append(f"{path}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_names_say_what_a_file_is_about():
    vague = re.compile(r"(utils?|helpers?|managers?|misc|common)$", re.IGNORECASE)
    found = [str(path) for path in tree.files() if any(vague.search(part.split(".")[0]) for part in path.parts)]
    assert not found, ", ".join(found)


def test_no_large_files():
    large = [f"{path}: {size} bytes" for path in tree.files() if (size := (tree.TOP / path).stat().st_size) > 1 << 20]
    assert not large, "\n".join(large)
