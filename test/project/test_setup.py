# SPDX-License-Identifier: Apache-2.0
"""What the first command of README.md installs suffices for all that it builds, the Python package too."""
import subprocess
import tomllib

from tree import TOP


def entries(name):
    command = f'source scripts/versions.sh; printf "%s\\n" "${{{name}[@]}}"'
    return subprocess.run(["bash", "-c", command], cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()


def listed(name):
    return {line.split("=")[0] for line in entries(name)}


def test_the_build_needs_nothing_of_the_tests():
    assert {"python3-venv", "python3-dev"} <= listed("DEBIAN_BUILD_PACKAGES")
    assert {"cmake", "ninja", "halide", "onnx", "numpy", "nanobind"} <= listed("PYPI_BUILD_PACKAGES")
    assert not listed("PYPI_BUILD_PACKAGES") & listed("PYPI_TEST_PACKAGES")
    assert not listed("DEBIAN_BUILD_PACKAGES") & listed("DEBIAN_TEST_PACKAGES")


def test_pip_builds_with_the_same_versions():
    required = tomllib.loads((TOP / "pyproject.toml").read_text())["build-system"]["requires"]
    assert set(required) <= set(entries("PYPI_BUILD_PACKAGES"))
    assert {"scikit-build-core", "nanobind", "halide", "onnx"} <= {entry.split("==")[0] for entry in required}
