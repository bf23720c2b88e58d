#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzzers: small files of every format, from the examples, the lit tests, the `onnx` package and NumPy.

usage: make_seeds.py FOLDER

FOLDER/json, FOLDER/onnx, ... hold the seeds, which `scripts/check.sh corpus` minimizes into test/fuzz/corpus; FOLDER/json.dict and the
like the words of text formats, which libFuzzer inserts.
"""
import gzip
import hashlib
import io
import json
import re
import struct
import sys
import warnings
from pathlib import Path

import numpy
import safetensors.numpy

TOP = Path(__file__).resolve().parents[2]
MOST_BYTES = 4096
SPLIT_FILE = re.compile(r"^(?://|#)--- (\S+)\n", re.MULTILINE)


def texts_in_tests(ending):
    """The pieces of lit tests that are files of their own (`//--- NAME`), of this ending."""
    for test in sorted((TOP / "test").rglob("*.test")):
        pieces = SPLIT_FILE.split(test.read_text())
        yield from (text for name, text in zip(pieces[1::2], pieces[2::2]) if name.endswith(ending))


def json_seeds():
    yield from (path.read_bytes() for path in sorted(TOP.glob("examples/*/*.json")))
    yield from (text.encode() for text in texts_in_tests(".json"))


def mlir_seeds():
    for path in sorted((TOP / "test").rglob("*.mlir")):
        for piece in re.split(r"^// -----$", path.read_text(), flags=re.MULTILINE):
            lines = (line for line in piece.splitlines() if not line.lstrip().startswith("//"))
            yield "\n".join(lines).strip().encode() + b"\n"


def onnx_seeds():
    import onnx.backend.test.loader

    for case in onnx.backend.test.loader.load_model_tests(kind="node"):
        yield case.model.SerializeToString()


def safetensors_seeds():
    for kind in ("f4", "f2", "i8", "u1", "?"):
        yield safetensors.numpy.save({"a": numpy.zeros((2, 3), kind), "b.weight": numpy.ones((0, 4), kind), "c": numpy.ones((), kind)},
                                     metadata={"format": "np"})  # fmt: skip


def checkpoint_seeds():
    """Checkpoints of test/unit/runtime/TrainableModel.cpp, alone and in the middle of a training run."""
    variables = {"dense.weight": numpy.ones((2, 3), "f4"), "dense.mean": numpy.ones(3, "f2"),
                 "dense.weight.velocity": numpy.ones((2, 3), "f4"), "steps": numpy.array(7), "flag": numpy.array([True])}  # fmt: skip
    run = {"--seed": 0, "--batch": 0, "number of training rows": 0, "number of validation rows": 0, "shuffling": True,
           "list of classes": [], "checksum of the data": 0}  # fmt: skip
    record = {"epoch": 1, "learning_rate": 0.1, "loss": 0.5, "validation_loss": None}
    state = {"version": 1, "run": run, "epoch": 1, "step": 2, "weight_seen": 4.0, "sums": {"loss": 1.5}, "is_stopped": False,
             "schedule": {"factor": 1.0, "best": 0.5, "waited": 0}, "early_stopping": {"best": 0.5, "waited": 1},
             "best": 0.5, "history": [record]}  # fmt: skip
    yield safetensors.numpy.save(variables)
    yield safetensors.numpy.save({"dense.weight": variables["dense.weight"]})
    yield safetensors.numpy.save(variables, metadata={"dlc.training": json.dumps(state)})
    yield safetensors.numpy.save(variables, metadata={"dlc.training": json.dumps({**state, "schedule": None})})


def arrays():
    for kind in ("<f4", ">f4", "<f2", "<f8", "|i1", "<i8", ">u2", "|b1"):
        yield numpy.arange(6).reshape(2, 3).astype(kind)
    yield numpy.asfortranarray(numpy.arange(24, dtype="<i4").reshape(2, 3, 4))
    yield numpy.zeros((0, 3), "<f4")
    yield numpy.float32(1)


def npy_seeds():
    for array in arrays():
        for version in ((1, 0), (2, 0), (3, 0)):
            file = io.BytesIO()
            numpy.lib.format.write_array(file, numpy.asanyarray(array), version)
            yield file.getvalue()


def npz_seeds():
    for save in (numpy.savez, numpy.savez_compressed):
        file = io.BytesIO()
        save(file, x=numpy.arange(6, dtype="f4").reshape(2, 3), label=numpy.array([0, 1]))
        yield file.getvalue()
        file = io.BytesIO()
        save(file)
        yield file.getvalue()


def csv_seeds():
    yield b"a,b,label\n1,2,x\n3,4.5e-3,y\n"
    yield b"\xef\xbb\xbf1;2;3\r\n4;5;6\r\n"
    yield b'"a ""quoted"", name","b\nc",d\r1,2,3\r'
    yield b"1\t2\n\n3\t4\n"
    yield b"1,2\n3\n"
    yield b"1,nan,z\n1e999,2,\n"
    yield b"2019,2020,x\n1,2,3\n"


def idx_seeds():
    codes = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    for code, kind in codes.items():
        file = struct.pack(">BBBBII", 0, 0, code, 2, 2, 3) + numpy.arange(6).astype(kind).tobytes()
        yield file
        yield gzip.compress(file, mtime=0)


def png_seeds():
    from PIL import Image

    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.new(mode, (5, 3))
        image.putpixel((1, 1), {"LA": (9, 8), "RGB": (1, 2, 3), "RGBA": (1, 2, 3, 4)}.get(mode, 1))
        for form, options in (("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})):
            file = io.BytesIO()
            try:
                image.save(file, form, **options)
            except OSError:
                continue  # JPEG knows fewer kinds of pixels
            yield file.getvalue()


def words(seeds):
    """What formats of models are written with: names of ops, keys, attributes, types."""
    found = set()
    for seed in seeds:
        found |= set(re.findall(rb'"[\w.+-]{2,32}"|[!#]?\b[a-z]\w*\.[a-z]\w+|\b[A-Z][A-Za-z]{2,30}\b|\b[a-z_]{3,24} =', seed))
    return sorted(word for word in found if word.isascii())


def main():
    folder = Path(sys.argv[1])
    warnings.simplefilter("ignore")  # the onnx package computes NaN on purpose
    for name, seeds in sorted((name[: -len("_seeds")], value) for name, value in globals().items() if name.endswith("_seeds")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed in seeds():
            if len(seed) <= MOST_BYTES:
                (folder / name / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
        if name in {"json", "mlir", "onnx", "safetensors", "npy", "checkpoint"}:
            lines = ('"' + word.decode().replace('"', '\\"') + '"\n' for word in words(path.read_bytes() for path in (folder / name).iterdir()))
            (folder / f"{name}.dict").write_text("".join(lines))
        print(f"{name}: {sum(1 for _ in (folder / name).iterdir())} seeds")


if __name__ == "__main__":
    main()
