# SPDX-License-Identifier: Apache-2.0
"""Documents, messages, comments and names use the field's idiomatic English: phrases that are not, with what to write instead."""
import re
import subprocess

import pytest

import tree

UNIT = (
    r"(?:thread|step|run|element|input|output|operand|result|dimension|channel|row|column|sample|image|epoch|batch|state|gate|loop|kernel|layer|"
    r"function|parameter|variable|entry point|instruction set|cycle|lane|second|letter|word|token|key|node|op|phase|launch|file|machine|"
    r"buffer|tile|head|chunk|range|cell|process|request|group)"
)

# A regular expression, what to write instead, and an example. Words that are often right (place, text, known, stamp, root, hold, look, family) are
# rejected only where they were used for something that has a name.
PHRASES = [
    (r"(?<!there )(?<!here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|other\b|need\b|different\b|such\b)[a-z]+", "is not a",
     "3 is no multiple of 2"),
    (r"\bno multiple of\b", "not a multiple of", "a size that is even and no multiple of 4"),
    (r"\b(?:is|are) none of\b(?! (?:them|these|those|its|their)\b)", "is not one of", "the op is none of the three"),
    (r"\bnumbers? that (?:is|are) no numbers?\b", "NaN", "numbers that are no numbers"),
    (rf"\b(?:one|once|twice|operations|bytes|cycles|numbers|entry|entries|microseconds|seconds) an? {UNIT}\b", "per", "one a thread"),
    (r"\bspel(?:t|l|led|ls)\b|\bspell[A-Z]", "written as, decomposed into", "as GitHub spells them"),
    (r"(?<!decimal )(?<![\"'])\bplaces\b|(?<![Ii]n)(?<=[a-z])Places?\b", "position, index, offset, location", "batch.firstPlace"),
    (r"[sS]weep(?:s|ing)?\b", "pass over the data, loop nest", "emitSweep"),
    (r"\bknown at load\b|[kK]nownAtLoad", "load-time constant", "isKnownAtLoad"),
    (r"\bfollows? from (?:the )?(?:weights|parameters|constants|seed)\b", "depends on ... only", "follows from weights"),
    (r"\bprepared? (?:weights|matrices|constants)\b", "prepack, packed weights", "prepared weights"),
    (r"(?<!loop-)(?<!Loop-)\bcarried (?:value|operand|tensor)s?\b", "loop-carried value", "the carried values"),
    (r"\bscanned (?:value|operand|tensor|input)s?\b", "scan input", "scanned operands"),
    (r"\bstacked (?:value|result|tensor|output)s?\b", "scan output", "stacked results"),
    (r"\binvariants? of (?:a|the|its|their) loops?\b", "capture of a loop", "an invariant of the loop"),
    (r"\bkernelRoots?\b|(?<!square )\broots? of (?:a|the|its|their|each|all) kernels?\b|\bkernel's root\b", "anchor op", "the root of a kernel"),
    (r"\bkernel famil(?:y|ies)\b|\bfamily of (?:a|the) kernel\b", "kernel kind", "one kernel family"),
    (r"(?i)\bHoist-?Loop-?Work\b|\bSink-?Loop-?Work\b|\bHoist-?Weight-?Work\b",
     "loop-invariant code motion, reduction sinking, weight-only code motion", "HoistLoopWork"),
    (r"(?i)\bLift-?Parameters\b|\bAdvance-?Updates\b|\bDetach-?Extents\b|\bAbsorb-?Broadcasts\b",
     "hoist parameter loads, eager optimizer updates, rewrite shape uses, fold broadcasts", "--dlc-lift-parameters"),
    (r"(?i)\bRow-?Flow\b|\bSplit-?Loop-?Rows\b", "batch-independence analysis, batch-parallel loop split", "RowFlow"),
    (r"(?i)\bExpose-?Tensors\b|\bkept tensors?\b|\bstrangers?\b", "observed tensors, unexpected tensors", "strangers"),
    (r"\bfigures\b|\b(?:a|the|which|watched|best) figure\b", "metric", "the best figure"),
    (r"\bMoment\b", "progress, point", "struct Moment"),
    (r"(?:->|\.)look\(", "observe", "schedule->look(value)"),
    (r"\bkinks?\b", "non-differentiable points", "kinks"),
    (r"\b(?:models?|functions?|librar(?:y|ies))[ _]that[ _]learns?(?:\b|_)", "trainable", "a model that learns"),
    (r"\binventInputs\b|\binvent(?:s|ed)?\b|\bmade[ -]up\b", "generateRandomInputs, generated", "inputs that are made up"),
    (r"\bborders? of (?:zeros|ones)\b", "padding, halo", "a border of zeros"),
    (r"\bleave block|\*leave\b", "epilogue block, exit block", "mlir::Block *leave"),
    (r"\bisOut\b|\bisFine\b|UnlessFine\b", "outOfMemory, ok", "bool isFine"),
    (r"\btaken for\b", "treated as; of a confusion matrix: predicted", "taken for"),
    (r"\bheld[ -]back\b|\bhold(?:s|ing)?(?: (?:all|none|some|[0-9]+)[^.;:]*)? back\b", "held out", "holds all of 3 rows back"),
    (r"\bin the place of\b", "instead of", "in the place of"),
    (r"\b(?:stands?|lies?) (?:in|at|on|for|side by side|beyond|beside|outside|inside|between|behind|before)\b", "is in, is stored, appears, is",
     "stands in"),
    (r"\bknown when compiling\b", "known at compile time", "known when compiling"),
    (r"\b[Pp]re-conditions?\b", "precondition", "Pre-condition"),
    (r"\blikeliest\b", "most likely", "the likeliest"),
    (r"\b(?:[Ii]nside|[Oo]utside) of\b", "inside, outside", "outside of"),
]  # fmt: skip

# Text that others wrote, pages that are generated from files checked here, and this list.
EXEMPT = ["LICENSE", "docs/generated", "docs/model.schema.json", "examples/char-lstm/text.txt", "examples/*.csv",
          "test/fuzz/corpus", "test/fuzz/regressions", "test/project/test_words.py"]  # fmt: skip


@pytest.mark.parametrize("phrase, instead, _", PHRASES, ids=[instead for _, instead, _ in PHRASES])
def test_phrase(phrase, instead, _):
    found = subprocess.run(
        ["git", "grep", "--untracked", "-nIPo", "-e", phrase, "--", *(f":(exclude){path}" for path in EXEMPT)],
        cwd=tree.TOP, capture_output=True, text=True)  # fmt: skip
    assert found.returncode == 1 and not found.stderr, f"write '{instead}':\n{found.stdout}{found.stderr}"


@pytest.mark.parametrize("phrase, _, example", PHRASES, ids=[example for _, _, example in PHRASES])
def test_pattern_matches_its_example(phrase, _, example):
    """A pattern that matches nothing, not even its own example, would go unnoticed."""
    assert re.search(phrase, example)


def test_patterns_leave_alone_what_is_right():
    right = [
        "there is no such file", "is no longer read", "none of them", "in place", "the last decimal place", "one at a time", "an invariant",
        "loop-carried values", "isInPlace", "two decimal places", "the square root of the kernel's extent",
        "each step of a loop", "a misspelt option", "the sum of a thread's ranges", "outside the loop",
    ]  # fmt: skip
    for text in right:
        assert not any(re.search(phrase, text) for phrase, _, _ in PHRASES), text
