# SPDX-License-Identifier: Apache-2.0
"""Follows a page to the letter: writes the files that it shows and runs its commands, in an empty folder."""
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text):
    """A block of a console as pairs of a command and the lines that it shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        while command.endswith("\\"):
            command = command[:-1] + shown.pop(0)
        yield command, shown


def expect(shown, output, command):
    """What is shown is the output; '...' matches any text, blanks for any number of them, and what follows may be left out."""
    pattern = r"\s+".join(".*?".join(map(re.escape, word.split("..."))) for word in " ".join(shown).split())
    assert re.match(pattern, output.strip(), re.DOTALL), f"$ {command}\n{output}\ndoes not match\n" + "\n".join(shown)


def follow(page, folder, *programs):
    """Runs the page of docs/ in `folder`; the folders `programs` come before all others in the search for commands."""
    path = ":".join([*map(str, programs), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DLC": str(TOP)}
    commands = 0
    for block in BLOCK.finditer((TOP / "docs" / page).read_text()):
        if block["file"]:
            (folder / block["file"]).write_text(block["text"])
        for command, shown in steps(block["text"]) if block["language"] == "console" else ():
            result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
            assert result.returncode == 0, f"$ {command}\n{result.stdout}{result.stderr}"
            expect(shown, result.stdout, command)
            commands += 1
    assert commands > 5
