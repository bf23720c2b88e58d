# SPDX-License-Identifier: Apache-2.0
"""Libraries and programs of other versions of dlc. `abi/` keeps a library (model.json, --train --target=x86-64-v2) and a program
(program.c) of each version of the ABI, as that version's dlc and headers built them: version 6 was the last incompatible change, so all later
ones must work with the current dlc, and earlier ones must report what is wrong."""
import json
import lzma
import platform
import subprocess

import dlc
import numpy as np
import pytest

from conftest import TOP

FOLDER = TOP / "test" / "e2e" / "abi"
BEFORE, KEPT = [5], [6]
LOSSES = ["0.284241", "0.133757", "0.068504", "0.061602", "0.073943"]

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the stored libraries are for x86-64")


def unpack(name, folder):
    path = folder / name
    path.write_bytes(lzma.decompress((FOLDER / f"{name}.xz").read_bytes()))
    path.chmod(0o755)
    return path


@pytest.fixture
def program(programs):
    """program.c with the current headers."""
    path = programs.folder / "program"
    command = ["clang-22", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/runtime/include", FOLDER / "program.c", "-o", path]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def library(programs):
    """model.json as the current dlc compiles it."""
    return programs.compile(FOLDER / "model.json", "today.so", "--train")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("version", KEPT)
def test_kept_library(programs, program, version):
    kept = unpack(f"library-{version}.so", programs.folder)
    result = run(program, kept)
    assert result.returncode == 0, result.stdout
    assert result.stdout.split() == LOSSES


@pytest.mark.parametrize("version", KEPT)
def test_kept_library_in_today_s_tools(programs, version):
    kept = unpack(f"library-{version}.so", programs.folder)
    info = json.loads(programs.run("dlc-run", "info", "--json", kept).stdout)
    assert info["abi_version"] == version and info["parameters"] == 21
    rng = np.random.default_rng(1)
    np.savez(programs.folder / "data.npz", x=rng.random((8, 3), dtype=np.float32), label=rng.random((8, 1), dtype=np.float32))
    result = programs.run("dlc-run", "train", kept, "--data", "data.npz", "--epochs", "2", "--batch", "4", "--checkpoint", "c.safetensors")
    assert result.returncode == 0, result.stderr
    model = dlc.Model(kept)
    assert set(model.new_state(seed=7)) >= {"hidden.weight", "hidden.bias", "score.weight", "score.bias"}


@pytest.mark.parametrize("version", KEPT)
def test_kept_program(programs, library, version):
    result = run(unpack(f"program-{version}", programs.folder), library)
    assert result.returncode == 0, result.stdout
    np.testing.assert_allclose([float(loss) for loss in result.stdout.split()], [float(loss) for loss in LOSSES], atol=2e-5)


@pytest.mark.parametrize("version", BEFORE)
def test_versions_before_say_what_is_wrong(programs, program, library, version):
    kept_library, kept_program = unpack(f"library-{version}.so", programs.folder), unpack(f"program-{version}", programs.folder)
    assert run(kept_program, kept_library).stdout.split() == LOSSES
    result = run(kept_program, library)
    assert result.returncode == 1 and f"ABI version 6, this program {version}: compile" in result.stdout
    result = run(program, kept_library)
    assert result.returncode == 1 and f"ABI version {version}, this program 6: compile" in result.stdout
    result = programs.run("dlc-run", "info", kept_library)
    assert result.returncode != 0 and f"ABI version {version}" in result.stderr
