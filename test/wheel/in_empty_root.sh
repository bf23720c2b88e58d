#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the wheel of scripts/wheel.sh into an empty Debian 12 without LLVM, a compiler or this tree. There it compiles and runs the
# digits network and ResNet-18, trains the former, and runs three models of torchvision by torch.compile, all within 5 minutes. Needs root,
# debootstrap and a package server. usage: test/wheel/in_empty_root.sh [ROOT [PACKAGES]]
# ROOT, the folder of the empty system, is made if it is not there; .setup/check/root by default. What is mounted in it goes with the
# script. PACKAGES is a folder with PyTorch, torchvision and onnxscript for Python 3.11, the site-packages of the environment that
# test/models/setup.sh makes, for example; without it pip installs them, which is 3 GB and does not count.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${DLC_INSIDE_MOUNTS:-}" != 1 ]; then
  DLC_INSIDE_MOUNTS=1 exec unshare --mount --propagation private "$PWD/test/wheel/in_empty_root.sh" "$@"
fi
root=$(realpath -m "${1:-.setup/check/root}")
packages=${2:+$(realpath "$2")}
wheel=$(ls build/wheel/dlc-*.whl)

if [ ! -e "$root/made" ]; then
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$root" >"$root.log" 2>&1 ||
    { tail -n 5 "$root.log"; exit 1; }
  touch "$root/made"
fi
# How this machine reaches package servers.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp -r /etc/ssl/certs "$root/etc/ssl/"
cp -r /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || true
cp /etc/pip.conf "$root/etc/" 2>/dev/null || true
for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done

rm -rf "$root/trial" "$root/root/.cache" "$root/tmp"/* # kernels and graphs that an earlier run has compiled
mkdir -p "$root/trial" "$root/packages"
[ -z "$packages" ] || mount --bind -o ro "$packages" "$root/packages"
cp -r "$wheel" examples/digits examples/resnet18 "$root/trial/"
cat >"$root/trial/steps.sh" <<'STEPS'
set -eu
cd /trial
! ls /usr/lib/*/libLLVM* /usr/lib/llvm* 2>/dev/null
python3 -m venv venv
. venv/bin/activate
start=$(date +%s)
spent() { echo "$(($(date +%s) - start)) s: $1"; }
pip install -q --disable-pip-version-check dlc-*.whl
spent "dlc is installed"
dlc --version
dlc digits/digits_cnn.onnx -o digits.so
dlc-run info digits.so
python digits/classify.py digits.so --at-least 355
python -c "import dlc; print(dlc.Model(dlc.compile('digits/digits.json', 'again.so')).entry_points[0])"
dlc digits/digits_training.json -o trainable.so --train
dlc-run train trainable.so --data digits/digits.csv --scale image=0.0625 --validation-rows digits/digits_test_rows.txt --epochs 3 \
  --checkpoint digits.safetensors | tail -n 3
test -s digits.safetensors
spent "digits: compiled, run and trained by dlc-run"
python - <<'PYTHON'
import dlc, numpy as np
table = np.loadtxt("digits/digits.csv", delimiter=",", skiprows=1)
trainer = dlc.Trainer("digits/digits_training.json", epochs=3, scale={"image": 0.0625})
print(trainer.fit(table[:, :64].reshape(-1, 1, 8, 8), table[:, 64].astype(int), validation=0.2))
assert trainer.history[-1]["validation_accuracy"] > 0.85
PYTHON
spent "digits: trained by dlc.Trainer"
python resnet18/write_model.py resnet18.json
python -c "import dlc, numpy as np; print(dlc.Model(dlc.compile('resnet18.json'))(np.zeros((1, 3, 224, 224), np.float32)).shape)"
spent "ResNet-18: compiled and run"

before=$(date +%s)
if [ -z "$(ls /packages)" ]; then
  pip install -q --disable-pip-version-check 'dlc[torch]' torchvision
else
  echo /packages >"$(echo venv/lib/python3.*/site-packages)/packages.pth"
fi
start=$((start + $(date +%s) - before))
python - <<'PYTHON'
import warnings
import torch, torchvision

# What dlc cannot compile would be left to PyTorch.
warnings.filterwarnings("error", "dlc cannot compile")
for name, size in ("resnet18", 96), ("mobilenet_v3_small", 96), ("squeezenet1_1", 97):
    torch.manual_seed(0)
    module = torchvision.models.get_model(name, weights=None).eval()
    x = torch.randn(2, 3, size, size)
    with torch.no_grad():
        expected, got = module(x), torch.compile(module, backend="dlc")(x)
    # Without trained weights, outputs may all be tiny.
    difference = (got - expected).abs().max() / expected.abs().max()
    print(f"{name}: as eager to {difference:.1e} of the largest output")
    assert difference <= 1e-5
PYTHON
spent "three models of torchvision: compiled by torch.compile and run"
seconds=$(($(date +%s) - start))
[ "$seconds" -lt 300 ] || { echo "that took $seconds s, which is more than 5 minutes"; exit 1; }
STEPS
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin $(env | grep -E '^(PIP_|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)' || true) \
  chroot "$root" sh /trial/steps.sh
