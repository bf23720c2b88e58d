#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds, and runs every test. The last line reads `N passed, N failed`; the exit status is 0 only if none failed.
#
# usage: scripts/test.sh [PART...] [--filter TEXT] [--jobs N]
#   PART     project (sources, docs, licences), unit (GoogleTest), lit (test/ and examples/), e2e (pytest: whole programs),
#            sanitize (runtime and a compiled model under address, undefined-behaviour and thread sanitizers); all when left out
#   --filter only tests whose name contains TEXT
# DLC_SKIP_SETUP=1 leaves out the set-up, for a machine whose packages were installed in another way.
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

readonly ALL_PARTS=(project unit lit e2e sanitize)
parts=() filter='' jobs=$(nproc)
while [ $# -gt 0 ]; do
  case "$1" in
    project | unit | lit | e2e | sanitize) parts+=("$1") ;;
    --filter) filter=${2:?--filter needs a text}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    -h | --help) sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option or part '$1'" "Parts: ${ALL_PARTS[*]}" ;;
  esac
  shift
done
[ "${#parts[@]}" != 0 ] || parts=("${ALL_PARTS[@]}")

[ -n "${DLC_SKIP_SETUP:-}" ] || scripts/setup.sh
export PATH=$TOP/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
scripts/build.sh release
for part in "${parts[@]}"; do
  [ "$part" != sanitize ] || { scripts/build.sh runtime-asan && scripts/build.sh runtime-tsan; }
done

readonly RESULTS=$TOP/.setup/results
rm -rf "$RESULTS" && mkdir -p "$RESULTS"
# The last test run's kernels would hide a mistake in this one's.
rm -rf build/lit/cache build/e2e-cache
export DLC_BIN=$TOP/build/bin

run_pytest() { # FOLDER NAME [ARG...]
  local folder=$1 name=$2
  shift 2
  XDG_CACHE_HOME=$TOP/build/e2e-cache PYTHONPATH=$TOP/build/python python -m pytest "$folder" -q -n "$jobs" \
    -p no:cacheprovider --junitxml "$RESULTS/$name.xml" ${filter:+-k "$filter"} "$@"
}

run_unit() { # BUILD NAME
  "$1/bin/dlc-unit-tests" --gtest_brief=1 --gtest_output="xml:$RESULTS/$2.xml" ${filter:+--gtest_filter="*$filter*"}
}

run_lit() {
  python "/usr/lib/llvm-$LLVM_RELEASE/bin/lit" -sv -j "$jobs" --xunit-xml-output "$RESULTS/lit.xml" ${filter:+--filter "$filter"} \
    build/lit/test build/lit/examples
}

keep_going=1 expected=()
count=0
for part in "${parts[@]}"; do [ "$part" = sanitize ] && count=$((count + 2)) || count=$((count + 1)); done
plan "$count"
for part in "${parts[@]}"; do
  case "$part" in
    project)
      step "Test: project" "" run_pytest test/project project
      expected+=("project=$step_status=$RESULTS/project.xml") ;;
    unit)
      step "Test: unit" "" run_unit build unit
      expected+=("unit=$step_status=$RESULTS/unit.xml") ;;
    lit)
      step "Test: lit" "" run_lit
      expected+=("lit=$step_status=$RESULTS/lit.xml") ;;
    e2e)
      step "Test: e2e" "" run_pytest test/e2e e2e
      expected+=("e2e=$step_status=$RESULTS/e2e.xml") ;;
    sanitize)
      for sanitizer in asan tsan; do
        step "Test: $sanitizer" "" run_unit "build-runtime-$sanitizer" "$sanitizer"
        expected+=("$sanitizer=$step_status=$RESULTS/$sanitizer.xml")
      done ;;
  esac
done

python scripts/sum_results.py --expect "${expected[@]}"
