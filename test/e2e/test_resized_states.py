# SPDX-License-Identifier: Apache-2.0
"""Loops whose steps read tensors and give the next step larger or smaller ones, as decoders do, against ONNX Runtime: a number of elements
in each step, or one that data decides, in several dimensions, beside other states, nested, in a branch, and with an early end."""
import re

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")
onnx = pytest.importorskip("onnx")
onnx_parser = pytest.importorskip("onnx.parser")
onnxruntime = pytest.importorskip("onnxruntime")
onnxruntime.set_default_logger_severity(3)

# Opens a Loop over `m` steps whose body has the state, named `s`, of the given type.
ROWS = "float[N,2] x, int64 m", "float[N,K] y", "y = Loop(m, yes, x) <body = step (int64 i, bool g, float[A,B] s) => (bool h, float[C,D] after)"
VECTOR = "float[L] x, int64 m", "float[K] y", "y = Loop(m, yes, x) <body = step (int64 i, bool g, float[A] s) => (bool h, float[B] after)"
TOKENS = "int64[N,T] x, int64 m", "int64[N,K] y", "y = Loop(m, yes, x) <body = step (int64 i, bool g, int64[A,B] s) => (bool h, int64[C,D] after)"
# The most likely token of each row, by all of its tokens.
NEXT = "e = Gather(table, s) mean = ReduceMean<keepdims = 0>(e, one1) logits = MatMul(mean, head) next = ArgMax<axis = 1>(logits)"
# Elements that depend on all of those before.
MORE = "q = ReduceMean<keepdims = 0>(s) u = Tanh(q) more = Add(x, u)"

CASES = {
    "decoder": (*TOKENS, f"h = Identity(g) {NEXT} after = Concat<axis = 1>(s, next)"),
    "beam-search": (*TOKENS, f"""h = Identity(g) {NEXT} best = ReduceMax<keepdims = 0>(logits, one1) n = Shape(best) v, order = TopK(best, n)
        rows = Gather(s, order) chosen = Gather(next, order) after = Concat<axis = 1>(rows, chosen)"""),
    "mask-and-early-end": ("int64[N,T] x, int64 m", "int64[N,K] y, float[N,J] mask", """f = Cast<to = 1>(x) none = Mul(f, zero)
        y, mask = Loop(m, yes, x, none) <body = step (int64 i, bool g, int64[A,B] s, float[A2,B2] k) => (bool h, int64[C,D] after, float[C2,D2] longer)""",
        """e0 = Gather(table, s) wide = Unsqueeze(k, two1) e = Add(e0, wide) mean = ReduceMean<keepdims = 0>(e, one1) logits = MatMul(mean, head)
        next = ArgMax<axis = 1>(logits) after = Concat<axis = 1>(s, next) total = ReduceSum<keepdims = 0>(next) h = Less(total, five)
        f1 = Cast<to = 1>(next) f2 = Mul(f1, tenth) longer = Concat<axis = 1>(k, f2)"""),
    "cache-from-nothing": ("float[N,2,4] x, int64 m", "float[N,2,4] y, float[N,2,C,4] cache", """x4 = Unsqueeze(x, two1) none = Slice(x4, zero1, zero1, two1)
        y, cache = Loop(m, yes, x, none) <body = step (int64 i, bool g, float[A,B,D] q, float[A2,B2,S,D2] past) => (bool h, float[A,B,D] out, float[A3,B3,S3,D3] present)""",
        """h = Identity(g) q4 = Unsqueeze(q, two1) present = Concat<axis = 2>(past, q4) keys = Transpose<perm = [0, 1, 3, 2]>(present)
        scores = MatMul(q4, keys) p = Softmax<axis = -1>(scores) o = MatMul(p, present) o3 = Squeeze(o, two1) out = Tanh(o3)"""),
    "hidden-state-of-all-tokens": ("int64[N,T] x, int64 m", "int64[N,K] y, float[N,J,8] last", """e0 = Gather(table, x)
        y, last = Loop(m, yes, x, e0) <body = step (int64 i, bool g, int64[A,B] s, float[A2,B2,C2] before) => (bool h, int64[C,D] after, float[C3,D3,E3] hidden)""",
        """h = Identity(g) e = Gather(table, s) hidden = Tanh(e) mean = ReduceMean<keepdims = 0>(before, one1) logits = MatMul(mean, head)
        next = ArgMax<axis = 1>(logits) after = Concat<axis = 1>(s, next)"""),
    "in-front": (*ROWS, "h = Identity(g) f = Cast<to = 1>(i) t = Add(x, f) after = Concat<axis = 1>(t, s)"),
    # Only appended, but as much as data decides, and rows whose extents are only computed.
    "what-data-appends": (*VECTOR, "h = Identity(g) t = Mul(x, tenth) f = Cast<to = 1>(i) u = Sub(t, f) keep = Greater(u, zero) more = Compress<axis = 0>(u, keep) after = Concat<axis = 0>(s, more)"),
    "computed-rows": ("float[N,2] x, int64 m", "float[J,2] y", ROWS[2], """h = Identity(g) f = Cast<to = 1>(x) p = Exp(f) ones = Div(p, p) sum = ReduceSum<keepdims = 0>(ones, one1) most = ReduceMax<keepdims = 0>(sum)
        number = Cast<to = 7>(most) width = Reshape(number, minus1) row = Expand(tenth, width) more = Unsqueeze(row, zero1) after = Concat<axis = 0>(s, more)"""),
    "two-dimensions": ("float[N,2] x, int64 m", "float[J,K] y", ROWS[2], "h = Identity(g) t = Tanh(s) after = Pad(t, pads)"),
    "some-steps": (*ROWS, """h = Identity(g) r = Mod(i, two) even = Equal(r, zero_int)
        after = If(even) <then_branch = yes () => (float[E,F] a) { n = Neg(s) a = Concat<axis = 1>(n, x) }, else_branch = no () => (float[E1,F1] b) { b = Tanh(s) }>"""),
    "what-data-keeps": (*VECTOR, "h = Identity(g) t = Sub(s, tenth) best = ReduceMax<keepdims = 0>(t) top = Equal(t, best) large = Greater(t, zero) keep = Or(large, top) after = Compress<axis = 0>(t, keep)"),
    "one-less": (*VECTOR, "h = Identity(g) t = Slice(s, one1, last1) after = Tanh(t)"),
    "one-less-of-few": (*VECTOR, "h = Identity(g) t = Slice(s, one1, hundred1) after = Tanh(t)"),
    "nested": (*ROWS, f"""h = Identity(g) after = Loop(two, yes, s) <body = inner (int64 j, bool g1, float[E,F] s1) => (bool h1, float[E1,F1] after1) {{
        h1 = Identity(g1) {MORE.replace("(s)", "(s1)")} after1 = Concat<axis = 1>(s1, more) }}>"""),
    "nested-with-an-early-end": (*ROWS, """h = Identity(g) after = Loop(five, yes, s) <body = inner (int64 j, bool g1, float[E,F] s1) => (bool h1, float[E1,F1] after1) {
        q = ReduceMax<keepdims = 0>(s1) h1 = Less(q, zero) u = Tanh(q) more = Add(x, u) after1 = Concat<axis = 1>(s1, more) }>"""),
    "while": ("float[N,2] x, int64 m", "float[N,K] y", """starts = Less(zero_int, m)
        n, y = Loop(, starts, zero_int, x) <body = step (int64 i, bool g, int64 n0, float[A,B] s) => (bool h, int64 n1, float[C,D] after)""",
        f"n1 = Add(n0, one) h = Less(n1, m) {MORE} after = Concat<axis = 1>(s, more)"),
    "beside-other-results": ("float[N,2] x, int64 m", "float[N,K] y, float[N,J] z, float[M,N,2] all", """
        y, z, all = Loop(m, yes, x, x) <body = step (int64 i, bool g, float[A,B] s, float[A1,B1] s1) => (bool h, float[C,D] after, float[C1,D1] after1, float[C2,D2] more)""",
        f"h = Identity(g) {MORE} after = Concat<axis = 1>(s, more) after1 = Concat<axis = 1>(s1, more)"),
}  # fmt: skip
RANDOM = np.random.default_rng(13)
CONSTANTS = {
    "yes": np.bool_(True), "zero": np.float32(0), "tenth": np.float32(0.1), "zero_int": np.int64(0), "one": np.int64(1), "two": np.int64(2), "five": np.int64(5),
    "zero1": np.array([0]), "one1": np.array([1]), "two1": np.array([2]), "last1": np.array([2**63 - 1]), "hundred1": np.array([100]), "minus1": np.array([-1]), "pads": np.array([0, 1, 2, 0]),
    "table": RANDOM.standard_normal((11, 8)).astype(np.float32), "head": RANDOM.standard_normal((8, 11)).astype(np.float32),
}  # fmt: skip


def write(path, inputs, results, loop, body):
    model = onnx_parser.parse_model(f'<ir_version: 9, opset_import: ["" : 18]> main ({inputs}) => ({results}) {{ {loop} {{ {body} }}> }}')
    words = set(f"{loop} {body}".replace(",", " ").replace(")", " ").replace("(", " ").split())
    model.graph.initializer.extend(onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in CONSTANTS.items() if name in words)
    path.write_bytes(model.SerializeToString())
    return model


def make_inputs(model, rows, length, steps):
    extents, values = {"N": rows, "T": length, "L": 20 * length}, {"m": np.array(steps, np.int64)}
    for value in model.graph.input[:1]:
        shape = [dim.dim_value or extents[dim.dim_param] for dim in value.type.tensor_type.shape.dim]
        isInteger = value.type.tensor_type.elem_type == onnx.TensorProto.INT64
        values[value.name] = RANDOM.integers(0, 11, shape) if isInteger else RANDOM.standard_normal(shape).astype(np.float32)
    return values


def check(expected, actual, results, steps):
    for value, got, result in zip(expected, actual, results, strict=True):
        if steps <= 0 and result.name == "all":  # without steps, ONNX Runtime has no extents for their results
            assert got.size == 0
            continue
        assert got.shape == value.shape and got.dtype == value.dtype, (result.name, steps)
        np.testing.assert_allclose(got, value, rtol=2e-5, atol=1e-6, err_msg=f"{result.name} after {steps} steps")


@pytest.mark.parametrize("options", [(), ("-O0", "--check-bounds")], ids=["optimized", "checked"])
@pytest.mark.parametrize("name", CASES)
def test_states(programs, tmp_path, name, options):
    model = write(tmp_path / "model.onnx", *CASES[name])
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so", *options))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for rows, length, steps in [(1, 1, 3), (3, 2, 0), (2, 3, 1), (5, 4, 7), (1, 2, 17), (2, 2, -1), (2, 5, 2)]:
        inputs = make_inputs(model, rows, length, steps)
        actual = compiled.run(inputs)
        check(session.run(None, inputs), [actual[result.name] for result in model.graph.output], model.graph.output, steps)


@pytest.mark.parametrize("name", CASES)
def test_exported_model(programs, tmp_path, name):
    """What is written as ONNX gives what the original does, in ONNX Runtime and compiled again."""
    model = write(tmp_path / "model.onnx", *CASES[name])
    exported = programs.compile(tmp_path / "model.onnx", "exported.onnx").read_bytes()
    compiled = dlc.Model(programs.compile(tmp_path / "exported.onnx", "exported.so"))
    sessions = [onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]) for data in (model.SerializeToString(), exported)]
    for rows, length, steps in [(1, 1, 3), (3, 2, 1), (5, 4, 7)]:  # ONNX Runtime fails on a Scan without steps
        inputs = make_inputs(model, rows, length, steps)
        expected, of_exported = (session.run(None, inputs) for session in sessions)
        check(expected, of_exported, model.graph.output, steps)
        actual = compiled.run(inputs)
        check(expected, [actual[result.name] for result in model.graph.output], model.graph.output, steps)


@pytest.mark.parametrize(
    "inputs, results, loop, body, message",
    [
        (*ROWS, "h = Identity(g) after = Concat<axis = 1>(s, s)", r"has a state of type f32\[N, 2\] that its body makes f32\[N, 4\]"),
        ("float[N,2] x, int64 m", "float[N,K] y", ROWS[2].replace("(m,", "(,"), f"{MORE} h = Less(q, zero) after = Concat<axis = 1>(s, more)",
         "the most steps that there can be must be given"),
        (*ROWS[:2], ROWS[2].replace("y = ", "y, all = ", 1).replace("after)", "after, float[E,F] slice)"),
         f"h = Identity(g) {MORE} after = Concat<axis = 1>(s, more) slice = Tanh(after)", "all steps must give as much"),
    ],
    ids=["twice as large", "without a limit", "slices that differ"],
)  # fmt: skip
def test_errors(programs, tmp_path, inputs, results, loop, body, message):
    if "all =" in loop:
        results += ", float[M,N,J] all"
    write(tmp_path / "model.onnx", inputs, results, loop, body)
    result = programs.run("dlc", "model.onnx", "-o", "model.so")
    assert result.returncode == 1 and re.search(message, result.stderr), result.stderr


@pytest.mark.parametrize("added", [0, 1])
def test_extents_that_each_step_checks(programs, tmp_path, added):
    """Data computes the extent of the next state without a bound: it has to stay."""
    body = f"""h = Identity(g) e = Exp(s) ones = Div(e, e) count = ReduceSum<keepdims = 0>(ones) n = Cast<to = 7>(count) more = Add(n, {["zero_int", "one"][added]})
        size = Reshape(more, minus1) mean = ReduceMean<keepdims = 0>(s) all = Expand(mean, size) after = Add(all, tenth)"""
    model = write(tmp_path / "model.onnx", VECTOR[0], "float[L] y", VECTOR[2], body)
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so"))
    inputs = make_inputs(model, 1, 1, 3)
    if added:
        with pytest.raises(ValueError, match="needs equal extents, and these inputs give 21 and 20"):
            compiled.run(inputs)
    else:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        check(session.run(None, inputs), [compiled.run(inputs)["y"]], model.graph.output, 3)
