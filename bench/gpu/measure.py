# SPDX-License-Identifier: Apache-2.0
"""Measures the libraries that `scripts/gpu-test.sh prepare` has compiled into FOLDER/bench on a GPU, beside PyTorch where that is installed with
CUDA, checks their results against the CPU's, and prints a table. Writes FOLDER/results.json; what that has already is not measured again."""
import argparse
import ctypes
import json
import pathlib
import subprocess
import sys
import time

import numpy as np

from cases import extents, operations
from cuda_driver import Driver


class Card(Driver):
    """What the CUDA driver alone tells of the first GPU."""

    def describe(self):
        name, version = ctypes.create_string_buffer(256), ctypes.c_int()
        self.call("cuDeviceGetName", name, 256, self.device)
        self.call("cuDriverGetVersion", ctypes.byref(version))
        return {"card": name.value.decode(), "driver": f"CUDA {version.value // 1000}.{version.value % 1000 // 10}"}

    def seconds(self, enqueue, repeat):
        """The least time of one of `repeat` calls of `enqueue` in a row, by the host's clock."""
        times = []
        for _ in range(5):
            self.call("cuCtxSynchronize")
            start = time.perf_counter()
            for _ in range(repeat):
                enqueue()
            self.call("cuCtxSynchronize")
            times.append((time.perf_counter() - start) / repeat)
        return min(times)

    def ceilings(self, size):
        blocks = [ctypes.c_uint64(self.allocate(size)) for _ in range(2)]
        for block in blocks:
            self.call("cuMemsetD8_v2", block, ctypes.c_ubyte(0), ctypes.c_size_t(size))
        copy = self.seconds(lambda: self.call("cuMemcpyDtoDAsync_v2", blocks[0], blocks[1], ctypes.c_size_t(size), None), 10)
        for block in blocks:
            self.call("cuMemFree_v2", block)
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        text = b".version 6.3\n.target sm_75\n.address_size 64\n.visible .entry empty()\n{\n  ret;\n}\n\0"
        self.call("cuModuleLoadData", ctypes.byref(module), text)
        self.call("cuModuleGetFunction", ctypes.byref(function), module, b"empty")
        launch = self.seconds(lambda: self.call("cuLaunchKernel", function, 1, 1, 1, 32, 1, 1, 0, None, None, None), 200)
        return {"copy TB/s": 2e-12 * size / copy, "launch us": launch * 1e6}


def write_safetensors(path, arrays):
    header, offset = {}, 0
    for name, array in arrays.items():
        dtype = {"f": "F", "i": "I", "u": "U"}[array.dtype.kind] + str(8 * array.itemsize)
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values()))


def make_variables(info):
    """Numbers from a seed for the weights of the library, of the size that keeps the values of a deep network in range, and 0 for what only
    training needs."""
    random, variables = np.random.default_rng(1), {}
    for variable in info["variables"]:
        name, shape, kind = variable["name"], variable["shape"], variable["type"]
        dtype = np.dtype(f"{kind[0]}{int(kind[1:]) // 8}")
        if variable["kind"] == "weight":
            inner = max(1, int(np.prod(shape[1:])))
            variables[name] = (random.standard_normal(shape, dtype=np.float32) / np.float32(inner) ** np.float32(0.5)).astype(dtype)
        elif variable["kind"] not in ("derived", "stamp"):
            variables[name] = np.zeros(shape, dtype)
    return variables


class Bench:
    def __init__(self, folder, seconds):
        self.folder, self.seconds = folder, seconds
        self.program = folder / "dlc-run"

    def run(self, *arguments):
        result = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, timeout=300)
        if result.returncode:
            raise RuntimeError((result.stderr or result.stdout).strip().splitlines()[-1])
        return result.stdout

    def measure(self, name, case, peers):
        model, batch = case["model"], case["batch"]
        library = self.folder / "bench" / f"{name}.so"
        info = json.loads(self.run("info", "--json", library))
        values = make_variables(info)
        variables, source, result = (self.folder / "bench" / file for file in ("weights.safetensors", "x.npy", "y.npy"))
        write_safetensors(variables, values)
        entry = next(entry for entry in info["entry_points"] if entry["name"] == "predict")
        x = np.random.default_rng(2).standard_normal(extents(model, batch), dtype=np.float32)
        np.save(source, x)
        given = ["--entry", "predict", "--variables", variables, "--input", f"{entry['inputs'][0]['name']}={source}", "--output",
                 f"{entry['outputs'][0]['name']}={result}"]  # fmt: skip
        outputs = {}
        row = {"GFLOP": operations(model, batch) / 1e9}
        self.run("run", library, *given, "--device", "cpu", "--threads", 0)
        outputs["cpu"] = np.load(result)
        for key, options in ("dlc", ["--device-tensors"]), ("dlc with copies", []):
            report = json.loads(self.run("bench", library, *given, "--device", "cuda", "--seconds", self.seconds, "--json", *options))
            row[f"{key} ms"] = report["median_ms"]
            outputs[key] = np.load(result)
        if peers:
            outputs["torch"], times = peers.measure(model, values, x)
            row.update({f"torch {way} ms": value for way, value in times.items()})
        scale = float(np.abs(outputs["cpu"]).max())
        row["differences"] = {key: float(np.abs(output - outputs["cpu"]).max()) / scale for key, output in outputs.items() if key != "cpu"}
        row["ok"] = all(difference <= 1e-4 for difference in row["differences"].values())
        for file in variables, source, result:
            file.unlink()
        return row


def table(results):
    """The results as text."""
    lines = [f"{results['card']}, {results['driver']}" + (f", PyTorch {results['torch']}" if "torch" in results else ", no PyTorch with CUDA")]
    lines.append("ceilings: " + ", ".join(f"{value:.4g} {name}" for name, value in results["ceilings"].items()))
    peak = results["ceilings"].get("f32 TFLOP/s")
    lines.append(f"{'case':26} {'dlc ms':>9} {'copies ms':>9} {'TFLOP/s':>8} {'of f32':>7} {'eager':>8} {'graph':>8} {'compiled':>8} {'ratio':>6}  result")
    for name, row in results["cases"].items():
        if "failed" in row:
            lines.append(f"{name:26} failed: {row['failed']}")
            continue
        rate = row["GFLOP"] / row["dlc ms"]
        peers = [row.get(f"torch {way} ms") for way in ("eager", "graph", "compiled")]
        best = min((value for value in peers if value), default=None)
        share = f"{rate / peak:7.0%}" if peak else f"{'-':>7}"
        numbers = " ".join(f"{value:8.4g}" if value else f"{'-':>8}" for value in peers)
        ratio = f"{best / row['dlc ms']:6.2f}" if best else f"{'-':>6}"
        worst = max(row["differences"].values())
        lines.append(f"{name:26} {row['dlc ms']:9.4g} {row['dlc with copies ms']:9.4g} {rate:8.3g} {share} {numbers} {ratio}  "
                     + (f"ok ({worst:.1e})" if row["ok"] else f"WRONG ({worst:.1e})"))  # fmt: skip
    lines.append("ratio: the fastest of PyTorch's to dlc's, both in f32 with all tensors on the GPU; more than 1 is faster.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=1, help="for each measurement")
    parser.add_argument("--until", type=float, default=float("inf"), help="time of day in seconds after which no case is begun")
    options = parser.parse_args()
    path = options.folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {"cases": {}}
    peers = None
    try:
        import torch

        if torch.cuda.is_available():
            import peers

            results["torch"] = torch.__version__
    except ImportError:
        pass
    cases = json.loads((options.folder / "bench" / "cases.json").read_text())
    if "ceilings" not in results:
        card = Card()
        results.update(card.describe())
        results["ceilings"] = card.ceilings(cases["copied_bytes"])
        if peers:
            results["ceilings"].update(peers.ceilings())
    bench, left = Bench(options.folder, options.seconds), []
    for name, case in cases["cases"].items():
        if results["cases"].get(name, {}).get("ok"):
            continue
        if time.time() > options.until:
            left.append(name)
            continue
        try:
            results["cases"][name] = bench.measure(name, case, peers)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            results["cases"][name] = {"failed": str(error)[:300], "ok": False}
        path.write_text(json.dumps(results, indent=1))
    print(table(results))
    if left:
        print(f"no time was left for {', '.join(left)}: run the command again")
    return 0 if not left and all(row["ok"] for row in results["cases"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
