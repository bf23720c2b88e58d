#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a running model: installs what is missing, builds dlc, compiles the network of examples/digits from ONNX
# and from JSON, classifies 360 real images with both, and measures how long one takes. Can be run again; what is done stays done.
# DLC_SKIP_SETUP=1 skips the setup, for a machine whose packages were installed in another way.
source "$(dirname "$0")/steps.sh"

[ -n "${DLC_SKIP_SETUP:-}" ] || scripts/setup.sh --build-only
scripts/build.sh release
export PATH=$TOP/build/bin:$TOP/.venv/bin:$PATH
out=build/quickstart
mkdir -p "$out"

bench() { dlc-run bench "$1" --threads 1 --seconds 1 --json >"$out/bench.json"; }

plan 6
step "Compile digits_cnn.onnx" "The message above names the location in the model." \
  dlc examples/digits/digits_cnn.onnx -o "$out/digits_onnx.so"
step "Compile digits.json" "The message above names the location in the model." \
  dlc examples/digits/digits.json -o "$out/digits_json.so"
step "Classify images (ONNX)" "Fewer than 355 images are classified correctly, so the compiled code is wrong: please report it." \
  python examples/digits/classify.py "$out/digits_onnx.so" --at-least 355
step "Classify images (JSON)" "Fewer than 355 images are classified correctly, so the compiled code is wrong: please report it." \
  python examples/digits/classify.py "$out/digits_json.so" --at-least 355
step "Open it in Python" "The Python package, build/python/dlc, does not work: please report it." \
  env PYTHONPATH=build/python python -c "import sys, dlc; print(dlc.Model(sys.argv[1]).entry_points)" "$out/digits_onnx.so"
step "Measure" "dlc-run bench could not run the library." bench "$out/digits_onnx.so"

say ""
say "digits from ONNX: $(tail -n 1 "$LOGS/classify-images--onnx-.log")"
say "digits from JSON: $(tail -n 1 "$LOGS/classify-images--json-.log")"
say "one image takes $(python -c "import json; print(f\"{1000 * json.load(open('$out/bench.json'))['median_ms']:.1f}\")") microseconds on one thread; the library is $(($(stat -c %s "$out/digits_onnx.so") / 1024)) KiB"
cat <<EOF

What to try next:
  export PATH=\$PWD/build/bin:\$PWD/.venv/bin:\$PATH PYTHONPATH=\$PWD/build/python
  dlc-run info $out/digits_onnx.so                                   what is in the library
  dlc examples/digits/digits.json --compile-to=kernels               the model as fused kernels, as the compiler sees it
  dlc examples/digits/digits_cnn.onnx -o digits.a                    an archive and a C header to link into a program
  dlc examples/digits/digits_cnn.onnx -o digits.so --target=aarch64  the same for another processor
  python -c "import dlc; print(dlc.Model('$out/digits_onnx.so').entry_points)"  the same in Python
  less examples/README.md                                            more models, and programs that embed them
EOF
