# SPDX-License-Identifier: Apache-2.0
"""A compiled library called with wrong tensors: a status and a message each time, and nothing written."""
import subprocess

import pytest

from conftest import TOP

# Values of dlc_status (dlc/abi.h) with a part of the message.
CASES = {
    "count": (9, "'run' takes 1 inputs, not 0"),
    "type": (10, "input 'image' of 'run' has elements of type f64"),
    "rank": (11, "input 'image' of 'run' has 5 dimensions, expected 4"),
    "shape": (12, "input 'image' of 'run' has shape [3, 1, 9, 8], expected [N, 1, 8, 8]"),
    "output-shape": (12, "output 'probability' of 'run' has shape [2, 10], and these inputs give [3, 10]"),
    "negative": (13, "N = -1"),
    "overflow": (13, "N = 4611686018427387903"),
    "device": (15, "input 'image' of 'run' is on a device"),
    "strides": (14, "strides [64, 64, 1, 8]"),
    "null": (16, "input 'image' of 'run' has no data"),
    "null-output": (16, "output 'probability' of 'run' has no data"),
    "misaligned": (17, "not a multiple of its element's 4 bytes"),
    "too-small": (18, "output 'probability' of 'run' needs 120 bytes, and its buffer has 116"),
    "overlap": (19, "output 'probability' of 'run' shares memory with 'image'"),
}
UNTOUCHED = "sum -46.000"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("runtime") / "runtime_cases"
    source = TOP / "test" / "e2e" / "runtime_cases.c"
    subprocess.run(
        ["clang-22", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", f"-I{TOP}/runtime/include", source, "-pthread", "-ldl", "-o", path],
        check=True,
    )
    return path


@pytest.fixture
def call(programs, program, examples):
    library = programs.compile(examples / "digits" / "digits_cnn.onnx", "digits.so")

    def run(case):
        result = subprocess.run([program, library, case], capture_output=True, text=True, timeout=1200)
        assert result.returncode == 0, f"status {result.returncode}: {result.stdout} {result.stderr}"
        return result.stdout.splitlines()

    return run


@pytest.mark.parametrize("case", CASES)
def test_refused(call, case):
    status, message = CASES[case]
    lines = call(case)
    assert lines[0].startswith(f"{status} ") and message in lines[0]
    assert lines[1] == UNTOUCHED


@pytest.mark.parametrize("case", ["right", "compact-strides", "element-aligned"])
def test_taken(call, case):
    # Three rows of probabilities, and 16 elements that are not the run's.
    assert call(case)[:2] == ["0 ", "sum -13.000"]


def test_empty_batch(call):
    assert call("empty")[:2] == ["0 ", UNTOUCHED]


def test_a_run_allocates_nothing(call):
    assert call("allocations")[2] == "allocations 0 0"


def test_contexts_run_concurrently(call):
    assert call("concurrent")[2] == "failures 0"
