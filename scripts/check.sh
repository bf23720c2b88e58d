#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What takes hours and does not run in CI: the whole compiler under sanitizers, tests with all their cases, and fuzzing.
#
# usage: scripts/check.sh [asan|tsan|large|pages|wheel] [--filter STRING] [--minutes N] [--jobs N] [--again]
#        scripts/check.sh fuzz [READER...] [--minutes N] [--jobs N] [--phase PHASE] [--again]
#        scripts/check.sh corpus [READER...]
#
#   asan     unit, lit and e2e tests with the compiler under the address and undefined-behaviour sanitizers
#   tsan     the runtime under the thread sanitizer, with 1 to 8 threads
#   large    the e2e tests of which CI runs a sample, with every case or many more random ones
#   pages    every command of the documentation, and what it prints; with PyTorch and scikit-learn if test/models/setup.sh has been run
#   wheel    scripts/wheel.sh, and the wheel in an empty Debian without LLVM (as root, with debootstrap)
#   fuzz     each reader (checkpoint csv idx json mlir npy npz onnx png safetensors), --minutes in all (30 by default)
#   corpus   regenerates test/fuzz/corpus: the smallest seeds of make_seeds.py and of what fuzzing found that cover the same code
# Without a part: asan, tsan, large, pages, wheel and fuzz.
#
#   --filter   only pieces (a file of e2e tests, a suite, a number of threads) whose name contains STRING
#   --minutes  fuzz: for each reader; else: no further piece is started after so many minutes
#   --phase    how far the fuzzers compile what they read: import, graph (the default), layout, kernels or program
#   --again    from the start; otherwise pieces that have passed for this commit are not run again, and a reader is fuzzed only for the
#              minutes that it still lacks, from the corpus that it has found
#
# Results are in .setup/check: logs/, corpus/READER, and findings/READER with the inputs that failed. A finding is fixed together with a
# file in test/fuzz/regressions/READER, which CI then reads in every run. Exit status 1 if a piece failed or there are findings.
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

readonly READERS=(checkpoint csv idx json mlir npy npz onnx png safetensors)
readonly STATE=$TOP/.setup/check
parts=() readers=() filter='' minutes='' jobs=1 phase=graph again=0
while [ $# -gt 0 ]; do
  case "$1" in
    asan | tsan | large | pages | wheel | fuzz | corpus) parts+=("$1") ;;
    --filter) filter=${2:?--filter needs a text}; shift ;;
    --minutes) minutes=${2:?--minutes needs a number}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --phase) phase=${2:?--phase needs a name}; shift ;;
    --again) again=1 ;;
    -h | --help) sed -n '3,27s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *)
      [[ " ${READERS[*]} " == *" $1 "* ]] || die "unknown part, reader or option '$1'" "Readers: ${READERS[*]}"
      readers+=("$1") ;;
  esac
  shift
done
[ "${#parts[@]}" != 0 ] || parts=(asan tsan large pages wheel fuzz)
[ "${#readers[@]}" != 0 ] || readers=("${READERS[@]}")

export PATH=$TOP/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
[ "$again" = 0 ] || rm -rf "$STATE"
mkdir -p "$STATE/logs"
# LLVM's libraries are not instrumented: a container that they and dlc both change looks overflowed, and memory of their allocators, whose
# code is partly inlined into dlc's, is poisoned by one side and allocated by the other.
export ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0 UBSAN_OPTIONS=print_stacktrace=1
commit=$(git rev-parse --short HEAD)$(git diff --quiet HEAD || git diff HEAD | sha1sum | cut -c1-8)
began=$SECONDS passed=0 failed=0 kept=0 late=0

# Runs COMMAND with its output in a log, unless the piece has passed for this commit or there is no time left.
piece() { # NAME COMMAND [ARG...]
  local name=$1 log start=$SECONDS
  shift
  [[ $name == *"$filter"* ]] || return 0
  if grep -qxF "$commit $name" "$STATE/passed" 2>/dev/null; then
    kept=$((kept + 1))
    return 0
  fi
  if [ -n "$minutes" ] && [ $((SECONDS - began)) -ge $((60 * minutes)) ]; then
    late=$((late + 1))
    return 0
  fi
  log=$STATE/logs/$(printf '%s' "$name" | tr -c 'a-zA-Z0-9' '-').log
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf '%s %s\n' "$commit" "$name" >>"$STATE/passed"
    say "passed  $name ($((SECONDS - start))s): $(tail -n 1 "$log")"
  else
    failed=$((failed + 1))
    say "FAILED  $name ($((SECONDS - start))s): see $log"
    grep -aE '^(FAILED|==[0-9]+==ERROR|.*runtime error:)|^ +dlc.*(FAILED|\.test|\.mlir)' "$log" | head -n 20 || true
  fi
}

lit() { python "/usr/lib/llvm-$LLVM_RELEASE/bin/lit" -sv -j "$jobs" "$@"; }

e2e() { # BUILD [ARG...]
  local build=$TOP/$1
  shift
  DLC_BIN=$build/bin PYTHONPATH=$TOP/build/python XDG_CACHE_HOME=$build/e2e-cache python -m pytest -q -n "$jobs" -p no:cacheprovider "$@"
}

check_asan() {
  # The Python package of the release build: an interpreter cannot load a sanitizer's library.
  scripts/build.sh release
  scripts/build.sh asan dlc dlc-run dlc-unit-tests
  piece asan:unit build-asan/bin/dlc-unit-tests --gtest_brief=1
  piece asan:lit lit build-asan/lit/test
  local test
  for test in test/e2e/test_*.py; do
    # What packages contain is a question to the release build.
    [[ $test == */test_notices.py || $test == */test_wheel.py ]] || piece "asan:$(basename "$test")" e2e build-asan "$test"
  done
}

stress() { DLC_STRESS_THREADS=$1 build-runtime-tsan/bin/dlc-unit-tests --gtest_brief=1 --gtest_repeat=5 --gtest_shuffle; }

check_tsan() {
  scripts/build.sh release dlc
  scripts/build.sh runtime-tsan
  local threads
  for threads in 1 2 3 4 5 6 7 8; do piece "tsan:$threads" stress "$threads"; done
}

check_large() {
  scripts/build.sh release
  # Every operator with every type, 25 times as many random models, schedules, broadcasts and mutants, every version of every ONNX operation, all cases of ONNX's
  # own runner, 800 levels of residual blocks, 50 kills, other random numbers.
  DLC_TEST_OPERATORS=all piece large:operators e2e build test/e2e/test_operators_agree.py
  DLC_SHARED_WEIGHT_MODELS=1000 piece large:shared-weights e2e build test/e2e/test_shared_weights.py
  DLC_SCHEDULE_POINTS=150 piece large:schedules e2e build test/e2e/test_module_text.py
  DLC_BROADCAST_GRAPHS=500 piece large:broadcasts e2e build test/e2e/test_random_broadcasts.py
  DLC_MUTATIONS=6000 piece large:mutations e2e build test/e2e/test_mutated_models.py
  DLC_TEST_LEVELS=800 piece large:depth e2e build test/e2e/test_depth.py
  DLC_TEST_CASES=all piece large:cases e2e build $(grep -lE '^from sampling import' test/e2e/test_*.py)
  DLC_TEST_VERSIONS=all piece large:versions e2e build test/e2e/test_opset_versions.py
  DLC_TEST_ONNX_BACKEND=all piece large:onnx-backend e2e build test/e2e/test_onnx_backend.py
  DLC_KILLS=50 piece large:kills e2e build test/e2e/test_train_checkpoints.py -k killed
  local seed
  for seed in 1 2 3; do
    DLC_TEST_SEED=$seed piece "large:seed-$seed" e2e build $(grep -lE '^[a-zA-Z]+ = np\.random\.default_rng' test/e2e/test_*.py)
  done
}

frameworks() { DLC_BIN=$TOP/build/bin PYTHONPATH=$TOP/build/python .setup/models/venv/bin/python -m pytest -q -p no:cacheprovider "$@"; }

check_pages() {
  scripts/build.sh release
  DLC_TEST_PAGES=all piece pages:all e2e build test/e2e/test_pages.py
  if [ -x .setup/models/venv/bin/python ]; then
    piece pages:frameworks frameworks test/frameworks/test_pages.py
  else
    say "pages:frameworks: not run; test/models/setup.sh installs PyTorch and scikit-learn"
  fi
}

check_wheel() {
  scripts/wheel.sh
  piece wheel:empty-root test/wheel/in_empty_root.sh
}

# The last line of libFuzzer's log that reports progress.
progress() { grep -a '^#[0-9].* cov: ' "$1" | tail -n 1; }

fuzz_reader() { # READER
  local reader=$1 corpus=$STATE/corpus/$1 findings=$STATE/findings/$1 spent=0 seconds start log options=() count line
  mkdir -p "$corpus" "$findings" "test/fuzz/regressions/$reader"
  [ ! -f "$STATE/seconds-$reader" ] || spent=$(cat "$STATE/seconds-$reader")
  seconds=$((60 * ${minutes:-30} - spent))
  log=$STATE/logs/fuzz-$reader.log
  if [ "$seconds" -gt 0 ]; then
    [ ! -f "$STATE/seeds/$reader.dict" ] || options+=(-dict="$STATE/seeds/$reader.dict")
    start=$SECONDS
    # Continues after a finding: each job is a separate process.
    "build-asan/bin/dlc-fuzz-$reader" "$corpus" "test/fuzz/corpus/$reader" "test/fuzz/regressions/$reader" -fork="$jobs" \
      -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -timeout=20 -rss_limit_mb=3000 -max_len=4096 -max_total_time="$seconds" \
      -artifact_prefix="$findings/" "${options[@]}" --phase="$phase" >"$log" 2>&1 </dev/null || true
    spent=$((spent + SECONDS - start))
    printf '%s\n' "$spent" >"$STATE/seconds-$reader"
  fi
  # A slow unit is a remark of libFuzzer's, not a failure.
  count=$(find "$findings" -type f ! -name "slow-unit-*" | wc -l)
  line=$(progress "$log" 2>/dev/null || true)
  say "fuzz:$reader: $((spent / 60)) minutes, $count findings, $(find "$corpus" -type f | wc -l) inputs that cover more${line:+; last: $line}"
  if [ "$count" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

check_fuzz() {
  scripts/build.sh asan "${readers[@]/#/dlc-fuzz-}"
  [ -d "$STATE/seeds" ] || python test/fuzz/make_seeds.py "$STATE/seeds"
  local reader
  for reader in "${readers[@]}"; do fuzz_reader "$reader"; done
}

make_corpus() {
  scripts/build.sh asan "${readers[@]/#/dlc-fuzz-}"
  local reader seeds=$STATE/seeds new
  rm -rf "$seeds"
  python test/fuzz/make_seeds.py "$seeds"
  for reader in "${readers[@]}"; do
    new=$STATE/merged/$reader
    rm -rf "$new"
    mkdir -p "$new" "$STATE/corpus/$reader"
    # Small inputs first, so that they are kept; larger ones only where they cover more.
    "build-asan/bin/dlc-fuzz-$reader" -merge=1 -max_len=2048 -timeout=20 "$new" "$seeds/$reader" "$STATE/corpus/$reader" \
      >"$STATE/logs/merge-$reader.log" 2>&1
    rm -rf "test/fuzz/corpus/$reader"
    mkdir -p test/fuzz/corpus
    cp -r "$new" "test/fuzz/corpus/$reader"
    say "$reader: $(find "$new" -type f | wc -l) files, $(du -sb "$new" | cut -f1) bytes"
  done
}

for part in "${parts[@]}"; do
  case "$part" in
    asan) check_asan ;;
    tsan) check_tsan ;;
    large) check_large ;;
    pages) check_pages ;;
    wheel) check_wheel ;;
    fuzz) check_fuzz ;;
    corpus) make_corpus ;;
  esac
done
say ""
say "$passed passed, $failed failed$([ "$kept" = 0 ] || printf ', %d had passed before' "$kept")$([ "$late" = 0 ] || printf ', %d not started for lack of time' "$late"), in $(((SECONDS - began) / 60)) minutes"
[ "$failed" = 0 ]
