# SPDX-License-Identifier: Apache-2.0
"""Includes run one way: targets, ir <- analysis, formats <- frontend, passes, backends <- tools/driver <- tools, python.

The compiler and the runtime share one header, the ABI. ARCHITECTURE.md says why.
"""
import re

import pytest

import tree

# Which rooms a room's files may include, beside their own. The runtime's only shared header is named in full.
ABI = "runtime/include/dlc/abi.h"
# The runtime as bitcode, which a backend links into models.
EMBEDDED = "runtime/embedded"
ARROWS = {
    "targets": {ABI},
    "ir": set(),
    "analysis": {"ir", "targets"},
    # What files of a format contain, for those who read and those who write them.
    "formats": {"ir"},
    "frontend": {"ir", "formats"},
    "passes": {"ir", "analysis", "targets", ABI},
    "backends": {"ir", "analysis", "targets", ABI, EMBEDDED},
    # The table of CPU features, which has no code.
    "runtime": {"targets"},
    EMBEDDED: set(),
    "tools/driver": {"ir", "analysis", "targets", "formats", "frontend", "passes", "backends"},
    # Programs use the driver; dlc-run knows a model only through the runtime's public headers.
    "tools": {"ir", "targets", "frontend", "passes", "backends", "tools/driver", "runtime"},
    "python": {"runtime"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]|^\s*include\s+"([^"]+)"', re.MULTILINE)


def room_of(path):
    if path.startswith("dlc/"):
        path = "runtime/include/" + path
    if path == ABI:
        return ABI
    for room in ("tools/driver", EMBEDDED):
        if path.startswith(room + "/"):
            return room
    room = path.split("/")[0]
    return room if room in ARROWS else None


def wrong_arrows(path, source):
    """The includes of `source`, a file at `path`, that the rules forbid."""
    room = room_of(path)
    room = "runtime" if room == ABI else room
    found = []
    for match in INCLUDE.finditer(source):
        target = match.group(1) or match.group(2)
        target_room = room_of(target)
        if target_room == ABI and room == "runtime":
            continue
        if target_room and target_room != room and target_room not in ARROWS[room]:
            if not (target_room == ABI and "runtime" in ARROWS[room]):
                line = source.count("\n", 0, match.start()) + 1
                found.append(f"{path}:{line}: {room} must not include {target}")
    return found


SOURCES = [str(path) for path in tree.files() if path.suffix in {".cpp", ".h", ".c", ".td"} and room_of(str(path))]


def test_there_are_sources():
    assert SOURCES


@pytest.mark.parametrize("room", sorted(ARROWS))
def test_arrows(room):
    found = []
    for path in SOURCES:
        own = room_of(path)
        if own == room or (own == ABI and room == "runtime"):
            found += wrong_arrows(path, tree.text(path))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "path, include, is_wrong",
    [
        ("passes/graph/Simplify.cpp", '"ir/DlcOps.h"', False),
        ("passes/graph/Simplify.cpp", '"frontend/json/Import.h"', True),
        ("frontend/onnx/Import.cpp", '"passes/Passes.h"', True),
        ("ir/DlcOps.cpp", '"passes/Passes.h"', True),
        ("ir/DlcOps.cpp", '"formats/onnx/OpTable.h"', True),
        ("frontend/json/Nodes.cpp", '"formats/onnx/OpTable.h"', False),
        ("passes/graph/Simplify.cpp", '"formats/onnx/OpTable.h"', True),
        ("backends/llvm/Host.cpp", "<dlc/abi.h>", False),
        ("backends/llvm/Host.cpp", '"dlc/runtime.h"', True),
        ("runtime/core/run.c", '"dlc/abi.h"', False),
        ("runtime/core/run.c", '"ir/DlcOps.h"', True),
        ("tools/dlc-run/main.cpp", '"dlc/runtime.h"', False),
        ("tools/driver/Compile.cpp", '"backends/Target.h"', False),
        ("tools/driver/Compile.cpp", '"tools/dlc/Options.h"', True),
    ],
)
def test_rule(path, include, is_wrong):
    assert bool(wrong_arrows(path, f"#include {include}\n")) == is_wrong
