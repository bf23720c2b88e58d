# SPDX-License-Identifier: Apache-2.0
"""Attention that sees a part of its sequence at a time against whole sequences, and decoding with it and with an encoder."""
import itertools
import json

import decoding_reference as reference
import numpy as np
import pytest
from sampling import sample

VOCABULARY = 13


def make_layers(positions, stateful, **attention):
    kept = {"stateful": True} if stateful else {}
    layers = [{"op": "embedding", "name": "embedding", "vocabulary": VOCABULARY, "units": 16}]
    if positions == "learned":
        layers.append({"op": "learned_positions", "name": "positions", "length": 24, **kept})
    elif positions == "sinusoidal":
        layers.append({"op": "sinusoidal_positions", "name": "positions", **kept})
    else:
        attention = {**attention, "rotary": 100}
    return layers + [
        {"op": "attention", "name": "attention1", "heads": 4, "causal": True, "max_length": 24, **attention, **kept},
        {"op": "attention", "name": "attention2", "heads": 2, "causal": True, "max_length": 24, **attention, **kept},
        {"op": "dense", "name": "scores", "units": VOCABULARY},
    ]


def build(programs, model, *options, threads=1):
    dlc = pytest.importorskip("dlc")
    (programs.folder / "model.json").write_text(json.dumps({"dlc": 1, "seed": 3, **model}))
    return dlc.Model(str(programs.compile("model.json", "model.so", *options)), threads=threads)


INPUTS = [{"name": "tokens", "type": "i64", "shape": ["N", "T"]}]


POSITIONS, ATTENTIONS = ["learned", "sinusoidal", "rotary"], [{}, {"kv_heads": 2, "window": 3}]


@pytest.mark.parametrize("positions, attention, level", [
    (positions, attention, level) for turn, (attention, positions) in enumerate(itertools.product(ATTENTIONS, POSITIONS))
    for level in sample(["-O0", "-O2"], 1, turn)])  # fmt: skip
def test_pieces_equal_the_whole(programs, positions, attention, level):
    model = build(programs, {
        "functions": {
            "whole": {"inputs": INPUTS, "layers": make_layers(positions, False, **attention)},
            "stream": {"inputs": INPUTS, "layers": make_layers(positions, True, **attention)},
        },
    }, level)  # fmt: skip
    for batch in (1, 3):
        tokens = np.random.default_rng(batch).integers(0, VOCABULARY, (batch, 24))
        whole = model.run({"tokens": tokens}, entry="whole")["scores"]
        for sizes in ([1] * 24, [5, 1, 1, 7, 10], [24]):
            model.reset()
            ends = np.cumsum([0] + sizes)
            for a, b in zip(ends, ends[1:]):
                scores = model.run({"tokens": tokens[:, a:b].copy()}, entry="stream")["scores"]
                np.testing.assert_allclose(scores, whole[:, a:b], rtol=0, atol=1e-5)
        with pytest.raises(Exception, match="holds 24 of at most 24 steps, and this run brings 1: reset the context first"):
            model.run({"tokens": tokens[:, :1].copy()}, entry="stream")


@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("beams", [None, 1, 3])
def test_generate(programs, positions, beams):
    section = {"max_tokens": 12, "stop_token": 5, **({"method": "beam", "beams": beams} if beams else {"method": "greedy"})}
    model = build(programs, {"inputs": INPUTS, "layers": make_layers(positions, False), "generate": section})

    def step(state, token):
        sequence = state + [token]
        return model.run({"tokens": np.array([sequence])})["scores"][0, -1], sequence

    for prompt in ([1], [4, 2, 7, 7], list(range(12))):
        result = model.run({"prompt": np.array(prompt)}, entry="generate")
        if beams:
            tokens, count, score = reference.beam_search(step, [], prompt, 12, beams, 5)
            np.testing.assert_allclose(result["score"], score, rtol=1e-4)
        else:
            tokens, count = reference.generate(step, [], prompt, 12, reference.greedy, 5)
        np.testing.assert_array_equal(result["tokens"], tokens)
        assert result["count"] == count
    with pytest.raises(Exception, match="has T = 13 .*, which is not within 1 to 12"):
        model.run({"prompt": np.zeros(13, np.int64)}, entry="generate")


@pytest.mark.parametrize("beams", [None, 2])
def test_encoder_and_decoder(programs, beams):
    """The encoder's output is looked at in every step, and starts the recurrent layer."""
    section = {"function": "decode", "encoder": "encode", "max_tokens": 8, **({"method": "beam", "beams": beams} if beams else {"method": "greedy"})}
    model = build(programs, {
        "functions": {
            "encode": {
                "inputs": [{"name": "frames", "shape": ["N", "S", 6]}],
                "outputs": ["memory", "start"],
                "layers": [
                    {"op": "dense", "name": "memory", "units": 8, "activation": "tanh"},
                    {"op": "lstm", "name": "reader", "units": 8},
                    {"op": "dense", "name": "start", "units": 8},
                ],
            },
            "decode": {
                "inputs": [
                    {"name": "tokens", "type": "i32", "shape": ["N", "T"]},
                    {"name": "memory", "shape": ["N", "S", 8]},
                    {"name": "start", "shape": ["N", 8]},
                ],
                "layers": [
                    {"op": "embedding", "name": "embedding", "vocabulary": VOCABULARY, "units": 8, "input": "tokens"},
                    {"op": "gru", "name": "cell", "units": 8, "return_sequences": True, "initial_state": "start"},
                    {"op": "attention", "name": "look", "heads": 2, "inputs": ["cell", "memory"]},
                    {"op": "add", "name": "sum", "inputs": ["cell", "look"]},
                    {"op": "dense", "name": "scores", "units": VOCABULARY},
                ],
            },
        },
        "generate": section,
    })  # fmt: skip
    frames = np.random.default_rng(1).standard_normal((1, 9, 6)).astype(np.float32)
    encoded = model.run({"frames": frames}, entry="encode")

    def step(state, token):
        sequence = state + [token]
        inputs = {"tokens": np.array([sequence], np.int32), **encoded}
        return model.run(inputs, entry="decode")["scores"][0, -1], sequence

    result = model.run({"frames": frames, "prompt": np.array([3, 1])}, entry="generate")
    if beams:
        tokens, _, _ = reference.beam_search(step, [], [3, 1], 8, beams)
    else:
        tokens, _ = reference.generate(step, [], [3, 1], 8, reference.greedy)
    np.testing.assert_array_equal(result["tokens"], tokens)


@pytest.mark.parametrize(
    "attention, message",
    [
        ({"causal": False}, "it must be 'causal'"),
        ({}, "needs a 'max_length'"),
        ({"max_length": 3}, "generates 4 tokens after a prompt, but its layers have room for 3 steps"),
    ],
)
def test_wrong_caches(programs, attention, message):
    model = {
        "dlc": 1,
        "inputs": INPUTS,
        "layers": [
            {"op": "embedding", "name": "embedding", "vocabulary": VOCABULARY, "units": 4},
            {"op": "attention", "name": "attention", "heads": 2, "causal": True, **attention},
            {"op": "dense", "name": "scores", "units": VOCABULARY},
        ],
        "generate": {"method": "greedy", "max_tokens": 4},
    }
    (programs.folder / "model.json").write_text(json.dumps(model))
    result = programs.run("dlc", "model.json", "-o", "model.so")
    assert result.returncode == 1 and message in result.stderr, result.stderr
