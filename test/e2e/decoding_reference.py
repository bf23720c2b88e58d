# SPDX-License-Identifier: Apache-2.0
"""Decoding in NumPy: `step(state, token) -> (scores of the next token, state)` is the model, `start` its first state."""
import numpy as np


def philox_word(counter, key):
    """The first word of the block of Philox4x32-10 for a counter of four words and a key of two."""
    c, k, mask = [int(x) for x in counter], [int(x) for x in key], 0xFFFFFFFF
    for _ in range(10):
        first, second = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(second >> 32) ^ c[1] ^ k[0], second & mask, (first >> 32) ^ c[3] ^ k[1], first & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c[0]


def random_uniform(seed, counter, count):
    seed, counter, mask = int(seed) % 2**64, int(counter) % 2**64, 0xFFFFFFFF
    words = [philox_word((i, 0, counter & mask, counter >> 32), (seed & mask, seed >> 32)) for i in range(count)]
    return ((np.array(words, np.uint32) >> 9).astype(np.float32) + np.float32(0.5)) * np.float32(1 / 2**23)


def log_softmax(scores):
    shifted = scores.astype(np.float64) - scores.max()
    return shifted - np.log(np.exp(shifted).sum())


def read(step, start, prompt):
    state = start
    for token in prompt:
        scores, state = step(state, token)
    return scores, state


def pad(tokens, max_tokens):
    return np.array(tokens + [0] * (max_tokens - len(tokens)), np.int64), len(tokens)


def generate(step, start, prompt, max_tokens, choose, stop_token=None):
    """`choose(scores, number of the step)` picks a token."""
    scores, state = read(step, start, prompt)
    tokens = []
    for number in range(max_tokens):
        tokens.append(int(choose(scores, number)))
        if tokens[-1] == stop_token:
            break
        scores, state = step(state, tokens[-1])
    return pad(tokens, max_tokens)


def greedy(scores, _):
    return np.argmax(scores)


def sampler(seed, temperature, top_k=None):
    def choose(scores, number):
        order = np.argsort(-scores, kind="stable")[: top_k or len(scores)]
        positions = order if top_k else np.arange(len(scores))
        if temperature <= 0:
            return order[0]
        uniform = random_uniform(seed, number, len(positions))
        noise = -np.log(-np.log(uniform))
        return positions[np.argmax(scores[positions].astype(np.float32) / np.float32(temperature) + noise)]

    return choose


def beam_search(step, start, prompt, max_tokens, beams, stop_token=None, length_penalty=0.0):
    scores, state = read(step, start, prompt)
    kept = [(0.0, [], scores, state)]
    for _ in range(max_tokens):
        grown = []
        for total, tokens, scores, state in kept:
            if stop_token is not None and tokens and tokens[-1] == stop_token:
                grown.append((total, tokens, scores, state))
                continue
            gains = log_softmax(scores)
            grown += [(total + gains[t], tokens + [t], None, (state, t)) for t in range(len(gains))]
        grown.sort(key=lambda entry: -entry[0])
        kept = []
        for total, tokens, scores, state in grown[:beams]:
            if scores is None:
                scores, state = step(*state)
            kept.append((total, tokens, scores, state))
    total, tokens = max(((total / len(tokens) ** length_penalty, tokens) for total, tokens, _, _ in kept), key=lambda entry: entry[0])
    return (*pad(tokens, max_tokens), total)
