# SPDX-License-Identifier: Apache-2.0
"""Broken model files: a diagnostic and status 1, or (where the damage is harmless) a library; never a crash, never half a file."""
import random
import re

import pytest

MUTATIONS = 240
BATCHES = 12
DIAGNOSTIC = re.compile(r"^(.*: )?error: \S", re.MULTILINE)


def truncated(data, rng):
    return data[: rng.randrange(len(data))]


def bit_flipped(data, rng):
    broken = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def structure_flipped(data, rng):
    """Flips bits in the first and last bytes, where a model file holds its graph rather than its weights."""
    broken = bytearray(data)
    for _ in range(rng.choice([1, 2, 4])):
        index = rng.randrange(min(1500, len(broken)))
        broken[rng.choice([index, len(broken) - 1 - index])] ^= 1 << rng.randrange(8)
    return bytes(broken)


def spliced(data, rng):
    """Moves a piece of the file somewhere else."""
    start = rng.randrange(len(data))
    piece = data[start : start + rng.randrange(1, 200)]
    index = rng.randrange(len(data))
    return data[:index] + piece + data[index:]


def check(programs, name, data, beside=()):
    """Compiles `data` as a model file called `name`; returns whether dlc accepted it."""
    model = programs.folder / name
    model.write_bytes(data)
    for path in beside:
        (programs.folder / path.name).write_bytes(path.read_bytes())
    output = programs.folder / "model.so"
    output.unlink(missing_ok=True)
    # Mutated shapes can be legal and huge; no code for them is needed to see that the reader holds.
    result = programs.run("dlc", model, "-o", output, "-O0")
    assert result.returncode in (0, 1), f"status {result.returncode}\n{result.stderr[-2000:]}"
    if result.returncode == 1:
        assert DIAGNOSTIC.search(result.stderr), f"no diagnostic: {result.stderr[-2000:]!r}"
        assert not output.exists(), "an output file was left behind"
    else:
        assert output.exists()
    return result.returncode == 0


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_onnx(programs, examples, batch):
    data = (examples / "digits" / "digits_cnn.onnx").read_bytes()
    rng = random.Random(f"onnx {batch}")
    rejected = 0
    for number in range(MUTATIONS // BATCHES):
        mutate = [truncated, bit_flipped, structure_flipped, structure_flipped, spliced][number % 5]
        rejected += not check(programs, "broken.onnx", mutate(data, rng))
    assert rejected, "no mutation was rejected, so nothing was tested"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_json(programs, examples, batch):
    data = (examples / "digits" / "digits.json").read_bytes()
    rng = random.Random(f"json {batch}")
    rejected = 0
    for number in range(MUTATIONS // BATCHES):
        mutate = [truncated, bit_flipped, spliced][number % 3]
        rejected += not check(programs, "broken.json", mutate(data, rng), beside=[examples / "digits" / "digits.safetensors"])
    assert rejected, "no mutation was rejected, so nothing was tested"


@pytest.mark.parametrize("batch", range(2))
def test_mutated_weights(programs, examples, batch):
    weights = (examples / "digits" / "digits.safetensors").read_bytes()
    header = 8 + int.from_bytes(weights[:8], "little")
    rng = random.Random(f"weights {batch}")
    rejected = 0
    for number in range(10):
        broken = bytearray(weights)
        if number % 2:
            broken[rng.randrange(header)] ^= 1 << rng.randrange(8)
        else:
            broken = broken[: rng.randrange(len(broken))]
        (programs.folder / "digits.safetensors").write_bytes(broken)
        rejected += not check(programs, "digits.json", (examples / "digits" / "digits.json").read_bytes())
    assert rejected


@pytest.mark.parametrize("name, data", [("empty.onnx", b""), ("empty.json", b""), ("zeros.onnx", bytes(4096)), ("text.onnx", b"hello"),
                                        ("deep.json", b"[" * 100000), ("deep-object.json", b'{"a":' * 100000), ("latin.json", b'{"dlc": "\xff"}'),
                                        ("list.json", b"[]"), ("null.json", b"null")])  # fmt: skip
def test_not_a_model(programs, name, data):
    assert not check(programs, name, data)


def test_missing_file(programs):
    result = programs.run("dlc", "nowhere.onnx", "-o", "nowhere.so")
    assert result.returncode == 1 and DIAGNOSTIC.search(result.stderr)


def test_output_folder_that_is_missing(programs, examples):
    result = programs.run("dlc", examples / "digits" / "digits_cnn.onnx", "-o", "nowhere/digits.so")
    assert result.returncode == 1 and DIAGNOSTIC.search(result.stderr)
