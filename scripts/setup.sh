#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what dlc needs and this machine lacks: packages of Debian 12 (apt-get) and of PyPI (into .venv of this folder).
# Quick when nothing is missing. usage: scripts/setup.sh [--build-only]   (--build-only leaves out what only the tests need)
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

debian=("${DEBIAN_BUILD_PACKAGES[@]}") pypi=("${PYPI_BUILD_PACKAGES[@]}")
case "${1:-}" in
  --build-only) ;;
  '') debian+=("${DEBIAN_TEST_PACKAGES[@]}") pypi+=("${PYPI_TEST_PACKAGES[@]}") ;;
  *) die "unknown option '$1'" "usage: scripts/setup.sh [--build-only]" ;;
esac

# Prints the packages of the list that are missing or older than required.
missing_debian() {
  local entry name oldest have
  for entry in "${debian[@]}"; do
    name=${entry%%=*} oldest=${entry#*=}
    have=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null || true)
    if [ "${have%% *}" != installed ] || dpkg --compare-versions "${have#* }" lt "$oldest"; then echo "$name"; fi
  done
}

missing_pypi() {
  [ -x .venv/bin/python ] || { printf '%s\n' "${pypi[@]}"; return; }
  .venv/bin/python - "${pypi[@]}" <<'PYTHON'
import importlib.metadata as metadata
import sys

for requirement in sys.argv[1:]:
    name, version = requirement.split("==")
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found = None
    if found != version:
        print(requirement)
PYTHON
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_debian() {
  as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_pypi() {
  [ -x .venv/bin/python ] || python3 -m venv .venv || return
  .venv/bin/python -m pip install --disable-pip-version-check --no-input "$@"
}

mapfile -t packages < <(command -v dpkg-query >/dev/null && missing_debian || printf '%s\n' "${debian[@]%%=*}")
steps=0
[ "${#packages[@]}" = 0 ] || steps=$((steps + 1))
# The Python environment needs python3-venv, so what it lacks is only known for sure once Debian's packages are there.
mapfile -t wheels < <(missing_pypi)
[ "${#wheels[@]}" = 0 ] || steps=$((steps + 1))
if [ "$steps" = 0 ]; then
  say "setup: nothing is missing"
  exit 0
fi
plan "$steps"

if [ "${#packages[@]}" != 0 ]; then
  command -v apt-get >/dev/null || die "this script installs packages on Debian 12 and there is no apt-get here" \
    "Install the counterparts of these, then run the scripts again with DLC_SKIP_SETUP=1:" "${packages[*]}"
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    die "packages are missing, and installing them takes root" "Run this, then the script again:" \
      "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
  fi
  step "Install ${#packages[@]} Debian packages" \
    "Is this Debian 12 with its security updates enabled (LLVM $LLVM_RELEASE comes from bookworm-security), and is the package server reachable? Try: apt-get update && apt-get install ${packages[*]}" \
    install_debian "${packages[@]}"
fi
if [ "${#wheels[@]}" != 0 ]; then
  step "Install ${#wheels[@]} Python packages into .venv" \
    "Is PyPI reachable? A half-made environment is repaired by: rm -rf .venv && scripts/setup.sh" \
    install_pypi "${wheels[@]}"
fi
