# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of a build tree (DLC_BIN, build/bin by default) as a user does, on files in a scratch folder."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import zlib

import numpy as np
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DLC_BIN", TOP / "build" / "bin"))

# Shells start what runs in the background with SIGINT ignored, nohup with SIGHUP, and programs inherit that: tests that interrupt one would
# wait for ever.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Programs:
    """dlc and dlc-run with a scratch folder to work in."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, program, *arguments, timeout=1200, environment=None):
        """The finished process; the test fails if it dies of a signal, whatever it expects."""
        result = subprocess.run(
            [str(BIN / program), *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, errors="replace",
            timeout=timeout, env={**os.environ, **(environment or {})},
        )  # fmt: skip
        assert result.returncode >= 0, f"{program} died of signal {-result.returncode}:\n{result.stderr[-2000:]}"
        # The address sanitizer's remark on the stack that Halide makes for its compiler.
        result.stderr = re.sub(r"==\d+==WARNING: ASan doesn't fully support makecontext.*\n", "", result.stderr)
        return result

    def compile(self, model, output, *options, **keywords):
        result = self.run("dlc", model, "-o", output, *options, **keywords)
        assert result.returncode == 0, result.stderr
        return self.folder / output

    def can_run(self, library):
        """Whether this CPU has the instructions of a library."""
        result = self.run("dlc-run", "bench", library, "--seconds", "0.001")
        assert result.returncode == 0 or "this CPU lacks" in result.stderr, result.stderr
        return result.returncode == 0

    def execute(self, library, inputs, outputs, *options):
        """Runs a library once on arrays; returns the named outputs."""
        arguments = []
        for name, array in inputs.items():
            path = self.folder / f"in-{name.replace('/', '_')}.npy"
            np.save(path, array)
            arguments += ["--input", f"{name}={path}"]
        paths = {name: self.folder / f"out-{name.replace('/', '_')}.npy" for name in outputs}
        for name, path in paths.items():
            arguments += ["--output", f"{name}={path}"]
        result = self.run("dlc-run", library, *arguments, *options)
        assert result.returncode == 0, result.stderr
        return {name: np.load(path) for name, path in paths.items()}


@pytest.fixture(autouse=True)
def generators(request):
    """Seeds the random generators of this folder's modules from the test's name: its numbers do not depend on the tests that ran before it.

    With DLC_TEST_SEED they are other numbers.
    """
    seed = zlib.crc32((os.environ.get("DLC_TEST_SEED", "") + request.node.name).encode())
    state = np.random.default_rng(seed).bit_generator.state
    here = str(pathlib.Path(__file__).parent)
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(here):
            for value in vars(module).values():
                if isinstance(value, np.random.Generator):
                    value.bit_generator.state = state


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path)


@pytest.fixture(scope="session")
def examples():
    return TOP / "examples"


@pytest.fixture(scope="session")
def top():
    return TOP
