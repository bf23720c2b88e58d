#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports and downloads models, compiles each once with its symbols open, and runs it at three sizes beside ONNX Runtime.

usage: run.py [--bin DIR] [--python DIR] [--work DIR] [--again STATUS,...] [--family NAME,...] [--list] [REGEX ...]

`setup.sh` makes the environment in which this runs. WORK (.setup/models by default) keeps `files`, `libraries`, and one result per model;
a model that has a result is not measured again unless its status is in --again ("all": every one) or its file is new. Prints one line per model, and writes
WORK/table.md and WORK/table.json. DIR is a folder with the programs of dlc (build/bin) and one with its Python package (build/python).
"""
import argparse
import json
import os
import pathlib
import re
import resource
import subprocess
import sys

from table import write_tables

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SECONDS = {"write": 400, "compile": 180, "run": 240}


def measured(command, seconds, environment, log):
    """Runs a command; returns (exit status, or None after the time limit, wall seconds, processor seconds, peak MB of one process)."""
    wrapper = [sys.executable, "-I", "-S", HERE / "measured.py", str(seconds), log]
    return json.loads(subprocess.run([*wrapper, *command], env=environment, stdout=subprocess.PIPE, check=True).stdout)


def last_error(log):
    """The innermost exception that a log of Python shows, else its last line."""
    lines = [line.strip() for line in pathlib.Path(log).read_text(errors="replace").splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|SymNode)\b", line) and "ExportError" not in line]
    return (raised or lines or [""])[-1][:400]


def errors(log):
    """The errors of a compilation, without the location in the file."""
    lines = pathlib.Path(log).read_text(errors="replace").splitlines()
    found = [line.split("error: ", 1)[1] for line in lines if "error: " in line]
    return (found or lines[-3:])[:12]


def measure(name, options):
    """Returns the result of one model, a dictionary with `status`, `reason` and the metrics of the table."""
    case = options.cases[name]
    work, log = options.work, options.work / "logs" / f"{name}.txt"
    file, library = work / "files" / f"{name}.onnx", work / "libraries" / f"{name}.so"
    result = {"name": name, "family": case.family, "shipped": case.shipped}
    environment = {**os.environ, "PYTHONPATH": f"{options.python}:{HERE}", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    environment["DLC_MODELS_MODULES"] = options.modules[name]
    if not file.exists():
        status, *_ = measured([sys.executable, HERE / "one_model.py", "write", name, file], SECONDS["write"], environment, log)
        if status != 0:
            return {**result, "status": "not exported", "reason": "time limit" if status is None else last_error(log)}
    result["bytes"] = file.stat().st_size
    library.unlink(missing_ok=True)
    command = [options.bin / "dlc", file, "-o", library, "--no-cache"]
    status, wall, cpu, peak = measured(command, SECONDS["compile"], environment, log)
    result.update(compile_seconds=wall, compile_cpu_seconds=cpu, compile_peak_mb=peak)

    def lacks_reference():
        """Whether ONNX Runtime refuses the file as well, or dies of it, which is a fault of the file."""
        loads = measured([sys.executable, HERE / "one_model.py", "load", name, work], SECONDS["run"], environment, f"{log}.load")
        result["reason"] = last_error(f"{log}.load") or f"ONNX Runtime: exit status {loads[0]}"
        return loads[0] != 0

    if status != 0:
        if lacks_reference():
            return {**result, "status": "no reference"}
        kind = "slow to compile" if status is None else "crashed" if status not in (1, 2) else "refused"
        return {**result, "status": kind, "reason": "time limit" if status is None else "; ".join(errors(log))}
    result["library_bytes"] = library.stat().st_size
    outcome = work / "logs" / f"{name}.json"
    outcome.unlink(missing_ok=True)
    status, *_ = measured([sys.executable, HERE / "one_model.py", "run", name, work, outcome], SECONDS["run"], environment, log)
    if not outcome.exists():
        if status is not None and status < 0 and lacks_reference():
            return {**result, "status": "no reference"}
        return {**result, "status": "run failed", "reason": "time limit" if status is None else f"exit status {status}: {last_error(log)}"}
    outcome = json.loads(outcome.read_text())
    result["rows"] = outcome["rows"]
    wrong = [f"{row['symbols']}: {row['problem']}" for row in outcome["rows"] if row["problem"]]
    if outcome["problem"].startswith("reference"):
        return {**result, "status": "no reference", "reason": outcome["problem"]}
    if outcome["problem"]:
        return {**result, "status": "run failed", "reason": outcome["problem"]}
    return {**result, "status": "differs" if wrong else "agrees", "reason": "; ".join(wrong)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/bin")
    parser.add_argument("--python", type=pathlib.Path, default=TOP / "build/python")
    parser.add_argument("--work", type=pathlib.Path, default=TOP / ".setup/models")
    parser.add_argument("--again", default="")
    parser.add_argument("--family", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    os.environ["DLC_MODELS_WORK"] = str(options.work)
    from collection import CASES, MODULE_OF

    options.cases, options.modules = CASES, MODULE_OF
    names = [name for name in CASES if not options.patterns or any(re.search(p, name) for p in options.patterns)]
    names = [name for name in names if not options.family or CASES[name].family in options.family.split(",")]
    if options.list:
        print("\n".join(f"{CASES[name].family:14} {name}" for name in names))
        return
    for folder in ("files", "libraries", "logs", "results"):
        (options.work / folder).mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    again = options.again.split(",")
    for position, name in enumerate(names):
        kept = options.work / "results" / f"{name}.json"
        if kept.exists() and "all" not in again and json.loads(kept.read_text())["status"] not in again:
            continue
        result = measure(name, options)
        kept.write_text(json.dumps(result, indent=1))
        print(f"[{position + 1}/{len(names)}] {name:40} {result['status']:16} {result['reason'][:150]}", flush=True)
    results = [json.loads(f.read_text()) for name in CASES if (f := options.work / "results" / f"{name}.json").exists()]
    write_tables(results, options.work)


if __name__ == "__main__":
    main()
