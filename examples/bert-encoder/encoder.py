# SPDX-License-Identifier: Apache-2.0
"""The encoder of bert-encoder.json in NumPy, sample by sample and head by head, without dlc: `encoder.py write` writes the weights, two
sentences and the encoder's results for them; `encoder.py check RESULT.npy` compares a result of dlc with that."""
import json
import math
import pathlib
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
VOCABULARY, LENGTH, WIDTH, HEADS, HIDDEN, BLOCKS = 64, 16, 32, 4, 64, 2
SENTENCES = np.array([[1, 17, 42, 8, 33, 2, 0, 0, 0], [1, 5, 60, 23, 11, 29, 54, 38, 2]])  # padded with 0
LENGTHS = (6, 9)


def make_weights():
    random, weights = np.random.default_rng(2018), {}

    def add(name, *shape):
        weights[name] = (random.standard_normal(shape) / math.sqrt(shape[-1])).astype(np.float32)

    def add_norm(name):
        weights[f"{name}.weight"] = (1 + 0.1 * random.standard_normal(WIDTH)).astype(np.float32)
        weights[f"{name}.bias"] = (0.1 * random.standard_normal(WIDTH)).astype(np.float32)

    add("words.weight", VOCABULARY, WIDTH)
    add("places.weight", LENGTH, WIDTH)
    add_norm("embedded")
    for block in range(1, BLOCKS + 1):
        for role in ("query", "key", "value", "output"):
            add(f"attention{block}.{role}_weight", WIDTH, WIDTH)
            add(f"attention{block}.{role}_bias", WIDTH)
        add_norm(f"attended{block}")
        add(f"wide{block}.weight", HIDDEN, WIDTH)
        add(f"wide{block}.bias", HIDDEN)
        add(f"narrow{block}.weight", WIDTH, HIDDEN)
        add(f"narrow{block}.bias", WIDTH)
        add_norm(f"block{block}")
    return weights


def encode(weights, tokens):
    """[length, WIDTH] for one sentence, in f64."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    size = WIDTH // HEADS

    def linear(x, weight, bias):
        return x @ w[weight].T + w[bias]

    def norm(x, name):
        centred = x - x.mean(1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    x = norm(w["words.weight"][tokens] + w["places.weight"][: len(tokens)], "embedded")
    for block in range(1, BLOCKS + 1):
        name = f"attention{block}"
        q, k, v = (linear(x, f"{name}.{role}_weight", f"{name}.{role}_bias") for role in ("query", "key", "value"))
        heads = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            scores = np.exp(q[:, part] @ k[:, part].T / math.sqrt(size))
            heads.append(scores / scores.sum(1, keepdims=True) @ v[:, part])
        x = norm(x + linear(np.concatenate(heads, 1), f"{name}.output_weight", f"{name}.output_bias"), f"attended{block}")
        wide = linear(x, f"wide{block}.weight", f"wide{block}.bias")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + linear(wide, f"narrow{block}.weight", f"narrow{block}.bias"), f"block{block}")
    return x


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    if sys.argv[1:] == ["write"]:
        weights = make_weights()
        write_safetensors(HERE / "bert-encoder.safetensors", weights)
        np.save(HERE / "tokens.npy", SENTENCES)
        np.save(HERE / "mask.npy", np.arange(SENTENCES.shape[1]) < np.array(LENGTHS)[:, None])
        # Results for the padding do not matter: only the words of each sentence are kept.
        rows = [encode(weights, tokens[:length]) for tokens, length in zip(SENTENCES, LENGTHS)]
        np.save(HERE / "expected.npy", np.concatenate(rows).astype(np.float32))
    else:
        result, expected = np.load(sys.argv[2]), np.load(HERE / "expected.npy")
        words = np.concatenate([row[:length] for row, length in zip(result, LENGTHS)])
        error = np.abs(words - expected).max() / np.abs(expected).max()
        assert words.shape == expected.shape and error < 1e-5, f"differs by {error:.1e} of the range"
        print("the words of both sentences agree with NumPy")


if __name__ == "__main__":
    main()
