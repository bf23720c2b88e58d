# SPDX-License-Identifier: Apache-2.0
"""A change to an op recompiles what uses its family of ops, not the compiler: how many sources reach each Ops<FAMILY>.td by their includes."""
import posixpath
import re

import pytest

import tree
from test_circles import INCLUDE

LIMIT = 60
CODE = {".h", ".cpp", ".td", ".def"}
GENERATED = re.compile(r"^(ir/Ops\w+)\.(?:h|cpp)\.inc$")


def find_users(sources):
    """The files that include each file; those that are generated from a .td file are that file. `sources`: the text of each file, by its path."""
    users = {}
    for path, text in sources.items():
        # Documentation alone is generated from the file that includes all families.
        for name in INCLUDE.findall(text) if path != "ir/DlcOps.td" else []:
            name = GENERATED.sub(r"\1.td", name)
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            users.setdefault(name if name in sources else beside, set()).add(path)
    return users


def count_rebuilt(users, changed):
    """How many sources are compiled again after a change to the file `changed`."""
    found, waiting = {changed}, [changed]
    while waiting:
        new = users.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return sum(path.endswith(".cpp") for path in found)


def sources():
    # Fuzzers are built on demand only.
    files = [path for path in tree.files() if path.suffix in CODE and path.parts[0] != "examples" and path.parts[:2] != ("test", "fuzz")]
    return {str(path): tree.text(path) for path in files}


FAMILIES = re.findall(r"^DLC_OP_FAMILY\((\w+)\)$", tree.text("ir/OpFamilies.def"), re.MULTILINE)


def test_families():
    users = find_users(sources())
    # One more is the source of the family's classes, which CMake writes.
    counts = {family: 1 + count_rebuilt(users, f"ir/Ops{family}.td") for family in FAMILIES}
    assert counts["Arithmetic"] > 20, "the includes are not followed"
    many = {family: count for family, count in counts.items() if count > LIMIT}
    assert not many, f"split the family, or include its header in fewer headers: a change recompiles {many}, of at most {LIMIT}"


@pytest.mark.parametrize(
    "files, count",
    [
        ({"ir/OpsA.td": "", "ir/OpsA.h": '#include "ir/OpsA.h.inc"', "a.cpp": '#include "ir/OpsA.h"', "b.cpp": ""}, 1),
        ({"ir/OpsA.td": "", "ir/OpsA.h": '#include "ir/OpsA.h.inc"', "c/C.h": '#include "ir/OpsA.h"', "c/a.cpp": '#include "C.h"',
          "b.cpp": '#include "c/C.h"'}, 2),
        ({"ir/OpsA.td": "", "ir/OpsB.td": 'include "ir/OpsA.td"', "ir/OpsB.h": '#include "ir/OpsB.h.inc"', "a.cpp": '#include "ir/OpsB.h"'}, 1),
        ({"ir/OpsA.td": "", "ir/DlcOps.td": 'include "ir/OpsA.td"', "a.cpp": '#include "ir/DlcAttributes.cpp.inc"'}, 0),
    ],
)  # fmt: skip
def test_rule(files, count):
    assert count_rebuilt(find_users(files), "ir/OpsA.td") == count
