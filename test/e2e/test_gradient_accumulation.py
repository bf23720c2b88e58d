# SPDX-License-Identifier: Apache-2.0
"""Gradients of several runs that become one step: K batches of b rows give the weights that one batch of K b rows gives."""
import json

import numpy as np
import pytest
from sampling import sample
from train_runs import kill_and_compare

dlc = pytest.importorskip("dlc")

OPTIMIZERS = {
    "sgd": "sgd",
    "momentum": {"name": "sgd", "momentum": 0.9, "nesterov": True},
    "rmsprop": {"name": "rmsprop", "momentum": 0.5},
    "adagrad": "adagrad",
    "adam": {"name": "adam", "weight_decay": 0.01},
    "adamw": {"name": "adamw", "weight_decay": 0.1},
}


def build(folder, runs, optimizer, **training):
    """A small network in f64; without `runs` one that knows nothing of accumulation."""
    model = {"dlc": 1, "inputs": [{"name": "x", "type": "f64", "shape": ["N", 5]}],
             "layers": [{"op": "dense", "units": 7, "activation": "tanh"}, {"op": "dense", "units": 3, "activation": "softmax"}],
             "training": {"loss": "cross_entropy", "optimizer": optimizer, **training,
                          **({"gradient_accumulation_steps": runs} if runs else {})}}  # fmt: skip
    path = folder / f"m{runs}.json"
    path.write_text(json.dumps(model))
    return dlc.Model(dlc.compile(path, path.with_suffix(".so"), "--train"))


def batches(count, rows, seed=0):
    rng = np.random.default_rng(seed)
    return [{"x": rng.standard_normal((rows, 5)) * 3, "label": rng.integers(0, 3, rows)} for _ in range(count)]


def join(parts):
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def weights(state):
    return {name: np.array(state[name]) for name in state if name.startswith("dense")}


def step(model, batch):
    return model.run({**batch, "learning_rate": 0.05}, entry="train_step")


@pytest.mark.parametrize("name, runs, rows", [(name, *size) for turn, name in enumerate(OPTIMIZERS) for size in sample([(2, 1), (3, 5), (4, 16)], 1, turn)])
def test_equals_one_large_batch(tmp_path, name, runs, rows):
    training = {"clip": {"norm": 0.05}, "regularization": {"l2": 0.3, "examples": 10}, "groups": [{"parameters": ["dense_2"], "max_norm": 0.9, "rate": 2}]}
    if name == "adagrad":
        training["clip"] = {"value": 0.01}
    small, large = build(tmp_path, runs, OPTIMIZERS[name], **training), build(tmp_path, 0, OPTIMIZERS[name], **training)
    a, b = small.new_state(seed=3), large.new_state(seed=3)
    assert a["optimizer.accumulated"] == 0 and "optimizer.accumulated" not in b
    for k in range(4):
        parts = batches(runs, rows, seed=k)
        for i, part in enumerate(parts):
            before = weights(a)
            step(small, part)
            assert a["optimizer.accumulated"] == (i + 1) % runs
            for key, value in weights(a).items():
                assert (i == runs - 1) == (value != before[key]).any()
        step(large, join(parts))
        for key, value in weights(b).items():
            np.testing.assert_allclose(a[key], value, rtol=1e-10, atol=1e-12)


def test_one_run_is_none(tmp_path):
    """A count of 1 is a step each run: the same variables and the same bits as without the key, so that checkpoints fit both."""
    model, plain = build(tmp_path, 1, "adam"), build(tmp_path, 0, "adam")
    a, b = model.new_state(seed=0), plain.new_state(seed=0)
    assert list(a) == list(b) and not any("accumulated" in name or "gradient" in name for name in a)
    for batch in batches(3, 4):
        step(model, batch)
        step(plain, batch)
    for name in b:
        np.testing.assert_array_equal(a[name], b[name])
    a.save(tmp_path / "c.safetensors", {})
    b.load(tmp_path / "c.safetensors")


def test_resumes_bit_for_bit(tmp_path):
    model = build(tmp_path, 3, "adam")
    parts = batches(8, 4)
    whole = model.new_state(seed=1)
    for part in parts:
        step(model, part)
    half = model.new_state(seed=1)
    for part in parts[:4]:
        step(model, part)
    half.save(tmp_path / "c.safetensors", {})
    other = model.new_state(seed=9)
    other.load(tmp_path / "c.safetensors")
    for part in parts[4:]:
        step(model, part)
    for name in whole:
        np.testing.assert_array_equal(whole[name], other[name])


def test_the_halves_of_a_step(tmp_path):
    """`apply_gradients` accumulates as train_step does."""
    model = build(tmp_path, 2, {"name": "sgd", "momentum": 0.9})
    parts = batches(4, 6)
    whole = model.new_state(seed=1)
    for part in parts:
        step(model, part)
    halves = model.new_state(seed=1)
    for part in parts:
        gradients = model.run(part, entry="gradients")
        given = {name: value for name, value in gradients.items() if name.startswith("gradient.")}
        model.run({**given, "learning_rate": 0.05}, entry="apply_gradients")
    for name in weights(whole):
        np.testing.assert_allclose(whole[name], halves[name], rtol=1e-12)


def test_node(tmp_path):
    """A trainable function: w follows the mean of x over two runs."""
    nodes = [{"op": "ReduceMean", "inputs": ["x", [0]], "outputs": ["g"], "attributes": {"keepdims": 0}},
             {"op": "Identity", "inputs": ["g"], "outputs": ["y"]},
             {"op": "ApplyGradients", "inputs": ["rate", "g"],
              "attributes": {"parameters": ["w"], "optimizer": "sgd", "gradient_accumulation_steps": 2}}]  # fmt: skip
    inputs = [{"name": "x", "shape": ["N", 2]}, {"name": "rate", "shape": [], "role": "hyperparameter", "default": 1}]
    model = {"dlc": 1, "functions": {"train_step": {"inputs": inputs, "nodes": nodes, "outputs": ["y"]}}, "parameters": {"w": {"shape": [2], "value": 0}}}
    (tmp_path / "m.json").write_text(json.dumps(model))
    model = dlc.Model(dlc.compile(tmp_path / "m.json", tmp_path / "m.so"))
    state = model.new_state(seed=0)
    for x, w in ([[1, 2]], [0, 0]), ([[3, 4]], [-2, -3]), ([[8, 8]], [-2, -3]), ([[0, 2]], [-6, -8]):
        model.run({"x": np.array(x, np.float32)}, entry="train_step")
        np.testing.assert_array_equal(state["w"], w)


def test_train_command(programs):
    """Schedules count calls of train_step, and a run that is resumed between two steps of the optimizer equals one that never was stopped."""
    build(programs.folder, 4, "adam")
    batch = join(batches(10, 3))
    np.savez(programs.folder / "d.npz", **batch)
    common = ["train", "m4.so", "--data", "d.npz", "--batch", 3, "--json", "--warmup", 6]
    results = []
    for name, epochs in ("a", [2]), ("b", [1, 2]):
        for count in epochs:
            result = programs.run("dlc-run", *common, "--epochs", count, "--checkpoint", f"{name}.safetensors", "--resume")
            assert result.returncode == 0, result.stderr
        from safetensors.numpy import load_file

        results.append(load_file(programs.folder / f"{name}.safetensors"))
    assert results[0]["optimizer.accumulated"] == 0 and results[0]["optimizer.step"] == 5 and results[0]["step"] == 20
    for name, value in results[0].items():
        np.testing.assert_array_equal(value, results[1][name])


@pytest.mark.parametrize("runs", [1, 4])
def test_killed_train_command(programs, runs):
    """Killed at any moment, also between two steps of the optimizer, it resumes to the same bits."""
    build(programs.folder, runs, "adam")
    np.savez(programs.folder / "d.npz", **join(batches(10, 3)))
    options = ["--data", "d.npz", "--batch", 3, "--epochs", 9, "--checkpoint-steps", 1]
    kill_and_compare(programs.folder, programs.folder / f"m{runs}.so", 3, options)
