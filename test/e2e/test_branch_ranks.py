# SPDX-License-Identifier: Apache-2.0
"""What subgraphs give in another form than is known before a run: branches of different rank, steps whose body declares what data decides; and
integers in Shrink."""
import dlc
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper
from test_computed_sizes import node
from test_decided_in_control_flow import BOOL, CONDITION, CONSTANTS, FLOAT, INT, STEP, X, branch, choose, compare, loop, rows, subgraph, value

# A number in one branch, as one element or as a 1 x 1 matrix in the other.
NUMBER = choose("c", "r", branch([node("Identity", "f2", "b")]), branch([node("ReduceSum", "x", "s", keepdims=0), node("Reshape", "s one", "o")], "o"))
MATRIX = choose("c", "r", branch([node("ReduceSum", "x", "b", keepdims=1)]), branch([node("Identity", "f2", "o")], "o"))
# Name: nodes that make y of x[N, 4] and the result r of a choice by c.
READERS = {
    "sum": [node("Add", "x r", "y")],
    "numbers first": [node("Sub", "r x", "y")],
    "chain": [node("Neg", "r", "n"), node("Exp", "n", "e"), node("Cast", "e", "k", to=T.DOUBLE), node("Cast", "k", "f", to=FLOAT), node("Mul", "f x", "y")],
    "two of them": [node("Mul", "r r", "p"), node("Max", "p x f2", "y")],
    "chosen": [node("Greater", "x r", "q"), node("Where", "q r x", "y")],
    "passed on": [node("Identity", "r", "i"), node("Div", "x i", "y")],
    "in another branch": [choose("c", "y", branch([node("Add", "x r", "b")]), branch([node("Mul", "r x", "o")], "o"))],
}


@pytest.mark.parametrize("choice", [NUMBER, MATRIX], ids=["number", "matrix"])
@pytest.mark.parametrize("name", READERS)
def test_branches_of_different_rank(programs, name, choice):
    feeds = [{"x": rows(np.random.default_rng(n), n) + 2, "c": np.array(c)} for n in (1, 3, 17) for c in (False, True)]
    compare(programs, [choice, *READERS[name]], [X, CONDITION], {"y": FLOAT}, feeds)


# What tells the rank, and what the message says of it.
TELLING = {
    "output": ([node("Abs", "r", "y")], "output 'y' has 0 or 1 dimensions, as a branch decides"),
    "shape": ([node("Shape", "r", "y")], r"\(Shape\): takes 'r', which has 0 or 1 dimensions, as a branch decides"),
    "outer product": ([node("Mul", "f2 r", "p"), node("Unsqueeze", "p zero", "y")], r"\(Unsqueeze\): takes 'p', which has 0 or 1 dimensions"),
    "result of a branch": ([choose("d", "y", branch([node("Neg", "r", "b")]), branch([node("Identity", "r", "o")], "o"))],
                           "has a branch with the result 'b', which has 0 or 1 dimensions"),
}  # fmt: skip


@pytest.mark.parametrize("name", TELLING)
def test_what_tells_the_rank(programs, name):
    nodes, message = TELLING[name]
    results = [helper.make_tensor_value_info("y", INT if name == "shape" else FLOAT, None)]
    graph = helper.make_graph([NUMBER, *nodes], "main", [X, CONDITION, value("d", BOOL)], results, CONSTANTS)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(result.stderr)


def declared(nodes, inputs, outputs):
    return helper.make_graph(nodes, "inner", inputs, outputs)


BODY = [
    node("Identity", "goes", "go"), node("Gather", "widths step", "w"), node("Add", "step w", "end"), node("Unsqueeze", "step zero", "from"),
    node("Unsqueeze", "end zero", "to"), node("Slice", "z from to", "part"), node("Add", "before part", "after"), node("Identity", "part", "each"),
]  # fmt: skip
WIDTHS = [value("z", FLOAT, 5), value("widths", INT, 5)]


def make_steps(programs, extent, before):
    body = declared(BODY, [*STEP, value("before", FLOAT, before)], [value("go", BOOL), value("after", FLOAT, extent), value("each", FLOAT, extent)])
    return [node("Shape", "widths", "so"), node("Squeeze", "so zero", "count"), loop("count", "start", "y each_", body)]


def test_declared_extents_of_steps(programs):
    """Each step takes as many elements as data says; the body's outputs declare how many that are."""
    feeds = [{"z": rows(np.random.default_rng(1), 1, 5)[0], "widths": np.ones(5, np.int64), "start": np.array([2.5], np.float32)}]
    library = compare(programs, make_steps(programs, 1, 1), [*WIDTHS, value("start", FLOAT, 1)], {"y": FLOAT, "each_": FLOAT}, feeds)
    with pytest.raises(dlc.Error, match="needs equal extents, and these inputs give [02] and 1"):
        dlc.Model(library).run({**feeds[0], "widths": np.array([1, 2, 1, 1, 1], np.int64)})


def test_state_of_steps_without_declared_extents(programs):
    """A state keeps the extents that it has before the first step."""
    body = subgraph(BODY[:-1], [*STEP, value("before", FLOAT, "B")], "go after")
    nodes = [node("Shape", "widths", "so"), node("Squeeze", "so zero", "count"), loop("count", "start", "y", body)]
    feeds = [
        {"z": np.arange(5, dtype=np.float32), "widths": np.array(widths, np.int64), "start": np.ones(len(start), np.float32)}
        for widths, start in (([1] * 5, "1"), ([2, 2, 2, 2], "12"), ([], "123"))
    ]
    library = compare(programs, nodes, [WIDTHS[0], value("widths", INT, "K"), value("start", FLOAT, "B")], {"y": FLOAT}, feeds)
    with pytest.raises(dlc.Error, match="needs equal extents"):
        dlc.Model(library).run({**feeds[0], "widths": np.array([3, 1], np.int64), "start": np.ones(2, np.float32)})


@pytest.mark.parametrize("kind", [T.INT8, T.UINT8, T.INT32, T.UINT64, T.INT64])
def test_integers_in_shrink(programs, kind):
    """Computed as real numbers and truncated."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    x = np.arange(0 if dtype.kind == "u" else -7, 9).astype(dtype)
    graph = helper.make_graph([helper.make_node("Shrink", ["x"], ["y"], bias=1.5, lambd=2.0)], "main", [value("x", kind, "N")], [value("y", kind, "N")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    got = dlc.Model(programs.compile("m.onnx", "m.so")).run({"x": x})["y"]
    real = x.astype(np.float64)
    assert got.dtype == dtype and got.tolist() == np.where(real < -2, real + 1.5, np.where(real > 2, real - 1.5, 0)).astype(dtype).tolist()
