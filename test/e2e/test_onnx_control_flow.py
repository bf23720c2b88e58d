# SPDX-License-Identifier: Apache-2.0
"""If and Loop whose conditions and numbers of steps only a run knows, against ONNX Runtime, with inputs that take every branch."""
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")
onnx = pytest.importorskip("onnx")
onnx_parser = pytest.importorskip("onnx.parser")
onnxruntime = pytest.importorskip("onnxruntime")

RANDOM = np.random.default_rng(11)


def floats(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def flags(*values):
    return [np.array(value) for value in values]


def counts(*values):
    return [np.array(value, np.int64) for value in values]


def both(x, name="c"):
    return [{name: flag, **x} for flag in flags(True, False)]


ROWS = [{"c": flag, "x": floats(rows, 4)} for rows in (1, 3, 7) for flag in flags(True, False)]
PAIRS = [{"c": c, "d": d, "x": floats(rows, 4)} for rows in (2, 5) for c in flags(True, False) for d in flags(True, False)]
# Name: inputs, results, nodes, and the inputs of runs.
IFS = {
    "captures": ("bool c, float[N,4] x", "float[N,4] y", """n = Neg(x)
        y = If(c) <then_branch = yes () => (float[N,4] a) { e = Exp(x) a = Add(e, n) }, else_branch = no () => (float[N,4] b) { b = Mul(x, n) }>""", ROWS),
    "one-element": ("bool[1] c, float[N,4] x", "float[N,4] y",
        "y = If(c) <then_branch = yes () => (float[N,4] a) { a = Exp(x) }, else_branch = no () => (float[N,4] b) { b = Neg(x) }>",
        [{**run, "c": run["c"].reshape(1)} for run in ROWS]),
    "nothing-computed": ("bool c, float[N,4] x", "float[N,4] y, float[N,4] z", """n = Neg(x)
        y, z = If(c) <then_branch = yes () => (float[N,4] a, float[N,4] p) { a = Identity(x) p = Identity(n) },
                      else_branch = no () => (float[N,4] b, float[N,4] q) { b = Identity(n) q = Identity(n) }>""", ROWS),
    "computed-condition": ("float[N,4] x", "float[N,4] y", """s = ReduceSum<keepdims = 0>(x) c = Greater(s, zero)
        y = If(c) <then_branch = yes () => (float[N,4] a) { a = Exp(x) }, else_branch = no () => (float[N,4] b) { b = Neg(x) }>""",
        [{"x": sign * np.abs(floats(rows, 4))} for rows in (1, 6) for sign in (1, -1)]),
    "several-results": ("bool c, float[N,4] x", "float[N,4] y, int64[N] k, bool[N,4] m, float[4,N] t", """
        y, k, m, t = If(c) <then_branch = yes () => (float[N,4] a, int64[N] ka, bool[N,4] ma, float[4,N] ta)
            { a = Softmax(x) ka = ArgMax<axis = 1, keepdims = 0>(x) ma = Greater(x, zero) ta = Transpose(a) },
          else_branch = no () => (float[N,4] b, int64[N] kb, bool[N,4] mb, float[4,N] tb)
            { b = Relu(x) kb = ArgMin<axis = 1, keepdims = 0>(x) mb = Less(x, zero) tb = Transpose(x) }>""", ROWS),
    "unused-result": ("bool c, float[N,4] x", "float[N,4] y", """
        y, z = If(c) <then_branch = yes () => (float[N,4] a, float[N,4] p) { a = Exp(x) p = Tanh(a) },
                      else_branch = no () => (float[N,4] b, float[N,4] q) { b = Neg(x) q = Sin(b) }>""", ROWS),
    "constants": ("bool c, float[N,4] x", "float[4] y, float[N,4] z", """
        y = If(c) <then_branch = yes () => (float[4] a) { a = Constant<value_floats = [1.0, 2.0, 3.0, 4.0]>() },
                   else_branch = no () => (float[4] b) { b = Constant<value_floats = [5.0, 6.0, 7.0, 8.0]>() }> z = Add(x, y)""", ROWS),
    "weights": ("bool c, float[N,4] x", "float[N,3] y", """
        y = If(c) <then_branch = yes () => (float[N,3] a) { p = MatMul(x, w) a = Tanh(p) },
                   else_branch = no () => (float[N,3] b) { q = MatMul(x, v) r = Relu(q) b = Add(r, r) }>""", ROWS),
    "nested": ("bool c, bool d, float[N,4] x", "float[N,4] y", """n = Neg(x)
        y = If(c) <then_branch = yes () => (float[N,4] a) {
            e = Exp(x)
            a = If(d) <then_branch = yesyes () => (float[N,4] p) { p = Add(e, n) }, else_branch = yesno () => (float[N,4] q) { q = Sub(e, x) }> },
          else_branch = no () => (float[N,4] b) {
            m = If(d) <then_branch = noyes () => (float[N,4] r) { r = Tanh(n) }, else_branch = nono () => (float[N,4] s) { s = Identity(n) }>
            b = Mul(m, x) }>""", PAIRS),
    "one-after-another": ("bool c, bool d, float[N,4] x", "float[N,4] y", """
        u = If(c) <then_branch = yes () => (float[N,4] a) { a = Exp(x) }, else_branch = no () => (float[N,4] b) { b = Neg(x) }>
        y = If(d) <then_branch = yes2 () => (float[N,4] p) { p = Add(u, x) }, else_branch = no2 () => (float[N,4] q) { q = Mul(u, u) }>""", PAIRS),
    "same-condition": ("bool c, float[N,4] x", "float[N,4] y", """
        y = If(c) <then_branch = yes () => (float[N,4] a) {
            a = If(c) <then_branch = yesyes () => (float[N,4] p) { p = Exp(x) }, else_branch = yesno () => (float[N,4] q) { q = Neg(x) }> },
          else_branch = no () => (float[N,4] b) { b = Tanh(x) }>""", ROWS),
    "sizes-of-inputs": ("bool c, float[N,4] x", "float[K] y", """
        y = If(c) <then_branch = yes () => (float[K] a) { f = Reshape(x, minus_one1) a = Exp(f) },
                   else_branch = no () => (float[K] b) { t = Transpose(x) f2 = Reshape(t, minus_one1) b = Neg(f2) }>""", ROWS),
    "sequences": ("bool c, float[N,4] x", "float[N,4] y, float[4,N] z", """n = Neg(x) t = Transpose(x) e = Exp(t)
        s = If(c) <then_branch = yes () => (seq(float[N,4]) a) { a = SequenceConstruct(x, t) },
                   else_branch = no () => (seq(float[N,4]) b) { b = SequenceConstruct(n, e) }>
        y = SequenceAt(s, zero_int) z = SequenceAt(s, one_int)""", ROWS),
    "in-scan": ("float[4] h, float[T,4] x", "float[4] last, float[T,4] all", """
        last, all = Scan<num_scan_inputs = 1, body = step (float[4] before, float[4] row) => (float[4] after, float[4] kept) {
            s = ReduceSum<keepdims = 0>(row) c = Greater(s, zero)
            after = If(c) <then_branch = yes () => (float[4] a) { t = Tanh(row) a = Add(before, t) }, else_branch = no () => (float[4] b) { b = Mul(before, half) }>
            kept = Identity(after) }>(h, x)""", [{"h": floats(4), "x": floats(steps, 4)} for steps in (1, 2, 9)]),
    "scan-inside": ("bool c, float[4] h, float[T,4] x", "float[4] y", """
        y = If(c) <then_branch = yes () => (float[4] a) {
            a = Scan<num_scan_inputs = 1, body = step (float[4] before, float[4] row) => (float[4] after) { p = Mul(before, half) after = Add(p, row) }>(h, x) },
          else_branch = no () => (float[4] b) { b = ReduceMax<axes = [0], keepdims = 0>(x) }>""",
        [{"c": c, "h": floats(4), "x": floats(steps, 4)} for steps in (1, 5) for c in flags(True, False)]),
    # What voice activity detectors look like: a network for each sampling rate, with the state of a recurrent layer.
    "detector": ("float[N,T] x, float[2,N,8] state, int64 rate", "float[N,1] y, float[2,N,8] next", """c = Equal(rate, fast)
        y, next = If(c) <then_branch = wide () => (float[N,1] a, float[2,N,8] s) {
            f = Reshape(x, zero_one_64) p = Conv<kernel_shape = [8], strides = [4], pads = [2, 2]>(f, k8) r = Relu(p) m = ReduceMean<axes = [2], keepdims = 0>(r)
            q = Unsqueeze(m, zero_ints) h, k = Split<axis = 0>(state) o, hn, cn = LSTM<hidden_size = 8>(q, lw, lr, lb, , h, k)
            e = Squeeze(hn, zero_ints) d = MatMul(e, wo) a = Sigmoid(d) s = Concat<axis = 0>(hn, cn) },
          else_branch = narrow () => (float[N,1] b, float[2,N,8] t) {
            f2 = Reshape(x, zero_one_32) p2 = Conv<kernel_shape = [4], strides = [2], pads = [1, 1]>(f2, k4) r2 = Relu(p2) m2 = ReduceMean<axes = [2], keepdims = 0>(r2)
            q2 = Unsqueeze(m2, zero_ints) h2, g2 = Split<axis = 0>(state) o2, hn2, cn2 = LSTM<hidden_size = 8>(q2, lw2, lr2, lb, , h2, g2)
            e2 = Squeeze(hn2, zero_ints) d2 = MatMul(e2, wo) b = Sigmoid(d2) t = Concat<axis = 0>(hn2, cn2) }>""",
        [{"x": floats(rows, 64 if rate == 16000 else 32), "state": floats(2, rows, 8), "rate": rate} for rows in (1, 3) for rate in counts(16000, 8000)]),
    "two-rates": ("int64 rate, float[N,T] x", "float[N] y", """c = Equal(rate, fast)
        y = If(c) <then_branch = yes () => (float[N] a) { wide = Reshape(x, zero_four_eight) m = MatMul(wide, w8) r = Relu(m) a = ReduceSum<keepdims = 0>(r, one_two) },
                   else_branch = no () => (float[N] b) { narrow = Reshape(x, zero_four_four) m2 = MatMul(narrow, w4) t = Tanh(m2) b = ReduceSum<keepdims = 0>(t, one_two) }>""",
        [{"rate": rate, "x": floats(rows, 32 if rate == 16000 else 16)} for rows in (1, 3) for rate in counts(16000, 8000)]),
}  # fmt: skip
STEP = "int64 i, bool g, float[N] before"
LOOPS = {
    "count": ("int64 m, float[N] x", "float[N] y", f"""
        y = Loop(m, , x) <body = step ({STEP}) => (bool h, float[N] after) {{ h = Identity(g) t = Tanh(before) after = Add(t, x) }}>""",
        [{"m": m, "x": floats(n)} for n in (1, 5) for m in counts(3, 0, 1, -2, 8)]),
    "count-of-one-element": ("int64[1] m, bool[1] c, float[N] x", "float[N] y", f"""
        y = Loop(m, c, x) <body = step (int64 i, bool[1] g, float[N] before) => (bool[1] h, float[N] after) {{ h = Identity(g) t = Tanh(before) after = Add(t, x) }}>""",
        [{"m": np.array([m]), "c": np.array([c]), "x": floats(5)} for m in (4, 0) for c in (True, False)]),
    "while": ("float[N] x", "float[N] y, int64 steps", """
        y, steps = Loop(, yes, x, zero_int) <body = step (int64 i, bool g, float[N] before, int64 n) => (bool h, float[N] after, int64 more) {
            after = Mul(before, half) more = Add(n, one_int) size = ReduceL2<keepdims = 0>(after) h = Greater(size, small) }>""",
        [{"x": scale * floats(n)} for n in (1, 6) for scale in (0.0001, 1, 1000)]),
    "condition-and-count": ("int64 m, bool c, float[N] x", "float[N] y, int64 last", """
        y, last = Loop(m, c, x, zero_int) <body = step (int64 i, bool g, float[N] before, int64 n) => (bool h, float[N] after, int64 number) {
            after = Mul(before, half) number = Identity(i) size = ReduceL2<keepdims = 0>(after) h = Greater(size, small) }>""",
        [{"m": m, "c": c, "x": scale * floats(6)} for m in counts(0, 1, 4, 1000) for c in flags(True, False) for scale in (0.0001, 1)]),
    "known-count": ("float[N] x", "float[N] y, float[5,N] all", """
        y, all = Loop(five, yes, x) <body = step (int64 i, bool g, float[N] before) => (bool h, float[N] after, float[N] slice) {
            h = Identity(g) n = Cast<to = 1>(i) t = Tanh(before) after = Add(t, n) slice = Mul(after, x) }>""",
        [{"x": floats(n)} for n in (1, 7)]),
    "one-step": ("float[N] x", "float[N] y", """
        y = Loop(five, yes, x) <body = step (int64 i, bool g, float[N] before) => (bool h, float[N] after) { h = Not(yes) after = Exp(before) }>""",
        [{"x": floats(3)}]),
    "no-step": ("float[N] x", "float[N] y", """
        y = Loop(five, no, x) <body = step (int64 i, bool g, float[N] before) => (bool h, float[N] after) { h = Identity(g) after = Exp(before) }>""",
        [{"x": floats(3)}]),
    "extent-counts": ("float[T,4] x", "float[4] y, float[T,4] all", """
        shape = Shape<start = 0, end = 1>(x) steps = Squeeze(shape)
        y, all = Loop(steps, yes, start) <body = step (int64 i, bool g, float[4] before) => (bool h, float[4] after, float[4] slice) {
            h = Identity(g) row = Gather(x, i) s = Mul(before, half) after = Add(s, row) slice = Tanh(after) }>""",
        [{"x": floats(steps, 4)} for steps in (1, 2, 6)]),
    "element-counts": ("int64 m, float[4] x", "float[4] y, float[M,4] all", """
        y, all = Loop(m, yes, x) <body = step (int64 i, bool g, float[4] before) => (bool h, float[4] after, float[4] slice) {
            h = Identity(g) s = Mul(before, half) after = Sub(s, x) slice = Tanh(after) }>""",
        [{"m": m, "x": floats(4)} for m in counts(3, 1, 7)]),
    "element-condition": ("int64 m, bool c, float[4] x", "float[4] y, float[M,4] all", """
        y, all = Loop(m, c, x) <body = step (int64 i, bool g, float[4] before) => (bool h, float[4] after, float[4] slice) {
            h = Identity(g) s = Mul(before, half) after = Sub(s, x) slice = Tanh(after) }>""",
        [{"m": m, "c": c, "x": floats(4)} for m in counts(3, 1) for c in flags(True, False)]),
    "nothing-carried": ("int64 m, float[4] x", "float[M,4] all", """
        all = Loop(m, yes) <body = step (int64 i, bool g) => (bool h, float[4] slice) { h = Identity(g) n = Cast<to = 1>(i) slice = Mul(x, n) }>""",
        [{"m": m, "x": floats(4)} for m in counts(3, 1)]),
    "nested": ("int64 m, int64 k, float[N] x", "float[N] y", """scale = Mul(x, half)
        y = Loop(m, yes, x) <body = outer (int64 i, bool g, float[N] before) => (bool h, float[N] after) {
            h = Identity(g)
            inner = Loop(k, yes, before) <body = inner_step (int64 j, bool p, float[N] b) => (bool q, float[N] a) {
                q = Identity(p) n = Add(i, j) r = Cast<to = 1>(n) s = Mul(scale, r) t = Tanh(b) a = Add(t, s) }>
            after = Mul(inner, half) }>""",
        [{"m": m, "k": k, "x": floats(4)} for m in counts(0, 1, 3) for k in counts(0, 2)]),
    "if-inside": ("int64 m, bool c, float[N] x", "float[N] y", """
        y = Loop(m, yes, x) <body = step (int64 i, bool g, float[N] before) => (bool h, float[N] after) {
            h = Identity(g) odd = Mod(i, two_int) is_odd = Equal(odd, one_int) takes = And(is_odd, c)
            after = If(takes) <then_branch = then () => (float[N] a) { t = Tanh(before) a = Add(t, x) }, else_branch = other () => (float[N] b) { b = Mul(before, half) }> }>""",
        [{"m": m, "c": c, "x": floats(4)} for m in counts(0, 1, 2, 5) for c in flags(True, False)]),
    "inside-if": ("int64 m, bool c, float[N] x", "float[N] y", """
        y = If(c) <then_branch = then () => (float[N] a) {
            a = Loop(m, yes, x) <body = step (int64 i, bool g, float[N] before) => (bool h, float[N] after) {
                t = Tanh(before) after = Add(t, x) size = ReduceMax<keepdims = 0>(after) h = Less(size, large) }> },
          else_branch = other () => (float[N] b) {
            b = Loop(two_int, yes, x) <body = step2 (int64 i2, bool g2, float[N] before2) => (bool h2, float[N] after2) { h2 = Identity(g2) after2 = Exp(before2) }> }>""",
        [{"m": m, "c": c, "x": 0.1 * floats(4)} for m in counts(0, 1, 30) for c in flags(True, False)]),
    # A greedy decoder that ends with a token or after as many as there is room for.
    "decoder": ("int64[1] first, float[1,6] h, int64 most, int64 last", "int64[1,20] y, int64 count", """
        c = Constant<value = bool {1}>()
        token, state, y, count = Loop(most, c, first, h, blank, zero_int) <body = step
          (int64 i, bool g, int64[1] before, float[1,6] hidden, int64[1,20] text, int64 n) => (bool more, int64[1] token, float[1,6] next, int64[1,20] written, int64 n1) {
            x = Gather(embedding, before) p = MatMul(hidden, whh) q = Add(x, p) next = Tanh(q) logits = MatMul(next, wout)
            token = ArgMax<axis = 1, keepdims = 0>(logits) here = Equal(positions, i) written = Where(here, token, text)
            n1 = Add(n, one_int) is_last = Equal(token, last) any = Squeeze(is_last, zero_ints) more = Not(any) }>""",
        [{"first": np.array([token]), "h": floats(1, 6), "most": most, "last": last} for token in (0, 3, 7) for most in counts(20, 3, 0) for last in counts(2, 5)]),
    # What torch.jit.script makes of `text = torch.cat([text, step], 1)`.
    "growing-tensors": ("int64 m, float[N,2] x", "float[N,K] y, float[R,2] z, float[N,2] s", """
        y, z, s = Loop(m, yes, x, x, x) <body = step (int64 i, bool g, float[N,K0] before, float[R0,2] rows, float[N,2] state)
          => (bool h, float[N,K1] after, float[R1,2] more, float[N,2] next) {
            h = Identity(g) n = Cast<to = 1>(i) t = Mul(state, half) next = Add(t, n) after = Concat<axis = -1>(before, next) more = Concat<axis = 0>(rows, t, next) }>""",
        [{"m": m, "x": floats(n, 2)} for n in (1, 5) for m in counts(3, 0, 1, -2)]),
    "growing-from-nothing": ("int64 m, float[1,3] x", "float[A,3] y", """
        y = Loop(m, , nothing) <body = step (int64 i, bool g, float[A0,3] before) => (bool h, float[A1,3] after) {
            n = Cast<to = 1>(i) t = Mul(x, n) after = Concat<axis = 0>(before, t) size = ReduceMax<keepdims = 0>(t) h = Less(size, large) }>""",
        [{"m": m, "x": 0.5 * floats(1, 3)} for m in counts(4, 0, 40)]),
    "growing-while": ("float[N,1] x", "float[N,K] y, int64 n", """
        y, n = Loop(, yes, x, zero_int) <body = step (int64 i, bool g, float[N,K0] before, int64 k) => (bool h, float[N,K1] after, int64 k1) {
            k1 = Add(k, one_int) f = Cast<to = 1>(k1) t = Mul(x, f) after = Concat<axis = 1>(before, t)
            size = ReduceMax<keepdims = 0>(t) is_small = Less(size, large) fits = Less(k1, five) h = And(fits, is_small) }>""",
        [{"x": scale * floats(n, 1)} for n in (1, 4) for scale in (0.1, 1, 10)]),
    "growing-while-in-branches": ("float[N,1] x", "float[N,K] y, int64 n", """
        y, n = Loop(, yes, x, zero_int) <body = step (int64 i, bool g, float[N,K0] before, int64 k) => (bool h, float[N,K1] after, int64 k1) {
            k1 = Add(k, one_int) f = Cast<to = 1>(k1) t = Mul(x, f) after = Concat<axis = 1>(before, t) fits = Less(k1, five) c = Cast<to = 9>(fits)
            h = If(c) <then_branch = then () => (bool a) { size = ReduceMax<keepdims = 0>(t) a = Less(size, large) }, else_branch = other () => (bool b) { b = Identity(no) }> }>""",
        [{"x": scale * floats(n, 1)} for n in (1, 4) for scale in (0.1, 1, 10)]),
    "growing-sequence": ("float[6,4] x", "float[12,4] y, int64 z", """empty = SequenceEmpty()
        s = Loop(two_int, yes, empty) <body = step (int64 i, bool g, seq(float[6,4]) before) => (bool h, seq(float[6,4]) after) {
            h = Identity(g) n = Cast<to = 1>(i) t = Mul(x, n) after = SequenceInsert(before, t) }>
        y = ConcatFromSequence<axis = 0>(s) z = SequenceLength(s)""",
        [{"x": floats(6, 4)}]),
}  # fmt: skip
CONSTANTS = {
    "zero": np.float32(0), "small": np.float32(0.01), "large": np.float32(3), "yes": np.bool_(True), "no": np.bool_(False),
    "two_int": np.int64(2), "five": np.int64(5), "start": np.zeros(4, np.float32), "nothing": np.zeros((0, 3), np.float32), "half": np.float32(0.5), "zero_int": np.int64(0), "one_int": np.int64(1), "minus_one1": np.array([-1]), "fast": np.int64(16000),
    "zero_ints": np.array([0]), "zero_one_64": np.array([0, 1, 64]), "zero_one_32": np.array([0, 1, 32]), "k8": floats(8, 1, 8), "k4": floats(8, 1, 4),
    "lw": floats(1, 32, 8), "lr": floats(1, 32, 8), "lw2": floats(1, 32, 8), "lr2": floats(1, 32, 8), "lb": floats(1, 64), "wo": floats(8, 1),
    "blank": np.full((1, 20), -1), "positions": np.arange(20).reshape(1, 20), "embedding": floats(11, 6), "whh": floats(6, 6), "wout": floats(6, 11),
    "one_two": np.array([1, 2]), "zero_four_eight": np.array([0, 4, 8]), "zero_four_four": np.array([0, 4, 4]),
    "w": floats(4, 3), "v": floats(4, 3), "w8": floats(8, 5), "w4": floats(4, 5),
}  # fmt: skip


def write(path, inputs, results, nodes):
    text = f'<ir_version: 8, opset_import: ["" : 17]> main ({inputs}) => ({results}) {{ {nodes} }}'
    model = onnx_parser.parse_model(text)
    for name, value in CONSTANTS.items():
        if name in nodes.replace(",", " ").replace(")", " ").replace("(", " ").split():
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), name))
    path.write_bytes(model.SerializeToString())
    return model


def compare(programs, model, library, runs, has_state=False):
    compiled = dlc.Model(library)
    state = compiled.new_state() if has_state else None  # the runs use it while it lives
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for inputs in runs:
        expected, actual = session.run(None, inputs), compiled.run(inputs)
        for value, result in zip(expected, model.graph.output, strict=True):
            assert actual[result.name].shape == value.shape and actual[result.name].dtype == value.dtype
            np.testing.assert_allclose(actual[result.name], value, rtol=2e-5, atol=1e-6, err_msg=f"{result.name} of {inputs}")
    del state


@pytest.mark.parametrize("name", IFS)
def test_if(programs, tmp_path, name):
    inputs, results, nodes, runs = IFS[name]
    model = write(tmp_path / "model.onnx", inputs, results, nodes)
    compare(programs, model, programs.compile(tmp_path / "model.onnx", "model.so"), runs)


@pytest.mark.parametrize("name", LOOPS)
def test_loop(programs, tmp_path, name):
    inputs, results, nodes, runs = LOOPS[name]
    model = write(tmp_path / "model.onnx", inputs, results, nodes)
    compare(programs, model, programs.compile(tmp_path / "model.onnx", "model.so"), runs)


@pytest.mark.parametrize("name", [*IFS, *LOOPS])
def test_exported_model(programs, tmp_path, name):
    """What is written as ONNX gives ONNX Runtime what the original does."""
    inputs, results, nodes, runs = {**IFS, **LOOPS}[name]
    model = write(tmp_path / "model.onnx", inputs, results, nodes)
    exported = programs.compile(tmp_path / "model.onnx", "exported.onnx").read_bytes()
    sessions = [onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]) for data in (model.SerializeToString(), exported)]
    for run in runs:
        if (name == "element-condition" and not run["c"]) or (name.startswith("growing") and run.get("m", 1) <= 0):
            continue  # ONNX Runtime fails on a Scan without steps
        expected, actual = (session.run([result.name for result in model.graph.output], run) for session in sessions)
        for value, other in zip(expected, actual, strict=True):
            assert value.shape == other.shape and value.dtype == other.dtype
            np.testing.assert_allclose(other, value, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("options", [("-O0",), ("--replaceable-weights",), ("--math=strict", "--check-bounds")], ids=" ".join)
@pytest.mark.parametrize("name", ["weights", "nested", "in-scan", "scan-inside", "two-rates"])
def test_if_options(programs, tmp_path, name, options):
    inputs, results, nodes, runs = IFS[name]
    model = write(tmp_path / "model.onnx", inputs, results, nodes)
    library = programs.compile(tmp_path / "model.onnx", "model.so", *options)
    compare(programs, model, library, runs, has_state="--replaceable-weights" in options and name != "nested")


@pytest.mark.parametrize("phase", ["import", "graph", "layout", "kernels", "program"])
def test_text_of_every_phase(programs, tmp_path, phase):
    """Compilation goes on from what a phase prints, and gives the same library."""
    for name, (inputs, results, nodes, _) in {"nested": IFS["nested"], "inside-if": LOOPS["inside-if"]}.items():
        write(tmp_path / f"{name}.onnx", inputs, results, nodes)
        programs.compile(tmp_path / f"{name}.onnx", "text.mlir", f"--compile-to={phase}")
        whole = programs.compile(tmp_path / f"{name}.onnx", "model.so").read_bytes()
        assert programs.compile(tmp_path / "text.mlir", "model.so").read_bytes() == whole


def test_checks_of_a_branch(programs, tmp_path):
    """A run checks only what the branch takes for granted that it takes."""
    inputs, results, nodes, _ = IFS["two-rates"]
    write(tmp_path / "model.onnx", inputs, results, nodes)
    compiled = dlc.Model(programs.compile(tmp_path / "model.onnx", "model.so"))
    for rate, extent in [(16000, 16), (16000, 33), (8000, 32)]:
        with pytest.raises(ValueError, match="(wide|narrow)"):
            compiled.run({"rate": np.int64(rate), "x": floats(2, extent)})
