# SPDX-License-Identifier: Apache-2.0
"""One name, three spellings: a pass is FuseX in a Passes.td and FuseX.cpp beside it, --dlc-fuse-x on the command line, fuse-x.mlir among the tests.

And every op of the dialect is printed and parsed by a test of test/ir.
"""
import re

import pytest

import tree

PASS = re.compile(r'def (\w+)\s*:\s*(?:Interface)?Pass<"([\w-]+)"')
OP_HEADING = re.compile(r"^### `dlc\.([\w.]+)` \(", re.MULTILINE)


def passes():
    for path in tree.files():
        if path.name == "Passes.td":
            for name, flag in PASS.findall(tree.text(path)):
                yield pytest.param(path.parent, name, flag, id=name)


@pytest.mark.parametrize("room, name, flag", list(passes()))
def test_pass(room, name, flag):
    assert flag == "dlc" + re.sub(r"([A-Z])", r"-\1", name).lower()
    files = {str(path) for path in tree.files()}
    assert any(f.startswith(f"{room}/") and f.endswith(f"/{name}.cpp") for f in files), f"no {name}.cpp in {room}/"
    test = flag.removeprefix("dlc-") + ".mlir"
    tests = [f for f in files if f.startswith("test/") and f.endswith("/" + test)]
    assert tests, f"no test called {test}"
    # With options a pass may also be in a --pass-pipeline.
    runs = [line for f in tests for line in tree.text(f).splitlines() if "RUN:" in line and flag in line]
    assert runs, f"{tests[0]} does not run --{flag}"


def test_every_op_is_parsed_and_printed():
    ops = OP_HEADING.findall(tree.text("docs/generated/dialect.md"))
    assert ops
    tests = "\n".join(tree.text(path) for path in tree.files() if path.suffix == ".mlir" and str(path).startswith("test/ir/"))
    missing = [op for op in ops if not re.search(rf"\bdlc\.{re.escape(op)}\b(?!\.)", tests)]
    assert not missing, "no test in test/ir mentions: " + ", ".join(missing)
