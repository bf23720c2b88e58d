# SPDX-License-Identifier: Apache-2.0
"""Each format that is read has a fuzzer, seeds and a corpus, under one name."""
import re

import tree

FUZZERS = {path.stem.removeprefix("Fuzz").lower() for path in tree.files() if path.match("test/fuzz/Fuzz*.cpp")} - {"model"}
CORPUS = [path for path in tree.files() if path.match("test/fuzz/corpus/*/*")]


def test_scripts_name_every_fuzzer():
    readers = re.search(r"^readonly READERS=\((.*)\)$", tree.text("scripts/check.sh"), re.MULTILINE)
    assert set(readers[1].split()) == FUZZERS
    seeds = re.findall(r"^def (\w+)_seeds\(", tree.text("test/fuzz/make_seeds.py"), re.MULTILINE)
    assert set(seeds) == FUZZERS


def test_every_fuzzer_has_a_small_corpus():
    assert {path.parent.name for path in CORPUS} == FUZZERS
    large = [str(path) for path in CORPUS if (tree.TOP / path).stat().st_size > 4096]
    assert not large, "minimize these:\n" + "\n".join(large)


def test_regressions_belong_to_a_fuzzer():
    assert {path.parent.name for path in tree.files() if path.match("test/fuzz/regressions/*/*")} <= FUZZERS
