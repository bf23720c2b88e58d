# SPDX-License-Identifier: Apache-2.0
"""Extents that data decides in the step of a loop and in a branch, compared with ONNX Runtime."""
import dlc
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper
from test_computed_sizes import make_session, node, numbers

BOOL, FLOAT, INT = T.BOOL, T.FLOAT, T.INT64
CONSTANTS = [
    numbers("i0", 0), numbers("i1", 1), numbers("zero", [0]), numbers("one", [1]), numbers("two", [2]), numbers("minus", [-1]), numbers("four", [4]),
    numbers("f0", 0, np.float32), numbers("f2", 2, np.float32), numbers("yes", True, bool),
    numbers("weight", np.arange(12).reshape(4, 3) % 5 - 2, np.float32),
]  # fmt: skip


def value(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, list(shape))


def subgraph(nodes, inputs, outputs):
    return helper.make_graph(nodes, "inner", inputs, [helper.make_empty_tensor_value_info(name) for name in outputs.split()])


def branch(nodes, output="b"):
    return subgraph(nodes, [], output)


def choose(condition, output, then, otherwise):
    return helper.make_node("If", [condition], output.split(), then_branch=then, else_branch=otherwise)


def loop(count, carried, outputs, body):
    return helper.make_node("Loop", [count, "yes", *carried.split()], outputs.split(), body=body)


def compare(programs, nodes, inputs, outputs, feeds):
    """Compiles the graph and compares its outputs with ONNX Runtime on each of `feeds`; gives the library."""
    results = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    graph = helper.make_graph(nodes, "main", inputs, results, CONSTANTS)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    library = programs.compile("m.onnx", "m.so")
    session, run = make_session(model), dlc.Model(library)
    for feed in feeds:
        got = run.run(feed)
        for name, want in zip(outputs, session.run(list(outputs), feed)):
            about = f"{name} of {feed}"
            assert got[name].dtype == want.dtype and got[name].shape == want.shape, (about, got[name].shape, want.shape)
            np.testing.assert_allclose(got[name], want, rtol=1e-5, atol=1e-5, err_msg=about)
    return library


def rows(generator, n, m=4):
    return generator.standard_normal((n, m)).astype(np.float32)


STEP = [value("step", INT), value("goes", BOOL)]
X = value("x", FLOAT, "N", 4)
SELECTED = [node("Greater", "x f0", "mask"), node("NonZero", "mask", "z"), node("Transpose", "z", "t", perm=[1, 0]), node("GatherND", "x t", "v")]


def test_bags(programs):
    """Each step takes as many rows as its offsets say, as an embedding bag does: none, one, all; offsets outside are cut off."""
    body = [
        node("Identity", "goes", "go"), node("Gather", "offsets step", "a"), node("Unsqueeze", "a zero", "from"), node("Add", "step i1", "next"),
        node("Gather", "offsets next", "b"), node("Unsqueeze", "b zero", "to"), node("Slice", "x from to zero", "part"),
        node("Mul", "part f2", "twice"), node("ReduceSum", "twice zero", "sum", keepdims=0), node("Shape", "part", "s"),
    ]  # fmt: skip
    nodes = [
        node("Shape", "offsets", "so"), node("Sub", "so one", "c1"), node("Squeeze", "c1 zero", "count"),
        loop("count", "", "sums shapes", subgraph(body, STEP, "go sum s")),
    ]  # fmt: skip
    generator = np.random.default_rng(3)
    feeds = [
        {"x": rows(generator, n), "offsets": np.array(offsets, np.int64)}
        for n, offsets in [(5, [0, 2, 2, 5]), (1, [0, 1]), (33, [0, 33, 33]), (7, [3, 100, -2, 7, 0]), (0, [0, 0]), (17, [0, 16, 17, 17])]
    ]
    compare(programs, nodes, [X, value("offsets", INT, "B")], {"sums": FLOAT, "shapes": INT}, feeds)


def test_found_in_a_step(programs):
    """What a step finds among its elements is of another size in each step, also in a loop in that loop."""
    inner = [
        node("Identity", "igoes", "igo"), node("Cast", "istep", "fi", to=FLOAT), node("Greater", "v fi", "imask"), node("NonZero", "imask", "iz"),
        node("Transpose", "iz", "it", perm=[1, 0]), node("GatherND", "v it", "iv"), node("ReduceSum", "iv", "isum", keepdims=0),
        node("Add", "total isum", "itotal"),
    ]  # fmt: skip
    body = [
        node("Identity", "goes", "go"), node("Cast", "step", "f", to=FLOAT), node("Sub", "x f", "shifted"), node("Greater", "shifted f0", "mask"),
        node("NonZero", "mask", "z"), node("Transpose", "z", "t", perm=[1, 0]), node("GatherND", "x t", "v"), node("Shape", "v", "found"),
        loop("two0", "before", "after", subgraph(inner, [value("istep", INT), value("igoes", BOOL), value("total", FLOAT)], "igo itotal")),
    ]  # fmt: skip
    nodes = [
        node("Identity", "k", "two0"),
        loop("two0", "f0", "y counts", subgraph(body, [*STEP, value("before", FLOAT)], "go after found")),
    ]
    generator = np.random.default_rng(4)
    feeds = [{"x": rows(generator, n) * 2 + 1, "k": np.array(k, np.int64)} for n, k in [(3, 3), (1, 1), (33, 4), (0, 2), (5, 0)]]
    compare(programs, nodes, [X, value("k", INT)], {"y": FLOAT, "counts": INT}, feeds)


def test_memory_of_a_step(programs):
    """Nothing bounds what a step computes with: its memory is reserved in each step, and grows and shrinks."""
    body = [
        node("Identity", "goes", "go"), node("Gather", "sizes step", "n"), node("Range", "i0 n i1", "r"), node("Cast", "r", "f", to=FLOAT),
        node("Unsqueeze", "f one", "column"), node("Mul", "column row", "table"), node("Tanh", "table", "h"), node("MatMul", "h weight", "p"),
        node("ReduceSum", "p zero", "sum", keepdims=0), node("Add", "before sum", "after"),
    ]  # fmt: skip
    nodes = [
        node("Shape", "sizes", "so"), node("Squeeze", "so zero", "count"),
        node("ConstantOfShape", "three", "start"),
        loop("count", "start", "y sums", subgraph(body, [*STEP, value("before", FLOAT, 3)], "go after sum")),
    ]
    nodes = [helper.make_node("Constant", [], ["three"], value_ints=[3]), *nodes]
    generator = np.random.default_rng(5)
    feeds = [
        {"row": rows(generator, 1)[0] * 0.1, "sizes": np.array(sizes, np.int64)} for sizes in ([4, 1, 300, 0, 17], [0], [1], [5000, 2], [33, 33])
    ]
    compare(programs, nodes, [value("row", FLOAT, 4), value("sizes", INT, "K")], {"y": FLOAT, "sums": FLOAT}, feeds)


CONDITION = value("c", BOOL)


@pytest.mark.parametrize("condition", ["data", "extent"])
def test_found_in_a_branch(programs, condition):
    """A branch finds elements and computes with as many; the other does not look for them. Afterwards, others are found."""
    then = [*SELECTED, node("ReduceSum", "v", "b", keepdims=0)]
    otherwise = [node("Less", "x f0", "omask"), node("NonZero", "omask", "oz"), node("Transpose", "oz", "ot", perm=[1, 0]),
                 node("GatherND", "x ot", "ov"), node("ReduceSumSquare", "ov", "ob", keepdims=0)]  # fmt: skip
    nodes = [
        *([node("Identity", "c", "cond")] if condition == "data" else
          [node("Shape", "x", "xs"), node("Gather", "xs i0", "xn"), node("Cast", "c", "ci", to=INT), node("Sub", "xn ci", "xd"), node("Greater", "xd i1", "cond")]),
        choose("cond", "r", branch(then), branch(otherwise, "ob")),
        node("Greater", "x r", "amask"), node("NonZero", "amask", "az"), node("Transpose", "az", "at", perm=[1, 0]), node("GatherND", "x at", "av"),
        node("Add", "av r", "y"),
    ]  # fmt: skip
    generator = np.random.default_rng(6)
    feeds = [{"x": rows(generator, n), "c": np.array(c)} for n in (0, 1, 2, 33) for c in (False, True)]
    compare(programs, nodes, [X, CONDITION], {"y": FLOAT, "r": FLOAT}, feeds)


def test_branch_in_a_step(programs):
    """A step's extent is used in one branch of the step only, and checked there."""
    then = [node("Slice", "x zero last zero", "part"), node("ReduceMax", "part zero", "b", keepdims=0)]
    body = [
        node("Identity", "goes", "go"), node("Gather", "sizes step", "n"), node("Unsqueeze", "n zero", "last"), node("Greater", "n i0", "any"),
        choose("any", "best", branch(then), branch([node("Identity", "row", "o")], "o")),
    ]  # fmt: skip
    nodes = [node("Shape", "sizes", "so"), node("Squeeze", "so zero", "count"), loop("count", "", "y", subgraph(body, STEP, "go best"))]
    generator = np.random.default_rng(7)
    feeds = [
        {"x": rows(generator, 9), "row": rows(generator, 1)[0], "sizes": np.array(sizes, np.int64)} for sizes in ([3, 0, 9, 20, 1], [0], [-4, -1, 2])
    ]
    compare(programs, nodes, [X, value("row", FLOAT, 4), value("sizes", INT, "K")], {"y": FLOAT}, feeds)


def test_slices_of_different_sizes(programs):
    """What the steps find cannot be stacked, which is an error that names the loop."""
    body = [node("Identity", "goes", "go"), *SELECTED]
    graph = helper.make_graph([helper.make_node("Loop", ["k", "yes"], ["y"], "stack", body=subgraph(body, STEP, "go v"))], "main",
                              [X, value("k", INT)], [helper.make_tensor_value_info("y", FLOAT, None)], CONSTANTS)  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and "node 'stack' (Loop): stacks outputs" in result.stderr


def test_branches_of_different_sizes(programs):
    """What the branches give differs in extents: these are known after the run, and others compute with them."""
    found = [*SELECTED, node("Unsqueeze", "v one", "column"), node("Concat", "column column", "wide", axis=1)]
    then = [*found, node("Shape", "wide", "s1"), node("Cast", "mask", "m8", to=T.UINT8)]
    otherwise = [node("Slice", "x zero one zero", "part"), node("Slice", "part zero two one", "ob"), node("Shape", "ob", "s2"),
                 node("Cast", "part", "o8", to=T.UINT8), node("Concat", "o8 o8 o8", "w8", axis=1)]  # fmt: skip
    nodes = [
        choose("c", "r s m", subgraph(then, [], "wide s1 m8"), subgraph(otherwise, [], "ob s2 w8")),
        node("ReduceSum", "r one", "t", keepdims=1), node("Mul", "r t", "y"), node("Shape", "r", "shape"),
    ]  # fmt: skip
    generator = np.random.default_rng(8)
    feeds = [{"x": np.abs(rows(generator, n)) - 0.5, "c": np.array(c)} for n in (0, 1, 2, 33) for c in (False, True)]
    feeds += [{"x": sign * np.abs(rows(generator, 3)), "c": np.array(c)} for sign in (-1, 1) for c in (False, True)]
    feeds = [feed for feed in feeds if feed["c"] or (feed["x"][:1] >= 0).all()]  # negative numbers have no u8
    compare(programs, nodes, [X, CONDITION], {"y": FLOAT, "s": INT, "m": T.UINT8, "shape": INT}, feeds)


def test_branches_as_large_as_data_said_before(programs):
    """Nothing bounds what was known before the choice: memory has been reserved."""
    nodes = [
        node("ReduceSum", "z", "k", keepdims=0),
        choose("c", "r", branch([node("Range", "i0 k i1", "b")]), branch([node("Identity", "many", "o")], "o")), node("Neg", "r", "y"),
    ]  # fmt: skip
    feeds = [{"z": np.array(z, np.int64), "many": np.arange(3) * 7, "c": np.array(c)} for z in ([0], [2, 1], [5000, 3]) for c in (False, True)]
    compare(programs, nodes, [CONDITION, value("many", INT, 3), value("z", INT, "Z")], {"y": INT}, feeds)


def test_branches_that_nothing_bounds(programs):
    """Memory for what the branches give cannot be planned, which is an error that names the choice."""
    then = [node("ReduceSum", "z", "k", keepdims=0), node("Range", "i0 k i1", "b")]
    graph = helper.make_graph([helper.make_node("If", ["c"], ["y"], "choice", then_branch=branch(then), else_branch=branch([node("Identity", "many", "o")], "o"))],
                              "main", [CONDITION, value("many", INT, 3), value("z", INT, "Z")], [helper.make_tensor_value_info("y", INT, None)],
                              CONSTANTS)  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (programs.folder / "m.onnx").write_bytes(model.SerializeToString())
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and "node 'choice' (If): has a result that is" in result.stderr


def test_branch_that_the_model_fits(programs):
    """Of a choice by extents that removes a dimension, the rest of the model takes one branch only: the other is an error of a run."""
    nodes = [
        node("Shape", "x", "s"), node("Gather", "s i0", "n"), node("Equal", "n i1", "single"),
        choose("single", "r", branch([node("Squeeze", "x zero", "b")]), branch([node("Identity", "x", "o")], "o")),
        node("Unsqueeze", "r zero", "u"), node("Unsqueeze", "u zero", "image"), node("Identity", "kernel", "k"), node("Conv", "image k", "y"),
    ]  # fmt: skip
    nodes.insert(0, helper.make_node("Constant", [], ["kernel"], value=numbers("", np.ones((1, 1, 2)), np.float32)))
    library = compare(programs, nodes, [X], {"y": FLOAT}, [{"x": rows(np.random.default_rng(9), 1)}])
    with pytest.raises(dlc.Error, match="needs equal extents"):
        dlc.Model(library).run({"x": rows(np.random.default_rng(9), 2)})
