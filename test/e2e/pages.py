# SPDX-License-Identifier: Apache-2.0
"""Follows a page of the documentation to the letter: writes the files that it shows, runs its commands in a folder of its own, and compares
what they print with what the page says they print.

Every block of code of a page is one of these:

- a console block. A line that begins with `$ ` is a command, and what follows is what it prints. `...` matches any text, blanks any number
  of them; where nothing follows, anything may be printed. Integers and words are the same; other numbers are about the same, because they
  depend on the processor's instructions; times, rates and names of machines are different everywhere. A command fails if and only if what it
  prints begins with `error:`, or has a line that does.
- a file, if the paragraph before it is its name: `main.c`:
- something that a comment before it, which readers do not see, says how to check or why not to:

  <!-- run: COMMANDS -->      are run there: they make the files that the page assumes to be there, or use one that it shows
  <!-- write FILE -->         the block is written to FILE, to be used by a later command
  <!-- write FILE: TEXT -->   the same, within TEXT: it takes the place of the line BLOCK
  <!-- needs: NAME, ... -->   it is checked only where there are these programs or modules of Python; `page needs` is for all blocks
  <!-- output: REASON -->     the commands are run, and what they print is not compared
  <!-- takes minutes -->      it is not checked in CI, but by scripts/check.sh pages
  <!-- not run: REASON -->    it is not checked

Commands find dlc, Python and the folder of dlc's sources, $DLC. Variables that they export are there for later ones.
"""
import dataclasses
import functools
import math
import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]

# Languages of blocks that are text for people.
PROSE = {"text", "mlir"}
PART = re.compile(
    r"^<!-- (?P<mark>run|write|needs|page needs|output|takes minutes|not run)\b(?P<said>.*?) ?-->\n"
    r"|^`(?P<file>[\w.-]+)`:\n\n(?=```)"
    r"|^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclasses.dataclass
class Block:
    line: int
    language: str
    text: str
    file: str = ""  # that the block is, or is written to
    within: str = "BLOCK\n"  # the text of that file, with a line BLOCK
    commands: str = ""  # of a comment
    needs: tuple = ()
    output: str = ""  # why it is not compared
    takes_minutes: bool = False
    not_run: str = ""  # why


def blocks(text):
    """The blocks of a page. Commands of a comment are a block without text."""
    block, page_needs = Block(0, "", ""), ()
    for part in PART.finditer(text):
        mark, said = part["mark"], (part["said"] or "").removeprefix(":").strip()
        if mark == "run":
            yield Block(text.count("\n", 0, part.start()) + 1, "", "", commands=said, needs=page_needs)
        elif mark == "write":
            block.file, _, within = said.partition(":")
            block.within = within.lstrip() + "\n" if within else block.within
        elif mark == "needs":
            block.needs = (*page_needs, *re.split(r",\s*", said))
        elif mark == "page needs":
            block.needs = page_needs = tuple(re.split(r",\s*", said))
        elif mark == "output":
            block.output = said
        elif mark == "takes minutes":
            block.takes_minutes = True
        elif mark == "not run":
            block.not_run = said
        elif part["file"]:
            block.file = part["file"]
        else:
            block.line = text.count("\n", 0, part.start()) + 1
            block.language, block.text = part["language"], part["text"]
            yield block
            block = Block(0, "", "", needs=page_needs)


def steps(text):
    """A block of a console as pairs of a command and the lines that it shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        while command.endswith("\\") and shown:
            command = command[:-1] + shown.pop(0)
        yield command, shown


# What is measured: it differs from machine to machine and from run to run.
UNITS = r"(?:[nmu]?s|seconds?|minutes?|G(?:FL)?OP/s|GB/s|runs|MB of memory)\b"
MACHINES = r"(?:x86-64-v\d(?:-\w+)?|znver\d)"
ATOM = re.compile(rf"\.\.\.|(?P<measured>[\d.]+ ?{UNITS})|(?P<machine>{MACHINES})|(?P<number>\d+\.\d+(?:e[-+]\d+)?|\d+e[-+]\d+)|\d+|[A-Za-z]+|\S")


def atoms(text):
    """What `text` consists of, blanks left out: words and integers as strings, other numbers as floats, what is measured by its kind."""
    found = []
    for atom in ATOM.finditer(text):
        if atom["measured"]:
            found.append("a measurement")
        elif atom["machine"]:
            found.append("a machine")
        else:
            found.append(float(atom[0]) if atom["number"] else atom[0])
    return found


def same(shown, found):
    if isinstance(shown, float):
        return isinstance(found, float) and math.isclose(shown, found, rel_tol=0.02, abs_tol=1e-4)
    return shown == found


def agrees(shown, output):
    """Whether a text is what a page shows."""
    pattern, text = atoms(shown), atoms(output)
    at = start = 0
    wildcard = None  # the last one before `at`, and how far it reaches
    while start < len(text):
        if at < len(pattern) and pattern[at] == "...":
            wildcard = (at, start)
            at += 1
        elif at < len(pattern) and same(pattern[at], text[start]):
            at, start = at + 1, start + 1
        elif wildcard:
            at, start = wildcard[0] + 1, wildcard[1] + 1
            wildcard = (wildcard[0], start)
        else:
            return False
    return all(atom == "..." for atom in pattern[at:])


class Reader:
    """Somebody who follows a page: a folder, a search path for programs, and the variables that commands have exported."""

    def __init__(self, folder, *programs):
        self.folder = folder
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        self.environment = {**os.environ, "PATH": path, "DLC": str(TOP), "DLC_INCLUDE": str(TOP / "runtime" / "include")}
        self.commands = 0

    def has(self, name):
        """Whether there is a program or a module of Python of this name."""
        find = f"command -v {name} || python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec(\"{name}\") is None)'"
        return self.run(find)[0] == 0

    def run(self, command):
        """The exit status of a command, and all that it prints."""
        exported = self.folder / ".exported"
        script = f"{command}\nstatus=$?\nexport -p >{exported}\nexit $status"
        if exported.exists():
            script = f"source {exported}\n{script}"
        result = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace", timeout=900)  # fmt: skip
        return result.returncode, result.stdout

    def follow(self, block):
        if block.commands:
            status, output = self.run(f"set -e\n{block.commands}")
            assert status == 0, f"line {block.line}: $ {block.commands}\n{output}"
        if block.file:
            (self.folder / block.file).write_text(re.sub(r"^[ \t]*BLOCK\n", lambda _: block.text, block.within, flags=re.MULTILINE))
        for command, shown in steps(block.text) if block.language == "console" else ():
            status, output = self.run(command)
            fails = any(line.startswith("error:") for line in shown)
            self.commands += 1
            assert (status != 0) == fails, f"line {block.line}: $ {command}\nends with status {status}\n{output}"
            if shown and not block.output:
                expected = "\n".join(shown)
                assert agrees(expected, output), f"line {block.line}: $ {command}\n{output}\nis not what the page shows:\n{expected}"


def follow(page, folder, *programs, in_full=False):
    """Follows the page, a path from the top of the tree, in the empty `folder`, and returns how many of its commands were run. Pages of docs/
    are read in an empty folder, others where they are in the tree. `programs` are folders that come first in the search for commands."""
    page = pathlib.Path(page)
    if page.parts[0] != "docs":
        shutil.copytree(TOP / "examples", folder / "examples")
        (folder / "runtime").symlink_to(TOP / "runtime")
        folder = folder / page.parent
    reader = Reader(folder, *programs)
    has = functools.cache(reader.has)
    for block in blocks((TOP / page).read_text()):
        if not block.not_run and (in_full or not block.takes_minutes) and all(map(has, block.needs)):
            reader.follow(block)
    return reader.commands
