#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a site of the documentation, build/site/index.html, which needs no server. A link that leads nowhere, or a page that the
# navigation lacks, is an error. usage: scripts/site.sh [FOLDER]
[ $# -eq 0 ] || set -- "$(realpath -m -- "$1")"
source "$(dirname "$0")/steps.sh"

folder=${1:-build/site}
export PATH=$TOP/.venv/bin:$PATH

render() {
  python -m sphinx --fail-on-warning --keep-going --fresh-env --doctree-dir "$folder/.doctrees" -c docs/site -b html . "$folder"
}

plan 1
step "Render the pages" "If sphinx is missing: scripts/setup.sh" render
rm -rf "$folder/.doctrees" "$folder/_sources" "$folder/.buildinfo"
# The first page is README.md, as in the repository.
printf '<!DOCTYPE html><meta charset="utf-8"><title>dlc</title><meta http-equiv="refresh" content="0; url=README.html">\n' >"$folder/index.html"
say "$folder/index.html"
