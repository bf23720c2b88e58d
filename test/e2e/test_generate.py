# SPDX-License-Identifier: Apache-2.0
"""Decoding entry points against NumPy: greedy, sampled with a seed, beams."""
import itertools
import json

import decoding_reference as reference
import numpy as np
import pytest

SIZE = 7


@pytest.fixture
def bigrams(programs):
    """A model that knows pairs of tokens: weights, and a function that compiles it with a `generate` section."""
    dlc = pytest.importorskip("dlc")
    weight = np.random.default_rng(3).standard_normal((SIZE, SIZE)).astype(np.float32) * 2

    def build(*sections, threads=1, options=(), activation="softmax", token_input=None):
        model = {
            "dlc": 1,
            "inputs": [token_input or {"name": "token", "shape": ["N", "T", SIZE]}],
            "layers": [{"op": "dense", "name": "next", "units": SIZE, "use_bias": False, "activation": activation}],
            "weights": {"next": {"weight": weight.tolist()}},
            "generate": list(sections),
        }
        (programs.folder / "model.json").write_text(json.dumps(model))
        opened = dlc.Model(str(programs.compile("model.json", "model.so", *options)), threads=threads)
        return lambda inputs, entry="generate": opened.run(inputs, entry=entry)

    def step(_, token):
        return weight[:, token], None

    return build, step


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_greedy(bigrams, level):
    build, step = bigrams
    model = build({"method": "greedy", "max_tokens": 12}, {"method": "greedy", "name": "until", "max_tokens": 12, "stop_token": 4}, options=[level])
    for prompt in [[0], [3, 1], [6, 5, 4, 3, 2]]:
        for entry, stop in [("generate", None), ("until", 4)]:
            tokens, count = reference.generate(step, None, prompt, 12, reference.greedy, stop)
            result = model({"prompt": np.array(prompt)}, entry=entry)
            np.testing.assert_array_equal(result["tokens"], tokens)
            assert result["count"] == count


def test_a_trainable_model_generates_with_what_it_has_learned(programs):
    dlc = pytest.importorskip("dlc")
    model = {
        "dlc": 1,
        "inputs": [{"name": "token", "shape": ["N", "T", SIZE]}],
        "layers": [{"op": "dense", "name": "next", "units": SIZE, "use_bias": False, "activation": "softmax"}],
        "generate": {"method": "greedy", "max_tokens": 12},
        "training": {"loss": "cross_entropy", "optimizer": {"name": "adam", "learning_rate": 0.1}},
    }
    (programs.folder / "model.json").write_text(json.dumps(model))
    opened = dlc.Model(str(programs.compile("model.json", "model.so", "--train")))
    state = opened.new_state(seed=1)
    tokens = np.array([[0, 3, 1, 4, 2, 5, 6, 0]])
    one_hot = np.eye(SIZE, dtype=np.float32)[tokens]
    entry = next(entry for entry in opened.entry_points if entry.name == "train_step")
    (target,) = [tensor for tensor in entry.inputs if tensor.is_label]
    for _ in range(100):
        labels = one_hot[:, 1:] if len(target.shape) == 3 else tokens[:, 1:]
        opened.run({"token": one_hot[:, :-1], target.name: labels}, entry="train_step")
    weight = np.array(state["next.weight"])
    expected, _ = reference.generate(lambda _, token: (weight[:, token], None), None, [3], 12, reference.greedy)
    result = opened.run({"prompt": np.array([3])}, entry="generate")["tokens"]
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(result[:6], [1, 4, 2, 5, 6, 0])


@pytest.mark.parametrize("top_k", [None, 1, 3, SIZE])
def test_sample(bigrams, top_k):
    build, step = bigrams
    section = {"method": "sample", "max_tokens": 40, "stop_token": 6, **({"top_k": top_k} if top_k else {})}
    model = build(section, {**section, "name": "warm", "temperature": 0.5}, {**section, "name": "cold", "temperature": 0})
    for seed in [0, 1, -1, 2**40 + 5]:
        for temperature in [0.3, 1.0, 2.5, 0.0]:
            expected = reference.generate(step, None, [2, 0], 40, reference.sampler(seed, temperature, top_k), 6)
            inputs = {"prompt": np.array([2, 0]), "seed": np.int64(seed)}
            result = model({**inputs, "temperature": np.float32(temperature)})
            np.testing.assert_array_equal(result["tokens"], expected[0])
            assert result["count"] == expected[1]
        for name, temperature in [("warm", 0.5), ("cold", 0)]:
            expected = reference.generate(step, None, [2, 0], 40, reference.sampler(seed, temperature, top_k), 6)
            np.testing.assert_array_equal(model(inputs, entry=name)["tokens"], expected[0])


def test_sampled_distribution(bigrams):
    """Chi-square of the first token over 2,000 seeds: below what 999 of 1,000 honest samples stay below."""
    build, step = bigrams
    model = build({"method": "sample", "max_tokens": 1, "temperature": 1.5})
    counts = np.zeros(SIZE)
    for seed in range(2000):
        counts[model({"prompt": np.array([1]), "seed": np.int64(seed)})["tokens"][0]] += 1
    expected = 2000 * np.exp(reference.log_softmax(step(None, 1)[0] / 1.5))
    assert ((counts - expected) ** 2 / expected).sum() < 22.46  # 6 degrees of freedom


@pytest.mark.parametrize("beams", [1, 2, 5])
@pytest.mark.parametrize("stop", [None, 4])
@pytest.mark.parametrize("penalty", [0, 0.7])
def test_beam(bigrams, beams, stop, penalty):
    build, step = bigrams
    section = {"method": "beam", "max_tokens": 9, "beams": beams, "length_penalty": penalty}
    model = build(section if stop is None else {**section, "stop_token": stop})
    for prompt in [[0], [3, 1]]:
        tokens, count, score = reference.beam_search(step, None, prompt, 9, beams, stop, penalty)
        result = model({"prompt": np.array(prompt)})
        np.testing.assert_array_equal(result["tokens"], tokens)
        assert result["count"] == count
        np.testing.assert_allclose(result["score"], score, rtol=1e-5)


def test_wide_beam_finds_the_best_sequence(bigrams):
    """With as many beams as sequences nothing is lost: the result is that of trying them all."""
    build, step = bigrams
    model = build({"method": "beam", "max_tokens": 3, "beams": SIZE**2})
    best = max(
        itertools.product(range(SIZE), repeat=3),
        key=lambda tokens: sum(reference.log_softmax(step(None, a)[0])[b] for a, b in zip((5,) + tokens, tokens)),
    )
    np.testing.assert_array_equal(model({"prompt": np.array([5])})["tokens"], best)


def test_threads_give_the_same(bigrams):
    build, _ = bigrams
    section = {"method": "sample", "max_tokens": 200}
    inputs = {"prompt": np.array([1]), "seed": np.int64(9), "temperature": np.float32(1.5)}
    one, two = (build(section, threads=threads)(inputs)["tokens"] for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_logits_and_integer_tokens(bigrams):
    """Scores need not be probabilities."""
    build, step = bigrams
    model = build({"method": "greedy", "max_tokens": 5}, activation="linear")
    np.testing.assert_array_equal(
        model({"prompt": np.array([2])})["tokens"], reference.generate(step, None, [2], 5, reference.greedy)[0])


def test_wrong_prompts(bigrams):
    build, _ = bigrams
    model = build({"method": "greedy", "max_tokens": 5})
    with pytest.raises(Exception, match=r"input 'prompt' of 'generate' has T = 0 \(dimension 0\), which is not within 1 to"):
        model({"prompt": np.zeros(0, np.int64)})
    with pytest.raises(Exception, match=r"input 'prompt' holds 7 at \[2\], which is not in the vocabulary of 'token' \(0 to 6\)"):
        model({"prompt": np.array([1, 2, 7])})


@pytest.mark.parametrize(
    "section, message",
    [
        ({"method": "greedy"}, "lacks 'max_tokens', an integer from 1 to"),
        ({"method": "greed", "max_tokens": 3}, "did you mean 'greedy'"),
        ({"method": "greedy", "max_tokens": 3, "beams": 2}, "unknown key 'beams'"),
        ({"method": "greedy", "max_tokens": 3, "function": "runs"}, "asks for the function 'runs', which the model does not have"),
        ({"method": "greedy", "max_tokens": 3, "input": "tokens"}, "asks for the input 'tokens', which its function does not have; did you mean 'token'?"),
        ({"method": "greedy", "max_tokens": 3, "output": "nest"}, "asks for the output 'nest', which its function does not have; did you mean 'next'?"),
        ({"method": "greedy", "max_tokens": 3, "stop_token": 7}, "stops at token 7, but the vocabulary has 7 tokens"),
        ({"method": "sample", "max_tokens": 3, "top_k": 8}, "draws among 8 tokens, but the vocabulary has 7"),
        ({"method": "greedy", "max_tokens": 3, "name": "run"}, "another entry point has it"),
    ],
)
def test_wrong_sections(programs, section, message):
    model = {
        "dlc": 1,
        "inputs": [{"name": "token", "shape": ["N", "T", 7]}],
        "layers": [{"op": "dense", "name": "next", "units": 7}],
        "weights": "zeros",
        "generate": section,
    }
    (programs.folder / "model.json").write_text(json.dumps(model))
    result = programs.run("dlc", "model.json", "-o", "model.so")
    assert result.returncode == 1 and message in result.stderr, result.stderr
