# SPDX-License-Identifier: Apache-2.0
"""Graphs of nodes learn as layers do: dropout drops in the step alone, batch normalization keeps its running statistics from the optimizer
and updates them; recurrent layers drop inputs and states."""
import json

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")

TRAINING = {"loss": "mean_squared_error", "optimizer": {"name": "adam", "learning_rate": 0.05}}


def compile_model(folder, name, model, *options):
    (folder / f"{name}.json").write_text(json.dumps(model))
    return dlc.Model(dlc.compile(folder / f"{name}.json", folder / f"{name}.so", *options))


def node(op, inputs, output, **attributes):
    return {"op": op, "inputs": inputs, "outputs": [output], "attributes": attributes}


def make_pair(rng, dropout):
    """One model as layers and as nodes, from the same weights, which nodes call as layers do."""
    shapes = {"a.weight": (6, 5), "a.bias": (6,), "n.weight": (6,), "n.bias": (6,), "n.running_mean": (6,), "n.running_var": (6,),
              "z.weight": (3, 6), "z.bias": (3,)}  # fmt: skip
    values = {name: rng.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}
    inputs = [{"name": "x", "type": "f64", "shape": ["N", 5]}]
    nested = {}
    for name, value in values.items():
        layer, role = name.split(".")
        nested.setdefault(layer, {})[role] = value.tolist()
    layers = [{"op": "dense", "name": "a", "units": 6}, {"op": "batch_norm", "name": "n", "momentum": 0.2}, {"op": "tanh"},
              *([{"op": "dropout", "rate": 0.4}] if dropout else []), {"op": "dense", "name": "z", "units": 3}]  # fmt: skip
    statistics = ["n.running_mean", "n.running_var"]
    nodes = [
        node("Gemm", ["x", "a.weight", "a.bias"], "a", transB=1),
        node("BatchNormalization", ["a", "n.weight", "n.bias", *statistics], "n", momentum=0.8), node("Tanh", ["n"], "t"),
        node("Dropout", ["t", 0.4] if dropout == "input" else ["t"], "d", **({"ratio": 0.4} if dropout == "attribute" else {"ratio": 0.0} if not dropout else {})),
        node("Gemm", ["d", "z.weight", "z.bias"], "z", transB=1),
    ]  # fmt: skip
    parameters = {name: {"shape": list(value.shape), "type": "f64", "value": value.tolist()} for name, value in values.items()}
    common = {"dlc": 1, "inputs": inputs, "training": TRAINING}
    return {**common, "layers": layers, "weights": nested}, {**common, "nodes": nodes, "parameters": parameters, "outputs": ["z"]}


@pytest.mark.parametrize("dropout", [None, "input", "attribute"])
def test_as_layers(tmp_path, dropout):
    rng = np.random.default_rng(0)
    as_layers, as_nodes = make_pair(rng, dropout)
    models = [compile_model(tmp_path, "layers", as_layers, "--train"), compile_model(tmp_path, "nodes", as_nodes, "--train")]
    states = [model.new_state(seed=5) for model in models]
    for rows in (7, 1, 16, 3):
        batch = {"x": rng.standard_normal((rows, 5)), "label": rng.standard_normal((rows, 3))}
        for entry in ("evaluate", "train_step"):
            losses = [float(model.run(batch, entry=entry)["loss"]) for model in models]
            np.testing.assert_allclose(losses[1], losses[0], rtol=1e-9, err_msg=entry)
        # ONNX's running variance keeps the bias that PyTorch's and the layer's lacks.
        states[1]["n.running_var"][...] = states[0]["n.running_var"]
        for name in states[1]:
            np.testing.assert_allclose(states[1][name], states[0][name], rtol=1e-8, atol=1e-10, err_msg=name)
    assert not any("running" in name and "optimizer" in name for name in states[1])
    predictions = [model.run({"x": batch["x"]}, entry="predict") for model in models]
    np.testing.assert_allclose(predictions[1]["z"], predictions[0]["z"], rtol=1e-8)
    if dropout:  # what one step drops, another does not
        steps = [float(models[1].run({**batch, "learning_rate": 0.0}, entry="train_step")["loss"]) for _ in range(3)]
        assert len(set(steps)) == 3 and float(models[1].run(batch, entry="evaluate")["loss"]) not in steps


def test_running_statistics_are_those_of_onnx(tmp_path):
    rng = np.random.default_rng(1)
    _, as_nodes = make_pair(rng, None)
    model = compile_model(tmp_path, "nodes", as_nodes, "--train")
    state = model.new_state(seed=1)
    for rows in (1, 2, 13):
        batch = {"x": rng.standard_normal((rows, 5)), "label": rng.standard_normal((rows, 3))}
        before = {name: np.array(state[name]) for name in state}
        model.run(batch, entry="train_step")
        a = batch["x"] @ before["a.weight"].T + before["a.bias"]
        np.testing.assert_allclose(state["n.running_mean"], 0.8 * before["n.running_mean"] + 0.2 * a.mean(0), rtol=1e-12)
        np.testing.assert_allclose(state["n.running_var"], 0.8 * before["n.running_var"] + 0.2 * a.var(0), rtol=1e-12, atol=1e-15)


def make_step(nodes, outputs, **more):
    """A trainable function, if a small one: `w` becomes what it is."""
    inputs = [{"name": "x", "type": "f64", "shape": ["N", 4]}]
    parameters = {"w": {"shape": [], "type": "f64", "value": 1}, "s": {"shape": [4], "type": "f64", "value": 1}, "b": {"shape": [4], "type": "f64", "value": 0},
                  "m": {"shape": [4], "type": "f64", "value": 0}, "v": {"shape": [4], "type": "f64", "value": 1}}  # fmt: skip
    step = {"inputs": inputs, "nodes": [*nodes, {"op": "Assign", "inputs": ["w"], "attributes": {"parameter": "w"}}], "outputs": outputs}
    return {"dlc": 1, "parameters": parameters, "functions": {"train_step": step, **more}}


def test_nodes_of_a_trainable_function(tmp_path):
    """Its own nodes train without being told, unless they are told otherwise; twice is one update after the other."""
    inputs = [{"name": "x", "type": "f64", "shape": ["N", 4]}]
    norm = ["s", "b", "m", "v"]
    nodes = [
        node("Dropout", ["x", 0.25], "dropped"), node("Dropout", ["x", 0.25, 0], "whole"),
        node("BatchNormalization", ["x", *norm], "n1"), node("Mul", ["x", 3], "x3"), node("BatchNormalization", ["x3", *norm], "n2"),
        node("BatchNormalization", ["x", *norm], "kept", training_mode=0),
        {"op": "Call", "inputs": ["x"], "outputs": ["called"], "attributes": {"function": "part"}},
        {"op": "Call", "inputs": ["x"], "outputs": ["trained"], "attributes": {"function": "part", "training": True}},
    ]  # fmt: skip
    outputs = ["dropped", "whole", "n1", "n2", "kept", "called", "trained"]
    part = {"inputs": inputs, "nodes": [node("Dropout", ["x"], "y")], "outputs": ["y"]}
    model = compile_model(tmp_path, "m", make_step(nodes, outputs, part=part))
    state = model.new_state(seed=2)
    x = np.random.default_rng(3).standard_normal((500, 4)) + 5
    got = model.run({"x": x}, entry="train_step")
    for name, rate in (("dropped", 0.25), ("trained", 0.5)):
        kept = got[name] != 0
        np.testing.assert_allclose(got[name][kept], (x / (1 - rate))[kept], rtol=1e-14)
        assert abs(kept.mean() - (1 - rate)) < 0.05, name
    np.testing.assert_array_equal(got["whole"], x)
    np.testing.assert_array_equal(got["called"], x)
    np.testing.assert_allclose(got["kept"], x / np.sqrt(1 + 1e-5), rtol=1e-12)
    for name in ("n1", "n2"):
        np.testing.assert_allclose(got[name].mean(0), np.zeros(4), atol=1e-12)
        np.testing.assert_allclose(got[name].std(0), np.ones(4), rtol=1e-4)
    # The default momentum of ONNX keeps 0.9.
    np.testing.assert_allclose(state["m"], 0.9 * (0.1 * x.mean(0)) + 0.1 * (3 * x).mean(0), rtol=1e-12)
    np.testing.assert_allclose(state["v"], 0.9 * (0.9 + 0.1 * x.var(0)) + 0.1 * (3 * x).var(0), rtol=1e-12)
    np.testing.assert_array_equal(model.run({"x": x}, entry="part")["y"], x)
    assert state["step"] == 1


def test_layers_that_are_called_twice(tmp_path):
    inputs = [{"name": "x", "type": "f64", "shape": ["N", 4]}]
    part = {"inputs": inputs, "layers": [{"op": "batch_norm", "name": "n"}]}
    call = {"function": "part", "training": True}
    nodes = [node("Call", ["x"], "y1", **call), node("Mul", ["x", 3], "x3"), node("Call", ["x3"], "y2", **call)]
    model = compile_model(tmp_path, "m", make_step(nodes, ["y1", "y2"], part=part))
    state = model.new_state(seed=2)
    x = np.random.default_rng(3).standard_normal((50, 4)) + 5
    model.run({"x": x}, entry="train_step")
    np.testing.assert_allclose(state["n.running_mean"], 0.9 * (0.1 * x.mean(0)) + 0.1 * (3 * x).mean(0), rtol=1e-12)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("steps", [1, 4])
def test_recurrent_dropout(tmp_path, kind, steps):
    """Inputs and states are dropped for all steps of a sequence alike, and only in training: the equations with the factors put in."""
    units, features, rate = 6, 5, 0.5
    layer = {"op": kind, "name": "r", "units": units, "return_sequences": True, "dropout": rate, "recurrent_dropout": rate, "use_bias": False}
    inputs = [{"name": "x", "type": "f64", "shape": ["N", steps, features]}]
    part = {"inputs": inputs, "layers": [{**layer, "activation": "linear", **({} if kind == "rnn" else {"recurrent_activation": "sigmoid"})}]}
    rng = np.random.default_rng(4)
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    w, r = np.zeros((gates * units, features)), np.zeros((gates * units, units))
    # Only the candidate sees anything: h' = f h + i (W x + R h), with gates of sigmoid(0).
    at = {"rnn": 0, "gru": 2, "lstm": 2}[kind] * units
    w[at : at + units], r[at : at + units] = rng.uniform(0.5, 1, (units, features)), np.diag(rng.uniform(0.5, 1, units))
    step = {"inputs": inputs, "outputs": ["y", "plain"], "nodes": [
        node("Call", ["x"], "y", function="part", training=True), node("Call", ["x"], "plain", function="part"),
        {"op": "Assign", "inputs": ["k"], "attributes": {"parameter": "k"}}]}  # fmt: skip
    model = compile_model(tmp_path, "m", {
        "dlc": 1, "parameters": {"k": {"shape": [], "type": "f64", "value": 1}}, "functions": {"train_step": step, "part": part}})  # fmt: skip
    state = model.new_state(seed=3)
    state["r.weight"][...], state["r.recurrent_weight"][...] = w, r
    x = rng.uniform(0.5, 1, (200, steps, features))
    got = model.run({"x": x}, entry="train_step")

    def expect(x, keeps_state):
        h = c = np.zeros((len(x), units))
        ys = []
        for t in range(steps):
            z = x[:, t] @ w[at : at + units].T + ((0.5 if kind == "gru" else 1) * keeps_state * h) @ r[at : at + units].T
            if kind == "rnn":
                h = z
            elif kind == "gru":
                h = 0.5 * z + 0.5 * h
            else:
                c = 0.5 * c + 0.5 * z
                h = 0.5 * c
            ys.append(h)
        return np.stack(ys, 1)

    np.testing.assert_allclose(got["plain"], expect(x, np.ones(units)), rtol=1e-10)
    # Which inputs were dropped follows from the first step: a sum of a subset of known numbers for each unit.
    share = {"rnn": 1, "gru": 0.5, "lstm": 0.25}[kind]
    terms = x[:, 0] / (1 - rate)
    kept = np.linalg.lstsq(w[at : at + units], (got["y"][:, 0] / share).T, rcond=None)[0].T / terms
    np.testing.assert_allclose(kept, kept.round(), atol=1e-9)
    assert set(kept.round().ravel()) == {0, 1} and abs(kept.mean() - rate) < 0.06
    dropped = x * kept.round()[:, None] / (1 - rate)
    if steps == 1:
        return np.testing.assert_allclose(got["y"], expect(dropped, np.ones(units)), rtol=1e-9)
    sides = np.stack([expect(dropped, np.full(units, factor)) for factor in (0, 2)])
    # R is diagonal: each unit has its own factor, 0 or 2, for all steps.
    factor = 2 * np.isclose(got["y"][:, 1], sides[1][:, 1], rtol=1e-9)
    assert abs(factor.mean() / 2 - rate) < 0.06
    np.testing.assert_allclose(got["y"], expect(dropped, factor), rtol=1e-9)


@pytest.mark.parametrize("nodes, message", [
    ([node("Dropout", ["x", "w"], "y")], "node 'y' (Dropout) expects the ratio as a number that is written instead of an input, such as 0.5"),
    ([node("Dropout", ["x", 1.5], "y")], "drops a share of the elements that must be from 0 to below 1"),
    ([node("Dropout", ["x", 1], "y")], "drops a share of the elements that must be from 0 to below 1"),
    ([node("Dropout", ["x", 0.5], "y", ratio=0.5)], "has a ratio as an input and as an attribute"),
    ([node("BatchNormalization", ["x", "s", "b", [0, 0, 0, 0], "v"], "y")],
     "node 'y' (BatchNormalization) expects a running mean and a running variance that are parameters, because training updates them"),
    ([node("BatchNormalization", ["x", "s", "b", "m", "m"], "y")], "has 'm' both as the running mean and as the running variance"),
    ([node("BatchNormalization", ["x", "s", "b", "m", "v"], "y"), {"op": "Assign", "inputs": ["b"], "attributes": {"parameter": "m"}}],
     "function 'train_step' assigns 'm', which a batch normalization in it updates already"),
])  # fmt: skip
def test_errors(programs, nodes, message):
    (programs.folder / "m.json").write_text(json.dumps(make_step(nodes, ["y"])))
    result = programs.run("dlc", "m.json", "-o", "m.so")
    assert result.returncode == 1 and message in result.stderr, result.stderr


@pytest.mark.parametrize("is_trained", [False, True])
def test_predicting_keeps_running_statistics(tmp_path, is_trained):
    """A training mode of 1 normalizes by the batch everywhere; only training updates the running statistics."""
    parameters = {name: {"shape": [3], "initializer": "ones" if name in "sv" else "zeros"} for name in "sbmv"}
    nodes = [node("BatchNormalization", ["x", "s", "b", "m", "v"], "y", training_mode=1)]
    model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 3]}], "nodes": nodes, "parameters": parameters, "outputs": ["y"]}
    if is_trained:
        model["training"] = {"loss": "mean_squared_error", "optimizer": {"name": "sgd", "learning_rate": 0.0}}
    compiled = compile_model(tmp_path, "m", model, *(["--train"] if is_trained else []))
    x = np.random.default_rng(5).standard_normal((50, 3)).astype(np.float32) + 2
    state = compiled.new_state(seed=1) if is_trained else None
    y = compiled(x)
    np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), rtol=1e-4, atol=1e-5)
    if is_trained:
        np.testing.assert_array_equal(state["m"], np.zeros(3, np.float32))
        compiled.run({"x": x, "label": y}, entry="train_step")
        np.testing.assert_allclose(state["m"], 0.1 * x.mean(0), rtol=1e-5)
