# SPDX-License-Identifier: Apache-2.0
"""Families of scaling.py: models of n layers, their training, and loops whose steps have n levels."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from scaling_families import family, write_json, write_onnx

UNITS = 16


def dense(n, units=lambda i: UNITS, activation="relu", batch="N", columns=UNITS, **sections):
    """A JSON model of `n` dense layers; `units` gives the units of each. test/e2e/test_depth.py trains it, too."""
    layers = [{"op": "dense", "units": units(i), "activation": activation} for i in range(n)]
    return {"inputs": [{"name": "x", "shape": [batch, columns]}], "layers": layers, **sections}


def alternate(i):
    return 24 if i % 2 == 0 else UNITS


@family(125, 1000, options=["--train"])
def dense_adam(n, folder):
    return write_json(folder, dense(n, training={"loss": "mean_squared_error", "optimizer": {"name": "adam"}}))


@family(100, 800, options=["--train"])
def gru_adam(n, folder):
    """A loop for each layer, and one for its gradient."""
    layers = [{"op": "gru", "units": UNITS, "return_sequences": True} for _ in range(n)]
    training = {"loss": "mean_squared_error", "optimizer": {"name": "adam"}}
    return write_json(folder, {"inputs": [{"name": "x", "shape": ["N", "T", UNITS]}], "layers": layers, "training": training})


@family(100, 800)
def stateful_rnn(n, folder):
    """Every layer has a loop, and a state that the context keeps."""
    layers = [{"op": "rnn", "units": UNITS, "return_sequences": True, "stateful": True} for _ in range(n)]
    return write_json(folder, {"inputs": [{"name": "x", "shape": [4, "T", UNITS]}], "layers": layers})


LIMIT = ["--train", "--memory-limit=1"]


@family(31, 250, options=LIMIT)
def memory_limit(n, folder):
    """Less than a third of the memory that the layers' results take, and the weights."""
    batch, element = 256, 4
    LIMIT[1] = f"--memory-limit={n * UNITS * element * (batch * 3 // 10 + UNITS + 17) + 65536}"
    training = {"loss": "mean_squared_error", "optimizer": {"name": "sgd"}}
    return write_json(folder, dense(n, activation="tanh", batch=batch, training=training))


@family(1000, 8000)
def inference_json(n, folder):
    return write_json(folder, dense(n))


@family(1000, 8000)
def inference_alternating_json(n, folder):
    return write_json(folder, dense(n, alternate))


def dense_onnx(n, folder, units):
    rng, nodes, weights, value, rows = np.random.default_rng(0), [], {}, "x", UNITS
    for i in range(n):
        columns = units(i)
        weights[f"w{i}"] = rng.standard_normal((rows, columns)).astype(np.float32) / 4
        weights[f"b{i}"] = rng.standard_normal(columns).astype(np.float32)
        nodes += [helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"g{i}"]), helper.make_node("Relu", [f"g{i}"], [f"r{i}"])]
        value, rows = f"r{i}", columns
    return write_onnx(folder, nodes, {"x": ["N", UNITS]}, (value, ["N", rows]), weights)


@family(1000, 8000)
def inference_onnx(n, folder):
    return dense_onnx(n, folder, lambda i: UNITS)


@family(1000, 8000)
def inference_alternating_onnx(n, folder):
    return dense_onnx(n, folder, alternate)


def residual_step(levels, row, state):
    """Nodes that subtract tanh(v r) from v = `row` `levels` times, and mix what is left with `state`: `next`; and their weights' names."""
    nodes, value = [], row
    for i in range(levels):
        nodes += [helper.make_node("MatMul", [value, "r"], [f"p{i}"]), helper.make_node("Tanh", [f"p{i}"], [f"t{i}"]),
                  helper.make_node("Sub", [value, f"t{i}"], [f"d{i}"])]  # fmt: skip
        value = f"d{i}"
    nodes += [helper.make_node("MatMul", [value, "w"], ["pw"]), helper.make_node("MatMul", [state, "u"], ["pu"]),
              helper.make_node("Add", ["pw", "pu"], ["sum"]), helper.make_node("Tanh", ["sum"], ["next"])]  # fmt: skip
    return nodes, ("r", "w", "u")


@family(100, 800)
def residuals_in_loop(n, folder):
    """A scan whose step subtracts n times what a product computes from the difference so far."""
    nodes, names = residual_step(n, "row", "state")
    rng = np.random.default_rng(0)
    weights = {name: rng.standard_normal((UNITS, UNITS)).astype(np.float32) / 4 for name in names}
    floats = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    body = helper.make_graph(nodes, "step", [floats("state", 4, UNITS), floats("row", 4, UNITS)], [floats("next", 4, UNITS)],
                             [numpy_helper.from_array(array, name) for name, array in weights.items()])  # fmt: skip
    scan = helper.make_node("Scan", ["first", "x"], ["last"], body=body, num_scan_inputs=1)
    return write_onnx(folder, [scan], {"first": [4, UNITS], "x": [9, 4, UNITS]}, ("last", [4, UNITS]), {})
