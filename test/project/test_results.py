# SPDX-License-Identifier: Apache-2.0
"""What counts as failed when the results of all runners are added up."""
import subprocess
import sys

import pytest

from tree import TOP

PASSED = '<testcase classname="a" name="passes"/>'


def add_up(folder, *cases, status=0):
    path = folder / "results.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return subprocess.run([sys.executable, TOP / "scripts" / "sum_results.py", "--expect", f"part={status}={path}"],
                          capture_output=True, text=True)  # fmt: skip


@pytest.mark.parametrize("reason", ["this CPU lacks x86-64-v4", "no GPU here", "CompiledModelTest.cpp:117&#x0A;a sanitizer brings its own malloc"])
def test_skips_with_an_allowed_reason_are_counted_apart(tmp_path, reason):
    result = add_up(tmp_path, PASSED, f'<testcase classname="a" name="b"><skipped message="{reason}"/></testcase>')
    assert result.returncode == 0
    assert result.stdout.endswith("1 passed, 0 failed, 1 skipped\n")


@pytest.mark.parametrize("skip", [
    '<skipped message="could not import \'dlc\': No module named \'dlc\'"/>', '<skipped message="clang-format-22 is not installed"/>',
    '<skipped message="Missing required feature(s): qemu-aarch64"/>', "<skipped/>", "<skipped>because</skipped>"])  # fmt: skip
def test_other_skips_are_failures(tmp_path, skip):
    result = add_up(tmp_path, PASSED, f'<testcase classname="a" name="b">{skip}</testcase>')
    assert result.returncode == 1
    assert "FAILED a.b, which was skipped: " in result.stdout
    assert result.stdout.endswith("1 passed, 1 failed\n")


def test_a_disabled_test_is_a_failure(tmp_path):
    result = add_up(tmp_path, PASSED, '<testcase classname="a" name="DISABLED_b" status="notrun"/>')
    assert result.returncode == 1
    assert "FAILED a.DISABLED_b, which was skipped: it is disabled" in result.stdout


def test_the_slowest_suites_are_named(tmp_path):
    """The times of a file's tests are added; what takes no time to speak of is not told."""
    cases = [f'<testcase classname="{suite}" name="{name}" time="{time}"/>' for suite, name, time in
             [("e2e.quick", "a", "9.4"), ("e2e.slow", "a", "30.25"), ("e2e.slow", "b", "31"), ("e2e.other", "a", "12")]]  # fmt: skip
    lines = add_up(tmp_path, PASSED, *cases).stdout.splitlines()
    assert lines[1:-1] == ["  slowest, in seconds of one worker:", "      61 part e2e.slow", "      12 part e2e.other"]
    assert lines[-1] == "5 passed, 0 failed"
    assert "slowest" not in add_up(tmp_path, PASSED).stdout


def test_a_runner_that_fails_without_a_failed_test_is_a_failure(tmp_path):
    result = add_up(tmp_path, PASSED, status=66)
    assert result.returncode == 1
    assert "FAILED part ended with status 66" in result.stdout
