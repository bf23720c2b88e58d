# SPDX-License-Identifier: Apache-2.0
"""Cases that represent the rest in CI. DLC_TEST_CASES=all runs every case; scripts/check.sh does."""
import os

IS_ALL = os.environ.get("DLC_TEST_CASES") == "all"


def sample(cases, count, turn):
    """`count` neighbours of the list `cases`, from position `turn * count` on (cyclic): callers with turns that follow one another
    run through the whole list together. All of them with DLC_TEST_CASES=all."""
    if IS_ALL or count >= len(cases):
        return list(cases)
    return [cases[(turn * count + i) % len(cases)] for i in range(count)]


def only_in_full(cases):
    """`cases` with DLC_TEST_CASES=all, otherwise none."""
    return list(cases) if IS_ALL else []
