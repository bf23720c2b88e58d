# SPDX-License-Identifier: Apache-2.0
"""Whatever is compiled or linked into the programs has its licence in the wheel and in an installation."""
import os
import pathlib
import re
import subprocess
import zipfile

import pytest

from conftest import BIN, TOP

BUILD = BIN.parent
#: Where the notice of a library or header is, by what its path contains.
NOTICES = {
    "libMLIR": "MLIR", "libLLVM": "LLVM", "liblld": "LLD", "libHalide": "Halide", "libprotobuf": "protobuf", "libzstd": "zstd",
    "libz.": "zlib", "libminizip": "minizip", "libcsv": "libcsv", "include/mlir": "MLIR", "include/llvm": "LLVM", "include/lld": "LLD",
    "halide/include": "Halide", "/robin_map/": "robin-map", "nanobind/": "nanobind", "include/nlohmann": "nlohmann-json", "include/CLI": "CLI11",
    "include/google/protobuf": "protobuf", "include/stb": "stb", "include/minizip": "minizip", "include/csv.h": "libcsv",
    "include/zlib.h": "zlib", "include/zconf.h": "zlib", "include/zstd": "zstd",
}  # fmt: skip
#: What a program finds on the machine: the C and C++ libraries and Python.
PRESENT = re.compile(r"/usr/include/(c\+\+|x86_64-linux-gnu|linux|asm-generic|python3|pthread|rpc)|/lib/clang/|/usr/include/[a-z_0-9-]+\.h$"
                     r"|/include/python3|/usr/lib/gcc")  # fmt: skip


def notice_of(path):
    """The name of the notice for a path; none for what is not passed on; fails for what is unknown."""
    for part, name in NOTICES.items():
        if part in path:
            return name
    assert PRESENT.search(path), f"cmake/DlcNotices.cmake and NOTICES in this test have no row for {path}"
    return None


def linked():
    """The libraries that dlc, dlc-run and the Python module are linked from, other than those of the build tree."""
    libraries, program = set(), None
    for line in (BUILD / "build.ninja").read_text().splitlines():
        if line.startswith("build "):
            program = re.match(r"build (bin/dlc|bin/dlc-run|python/dlc/_dlc\S*):", line)
        elif program and "LINK_LIBRARIES =" in line:
            libraries |= {word for word in line.split() if word.startswith("/")}
    return libraries


def included():
    """The headers that sources other than tests include, other than the tree's."""
    lines = subprocess.run([TOP / ".venv/bin/ninja", "-C", BUILD, "-t", "deps"], capture_output=True, text=True, check=True).stdout.splitlines()
    headers, counts = set(), False
    for line in lines:
        if line and not line.startswith(" "):
            counts = not line.startswith("test/") and ".o: " in line
        elif counts and line.strip():
            headers.add(os.path.normpath(BUILD / line.strip()))
    return {header for header in headers if not pathlib.Path(header).is_relative_to(TOP) or "site-packages" in header}


@pytest.fixture(scope="module")
def needed():
    libraries, headers = linked(), included()
    assert any("libLLVM" in path for path in libraries) and any("libcsv" in path for path in libraries)
    assert any("nlohmann" in path for path in headers) and any("nanobind" in path for path in headers)
    # The description of its format, onnx.proto, is compiled, too.
    return {"ONNX", *filter(None, map(notice_of, sorted(libraries | headers)))}


def check(texts, needed):
    """texts: the notices by name."""
    assert needed <= set(texts), f"without a notice: {sorted(needed - set(texts))}"
    for name, text in texts.items():
        assert "opyright" in text and len(text) > 500, name
    for name, phrase in {"LLVM": "LLVM Exceptions", "libcsv": "GNU LESSER GENERAL PUBLIC LICENSE", "Halide": "Permission is hereby granted"}.items():
        assert phrase in texts[name]
    for name in "LLVM", "MLIR", "LLD":
        assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in texts[name]


def test_wheel(needed):
    (path,) = (BUILD / "wheel").glob("dlc-*.whl")
    with zipfile.ZipFile(path) as wheel:
        texts = {pathlib.Path(name).stem: wheel.read(name).decode() for name in wheel.namelist() if re.search(r"\.dist-info/licenses/third-party/.", name)}
    check(texts, needed)


def test_installation(needed, tmp_path):
    subprocess.run([TOP / ".venv/bin/cmake", "--install", BUILD, "--prefix", tmp_path, "--component", "compiler"], check=True, capture_output=True)
    check({path.stem: path.read_text() for path in (tmp_path / "share/doc/dlc/licenses").iterdir()}, needed)
