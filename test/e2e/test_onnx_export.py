# SPDX-License-Identifier: Apache-2.0
"""Models as ONNX files (`dlc MODEL -o MODEL.onnx`): valid, and the same numbers in ONNX Runtime and in dlc itself."""
import json
import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sampling import only_in_full, sample
from test_loops import STOPPING

dlc = pytest.importorskip("dlc")
onnxruntime = pytest.importorskip("onnxruntime")

TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
         "tensor(bool)": np.bool_}  # fmt: skip


def make_inputs(session, symbols, limit):
    generator = np.random.default_rng(0)
    inputs = {}
    for info in session.get_inputs():
        shape = [symbols[dim] if isinstance(dim, str) else dim for dim in info.shape]
        kind = TYPES[info.type]
        if kind == np.bool_:
            inputs[info.name] = generator.integers(0, 2, shape).astype(bool)
        elif np.issubdtype(kind, np.integer):
            inputs[info.name] = generator.integers(1, limit, shape).astype(kind)
        else:
            inputs[info.name] = generator.normal(size=shape).astype(kind)
    return inputs


def compile_again(folder, exported, session, symbols, needs_shapes):
    """The file as a library. Where it counts or fills symbolic extents, dlc reads it with fixed ones only."""
    shapes = []
    for info in session.get_inputs() if needs_shapes else []:
        shapes += ["--shape", info.name + "=" + "x".join(str(symbols.get(dim, dim)) for dim in info.shape)]
    return dlc.Model(dlc.compile(exported, folder / f"again{symbols['N']}.so", *shapes))


def check(folder, model, *options, symbols=({"N": 1, "T": 1}, {"N": 3, "T": 7}), limit=4, tolerance=1e-4):
    """Exports `model` and compares what it computes with the library that is compiled of it. Returns the file."""
    exported = dlc.compile(model, folder / "exported.onnx", *options)
    proto = onnx.load(exported)
    onnx.checker.check_model(proto, full_check=True)
    own = dlc.Model(dlc.compile(model, folder / "own.so", *options))
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    needs_shapes = any(node.op_type in ("Range", "Expand") for node in proto.graph.node)
    for values in symbols:
        inputs = make_inputs(session, values, limit)
        wanted = own.run(inputs)
        assert list(wanted) == outputs
        theirs = dict(zip(outputs, session.run(None, inputs)))
        ours = compile_again(folder, exported, session, values, needs_shapes).run(inputs)
        for name in outputs:
            scale = max(np.abs(wanted[name]).max(initial=0), 1e-3)
            assert wanted[name].shape == theirs[name].shape
            np.testing.assert_allclose(theirs[name], wanted[name], rtol=tolerance, atol=tolerance * scale)
            np.testing.assert_allclose(ours[name], wanted[name], rtol=tolerance, atol=tolerance * scale)
    return proto


EXAMPLES = ["digits/digits.json", "digits/digits_cnn.onnx", "iris/iris.json", "lenet5/lenet5.json", "mlp-4-5-3/mlp-4-5-3.json",
            "bert-encoder/bert-encoder.json", "char-rnn-hell/char-rnn-hell.json", *only_in_full(["resnet18/resnet18.json"]),
            "xor/xor.json", "perceptron/perceptron.json", "linear-regression/linear-regression.json",
            "convolution/convolution.json", "flatten/flatten.json", "padding/padding.json", "pooling/pooling.json",
            "softmax/softmax.json", "lstm-cell/layer.json", "lstm-cell/cell.json", "autoencoder/autoencoder.json",
            "digits/digits_training.json", "rbf-network/rbf-network.json", "linear-regression/descent.json",
            "gpl3-lstm/gpl3.json"]  # fmt: skip


@pytest.mark.parametrize("example", sample(EXAMPLES, len(EXAMPLES) // 2, 1))
def test_examples(tmp_path, examples, example):
    check(tmp_path, examples / example)


def layers(shape, *list, kind="f32"):
    return {"dlc": 1, "name": "m", "inputs": [{"name": "x", "type": kind, "shape": shape}], "layers": [*list]}


def image(*list):
    return layers(["N", 6, 13, 11], *list)


def sequence(*list):
    return layers(["N", "T", 10], *list)


MODELS = {
    "norms": image({"op": "batch_norm"}, {"op": "group_norm", "groups": 2}, {"op": "instance_norm"},
                   {"op": "local_response_norm"}, {"op": "layer_norm"}, {"op": "rms_norm"}),
    "windows": image({"op": "conv2d", "filters": 8, "kernel": [3, 2], "stride": 2, "groups": 2},
                     {"op": "max_pool2d", "size": 2, "stride": 1}, {"op": "average_pool2d", "size": 2, "padding": "same"},
                     {"op": "lp_pool2d", "size": 2, "stride": 1}, {"op": "global_average_pool"}),
    "transposed": image({"op": "conv_transpose2d", "filters": 5, "kernel": 3, "stride": 2, "padding": "same"}),
    "movement": image({"op": "padding", "padding": 2, "mode": "reflect"}, {"op": "cropping", "cropping": [[1, 2], [0, 3]]},
                      {"op": "upsample", "size": 2}, {"op": "upsample", "size": 2, "interpolation": "bilinear"},
                      {"op": "permute", "dims": [2, 1, 3]}, {"op": "reshape", "shape": [-1, 2]}, {"op": "flatten"}),
    "activations": layers(["N", 7], *[{"op": "activation", "activation": name} for name in [
        "relu", "leaky_relu", "elu", "celu", "selu", "gelu", "sigmoid", "tanh", "softplus", "softsign", "mish", "hard_swish",
        "hard_sigmoid", "swish", "shrink", "thresholded_relu", "relu6", "sign", "softmax", "log_softmax"]]),
    "prelu": image({"op": "prelu"}),
    "lstm": sequence({"op": "lstm", "units": 6, "return_sequences": True}, {"op": "lstm", "units": 5, "go_backwards": True}),
    "gru": sequence({"op": "gru", "units": 6, "return_sequences": True}, {"op": "gru", "units": 5, "reset_after": False}),
    "bidirectional": sequence({"op": "bidirectional", "layer": {"op": "rnn", "units": 4, "return_sequences": True}}),
    "attention": sequence({"op": "attention", "heads": 2, "causal": True}, {"op": "layer_norm"}),
    "grouped": layers(["N", "T", 8], {"op": "attention", "heads": 4, "kv_heads": 2, "rotary": 10000, "window": 3}),
    "positions": sequence({"op": "sinusoidal_positions"}, {"op": "learned_positions", "length": 8}),
    "embedding": layers(["N", "T"], {"op": "embedding", "vocabulary": 5, "units": 4}, {"op": "time_distributed",
                        "layer": {"op": "dense", "units": 3}}, kind="i64"),
}  # fmt: skip


@pytest.mark.parametrize("name", sample(list(MODELS), len(MODELS) // 2, 1))
def test_layers(tmp_path, name):
    (tmp_path / "m.json").write_text(json.dumps(MODELS[name]))
    check(tmp_path, tmp_path / "m.json")


def test_names_and_symbols_stay(tmp_path, examples):
    proto = check(tmp_path, examples / "digits" / "digits.json")
    (image,) = proto.graph.input
    assert image.name == "image" and image.type.tensor_type.shape.dim[0].dim_param == "N"
    assert [output.name for output in proto.graph.output] == ["probability"]
    assert {"conv1.weight", "conv1.bias", "hidden.weight"} <= {tensor.name for tensor in proto.graph.initializer}
    assert next(o.version for o in proto.opset_import if not o.domain) >= 18


def test_weights_of_a_checkpoint(tmp_path, examples):
    path = examples / "digits" / "digits_training.json"
    learner = dlc.Model(dlc.compile(path, tmp_path / "train.so", "--train"))
    state = learner.new_state(seed=5)
    state.save(tmp_path / "trained.safetensors")
    proto = check(tmp_path, path, "--parameters", tmp_path / "trained.safetensors")
    for tensor in proto.graph.initializer:
        if tensor.name in state:
            np.testing.assert_array_equal(numpy_helper.to_array(tensor), state[tensor.name])


def test_weights_of_another_model(programs, examples):
    learner = dlc.Model(dlc.compile(examples / "xor" / "xor_training.json", programs.folder / "train.so", "--train"))
    learner.new_state().save(programs.folder / "xor.safetensors")
    result = programs.run("dlc", examples / "digits" / "digits.json", "-o", "m.so", "--parameters", "xor.safetensors")
    assert result.returncode == 1 and "xor.safetensors: error: it lacks 'conv1.weight'" in result.stderr
    assert not (programs.folder / "m.so").exists()


def test_stateful_models_show_their_state(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(layers(["N", "T", 4], {"op": "lstm", "units": 3, "stateful": True, "name": "r"})))
    exported = dlc.compile(tmp_path / "m.json", tmp_path / "m.onnx")
    onnx.checker.check_model(onnx.load(exported), full_check=True)
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    own = dlc.Model(dlc.compile(tmp_path / "m.json", tmp_path / "m.so"))
    names = [output.name for output in session.get_outputs()]
    states = {name[:-5]: None for name in names if name.endswith(".next")}
    assert states
    values = {info.name: np.zeros([2 if isinstance(d, str) else d for d in info.shape], np.float32)
              for info in session.get_inputs() if info.name in states}  # fmt: skip
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=(2, 5, 4)).astype(np.float32)
        results = dict(zip(names, session.run(None, {"x": x, **values})))
        values = {name: results[name + ".next"] for name in states}
        for name, value in own.run({"x": x}).items():
            np.testing.assert_allclose(results[name], value, rtol=1e-4, atol=1e-5)


def test_from_onnx_and_back(tmp_path):
    """Ops that JSON layers do not make."""
    nodes = [
        helper.make_node("TopK", ["x", "k"], ["values", "indices"], axis=-1),
        helper.make_node("ArgMax", ["x"], ["index"], axis=1, keepdims=0),
        helper.make_node("ReduceLogSumExp", ["x"], ["r"], keepdims=1, axes=[1]),
        helper.make_node("Sub", ["x", "r"], ["d"]),
        helper.make_node("Slice", ["d", "start", "end", "axes", "step"], ["reversed"]),
        helper.make_node("Greater", ["d", "reversed"], ["g"]),
        helper.make_node("Where", ["g", "d", "reversed"], ["w"]),
        helper.make_node("Einsum", ["w", "m"], ["e"], equation="nij,jk->nki"),
        helper.make_node("Concat", ["e", "e"], ["y"], axis=1),
    ]
    constants = {"k": np.array([2]), "start": np.array([-1]), "end": np.array([np.iinfo(np.int64).min]), "axes": np.array([2]),
                 "step": np.array([-1]), "m": np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)}  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 5, 6])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in
         [("y", TensorProto.FLOAT), ("values", TensorProto.FLOAT), ("indices", TensorProto.INT64), ("index", TensorProto.INT64)]],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), tmp_path / "m.onnx")
    check(tmp_path, tmp_path / "m.onnx")


@pytest.mark.parametrize("section", [
    {"method": "greedy", "max_tokens": 9},
    {"method": "greedy", "max_tokens": 9, "stop_token": 3},
    {"method": "beam", "max_tokens": 6, "beams": 3, "stop_token": 3, "length_penalty": 0.5},
], ids=["counting", "stopping", "beam"])  # fmt: skip
def test_loops_that_count(tmp_path, section):
    """Decoding is a loop that counts, or stops, and has nothing to go along: the tokens of ONNX Runtime are those of dlc."""
    size = 7
    model = layers(["N", "T"], {"op": "embedding", "name": "e", "vocabulary": size, "units": 6}, {"op": "gru", "units": 5, "return_sequences": True},
                   {"op": "dense", "name": "next", "units": size, "activation": "softmax"}, kind="i64")  # fmt: skip
    weight = np.random.default_rng(3).standard_normal((size, 5)) * 5
    model |= {"generate": section, "weights": {"next": {"weight": weight.tolist(), "bias": [0.0] * size}}}
    (tmp_path / "m.json").write_text(json.dumps(model))
    exported = dlc.compile(tmp_path / "m.json", tmp_path / "m.onnx", "--entry", "generate")
    proto = onnx.load(exported)
    onnx.checker.check_model(proto, full_check=True)
    assert any(node.op_type == "Loop" for node in proto.graph.node)
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    own, counts = dlc.Model(dlc.compile(tmp_path / "m.json", tmp_path / "m.so")), set()
    for seed in range(12):
        inputs = {"prompt": np.random.default_rng(seed).integers(0, size, 1 + seed % 5)}
        wanted = own.run(inputs, entry="generate")
        theirs = dict(zip(wanted, session.run(list(wanted), inputs)))
        np.testing.assert_array_equal(theirs["tokens"], wanted["tokens"])
        np.testing.assert_array_equal(theirs["count"], wanted["count"])
        np.testing.assert_allclose(theirs.get("score", 0), wanted.get("score", 0), rtol=1e-4)
        counts.add(int(wanted["count"]))
    assert len(counts) > 1 or "stop_token" not in section, "no prompt stops early, so nothing was tested"


@pytest.mark.parametrize("limit", [-1, 0, 1, 4, 28, 1000])
def test_steps_of_a_loop_that_stops(tmp_path, limit):
    """Loop-carried values, scan outputs (zeros after the loop has stopped) and step counts."""
    (tmp_path / "m.mlir").write_text(STOPPING)
    exported = dlc.compile(tmp_path / "m.mlir", tmp_path / "m.onnx")
    onnx.checker.check_model(onnx.load(exported), full_check=True)
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    wanted = dlc.Model(dlc.compile(tmp_path / "m.mlir", tmp_path / "m.so")).run({"limit": np.array(limit)})
    for name, value in zip(wanted, session.run(list(wanted), {"limit": np.array(limit)})):
        np.testing.assert_array_equal(value, wanted[name])


def test_ops_without_a_form_are_named(programs):
    (programs.folder / "m.mlir").write_text("""
func.func @run(%x: tensor<2x3xf32> {dlc.name = "x"}, %s: tensor<i64> {dlc.name = "s"}) -> (tensor<2x3xf32> {dlc.name = "y"}) {
  %u = dlc.random_uniform %s, %s, %x : (tensor<i64>, tensor<i64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %u : tensor<2x3xf32>
}
""")
    result = programs.run("dlc", "m.mlir", "-o", "m.onnx")
    assert result.returncode == 1 and "m.mlir:3:8: error: op 'random_uniform' has no form in ONNX" in result.stderr
    assert not (programs.folder / "m.onnx").exists()


# What each entry point has that ONNX has not; the first of these is not its last op.
WITHOUT_A_FORM = [("linear-regression/closed_form.json", "fit", ["least_squares", "assign"]),
                  ("backpropagation/backpropagation.json", "train_step", ["gradient", "apply_gradients"]),
                  ("gan/gan.json", "train_step", ["random_", "gradient", "apply_gradients"]),
                  ("self-organizing-map/self-organizing-map.json", "train_step", ["assign"]),
                  ("deep-belief-network/deep-belief-network.json", "pretrain_1", ["random_uniform", "assign"])]  # fmt: skip


@pytest.mark.parametrize("example, entry, ops", WITHOUT_A_FORM)
def test_all_ops_without_a_form_are_named(programs, examples, example, entry, ops):
    result = programs.run("dlc", examples / example, "--entry", entry, "-o", "x.onnx")
    assert result.returncode == 1 and not (programs.folder / "x.onnx").exists()
    for op in ops:
        assert re.search(rf"\.json:\d+:\d+: error: .*op '{op}\w*' has no form in ONNX", result.stderr), result.stderr
    assert all(" error: " in line for line in result.stderr.splitlines()), result.stderr


def test_parameters_without_values_are_named(programs, examples):
    result = programs.run("dlc", examples / "digits" / "digits_training.json", "--train", "-o", "x.onnx")
    assert result.returncode == 1
    assert "parameters 'conv1.weight' 'conv2.weight' 'hidden.weight' 'probability.weight' have no value: give" in result.stderr, result.stderr
    assert "--parameters" in result.stderr


def test_a_misspelt_entry_point(programs, examples):
    result = programs.run("dlc", examples / "gan" / "gan.json", "--entry", "genrate", "-o", "x.onnx")
    assert result.returncode == 1
    assert "there is no entry point 'genrate'; did you mean 'generate'?; there is 'generate' 'judge' 'train_step'" in result.stderr


def test_one_of_several_entry_points(programs, examples):
    gan = examples / "gan" / "gan.json"
    result = programs.run("dlc", gan, "-o", "gan.onnx")
    assert result.returncode == 1 and "choose an entry point with --entry; there is" in result.stderr
    result = programs.run("dlc", gan, "-o", "gan.so", "--entry", "sample")
    assert result.returncode == 1 and "--entry selects the graph of an .onnx file" in result.stderr


def test_large_models_are_refused(programs):
    (programs.folder / "m.mlir").write_text("""
dlc.parameter @w : tensor<600000000xf32> = dense<1.0> : tensor<600000000xf32>
func.func @run(%x: tensor<600000000xf32> {dlc.name = "x"}) -> (tensor<600000000xf32> {dlc.name = "y"}) {
  %w = dlc.load_parameter @w : tensor<600000000xf32>
  %y = dlc.add %x, %w : (tensor<600000000xf32>, tensor<600000000xf32>) -> tensor<600000000xf32>
  return %y : tensor<600000000xf32>
}
""")
    result = programs.run("dlc", "m.mlir", "-o", "m.onnx")
    assert result.returncode == 1
    assert "the model takes 2400000000 bytes, and an ONNX file (a protobuf message) holds less than 2 GB" in result.stderr
