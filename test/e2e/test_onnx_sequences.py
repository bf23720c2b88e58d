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
    "symbolic-split": ("float[N,4] x", "float[N,1] y", "s = SplitToSequence<axis = 1>(x) y = SequenceAt(s, two)"),
}  # fmt: skip
CONSTANTS = {"zero": 0, "one": 1, "two": 2, "four": 4, "minus_one": -1, "minus_three": -3, "zero1": [0], "minus_one1": [-1], "three_one": [3, 1]}


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
