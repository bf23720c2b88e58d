#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the data of the example: video-captioner.safetensors (weights), frames.npy and words.npy (inputs), and what the
network's formulas give in NumPy and double precision: scores.npy, of the word after each of words.npy, and captions.npy.

The weights are random numbers: the example shows how such a network is put together, not what a trained one says.
"""
import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
VIDEOS, FRAMES, SIZE, FILTERS, UNITS, VOCABULARY, EMBEDDING = 2, 6, 8, 4, 16, 12, 8
FEATURES = FILTERS * (SIZE // 2) ** 2
START, STOP, MAX_WORDS = 1, 2, 8


def write_safetensors(path, tensors):
    """A file of 8 bytes with the length of a JSON header, the header, and the values."""
    header, data = {}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def make_weights(random):
    shapes = {
        "edges": (FILTERS, 1, 3, 3), "summary": (EMBEDDING, FEATURES), "word": (VOCABULARY, EMBEDDING),
        "memory": (4 * UNITS, EMBEDDING), "score": (VOCABULARY, UNITS),
    }  # fmt: skip
    weights = {f"{name}.weight": random.uniform(-2, 2, shape) / np.sqrt(np.prod(shape[1:])) for name, shape in shapes.items()}
    weights["memory.recurrent_weight"] = random.uniform(-2, 2, (4 * UNITS, UNITS)) / np.sqrt(UNITS)
    for name, size in {"edges": FILTERS, "summary": EMBEDDING, "memory": 4 * UNITS, "score": VOCABULARY}.items():
        weights[f"{name}.bias"] = random.uniform(-0.2, 0.2, size)
    return {name: array.astype(np.float32) for name, array in weights.items()}


def make_frames():
    """Two squares that move: one to the right, one downwards."""
    frames = np.zeros((VIDEOS, FRAMES, 1, SIZE, SIZE), np.float32)
    for t in range(FRAMES):
        frames[0, t, 0, 3:5, t : t + 2] = 1
        frames[1, t, 0, t : t + 2, 3:5] = 1
    return frames


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def describe_frames(frames, w):
    """[videos, features]: a padded convolution, the maximum of each 2x2 window, and the mean over all frames."""
    padded = np.pad(frames[:, :, 0], ((0, 0), (0, 0), (1, 1), (1, 1)))
    edges = np.zeros((VIDEOS, FRAMES, FILTERS, SIZE, SIZE))
    for y in range(3):
        for x in range(3):
            edges += padded[:, :, None, y : y + SIZE, x : x + SIZE] * w["edges.weight"][:, 0, y, x][:, None, None]
    edges = np.maximum(edges + w["edges.bias"][:, None, None], 0)
    pooled = edges.reshape(VIDEOS, FRAMES, FILTERS, SIZE // 2, 2, SIZE // 2, 2).max(axis=(4, 6))
    return pooled.reshape(VIDEOS, FRAMES, FEATURES).mean(axis=1)


def run_step(word, video, h, c, w):
    """Scores of the next word, and the state."""
    z = (w["word.weight"][word] + video) @ w["memory.weight"].T + h @ w["memory.recurrent_weight"].T + w["memory.bias"]
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h @ w["score.weight"].T + w["score.bias"], h, c


def score_words(words, video, w):
    h = c = np.zeros((len(video), UNITS))
    scores = []
    for word in words.T:
        score, h, c = run_step(word, video, h, c, w)
        scores.append(score)
    return np.stack(scores, axis=1)


def write_captions(video, w):
    """The most likely word after each, from the start word to the stop word; 0 where nothing was written."""
    captions = np.zeros((len(video), MAX_WORDS), np.int64)
    for n in range(len(video)):
        h = c = np.zeros((1, UNITS))
        word = START
        for t in range(MAX_WORDS):
            scores, h, c = run_step(np.array([word]), video[n : n + 1], h, c, w)
            word = captions[n, t] = np.argmax(scores)
            first, second = np.sort(scores[0])[[-1, -2]]
            assert first - second > 1e-3, "a caption must not depend on rounding"
            if word == STOP:
                break
    return captions


def main():
    weights = make_weights(np.random.default_rng(65))
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    words = np.array([[1, 4, 6, 9, 2], [1, 4, 6, 10, 2]])
    frames = make_frames()
    video = np.tanh(describe_frames(frames, exact) @ exact["summary.weight"].T + exact["summary.bias"])
    write_safetensors(FOLDER / "video-captioner.safetensors", weights)
    np.save(FOLDER / "frames.npy", frames)
    np.save(FOLDER / "words.npy", words)
    np.save(FOLDER / "scores.npy", score_words(words, video, exact))
    np.save(FOLDER / "captions.npy", write_captions(video, exact))


if __name__ == "__main__":
    main()
