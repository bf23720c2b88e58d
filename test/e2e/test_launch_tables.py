# SPDX-License-Identifier: Apache-2.0
"""Entry points with so many launches that they become data or functions of their own: results, gradients and optimizer
steps beside NumPy's."""
import json
import re
import subprocess

import numpy as np
import pytest
from conftest import BIN

LAYERS, UNITS = 600, 5
ROWS = (0, 1, 3, 17)


def build(training=None, count=LAYERS):
    """Layers of two sizes, so that offsets in the workspace are sums of several sizes, rounded up to cache lines."""
    layers = [{"op": "dense", "units": UNITS if i % 3 else UNITS - 2, "activation": "tanh"} for i in range(1, count + 1)]
    model = {"dlc": 1, "name": "model", "inputs": [{"name": "x", "shape": ["N", UNITS]}], "layers": layers}
    return {**model, "training": training} if training else model


def lower(path, *options):
    return subprocess.run([BIN / "dlc", path, "--compile-to=llvm", "--brief", *options], capture_output=True, text=True, check=True).stdout


def has_tables(path, *options):
    return "@dlcRunLaunches" in lower(path, *options)


def forward(x, weights):
    values = [x]
    for weight, bias in weights:
        values.append(np.tanh(values[-1] @ weight.T + bias))
    return values


def make_weights(rng):
    sizes = [UNITS] + [UNITS if i % 3 else UNITS - 2 for i in range(1, LAYERS + 1)]
    return [(rng.standard_normal((columns, rows)).astype(np.float32), rng.standard_normal(columns).astype(np.float32) / 2)
            for rows, columns in zip(sizes, sizes[1:])]  # fmt: skip


def name_weights(weights):
    return {f"dense_{i}.{kind}": value for i, pair in enumerate(weights, 1) for kind, value in zip(("weight", "bias"), pair)}


@pytest.mark.parametrize("level", [0, 3])
def test_inference(programs, level):
    from safetensors.numpy import save_file

    weights = make_weights(np.random.default_rng(0))
    (programs.folder / "m.json").write_text(json.dumps(build()))
    save_file(name_weights(weights), programs.folder / "w.safetensors")
    assert has_tables(programs.folder / "m.json", f"-O{level}", f"--parameters={programs.folder / 'w.safetensors'}")
    library = programs.compile("m.json", "m.so", f"-O{level}", f"--parameters={programs.folder / 'w.safetensors'}")
    for rows in ROWS:
        x = np.random.default_rng(rows).standard_normal((rows, UNITS)).astype(np.float32)
        [y] = programs.execute(library, {"x": x}, [f"dense_{LAYERS}"]).values()
        np.testing.assert_allclose(y, forward(x, weights)[-1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count, own", [(12, True), (300, False)])
def test_functions_of_launches(programs, count, own):
    """Launches of a small program have functions under the names of their layers; where there are many, those of a kernel share one."""
    from safetensors.numpy import save_file

    weights = make_weights(np.random.default_rng(0))[:count]
    (programs.folder / "m.json").write_text(json.dumps(build(count=count)))
    save_file(name_weights(weights), programs.folder / "w.safetensors")
    parameters = f"--parameters={programs.folder / 'w.safetensors'}"
    functions = re.findall(r'llvm.func @"?([^"(]*\.launch)"?\(', lower(programs.folder / "m.json", parameters))
    assert ("dense_5.launch" in functions) == own
    assert own or len(functions) < 20
    run = programs.compile("m.json", "m.so", parameters)
    x = np.random.default_rng(1).standard_normal((3, UNITS)).astype(np.float32)
    [y] = programs.execute(run, {"x": x}, [f"dense_{count}"]).values()
    np.testing.assert_allclose(y, forward(x, weights)[-1], rtol=1e-4, atol=1e-4)


def descend(x, label, weights, rate):
    """One step of gradient descent on the mean squared error; returns the loss and the new weights."""
    values = forward(x, weights)
    error = values[-1] - label
    loss = np.mean(error**2)
    gradient = 2 * error / error.size
    result = []
    for value, result_of_layer, (weight, bias) in zip(values[-2::-1], values[:0:-1], weights[::-1]):
        before = gradient * (1 - result_of_layer**2)
        result.append((weight - rate * (before.T @ value), bias - rate * before.sum(0)))
        gradient = before @ weight
    return loss, result[::-1]


def test_training(programs):
    dlc = pytest.importorskip("dlc")
    rng = np.random.default_rng(1)
    (programs.folder / "m.json").write_text(
        json.dumps(build({"loss": "mean_squared_error", "optimizer": {"name": "sgd", "learning_rate": 0.125}}))
    )
    assert has_tables(programs.folder / "m.json", "--train")
    model = dlc.Model(programs.compile("m.json", "m.so", "--train"))
    state = model.new_state()
    weights = [(np.array(state[f"dense_{i}.weight"], float), np.array(state[f"dense_{i}.bias"], float)) for i in range(1, LAYERS + 1)]
    weights = [(weight * 1.5, bias + 0.25) for weight, bias in weights]
    for name, value in name_weights(weights).items():
        np.copyto(state[name], value)
    for rows in (1, 3, 17):
        x, label = (rng.standard_normal((rows, columns)) for columns in (UNITS, weights[-1][1].size))
        loss = model.run({"x": x.astype(np.float32), "label": label.astype(np.float32)}, entry="train_step")["loss"]
        wanted, weights = descend(x, label, weights, 0.125)
        np.testing.assert_allclose(loss, wanted, rtol=1e-4)
        for name, value in name_weights(weights).items():
            np.testing.assert_allclose(state[name], value, rtol=1e-3, atol=2e-4, err_msg=name)


@pytest.mark.parametrize("level", [0, 3])
def test_loops(programs, level):
    """Loops, and what copies their last states, become functions; whatever steps a run has, none included."""
    dlc = pytest.importorskip("dlc")
    from safetensors.numpy import save_file

    layers, rng = 270, np.random.default_rng(2)
    model = {
        "dlc": 1, "name": "model", "inputs": [{"name": "x", "shape": [2, "T", UNITS]}],
        "layers": [{"op": "rnn", "units": UNITS, "return_sequences": True, "stateful": True} for _ in range(layers)],
    }  # fmt: skip
    weights = [(rng.standard_normal((UNITS, UNITS)), rng.standard_normal((UNITS, UNITS)) / 2, rng.standard_normal(UNITS) / 2)
               for _ in range(layers)]  # fmt: skip
    weights = [[value.astype(np.float32) for value in layer] for layer in weights]
    save_file({f"rnn_{i}.{kind}": value for i, layer in enumerate(weights, 1)
               for kind, value in zip(("weight", "recurrent_weight", "bias"), layer)}, programs.folder / "w.safetensors")  # fmt: skip
    (programs.folder / "m.json").write_text(json.dumps(model))
    options = [f"-O{level}", f"--parameters={programs.folder / 'w.safetensors'}"]
    text = subprocess.run([BIN / "dlc", programs.folder / "m.json", "--compile-to=llvm", "--brief", *options], capture_output=True, text=True)
    assert "@run.execute.part0" in text.stdout
    context = dlc.Model(programs.compile("m.json", "m.so", *options))
    hidden = np.zeros((layers, 2, UNITS), np.float32)
    for steps in (3, 0, 1, 7):
        x = rng.standard_normal((2, steps, UNITS)).astype(np.float32)
        y = context.run({"x": x})[f"rnn_{layers}"]
        for layer, (weight, recurrent, bias) in enumerate(weights):
            results = []
            for step in range(steps):
                hidden[layer] = np.tanh(x[:, step] @ weight.T + hidden[layer] @ recurrent.T + bias)
                results.append(hidden[layer].copy())
            x = np.stack(results, 1) if steps else x
        np.testing.assert_allclose(y, x, rtol=1e-3, atol=1e-3)
