#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds dlc and makes a wheel of it, build/wheel/dlc-*.whl, for the Python of .venv (for all from that on, if it is 3.12 or newer).
# The wheel holds the programs with LLVM, MLIR and LLD linked in, Halide's library, the headers, the CMake package and the Python
# package; it runs on any Linux with a C library as new as this machine's. usage: scripts/wheel.sh
source "$(dirname "$0")/steps.sh"

readonly LARGEST_BYTES=150000000
export PATH=$TOP/.venv/bin:$PATH
scripts/build.sh release
made=build/wheel/made
rm -rf build/wheel/*.whl "$made"
mkdir -p "$made"

# The build tree of the tests, with its settings: nothing is compiled twice.
pack() {
  python -m pip wheel . --no-deps --no-build-isolation --disable-pip-version-check -w "$made" \
    --config-settings build-dir=build --config-settings cmake.args="--preset=release" \
    --config-settings cmake.define.DLC_BUILD_TESTS=ON
}

# Checks that no library is missing and that none is newer than the tag promises, and gives the wheel its tag.
name_platform() { python -m auditwheel repair "$made"/dlc-*.whl --plat auto --exclude 'libHalide.so*' -w build/wheel; }

plan 2
step "Pack the wheel" "If scikit-build-core is missing: scripts/setup.sh" pack
step "Name its platform" "The message above names the library that the wheel must not refer to." name_platform
wheel=$(ls build/wheel/dlc-*.whl)
bytes=$(stat -c %s "$wheel")
[ "$bytes" -le "$LARGEST_BYTES" ] || die "$wheel has $bytes bytes; it may have $LARGEST_BYTES"
say "$wheel: $((bytes / 1000000)) MB"
