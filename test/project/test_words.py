# SPDX-License-Identifier: Apache-2.0
"""Documents, messages, comments and names use the field's idiomatic English: phrases that are not, with what to write instead."""
import re
import subprocess

import pytest

import tree

UNIT = (
    r"(?:thread|step|run|element|input|output|operand|result|dimension|channel|row|column|sample|image|epoch|batch|state|gate|loop|kernel|layer|"
    r"function|parameter|variable|entry point|instruction set|cycle|lane|second|letter|word|token|key|node|op|phase|launch|file|machine)"
)

# A regular expression, and what to write instead. Words that are often right (place, text, hold, border, family) are left to reviewers.
PHRASES = [
    (r"(?<!there )(?<!here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|other\b|need\b|different\b|such\b)[a-z]+", "is not a"),
    (r"\b(?:is|are) none of\b(?! (?:them|these|those|its|their)\b)", "is not one of"),
    (r"\bnumbers? that (?:is|are) no numbers?\b", "NaN"),
    (rf"\b(?:one|once|twice|operations|bytes|cycles|numbers|entry|entries|microseconds|seconds) an? {UNIT}\b", "per"),
    (r"\bspel(?:t|led)\b|\bspells\b", "written as, decomposed into"),
    (r"\b(?:a|one|two|each|per|more|fewer) sweeps?\b", "pass over the data, loop nest"),
    (r"\bfollows? from (?:the )?(?:weights|parameters|constants|seed)\b", "depends on ... only"),
    (r"\bprepared? (?:weights|matrices|constants)\b", "prepack, packed weights"),
    (r"(?<!loop-)(?<!Loop-)\bcarried (?:value|operand|tensor)s?\b", "loop-carried value"),
    (r"\bscanned (?:value|operand|tensor)s?\b", "scan input"),
    (r"\bstacked (?:value|result|tensor)s?\b", "scan output"),
    (r"\binvariants? of (?:a|the|its|their) loops?\b", "capture of a loop"),
    (r"\bkernel famil(?:y|ies)\b|\bfamily of (?:a|the) kernel\b", "kernel kind"),
    (r"\bstrangers?\b", "unexpected tensors"),
    (r"\b(?:a|the|which|watched|best) figures?\b", "metric"),
    (r"\bkinks?\b", "non-differentiable points"),
    (r"\b(?:models?|functions?|librar(?:y|ies)) that learns?\b", "trainable"),
    (r"\bmade up\b", "generated"),
    (r"\btaken for\b", "treated as; of a confusion matrix: predicted"),
    (r"\bheld[ -]back\b|\bhold(?:s|ing)? back\b", "held out"),
    (r"\bin the place of\b", "instead of"),
    (r"\b(?:stands?|lies?) (?:in|at|on|side by side|beyond|beside|outside|inside|between|behind|before)\b", "is in, is stored, appears"),
    (r"\bknown when compiling\b", "known at compile time"),
    (r"\b[Pp]re-conditions?\b", "precondition"),
    (r"\blikeliest\b", "most likely"),
    (r"\b(?:[Ii]nside|[Oo]utside) of\b", "inside, outside"),
]

# History, text that others wrote, pages that are generated from files checked here, and this list.
EXEMPT = ["CHANGELOG.md", "LICENSE", "docs/generated", "docs/model.schema.json", "examples/char-lstm/text.txt", "examples/*.csv",
          "test/fuzz/corpus", "test/fuzz/regressions", "test/project/test_words.py"]  # fmt: skip


@pytest.mark.parametrize("phrase, instead", PHRASES, ids=[instead for _, instead in PHRASES])
def test_phrase(phrase, instead):
    found = subprocess.run(
        ["git", "grep", "--untracked", "-nIPo", "-e", phrase, "--", *(f":(exclude){path}" for path in EXEMPT)],
        cwd=tree.TOP, capture_output=True, text=True)  # fmt: skip
    assert found.returncode == 1 and not found.stderr, f"write '{instead}':\n{found.stdout}{found.stderr}"


def test_patterns_match_what_they_are_for():
    """A pattern that matches nothing, not even its own example, would go unnoticed."""
    examples = [
        "3 is no multiple of 2", "the op is none of the three", "numbers that are no numbers", "one a thread", "as GitHub spells them",
        "one sweep", "follows from weights", "prepared weights", "the carried values", "scanned operands", "stacked results",
        "an invariant of the loop", "one a kernel family", "strangers", "the best figure", "kinks", "a model that learns",
        "made up", "taken for", "rows held back", "in the place of", "stands in", "known when compiling", "Pre-condition",
        "the likeliest", "outside of",
    ]  # fmt: skip
    assert len(examples) == len(PHRASES)
    for (phrase, _), example in zip(PHRASES, examples):
        assert re.search(phrase, example), f"{phrase} does not match '{example}'"


def test_patterns_leave_alone_what_is_right():
    right = [
        "there is no such file", "is no longer read", "none of them", "in place", "the last decimal place", "one at a time", "an invariant",
        "loop-carried values", "each step of a loop", "a misspelt option", "the sum of a thread's ranges", "outside the loop",
    ]  # fmt: skip
    for text in right:
        assert not any(re.search(phrase, text) for phrase, _ in PHRASES), text
