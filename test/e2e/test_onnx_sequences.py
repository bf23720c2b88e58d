# SPDX-License-Identifier: Apache-2.0
"""Sequences and optional values inside ONNX models, against ONNX Runtime."""
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")
onnx = pytest.importorskip("onnx")
onnx_parser = pytest.importorskip("onnx.parser")
onnxruntime = pytest.importorskip("onnxruntime")

X = "float[6,4] x"
# Name: the graph's inputs, results and nodes.
MODELS = {
    "construct-at": (X, "float[6,4] y", "n = Neg(x) s = SequenceConstruct(x, n) y = SequenceAt(s, one)"),
    "at-from-end": (X, "float[6,4] y", "n = Neg(x) s = SequenceConstruct(n, x, x) y = SequenceAt(s, minus_three)"),
    "length": (X, "int64 y", "s = SequenceConstruct(x, x, x) y = SequenceLength(s)"),
    "length-of-empty": (X, "int64 y, float[6,4] z", "s = SequenceEmpty() y = SequenceLength(s) z = Neg(x)"),
    "length-decides-shape": (X, "float[2,12] y", "s = SequenceConstruct(x, x) l = SequenceLength(s) u = Unsqueeze(l, zero1)"
                             " t = Concat<axis = 0>(u, minus_one1) y = Reshape(x, t)"),
    "insert-end": (X, "float[12,4] y", "e = SequenceEmpty() n = Neg(x) s = SequenceInsert(e, x) t = SequenceInsert(s, n)"
                   " y = ConcatFromSequence<axis = 0>(t)"),
    "insert-front": (X, "float[12,4] y", "n = Neg(x) s = SequenceConstruct(x) t = SequenceInsert(s, n, zero) y = ConcatFromSequence<axis = 0>(t)"),
    "insert-from-end": (X, "float[18,4] y", "n = Neg(x) a = Abs(x) s = SequenceConstruct(x, n) t = SequenceInsert(s, a, minus_one)"
                        " y = ConcatFromSequence<axis = 0>(t)"),
    "erase": (X, "float[6,8] y", "n = Neg(x) a = Abs(x) s = SequenceConstruct(x, n, a) t = SequenceErase(s, one) y = ConcatFromSequence<axis = 1>(t)"),
    "erase-last": (X, "float[6,8] y", "n = Neg(x) a = Abs(x) s = SequenceConstruct(x, n, a) t = SequenceErase(s) y = ConcatFromSequence<axis = -1>(t)"),
    "stack": (X, "float[6,2,4] y", "n = Neg(x) s = SequenceConstruct(x, n) y = ConcatFromSequence<axis = 1, new_axis = 1>(s)"),
    "stack-last": (X, "float[6,4,3] y", "n = Neg(x) s = SequenceConstruct(x, n, x) y = ConcatFromSequence<axis = -1, new_axis = 1>(s)"),
    "stack-of-one": (X, "float[1,6,4] y", "s = SequenceConstruct(x) y = ConcatFromSequence<axis = 0, new_axis = 1>(s)"),
    "split-each": (X, "float[1,4] y", "s = SplitToSequence(x) y = SequenceAt(s, minus_one)"),
    "split-each-squeezed": (X, "float[6] y", "s = SplitToSequence<axis = 1, keepdims = 0>(x) y = SequenceAt(s, two)"),
    "split-size": (X, "float[2,4] y, int64 z", "s = SplitToSequence(x, four) y = SequenceAt(s, one) z = SequenceLength(s)"),
    "split-sizes": (X, "float[6,1] y", "s = SplitToSequence<axis = -1>(x, three_one) y = SequenceAt(s, one)"),
    # What exporters make of torch.tensor_split.
    "split-tiled-sizes": (X, "float[6,1] y, float[6,2] z", "p = Tile(two1, one1) v = Tile(one1, two1) c = Concat<axis = 0>(p, v) s = SplitToSequence<axis = 1>(x, c)"
                          " y = SequenceAt(s, minus_one) z = SequenceAt(s, zero)"),
    "split-and-join": (X, "float[6,4] y", "s = SplitToSequence<axis = 0>(x, two) y = ConcatFromSequence<axis = 0>(s)"),
    "different-shapes": (X, "float[6,4] y", "t = Transpose(x) s = SequenceConstruct(t, x) y = SequenceAt(s, one)"),
    "identity": (X, "float[6,4] y", "s = SequenceConstruct(x, x) t = Identity(s) y = SequenceAt(t, zero)"),
    "map": (X, "float[6,4] y", "s = SplitToSequence<axis = 0>(x, two)"
            " t = SequenceMap<body = step (float[k,4] a) => (float[k,4] b) { b = Mul(a, a) }>(s) y = ConcatFromSequence<axis = 0>(t)"),
    "map-with-tensor": (X, "float[6,4] y", "s = SplitToSequence<axis = 0>(x, two) w = Constant<value_floats = [1.0, 2.0, 3.0, 4.0]>()"
                        " t = SequenceMap<body = step (float[k,4] a, float[4] c) => (float[k,4] b) { b = Mul(a, c) }>(s, w)"
                        " y = ConcatFromSequence<axis = 0>(t)"),
    "map-of-two": (X, "float[6,4] y", "s = SplitToSequence<axis = 0>(x, two) n = Exp(x) r = SplitToSequence<axis = 0>(n, two)"
                   " t = SequenceMap<body = step (float[k,4] a, float[k,4] c) => (float[k,4] b) { b = Sub(a, c) }>(s, r)"
                   " y = ConcatFromSequence<axis = 0>(t)"),
    "branch-on-length": (X, "float[6,4] y", "s = SequenceConstruct(x, x) l = SequenceLength(s) c = Greater(l, one)"
                         " y = If(c) <then_branch = yes () => (float[6,4] a) { a = Neg(x) }, else_branch = no () => (float[6,4] b) { b = Exp(x) }>"),
    "symbolic": ("float[N,4] x", "float[N,8] y", "n = Neg(x) s = SequenceConstruct(x, n) y = ConcatFromSequence<axis = 1>(s)"),
    "symbolic-stack": ("float[N,4] x", "float[2,N,4] y", "n = Neg(x) s = SequenceConstruct(x, n) y = ConcatFromSequence<axis = 0, new_axis = 1>(s)"),
    "split-open-extent": ("float[N,4] x", "float[M,4] y, float[K,4] z", """n = Shape<end = 1>(x) half = Div(n, two1) rest = Sub(n, half) sizes = Concat<axis = 0>(half, rest)
        s = SplitToSequence(x, sizes) y = SequenceAt(s, zero) z = SequenceAt(s, one)"""),
    "symbolic-split": ("float[N,4] x", "float[N,1] y", "s = SplitToSequence<axis = 1>(x) y = SequenceAt(s, two)"),
}  # fmt: skip
# Of lengths that only a run knows: x is [S, 4] or [S, 3, 4], and a number n is an input where it is named.
STEP = "step (int64 i, bool c, seq(float[k,4]) a) => (bool d, seq(float[k,4]) b)"
OPEN = {
    "append": ("float[S,4] x, int64[1] n", "float[A,4] y, int64 z", f"l = SequenceEmpty<dtype = 1>() s = Loop(n, yes, l) <body = {STEP} {{ d = Identity(c)"
               " j = Mod(i, rows) r = Gather<axis = 0>(x, j) u = Unsqueeze(r, zero1) f = Cast<to = 1>(i) v = Add(u, f) b = SequenceInsert(a, v) }>"
               " y = ConcatFromSequence<axis = 0>(s) z = SequenceLength(s)"),
    "append-two": ("float[S,4] x", "float[A,4] y, float[4,B] z, float[C] w, float[4] last", f"l = SequenceEmpty<dtype = 1>() s = Loop(count, , l) <body = {STEP}"
                   " { d = Identity(yes) r = Gather<axis = 0>(x, i) v = Neg(r) t = SequenceInsert(a, r) b = SequenceInsert(t, v) }>"
                   " y = ConcatFromSequence<axis = 0, new_axis = 1>(s) z = ConcatFromSequence<axis = -1, new_axis = 1>(s)"
                   " w = ConcatFromSequence<axis = 0>(s) last = SequenceAt(s, minus_one)"),
    "append-to-some": ("float[S,4] x", "float[A,4] y", f"e = Slice(x, zero1, one1) l = SequenceConstruct(e) s = Loop(count, , l) <body = {STEP}"
                       " { d = Identity(yes) r = Gather<axis = 0>(x, i) v = Unsqueeze(r, zero1) b = SequenceInsert(a, v) }>"
                       " t = SequenceInsert(s, e) y = ConcatFromSequence<axis = 0>(t)"),
    "append-and-stop": ("float[S,4] x", "float[A,4] y", f"l = SequenceEmpty<dtype = 1>() s = Loop(count, yes, l) <body = {STEP} {{ r = Gather<axis = 0>(x, i)"
                        " q = ReduceMax<keepdims = 0>(r) d = Less(q, most) v = Unsqueeze(r, zero1) b = SequenceInsert(a, v) }> y = ConcatFromSequence<axis = 0>(s)"),
    "state": ("float[S,3,4] x", "float[S,3,4] y, float[3,4] h, float[S,3] g", "h0 = ReduceSum<keepdims = 0>(x, zero1) l = SequenceEmpty<dtype = 1>()"
              " h, s, g = Loop(count, yes, h0, l) <body = step (int64 i, bool c, float[3,4] p, seq(float[3,4]) a) => (bool d, float[3,4] q, seq(float[3,4]) b, float[3] e)"
              " { d = Identity(c) r = Gather<axis = 0>(x, i) m = Add(r, p) q = Tanh(m) b = SequenceInsert(a, q) e = ReduceSum<keepdims = 0>(q, one1) }>"
              " y = ConcatFromSequence<axis = 0, new_axis = 1>(s)"),
    "counter": ("float[S,4] x", "float[A,4] y, int64 z", "l = SequenceEmpty<dtype = 1>() first = Less(zero, rows) z, s = Loop(, first, zero, l)"
                " <body = step (int64 i, bool c, int64 k, seq(float[1,4]) a) => (bool d, int64 n, seq(float[1,4]) b) { n = Add(k, two) d = Less(n, rows)"
                " r = Gather<axis = 0>(x, k) v = Unsqueeze(r, zero1) b = SequenceInsert(a, v) }> y = ConcatFromSequence<axis = 0>(s)"),
    "split": ("float[S,4] x, int64 n", "float[1,4] y, float[S,4] z, float[4,S] w, int64 v", "s = SplitToSequence(x) y = SequenceAt(s, n) z = ConcatFromSequence<axis = 0>(s)"
              " t = SplitToSequence<axis = 0, keepdims = 0>(x) w = ConcatFromSequence<axis = 1, new_axis = 1>(t) v = SequenceLength(t)"),
    "split-by-ones": ("float[S,3,4] x", "float[3,S,4] y, float[S,12] z", "o = ConstantOfShape<value = int64[1] {1}>(count) t = Transpose<perm = [1, 0, 2]>(x)"
                      " s = SplitToSequence<axis = 1>(t, o) y = ConcatFromSequence<axis = 1>(s) z = Loop(count, , ) <body = step (int64 i, bool c) => (bool d, float[12] e)"
                      " { d = Identity(yes) r = SequenceAt(s, i) e = Reshape(r, minus_one1) }>"),
    "position": ("float[S,4] x, int64 n", "float[S,4] y", "m = Neg(x) e = Exp(x) a = Abs(x) s = SequenceConstruct(x, m, e, a) two_more = Mod(n, two)"
                 " y = SequenceAt(s, two_more)"),
    "slice-of-one-broadcasts": ("float[S,4] x", "float[S,4] y", "y = Loop(count, , ) <body = step (int64 i, bool c) => (bool d, float[4] e) { d = Identity(yes)"
                                " j = Reshape(i, minus_one1) k = Add(j, one1) a = Slice(indices, j, k) f = Cast<to = 1>(a) r = Gather<axis = 0>(x, i) e = Mul(r, f) }>"),
    "slice-in-step": ("float[S,4] x", "float[S,4] y", "y = Loop(count, , ) <body = step (int64 i, bool c) => (bool d, float[4] e) { d = Identity(yes)"
                      " j = Reshape(i, minus_one1) k = Add(j, one1) a = Slice(indices, j, k) v = Slice(x, a, big) e = ReduceSum<keepdims = 0>(v, zero1) }>"),
}  # fmt: skip
CONSTANTS = {"big": [1 << 40], "one1": [1], "two1": [2], "zero": 0, "one": 1, "two": 2, "four": 4, "minus_one": -1, "minus_three": -3, "zero1": [0], "minus_one1": [-1], "three_one": [3, 1]}


def write(path, inputs, results, nodes):
    model = onnx_parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> main ({inputs}) => ({results}) {{ y = Identity(x) }}')
    names = [name for name in CONSTANTS if f" {name})" in nodes or f" {name}," in nodes or f"({name}" in nodes]
    constants = "".join(
        f"{name} = Constant<value_int{'s' if isinstance(CONSTANTS[name], list) else ''} = {CONSTANTS[name]}>() " for name in names
    )
    graph = onnx_parser.parse_graph(f"main ({inputs}) => ({results}) {{ {constants}{nodes} }}")
    model.graph.CopyFrom(graph)
    path.write_bytes(model.SerializeToString())
    return model


@pytest.mark.parametrize("name", MODELS)
def test_sequences(programs, tmp_path, name):
    inputs, results, nodes = MODELS[name]
    model = write(tmp_path / "model.onnx", inputs, results, nodes)
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so"))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for rows in (1, 3, 7) if "N" in inputs else (6,):
        x = np.random.default_rng(rows).standard_normal((rows, 4)).astype(np.float32)
        expected, actual = session.run(None, {"x": x}), compiled.run({"x": x})
        for value, result in zip(expected, model.graph.output, strict=True):
            assert actual[result.name].shape == value.shape and actual[result.name].dtype == value.dtype
            np.testing.assert_allclose(actual[result.name], value, rtol=1e-6)



OPEN_CONSTANTS = """one_ = Constant<value_int = 1>() yes = Cast<to = 9>(one_) most = Constant<value_float = 1.2>()
  count = Shape<end = 1>(x) axis0 = Constant<value_ints = [0]>() rows = Squeeze(count, axis0) from0 = Constant<value_int = 0>()
  indices = Range(from0, rows, one_) """


@pytest.mark.parametrize("name", OPEN)
def test_sequences_of_open_length(programs, tmp_path, name):
    inputs, results, nodes = OPEN[name]
    model = write(tmp_path / "model.onnx", inputs, results, OPEN_CONSTANTS + nodes)
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so"))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for count in (1, 2, 7, 13, 1):
        random = np.random.default_rng(count)
        feeds = {"x": random.standard_normal((count, 3, 4) if "[S,3" in inputs else (count, 4)).astype(np.float32)}
        if " n" in inputs:
            feeds["n"] = np.array([2 * count - 1]) if "[1] n" in inputs else np.array(-1 if count == 2 and name == "split" else count // 2)
        expected, actual = session.run(None, feeds), compiled.run(feeds)
        for value, result in zip(expected, model.graph.output, strict=True):
            assert actual[result.name].shape == value.shape and actual[result.name].dtype == value.dtype
            np.testing.assert_allclose(actual[result.name], value, rtol=1e-5, atol=1e-6)


def test_a_loop_that_appends_nothing(programs, tmp_path):
    """ONNX Runtime does not concatenate an empty sequence."""
    inputs, results, nodes = OPEN["append"]
    write(tmp_path / "model.onnx", inputs, results, OPEN_CONSTANTS + nodes)
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so"))
    x = np.ones((2, 4), np.float32)
    for count in (3, 0, 2):
        actual = compiled.run({"x": x, "n": np.array([count])})
        np.testing.assert_array_equal(actual["y"], 1 + np.arange(count, dtype=np.float32)[:, None] * np.ones(4, np.float32))
        assert actual["z"] == count


def test_optional_values(programs, tmp_path):
    """ONNX Runtime has no optional values inside a graph."""
    branches = "<then_branch = yes () => (float[6,4] a) { a = Neg(x) }, else_branch = no () => (float[6,4] b) { b = Exp(x) }>"
    graph = f"""
      o = Optional(x) g = OptionalGetElement(o) y = Neg(g) there = OptionalHasElement(o) z = If(there) {branches}
      e = Optional<type = float[6,4]>() missing = OptionalHasElement(e) w = If(missing) {branches}
      s = SequenceConstruct(x, y) p = Optional(s) q = OptionalGetElement(p) v = SequenceAt(q, one)"""
    write(tmp_path / "model.onnx", X, "float[6,4] y, float[6,4] z, float[6,4] w, float[6,4] v", graph)
    x = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    results = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so")).run({"x": x})
    for name in "yzv":
        assert (results[name] == -x).all()
    np.testing.assert_allclose(results["w"], np.exp(x), rtol=1e-6)
