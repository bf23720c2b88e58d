# SPDX-License-Identifier: Apache-2.0
"""Gradients of every op on the fake driver of test/fake_cuda against those of the CPU, which test_gradients.py compares with differences:
in f64, which kernels of Halide compute, and in f32, where products and convolutions are templates."""
import os
import pickle
import re
import subprocess
import sys

import gradient_cases
import numpy as np
import pytest
from gradient_check import eval_extent, write_function
from sampling import IS_ALL, sample
from test_cuda import needs_fake, on_fake

FAMILIES = ["UNARY", "BINARY", "LINEAR", "REDUCTION", "MOVEMENT", "NORMALIZATION", "SAMPLING"]
# Runs every entry point on its inputs, in a process that finds the fake driver.
RUN = """
import pickle, sys
import dlc
model = dlc.Model(sys.argv[1])
with open(sys.argv[2], "rb") as file:
    runs = pickle.load(file)
results = [model.run(values, entry=entry) for entry, values in runs]
with open(sys.argv[3], "wb") as file:
    pickle.dump(results, file)
"""


def run_all(programs, library, runs, environment):
    with open(programs.folder / "runs", "wb") as file:
        pickle.dump(runs, file)
    result = subprocess.run(
        [sys.executable, "-c", RUN, library, programs.folder / "runs", programs.folder / "results"], capture_output=True, text=True, timeout=1200,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    with open(programs.folder / "results", "rb") as file:
        return pickle.load(file)


def make_runs(cases, dtype):
    for case in cases:
        random = np.random.default_rng([1, *case.name.encode()])
        for symbols in case.symbols:
            values = {name: case.constant[name] if name in case.constant else tensor.make(random, symbols) for name, tensor in case.inputs.items()}
            values["w"] = random.uniform(-1, 1, [eval_extent(dim, symbols) for dim in case.result])
            values = {name: np.array(value, order="C") for name, value in values.items()}
            yield case.name, {name: value.astype(dtype) if value.dtype == np.float64 else value for name, value in values.items()}


TARGETS = [("cuda", 75, "f32"), ("cuda-sm_80", 80, "f32"), ("cuda", 75, "f64")]
# In CI in f32 alone, and half of those that have templates or many sums, for one of two architectures each.
CASES = [(*target, family) for target in TARGETS for family in FAMILIES] if IS_ALL else [
    (*TARGETS[turn % 2], family) for turn, family in enumerate(["LINEAR", "NORMALIZATION", "REDUCTION"])
]  # fmt: skip


@needs_fake
@pytest.mark.parametrize("target, capability, element, family", CASES)
def test_gradients_are_those_of_the_cpu(programs, target, capability, element, family):
    cases = [case for case in getattr(gradient_cases, family) if element == "f64" or "underflow" not in case.name]
    cases = sample(cases, -(-len(cases) // 2), FAMILIES.index(family))
    text = "\n".join(map(write_function, cases))
    if element == "f32":
        text = re.sub(r"(tensor<[0-9?x]*)f64>", r"\1f32>", text).replace("to = f64", "to = f32")
    (programs.folder / "model.mlir").write_text(text)
    runs = list(make_runs(cases, np.float32 if element == "f32" else np.float64))
    expected = run_all(programs, programs.compile("model.mlir", "on_cpu.so"), runs, {})
    actual = run_all(programs, programs.compile("model.mlir", "on_gpu.so", f"--target={target}"), runs, on_fake(capability=capability, seed=2))
    # Least squares of a square matrix lose the most digits: 2e-5 in f32.
    tolerance, failures = 5e-5 if element == "f32" else 1e-10, []
    for (entry, values), want, got in zip(runs, expected, actual):
        for name in want:
            scale = np.abs(want[name][np.isfinite(want[name])]).max(initial=0) or 1
            if not np.allclose(got[name] / scale, want[name] / scale, rtol=0, atol=tolerance, equal_nan=True):
                failures.append(f"{entry} {name} of {[value.shape for value in values.values()]}: {np.abs(got[name] - want[name]).max() / scale:.3g} of the range")
    assert not failures, "\n".join(failures)
