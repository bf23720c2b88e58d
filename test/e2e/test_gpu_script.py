# SPDX-License-Identifier: Apache-2.0
"""scripts/gpu-test.sh, which is for machines with a GPU, in a dry run on the fake driver."""
import json
import os
import subprocess
import sys

from conftest import BIN, TOP
from test_cuda import needs_fake, on_fake

pytestmark = needs_fake


def run_script(*arguments, **environment):
    return subprocess.run(
        [TOP / "scripts" / "gpu-test.sh", *map(str, arguments)], capture_output=True, text=True, timeout=300,
        env={**os.environ, "DLC_BIN": str(BIN), "PYTHON": sys.executable, **environment},
    )  # fmt: skip


def test_dry_run(tmp_path):
    folder = tmp_path / "prepared"
    prepared = run_script("prepare", "--small", folder)
    assert prepared.returncode == 0 and "2 measurements" in prepared.stdout, prepared.stdout + prepared.stderr
    lines = (folder / "libraries" / "list").read_text().splitlines()
    assert {line.split()[1] for line in lines} >= {"run", "predict", "train_step"}
    # Without time nothing is begun, and what is left is done later.
    first = run_script("run", "--minutes", "0", folder, **on_fake())
    assert first.returncode == 1 and f"no time was left for {len(lines)} checks" in first.stdout, first.stdout + first.stderr
    second = run_script("run", folder, **on_fake())
    assert second.returncode == 0 and f"{len(lines)} checks passed, 0 failed, 0 left" in second.stdout, second.stdout + second.stderr
    results = json.loads((folder / "results.json").read_text())
    assert results["card"] and all(row["ok"] for row in results["cases"].values()) and set(results["cases"]) == {"product", "lenet5"}
    assert results["ceilings"]["copy TB/s"] > 0 and results["ceilings"]["launch us"] > 0
    assert "ceilings: " in (folder / "results.txt").read_text() and second.stdout.count("ok (") == 2


def test_failures_are_seen(tmp_path):
    """Libraries that differ from the CPU's results, here because the driver fails, and a machine without a driver."""
    folder = tmp_path / "prepared"
    assert run_script("prepare", "--small", folder).returncode == 0
    result = run_script("run", folder, **on_fake(fail="cuLaunchKernel=719@3"))
    assert result.returncode == 1 and "FAILED: error: GPU 0 has failed" in result.stdout, result.stdout + result.stderr
    assert run_script("run", tmp_path / "nothing").returncode == 2
