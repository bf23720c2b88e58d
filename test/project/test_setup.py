# SPDX-License-Identifier: Apache-2.0
"""What the first command of README.md installs suffices for all that it builds, the Python package too."""
import subprocess

from tree import TOP


def listed(name):
    command = f'source scripts/versions.sh; printf "%s\\n" "${{{name}[@]}}"'
    lines = subprocess.run(["bash", "-c", command], cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split("=")[0] for line in lines}


def test_the_build_needs_nothing_of_the_tests():
    assert {"python3-venv", "python3-dev"} <= listed("DEBIAN_BUILD_PACKAGES")
    assert {"cmake", "ninja", "halide", "onnx", "numpy", "nanobind"} <= listed("PYPI_BUILD_PACKAGES")
    assert not listed("PYPI_BUILD_PACKAGES") & listed("PYPI_TEST_PACKAGES")
    assert not listed("DEBIAN_BUILD_PACKAGES") & listed("DEBIAN_TEST_PACKAGES")
