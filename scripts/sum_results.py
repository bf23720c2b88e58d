#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit files that lit, GoogleTest and pytest write, names every failure and where the time went, and closes with
`N passed, N failed`.

usage: sum_results.py --expect PART=STATUS=FILE.xml ...

STATUS is the runner's exit status. A part whose file is missing or broken counts as one failure, for its runner did not get to the end,
and so does a runner that failed without a failed test (a sanitizer's report). A test that was skipped counts as failed unless it gives one
of the reasons below: what the test machine lacks, scripts/setup.sh has to install. Exit status 1 on any failure.
"""
import argparse
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree

# Why a test may be skipped: regular expressions that a reason has to contain.
ALLOWED_SKIPS = [
    r"this CPU lacks (x86-64-v\d|avx512_vnni)",  # test/e2e/processor.py
    r"no GPU",
    r"a sanitizer brings its own malloc",
    r"sanitizers end the program where there is no memory",
    r"the address sanitizer's own locks may stay locked in a child",  # test/unit/runtime/ForkTest.cpp: forks while threads start
    r"Missing required feature\(s\): (rustc|go)$",  # examples/rust, examples/go: compilers too large for an example each
    r"Test not selected",  # by --filter, in lit
]

# How many files or suites of tests are named that took longest, and from how many seconds on.
SLOWEST, SLOW_SECONDS = 15, 10


def reason_of(skipped):
    """The reason in a <skipped> element: lit and pytest give an attribute, GoogleTest both that and text."""
    if skipped is None:
        return "it is disabled"
    return " ".join(f"{skipped.get('message', '')} {skipped.text or ''}".split())


def outcomes(path):
    """Yields (outcome, name) of every test case in the file; the name of a failed skip ends in its reason."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name')}".strip(".")
        if case.find("failure") is not None or case.find("error") is not None:
            yield "failed", name
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            reason = reason_of(case.find("skipped"))
            if any(re.search(allowed, reason) for allowed in ALLOWED_SKIPS):
                yield "skipped", name
            else:
                yield "failed", f"{name}, which was skipped: {reason or 'it gives no reason'}"
        else:
            yield "passed", name


def seconds_by_suite(path):
    """Seconds that the tests of each suite took, set-up included: of each file of pytest's, folder of lit's, suite of GoogleTest's."""
    seconds = collections.Counter()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        seconds[case.get("classname", "")] += float(case.get("time") or 0)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--expect", nargs="+", default=[], metavar="PART=STATUS=FILE.xml")
    times = collections.Counter()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for expectation in parser.parse_args().expect:
        part, status, path = expectation.split("=", 2)
        try:
            results = list(outcomes(path))
            times.update({f"{part} {suite}": seconds for suite, seconds in seconds_by_suite(path).items()})
        except (OSError, ElementTree.ParseError) as error:
            results = [("failed", f"{part} did not finish ({error})")]
        if status != "0" and not any(outcome == "failed" for outcome, _ in results):
            results.append(("failed", f"{part} ended with status {status}"))
        counts = {outcome: sum(1 for found, _ in results if found == outcome) for outcome in total}
        print(f"  {part:12} " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count or outcome == "passed"))
        for outcome, name in results:
            total[outcome] += 1
            if outcome == "failed":
                print(f"    FAILED {name}")
    slow = [(suite, seconds) for suite, seconds in times.most_common(SLOWEST) if seconds >= SLOW_SECONDS]
    if slow:
        print("  slowest, in seconds of one worker:")
    for suite, seconds in slow:
        print(f"  {seconds:6.0f} {suite}")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
