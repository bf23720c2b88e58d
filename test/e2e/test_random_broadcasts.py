# SPDX-License-Identifier: Apache-2.0
"""Random graphs of elementwise ops, Expand and Compress over shared symbols and numbers, each compiled once and run on extents of which many are
1: what ONNX Runtime computes, dlc computes. DLC_BROADCAST_GRAPHS sets how many."""
import os
import random

import dlc
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper, save
from test_computed_sizes import make_session

GRAPHS = int(os.environ.get("DLC_BROADCAST_GRAPHS", 12))
SYMBOLS = "ABCD"


def make_graph(draw, path):
    """Writes a model; returns the declared extents of its inputs by name: x... are numbers, s... shapes, m... masks."""
    inputs = {f"x{i}": [draw.choice([*SYMBOLS, 1, 3]) for _ in range(draw.randint(1, 3))] for i in range(draw.randint(2, 3))}
    values, nodes = list(inputs), []
    for i in range(draw.randint(2, 6)):
        x, y, result = draw.choice(values), draw.choice(values), f"v{i}"
        kind = draw.choice(["binary", "binary", "where", "tanh", "elements", "shape", "compress"])
        if kind == "binary":
            nodes.append(helper.make_node(draw.choice(["Add", "Mul", "Max", "Sub"]), [x, y], [result]))
        elif kind == "where":
            nodes += [helper.make_node("Greater", [x, "zero"], [f"c{i}"]), helper.make_node("Where", [f"c{i}", x, y], [result])]
        elif kind == "tanh":
            nodes.append(helper.make_node("Tanh", [x], [result]))
        elif kind == "elements":
            inputs[f"s{i}"] = [draw.randint(1, 3)]
            nodes.append(helper.make_node("Expand", [x, f"s{i}"], [result]))
        elif kind == "shape":
            nodes += [helper.make_node("Shape", [y], [f"t{i}"]), helper.make_node("Expand", [x, f"t{i}"], [result])]
        else:
            inputs[f"m{i}"] = [1]
            nodes.append(helper.make_node("Compress", [x, f"m{i}"], [result], axis=0))
        values.append(result)
    used = {name for each in nodes for name in each.input}
    outputs = [helper.make_tensor_value_info(name, T.FLOAT, None) for name in values if name[0] == "v" and name not in used]
    kinds = {"x": T.FLOAT, "s": T.INT64, "m": T.BOOL}
    arguments = [helper.make_tensor_value_info(name, kinds[name[0]], dims) for name, dims in inputs.items()]
    graph = helper.make_graph(nodes, "graph", arguments, outputs, [numpy_helper.from_array(np.float32(0), "zero")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    save(model, path)
    return inputs, model


def make_feed(draw, inputs):
    few = draw.random() < 0.5
    extents = {symbol: draw.choice([1, 3, 3] if few else [0, 1, 1, 2, 3]) for symbol in SYMBOLS}
    feed = {}
    for name, dims in inputs.items():
        if name[0] == "x":
            shape = [extents.get(dim, dim) for dim in dims]
            feed[name] = np.random.default_rng(draw.randrange(1 << 30)).standard_normal(shape).astype(np.float32)
        else:
            feed[name] = np.array([draw.choice([1, 3, 3]) for _ in range(dims[0])], np.int64) if name[0] == "s" else np.array([draw.random() < 0.6])
    return feed


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_graph(programs, seed):
    draw = random.Random(seed)
    while True:
        inputs, model = make_graph(draw, programs.folder / "m.onnx")
        try:
            session = make_session(model)
            break
        except Exception:  # numbers that do not broadcast
            continue
    run = dlc.Model(programs.compile("m.onnx", "m.so"))
    names = [output.name for output in model.graph.output]
    for _ in range(12):
        feed = make_feed(draw, inputs)
        about = {name: each.shape if name[0] == "x" else each.tolist() for name, each in feed.items()}
        try:
            expected = session.run(names, feed)
        except Exception:
            expected = None
        try:
            results = run.run(feed)
        except dlc.Error as error:
            # ONNX Runtime ignores a mask that is longer than the operand.
            assert expected is None or "at least 0" in str(error), (about, str(error))
            continue
        # What only decides a size that is a number anyway is not computed.
        for name, want in zip(names, expected or []):
            assert results[name].shape == want.shape, (about, name, results[name].shape, want.shape)
            np.testing.assert_allclose(results[name], want, rtol=1e-4, atol=1e-5, err_msg=f"{name} {about}")
