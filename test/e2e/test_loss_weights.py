# SPDX-License-Identifier: Apache-2.0
"""Labels that do not count and weights of samples, steps and elements: losses, gradients and metrics against NumPy, in f64; the same metrics
from `dlc-run train` whatever the batch."""
import json

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")


def compile_model(folder, training, shape, units=5, **more):
    model = {"dlc": 1, "inputs": [{"name": "x", "type": "f64", "shape": shape}],
             "layers": [{"op": "dense", "units": units, "name": "d"}], "training": {"optimizer": "sgd", **training}, **more}  # fmt: skip
    path = folder / "m.json"
    path.write_text(json.dumps(model))
    return dlc.Model(dlc.compile(path, folder / "m.so", "--train"))


def cross_entropy(x, w, b, labels, weights, reduction="mean"):
    """Loss, gradient of w, accuracy; a weight for each label."""
    z = x @ w.T + b
    e = np.exp(z - z.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    hot = np.eye(w.shape[0])[np.clip(labels, 0, w.shape[0] - 1)]
    losses = -np.log((p * hot).sum(-1))
    total = weights.sum()
    divisor = 1 if reduction == "sum" else total or 1
    dz = (p - hot) * weights[..., None] / divisor
    grad = dz.reshape(-1, dz.shape[-1]).T @ x.reshape(-1, x.shape[-1])
    right = (z.argmax(-1) == labels).astype(float)
    return (losses * weights).sum() / divisor, grad, (right * weights).sum() / (total or 1)


def check(model, inputs, w, b, expected):
    state = model.new_state(seed=0)
    state["d.weight"], state["d.bias"] = w, b
    for entry in "evaluate", "gradients", "train_step":
        got = model.run(inputs, entry=entry)
        np.testing.assert_allclose(got["loss"], expected[0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(got["accuracy"], expected[2], rtol=1e-12)
        if entry == "gradients":
            np.testing.assert_allclose(got["gradient.d.weight"], expected[1], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("shape, ignored, reduction", [
    ((1,), -100, "mean"), ((7,), 0, "sum"), ((64,), 4, "mean"), ((3, 5), -100, "sum"), ((1, 1), 255, "mean"), ((13, 17), 0, "mean"),
    ((4, 3, 2), -100, "mean")])  # fmt: skip
def test_ignored_labels(tmp_path, shape, ignored, reduction):
    rng = np.random.default_rng(len(shape))
    kind, dtype = {-100: ("i64", np.int64), 4: ("i32", np.int32)}.get(ignored, ("u8", np.uint8))
    names = ["N", "T", "U"][: len(shape)]
    training = {"loss": {"name": "cross_entropy", "from_logits": True, "ignore_index": ignored, "reduction": reduction}, "metrics": ["accuracy"],
                "label": {"type": kind}}  # fmt: skip
    model = compile_model(tmp_path, training, [*names, 3])
    for share in 0, 0.4, 1:
        x, w, b = rng.standard_normal((*shape, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
        labels = np.where(rng.random(shape) < share, ignored, rng.integers(0, 5, shape))
        inputs = {"x": x, "label": labels.astype(dtype)}
        check(model, inputs, w, b, cross_entropy(x, w, b, labels, (labels != ignored).astype(float), reduction))
    labels.flat[-1] = 7
    with pytest.raises(dlc.Error, match=rf"holds 7 .*the classes of the loss \(0 to 4, or {ignored}\)"):
        model.run({**inputs, "label": labels.astype(dtype)}, entry="train_step")


@pytest.mark.parametrize("ignored", [None, -1])
@pytest.mark.parametrize("shape, weighs", [((6,), True), ((5, 7), "sample"), ((5, 7), "element"), ((1, 1), "element"), ((3,), "element")])
def test_weights(tmp_path, shape, weighs, ignored):
    rng = np.random.default_rng(3)
    loss = {"name": "cross_entropy", "from_logits": True} | ({} if ignored is None else {"ignore_index": ignored})
    model = compile_model(tmp_path, {"loss": loss, "metrics": ["accuracy"], "sample_weights": weighs}, [*["N", "T"][: len(shape)], 3])
    for zeros in 0, 0.3, 1:
        x, w, b = rng.standard_normal((*shape, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
        labels = rng.integers(0 if ignored is None else -1, 5, shape)
        given = rng.random(shape if weighs == "element" else shape[:1])
        given[rng.random(given.shape) < zeros] = 0
        weights = np.broadcast_to(given.reshape(given.shape + (1,) * (len(shape) - given.ndim)), shape) * (labels != ignored)
        inputs = {"x": x, "label": labels, "sample_weight": given}
        check(model, inputs, w, b, cross_entropy(x, w, b, labels, weights))


@pytest.mark.parametrize("weighs", ["sample", "element"])
def test_weighted_numbers(tmp_path, weighs):
    rng = np.random.default_rng(4)
    model = compile_model(tmp_path, {"loss": "mean_squared_error", "metrics": ["mean_absolute_error"], "sample_weights": weighs}, ["N", 3], units=2)
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    given = rng.random((7, 2) if weighs == "element" else 7)
    state = model.new_state(seed=1)
    error = x @ state["d.weight"].T + state["d.bias"] - y
    weights = np.broadcast_to(given if given.ndim == 2 else given[:, None], (7, 2))
    got = model.run({"x": x, "label": y, "sample_weight": given}, entry="evaluate")
    np.testing.assert_allclose(got["loss"], (error**2 * weights).sum() / weights.sum(), rtol=1e-12)
    np.testing.assert_allclose(got["mean_absolute_error"], (np.abs(error) * weights).sum() / weights.sum(), rtol=1e-12)


def test_log_likelihood(tmp_path):
    rng = np.random.default_rng(5)
    model = compile_model(tmp_path, {"loss": {"name": "negative_log_likelihood", "ignore_index": 2, "axis": 1}, "output": "p"}, ["N", 5, 5],
                          layers=[{"op": "dense", "units": 5, "name": "d"}, {"op": "log_softmax", "name": "p"}])  # fmt: skip
    x, labels = rng.standard_normal((3, 5, 5)), rng.integers(0, 5, (3, 5))
    state = model.new_state(seed=1)
    y = x @ state["d.weight"].T + state["d.bias"]
    y -= np.log(np.exp(y).sum(-1, keepdims=True))
    chosen = np.take_along_axis(y, labels[:, None, :], 1)[:, 0]
    np.testing.assert_allclose(model.run({"x": x, "label": labels}, entry="evaluate")["loss"], -chosen[labels != 2].mean(), rtol=1e-12)


def test_errors(programs):
    def messages(training):
        model = {"dlc": 1, "inputs": [{"name": "x", "shape": [3]}], "nodes": [{"op": "MatMul", "inputs": ["x", "w"], "outputs": ["y"]}],
                 "parameters": {"w": {"shape": [3, 2]}}, "outputs": ["y"], "training": {"optimizer": "sgd", **training}}  # fmt: skip
        (programs.folder / "m.json").write_text(json.dumps(model))
        result = programs.run("dlc", "m.json", "--train", "-o", "m.so")
        assert result.returncode == 1
        return result.stderr

    real = {"loss": {"name": "cross_entropy", "from_logits": True, "ignore_index": 0}, "label": {"type": "f32"}}
    assert "has 'ignore_index', which is a class index, and labels of the type f32: give the label an integer 'type'" in messages(real)
    small = {"loss": {"name": "cross_entropy", "from_logits": True, "ignore_index": -1}, "label": {"type": "u8"}}
    assert "ignores the label -1, which is not in the range of their type u8" in messages(small)
    assert "has no samples that could be weighted" in messages({"loss": {"name": "cross_entropy", "from_logits": True}, "sample_weights": True})


def run_train(programs, *options):
    result = programs.run("dlc-run", "train", "m.so", "--json", *options)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_train_command(programs):
    """Metrics of epochs do not depend on how rows with few labels are spread over batches, and leave out what is ignored."""
    rng = np.random.default_rng(6)
    compile_model(programs.folder, {"loss": {"name": "cross_entropy", "from_logits": True, "ignore_index": -100}, "metrics": ["accuracy"],
                                    "sample_weights": "element"}, ["N", 4, 3])  # fmt: skip
    lengths = np.arange(11) % 5
    labels = np.where(np.arange(4) < lengths[:, None], rng.integers(0, 5, (11, 4)), -100)
    np.savez(programs.folder / "data.npz", x=rng.standard_normal((11, 4, 3)), label=labels, sample_weight=rng.random((11, 4)).round() + 0.5)
    metrics = []
    for batch in 1, 3, 11:
        events = run_train(programs, "--data", "data.npz", "--validation", "data.npz", "--epochs", 1, "--set", "learning_rate=0", "--batch", batch)
        (epoch,) = [event for event in events if event["event"] == "epoch"]
        metrics.append([epoch[name] for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")])
        assert sum(map(sum, events[-1]["confusion"])) == (labels >= 0).sum()
    np.testing.assert_allclose(metrics, np.broadcast_to(metrics[0], np.shape(metrics)), rtol=1e-12)
    assert metrics[0][:2] == pytest.approx(metrics[0][2:])
    labels[2, 0] = 5
    np.savez(programs.folder / "bad.npz", x=rng.standard_normal((11, 4, 3)), label=labels, sample_weight=np.ones((11, 4)))
    result = programs.run("dlc-run", "train", "m.so", "--data", "bad.npz")
    assert result.returncode == 1 and "label 5 is out of range: 'label' takes 0 to 4, or -100 for none" in result.stderr
