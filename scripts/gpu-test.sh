#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests and measures on a machine with an NVIDIA GPU what was compiled on one with dlc.
# usage: scripts/gpu-test.sh prepare [--small] [FOLDER] | run [--minutes M] [FOLDER]
# `prepare`, where dlc is built, makes FOLDER (build/gpu-test): dlc-run, and libraries for CPU and GPU of examples and of bench/gpu, at most
# 64 MB (--small: a few, for a dry run on the fake driver). `run` needs this tree, FOLDER, the CUDA driver, Python with NumPy and, to compare with
# it, PyTorch. On the real driver it compares every library with itself on the CPU, runs some under compute-sanitizer where that is
# installed, and measures (bench/gpu/measure.py). It begins nothing new after M minutes (9); run it again for what is left. Results are in
# FOLDER/results.txt; the exit status is 0 if all is done and right. A dry run: LD_LIBRARY_PATH=build/fake_cuda scripts/gpu-test.sh run
set -u
TOP=$(cd "$(dirname "$0")/.." && pwd)
BIN=${DLC_BIN:-$TOP/build/bin}
PYTHON=${PYTHON:-python3}
usage() { sed -n '4s/^# //p' "$0" >&2; exit 2; }
command=${1:-}
shift || usage
small=
minutes=9
folder=$TOP/build/gpu-test
while [ $# -gt 0 ]; do
  case $1 in
    --small) small=1 ;;
    --minutes) minutes=${2:?}; shift ;;
    -*) usage ;;
    *) folder=$1 ;;
  esac
  shift
done

# Compiles MODEL for a CPU and the GPU, and writes lines for the entry points to be compared: LIBRARY ENTRY TOLERANCE RUNS.
prepare_library() {
  local model=$1 gpu=$2 name train=() entries entry
  name=$(basename "${model%.*}").$gpu
  if "$BIN/dlc" "$model" -o "$folder/libraries/$name.so" --target=x86-64-v3,"$gpu" --train >"$folder/log" 2>&1; then
    train=(--train)
  elif ! "$BIN/dlc" "$model" -o "$folder/libraries/$name.so" --target=x86-64-v3,"$gpu" >"$folder/log" 2>&1; then
    echo "$name: not compiled: $(head -n 1 "$folder/log")"
    return
  fi
  entries=$("$BIN/dlc-run" info "$folder/libraries/$name.so" | sed -n 's/^entry point //p')
  for entry in run predict gradients; do
    grep -qx "$entry" <<<"$entries" && echo "$name.so $entry 1e-4 1" >>"$folder/libraries/list"
  done
  grep -qx train_step <<<"$entries" && echo "$name.so train_step 1e-5 3" >>"$folder/libraries/list"
  # A large model: its weights do not travel.
  if [ "$(stat -c %s "$folder/libraries/$name.so")" -gt 2500000 ]; then
    rm "$folder/libraries/$name.so"
    sed -i "/^$name.so /d" "$folder/libraries/list"
    echo "$name: left out, because it is larger than 2.5 MB"
  fi
}

prepare() {
  local models=("$TOP"/examples/*/*.json "$TOP"/examples/*/*.onnx) gpus=(cuda cuda-sm_90) which=CASES bytes=$((1 << 30))
  if [ -n "$small" ]; then
    models=("$TOP/examples/xor/xor_training.json" "$TOP/examples/pooling/pooling.json")
    gpus=(cuda)
    which=SMALL
    bytes=4096
  fi
  rm -rf "$folder"
  mkdir -p "$folder/libraries" "$folder/bench" || exit 1
  : >"$folder/libraries/list"
  cp "$BIN/dlc-run" "$folder/" || exit 1
  local model gpu name
  for model in "${models[@]}"; do
    for gpu in "${gpus[@]}"; do prepare_library "$model" "$gpu"; done
  done
  "$PYTHON" - "$TOP/bench/gpu" "$folder/bench" $which $bytes <<'PYTHON' || exit 1
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
import cases
folder = pathlib.Path(sys.argv[2])
chosen = {name: {"model": model, "batch": batch} for name, (model, batch) in getattr(cases, sys.argv[3]).items()}
(folder / "cases.json").write_text(json.dumps({"copied_bytes": int(sys.argv[4]), "cases": chosen}))
for name, case in chosen.items():
    (folder / f"{name}.json").write_text(json.dumps({**case["model"], "name": "model"}))
PYTHON
  for model in "$folder"/bench/*.json; do
    [ "$(basename "$model")" = cases.json ] && continue
    name=$(basename "${model%.json}")
    "$BIN/dlc" "$model" -o "$folder/bench/$name.so" --target=x86-64-v3,"${gpus[-1]}" --train || exit 1
  done
  rm -f "$folder/log"
  local size
  size=$(du -sm "$folder" | cut -f 1)
  echo "$folder: $size MB, $(wc -l <"$folder/libraries/list") comparisons, $(ls "$folder"/bench/*.so | wc -l) measurements"
  [ "$size" -le 64 ] || { echo "error: this is more than the 64 MB that travel" >&2; exit 1; }
}

# check NAME COMMAND...: runs it unless it has passed before; a line in the results.
check() {
  local name=$1
  shift
  grep -qxF "$name: ok" "$folder/passed" && return
  if [ $SECONDS -ge $((minutes * 60)) ]; then
    left=$((left + 1))
    return
  fi
  if timeout 300 "$@" >"$folder/log" 2>&1; then
    echo "$name: ok" >>"$folder/passed"
  else
    echo "$name: FAILED: $(grep . "$folder/log" | tail -n 1)" | tee -a "$folder/failed"
  fi
}

run() {
  [ -x "$folder/dlc-run" ] || { echo "error: there is nothing in $folder: scripts/gpu-test.sh prepare, where dlc is built" >&2; exit 2; }
  left=0
  local library entry tolerance runs symbol sanitizer tool
  touch "$folder/passed"
  : >"$folder/failed"
  while read -r library entry tolerance runs; do
    symbol=()
    "$folder/dlc-run" info "$folder/libraries/$library" | grep -q 'input .*\[N[],]' && symbol=(--symbol N=3)
    check "$library $entry" "$folder/dlc-run" verify "$folder/libraries/$library" --reference "$folder/libraries/$library" --device cuda \
      --reference-device cpu --entry "$entry" --tolerance "$tolerance" --runs "$runs" "${symbol[@]}"
  done <"$folder/libraries/list"
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | tail -n 1)
  if [ -n "$sanitizer" ]; then
    while read -r library entry tolerance runs; do
      for tool in memcheck racecheck synccheck initcheck; do
        check "$library $entry $tool" "$sanitizer" --tool $tool --error-exitcode 1 "$folder/dlc-run" bench "$folder/libraries/$library" --device cuda \
          --entry "$entry" --seconds 0
      done
    done <"$folder/libraries/list"
  else
    echo "compute-sanitizer is not installed: left out"
  fi
  local status=0
  "$PYTHON" "$TOP/bench/gpu/measure.py" "$folder" --until $(($(date +%s) + minutes * 60 - SECONDS)) ${small:+--seconds 0.01} >"$folder/table" 2>&1 || status=1
  { echo "$(wc -l <"$folder/passed") checks passed, $(wc -l <"$folder/failed") failed, $left left"
    cat "$folder/failed" "$folder/table"; } | tee "$folder/results.txt"
  [ $left -eq 0 ] || echo "no time was left for $left checks: run the command again"
  [ $status -eq 0 ] && [ $left -eq 0 ] && [ ! -s "$folder/failed" ]
}

case $command in
  prepare) prepare ;;
  run) run ;;
  *) usage ;;
esac
