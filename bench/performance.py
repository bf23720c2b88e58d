#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/performance.md: models, the kinds of their kernels, the share of the roof that each reaches, peers beside.

usage: performance.py [--bin DIR] [--seconds 2] [--rounds 3] [--threads 1,2] [--option DLC_OPTION]... [--write FILE] MODEL.onnx ...

Compiles each model, measures it with `dlc-run bench` and its kernels with `dlc-run profile`, in turns with ONNX Runtime and OpenVINO where
this Python can import them, each in a process of its own; the best round's median counts. The models have no open extents. Prints the
table; --write puts it between the marks in FILE (`<!-- table: ... -->` to `<!-- end of table -->`).
"""
import argparse
import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- table: scripts/performance.sh writes what follows -->", "<!-- end of table -->"

# Measures a model in another engine on the input x.npy of every input, and prints milliseconds.
PEER = r"""
import sys, time
import numpy as np
engine, path, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
inputs = {argument.split("=", 1)[0]: np.load(argument.split("=", 1)[1]) for argument in sys.argv[5:]}
if engine == "onnxruntime":
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    run = lambda: session.run(None, inputs)
else:
    import openvino
    request = openvino.Core().compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                                                          "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    run = lambda: request.infer(inputs)
run()
times, end = [], time.perf_counter() + seconds
while len(times) < 3 or time.perf_counter() < end:
    start = time.perf_counter(); run(); times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2] * 1e3)
"""


def call(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{pathlib.Path(command[0]).name} failed: {result.stderr.strip()[-400:]}")
    return result.stdout


def write_inputs(library, args, folder):
    """NAME=FILE.npy of random inputs of the only entry point; integers are 0 and 1, which any vocabulary has."""
    import numpy as np

    generator = np.random.default_rng(0)
    inputs = []
    entry = json.loads(call(args.bin / "dlc-run", "info", "--json", library))["entry_points"][0]
    for number, tensor in enumerate(entry["inputs"]):
        if any(isinstance(extent, str) for extent in tensor["shape"]):
            raise RuntimeError(f"its input '{tensor['name']}' has open extents")
        kind = {"f": np.float32, "i": np.int64, "u": np.uint8}.get(tensor["type"][0], np.float32)
        if tensor["type"] == "i32":
            kind = np.int32
        values = generator.standard_normal(tensor["shape"]) if kind is np.float32 else generator.integers(0, 2, tensor["shape"])
        np.save(folder / f"{number}.npy", values.astype(kind))
        inputs.append(f"{tensor['name']}={folder / f'{number}.npy'}")
    return inputs


def measure(model, args, peers, roof, folder):
    """Milliseconds by engine and threads, and the kinds of kernels with their share of the time and of the roof."""
    library = folder / "model.so"
    call(args.bin / "dlc", model, "-o", library, *args.option)
    inputs = write_inputs(library, args, folder)
    given = [part for text in inputs for part in ("--input", text)]
    times = {}
    for threads in args.threads:
        for _ in range(args.rounds):
            for engine in ["dlc", *peers]:
                if engine == "dlc":
                    text = call(args.bin / "dlc-run", "bench", library, *given, "--threads", threads, "--seconds", args.seconds, "--json")
                    time = json.loads(text)["median_ms"]
                else:
                    time = float(call(sys.executable, "-c", PEER, engine, model, threads, args.seconds, *inputs).split()[-1])
                times[engine, threads] = min(times.get((engine, threads), math.inf), time)
    profile = json.loads(call(args.bin / "dlc-run", "profile", library, *given, "--seconds", args.seconds, "--roof", roof, "--json"))
    near = sum(row["seconds"] for row in profile["launches"] if 1 / 1.5 <= row["predicted_seconds"] / row["seconds"] <= 1.5)
    total = sum(row["seconds"] for row in profile["launches"])
    return times, profile["kinds"], near / total


def describe(name, times, kinds, near, args, peers):
    cells = [name]
    for threads in args.threads:
        cells.append(f"{times['dlc', threads]:.3g}")
        cells += [f"{times[peer, threads]:.3g} ({times[peer, threads] / times['dlc', threads]:.2f}x)" for peer in peers]
    shares = [f"{row['kind']} {100 * row['share']:.0f} %, {100 * row['roof_share']:.0f} % of the roof"
              for row in kinds if row["share"] >= 0.02 and "roof_share" in row]  # fmt: skip
    return "| " + " | ".join([*cells, "; ".join(shares), f"{100 * near:.0f} %"]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=pathlib.Path("build/bin"), type=pathlib.Path)
    parser.add_argument("--seconds", default=2.0, type=float)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--threads", default=[1, 2], type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    peers = [name for name in ("onnxruntime", "openvino") if importlib.util.find_spec(name)]
    failed = False
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        os.environ["XDG_CACHE_HOME"] = str(folder)
        roof = folder / "roof.json"
        call(args.bin / "dlc-run", "roof", "--file", roof)
        cpu = json.loads(roof.read_text())["cpu"]
        head = ["model", *(title for threads in args.threads for title in [f"dlc, {threads} thr.", *peers])]
        lines = [f"On {cpu}; milliseconds per run, and how many times as long as dlc the others take. Kinds of kernels with at least 2 % of "
                 "the time on one thread. The last column is the part of that time in launches whose prediction is within 1.5 times.", "",
                 "| " + " | ".join([*head, "kernels", "predicted"]) + " |", "|" + " --- |" * (len(head) + 2)]  # fmt: skip
        for model in args.models:
            name = pathlib.Path(model).stem
            try:
                lines.append(describe(name, *measure(model, args, peers, roof, folder), args, peers))
                print(lines[-1], file=sys.stderr, flush=True)
            except (RuntimeError, OSError) as problem:
                failed = True
                print(f"{name}: {problem}", file=sys.stderr)
    table = "\n".join(lines)
    print(table)
    if args.write:
        text = args.write.read_text()
        if BEGIN not in text or END not in text:
            sys.exit(f"{args.write} does not contain the lines '{BEGIN}' and '{END}'")
        args.write.write_text(text.split(BEGIN)[0] + BEGIN + "\n\n" + table + "\n\n" + END + text.split(END, 1)[1])
    sys.exit(failed)


if __name__ == "__main__":
    main()
