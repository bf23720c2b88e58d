# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers from ONNX: every attribute, lengths from 1 to 1000, known at compile time or only at run time, against NumPy
in double precision and ONNX Runtime. Tolerance: 1e-5 of the largest expected magnitude (at least 1)."""
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from recurrent_reference import GATES, recurrent

onnxruntime = pytest.importorskip("onnxruntime")

OPERANDS = ["x", "w", "r", "b", "sequence_lens", "initial_h", "initial_c", "p"]


class Layer:
    """One node with random weights. `dynamic`: steps and batch are symbols; `given`: operands that are inputs of the model."""

    def __init__(self, kind, size, features, seed=0, dynamic=False, given=(), bias=True, peepholes=False, lens=False, states=False, **attributes):
        self.kind, self.size, self.features, self.dynamic, self.given = kind, size, features, dynamic, ("x", *given)
        self.lens, self.states, self.attributes = lens, states, {"hidden_size": size, **attributes}
        self.random = np.random.default_rng([seed, size, features])
        directions, rows = 2 if attributes.get("direction") == "bidirectional" else 1, GATES[kind] * size
        weights = {"w": (directions, rows, features), "r": (directions, rows, size)}
        if bias:
            weights["b"] = (directions, 2 * rows)
        if peepholes:
            weights["p"] = (directions, 3 * size)
        scale = 1 / np.sqrt(size)
        self.weights = {name: self.random.uniform(-scale, scale, shape).astype(np.float32) for name, shape in weights.items()}
        self.directions = directions

    def inputs(self, steps, batch):
        layout = self.attributes.get("layout", 0)
        floats = lambda *shape: self.random.standard_normal(shape).astype(np.float32)
        state = (batch, self.directions, self.size) if layout else (self.directions, batch, self.size)
        inputs = {"x": floats(*((batch, steps) if layout else (steps, batch)), self.features)}
        if self.lens:
            inputs["sequence_lens"] = self.random.integers(0 if self.kind != "x" else 1, steps + 1, batch).astype(np.int32)
        if self.states:
            inputs["initial_h"] = floats(*state)
            if self.kind == "LSTM":
                inputs["initial_c"] = floats(*state)
        return inputs

    @property
    def outputs(self):
        return ["y", "y_h", "y_c"] if self.kind == "LSTM" else ["y", "y_h"]

    def model(self, inputs):
        constants = {name: array for name, array in self.weights.items() if name not in self.given}
        arguments = {**{name: array for name, array in self.weights.items() if name in self.given}, **inputs}
        names = [name if name in constants or name in arguments else "" for name in OPERANDS[: 8 if self.kind == "LSTM" else 6]]
        symbols = dict(zip(inputs["x"].shape, ["N", "T", 0] if self.attributes.get("layout", 0) else ["T", "N", 0]))
        def shape(name, array):
            if not self.dynamic or name in self.weights:
                return list(array.shape)
            if name == "x":
                return ["N", "T", array.shape[2]] if self.attributes.get("layout", 0) else ["T", "N", array.shape[2]]
            if name == "sequence_lens":
                return ["N"]
            return ["N", *array.shape[1:]] if self.attributes.get("layout", 0) else [array.shape[0], "N", array.shape[2]]
        graph = helper.make_graph(
            [helper.make_node(self.kind, names, self.outputs, name="layer", **self.attributes)], "sequence",
            [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), shape(n, a)) for n, a in arguments.items()],
            [helper.make_empty_tensor_value_info(name) for name in self.outputs],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=9)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)

    def expected(self, inputs):
        operands = {**self.weights, **inputs}
        return dict(zip(self.outputs, recurrent(self.kind, *(operands.get(name) for name in OPERANDS), **self.attributes)))

    def compile(self, programs, steps=3, batch=2, *options):
        onnx.save(self.model(self.inputs(steps, batch)), programs.folder / "layer.onnx")
        return programs.compile("layer.onnx", "layer.so", *options)

    def run(self, programs, library, inputs, *options):
        arguments = {**{name: array for name, array in self.weights.items() if name in self.given}, **inputs}
        return programs.execute(library, arguments, self.outputs, *options)


def compare(actual, expected):
    for name, array in expected.items():
        assert actual[name].shape == array.shape, name
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=1e-5 * max(1, np.abs(array).max(initial=0)), err_msg=name)


def check(programs, layer, *shapes):
    library = layer.compile(programs, *shapes[0])
    for steps, batch in shapes:
        inputs = layer.inputs(steps, batch)
        compare(layer.run(programs, library, inputs), layer.expected(inputs))


VARIANTS = {
    "forward": {},
    "reverse": {"direction": "reverse", "lens": True, "states": True},
    "bidirectional": {"direction": "bidirectional", "lens": True, "states": True},
    "no-bias": {"bias": False, "states": True},
    "batch-first": {"layout": 1, "direction": "bidirectional", "lens": True, "states": True},
    "clip": {"clip": 0.5},
    "run-time weights": {"given": ("w", "r", "b"), "direction": "bidirectional", "lens": True},
}
KINDS = {
    "RNN": {},
    "GRU": {"linear_before_reset": 0},
    "GRU-after": {"linear_before_reset": 1},
    "LSTM": {},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_form(programs, kind, variant):
    """Steps and batch are known only at run time; the cases include a single step, a single sequence and vector tails."""
    layer = Layer(kind.split("-")[0], 13, 5, dynamic=True, **KINDS[kind], **VARIANTS[variant])
    check(programs, layer, (3, 2), (1, 1), (2, 33), (7, 8), (7, 17))


@pytest.mark.parametrize("kind", KINDS)
def test_known_extents(programs, kind):
    for size, features, steps, batch in ((1, 1, 1, 1), (7, 3, 2, 3), (65, 64, 7, 1), (65, 16, 3, 33)):
        layer = Layer(kind.split("-")[0], size, features, lens=True, direction="bidirectional", **KINDS[kind])
        check(programs, layer, (steps, batch))


@pytest.mark.parametrize("kind", KINDS)
def test_long_sequences(programs, kind):
    layer = Layer(kind.split("-")[0], 17, 4, dynamic=True, **KINDS[kind])
    check(programs, layer, (64, 2), (1000, 1), (1000, 3))


@pytest.mark.parametrize("attributes", [{"peepholes": True}, {"input_forget": 1}, {"peepholes": True, "clip": 0.3, "direction": "reverse"},
                                        {"peepholes": True, "given": ("w", "r", "b", "p"), "direction": "bidirectional"}])  # fmt: skip
def test_lstm_options(programs, attributes):
    check(programs, Layer("LSTM", 11, 6, dynamic=True, states=True, **attributes), (5, 3), (1, 1))


# Each kind of activation once as an inner one and once as an outer one; numbers go to those that take some.
ACTIVATIONS = [
    ("RNN", {"activations": ["Relu"]}),
    ("RNN", {"activations": ["Elu", "Softsign"], "direction": "bidirectional", "activation_alpha": [0.7]}),
    ("RNN", {"activations": ["ThresholdedRelu"], "activation_alpha": [0.25]}),
    ("GRU", {"activations": ["HardSigmoid", "ScaledTanh"], "activation_alpha": [0.3, 1.5], "activation_beta": [0.4, 0.6]}),
    ("GRU", {"activations": ["hardsigmoid", "LEAKYRELU"], "activation_alpha": [0.3, 0.2], "activation_beta": [0.4]}),
    ("LSTM", {"activations": ["Sigmoid", "Softsign", "Affine"], "activation_alpha": [0.5], "activation_beta": [0.1]}),
    ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Relu"]}),
    ("LSTM", {"activations": ["Sigmoid", "Softplus", "Tanh"]}),
]  # fmt: skip


@pytest.mark.parametrize("kind, attributes", ACTIVATIONS)
def test_activations(programs, kind, attributes):
    layer = Layer(kind, 9, 4, dynamic=True, **attributes)
    names = {name.lower(): name for name in ("HardSigmoid", "LeakyRelu")}
    library = layer.compile(programs)
    layer.attributes["activations"] = [names.get(name.lower(), name) for name in attributes["activations"]]
    for steps, batch in ((4, 3), (1, 1)):
        inputs = layer.inputs(steps, batch)
        compare(layer.run(programs, library, inputs), layer.expected(inputs))


@pytest.mark.parametrize("kind", KINDS)
def test_against_onnxruntime(programs, kind):
    layer = Layer(kind.split("-")[0], 24, 10, dynamic=True, lens=True, states=True, direction="bidirectional", clip=0.8,
                  peepholes=kind == "LSTM", **KINDS[kind])  # fmt: skip
    inputs = layer.inputs(6, 5)
    inputs["sequence_lens"] = np.maximum(inputs["sequence_lens"], 1)
    session = onnxruntime.InferenceSession(layer.model(inputs).SerializeToString(), providers=["CPUExecutionProvider"])
    expected = dict(zip(layer.outputs, session.run(layer.outputs, inputs)))
    compare(layer.run(programs, layer.compile(programs), inputs), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_on_any_number_of_threads(programs, kind):
    layer = Layer(kind.split("-")[0], 200, 100, dynamic=True, direction="bidirectional", **KINDS[kind])
    library = layer.compile(programs)
    inputs = layer.inputs(9, 33)
    one, two = (layer.run(programs, library, inputs, "--threads", str(count)) for count in (1, 2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])


@pytest.mark.parametrize("kind", KINDS)
def test_memory_of_a_step_is_reused(programs, kind):
    """What grows with the number of steps is at most the input's product with the gates' weights and the outputs, once each."""
    layer = Layer(kind.split("-")[0], 32, 16, dynamic=True, direction="bidirectional", **KINDS[kind])
    library, batch = layer.compile(programs), 2

    def workspace(steps):
        result = programs.run("dlc-run", "info", library, "--json", "--symbol", f"T={steps}", "--symbol", f"N={batch}")
        return json.loads(result.stdout)["entry_points"][0]["workspace_bytes"]

    gates = GATES[layer.kind] * layer.size
    a_step = 4 * batch * layer.directions * (gates + 2 * layer.size)
    assert workspace(1001) - workspace(1) <= 1000 * a_step
