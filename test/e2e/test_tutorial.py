# SPDX-License-Identifier: Apache-2.0
"""The tutorials of docs/, followed to the letter: files are written and commands run as their pages say, in an empty folder."""
import os
import re
import subprocess

import pytest
from conftest import BIN, TOP

PAGES = ["from-csv.md"]
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text):
    """A block of a console as pairs of a command and the lines that it shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        while command.endswith("\\"):
            command = command[:-1] + shown.pop(0)
        yield command, shown


def expect(shown, output, command):
    """What is shown is the output; '...' stands for any text, blanks for any number of them, and what follows may be left out."""
    pattern = r"\s+".join(".*?".join(map(re.escape, word.split("..."))) for word in " ".join(shown).split())
    assert re.match(pattern, output.strip(), re.DOTALL), f"$ {command}\n{output}\ndoes not match\n" + "\n".join(shown)


@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path):
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "DLC": str(TOP)}
    commands = 0
    for block in BLOCK.finditer((TOP / "docs" / page).read_text()):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"])
        for command, shown in steps(block["text"]) if block["language"] == "console" else ():
            result = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
            assert result.returncode == 0, f"$ {command}\n{result.stdout}{result.stderr}"
            expect(shown, result.stdout, command)
            commands += 1
    assert commands > 5
