# SPDX-License-Identifier: Apache-2.0
"""What the processor that the tests run on can execute. Tests of instructions that it lacks are skipped with a reason that
scripts/sum_results.py allows: "this CPU lacks ..."."""
import pytest

FLAGS = frozenset(open("/proc/cpuinfo").read().split())
# A flag of each target that no lower one has.
TARGETS = {"x86-64-v2": "sse4_2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl"}
# ONNX Runtime adds two products of 8 bits in 16 bits, which saturate, where the processor has no instruction that sums four of them.
SUMS_SATURATE = not FLAGS & {"avx512_vnni", "avx_vnni"}


def can_run(target):
    """Whether programs for `native`, x86-64-v2, -v3 or -v4 run here."""
    return target == "native" or TARGETS[target] in FLAGS


def skip_unless(target):
    """Skips the test where programs for the target do not run."""
    if not can_run(target):
        pytest.skip(f"this CPU lacks {target}")


def needs_flag(flag):
    """Marks tests of instructions that have a flag in /proc/cpuinfo."""
    return pytest.mark.skipif(flag not in FLAGS, reason=f"this CPU lacks {flag}")
