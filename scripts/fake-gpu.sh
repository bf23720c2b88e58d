#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs examples on the fake CUDA driver and compares them with the CPU. usage: scripts/fake-gpu.sh [MODEL...]
# MODEL is a .json or .onnx file, by default every model of examples/, and those of bench/training with a batch of 3, images of 64 x 64 and
# five steps. Each is compiled for the CPU and for three GPUs. With a batch N of 3 and an extent of 5 for other symbols, the outputs of its
# entry points, gradients among them, must agree to 1e-4 of a tensor's range, because long sums are added in another order, and the loss of
# the third of three training steps to 1e-5; entry points with a state run three times, too. Gradients and losses may differ by more where
# rounding decides them (dlc-run verify --sensitivity): which of two almost equal elements a max pool takes, and the third loss of ResNet-18
# on three images, which changes of 2^-18 move by 9 %. A row per model, GPU and entry point is printed, with the seconds that both runs
# took; the exit status is 1 if any fails. All models take long; the tests run a few of them (test/e2e/test_cuda.py).
set -u
TOP=$(cd "$(dirname "$0")/.." && pwd)
BIN=${DLC_BIN:-$TOP/build/bin}
FAKE=$BIN/../fake_cuda
[ -e "$FAKE/libcuda.so.1" ] || { echo "error: there is no fake driver: scripts/build.sh release dlc dlc-run dlc-fake-cuda" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ $# -eq 0 ]; then
  mkdir "$folder/small"
  for model in "$TOP"/bench/training/*.json; do
    sed -E '/"inputs": \[\{/{ s/"shape": \[[0-9]+/"shape": [3/; s/224/64/g; s/\[3, 64, 65\]/[3, 5, 65]/ }' "$model" >"$folder/small/$(basename "$model")"
  done
  set -- "$TOP"/examples/*/*.json "$TOP"/examples/*/*.onnx "$folder"/small/*.json
fi
failures=0

# row MODEL GPU ENTRY RESULT
row() { printf '%-40s %-6s %-10s %s\n' "$@"; }

# describe ENTRY KIND: what the library says of an entry point's inputs, outputs or states.
describe() { "$BIN/dlc-run" info "$folder/cpu.so" | awk -v entry="$1" -v kind="$2" '/^entry point /{ is = $3 == entry } is && $1 == kind'; }

# compare MODEL GPU ENTRY TOLERANCE RUNS [OPTION...]: runs the entry point on both libraries.
compare() {
  local start=$SECONDS options=("${@:6}") symbol
  for symbol in $(describe "$3" input | grep -o '\[.*\]' | grep -oE '[A-Za-z_][A-Za-z_0-9]*' | sort -u); do
    options+=(--symbol "$symbol=$([ "$symbol" = N ] && echo 3 || echo 5)")
  done
  if LD_LIBRARY_PATH=$FAKE FAKE_CUDA_CAPABILITY=$2 timeout 600 "$BIN/dlc-run" verify "$folder/gpu.so" --reference "$folder/cpu.so" \
    --entry "$3" --tolerance "$4" --runs "$5" "${options[@]}" >"$folder/log" 2>&1; then
    row "$1" "sm_$2" "$3" "ok $((SECONDS - start)) s$(sed -n 's/^.* tensors differ by no more than rounding.*/, but: &/p' "$folder/log")"
  else
    row "$1" "sm_$2" "$3" "FAILED: $(tail -n 1 "$folder/log")"
    failures=$((failures + 1))
  fi
}

for model in "$@"; do
  name=$(basename "$model")
  if [ ! -e "$model" ]; then
    row "$name" - - "FAILED: there is no such file"
    failures=$((failures + 1))
    continue
  fi
  train=()
  # A description that has no training section is refused with --train.
  if "$BIN/dlc" "$model" -o "$folder/cpu.so" --train >"$folder/log" 2>&1; then
    train=(--train)
  elif ! "$BIN/dlc" "$model" -o "$folder/cpu.so" >"$folder/log" 2>&1; then
    row "$name" - - "skipped: does not compile for the CPU as it is"
    continue
  fi
  entries=$("$BIN/dlc-run" info "$folder/cpu.so" | sed -n 's/^entry point //p')
  for gpu in 75 80 90; do
    if ! "$BIN/dlc" "$model" -o "$folder/gpu.so" --target=cuda-sm_$gpu "${train[@]}" >"$folder/log" 2>&1; then
      row "$name" sm_$gpu compile "FAILED: $(head -n 1 "$folder/log")"
      failures=$((failures + 1))
      continue
    fi
    for entry in $entries; do
      runs=1
      [ -z "$(describe "$entry" state)" ] || runs=3
      case $entry in
        train_step) compare "$name" $gpu train_step 1e-5 3 --sensitivity 4 ;;
        gradients) compare "$name" $gpu gradients 1e-4 1 --sensitivity 4 ;;
        *) [ -z "$(describe "$entry" output)" ] || compare "$name" $gpu "$entry" 1e-4 $runs ;;
      esac
    done
  done
done
[ $failures -eq 0 ] || { echo "$failures of these failed" >&2; exit 1; }
