# SPDX-License-Identifier: Apache-2.0
"""The wheel of scripts/wheel.sh: what is in it suffices to compile and run a model, away from the build tree and without LLVM.

test/wheel/in_empty_root.sh does the same in an empty Debian."""
import os
import pathlib
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from conftest import BIN, TOP

LARGEST_BYTES = 150_000_000


@pytest.fixture(scope="module")
def wheel():
    (path,) = (BIN.parent / "wheel").glob("dlc-*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder into which pip has installed the wheel, nothing else."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", folder, wheel],
        check=True,
    )
    return folder


def run(site, *command):
    """Runs a program that sees the installed package, NumPy and the system, and neither this tree nor its programs."""
    environment = {"PYTHONPATH": str(site), "PATH": f"{site / 'bin'}:/usr/bin:/bin", "HOME": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run([str(part) for part in command], cwd=site.parent, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}:\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    return result.stdout


def test_size_and_content(wheel):
    assert wheel.stat().st_size <= LARGEST_BYTES
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "manylinux" in wheel.name
    for name in ("bin/dlc", "bin/dlc-opt", "bin/dlc-run", "bin/dlc-tune", "include/dlc/runtime.h", "include/dlc/runtime.hpp", "py.typed",
                 "_dlc.pyi", "lib/cmake/dlc/dlcConfig.cmake", "lib/cmake/dlc/DlcAddModel.cmake", "__init__.py"):  # fmt: skip
        assert f"dlc/{name}" in names
    assert not [name for name in names if name.endswith((".a", ".o"))]


def test_scripts_in_place_of_links(site, tmp_path):
    """They find dlc through links and from any folder, and pass on arguments as they are and the exit status."""
    (tmp_path / "a folder").mkdir()
    link = tmp_path / "a folder" / "opt"
    link.symlink_to(site / "dlc" / "bin" / "dlc-opt")
    (tmp_path / "a $b 'c'.mlir").write_text("module {}\n")
    assert run(site, link, tmp_path / "a $b 'c'.mlir").strip() == "module {\n}"
    result = subprocess.run([link, "nowhere.mlir"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1 and "nowhere.mlir" in result.stderr


@pytest.mark.parametrize("program", ["dlc", "dlc-opt", "dlc-run", "dlc-tune"])
def test_programs(site, program):
    for command in site / "bin" / program, site / "dlc" / "bin" / program:
        version = run(site, command, "--version")
        assert version == run(site, BIN / program, "--version") and ("0.1.0" in version or program == "dlc-opt")
    # What replaces a link is a script.
    path = site / "dlc" / "bin" / program
    libraries = run(site, "ldd", path if path.read_bytes().startswith(b"\x7fELF") else path.with_name("dlc"))
    assert "not found" not in libraries and "LLVM" not in libraries and "MLIR" not in libraries
    for line in libraries.splitlines():
        if "libHalide" in line:
            assert str(site) in line


def test_digits(site):
    run(site, "dlc", TOP / "examples" / "digits" / "digits_cnn.onnx", "-o", "digits.so")
    assert "image: f32[N, 1, 8, 8]" in run(site, "dlc-run", "info", "digits.so")
    images = np.random.default_rng(3).random((17, 1, 8, 8), dtype=np.float32)
    np.save(site.parent / "images.npy", images)
    program = (
        "import dlc, numpy, pathlib\n"
        f"assert pathlib.Path(dlc.__file__).is_relative_to({str(site)!r})\n"
        f"library = dlc.compile({str(TOP / 'examples' / 'digits' / 'digits.json')!r}, 'again.so')\n"
        "numpy.save('probability.npy', dlc.Model(library)(numpy.load('images.npy')))\n"
    )
    run(site, sys.executable, "-c", program)
    run(site, "dlc-run", "digits.so", "--input", "image=images.npy", "--output", "probability=other.npy")
    probability, other = np.load(site.parent / "probability.npy"), np.load(site.parent / "other.npy")
    assert probability.shape == (17, 10)
    np.testing.assert_allclose(probability, other, atol=1e-5)


def test_folders_for_other_builds(site):
    include = run(site, sys.executable, "-m", "dlc", "--include-dir").strip()
    assert (pathlib.Path(include) / "dlc" / "runtime.h").is_file() and include.startswith(str(site))
    (site.parent / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\nfind_package(dlc REQUIRED)\nadd_executable(app app.c)\n"
        f"dlc_add_model(app MODEL {TOP / 'examples/digits/digits.json'})\n"
    )
    (site.parent / "app.c").write_text('#include "digits.h"\nint main(void) { return dlc_model_digits.entry_count != 1; }\n')
    tools = TOP / ".venv" / "bin"
    folder = run(site, sys.executable, "-m", "dlc", "--cmake-dir").strip()
    run(site, tools / "cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-Ddlc_DIR={folder}", "-DCMAKE_C_COMPILER=clang-22",
        f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}")  # fmt: skip
    run(site, tools / "cmake", "--build", "build")
    assert subprocess.run([site.parent / "build" / "app"]).returncode == 0


def test_a_missing_program_is_told(site, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(site), "DLC_PROGRAM": str(tmp_path / "nothing")}
    result = subprocess.run([sys.executable, "-m", "dlc", "x.json"], env=environment, capture_output=True, text=True)
    assert result.returncode == 1 and "set DLC_PROGRAM to the path of dlc" in result.stderr
