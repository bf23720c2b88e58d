# SPDX-License-Identifier: Apache-2.0
"""Models of many layers: residual chains in loops and their gradients, dense layers with an optimizer. What is measured is memory, which
tells a quadratic compilation as times would, and can be relied on; `bench/scaling.py` measures times."""
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from conftest import BIN, TOP
from onnx import TensorProto, helper, numpy_helper

sys.path.append(str(TOP / "bench"))
from scaling_layers import dense, residual_step  # noqa: E402

LEVELS = int(os.environ.get("DLC_TEST_LEVELS", 64))
STEPS, ROWS, COLUMNS = 5, 3, 7


def write_scan(path, levels):
    """A scan whose step subtracts `levels` residuals from its part of X, multiplies the rest, and mixes that with its state."""
    nodes, names = residual_step(levels, "xt", "s")
    nodes.append(helper.make_node("Identity", ["next"], ["y"]))
    rng = np.random.default_rng(levels)
    weights = {name: rng.standard_normal((COLUMNS, COLUMNS)).astype(np.float32) / 4 for name in names}
    floats = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    state, row = (ROWS, COLUMNS), (STEPS, ROWS, COLUMNS)
    body = helper.make_graph(nodes, "step", [floats("s", *state), floats("xt", *state)], [floats("next", *state), floats("y", *state)])
    graph = helper.make_graph([helper.make_node("Scan", ["s0", "X"], ["last", "Y"], body=body, num_scan_inputs=1)], "model",
                              [floats("s0", *state), floats("X", *row)], [floats("last", *state), floats("Y", *row)],
                              [numpy_helper.from_array(array, name) for name, array in weights.items()])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return weights


@pytest.mark.parametrize("level", [0, 3])
def test_residual_chains_in_a_loop(programs, level):
    """Each level reads the one before it twice: 2^levels paths lead to the input."""
    weights = write_scan(programs.folder / "m.onnx", LEVELS)
    library = programs.compile("m.onnx", "m.so", f"-O{level}", timeout=300)
    rng = np.random.default_rng(1)
    s = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    x = rng.standard_normal((STEPS, ROWS, COLUMNS)).astype(np.float32)
    result = programs.execute(library, {"s0": s, "X": x}, ["last", "Y"])
    expected = []
    for row in x:
        for _ in range(LEVELS):
            row = row - np.tanh(row @ weights["r"])
        s = np.tanh(row @ weights["w"] + s @ weights["u"])
        expected.append(s)
    np.testing.assert_allclose(result["Y"], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(result["last"], s, rtol=1e-3, atol=1e-4)


def measure_memory(arguments, folder):
    """Peak memory of a compilation in kB."""
    # Started by a small process: the peak of a child is at least what its parent has when it is made.
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    process = subprocess.run([sys.executable, "-c", measure, str(BIN / "dlc"), *arguments], cwd=folder, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return int(process.stdout)


def describe_dense(layers, units=8):
    model = dense(layers, lambda i: units, columns=units, training={"loss": "mean_squared_error", "optimizer": {"name": "adam"}})
    model["layers"].append({"op": "dense", "units": units})
    return {"dlc": 1, **model}


def test_variables_take_memory_by_their_number(programs):
    """Not by its square, as where each variable changes the types of its functions by itself."""
    peaks = []
    for layers in (4, 60, 480):
        (programs.folder / "m.json").write_text(json.dumps(describe_dense(layers)))
        peaks.append(measure_memory(["m.json", "--train", "--compile-to=program", "-o", "m.mlir"], programs.folder))
    start, few, many = peaks
    assert (many - start) / (few - start) < 1.3 * (480 - 4) / (60 - 4), peaks
