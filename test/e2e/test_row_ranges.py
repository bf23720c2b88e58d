# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers whose steps threads run for ranges of rows (--dlc-split-loop-batch): batches of all kinds, trained and run on one,
two, three and five threads; the same bits, and the numbers of -O0, which knows no ranges."""
import json

import numpy as np
import pytest
from sampling import only_in_full

dlc = pytest.importorskip("dlc")

UNITS, FEATURES, CLASSES, STEPS = 41, 13, 7, 23
LAYERS = {
    "lstm": [{"op": "lstm", "units": UNITS}],
    "gru": [{"op": "gru", "units": UNITS, "return_sequences": True}, {"op": "dense", "units": 5, "activation": "tanh"}, {"op": "flatten"}],
    "rnn": [{"op": "rnn", "units": 96}],
    "stacked": [{"op": "lstm", "units": UNITS, "return_sequences": True}, {"op": "gru", "units": 32}],
    "both_directions": [{"op": "bidirectional", "layer": {"op": "lstm", "units": UNITS, "return_sequences": True}}, {"op": "flatten"}],
}  # fmt: skip
BATCHES = (1, 3, 9, 16, 24, 31, 53)


def write(folder, layers, batch):
    model = {"dlc": 1, "inputs": [{"name": "x", "type": "f32", "shape": [batch, STEPS, FEATURES]}],
             "layers": [*layers, {"op": "dense", "units": CLASSES}],
             "training": {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": {"name": "sgd", "momentum": 0.9}}}  # fmt: skip
    path = folder / "model.json"
    path.write_text(json.dumps(model))
    return path


def make_batch(rows, seed=0):
    random = np.random.default_rng(seed)
    return {"x": random.standard_normal((rows, STEPS, FEATURES)).astype(np.float32),
            "label": random.integers(0, CLASSES, rows)}  # fmt: skip


def compute(library, threads, rows):
    """What the model predicts, its gradients, and its variables after three steps of training."""
    model = dlc.Model(library, threads=threads)
    state = model.new_state(seed=1)
    batch = make_batch(rows)
    predicted = model.run({"x": batch["x"]}, entry="predict")
    results = {"predict " + name: np.array(value) for name, value in predicted.items()}
    gradients = model.run(batch, entry="gradients")
    results.update({name: np.array(value) for name, value in gradients.items()})
    for seed in range(3):
        model.run({**make_batch(rows, seed), "learning_rate": 0.1}, entry="train_step")
    results.update({"after " + name: np.array(state[name]) for name in state})
    return results


def check(programs, kind, batch, sizes):
    path = write(programs.folder, LAYERS[kind], batch)
    library, plain = (dlc.compile(path, programs.folder / f"m{level}.so", "--train", level) for level in ("-O3", "-O0"))
    for rows in sizes:
        one, expected = compute(library, 1, rows), compute(plain, 1, rows)
        for name, value in one.items():
            if value.dtype.kind == "f":
                np.testing.assert_allclose(value, expected[name], rtol=2e-4, atol=2e-5, err_msg=name)
        for threads in 2, 3, 5:
            for name, value in compute(library, threads, rows).items():
                assert value.tobytes() == one[name].tobytes(), f"{name} differs on {threads} threads"


@pytest.mark.parametrize("kind, batch", [
    ("both_directions", 31), ("gru", 53),
    *only_in_full([("lstm", 31), ("stacked", 16), ("gru", 31), ("stacked", 31), ("lstm", 16), ("rnn", 31), ("lstm", 3)]),
])  # fmt: skip
def test_known_batches(programs, kind, batch):
    check(programs, kind, batch, [batch])


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_a_batch_that_is_known_at_run_time(programs, kind):
    check(programs, kind, "N", BATCHES)


def test_loops_are_split(programs):
    """Both loops of training, and none for a batch that is one range."""
    for batch, loops in (32, 2), (8, 0):
        path = write(programs.folder, LAYERS["lstm"], batch)
        result = programs.run("dlc", path, "--train", "--compile-to=program", "--brief")
        step = result.stdout.split("func.func @train_step")[1].split("func.func")[0]
        assert step.count("scf.parallel") == loops
