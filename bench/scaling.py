#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the time and the memory of a compilation grow with the size of a model.

usage: scaling.py [--bin DIR] [--jobs J] [--limit 1.3] [--rounds 3] [--seconds 600] [--keep DIR] [FAMILY[:N,N,...] ...]

Needs `pip install numpy onnx`. Each family is a function that writes a model of n parts, registered with the sizes that are compiled when
none are given; those of whole layers are in scaling_layers.py. Models are compiled by `DIR/dlc MODEL -o OUT.so --no-cache --time`, each
in a separate process. Printed for each size: wall-clock seconds, seconds of all processors (which other programs on the machine disturb
less), peak memory of the compiler and its children, the size of the library, and the time of each phase. Then, for the first and the last
size of the family, the growth of processor time and memory relative to that of n: 1.00 is linear. Exits with 1 if a family grows by more
than the limit, or fails.

What does not depend on n (starting, the runtime, one kernel of each kind) is measured with the smallest model that the family
builds and subtracted before sizes are compared; a difference of less than 0.1 s or 16 MB counts as that much, since measurements scatter.
For the same reason every model is compiled several times, and the least of each figure counts.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from onnx import helper
from scaling_families import FAMILIES, family, write_json, write_onnx

def chain(n, folder, ops, weights):
    """`n` elementwise nodes, one after the other; node i is `ops[i % len(ops)]`: (op, name of its second operand or None)."""
    nodes, value = [], "x"
    for i in range(n):
        op, operand = ops[i % len(ops)]
        nodes.append(helper.make_node(op, [value] + ([operand] if operand else []), [f"t{i}"]))
        value = f"t{i}"
    return write_onnx(folder, nodes, {"x": ["N", 64]}, (value, ["N", 64]), weights)


SCALARS = {"a": np.array(0.75, np.float32), "b": np.array(0.25, np.float32)}


@family(25000, 200000)
def mul_add(n, folder):
    return chain(n, folder, [("Mul", "a"), ("Add", "b")], SCALARS)


@family(25000, 200000)
def mul_tanh(n, folder):
    return chain(n, folder, [("Mul", "a"), ("Tanh", None)], SCALARS)


@family(2500, 20000)
def mul_add_distinct(n, folder):
    """Every node has its own constant."""
    weights = {f"c{i}": np.array(np.float32(0.5 + i / (2 * n))) for i in range(n)}
    return chain(n, folder, [("Mul" if i % 2 == 0 else "Add", f"c{i}") for i in range(n)], weights)


@family(2500, 20000)
def mul_add_vectors(n, folder):
    """Every node has its own vector."""
    weights = {f"c{i}": np.linspace(0.5, 1, 64, dtype=np.float32) + np.float32(i / n) for i in range(n)}
    return chain(n, folder, [("Mul" if i % 2 == 0 else "Add", f"c{i}") for i in range(n)], weights)


@family(25000, 200000)
def mul_add_json(n, folder):
    nodes = [{"op": ["Mul", "Add"][i % 2], "inputs": [f"t{i}" if i else "x", [0.75, 0.25][i % 2]], "outputs": [f"t{i + 1}"]} for i in range(n)]
    return write_json(folder, {"inputs": [{"name": "x", "shape": ["N", 64]}], "nodes": nodes, "outputs": [f"t{n}"]})


@family(25000, 200000)
def mul_tanh_json(n, folder):
    nodes = []
    for i in range(n):
        inputs = [f"t{i}" if i else "x"] + ([0.75] if i % 2 == 0 else [])
        nodes.append({"op": ["Mul", "Tanh"][i % 2], "inputs": inputs, "outputs": [f"t{i + 1}"]})
    return write_json(folder, {"inputs": [{"name": "x", "shape": ["N", 64]}], "nodes": nodes, "outputs": [f"t{n}"]})


@family(500, 4000)
def diamonds(n, folder):
    """x = x * x + x: each value is read twice by the next nodes."""
    nodes, value = [], "x"
    for i in range(n):
        nodes += [helper.make_node("Mul", [value, value], [f"s{i}"]), helper.make_node("Add", [f"s{i}", value], [f"u{i}"]),
                  helper.make_node("Tanh", [f"u{i}"], [f"t{i}"])]  # fmt: skip
        value = f"t{i}"
    return write_onnx(folder, nodes, {"x": ["N", 64]}, (value, ["N", 64]), {})


@family(12500, 100000)
def unrolled_rnn(n, folder):
    """A recurrent network of n nodes: h = tanh(h w + x)."""
    nodes, value = [], "h"
    for i in range(n // 3):
        nodes += [helper.make_node("MatMul", [value, "w"], [f"p{i}"]), helper.make_node("Add", [f"p{i}", "x"], [f"s{i}"]),
                  helper.make_node("Tanh", [f"s{i}"], [f"t{i}"])]  # fmt: skip
        value = f"t{i}"
    weights = {"w": np.random.default_rng(0).standard_normal((32, 32)).astype(np.float32) / 8}
    return write_onnx(folder, nodes, {"x": [4, 32], "h": [4, 32]}, (value, [4, 32]), weights)


@family(12500, 100000)
def unrolled_mix(n, folder):
    """n nodes of several kinds: a product, sums, activations, a softmax, a reduction, a transposition, a concatenation of slices."""
    weights = {"w": np.random.default_rng(0).standard_normal((32, 32)).astype(np.float32) / 8, **SCALARS,
               "zero": np.array([0]), "half": np.array([16]), "end": np.array([32]), "axis": np.array([1])}  # fmt: skip
    step = [("MatMul", ["@0", "w"], {}), ("Add", ["@1", "x"], {}), ("Tanh", ["@2"], {}), ("Softmax", ["@3"], {"axis": -1}),
            ("ReduceSum", ["@4", "axis"], {"keepdims": 1}), ("Sub", ["@3", "@5"], {}), ("Transpose", ["@6"], {"perm": [1, 0]}),
            ("Sigmoid", ["@7"], {}), ("Mul", ["@8", "a"], {}), ("Slice", ["@9", "zero", "half", "axis"], {}),
            ("Slice", ["@9", "half", "end", "axis"], {}), ("Concat", ["@11", "@10"], {"axis": 1})]  # fmt: skip
    nodes, value = [], "h"
    for i in range(n // len(step)):
        rename = lambda name: (value if name == "@0" else f"v{i}_{name[1:]}") if name[0] == "@" else name
        nodes += [helper.make_node(op, list(map(rename, inputs)), [f"v{i}_{k + 1}"], **attributes)
                  for k, (op, inputs, attributes) in enumerate(step)]  # fmt: skip
        value = f"v{i}_{len(step)}"
    return write_onnx(folder, nodes, {"x": [32, 32], "h": [32, 32]}, (value, [32, 32]), weights)


import scaling_layers  # noqa: E402,F401 (after the families above, in the order in which they are measured)


def watch_memory(process, peak):
    """The peak memory, in MB, of `process` and its children; what they share counts once."""
    while process.poll() is None:
        total, pending = 0, [process.pid]
        while pending:
            pid = pending.pop()
            try:
                smaps = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in smaps.splitlines() if line.startswith("Pss:"))
                pending += map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except (OSError, StopIteration):
                continue
        peak[0] = max(peak[0], total / 1024)
        time.sleep(0.05)


def measure_processors():
    """Processor seconds of children that have ended, and of their children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compile_model(arguments, model, options, folder):
    """Processor seconds, MB, bytes of the library, seconds, and `phase seconds` pairs; None and the message if it fails."""
    library = folder / "model.so"
    command = [f"{arguments.bin}/dlc", str(model), "-o", str(library), "--no-cache", "--time", *options]
    command += [f"-j{arguments.jobs}"] if arguments.jobs else []
    begin, used, peak = time.monotonic(), measure_processors(), [0.0]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    watcher = threading.Thread(target=watch_memory, args=(process, peak))
    watcher.start()
    try:
        messages = process.communicate(timeout=arguments.seconds)[1]
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        return None, f"took more than {arguments.seconds} s"
    finally:
        watcher.join()
    seconds = time.monotonic() - begin
    if process.returncode != 0:
        return None, messages.strip()[-300:] or f"ended with {process.returncode}"
    phases = [line.split(None, 2) for line in messages.splitlines() if " s  " in line]
    phases = ", ".join(f"{name} {float(took):.1f}" for took, _, name in phases if name != "total" and float(took) >= 0.05)
    return (measure_processors() - used, peak[0], os.path.getsize(library), seconds), phases


def measure(arguments, name, sizes):
    """Whether the growth of the family is within the limit."""
    build, own_sizes, options = FAMILIES[name]
    sizes, results = sizes or own_sizes, {}
    smallest = max(min(sizes[0] // 4, 32), 1)
    for n in (smallest, *sizes):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(arguments.keep or scratch)
            folder.mkdir(exist_ok=True)
            model = build(n, folder)
            rounds = [compile_model(arguments, model, options, folder) for _ in range(arguments.rounds)]
        if all(costs for costs, _ in rounds):
            measured, text = tuple(map(min, zip(*(costs for costs, _ in rounds)))), rounds[-1][1]
        else:
            text = next(text for costs, text in rounds if not costs)
            print(f"{name:26} {n:7}  failed: {text}", flush=True)
            return False
        results[n] = measured
        print(f"{name:26} {n:7} {measured[3]:8.2f} s {measured[0]:8.2f} s used {measured[1]:8.0f} MB {measured[2] / 1000:9.0f} kB   {text}", flush=True)
    if sizes[-1] == sizes[0] or sizes[0] == smallest:
        return True
    base, first, last = (results[n] for n in (smallest, sizes[0], sizes[-1]))
    ratio = (sizes[-1] - smallest) / (sizes[0] - smallest)
    growth = [max(last[i] - base[i], least) / max(first[i] - base[i], least) / ratio for i, least in ((0, 0.1), (1, 16))]
    print(f"{name:26} growth from {sizes[0]} to {sizes[-1]}: {growth[0]:.2f} of linear in time, {growth[1]:.2f} in memory", flush=True)
    return max(growth) <= arguments.limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--jobs", type=int, help="kernels compiled at the same time")
    parser.add_argument("--limit", type=float, default=1.3, help="largest growth in time and memory that passes; 1 is linear")
    parser.add_argument("--rounds", type=int, default=3, help="how often each model is compiled; the least of each figure counts")
    parser.add_argument("--seconds", type=float, default=600, help="the time limit of one compilation")
    parser.add_argument("--keep", help="a folder in which the last model and its library are kept")
    parser.add_argument("families", nargs="*", metavar="FAMILY[:N,N]", help="among " + ", ".join(FAMILIES))
    arguments = parser.parse_args()
    passed = True
    for text in arguments.families or FAMILIES:
        name, _, sizes = text.partition(":")
        if name not in FAMILIES:
            parser.error(f"there is no family '{name}'; they are {', '.join(FAMILIES)}")
        passed &= measure(arguments, name, [int(size) for size in sizes.split(",")] if sizes else None)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
