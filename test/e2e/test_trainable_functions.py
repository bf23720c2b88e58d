# SPDX-License-Identifier: Apache-2.0
"""Trainable functions: the perceptron's rule, on two moons that a line separates and on two that none
does, and a generator that two alternating steps teach a distribution."""
import json

import dlc
import numpy as np
import pytest

PERCEPTRON = {
    "dlc": 1,
    "parameters": {"w": {"shape": [3], "value": 0}},
    "functions": {
        "predict": {
            "inputs": [{"name": "x", "shape": ["N", 3]}],
            "nodes": [
                {"op": "MatMul", "inputs": ["x", "w"], "outputs": ["score"]},
                {"op": "Sign", "inputs": ["score"], "outputs": ["side"]},
            ],
            "outputs": ["side"],
        },
        "train_step": {
            "inputs": [{"name": "x", "shape": ["N", 3]}, {"name": "label", "shape": ["N"], "role": "label"}],
            "nodes": [
                {"op": "Call", "inputs": ["x"], "outputs": ["side"], "attributes": {"function": "predict"}},
                {"op": "Equal", "inputs": ["side", "label"], "outputs": ["is_right"]},
                {"op": "Where", "inputs": ["is_right", 0, "label"], "outputs": ["push"]},
                {"op": "MatMul", "inputs": ["push", "x"], "outputs": ["step"]},
                {"op": "Add", "inputs": ["w", "step"], "outputs": ["next"]},
                {"op": "Assign", "inputs": ["next"], "attributes": {"parameter": "w"}},
                {"op": "Abs", "inputs": ["push"], "outputs": ["wrong"]},
                {"op": "ReduceSum", "inputs": ["wrong"], "outputs": ["mistakes"], "attributes": {"keepdims": 0}},
            ],
            "outputs": ["mistakes"],
        },
    },
}


def dense(name, units, **more):
    return {"op": "dense", "name": name, "units": units, **more}


def parameters(*layers):
    return [f"{layer}.{role}" for layer in layers for role in ("weight", "bias")]


def mean_of_softplus(source, target):
    return [
        {"op": "Softplus", "inputs": [source], "outputs": [f"{target}_each"]},
        {"op": "ReduceMean", "inputs": [f"{target}_each"], "outputs": [target], "attributes": {"keepdims": 0}},
    ]


def follow(loss, layers, scope):
    names = parameters(*layers)
    gradients = [f"gradient of {name}" for name in names]
    attributes = {"parameters": names, "optimizer": {"name": "adam", "beta1": 0.5}, "scope": scope}
    return [
        {"op": "Gradient", "inputs": [loss, *names], "outputs": gradients},
        {"op": "ApplyGradients", "inputs": ["rate", *gradients], "attributes": attributes},
    ]


GAN = {
    "dlc": 1,
    "functions": {
        "generate": {
            "inputs": [{"name": "z", "shape": ["N", 1]}],
            "layers": [dense("g1", 16, activation="tanh"), dense("g2", 1)],
        },
        "judge": {
            "inputs": [{"name": "x", "shape": ["N", 1]}],
            "layers": [dense("d1", 16, activation="tanh"), dense("d2", 1)],
        },
        "train_step": {
            "inputs": [
                {"name": "x", "shape": ["N", 1]},
                {"name": "rate", "shape": [], "role": "hyperparameter", "default": 0.005},
            ],
            "nodes": [
                {"op": "RandomNormalLike", "inputs": ["x"], "outputs": ["z"]},
                {"op": "Call", "inputs": ["z"], "outputs": ["fake"], "attributes": {"function": "generate"}},
                {"op": "Call", "inputs": ["fake"], "outputs": ["of_fake"], "attributes": {"function": "judge"}},
                {"op": "Call", "inputs": ["x"], "outputs": ["of_real"], "attributes": {"function": "judge"}},
                {"op": "Neg", "inputs": ["of_real"], "outputs": ["minus_real"]},
                {"op": "Neg", "inputs": ["of_fake"], "outputs": ["minus_fake"]},
                *mean_of_softplus("of_fake", "of_fakes"),
                *mean_of_softplus("minus_real", "of_reals"),
                *mean_of_softplus("minus_fake", "generator_loss"),
                {"op": "Add", "inputs": ["of_fakes", "of_reals"], "outputs": ["judge_loss"]},
                *follow("judge_loss", ("d1", "d2"), "judge"),
                *follow("generator_loss", ("g1", "g2"), "generator"),
            ],
            "outputs": ["judge_loss", "generator_loss"],
        },
    },
}


def load(programs, model, **options):
    path = programs.folder / "model.json"
    path.write_text(json.dumps(model))
    return dlc.Model(programs.compile(path, "model.so"), **options)


def make_moons(distance, count=500, radius=10, width=6):
    """Points of two half rings, the lower one moved right by the radius and down by the distance; and their sides, 1 and -1."""
    random = np.random.default_rng(3)
    r, angle = random.uniform(radius - width / 2, radius + width / 2, 2 * count), random.uniform(0, np.pi, 2 * count)
    x, y, side = r * np.cos(angle), r * np.sin(angle), np.repeat([1.0, -1.0], count)
    x, y = np.where(side > 0, x, x + radius), np.where(side > 0, y, -y - distance)
    return np.stack([np.ones_like(x), x, y], axis=1).astype(np.float32), side.astype(np.float32)


@pytest.mark.parametrize("distance, converges", [(1, True), (-4, False)])
def test_perceptron(programs, distance, converges):
    model = load(programs, PERCEPTRON)
    state = model.new_state(seed=0)
    x, label = make_moons(distance)
    order = np.random.default_rng(0)
    mistakes = []
    for _ in range(60):
        rows = order.permutation(len(x))
        # One pattern at a time, as the rule says.
        mistakes.append(
            sum(float(model.run({"x": x[i : i + 1], "label": label[i : i + 1]}, entry="train_step")["mistakes"]) for i in rows)
        )
        if mistakes[-1] == 0:
            break
    assert (mistakes[-1] == 0) == converges
    wrong = (model.run({"x": x}, entry="predict")["side"] != label).sum()
    assert (wrong == 0) == converges
    assert np.any(state["w"] != 0)


def test_perceptron_step_is_the_rule(programs):
    model = load(programs, PERCEPTRON)
    state = model.new_state(seed=0)
    random = np.random.default_rng(1)
    for count in (1, 7, 64):
        x, label = random.normal(size=(count, 3)).astype(np.float32), random.choice([-1, 1], count).astype(np.float32)
        before = state["w"].copy()
        wrong = np.sign(x @ before) != label
        result = model.run({"x": x, "label": label}, entry="train_step")
        assert float(result["mistakes"]) == wrong.sum()
        np.testing.assert_allclose(state["w"], before + (label * wrong) @ x, rtol=1e-5, atol=1e-6)


def test_generator_learns_a_distribution(programs):
    models = [load(programs, GAN, threads=threads) for threads in (1, 2)]
    outcomes = []
    for model in models:
        state = model.new_state(seed=4)
        random = np.random.default_rng(2)
        for _ in range(1500):
            real = random.normal(3, 0.5, size=(64, 1)).astype(np.float32)
            losses = model.run({"x": real}, entry="train_step")
        noise = np.random.default_rng(5).normal(size=(2000, 1)).astype(np.float32)
        outcomes.append(model.run({"z": noise}, entry="generate")["g2"])
        assert all(np.isfinite(float(loss)) for loss in losses.values())
        assert state["judge.step"] == 1500 and state["step"] == 1500
    assert np.array_equal(*outcomes), "the same bits on one thread and on two"
    assert abs(outcomes[0].mean() - 3) < 0.3
    assert 0.2 < outcomes[0].std() < 0.9
