# SPDX-License-Identifier: Apache-2.0
"""Sequences one step per run against the whole sequence, and decoding with recurrent layers against NumPy."""
import json
import subprocess
import sys

import decoding_reference as reference
import numpy as np
import pytest


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def make_weights(kind, features, units, seed=1):
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    random = np.random.default_rng(seed)
    weights = {
        "weight": random.standard_normal((gates * units, features)) / features**0.5,
        "recurrent_weight": random.standard_normal((gates * units, units)) / units**0.5,
        "bias": random.standard_normal(gates * units) * 0.3,
    }
    if kind == "gru":
        weights["recurrent_bias"] = random.standard_normal(gates * units) * 0.3
    return {name: value.astype(np.float32).tolist() for name, value in weights.items()}


def build(programs, model, *options, threads=1):
    dlc = pytest.importorskip("dlc")
    (programs.folder / "model.json").write_text(json.dumps(model))
    return dlc.Model(str(programs.compile("model.json", "model.so", *options)), threads=threads)


# In a process of its own: what other tests have left in this one grows and shrinks, too. What grows with the steps grows in every round; the
# system's large pages may come in any one of them.
MEASURE = """
import os, sys
import dlc, numpy as np

def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

library, batch, features, steps = sys.argv[1], *map(int, sys.argv[2:])
model, step, growths = dlc.Model(library), np.ones((batch, 1, features), np.float32), []
while len(growths) < 5 and not (growths and growths[-1] < 1 << 18):
    before = resident_bytes()
    for _ in range(steps):
        model.run({"x": step}, entry="stream")
    growths.append(resident_bytes() - before)
print(*growths)
"""


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("batch", [1, 3])
def test_ten_thousand_steps(programs, kind, batch):
    """Streamed steps equal the whole-sequence run to 1e-6, and memory does not grow with their number."""
    features, units, steps = 5, 16, 10000
    layer = {"op": kind, "name": "cell", "units": units, "return_sequences": True}
    inputs = [{"name": "x", "shape": ["N", "T", features]}]
    model = build(programs, {
        "dlc": 1,
        "functions": {
            "whole": {"inputs": inputs, "layers": [layer]},
            "stream": {"inputs": inputs, "layers": [{**layer, "stateful": True}]},
        },
        "weights": {"cell": make_weights(kind, features, units)},
    })  # fmt: skip
    x = np.random.default_rng(2).standard_normal((batch, steps, features)).astype(np.float32)
    whole = model.run({"x": x}, entry="whole")["cell"]
    streamed = np.full_like(whole, np.nan)
    for step in range(steps):
        streamed[:, step] = model.run({"x": x[:, step : step + 1].copy()}, entry="stream")["cell"][:, 0]
    assert abs(streamed - whole).max() <= 1e-6
    command = [sys.executable, "-c", MEASURE, programs.folder / "model.so", *map(str, (batch, features, steps))]
    growths = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(growths[-1]) < 1 << 18, growths
    # In pieces of any length, too.
    model.reset()
    ends = np.cumsum([0, 1, 2, 7, 64, 1000])
    pieces = [model.run({"x": x[:, a:b].copy()}, entry="stream")["cell"] for a, b in zip(ends, ends[1:])]
    assert abs(np.concatenate(pieces, 1) - whole[:, : ends[-1]]).max() <= 1e-6


def test_wrong_batch_and_reset(programs):
    model = build(programs, {
        "dlc": 1,
        "inputs": [{"name": "x", "shape": ["N", "T", 4]}],
        "layers": [{"op": "lstm", "name": "cell", "units": 3, "stateful": True}],
        "weights": {"cell": make_weights("lstm", 4, 3)},
    })  # fmt: skip
    assert [state.name for state in model.entry_points[0].states] == ["cell.hidden", "cell.cell"]
    x = np.ones((2, 1, 4), np.float32)
    first = model.run({"x": x})["cell"]
    second = model.run({"x": x})["cell"]
    assert abs(first - second).max() > 1e-3
    with pytest.raises(Exception, match=r"state 'cell.hidden' has shape \[2, 3\] from earlier runs, and the inputs of 'run' need \[1, 3\]") as error:
        model.run({"x": x[:1]})
    assert error.value.status == 22
    model.reset()
    np.testing.assert_array_equal(model.run({"x": x})["cell"], first)
    np.testing.assert_array_equal(model.run({"x": x})["cell"], second)


SIZE = 11


def character_model(kind, **section):
    return {
        "dlc": 1,
        "inputs": [{"name": "tokens", "type": "i64", "shape": ["N", "T"]}],
        "layers": [
            {"op": "embedding", "name": "embedding", "vocabulary": SIZE, "units": 6},
            {"op": kind, "name": "cell", "units": 13, "return_sequences": True},
            {"op": "dense", "name": "next", "units": SIZE, "activation": "softmax"},
        ],
        "weights": {
            "embedding": {"weight": np.random.default_rng(5).standard_normal((SIZE, 6)).tolist()},
            "cell": make_weights(kind, 6, 13),
            "next": {"weight": (np.random.default_rng(6).standard_normal((SIZE, 13)) * 2).tolist(), "bias": [0.0] * SIZE},
        },
        "generate": section["generate"],
    }


def lstm_step(model):
    weights = {layer: {name: np.array(value, np.float32) for name, value in values.items()} for layer, values in model["weights"].items()}
    cell, output = weights["cell"], weights["next"]

    def step(state, token):
        hidden, memory = state
        z = cell["weight"] @ weights["embedding"]["weight"][token] + cell["recurrent_weight"] @ hidden + cell["bias"]
        i, f, c, o = np.split(z, 4)
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(memory)
        return output["weight"] @ hidden + output["bias"], (hidden, memory)

    return step, (np.zeros(13, np.float32), np.zeros(13, np.float32))


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_generate_with_an_lstm(programs, level):
    sections = [
        {"method": "greedy", "max_tokens": 30, "stop_token": 3},
        {"method": "sample", "name": "sample", "max_tokens": 30, "top_k": 5},
        {"method": "beam", "name": "beam", "max_tokens": 12, "beams": 3, "stop_token": 3, "length_penalty": 0.5},
    ]
    description = character_model("lstm", generate=sections)
    model = build(programs, description, level)
    step, start = lstm_step(description)
    for prompt in [[0], [1, 2, 3, 4, 5], list(np.arange(70) % SIZE)]:
        inputs = {"prompt": np.array(prompt)}
        tokens, count = reference.generate(step, start, prompt, 30, reference.greedy, 3)
        result = model.run(inputs, entry="generate")
        np.testing.assert_array_equal(result["tokens"], tokens)
        assert result["count"] == count
        for seed in range(3):
            tokens, _ = reference.generate(step, start, prompt, 30, reference.sampler(seed, 0.8, 5))
            sampled = model.run({**inputs, "seed": np.int64(seed), "temperature": np.float32(0.8)}, entry="sample")
            np.testing.assert_array_equal(sampled["tokens"], tokens)
        tokens, count, score = reference.beam_search(step, start, prompt, 12, 3, 3, 0.5)
        result = model.run(inputs, entry="beam")
        np.testing.assert_array_equal(result["tokens"], tokens)
        assert result["count"] == count
        np.testing.assert_allclose(result["score"], score, rtol=1e-4)


def test_wrong_tokens(programs):
    model = build(programs, character_model("gru", generate={"method": "greedy", "max_tokens": 3}))
    with pytest.raises(Exception, match=r"input 'tokens' holds 11 at \[1, 0\], which is not in the vocabulary of 'embedding' \(0 to 10\)") as error:
        model.run({"tokens": np.array([[0, 10], [11, 3]])})
    assert error.value.status == 21
    with pytest.raises(Exception, match=r"input 'prompt' holds -1 at \[2\], which is not in the vocabulary of 'embedding' \(0 to 10\)"):
        model.run({"prompt": np.array([0, 1, -1])}, entry="generate")


def test_wrong_lengths(programs):
    model = build(programs, {
        "dlc": 1,
        "inputs": [{"name": "x", "shape": ["N", "T", 4]}, {"name": "lengths", "type": "i32", "shape": ["N"]}],
        "layers": [{"op": "gru", "name": "cell", "units": 3, "input": "x", "lengths": "lengths"}],
        "weights": {"cell": make_weights("gru", 4, 3)},
    })  # fmt: skip
    x = np.ones((2, 5, 4), np.float32)
    model.run({"x": x, "lengths": np.array([5, 0], np.int32)})
    with pytest.raises(Exception, match=r"input 'lengths' holds 6 at \[1\], which is not in the lengths of 'cell' \(0 to 5\)"):
        model.run({"x": x, "lengths": np.array([5, 6], np.int32)})
