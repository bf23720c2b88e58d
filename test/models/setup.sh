#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the environment in which run.py runs: a virtual environment with the packages that export models, in FOLDER (.setup/models/venv
# by default). With a second argument, what that other virtual environment of the same Python has (PyTorch, say) is not installed again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../.setup/models/venv}
[[ -x $folder/bin/python ]] || python3 -m venv "$folder"
if [[ -n ${2:-} ]]; then
  "$2/bin/python" -c 'import site; print(site.getsitepackages()[0])' >"$("$folder/bin/python" -c 'import site; print(site.getsitepackages()[0])')/base.pth"
fi
"$folder/bin/python" -m pip install --disable-pip-version-check --no-input -r "$here/requirements.txt"
