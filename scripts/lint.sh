#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-format (in place) and clang-tidy on C and C++ files.
#
# usage: scripts/lint.sh [--all] [--check] [--seconds N] [--jobs N] [FILE...]
#   FILE...      these; without files: those that the current work changes, committed or not, against its merge base with the branch main,
#                or, on main itself, against the last commit but one
#   --all        every file of the tree
#   --check      changes nothing: a file whose format is wrong is an error (test/project has that check, too)
#   --seconds N  starts no further clang-tidy run after N seconds, and names the remaining files
#   --jobs N     files at a time; by default one per processor
#
# clang-tidy reads the release build's compile commands, generated headers and precompiled headers, and takes about ten seconds per file. A
# header is checked with the source of its name, or with the first one that includes it.
source "$(dirname "$0")/steps.sh"
source scripts/versions.sh

format=clang-format-$LLVM_RELEASE tidy=clang-tidy-$LLVM_RELEASE
all=0 check=0 seconds=0 jobs=$(nproc) files=()
while [ $# -gt 0 ]; do
  case "$1" in
    --all) all=1 ;;
    --check) check=1 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    -h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) die "unknown option '$1'" "See scripts/lint.sh --help." ;;
    *) files+=("$1") ;;
  esac
  shift
done
for tool in "$format" "$tidy"; do
  command -v "$tool" >/dev/null || die "there is no $tool" "Install it: sudo apt-get install $tool"
done
[ -f build/compile_commands.json ] || die "there is no build/compile_commands.json" "Run scripts/build.sh first."

# The commit that the current work starts from. A clone of a single commit has no other: then it is compared with itself.
base() {
  local main
  main=$(git rev-parse -q --verify main || git rev-parse -q --verify origin/main || true)
  if [ -n "$main" ] && [ "$main" != "$(git rev-parse HEAD)" ]; then
    git merge-base "$main" HEAD
  else
    git rev-parse -q --verify HEAD~1 || git rev-parse HEAD
  fi
}

if [ "$all" = 1 ]; then
  mapfile -t files < <(git ls-files -- '*.c' '*.cpp' '*.h')
elif [ "${#files[@]}" = 0 ]; then
  mapfile -t files < <({ git diff --name-only --diff-filter=d "$(base)"; git ls-files --others --exclude-standard; } |
    grep -E '\.(c|cpp|h)$' | sort -u)
fi
[ "${#files[@]}" != 0 ] || { say "no C or C++ file differs"; exit 0; }
if [ "$check" = 1 ]; then
  "$format" --dry-run --Werror "${files[@]}"
else
  "$format" -i "${files[@]}"
fi

# Sources that the build knows: one that is compiled elsewhere (an example's, AArch64's) has no compile command.
sources() {
  local file source
  for file in "${files[@]}"; do
    source=$file
    if [ "${file##*.}" = h ]; then
      source=${file%.h}.cpp
      [ -f "$source" ] || source=${file%.h}.c
      [ -f "$source" ] || source=$(git grep -lF "\"${file#runtime/include/}\"" -- '*.cpp' '*.c' | head -n 1 || true)
    fi
    [ -z "$source" ] || ! grep -qF "$TOP/$source\"" build/compile_commands.json || say "$source"
  done | sort -u
}

export tidy seconds
left=$(mktemp)
trap 'rm -f "$left"' EXIT
export left began=$(date +%s)
tidy_one() {
  if [ "$seconds" != 0 ] && [ $(($(date +%s) - began)) -ge "$seconds" ]; then
    printf '%s\n' "$1" >>"$left"
    return 0
  fi
  "$tidy" -p build --quiet "$1" 2> >(grep -vE '^[0-9]+ warnings? (generated|treated as errors?)|^Suppressed |^Use -header-filter' >&2)
}
export -f tidy_one
mapfile -t list < <(sources)
[ "${#list[@]}" != 0 ] || { say "clang-tidy: no file that the build knows differs"; exit 0; }
status=0
printf '%s\0' "${list[@]}" | xargs -0 -r -n 1 -P "$jobs" bash -c 'tidy_one "$1"' tidy || status=1
late=$(wc -l <"$left")
say "clang-tidy: $((${#list[@]} - late)) of ${#list[@]} files"
[ "$late" = 0 ] || { say "not checked for lack of time:"; sort "$left"; }
exit "$status"
