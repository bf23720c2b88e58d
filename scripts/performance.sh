#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures models on this machine and writes the table of docs/performance.md. Needs nothing else to run meanwhile: takes half a minute per model.
# usage: scripts/performance.sh MODEL.onnx ...    environment: PYTHON (with NumPy; measures those of onnxruntime and openvino that it has), DLC_BIN
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
  sed -n '3,4s/^# //p' "$0"
  exit 2
fi
exec "${PYTHON:-.venv/bin/python}" bench/performance.py --bin "${DLC_BIN:-build/bin}" --write docs/performance.md "$@"
