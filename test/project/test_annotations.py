# SPDX-License-Identifier: Apache-2.0
"""Discardable attributes are read and written through ir/Annotations.h alone: their keys are in no other source."""
import re

import tree

KEYS = set(re.findall(r'^DLC_ANNOTATION\(\w+, ("dlc\.\w+")', tree.text("ir/Annotations.def"), re.MULTILINE))


def test_there_are_annotations():
    assert '"dlc.name"' in KEYS


def test_no_key_is_repeated():
    found = []
    for path in tree.files():
        if path.suffix in {".cpp", ".h"} and path.parts[0] != "test":
            for number, line in enumerate(tree.text(path).splitlines(), 1):
                found += [f"{path}:{number}: {key}" for key in re.findall(r'"dlc\.\w+"', line) if key in KEYS]
    assert not found
