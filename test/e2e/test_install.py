# SPDX-License-Identifier: Apache-2.0
"""An installed dlc: moved to another folder, found by CMake, used by somebody else's project."""
import os
import shutil
import subprocess

import pytest

from conftest import BIN, TOP

BUILD = BIN.parent
CMAKE = TOP / ".venv" / "bin" / "cmake"


def run(*command, cwd=None):
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}:\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation that has been moved after it was made."""
    folder = tmp_path_factory.mktemp("install")
    run(CMAKE, "--install", BUILD, "--prefix", folder / "first")
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_programs_run(prefix):
    for program in ("dlc", "dlc-opt", "dlc-run"):
        assert run(prefix / "bin" / program, "--version")


def test_cmake_project(prefix, tmp_path):
    shutil.copytree(TOP / "examples" / "embed-cmake", tmp_path / "embed-cmake")
    shutil.copytree(TOP / "examples" / "digits", tmp_path / "digits")
    run(CMAKE, "-S", tmp_path / "embed-cmake", "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_MAKE_PROGRAM={TOP / '.venv/bin/ninja'}", "-DCMAKE_C_COMPILER=clang-22")  # fmt: skip
    run(CMAKE, "--build", tmp_path / "build")
    assert "is a 7" in run(tmp_path / "build" / "recognize")
    # A second build has nothing to do; a touched weights file compiles the model again.
    assert "no work to do" in run(CMAKE, "--build", tmp_path / "build")
    os.utime(tmp_path / "digits" / "digits.safetensors")
    assert "Compiling model digits" in run(CMAKE, "--build", tmp_path / "build")


@pytest.mark.parametrize(
    "call, message",
    [
        ("dlc_add_model(app)", "say which model"),
        ("dlc_add_model(app MODEL nowhere.json)", "there is no file"),
        ("dlc_add_model(nothing MODEL m.json)", "no target 'nothing'"),
        ("dlc_add_model(app MODEL m.json NMAE x)", "unknown arguments"),
    ],
)
def test_mistakes_are_told(prefix, tmp_path, call, message):
    (tmp_path / "m.json").write_text("{}")
    (tmp_path / "app.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\nfind_package(dlc REQUIRED)\nadd_executable(app app.c)\n{call}\n"
    )
    result = subprocess.run(
        [CMAKE, "-S", tmp_path, "-B", tmp_path / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_C_COMPILER=clang-22",
         f"-DCMAKE_MAKE_PROGRAM={TOP / '.venv/bin/ninja'}"], capture_output=True, text=True)  # fmt: skip
    assert result.returncode != 0 and message in " ".join(result.stderr.split())
