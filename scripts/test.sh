#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds, and runs every test. The last line reads `N passed, N failed`; the exit status is 0 only if none failed.
#
# usage: scripts/test.sh [PART...] [--filter STRING] [--jobs N]
#   PART     project (sources, docs, licences), unit (GoogleTest), lit (test/ and examples/), e2e (pytest: whole programs),
#            checked (unit and lit tests, and the fuzzers' corpora, with the C++ library's assertions on), sanitize (runtime and a compiled
#            model under address, undefined-behaviour and thread sanitizers), lint (clang-tidy on what a change touches); all by default
#   --filter only tests whose name contains STRING
# What takes hours (the whole compiler under sanitizers, fuzzing) is scripts/check.sh.
# DLC_SKIP_SETUP=1 skips the setup, for a machine whose packages were installed in another way.
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

readonly ALL_PARTS=(project unit lit e2e checked sanitize lint)
# No further clang-tidy run starts after so many seconds: a change of a hundred files must not take CI an hour.
readonly LINT_SECONDS=${DLC_LINT_SECONDS:-240}
parts=() filter='' jobs=$(nproc)
while [ $# -gt 0 ]; do
  case "$1" in
    project | unit | lit | e2e | checked | sanitize | lint) parts+=("$1") ;;
    --filter) filter=${2:?--filter needs a text}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    -h | --help) sed -n '3,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option or part '$1'" "Parts: ${ALL_PARTS[*]}" ;;
  esac
  shift
done
[ "${#parts[@]}" != 0 ] || parts=("${ALL_PARTS[@]}")

[ -n "${DLC_SKIP_SETUP:-}" ] || scripts/setup.sh
export PATH=$TOP/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
scripts/build.sh release
for part in "${parts[@]}"; do
  [ "$part" != e2e ] || scripts/wheel.sh
  [ "$part" != checked ] || scripts/build.sh checked dlc dlc-run dlc-unit-tests dlc-fuzzers
  [ "$part" != sanitize ] || { scripts/build.sh runtime-asan && scripts/build.sh runtime-tsan; }
done

readonly RESULTS=$TOP/.setup/results
rm -rf "$RESULTS" && mkdir -p "$RESULTS"
# The last test run's kernels would hide a mistake in this one's.
rm -rf build/lit/cache build/e2e-cache build-checked/lit/cache
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

run_lit() { # NAME FOLDER...
  local name=$1
  shift
  python "/usr/lib/llvm-$LLVM_RELEASE/bin/lit" -sv -j "$jobs" --xunit-xml-output "$RESULTS/$name.xml" ${filter:+--filter "$filter"} "$@"
}

# Every file of the corpora goes once through its reader. Writes a JUnit file with a test for each reader.
run_corpora() { # BUILD NAME
  local build=$1 name=$2 folder format files failed=0
  {
    printf '<testsuites><testsuite name="%s">\n' "$name"
    for folder in test/fuzz/corpus/*/; do
      format=$(basename "$folder")
      case "$format" in *"$filter"*) ;; *) continue ;; esac
      mapfile -t files < <(find "$folder" "test/fuzz/regressions/$format" -type f 2>/dev/null | sort)
      say "$format: ${#files[@]} files" >&2
      if "$build/bin/dlc-fuzz-$format" "${files[@]}" >"$LOGS/$name-$format.log" 2>&1 </dev/null; then
        printf '<testcase classname="fuzz" name="%s"/>\n' "$format"
      else
        failed=1
        tail -n 40 "$LOGS/$name-$format.log" >&2
        printf '<testcase classname="fuzz" name="%s"><failure/></testcase>\n' "$format"
      fi
    done
    printf '</testsuite></testsuites>\n'
  } >"$RESULTS/$name.xml"
  return "$failed"
}

run_lint() {
  local status=0
  scripts/lint.sh --check --seconds "$LINT_SECONDS" --jobs "$jobs" || status=$?
  printf '<testsuites><testsuite name="lint"><testcase classname="lint" name="changed files">%s</testcase></testsuite></testsuites>\n' \
    "$([ "$status" = 0 ] || printf '<failure/>')" >"$RESULTS/lint.xml"
  return "$status"
}

keep_going=1 expected=()
count=0
for part in "${parts[@]}"; do
  case "$part" in checked) count=$((count + 3)) ;; sanitize) count=$((count + 2)) ;; *) count=$((count + 1)) ;; esac
done
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
      step "Test: lit" "" run_lit lit build/lit/test build/lit/examples
      expected+=("lit=$step_status=$RESULTS/lit.xml") ;;
    e2e)
      step "Test: e2e" "" run_pytest test/e2e e2e
      expected+=("e2e=$step_status=$RESULTS/e2e.xml") ;;
    checked)
      step "Test: checked unit" "" run_unit build-checked checked-unit
      expected+=("checked-unit=$step_status=$RESULTS/checked-unit.xml")
      step "Test: checked lit" "" run_lit checked-lit build-checked/lit/test
      expected+=("checked-lit=$step_status=$RESULTS/checked-lit.xml")
      step "Test: checked corpora" "" run_corpora build-checked checked-fuzz
      expected+=("checked-fuzz=$step_status=$RESULTS/checked-fuzz.xml") ;;
    lint)
      step "Lint" "" run_lint
      expected+=("lint=$step_status=$RESULTS/lint.xml") ;;
    sanitize)
      for sanitizer in asan tsan; do
        step "Test: $sanitizer" "" run_unit "build-runtime-$sanitizer" "$sanitizer"
        expected+=("$sanitizer=$step_status=$RESULTS/$sanitizer.xml")
      done ;;
  esac
done

python scripts/sum_results.py --expect "${expected[@]}"
