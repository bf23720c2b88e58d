# SPDX-License-Identifier: Apache-2.0
"""ONNX models that a training file makes trainable: losses, gradients and running statistics against the reference evaluator of the package
onnx with central differences in f64, and against the same model in JSON."""
import json

import numpy as np
import onnx
import onnx.parser
import onnx.reference
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

dlc = pytest.importorskip("dlc")

OPSET = [helper.make_opsetid("", 20)]
SGD = {"name": "sgd", "learning_rate": 0.01}


def make_model(nodes, inputs, outputs, weights):
    """`inputs`: name to shape, f64; `weights`: name to array."""
    values = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape) for name, shape in inputs.items()]
    results = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in outputs]
    graph = helper.make_graph(nodes, "g", values, results, [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()])
    return helper.make_model(graph, opset_imports=OPSET, ir_version=10)


def compile_model(folder, model, training, name="model"):
    onnx.save(model, folder / f"{name}.onnx")
    (folder / f"{name}-training.json").write_text(json.dumps({"training": training}))
    return dlc.Model(dlc.compile(folder / f"{name}.onnx", folder / f"{name}.so", train=folder / f"{name}-training.json"))


def reference(model, changed, inputs):
    """The model's outputs with other initializers."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        if tensor.name in changed:
            tensor.CopyFrom(numpy_helper.from_array(changed[tensor.name], tensor.name))
    return onnx.reference.ReferenceEvaluator(copy).run(None, inputs)


def check_gradients(model, step, state, batch, loss, rate, names, elements=4, tolerance=1e-6):
    """A step of SGD at `rate` moves weights against the differences of `loss`, a function of the outputs."""
    rng = np.random.default_rng(0)
    before = {name: np.array(state[name]) for name in state}
    inputs = {name: value for name, value in batch.items() if name != "label"}
    assert float(step()["loss"]) == pytest.approx(loss(*reference(model, {}, inputs)), rel=1e-9)
    for name in names:
        moved = (before[name] - state[name]) / rate
        for _ in range(elements):
            index = tuple(rng.integers(extent) for extent in before[name].shape)
            sides = []
            for distance in (1e-5, -1e-5):
                changed = before[name].copy()
                changed[index] += distance
                sides.append(loss(*reference(model, {name: changed}, inputs)))
            assert moved[index] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=tolerance, abs=1e-7), (name, index)
    return before


def cross_entropy(logits, label):
    logits = logits - logits.max(-1, keepdims=True)
    return -(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))[np.arange(len(label)), label].mean()


def make_perceptron(rng, softmax=False):
    weights = {"fc1.weight": rng.standard_normal((7, 5)), "fc1.bias": rng.standard_normal(7), "fc2.weight": rng.standard_normal((7, 3)),
               "fc2.bias": rng.standard_normal(3), "half": np.array(0.5)}  # fmt: skip
    nodes = [helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], transB=1, alpha=1.5), helper.make_node("Mul", ["h", "half"], ["g"]),
             helper.make_node("Tanh", ["g"], ["a"]), helper.make_node("MatMul", ["a", "fc2.weight"], ["z0"]), helper.make_node("Add", ["z0", "fc2.bias"], ["z"]),
             helper.make_node("Softmax", ["z"], ["p"], axis=-1)]  # fmt: skip
    return make_model(nodes, {"x": ["N", 5]}, ["p", "z"] if softmax else ["z", "p"], weights)


@pytest.mark.parametrize("rows", [1, 2, 13])
@pytest.mark.parametrize("softmax", [False, True])
def test_perceptron(tmp_path, rows, softmax):
    """The loss of logits, and of probabilities; numbers of rank 0 are constants unless they are named."""
    rng = np.random.default_rng(rows)
    model = make_perceptron(rng, softmax)
    loss = "cross_entropy" if softmax else {"name": "cross_entropy", "from_logits": True}
    library = compile_model(tmp_path, model, {"loss": loss, "optimizer": SGD, "metrics": ["accuracy"]})
    state = library.new_state(seed=0)
    names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
    assert "half" not in state and set(names) <= set(state)
    batch = {"x": rng.standard_normal((rows, 5)), "label": rng.integers(0, 3, rows)}
    want = lambda *outputs: cross_entropy(outputs[1 if softmax else 0], batch["label"])  # noqa: E731
    check_gradients(model, lambda: library.run(batch, entry="train_step"), state, batch, want, 0.01, names)
    # What is predicted is what the changed weights give.
    changed = {name: np.array(state[name]) for name in names}
    got, expected = library.run({"x": batch["x"]}, entry="predict"), reference(model, changed, {"x": batch["x"]})
    for name, value in zip([output.name for output in model.graph.output], expected):
        np.testing.assert_allclose(got[name], value, rtol=1e-9, err_msg=name)
    evaluated = library.run(batch, entry="evaluate")
    assert float(evaluated["accuracy"]) == pytest.approx((expected[0].argmax(1) == batch["label"]).mean())


def test_output_and_parameters(tmp_path):
    """Only what is named is trained, a number of rank 0 too; the loss looks at the output that is named."""
    rng = np.random.default_rng(3)
    model = make_perceptron(rng, softmax=True)
    training = {"loss": "mean_squared_error", "optimizer": SGD, "output": "z", "parameters": ["fc?.bias", "half"]}
    library = compile_model(tmp_path, model, training)
    state = library.new_state(seed=0)
    batch = {"x": rng.standard_normal((4, 5)), "label": rng.standard_normal((4, 3))}
    before = check_gradients(model, lambda: library.run(batch, entry="train_step"), state, batch,
                             lambda p, z: ((z - batch["label"]) ** 2).mean(), 0.01, ["fc1.bias", "fc2.bias", "half"])  # fmt: skip
    for name in ("fc1.weight", "fc2.weight"):
        np.testing.assert_array_equal(state[name], before[name])


def make_convolutions(rng, dropout=None):
    """A residual network with its normalizations left in, as the node list of both formats."""
    nodes = [
        ("Conv", ["image", "stem.weight", ""], "c1", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        ("BatchNormalization", ["c1", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"], "n1", {"epsilon": 0.0009765625, "momentum": 0.75}),
        ("Relu", ["n1"], "r1", {}), ("MaxPool", ["r1"], "m1", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Conv", ["m1", "block.weight", "block.bias"], "c2", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
        ("BatchNormalization", ["c2", "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var"], "n2", {}),
        ("Add", ["n2", "m1"], "s", {}), ("Relu", ["s"], "r2", {}), ("GlobalAveragePool", ["r2"], "g", {}), ("Flatten", ["g"], "f", {}),
        *([("Dropout", ["f"] if dropout < 0 else ["f", "ratio"], "d", {})] if dropout else []),
        ("Gemm", ["d" if dropout else "f", "head.weight", "head.bias"], "z", {"transB": 1}),
    ]  # fmt: skip
    shapes = {"stem.weight": (4, 2, 3, 3), "block.weight": (4, 4, 3, 3), "block.bias": (4,), "head.weight": (3, 4), "head.bias": (3,)}
    weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    for norm in ("bn1", "bn2"):
        for name in ("weight", "bias", "running_mean", "running_var"):
            weights[f"{norm}.{name}"] = rng.uniform(0.5, 1.5, 4)
    return nodes, weights


@pytest.mark.parametrize("dropout", [None, -1, 0.25])
def test_convolutions_as_in_json(tmp_path, dropout):
    rng = np.random.default_rng(0)
    nodes, weights = make_convolutions(rng, dropout)
    training = {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": {"name": "adam", "learning_rate": 0.03}, "clip": {"norm": 2}}
    ratio = {"ratio": np.array(dropout, np.float32)} if dropout and dropout > 0 else {}
    model = make_model([helper.make_node(op, inputs, [output], **more) for op, inputs, output, more in nodes],
                       {"image": ["N", 2, 6, 6]}, ["z"], {**weights, **ratio})  # fmt: skip
    described = {
        "dlc": 1, "inputs": [{"name": "image", "type": "f64", "shape": ["N", 2, 6, 6]}], "outputs": ["z"],
        "parameters": {name: {"shape": list(value.shape), "type": "f64", "value": value.tolist()} for name, value in weights.items()},
        "nodes": [{"op": op, "inputs": [dropout if name == "ratio" else name for name in inputs if name], "outputs": [output], "attributes": more} for op, inputs, output, more in nodes],
        "training": training,
    }  # fmt: skip
    (tmp_path / "described.json").write_text(json.dumps(described))
    libraries = [compile_model(tmp_path, model, training), dlc.Model(dlc.compile(tmp_path / "described.json", tmp_path / "described.so", train=True))]
    states = [library.new_state(seed=7) for library in libraries]
    for rows in (5, 1, 8):
        batch = {"image": rng.standard_normal((rows, 2, 6, 6)), "label": rng.integers(0, 3, rows)}
        for entry in ("evaluate", "train_step"):
            losses = [float(library.run(batch, entry=entry)["loss"]) for library in libraries]
            assert losses[0] == pytest.approx(losses[1], rel=1e-9), entry
        for name in weights:
            np.testing.assert_allclose(states[0][name], states[1][name], rtol=1e-8, atol=1e-10, err_msg=name)
    assert sorted(states[0]) == sorted(states[1])
    assert not any("running" in name and "optimizer" in name for name in states[0])


def test_fine_tuning(tmp_path, programs):
    """With a frozen stem and its frozen normalization, which then normalizes by the running statistics."""
    rng = np.random.default_rng(1)
    nodes, weights = make_convolutions(rng)
    model = make_model([helper.make_node(op, inputs, [output], **more) for op, inputs, output, more in nodes], {"image": ["N", 2, 6, 6]}, ["z"], weights)
    training = {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": SGD, "metrics": ["accuracy"],
                "groups": [{"parameters": ["stem", "bn?.*", "block.*"], "frozen": True}]}  # fmt: skip
    library = compile_model(tmp_path, model, training)
    state = library.new_state(seed=0)
    batch = {"image": rng.standard_normal((6, 2, 6, 6)), "label": rng.integers(0, 3, 6)}
    before = check_gradients(model, lambda: library.run(batch, entry="train_step"), state, batch,
                             lambda z: cross_entropy(z, batch["label"]), 0.01, ["head.weight", "head.bias"])  # fmt: skip
    for name in weights:
        assert np.array_equal(state[name], before[name]) != name.startswith("head"), name
    # The command and the checkpoint, whose names are those of the file.
    np.savez(tmp_path / "data.npz", image=rng.standard_normal((40, 2, 6, 6)), label=rng.integers(0, 3, 40))
    done = programs.run("dlc-run", "train", "model.so", "--data", "data.npz", "--epochs", 3, "--checkpoint", "tuned.safetensors", "--validation-split", 0.25)
    assert done.returncode == 0, done.stderr
    tuned = load_file(tmp_path / "tuned.safetensors")
    assert set(weights) <= set(tuned) and not np.array_equal(tuned["head.weight"], weights["head.weight"])
    # Without training, the file takes these weights.
    plain = dlc.Model(dlc.compile(tmp_path / "model.onnx", tmp_path / "plain.so", parameters=tmp_path / "tuned.safetensors"))
    expected = reference(model, {name: tuned[name] for name in weights}, {"image": batch["image"]})[0]
    np.testing.assert_allclose(plain.run({"image": batch["image"]})["z"], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("trained", [False, True])
def test_modes_of_the_export(tmp_path, trained):
    """Files that were exported for training do the same: predictions take the running statistics and drop nothing."""
    rng = np.random.default_rng(2)
    weights = {"s": rng.uniform(0.5, 1.5, 4), "b": rng.standard_normal(4), "m": rng.standard_normal(4), "v": rng.uniform(0.5, 1.5, 4),
               "w": rng.standard_normal((4, 2)), "ratio": np.array(0.5, np.float32), "mode": np.array(trained)}  # fmt: skip
    nodes = [helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["n", "m1", "v1"] if trained else ["n"], training_mode=int(trained)),
             helper.make_node("Dropout", ["n", "ratio", *(["mode"] if trained else [])], ["d", "mask"]), helper.make_node("MatMul", ["d", "w"], ["y"])]  # fmt: skip
    library = compile_model(tmp_path, make_model(nodes, {"x": ["N", 4]}, ["y"], weights), {"loss": "mean_squared_error", "optimizer": SGD})
    state = library.new_state(seed=1)
    batch = {"x": rng.standard_normal((9, 4)), "label": rng.standard_normal((9, 2))}
    predicted = ((batch["x"] - weights["m"]) / np.sqrt(weights["v"] + 1e-5) * weights["s"] + weights["b"]) @ weights["w"]
    np.testing.assert_allclose(library.run({"x": batch["x"]}, entry="predict")["y"], predicted, rtol=1e-9)
    losses = {float(library.run({**batch, "learning_rate": 0.0}, entry="train_step")["loss"]) for _ in range(3)}
    assert len(losses) == 3
    mean, variance = batch["x"].mean(0), batch["x"].var(0)
    np.testing.assert_allclose(state["m"], 0.729 * weights["m"] + 0.271 * mean, rtol=1e-9)
    np.testing.assert_allclose(state["v"], 0.729 * weights["v"] + 0.271 * variance, rtol=1e-9)


@pytest.mark.parametrize("rows, steps", [(1, 1), (3, 5)])
def test_recurrence(tmp_path, rows, steps):
    """An LSTM of ONNX's own layout, over the last state of which a dense layer with the transposed embedding (shared weights)."""
    rng = np.random.default_rng(4)
    hidden, words = 6, 7
    weights = {"embedding": rng.standard_normal((words, hidden)), "lstm.W": rng.standard_normal((1, 4 * hidden, hidden)) / 2,
               "lstm.R": rng.standard_normal((1, 4 * hidden, hidden)) / 2, "lstm.B": rng.standard_normal((1, 8 * hidden)), "axis": np.array([0])}  # fmt: skip
    nodes = [helper.make_node("Gather", ["embedding", "tokens"], ["e"]), helper.make_node("Transpose", ["e"], ["t"], perm=[1, 0, 2]),
             helper.make_node("LSTM", ["t", "lstm.W", "lstm.R", "lstm.B"], ["", "h", ""], hidden_size=hidden), helper.make_node("Squeeze", ["h", "axis"], ["s"]),
             helper.make_node("Gemm", ["s", "embedding"], ["z"], transB=1)]  # fmt: skip
    model = make_model(nodes, {}, ["z"], weights)
    model.graph.input.append(helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", "T"]))
    library = compile_model(tmp_path, model, {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": SGD})
    state = library.new_state(seed=0)
    batch = {"tokens": rng.integers(0, words, (rows, steps)), "label": rng.integers(0, words, rows)}
    check_gradients(model, lambda: library.run(batch, entry="train_step"), state, batch, lambda z: cross_entropy(z, batch["label"]), 0.01,
                    ["embedding", "lstm.W", "lstm.R", "lstm.B"], tolerance=1e-5)  # fmt: skip


def test_names_with_brackets(tmp_path, programs):
    """They are parts of names; what is named and cannot be trained is an error."""
    rng = np.random.default_rng(3)
    weights = {"layers[0].w": rng.standard_normal((5, 4)), "layers[1].w": rng.standard_normal((4, 3)), "layers0.w": rng.standard_normal((3, 3)),
               "bn.scale": np.ones(3), "bn.bias": np.zeros(3), "bn.mean": np.zeros(3), "bn.var": np.ones(3)}  # fmt: skip
    nodes = [helper.make_node("MatMul", ["x", "layers[0].w"], ["a"]), helper.make_node("MatMul", ["a", "layers[1].w"], ["b"]),
             helper.make_node("MatMul", ["b", "layers0.w"], ["c"]),
             helper.make_node("BatchNormalization", ["c", "bn.scale", "bn.bias", "bn.mean", "bn.var"], ["y"])]  # fmt: skip
    model = make_model(nodes, {"x": ["N", 5]}, ["y"], weights)
    learner = compile_model(tmp_path, model, {"loss": "mean_squared_error", "optimizer": SGD, "parameters": ["layers[0]*"]})
    state = learner.new_state(seed=1)
    before = {name: np.array(state[name]) for name in state}
    learner.run({"x": rng.standard_normal((6, 5)), "label": rng.standard_normal((6, 3))}, entry="train_step")
    assert {name for name in weights if name in state and not np.array_equal(before[name], state[name])} - {"bn.mean", "bn.var"} == {"layers[0].w"}
    (tmp_path / "bad.json").write_text(json.dumps({"training": {"loss": "mean_squared_error", "optimizer": SGD, "parameters": ["bn.mean"]}}))
    result = programs.run("dlc", "model.onnx", "--train=bad.json", "-o", "m.so")
    assert result.returncode == 1 and "'bn.mean' is not trained by gradients: it is a running statistic" in result.stderr
    result = programs.run("dlc", "model.onnx", "--train", "bad.json", "-o", "m.so")
    assert result.returncode == 1 and "did you mean '--train=bad.json'?" in result.stderr


def test_from_python(tmp_path):
    """Models in memory, with a dict that says how they are trained; dlc.Trainer over them."""
    rng = np.random.default_rng(5)
    model = make_perceptron(rng)
    training = {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": {"name": "adam", "learning_rate": 0.05}, "metrics": ["accuracy"]}
    x = rng.standard_normal((300, 5))
    label = np.argmax(x[:, :3] + 2 * x[:, 2:], axis=1)
    trainer = dlc.Trainer(model, train=training, epochs=15, batch=20, seed=1)
    trainer.fit(x, label, validation=0.2)
    assert trainer.history[-1]["validation_accuracy"] > 0.9
    whole = dlc.Model(dlc.compile(model, train={"training": training}))
    assert {entry.name for entry in whole.entry_points} >= {"predict", "train_step", "evaluate"}
    with pytest.raises(dlc.CompileError, match="unknown key 'los'"):
        dlc.compile(model, train={**training, "los": 1})
    with pytest.raises(TypeError, match="option 'train' is 3"):
        dlc.compile(model, train=3)
    with pytest.raises(TypeError, match="belong to models that are compiled here"):
        dlc.Trainer(dlc.compile(model, train=training), train=training)
    with pytest.raises(dlc.CompileError, match="does not say how to train it"):
        dlc.compile(model, train=True)


def test_json_model_with_a_file(tmp_path):
    """A description without a section takes the file's, and does what it does with the section in it."""
    described = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 4]}], "layers": [{"op": "dense", "name": "d", "units": 2}]}
    training = {"loss": "mean_squared_error", "optimizer": "adam"}
    (tmp_path / "apart.json").write_text(json.dumps(described))
    (tmp_path / "whole.json").write_text(json.dumps({**described, "training": training}))
    (tmp_path / "training.json").write_text(json.dumps({"training": training}))
    apart = dlc.Model(dlc.compile(tmp_path / "apart.json", train=tmp_path / "training.json"))
    whole = dlc.Model(dlc.compile(tmp_path / "whole.json", train=True))
    states = [model.new_state(seed=3) for model in (apart, whole)]
    batch = {"x": np.ones((3, 4), np.float32), "label": np.zeros((3, 2), np.float32)}
    for model in (apart, whole):
        model.run(batch, entry="train_step")
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name])


@pytest.mark.parametrize(
    "next_state",
    ["mean = ReduceMean(t, rows) after = Concat<axis = 0>(s, mean)", "after = Concat<axis = 0>(t, fixed)", "after = Slice(t, one, end, rows)"],
    ids=["longer", "longer by a constant", "shorter"],
)
def test_loop_that_changes_extents(tmp_path, next_state):
    """Steps of a known number, each of which reads the state and gives the next one other extents."""
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["" : 20]> g (double[6,2] x) => (double[1,2] y) {{
        steps = Constant<value = int64 {{4}}>() yes = Constant<value = bool {{1}}>() rows = Constant<value = int64[1] {{0}}>()
        one = Constant<value = int64[1] {{1}}>() end = Constant<value = int64[1] {{100}}>() fixed = Constant<value = double[1,2] {{0.3,-0.2}}>()
        z = Loop(steps, yes, x) <body = step (int64 i, bool g, double[A,B] s) => (bool h, double[C,D] after) {{
            h = Identity(g) p = MatMul(s, w) t = Tanh(p) {next_state} }}>
        y = ReduceMean(z, rows) }}""")
    rng = np.random.default_rng(5)
    model.graph.initializer.append(numpy_helper.from_array(0.4 * rng.standard_normal((2, 2)), "w"))
    library = compile_model(tmp_path, model, {"loss": "mean_squared_error", "optimizer": SGD})
    state = library.new_state(seed=0)
    batch = {"x": rng.standard_normal((6, 2)), "label": rng.standard_normal((1, 2))}
    check_gradients(model, lambda: library.run(batch, entry="train_step"), state, batch, lambda y: ((y - batch["label"]) ** 2).mean(), 0.01, ["w"])
