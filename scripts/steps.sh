# SPDX-License-Identifier: Apache-2.0
# What the scripts of this folder share: numbered steps whose output goes to a log file. Sourced; sets the working directory to
# the top of the tree.
#
#   plan N                                how many steps the script has
#   step TITLE ADVICE COMMAND [ARG...]    runs COMMAND with its output in a log; on failure prints the end of the log, ADVICE, and
#                                         exits; with keep_going=1 it prints the end of the log and leaves the status in step_status

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly TOP=$PWD LOGS=$PWD/.setup/logs
mkdir -p "$LOGS"
export LC_ALL=C.UTF-8

step_number=${step_number:-0} step_count=${step_count:-0}

plan() { step_number=0 step_count=$1; }

say() { printf '%s\n' "$*"; }

die() {
  printf 'error: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# The last line of a build log that looks like ninja's progress, as `[12/345]`.
progress_of() { grep -aoE "^\[[0-9]+/[0-9]+\]" "$1" 2>/dev/null | tail -n 1 || true; }

step() {
  local title=$1 advice=$2 log started=$SECONDS status=0 waited=0 job shown=''
  shift 2
  step_number=$((step_number + 1))
  log=$LOGS/$(printf '%s' "$title" | tr -c 'a-zA-Z0-9' '-' | tr 'A-Z' 'a-z').log
  printf '[%d/%d] %s ...' "$step_number" "$step_count" "$title"
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  trap 'kill "$job" 2>/dev/null' INT TERM
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    # Progress: at once on a terminal, every half minute in a log file.
    if [ -t 1 ] && [ $((waited % 10)) = 0 ]; then
      printf '\r[%d/%d] %s ... %ds %s ' "$step_number" "$step_count" "$title" $((SECONDS - started)) "$(progress_of "$log")"
    elif [ ! -t 1 ] && [ $((waited % 150)) = 0 ]; then
      shown=$(progress_of "$log")
      printf ' %ds%s' $((SECONDS - started)) "${shown:+ $shown}"
    fi
  done
  wait "$job" || status=$?
  trap - INT TERM
  step_status=$status
  if [ "$status" = 0 ]; then
    [ -t 1 ] && printf '\r[%d/%d] %s ... ' "$step_number" "$step_count" "$title"
    printf ' done (%ds)\n' $((SECONDS - started))
    return 0
  fi
  printf ' failed (%ds)\n\n' $((SECONDS - started))
  grep -aE '(error|Error|ERROR|FAILED|fatal)' "$log" | head -n 20 >&2 || true
  printf '%s\n' '--- the end of the log:' >&2
  tail -n 25 "$log" >&2
  [ "${keep_going:-0}" = 0 ] || return 0
  die "\"$title\" failed with status $status; the whole log is $log" "$advice"
}
