# SPDX-License-Identifier: Apache-2.0
"""Includes run one way: targets, ir <- analysis, formats <- frontend, passes, backends <- tools/driver <- tools

for the compiler, and runtime/include <- data <- profile, training <- tools, python for what runs libraries.

The compiler and the runtime share the headers of binary interfaces: what generated code sees. ARCHITECTURE.md says why.
"""
import re

import pytest

import tree

# Which rooms a room's files may include, beside their own. Headers that the runtime shares are named in full: the ABI of models,
# and that of the functions that compute custom ops.
ABI = "runtime/include/dlc/abi.h"
CUSTOM_OP = "runtime/include/dlc/custom_op.h"
# The runtime's interface, which programs include as <dlc/...>.
PUBLIC = "runtime/include"
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
    "backends": {"ir", "analysis", "targets", ABI, CUSTOM_OP, EMBEDDED},
    # The table of CPU features, which has no code.
    "runtime": {PUBLIC, "targets"},
    PUBLIC: set(),
    EMBEDDED: set(),
    # What runs libraries knows them only through the runtime's public headers.
    "data": {PUBLIC},
    "profile": {PUBLIC, "data"},
    "training": {PUBLIC, "data"},
    # Reports show what profiles have measured.
    "tools/driver": {"ir", "analysis", "targets", "formats", "frontend", "passes", "backends", "profile"},
    # Programs that compile use the driver (dlc reduce writes formats, too), dlc-run uses the rooms that run libraries.
    "tools": {"ir", "analysis", "targets", "formats", "frontend", "passes", "backends", "tools/driver", PUBLIC, "data", "profile", "training"},
    "python": {PUBLIC, "data", "profile", "training"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]|^\s*include\s+"([^"]+)"', re.MULTILINE)


def room_of(path):
    if path.startswith("dlc/"):
        path = "runtime/include/" + path
    if path in (ABI, CUSTOM_OP):
        return path
    for room in ("tools/driver", EMBEDDED, PUBLIC):
        if path.startswith(room + "/"):
            return room
    room = path.split("/")[0]
    return room if room in ARROWS else None


def wrong_arrows(path, source):
    """The includes of `source`, a file at `path`, that the rules forbid."""
    room = room_of(path)
    room = PUBLIC if room in (ABI, CUSTOM_OP) else room
    found = []
    for match in INCLUDE.finditer(source):
        target = match.group(1) or match.group(2)
        target_room = room_of(target)
        if target_room and target_room != room and target_room not in ARROWS[room]:
            # Who may include the interface may include the ABI, which is part of it.
            if not (target_room in (ABI, CUSTOM_OP) and (room == PUBLIC or PUBLIC in ARROWS[room])):
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
        if own == room or (own == ABI and room == PUBLIC):
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
        ("runtime/core/run.c", '"data/Array.h"', True),
        ("tools/dlc-run/main.cpp", '"dlc/runtime.h"', False),
        ("tools/dlc-run/main.cpp", '"training/Trainer.h"', False),
        ("training/Trainer.cpp", '"dlc/abi.h"', False),
        ("training/Trainer.cpp", '"data/Dataset.h"', False),
        ("training/Trainer.cpp", '"tools/dlc-run/Arguments.h"', True),
        ("training/Trainer.cpp", '"runtime/core/Model.h"', True),
        ("data/Dataset.cpp", '"training/Loader.h"', True),
        ("python/Model.cpp", '"training/Trainer.h"', False),
        ("tools/driver/Compile.cpp", '"backends/Target.h"', False),
        ("tools/driver/Compile.cpp", '"tools/dlc/Options.h"', True),
    ],
)
def test_rule(path, include, is_wrong):
    assert bool(wrong_arrows(path, f"#include {include}\n")) == is_wrong
