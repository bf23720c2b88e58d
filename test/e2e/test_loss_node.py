# SPDX-License-Identifier: Apache-2.0
"""The node `Loss` in trainable functions: every loss gives what the section `training` makes of it, gradients too; the losses of single
samples; labels that are not a class; what does not fit."""
import json

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")

LAYERS = {"inputs": [{"name": "x", "type": "f64", "shape": ["N", 3]}], "layers": [{"op": "dense", "units": 4, "name": "d"}]}
CLASSES, NUMBERS = {"type": "i64", "shape": ["N"]}, {"type": "f64", "shape": ["N", 4]}


def write_functions(loss, label, weight=None, **more):
    inputs = [*LAYERS["inputs"], {"name": "label", "role": "label", **label}]
    if weight:
        inputs.append({"name": "sample_weight", "role": "label", **weight})
    nodes = [{"op": "Call", "inputs": ["x"], "outputs": ["y"], "attributes": {"function": "model"}},
             {"op": "Loss", "inputs": ["y", *(entry["name"] for entry in inputs[1:])], "outputs": ["loss", "losses"], "attributes": {"loss": loss}},
             {"op": "Gradient", "inputs": ["loss", "d.weight"], "outputs": ["gradient"]}]  # fmt: skip
    return {"dlc": 1, **LAYERS, **more, "functions": {"judge": {"inputs": inputs, "nodes": nodes, "outputs": ["loss", "losses", "gradient"]}}}


def compile_model(folder, name, model, *options):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(model))
    return dlc.Model(dlc.compile(path, folder / f"{name}.so", *options))


def make_labels(rng, loss, rows):
    if loss["name"] == "kl_divergence":
        return rng.dirichlet(np.ones(4), rows)
    if loss["name"] in ("cross_entropy", "negative_log_likelihood", "multiclass_hinge"):
        return rng.integers(0, 4, rows)
    values = rng.standard_normal((rows, 4))
    return {"binary_cross_entropy": (values > 0) * 1.0, "hinge": np.sign(values)}.get(loss["name"], values)


@pytest.mark.parametrize("is_weighted, loss", list(enumerate([
    {"name": "cross_entropy", "from_logits": True, "label_smoothing": 0.1}, {"name": "cross_entropy", "from_logits": True, "ignore_index": 2},
    {"name": "binary_cross_entropy", "from_logits": True}, {"name": "negative_log_likelihood", "reduction": "sum"},
    {"name": "kl_divergence", "from_logits": True}, {"name": "mean_squared_error"}, {"name": "mean_absolute_error", "reduction": "sum"},
    {"name": "huber", "delta": 0.3}, {"name": "hinge"}, {"name": "multiclass_hinge", "margin": 0.5}, {"name": "cross_entropy", "ignore_index": -1, "reduction": "sum"}])))  # fmt: skip
def test_as_in_training(tmp_path, is_weighted, loss):
    rng = np.random.default_rng(1)
    weight = {"type": "f64", "shape": ["N"]} if is_weighted % 2 else None
    label = NUMBERS if make_labels(rng, loss, 1).ndim == 2 else CLASSES
    section = {"loss": loss, "optimizer": "sgd", "sample_weights": bool(weight)}
    # What these losses take; the others take scores, or have a softmax or sigmoid in them.
    ending = {"negative_log_likelihood": "log_softmax", "cross_entropy": "softmax"}.get(loss["name"])
    layers = {**LAYERS, "layers": [{**LAYERS["layers"][0], "activation": ending}]} if ending and not loss.get("from_logits") else LAYERS
    usual = compile_model(tmp_path, "usual", {"dlc": 1, **layers, "training": section}, "--train")
    state = usual.new_state(seed=3)
    state.save(tmp_path / "w.safetensors")
    own = compile_model(tmp_path, "own", {**write_functions(loss, label, weight), **layers, "weights": "w.safetensors"})
    for rows in 1, 7, 64:
        inputs = {"x": rng.standard_normal((rows, 3)), "label": make_labels(rng, loss, rows)}
        if weight:
            inputs["sample_weight"] = rng.random(rows)
        expected, got = usual.run(inputs, entry="gradients"), own.run(inputs, entry="judge")
        np.testing.assert_allclose(got["loss"], expected["loss"], rtol=1e-13)
        np.testing.assert_allclose(got["gradient"], expected["gradient.d.weight"], rtol=1e-12, atol=1e-15)
        assert got["losses"].shape == ((rows, 4) if loss["name"] in ("binary_cross_entropy", "hinge", "huber") or "mean" in loss["name"] else (rows,))


def test_losses_of_samples(tmp_path):
    rng = np.random.default_rng(2)
    w, b, x, label = rng.standard_normal((4, 3)), rng.standard_normal(4), rng.standard_normal((5, 3)), rng.integers(0, 4, 5)
    given = {"weights": {"d": {"weight": w.tolist(), "bias": b.tolist()}}}
    model = compile_model(tmp_path, "m", write_functions({"name": "cross_entropy", "from_logits": True}, CLASSES, **given))
    z = x @ w.T + b
    expected = np.log(np.exp(z).sum(1)) - z[np.arange(5), label]
    got = model.run({"x": x, "label": label}, entry="judge")
    np.testing.assert_allclose(got["losses"], expected, rtol=1e-12)
    np.testing.assert_allclose(got["loss"], expected.mean(), rtol=1e-12)
    with pytest.raises(dlc.Error, match=r"holds 4 .*the classes of the loss \(0 to 3\)"):
        model.run({"x": x, "label": np.full(5, 4)}, entry="judge")


@pytest.mark.parametrize("loss, label, weight, message", [
    ({"name": "cross_entropy", "from_logits": True}, {"type": "i64", "shape": ["N", 4]}, None, "expects labels i64[N] for predictions f64[N, 4], got i64[N, 4]"),
    ("mean_squared_error", {"type": "f64", "shape": ["N"]}, None, "expects labels f64[N, 4] for predictions f64[N, 4], got f64[N]; a loss over class indices is 'cross_entropy', this one compares numbers"),
    ("mean_squared_error", {"type": "f64", "shape": ["N", 1]}, None, "got f64[N, 1]"),
    ("mean_squared_error", NUMBERS, {"type": "f64", "shape": ["N", 3]}, "expects one weight for each sample, or losses' own f64[N, 4], got f64[N, 3]"),
    ("cross_entropy", CLASSES, None, "node 'loss' (Loss) expects probabilities, and its predictions are scores without an activation"),
    ({"name": "mean_squared_error", "from_logits": True}, NUMBERS, None, "from_logits"),
    ("cross_entropi", CLASSES, None, "cross_entropy")])  # fmt: skip
def test_errors(programs, loss, label, weight, message):
    (programs.folder / "m.json").write_text(json.dumps(write_functions(loss, label, weight)))
    result = programs.run("dlc", "m.json", "-o", "m.so")
    assert result.returncode == 1
    assert message in result.stderr


@pytest.mark.parametrize("kind", ["f32", "f64", "f16", "i64"])
def test_binary_labels(tmp_path, kind):
    """Labels of binary classes are from 0 to 1, unless weights may leave them out."""
    loss, label = {"name": "binary_cross_entropy", "from_logits": True}, {"type": kind, "shape": ["N", 4]}
    model = compile_model(tmp_path, "m", write_functions(loss, label))
    weighed = compile_model(tmp_path, "w", write_functions(loss, label, {"type": "f64", "shape": ["N", 4]}))
    trained = compile_model(tmp_path, "t", {"dlc": 1, **LAYERS, "training": {"loss": loss, "optimizer": "sgd", "label": {"type": kind}}}, "--train")
    trained.new_state(seed=1)
    dtype = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64}[kind]
    x = np.ones((3, 3))
    for good in ([0, 1], [0, 1, -0.0, 0.5, 1e-4] if kind != "i64" else [1]):
        labels = np.resize(np.array(good, dtype), (3, 4))
        assert np.isfinite(model.run({"x": x, "label": labels}, entry="judge")["loss"])
        assert np.isfinite(trained.run({"x": x, "label": labels}, entry="train_step")["loss"])
    for bad in (2, -1) if kind == "i64" else (2, -1, 1.001, -1e-3, np.nan, np.inf):
        labels = np.zeros((3, 4), dtype)
        labels[1, 2] = bad
        message = r"holds -?\d at \[1, 2\], which is not in the labels of the loss \(0 to 1\)" if kind == "i64" else "element 6 of input 'label' is not from 0 to 1"
        for opened, entry in ((model, "judge"), (trained, "train_step"), (trained, "evaluate")):
            with pytest.raises(dlc.Error, match=message):
                opened.run({"x": x, "label": labels}, entry=entry)
        assert kind != "f64" or not np.isfinite(bad) or np.isfinite(weighed.run({"x": x, "label": labels, "sample_weight": np.ones((3, 4))}, entry="judge")["loss"])
