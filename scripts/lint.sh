#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-format (in place) and clang-tidy on C and C++ files. usage: scripts/lint.sh [FILE...]
# Without files: those that differ from the branch main, committed or not. clang-tidy reads the release build's compile commands and takes
# about ten seconds a file; scripts/test.sh only checks the format.
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

format=clang-format-$LLVM_RELEASE tidy=clang-tidy-$LLVM_RELEASE
for tool in "$format" "$tidy"; do
  command -v "$tool" >/dev/null || die "there is no $tool" "Install it: sudo apt-get install $tool"
done
[ -f build/compile_commands.json ] || die "there is no build/compile_commands.json" "Run scripts/build.sh first."

if [ $# -gt 0 ]; then
  files=("$@")
else
  mapfile -t files < <({ git diff --name-only --diff-filter=d main; git ls-files --others --exclude-standard; } |
    grep -E '\.(c|cpp|h)$' | sort -u)
fi
[ "${#files[@]}" != 0 ] || { say "no C or C++ file differs from main"; exit 0; }
"$format" -i "${files[@]}"
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.(c|cpp)$' || true)
[ "${#sources[@]}" = 0 ] || printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" "$tidy" -p build --quiet
