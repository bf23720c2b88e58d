# SPDX-License-Identifier: Apache-2.0
"""Once a context has seen the largest inputs, no run of any size allocates memory: convolutions of open size, loops, products, sizes that data decides.
How several threads share the rows of an image changes with its size, so that their scratch may still grow before all sizes were seen."""
import subprocess

import numpy as np
import onnx
import pytest
from conftest import TOP
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(3)


def make_model(path):
    weights = []

    def weight(name, *shape):
        weights.append(numpy_helper.from_array(RANDOM.standard_normal(shape).astype(np.float32) / 4, name))
        return name

    constant = lambda name, *values: weights.append(numpy_helper.from_array(np.array(values, np.int64), name)) or name
    node = helper.make_node
    nodes = [
        # Winograd's algorithm, a depthwise convolution, and a residual sum.
        node("Conv", ["image", weight("w0", 32, 32, 3, 3)], ["c0"], pads=[1, 1, 1, 1]),
        node("Conv", ["c0", weight("w1", 32, 1, 3, 3)], ["c1"], pads=[1, 1, 1, 1], group=32),
        node("Add", ["c1", "image"], ["y_image"]),
        # A loop with state, then attention over its steps.
        node("LSTM", ["sequence", weight("w", 1, 32, 8), weight("r", 1, 32, 8)], ["h"], hidden_size=8),
        node("Squeeze", ["h", constant("one", 1)], ["s"]),
        node("Transpose", ["s"], ["t"], perm=[1, 0, 2]),
        node("Transpose", ["s"], ["u"], perm=[1, 2, 0]),
        node("MatMul", ["t", "u"], ["scores"]),
        node("Softmax", ["scores"], ["shares"]),
        node("MatMul", ["shares", "t"], ["y_sequence"]),
        # Positions that data decides: their number has a bound, and what is repeated as often as an element says has none.
        node("NonZero", ["table"], ["positions"]),
        node("Transpose", ["positions"], ["rows"]),
        node("GatherND", ["table", "rows"], ["found"]),
        node("ReduceSum", ["found"], ["y_found"], keepdims=0),
        node("ReduceMax", ["table"], ["most"], keepdims=0),
        node("Cast", ["most"], ["count"], to=TensorProto.INT64),
        node("Range", [constant("zero", 0), "count_0", constant("step", 1)], ["counted"]),
        node("Cast", ["counted"], ["numbers"], to=TensorProto.FLOAT),
        node("ReduceSum", ["numbers"], ["y_counted"], keepdims=0),
    ]
    # Range takes scalars.
    nodes.insert(-3, node("Squeeze", ["count_1"], ["count_0"]))
    nodes.insert(-4, node("Unsqueeze", ["count", constant("axis", 0)], ["count_1"]))
    for tensor in weights:
        if tensor.name in ("zero", "step"):
            del tensor.dims[:]
    inputs = {"image": ["N", 32, "H", "W"], "sequence": ["T", "M", 8], "table": ["R", "C"]}
    graph = helper.make_graph(
        nodes, "steady", [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in ("y_image", "y_sequence", "y_found", "y_counted")], weights)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("threads", [1, 2])
def test_no_run_allocates(programs, threads):
    make_model(programs.folder / "steady.onnx")
    library, program = programs.compile("steady.onnx", "steady.so"), programs.folder / "steady"
    source = TOP / "test" / "e2e" / "steady_memory.c"
    command = ["clang-22", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-rdynamic", f"-I{TOP}/runtime/include", source, "-o", program]
    subprocess.run(command, check=True)
    result = subprocess.run([program, library, str(threads), "5000"], capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout
    first, later, again, size, growth = map(int, result.stdout.split())
    assert first > 10 and size > 100_000, "allocations are not counted, so nothing was tested"
    assert (again, growth) == (0, 0)
    assert later == 0 if threads == 1 else later < 10
