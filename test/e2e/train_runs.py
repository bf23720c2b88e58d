# SPDX-License-Identifier: Apache-2.0
"""Runs of `dlc-run train` on a small table, and what they leave behind."""
import json
import pathlib
import random
import signal
import struct
import subprocess
import time

import linear_classifier
import numpy as np
import pytest
from conftest import BIN, Programs

NAMES = ["setosa", "versicolor", "virginica"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    (folder / "m.mlir").write_text(linear_classifier.MODEL)
    return Programs(folder).compile("m.mlir", "m.so")


@pytest.fixture
def table(programs):
    """A table with names of classes; returns features and classes."""
    x, classes = linear_classifier.points(np)
    lines = ["a,b,c,d,species"] + [",".join(f"{v:.6f}" for v in row) + "," + NAMES[k] for row, k in zip(x, classes)]
    (programs.folder / "data.csv").write_text("\n".join(lines) + "\n")
    return x, classes


def write_idx(path, array, code):
    path.write_bytes(bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
                     + array.astype(array.dtype.newbyteorder(">")).tobytes())  # fmt: skip


def write_arrays(folder):
    """Features and classes as arrays: x and k as .npy and IDX files, and the classes as rows of 0 and 1 in y.npy; returns them."""
    x, classes = linear_classifier.points(np)
    x = x.astype(np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "k.npy", classes)
    np.save(folder / "y.npy", np.eye(3)[classes])
    write_idx(folder / "x.idx", x, 0x0D)
    write_idx(folder / "k.idx", classes.astype(np.uint8), 0x08)
    return x, classes


def train(programs, library, *options, **keywords):
    return programs.run("dlc-run", "train", library, *options, **keywords)


def events(result):
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def epochs(result):
    return [event for event in events(result) if event["event"] == "epoch"]


def refuse(programs, library, words, *options):
    result = train(programs, library, *options)
    assert result.returncode == 1, result.stdout
    assert result.stderr.startswith("error: ") and words in result.stderr, result.stderr


def read_checkpoint(path):
    """Tensors and metadata of a safetensors file."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, types = json.loads(content[8 : 8 + length]), {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, tensor in header.items():
        begin, end = (8 + length + offset for offset in tensor["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], types[tensor["dtype"]]).reshape(tensor["shape"])
    return tensors, metadata


def start(programs, library, *options):
    """A run that continues until it is stopped, and is past its first epochs."""
    command = [str(BIN / "dlc-run"), "train", str(library), "--data", "data.csv", "--epochs", "100000", *options]
    process = subprocess.Popen(command, cwd=programs.folder, stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        process.stdout.readline()
    return process


def kill_and_compare(folder, library, kills, options):
    """Kills a run that many times and compares what it makes in the end with an uninterrupted one."""
    command = [str(BIN / "dlc-run"), "train", str(library), *map(str, options), "--checkpoint"]
    start = time.time()
    subprocess.run([*command, "whole.safetensors"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds, generator, done = time.time() - start, random.Random(0), 0
    while done < kills:
        process = subprocess.Popen([*command, "parts.safetensors", "--resume"], cwd=folder, stdout=subprocess.DEVNULL)
        time.sleep(generator.random() * seconds / (kills / 2))
        process.kill()
        done += process.wait() == -signal.SIGKILL
        if (folder / "parts.safetensors").exists():
            read_checkpoint(folder / "parts.safetensors")
        if process.returncode == 0:
            # It was through: from the beginning again.
            (folder / "parts.safetensors").unlink()
    subprocess.run([*command, "parts.safetensors", "--resume"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    assert (folder / "parts.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()
    assert not [*folder.glob("*.tmp"), *folder.glob("*.lock")]
