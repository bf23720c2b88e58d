#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds dlc. usage: scripts/build.sh [PRESET] [TARGET...]
# PRESET is one of CMakePresets.json (release by default); the build tree is build/ for release and build-PRESET/ for others.
source "$(dirname "$0")/steps.sh"

preset=${1:-release}
shift || true
export PATH=$TOP/.venv/bin:$PATH

command -v cmake >/dev/null || die "there is no cmake in .venv" "Run scripts/setup.sh first."
plan 2
step "Configure ($preset)" "If a package was not found, run scripts/setup.sh; if the build tree is stale: rm -rf build*" \
  cmake --preset "$preset"
step "Build ($preset)" "Out of memory? Build with fewer jobs: .venv/bin/cmake --build --preset $preset -j 1" \
  cmake --build --preset "$preset" ${@:+--target "$@"}
