# SPDX-License-Identifier: Apache-2.0
"""Attention of com.microsoft with its projections, masks, rotations and caches, against ONNX Runtime."""
import numpy as np
import onnx
import onnxruntime
import pytest
from contrib_family import ContribFamily
from test_onnx_ops import compare

RNG = np.random.default_rng(11)


def draw(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def test_attention(programs):
    family = ContribFamily("com.microsoft", x=draw(2, 5, 12), bias=draw(2, 3, 5, 5), one=draw(1, 1, 5, 5),
                           mask=np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], np.int32), ends=np.array([5, 2], np.int32), past=draw(2, 2, 3, 4, 6),
                           both=np.array([5, 4, 0, 2], np.int32), square=RNG.integers(0, 2, (2, 5, 5)).astype(np.int32))  # fmt: skip
    w, b = draw(12, 54), draw(54)
    family.contrib("Attention", "x", w, b, num_heads=3)
    family.contrib("Attention", "x", w, np.zeros(54, np.float32), num_heads=3, unidirectional=1)
    family.contrib("Attention", "x", w, b, "mask", num_heads=3)
    family.contrib("Attention", "x", w, b, "mask", num_heads=3, unidirectional=1, mask_filter_value=-50.0)
    family.contrib("Attention", "x", w, b, "ends", num_heads=3)
    family.contrib("Attention", "x", w, b, "both", num_heads=3, scale=0.7)
    family.contrib("Attention", "x", w, b, "square", num_heads=3)
    family.contrib("Attention", "x", w, b, None, None, "bias", num_heads=3)
    family.contrib("Attention", "x", w, b, "mask", None, "one", num_heads=3)
    family.contrib("Attention", "x", draw(12, 12 + 12 + 18), draw(42), num_heads=3, qkv_hidden_sizes=[12, 12, 18])
    family.contrib("Attention", "x", w, b, None, "past", num_heads=3, results=2)
    family.contrib("Attention", "x", w, b, np.ones((2, 9), np.int32), "past", num_heads=3, unidirectional=1, results=2)
    family.check(programs)


def test_multi_head_attention(programs):
    family = ContribFamily("com.microsoft", q=draw(2, 5, 12), k=draw(2, 7, 12), v=draw(2, 7, 18), s=draw(2, 5, 12), kc=draw(2, 3, 7, 4), vc=draw(2, 3, 7, 4),
                           pk=draw(2, 3, 4, 4), pv=draw(2, 3, 4, 4), mask=np.array([[1] * 7, [1] * 3 + [0] * 4], np.int32), ends=np.array([7, 3], np.int32),
                           bias=draw(2, 1, 5, 7), own=draw(2, 5, 12))  # fmt: skip
    b, c = draw(42), draw(36)
    family.contrib("MultiHeadAttention", "q", "k", "v", num_heads=3)
    family.contrib("MultiHeadAttention", "q", "k", "v", b, num_heads=3, scale=0.4)
    family.contrib("MultiHeadAttention", "q", "k", "v", b, "mask", num_heads=3)
    family.contrib("MultiHeadAttention", "q", "k", "v", None, "ends", num_heads=3)
    family.contrib("MultiHeadAttention", "q", "k", "v", None, "mask", "bias", num_heads=3, mask_filter_value=-30.0)
    family.contrib("MultiHeadAttention", "q", "kc", "vc", num_heads=3)
    family.contrib("MultiHeadAttention", "q", "own", "s", c, None, None, "pk", "pv", num_heads=3, results=3)
    family.contrib("MultiHeadAttention", "q", "own", "s", None, None, None, "pk", "pv", num_heads=3, unidirectional=1, results=3)
    family.contrib("MultiHeadAttention", "q", "own", "s", num_heads=3, unidirectional=1)
    family.check(programs)


def test_rotary_embedding(programs):
    cosine, sine = draw(20, 4), draw(20, 4)
    family = ContribFamily("com.microsoft", x=draw(2, 5, 24), y=draw(2, 3, 5, 8), z=draw(2, 5, 36), at=RNG.integers(0, 20, (2, 5)), start=np.array([6]))
    for interleaved in 0, 1:
        family.contrib("RotaryEmbedding", "x", "at", cosine, sine, interleaved=interleaved)
        family.contrib("RotaryEmbedding", "x", "start", cosine, sine, interleaved=interleaved)
        family.contrib("RotaryEmbedding", "y", "start", cosine, sine, interleaved=interleaved)
        family.contrib("RotaryEmbedding", "z", "at", cosine, sine, interleaved=interleaved, num_heads=3, rotary_embedding_dim=8)
    family.check(programs)


class Step:
    """One run of a GroupQueryAttention: batch, positions before it, new positions, and the last position of each sample."""

    def __init__(self, past, new, last=None, batch=2):
        self.past, self.new, self.batch = past, new, batch
        self.last = np.array([past + new - 1] * batch if last is None else last, np.int32)


# As exported: 4 heads that share 2 keys. A prompt, with padding, a token, a token with pasts of several lengths, and several tokens at once.
STEPS = [Step(0, 6), Step(0, 6, [5, 2]), Step(6, 1), Step(6, 1, [6, 3]), Step(1, 1, [1], batch=1), Step(3, 4, batch=1)]
FORMS = [
    {}, {"do_rotary": 1}, {"do_rotary": 1, "rotary_interleaved": 1, "packed": True}, {"local_window_size": 3}, {"softcap": 5.0, "scale": 0.6},
    {"do_rotary": 1, "norms": True, "qk_norm_epsilon": 1e-3}, {"bias": True},
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(form) or "plain")
def test_group_query_attention(programs, form):
    """Every step runs in one library, whose batch, past and new positions are symbols."""
    heads, groups, size = 4, 2, 16
    attributes = {key: value for key, value in form.items() if key not in ("packed", "norms", "bias")}
    w = {"cos": draw(40, 8), "sin": draw(40, 8), "norm": 1 + 0.1 * draw(size)}
    value = lambda name, shape, type=onnx.TensorProto.FLOAT: onnx.helper.make_tensor_value_info(name, type, shape)
    hidden = (heads + 2 * groups) * size if form.get("packed") else heads * size
    inputs = [value("q", ["B", "S", hidden]), value("pk", ["B", groups, "P", size]), value("pv", ["B", groups, "P", size]),
              value("last", ["B"], onnx.TensorProto.INT32), value("total", [], onnx.TensorProto.INT32)]  # fmt: skip
    if not form.get("packed"):
        inputs += [value("k", ["B", "S", groups * size]), value("v", ["B", "S", groups * size])]
    if form.get("bias"):
        inputs.append(value("bias", [1, heads, "S", "T"]))
    rotary, norms = form.get("do_rotary"), form.get("norms")
    operands = ["q", *(["", ""] if form.get("packed") else ["k", "v"]), "pk", "pv", "last", "total", *(["cos", "sin"] if rotary else ["", ""]), "",
                "bias" if form.get("bias") else "", "", "", "", *(["norm", "norm"] if norms else [])]  # fmt: skip
    while not operands[-1]:
        operands.pop()
    node = onnx.helper.make_node("GroupQueryAttention", operands, ["y", "key", "value"], "gqa", domain="com.microsoft", num_heads=heads, kv_num_heads=groups, **attributes)
    graph = onnx.helper.make_graph([node], "step", inputs, [onnx.helper.make_empty_tensor_value_info(n) for n in ("y", "key", "value")],
                                   [onnx.numpy_helper.from_array(a, n) for n, a in w.items() if n in operands])  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("com.microsoft", 1)], ir_version=10)
    onnx.save(model, programs.folder / "step.onnx")
    library = programs.compile("step.onnx", "step.so")
    if norms:  # ONNX Runtime has them on GPUs alone: normalize its operands
        del graph.node[0].input[14:]
        attribute = next(a for a in graph.node[0].attribute if a.name == "qk_norm_epsilon")
        graph.node[0].attribute.remove(attribute)
        model = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def normalize(x):
        rows = x.reshape(*x.shape[:2], -1, size)
        return (rows / np.sqrt((rows**2).mean(-1, keepdims=True) + form["qk_norm_epsilon"]) * w["norm"]).reshape(x.shape).astype(np.float32)

    for number, step in enumerate(STEPS):
        total = step.past + step.new
        arrays = {"q": draw(step.batch, step.new, hidden), "pk": draw(step.batch, groups, step.past, size), "pv": draw(step.batch, groups, step.past, size),
                  "last": step.last, "total": np.array(total, np.int32)}  # fmt: skip
        if not form.get("packed"):
            arrays |= {"k": draw(step.batch, step.new, groups * size), "v": draw(step.batch, step.new, groups * size)}
        if form.get("bias"):
            arrays["bias"] = draw(1, heads, step.new, total)
        expected = session.run(None, arrays if not norms else {**arrays, "q": normalize(arrays["q"]), "k": normalize(arrays["k"])})
        actual = programs.execute(library, arrays, ["y", "key", "value"])
        for sample, last in enumerate(step.last):
            # What is behind the end of a sample is nobody's.
            count = last + 1 if step.past == 0 else step.new
            compare(f"y of step {number}", actual["y"][sample, :count], expected[0][sample, :count])
            for i, name in enumerate(("key", "value"), 1):
                compare(f"{name} of step {number}", actual[name][sample, :, : last + 1], expected[i][sample, :, : last + 1])
