#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures models on this machine and writes the table of docs/performance.md. Takes half a minute per model; run nothing else meanwhile.
# usage: scripts/performance.sh MODEL.onnx ...    environment: PYTHON (with NumPy; measures those of onnxruntime and openvino that it has), DLC_BIN
set -euo pipefail
TOP=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then
  sed -n '3,4s/^# //p' "$TOP/scripts/performance.sh"
  exit 2
fi
exec "${PYTHON:-$TOP/.venv/bin/python}" "$TOP/bench/performance.py" --bin "${DLC_BIN:-$TOP/build/bin}" --write "$TOP/docs/performance.md" "$@"
