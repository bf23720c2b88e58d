# SPDX-License-Identifier: Apache-2.0
"""No circles: what is needed can be read, built and tested before what needs it.

A unit is a header with the source file of its name (A.h, A.cpp), or a .td file, from which others are generated. It needs the units whose
files its files include, so that A.cpp including B.h and B.cpp including A.h is a circle although no header includes the other. A Python
file needs those that it imports. No unit may need itself through others, and no room (test_rooms.py) another one in a circle.
"""
import pathlib
import posixpath
import re

import pytest

import test_rooms
import tree

INCLUDE = re.compile(r'^\s*(?:#\s*)?include\s*[<"]([^">]+)[">]', re.MULTILINE)
IMPORT = re.compile(r"^\s*(?:import|from)\s+\.?(\w+)", re.MULTILINE)
CODE = {".h", ".hpp", ".cpp", ".c", ".td", ".def"}


def unit_of(path):
    return path if path.endswith(".td") else str(pathlib.PurePosixPath(path).with_suffix(""))


def find_needs(sources):
    """The units that each unit needs. `sources`: the text of each file, by its path."""
    needs = {}
    for path, text in sources.items():
        folder = posixpath.dirname(path)
        if path.endswith(".py"):
            all_candidates = [[posixpath.join(folder, name + ".py")] for name in IMPORT.findall(text)]
        else:
            # From the top of the tree, as a public header, or beside the file.
            all_candidates = [[name, "runtime/include/" + name, posixpath.normpath(posixpath.join(folder, name))] for name in INCLUDE.findall(text)]
        found = needs.setdefault(unit_of(path), set())
        for candidates in all_candidates:
            found |= {unit_of(name) for name in candidates if name in sources and unit_of(name) != unit_of(path)}
    return needs


def find_circle(needs):
    """Units in a circle, each of which needs the next and the last the first; empty if there is none."""
    done = set()
    for start in sorted(needs):
        # Depth first, with an explicit stack: `path` is from the start to the unit that is looked at.
        path, waiting = [], [(start, iter(sorted(needs[start])))] if start not in done else []
        while waiting:
            unit, rest = waiting[-1]
            if len(path) < len(waiting):
                path.append(unit)
            following = next(rest, None)
            if following in path:
                return path[path.index(following) :]
            if following is None:
                done.add(unit)
                path.pop()
                waiting.pop()
            elif following not in done:
                waiting.append((following, iter(sorted(needs.get(following, ())))))
    return []


def sources():
    files = [path for path in tree.files() if path.suffix in CODE | {".py"} and path.parts[0] != "examples"]
    return {str(path): tree.text(path) for path in files}


def test_units():
    needs = find_needs(sources())
    assert len(needs) > 400 and "ir/DlcDialect" in needs["passes/Passes"]
    assert "bench/scaling_layers" in needs["bench/scaling"] and "python/dlc/_errors" in needs["python/dlc/_compile"]
    circle = find_circle(needs)
    assert not circle, "a circle, each needs the next: " + " -> ".join([*circle, circle[0]])


def test_rooms_of_the_map():
    assert not find_circle({room: set(needs) - {room} for room, needs in test_rooms.ARROWS.items()})


@pytest.mark.parametrize(
    "files, circle",
    [
        ({"a/A.h": "", "a/A.cpp": '#include "a/A.h"\n#include "a/B.h"', "a/B.h": '#include "a/A.h"'}, ["a/A", "a/B"]),
        ({"a/A.h": "", "a/A.cpp": '#include "a/B.h"', "a/B.h": "", "a/B.cpp": '  # include "A.h"'}, ["a/A", "a/B"]),
        ({"a/A.h": "", "a/A.cpp": '#include "a/B.h"', "a/B.h": "", "b/B.cpp": '#include "a/A.h"'}, []),
        ({"a/A.h": '#include "a/B.h"', "a/B.h": '#include "a/C.h"', "a/C.h": "", "a/C.cpp": '#include "a/A.h"'}, ["a/A", "a/B", "a/C"]),
        ({"a/A.td": 'include "a/B.td"', "a/B.td": 'include "a/A.td"'}, ["a/A.td", "a/B.td"]),
        ({"runtime/include/dlc/a.h": "#include <dlc/b.h>", "runtime/include/dlc/b.h": '#include "dlc/a.h"'},
         ["runtime/include/dlc/a", "runtime/include/dlc/b"]),
        ({"b/x.py": "import y", "b/y.py": "from x import z"}, ["b/x", "b/y"]),
        ({"b/_x.py": "from ._y import z", "b/_y.py": "    from ._x import z"}, ["b/_x", "b/_y"]),
        ({"b/x.py": "import y\nimport os", "b/y.py": "import os", "c/y.py": "import x"}, []),
    ],
)  # fmt: skip
def test_rule(files, circle):
    assert sorted(find_circle(find_needs(files))) == circle
