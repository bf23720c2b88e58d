# SPDX-License-Identifier: Apache-2.0
"""Trained weights go back into an inference library without recompiling it (`dlc --replaceable-weights`)."""
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sampling import sample

dlc = pytest.importorskip("dlc")

TRAINING = {"loss": "cross_entropy", "optimizer": {"name": "adam", "learning_rate": 0.01}}


def image_model(name, layers):
    return {
        "dlc": 1, "name": name, "inputs": [{"name": "x", "type": "f32", "shape": ["N", 3, 13, 11]}],
        "layers": [*layers, {"op": "flatten"}, {"op": "dense", "units": 5, "activation": "softmax", "name": "y"}],
        "training": TRAINING,
    }  # fmt: skip


def text_model(name, layers):
    return {
        "dlc": 1, "name": name, "inputs": [{"name": "x", "type": "i64", "shape": ["N", 7]}],
        "layers": [{"op": "embedding", "vocabulary": 17, "units": 24}, *layers,
                   {"op": "dense", "units": 5, "activation": "softmax", "name": "y"}],
        "training": TRAINING,
    }  # fmt: skip


MODELS = [
    image_model("norm", [{"op": "conv2d", "filters": 17, "kernel": 3, "stride": 2, "use_bias": True},
                         {"op": "batch_norm"}, {"op": "relu"},
                         {"op": "conv2d", "filters": 6, "kernel": 1, "use_bias": False}, {"op": "batch_norm"},
                         {"op": "max_pool2d", "size": 2}, {"op": "batch_norm"}]),
    # Enough channels for Winograd's algorithm.
    image_model("winograd", [{"op": "conv2d", "filters": 64, "kernel": 3, "padding": "same", "activation": "relu"},
                             {"op": "conv2d", "filters": 64, "kernel": 3, "padding": "same", "use_bias": False},
                             {"op": "batch_norm"}, {"op": "relu"}, {"op": "average_pool2d", "size": 3}]),
    text_model("lstm", [{"op": "lstm", "units": 19, "return_sequences": True}, {"op": "lstm", "units": 16}]),
    text_model("gru", [{"op": "gru", "units": 32}]),
    text_model("rnn", [{"op": "rnn", "units": 13}]),
    text_model("attention", [{"op": "attention", "heads": 2}, {"op": "layer_norm"}, {"op": "flatten"}]),
]  # fmt: skip


def make_inputs(model, rows, seed=0):
    generator = np.random.default_rng(seed)
    shape = [rows, *model["inputs"][0]["shape"][1:]]
    if model["inputs"][0]["type"] == "i64":
        return generator.integers(0, 17, shape)
    return generator.normal(size=shape).astype(np.float32)


def write(folder, model, name="m.json"):
    (folder / name).write_text(json.dumps(model))
    return folder / name


def train(folder, model, rows=6, steps=3):
    """A trained checkpoint, the training library's predictions, and inputs."""
    library = dlc.compile(write(folder, model), folder / "train.so", "--train")
    learner = dlc.Model(library)
    state = learner.new_state(seed=3)
    x = make_inputs(model, rows)
    label = np.arange(rows) % 5
    entry = next(entry for entry in learner.entry_points if entry.name == "train_step")
    (target,) = [tensor for tensor in entry.inputs if tensor.is_label]
    labels = np.eye(5, dtype=np.float32)[label] if len(target.shape) == 2 else label
    for _ in range(steps):
        learner.run({"x": x, target.name: labels}, entry="train_step")
    state.save(folder / "trained.safetensors")
    return x, learner.run({"x": x}, entry="predict")["y"]


@pytest.mark.parametrize("model", sample(MODELS, len(MODELS) // 2, 0), ids=lambda model: model["name"])
def test_takes_trained_weights(tmp_path, model):
    path = write(tmp_path, model)
    library = dlc.compile(path, tmp_path / "inference.so", "--replaceable-weights")
    constant = dlc.Model(dlc.compile(path, tmp_path / "constant.so"))
    x, wanted = train(tmp_path, model)
    results = []
    for threads in 1, 2:
        inference = dlc.Model(library, threads=threads)
        state = inference.new_state()
        # At first as compiled.
        before = inference.run({"x": x})["y"]
        np.testing.assert_allclose(before, constant.run({"x": x})["y"], rtol=1e-4, atol=1e-6)
        state.load(tmp_path / "trained.safetensors")
        results.append(inference.run({"x": x})["y"])
        assert np.abs(results[-1] - before).max() > 1e-3
    np.testing.assert_allclose(results[0], wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(results[0], results[1])
    trained = write(tmp_path, {**model, "weights": "trained.safetensors"}, "trained.json")
    compiled = dlc.Model(dlc.compile(trained, tmp_path / "compiled.so"))
    np.testing.assert_allclose(results[0], compiled.run({"x": x})["y"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [["-O0"], ["-O1"], ["--math=strict"], ["--target=x86-64"]], ids=" ".join)
def test_with_other_options(tmp_path, options):
    model = MODELS[0]
    library = dlc.compile(write(tmp_path, model), tmp_path / "inference.so", "--replaceable-weights", *options)
    x, wanted = train(tmp_path, model)
    inference = dlc.Model(library)
    inference.new_state().load(tmp_path / "trained.safetensors")
    np.testing.assert_allclose(inference.run({"x": x})["y"], wanted, rtol=1e-4, atol=1e-5)


def test_from_the_command_line(programs):
    model = MODELS[3]
    x, wanted = train(programs.folder, model)
    library = programs.compile("m.json", "inference.so", "--replaceable-weights")
    got = programs.execute(library, {"x": x}, ["y"], "--variables", "trained.safetensors")["y"]
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
    kinds = {v["kind"] for v in json.loads(programs.run("dlc-run", "info", library, "--json").stdout)["variables"]}
    assert kinds == {"weight", "derived", "stamp"}


def test_onnx_weights_are_replaced(tmp_path):
    generator = np.random.default_rng(1)
    w = generator.normal(size=(8, 3, 3, 3)).astype(np.float32)
    statistics = [generator.uniform(0.5, 1.5, 8).astype(np.float32) for _ in range(4)]
    names = ["scale", "bias", "mean", "variance"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
         helper.make_node("BatchNormalization", ["c", *names], ["n"]),
         helper.make_node("Mul", ["n", "half"], ["y"])],
        "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 5, 7])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, n) for n, a in zip(["w", *names, "half"], [w, *statistics, np.float32(0.5)])],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), tmp_path / "m.onnx")
    inference = dlc.Model(dlc.compile(tmp_path / "m.onnx", None, "--replaceable-weights"))
    state = inference.new_state()
    x = generator.normal(size=(2, 3, 5, 7)).astype(np.float32)
    first = inference.run({"x": x})["y"]
    state["w"] = -w
    with pytest.raises(dlc.Error, match="'run' needs what 'prepare_weights' computes from the weights"):
        inference.run({"x": x})
    state.prepare_weights()
    second = inference.run({"x": x})["y"]
    shift = np.array(state["bias"] - state["mean"] * state["scale"] / np.sqrt(state["variance"] + 1e-5)) / 2
    np.testing.assert_allclose(first - shift[:, None, None], -(second - shift[:, None, None]), rtol=1e-4, atol=1e-5)


def test_part_of_a_checkpoint(tmp_path):
    model = MODELS[4]
    train(tmp_path, model)
    inference = dlc.Model(dlc.compile(tmp_path / "m.json", tmp_path / "inference.so", "--replaceable-weights"))
    trained = dlc.Model(tmp_path / "train.so").new_state()
    trained.load(tmp_path / "trained.safetensors")
    state = inference.new_state()
    before = {name: np.array(state[name]) for name in state}
    state.load(tmp_path / "trained.safetensors", prefix="y.")
    for name in before:
        if not name.startswith("derived"):
            wanted = trained[name] if name.startswith("y.") else before[name]
            np.testing.assert_array_equal(state[name], wanted)
    state.save(tmp_path / "again.safetensors")
    header = (tmp_path / "again.safetensors").read_bytes()
    assert b"y.weight" in header and b"derived" not in header


def test_a_checkpoint_of_another_model(tmp_path):
    train(tmp_path, MODELS[4])
    other = write(tmp_path, text_model("rnn", [{"op": "rnn", "units": 12}]), "other.json")
    inference = dlc.Model(dlc.compile(other, None, "--replaceable-weights"))
    state = inference.new_state()
    x = make_inputs(MODELS[4], 2)
    before = inference.run({"x": x})["y"]
    with pytest.raises(dlc.Error, match="is not a checkpoint of this model"):
        state.load(tmp_path / "trained.safetensors")
    np.testing.assert_array_equal(inference.run({"x": x})["y"], before)


def test_trainable_models_need_no_option(programs):
    (programs.folder / "m.json").write_text(json.dumps(MODELS[0]))
    result = programs.run("dlc", "m.json", "-o", "m.so", "--train", "--replaceable-weights")
    assert result.returncode == 1 and "leave --replaceable-weights out" in result.stderr


def test_layers_are_compared(programs):
    """Entry points that only write variables keep no tensors."""
    (programs.folder / "m.json").write_text(json.dumps(MODELS[0]))
    for name, options in ("replaceable.so", ["--replaceable-weights"]), ("constant.so", []):
        programs.compile("m.json", name, "--keep-tensors", *options)
    result = programs.run("dlc-run", "verify", "replaceable.so", "--reference", "constant.so")
    assert result.returncode == 0, result.stdout + result.stderr
