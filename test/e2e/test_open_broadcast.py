# SPDX-License-Identifier: Apache-2.0
"""Broadcasting of extents of different inputs, of which any may be 1 in a run: every combination in one library, compared with ONNX Runtime."""
import itertools

import dlc
import numpy as np
import pytest
from gradient_check import Case, Input, check, write_function
from onnx import TensorProto as T
from onnx import helper
from test_computed_sizes import make_session, node, numbers, table
from test_data_sizes import make_model, value

FLOAT, BOOL = T.FLOAT, T.BOOL
CONSTANTS = [table("weight", 8, 5), table("bias", 5), numbers("zero", [0]), numbers("one", [1])]
# Name: nodes that make of the inputs the outputs that follow; inputs.
GRAPHS = {
    "outer": ([node("Add", "x z", "y")], "y", {"x": "N 8", "z": "M 8"}),
    "inner": ([node("Sub", "x z", "y")], "y", {"x": "3 N", "z": "3 M"}),
    "both": ([node("Mul", "x z", "p"), node("Tanh", "p", "y")], "p y", {"x": "N K", "z": "M L"}),
    "of other rank": ([node("Div", "x z", "y")], "y", {"x": "N 3 K", "z": "L"}),
    "three": ([node("Max", "x z w", "y")], "y", {"x": "N 2 K", "z": "M 2 1", "w": "L 1 K"}),
    "chosen": ([node("Greater", "x zero_", "q"), node("Where", "q x z", "y")], "q y", {"x": "N K", "z": "M 1"}),
    "powers": ([node("Abs", "x", "a"), node("Pow", "a z", "y")], "y", {"x": "N 4", "z": "M 4"}),
    "and again": ([node("Add", "x z", "s"), node("Sub", "s x", "d"), node("Mul", "d z", "y")], "s y", {"x": "N 8", "z": "M 8"}),
    "reversed": ([node("Add", "x z", "s"), node("Add", "z x", "t"), node("Concat", "s t", "y", axis=1)], "y", {"x": "N 8", "z": "M 8"}),
    "product": ([node("MatMul", "x weight", "p"), node("Add", "p z", "s"), node("Relu", "s", "y")], "y", {"x": "N 8", "z": "M 5"}),
    "into a product": ([node("Add", "x z", "s"), node("MatMul", "s weight", "p"), node("Add", "p bias", "y")], "y", {"x": "N 8", "z": "M 8"}),
    "reduced": ([node("Mul", "x z", "p"), node("ReduceSum", "p one", "y", keepdims=0), node("Softmax", "p", "q")], "y q", {"x": "N K", "z": "M L"}),
    "expanded": ([node("Shape", "z", "t"), node("Expand", "x t", "y")], "y", {"x": "N 1 K", "z": "M 3 L"}),
    "expanded to more dimensions": ([node("Shape", "z", "t"), node("Expand", "x t", "y")], "y", {"x": "K", "z": "M L"}),
    "to the shape of the sum": ([node("Add", "x z", "s"), node("Shape", "s", "t"), node("Expand", "z t", "y")], "y t", {"x": "N K", "z": "M 1"}),
}  # fmt: skip
PAIRS = [(1, 1), (1, 19), (19, 1), (19, 19), (0, 0), (0, 1), (1, 0)]


def make(programs, name):
    nodes, outputs, shapes = GRAPHS[name]
    if name == "chosen":
        nodes = [helper.make_node("Constant", [], ["zero_"], value_float=0.0), *nodes]
    parse = lambda dims: [int(dim) if dim.isdigit() else dim for dim in dims.split()]
    inputs = [value(each, FLOAT, *parse(dims)) for each, dims in shapes.items()]
    model = make_model(programs.folder / "m.onnx", nodes, inputs, outputs.split(), CONSTANTS)
    return programs.compile("m.onnx", "m.so"), model, {each: parse(dims) for each, dims in shapes.items()}


def sizes(shapes):
    """Extents of all symbols: those that meet are a pair, or 1 and others in every order."""
    symbols = {dim for dims in shapes.values() for dim in dims if isinstance(dim, str)}
    first, last = sorted(symbols & {"N", "M"}), sorted(symbols & {"K", "L"})
    for i, (n, m) in enumerate(PAIRS):
        for j, (k, l) in enumerate(PAIRS if first and last else PAIRS[:1]):
            if i < 4 or j == 1 or not last:
                yield dict(zip(first or last, (n, m))) | (dict(zip(last, (k, l))) if first else {})


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(programs, name):
    library, model, shapes = make(programs, name)
    session, run, generator, count = make_session(model), dlc.Model(library), np.random.default_rng(3), 0
    if name == "three":
        found = [{"N": n, "M": m, "L": l, "K": k} for n, m, l in itertools.product((1, 7), repeat=3) for k in (1, 9)]
    else:
        found = list(sizes(shapes))
    for symbols in found:
        feed = {key: generator.standard_normal([symbols.get(dim, dim) for dim in dims]).astype(np.float32) for key, dims in shapes.items()}
        if name == "expanded" and 0 in feed["z"].shape or name == "expanded to more dimensions" and feed["x"].size != 1 and symbols["L"] == 1:
            continue  # ONNX Runtime does not let a shape with 0 or 1 leave an extent
        for key, want, got in zip([y.name for y in model.graph.output], session.run(None, feed), run.run(feed).values()):
            assert got.shape == want.shape and got.dtype == want.dtype, (key, symbols, got.shape, want.shape)
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5, err_msg=f"{key} {symbols}")
            count += 1
    assert count >= 7


@pytest.mark.parametrize("name, symbols", [("outer", {"N": 3, "M": 5}), ("outer", {"N": 0, "M": 2}), ("inner", {"N": 5, "M": 2}), ("and again", {"N": 4, "M": 3})])
def test_extents_that_do_not_broadcast(programs, name, symbols):
    library, _, shapes = make(programs, name)
    feed = {key: np.ones([symbols.get(dim, dim) for dim in dims], np.float32) for key, dims in shapes.items()}
    with pytest.raises(dlc.Error, match=f"needs equal extents, and these inputs give {symbols['N']} and {symbols['M']}"):
        dlc.Model(library).run(feed)


def sizes_of(key, *feeds):
    """Feeds with the elements of `s` or the truth values of `keep` beside x[...] and z[...], whose shapes are given."""
    filled = lambda shape: np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)
    kind = {"s": np.int64, "keep": bool}[key]
    return [{name: filled(shape) for name, shape in shapes.items()} | {key: np.array(data, kind)} for shapes, data in feeds]


# Name: nodes, of which the last gives y; inputs; feeds, some of which do not broadcast.
DECIDED = {
    "expanded to an input's elements": (
        [node("Expand", "x s", "y")], {"x": "N K", "s": "2"},
        sizes_of("s", *(({"x": shape}, target) for shape in [(1, 4), (3, 1), (3, 4), (1, 1), (0, 4)] for target in [(3, 4), (1, 1), (2, 4), (3, 0)])),
    ),
    "of an extent that is known": ([node("Expand", "x s", "y")], {"x": "4 K", "s": "2"}, sizes_of("s", *(({"x": (4, 3)}, target) for target in [(4, 3), (1, 1), (4, 1), (3, 3), (4, 2)]))),
    "of an extent that is computed": (
        [node("Concat", "x x", "c", axis=0), node("Expand", "c s", "y")], {"x": "N K", "s": "2"},
        sizes_of("s", *(({"x": (2, 3)}, target) for target in [(4, 3), (1, 1), (4, 1), (3, 3), (4, 2), (-1, 3)])),
    ),
    "to more dimensions": ([node("Expand", "x s", "y")], {"x": "N K", "s": "3"}, sizes_of("s", *(({"x": (4, 1)}, target) for target in [(2, 1, 1), (0, 4, 5), (2, 3, 5)]))),
    "added after that": (
        [node("Expand", "x s", "e"), node("Add", "e z", "y")], {"x": "N K", "z": "M L", "s": "2"},
        sizes_of("s", ({"x": (1, 3), "z": (4, 3)}, (4, 3)), ({"x": (4, 3), "z": (1, 3)}, (1, 3)), ({"x": (1, 1), "z": (4, 3)}, (1, 3)), ({"x": (3, 1), "z": (4, 3)}, (3, 3))),
    ),
    "a constant of that shape": (
        [node("ConstantOfShape", "s", "f"), node("Sub", "x f", "y")], {"x": "N K", "s": "2"},
        sizes_of("s", *(({"x": shape}, target) for shape in [(1, 4), (3, 4), (3, 1)] for target in [(3, 4), (3, 1), (1, 4), (2, 4), (3, 0)])),
    ),
    "rows that are kept": (
        [node("Compress", "x keep", "c", axis=0), node("Add", "c z", "y")], {"x": "N K", "z": "M K", "keep": "N"},
        sizes_of("keep", *(({"x": (3, 4), "z": (rows, 4)}, keep) for rows in (1, 2, 3) for keep in [(1, 0, 1), (0, 0, 1), (0, 0, 0), (1, 1, 1)])),
    ),
    "two that are kept": (
        [node("Compress", "x keep", "c", axis=0), node("Greater", "z zero_", "g"), node("Compress", "z g", "d", axis=0), node("Add", "c d", "y")],
        {"x": "N", "z": "M", "keep": "N"},
        [{"x": np.arange(3, dtype=np.float32), "z": np.array(z, np.float32), "keep": np.array(keep, bool)} for z in [(1, 2), (1, -1), (-1, -1)] for keep in [(1, 0, 1), (0, 0, 1), (0, 0, 0), (1, 1, 1)]],
    ),
    "of an extent that is known, to another's shape": ([node("Shape", "z", "t"), node("Expand", "x t", "y")], {"x": "3", "z": "M"}, [{"x": np.ones(3, np.float32), "z": np.ones(m, np.float32)} for m in (1, 2, 3)]),
    "to another's shape": ([node("Shape", "z", "t"), node("Expand", "x t", "y")], {"x": "N", "z": "M"}, [{"x": np.ones(n, np.float32), "z": np.ones(m, np.float32)} for n in (1, 2, 3) for m in (1, 2, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", DECIDED)
def test_extents_that_data_decides(programs, name):
    """The elements of an input, and counts that a run reads back, may be 1 in a run as well."""
    nodes, shapes, feeds = DECIDED[name]
    parse = lambda dims: [int(dim) if dim.isdigit() else dim for dim in dims.split()]
    kinds = {"s": T.INT64, "keep": BOOL}
    inputs = [value(each, kinds.get(each, FLOAT), *parse(dims)) for each, dims in shapes.items()]
    if name == "two that are kept":
        nodes = [helper.make_node("Constant", [], ["zero_"], value_float=0.0), *nodes]
    session = make_session(make_model(programs.folder / "m.onnx", nodes, inputs, ["y"]))
    run, found, refused = dlc.Model(programs.compile("m.onnx", "m.so")), 0, 0
    for feed in feeds:
        about = {key: each.shape if key in "xz" else each.tolist() for key, each in feed.items()}
        try:
            [want] = session.run(None, feed)
        except Exception:
            with pytest.raises(dlc.Error, match="needs equal extents, and these inputs give|needs an extent of at least"):
                run.run(feed)
                pytest.fail(str(about))
            refused += 1
            continue
        got = run.run(feed)["y"]
        assert got.shape == want.shape and got.dtype == want.dtype, (about, got.shape, want.shape)
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5, err_msg=str(about))
        found += 1
    assert found and refused


# The extents of both operands, where all are at least 1.
BODY = """%s = dlc.shape %x, %z {dims = affine_map<()[s0, s1, s2, s3, s4, s5]
    -> (s0 + (1 floordiv s0) * (s3 - s0), 3, s2 + (1 floordiv s2) * (s5 - s2))>} : ({x}, {z}) -> tensor<?x3x?xi1>
  %a = dlc.sin %x : {x} -> {x}
  %b = dlc.expand_like %a, %s {open = array<i64: 0, 2>} : ({x}, tensor<?x3x?xi1>) -> {y}
  %c = dlc.expand_like %z, %s {open = array<i64: 0, 2>} : ({z}, tensor<?x3x?xi1>) -> {y}
  %y = dlc.mul %b, %c : ({y}, {y}) -> {y}"""


def test_gradients(programs):
    """An operand that was broadcast gets the sum of what its elements became."""
    inputs = {"x": Input(["N", 3, "K"]), "z": Input(["M", 3, "L"])}
    result = ["N if M == 1 else M", 3, "K if L == 1 else L"]
    found = [{"N": n, "M": m, "K": k, "L": l} for n, m in [(1, 1), (1, 4), (4, 1), (4, 4)] for k, l in [(1, 1), (1, 3), (3, 1), (3, 3)]]
    case = Case("open_broadcast", inputs, result, BODY, found)
    (programs.folder / "m.mlir").write_text(write_function(case))
    check(dlc.Model(programs.compile("m.mlir", "m.so")), case)
