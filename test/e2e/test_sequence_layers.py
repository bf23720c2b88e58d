# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers of JSON models, against NumPy in double precision: units, activations, directions, lengths, initial states, wrappers,
layers over layers. Tolerance: 1e-5 of the largest expected magnitude (at least 1)."""
import json

import numpy as np
import pytest

from recurrent_reference import GATES, recurrent
from test_json_models import write_safetensors

KINDS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
# The positions of ONNX's gates in a layer's weights: i, o, f, c of i, f, c, o.
ORDER = {"rnn": [0], "gru": [0, 1, 2], "lstm": [0, 3, 1, 2]}
NAMES = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softsign": "Softsign", "hard_sigmoid": "HardSigmoid"}


def make_weights(random, kind, units, features, reset_after=True, use_bias=True, prefix="y."):
    rows, scale = GATES[KINDS[kind]] * units, 1 / np.sqrt(units)
    shapes = {"weight": (rows, features), "recurrent_weight": (rows, units)}
    if use_bias:
        shapes["bias"] = (rows,)
        if kind == "gru" and reset_after:
            shapes["recurrent_bias"] = (rows,)
    return {prefix + name: random.uniform(-scale, scale, shape).astype(np.float32) for name, shape in shapes.items()}


def reference(kind, x, weights, prefix="y.", go_backwards=False, lengths=None, initial=None, activation="tanh", recurrent_activation="sigmoid",
              reset_after=True):  # fmt: skip
    """Every step's state [N, T, units], and the last hidden and cell state."""
    def reorder(array):
        gates = np.split(array.astype(np.float64), len(ORDER[kind]))
        return np.concatenate([gates[i] for i in ORDER[kind]])
    w, r = reorder(weights[prefix + "weight"]), reorder(weights[prefix + "recurrent_weight"])
    bias = weights.get(prefix + "bias", np.zeros(len(w)))
    b = np.concatenate([reorder(bias), reorder(weights.get(prefix + "recurrent_bias", np.zeros(len(w))))])
    names = {"rnn": [activation], "gru": [recurrent_activation, activation], "lstm": [recurrent_activation, activation, activation]}[kind]
    states = [None, None] if initial is None else [a[None] for a in initial] + [None] * (2 - len(initial))
    y, h, c = recurrent(KINDS[kind], x.swapaxes(0, 1), w[None], r[None], b[None], lengths, *states, activations=[NAMES[name] for name in names],
                        direction="reverse" if go_backwards else "forward", linear_before_reset=int(reset_after))  # fmt: skip
    return y[:, 0].swapaxes(0, 1), h[0], c[0]


def check(programs, layers, weights, inputs, expected, dims=("N", "T"), more_inputs=(), options=()):
    write_safetensors(programs.folder / "weights.safetensors", weights)
    x = inputs["x"]
    model = {
        "dlc": 1,
        "inputs": [{"name": "x", "shape": [*dims, *x.shape[2:]]}, *more_inputs],
        "layers": [{**layers[0], "input": "x"}, *layers[1:]], "outputs": list(expected), "weights": "weights.safetensors",
    }  # fmt: skip
    (programs.folder / "model.json").write_text(json.dumps(model))
    library = programs.compile("model.json", "model.so", *options)
    actual = programs.execute(library, inputs, list(expected))
    for name, array in expected.items():
        assert actual[name].shape == array.shape, name
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=1e-5 * max(1, np.abs(array).max(initial=0)), err_msg=name)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


@pytest.fixture
def random():
    return np.random.default_rng(17)


VARIANTS = [{}, {"return_sequences": True, "go_backwards": True}, {"use_bias": False, "return_sequences": True},
            {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}, {"activation": "relu", "dropout": 0.5}]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_layer(programs, random, kind, variant):
    keys = dict(VARIANTS[variant])
    if kind == "rnn":
        keys.pop("recurrent_activation", None)
    weights = make_weights(random, kind, 7, 5, use_bias=keys.get("use_bias", True))
    x = floats(random, 3, 6, 5)
    known = {key: value for key, value in keys.items() if key in ("go_backwards", "activation", "recurrent_activation")}
    y, h, c = reference(kind, x, weights, **known)
    expected = {"y": y if keys.get("return_sequences") else h, "y.hidden": h}
    if kind == "lstm":
        expected["y.cell"] = c
    check(programs, [{"op": kind, "name": "y", "units": 7, **keys}], weights, {"x": x}, expected)


def test_gru_that_resets_first(programs, random):
    weights, x = make_weights(random, "gru", 6, 4, reset_after=False), floats(random, 2, 5, 4)
    _, h, _ = reference("gru", x, weights, reset_after=False)
    check(programs, [{"op": "gru", "name": "y", "units": 6, "reset_after": False}], weights, {"x": x}, {"y": h})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("go_backwards", [False, True])
def test_lengths_and_initial_states(programs, random, kind, go_backwards):
    weights, x, lengths = make_weights(random, kind, 4, 3), floats(random, 4, 5, 3), np.array([5, 0, 2, 1], np.int32)
    initial = [floats(random, 4, 4) for _ in range(2 if kind == "lstm" else 1)]
    y, h, _ = reference(kind, x, weights, go_backwards=go_backwards, lengths=lengths, initial=initial)
    names = ["h0", "c0"][: len(initial)]
    layer = {"op": kind, "name": "y", "units": 4, "return_sequences": True, "go_backwards": go_backwards, "lengths": "steps", "initial_state": names}
    more = [{"name": "steps", "type": "i32", "shape": ["N"]}, *({"name": name, "shape": ["N", 4]} for name in names)]
    check(programs, [layer], weights, {"x": x, "steps": lengths, **dict(zip(names, initial))}, {"y": y, "y.hidden": h}, more_inputs=more)


MERGES = {"concat": lambda a, b: np.concatenate([a, b], -1), "sum": np.add, "average": lambda a, b: (a + b) / 2, "multiply": np.multiply}


@pytest.mark.parametrize("mode", MERGES)
@pytest.mark.parametrize("kind, sequences", [("lstm", True), ("gru", False)])
def test_bidirectional(programs, random, mode, kind, sequences):
    weights = {**make_weights(random, kind, 5, 3, prefix="y.forward."), **make_weights(random, kind, 5, 3, prefix="y.backward.")}
    x, lengths = floats(random, 3, 4, 3), np.array([4, 3, 1])
    forward = reference(kind, x, weights, "y.forward.", lengths=lengths)
    backward = reference(kind, x, weights, "y.backward.", go_backwards=True, lengths=lengths)
    layer = {"op": "bidirectional", "name": "y", "layer": {"op": kind, "units": 5, "return_sequences": sequences}, "merge_mode": mode, "lengths": "steps"}
    expected = {"y": MERGES[mode](*((forward[0], backward[0]) if sequences else (forward[1], backward[1]))), "y.backward.hidden": backward[1]}
    check(programs, [layer], weights, {"x": x, "steps": lengths}, expected, more_inputs=[{"name": "steps", "type": "i64", "shape": ["N"]}])


def test_layers_over_layers(programs, random):
    """Two recurrent layers with everything dynamic, a single step, and known extents."""
    weights = {**make_weights(random, "gru", 9, 4, prefix="below."), **make_weights(random, "lstm", 3, 9)}
    layers = [{"op": "gru", "name": "below", "units": 9, "return_sequences": True}, {"op": "lstm", "name": "y", "units": 3, "return_sequences": True}]
    for dims, shape in ((("N", "T"), (2, 7, 4)), (("N", 1), (2, 1, 4)), ((1, 6), (1, 6, 4))):
        x = floats(random, *shape)
        below = reference("gru", x, weights, "below.")[0]
        check(programs, layers, weights, {"x": x}, {"y": reference("lstm", below, weights)[0], "below": below}, dims)


@pytest.mark.parametrize("dims", [("N", "T"), ("N", 3), (2, "T"), (2, 3)])
def test_time_distributed(programs, random, dims):
    """A convolution, a pool and a flattening of every frame, then a dense layer of every frame."""
    weights = {"conv.weight": floats(random, 4, 2, 3, 3), "conv.bias": floats(random, 4), "y.weight": floats(random, 5, 16), "y.bias": floats(random, 5)}
    distributed = lambda name, **layer: {"op": "time_distributed", "name": name, "layer": layer}
    layers = [distributed("conv", op="conv2d", filters=4, kernel=3, activation="relu"), distributed("pool", op="max_pool2d", size=2),
              distributed("flat", op="flatten"), distributed("y", op="dense", units=5)]  # fmt: skip
    x = floats(random, 2, 3, 2, 6, 6)
    conv = np.zeros((2, 3, 4, 4, 4))
    for i in range(3):
        for j in range(3):
            conv += np.einsum("ntcyx,oc->ntoyx", x[..., i : i + 4, j : j + 4].astype(np.float64), weights["conv.weight"][:, :, i, j])
    conv = np.maximum(conv + weights["conv.bias"][:, None, None], 0)
    flat = conv.reshape(2, 3, 4, 2, 2, 2, 2).max(axis=(4, 6)).reshape(2, 3, 16)
    check(programs, layers, weights, {"x": x}, {"y": flat @ weights["y.weight"].T + weights["y.bias"]}, dims)


def test_recurrent_layer_at_every_step(programs, random):
    """Words of letters: a recurrent layer for the letters of every word, and one for the words."""
    weights = {**make_weights(random, "gru", 4, 3, prefix="word."), **make_weights(random, "rnn", 2, 4)}
    layers = [{"op": "time_distributed", "name": "word", "layer": {"op": "gru", "units": 4}}, {"op": "rnn", "name": "y", "units": 2}]
    x = floats(random, 2, 5, 6, 3)
    words = reference("gru", x.reshape(10, 6, 3), weights, "word.")[1].reshape(2, 5, 4)
    for dims in (("N", "T"), ("N", 5)):
        check(programs, layers, weights, {"x": x}, {"y": reference("rnn", words, weights)[1]}, dims)


def test_embedding(programs, random):
    table = floats(random, 11, 4)
    write_safetensors(programs.folder / "weights.safetensors", {"y.embeddings": table})
    model = {"dlc": 1, "inputs": [{"name": "tokens", "type": "i32", "shape": ["N", "T"]}],
             "layers": [{"op": "embedding", "name": "y", "vocabulary": 11, "units": 4}], "weights": "weights.safetensors"}  # fmt: skip
    (programs.folder / "model.json").write_text(json.dumps(model))
    library = programs.compile("model.json", "model.so")
    for shape in ((2, 5), (1, 1), (3, 0)):
        tokens = random.integers(0, 11, shape).astype(np.int32)
        np.testing.assert_array_equal(programs.execute(library, {"tokens": tokens}, ["y"])["y"], table[tokens])


def test_nodes(programs, random):
    """ONNX's LSTM as a node: steps come first, and results are left out by an empty name."""
    size, features = 5, 3
    arrays = {"w": floats(random, 2, 4 * size, features), "r": floats(random, 2, 4 * size, size), "b": floats(random, 2, 8 * size), "p": floats(random, 2, 3 * size)}
    arrays = {name: array / 2 for name, array in arrays.items()}
    write_safetensors(programs.folder / "weights.safetensors", arrays)
    model = {
        "dlc": 1, "inputs": [{"name": "x", "shape": ["T", "N", features]}, {"name": "steps", "type": "i32", "shape": ["N"]}],
        "nodes": [
            {"op": "LSTM", "name": "both", "inputs": ["x", "w", "r", "b", "steps", "", "", "p"], "outputs": ["", "h", "c"],
             "attributes": {"direction": "bidirectional", "clip": 1.5}},
            {"op": "GRU", "inputs": ["x", "gw", "gr"], "outputs": ["y"], "attributes": {"linear_before_reset": True, "layout": 0}}],
        "parameters": {"gw": {"shape": [1, 6, features], "value": 0.25}, "gr": {"shape": [1, 6, 2], "value": -0.5}},
        "outputs": ["h", "c", "y"], "weights": "weights.safetensors",
    }  # fmt: skip
    (programs.folder / "model.json").write_text(json.dumps(model))
    library = programs.compile("model.json", "model.so")
    x, steps = floats(random, 4, 3, features), np.array([4, 1, 3], np.int32)
    _, h, c = recurrent("LSTM", x, arrays["w"], arrays["r"], arrays["b"], steps, None, None, arrays["p"], "bidirectional", clip=1.5)
    y, _, _ = recurrent("GRU", x, np.full((1, 6, features), 0.25), np.full((1, 6, 2), -0.5), linear_before_reset=1)
    actual = programs.execute(library, {"x": x, "steps": steps}, ["h", "c", "y"])
    for name, array in {"h": h, "c": c, "y": y}.items():
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=1e-5, err_msg=name)
