# SPDX-License-Identifier: Apache-2.0
"""Ops of com.microsoft as ONNX Runtime's optimizer writes them, against ONNX Runtime: activations and normalizations with what is before them."""
import numpy as np
import pytest
from contrib_family import ContribFamily

RNG = np.random.default_rng(7)


def draw(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def test_activations(programs):
    family = ContribFamily("com.microsoft", x=3 * draw(3, 5, 38), s=np.array([[np.nan, np.inf, -np.inf, 0, -0.0, 1e-40, -9, 9]], np.float32))
    bias = draw(38)
    for op in "Gelu", "FastGelu", "QuickGelu":
        family.contrib(op, "x")
    family.contrib("QuickGelu", "x", alpha=0.3)
    family.contrib("QuickGelu", "s", alpha=2.0)
    family.contrib("BiasGelu", "x", bias)
    family.contrib("FastGelu", "x", bias)
    family.contrib("FastGelu", family.contrib("Gelu", "x"))
    family.check(programs, dynamic=("x",), batches=(3, 1, 7))


def test_bias_split_gelu(programs):
    """ONNX Runtime has it on GPUs alone."""
    x, bias = 2 * draw(2, 7, 26), draw(26)
    family = ContribFamily("com.microsoft", x=x)
    name = family.contrib("BiasSplitGelu", "x", bias)
    import math

    import onnx

    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, [name])[name]
    left, right = np.split((x + bias).astype(np.float64), 2, axis=2)
    expected = left * right * (1 + np.vectorize(math.erf)(right / math.sqrt(2))) / 2
    np.testing.assert_allclose(actual, expected, atol=2e-5)


def test_fused_conv(programs):
    family = ContribFamily("com.microsoft", x=draw(2, 4, 5, 7), z=draw(2, 6, 5, 7))
    w, b = draw(6, 4, 3, 3), draw(6)
    for name, parameters in [("Relu", []), ("Sigmoid", []), ("Tanh", []), ("LeakyRelu", [0.3]), ("Clip", [-0.5, 0.75]), ("HardSigmoid", [0.25, 0.4])]:
        family.contrib("FusedConv", "x", w, b, "z", pads=[1, 1, 1, 1], activation=name, **({"activation_params": parameters} if parameters else {}))
    family.contrib("FusedConv", "x", w, b, pads=[1, 1, 1, 1])
    family.contrib("FusedConv", "x", w, strides=[2, 1], dilations=[1, 2], activation="Relu")
    family.contrib("FusedConv", "x", draw(8, 2, 2, 2), group=2, auto_pad="SAME_UPPER", activation="Tanh")
    family.check(programs)


def test_fused_gemm(programs):
    family = ContribFamily("com.microsoft", a=draw(5, 13), c=draw(5, 7))
    w = draw(13, 7)
    for name, parameters in [
        ("Relu", {}), ("Sigmoid", {}), ("Tanh", {}), ("Softplus", {}), ("Softsign", {}), ("LeakyRelu", {"alpha": 0.3}), ("Elu", {"alpha": 1.5}),
        ("HardSigmoid", {"alpha": 0.25, "beta": 0.4}), ("ThresholdedRelu", {"alpha": 0.5}), ("Selu", {"alpha": 1.25, "gamma": 1.1}),
    ]:  # fmt: skip
        family.contrib("FusedGemm", "a", w, "c", activation=name, **{f"activation_{k}": v for k, v in parameters.items()})
    family.contrib("FusedGemm", "a", draw(7, 13), draw(7), transB=1, alpha=0.5, beta=2.0, activation="Relu")
    family.contrib("FusedGemm", "a", draw(13, 1), activation="Tanh")
    family.check(programs)


def test_fused_matmul(programs):
    family = ContribFamily("com.microsoft", a=draw(3, 5, 7), b=draw(3, 7, 4), c=draw(5, 3, 7), d=draw(7, 3, 4), v=draw(7), m=draw(7, 7))
    family.contrib("FusedMatMul", "a", "b")
    family.contrib("FusedMatMul", "a", "b", alpha=-0.25)
    family.contrib("FusedMatMul", "b", "a", transA=1, transB=1, alpha=2.0)
    family.contrib("FusedMatMul", "a", "a", transB=1)
    family.contrib("FusedMatMul", "a", "a", transA=1)
    family.contrib("FusedMatMul", "c", "b", transBatchA=1)
    family.contrib("FusedMatMul", "a", "d", transBatchB=1)
    family.contrib("FusedMatMul", "c", "d", transBatchA=1, transBatchB=1, alpha=3.0)
    family.contrib("FusedMatMul", "v", "m", transA=1)
    family.contrib("FusedMatMul", "m", "v", transB=1)
    family.check(programs)


def test_skip_normalization(programs):
    family = ContribFamily("com.microsoft", x=draw(3, 5, 24), skip=draw(3, 5, 24), flat=draw(4, 24))
    gamma, beta, bias = draw(24), draw(24), draw(24)
    for extra in ([], [beta], [beta, bias], [None, bias]):
        family.contrib("SkipLayerNormalization", "x", "skip", gamma, *extra, epsilon=1e-5)
    family.contrib("SkipLayerNormalization", "x", draw(1, 5, 24), gamma, beta, epsilon=1e-3)
    family.contrib("SkipLayerNormalization", "x", draw(5, 24), gamma, beta)
    for extra in ([], [bias]):
        family.contrib("SkipSimplifiedLayerNormalization", "x", "skip", gamma, *extra, epsilon=1e-6)
    family.contrib("SkipSimplifiedLayerNormalization", "flat", "flat", gamma)
    family.add("SimplifiedLayerNormalization", "x", gamma, epsilon=1e-6)
    family.add("SimplifiedLayerNormalization", "x", draw(5, 24), axis=1)
    for op, operands in ("SkipLayerNormalization", [gamma, beta, bias]), ("SkipSimplifiedLayerNormalization", [gamma, bias]):
        name = family.contrib(op, "x", "skip", *operands, results=4)
        for i in 1, 2:
            family.outputs.remove(name[:-1] + str(i))
            family.nodes[-1].output[i] = ""
    family.check(programs)


@pytest.mark.parametrize("segments", [True, False])
def test_embedding(programs, segments):
    words = RNG.integers(0, 11, (3, 6)).astype(np.int32)
    family = ContribFamily("com.microsoft", w=words, s=RNG.integers(0, 2, (3, 6)).astype(np.int32), m=np.array([[1] * n + [0] * (6 - n) for n in (6, 1, 0)], np.int32),
                           p=RNG.integers(0, 9, (3, 6)).astype(np.int32))  # fmt: skip
    tables = [draw(11, 16), draw(9, 16), draw(2, 16) if segments else None, draw(16), draw(16)]
    ids = "s" if segments else None
    for extra in (["m"], ["m", "p"], []):
        family.contrib("EmbedLayerNormalization", "w", ids, *tables, *extra, results=2, epsilon=1e-6)
    family.contrib("EmbedLayerNormalization", "w", ids, *tables, "m", results=3)
    family.check(programs)


def test_unsupported(programs):
    """What the ops may ask for and dlc does not have is an error with the node's name."""
    import onnx

    family = ContribFamily("com.microsoft", x=draw(2, 3, 12))
    names = [family.contrib("Attention", "x", draw(12, 36), draw(36), num_heads=2, do_rotary=1),
             family.contrib("GroupQueryAttention", "x", None, None, None, None, np.array([2, 2], np.int32), np.array(3, np.int32), num_heads=2,
                            kv_num_heads=1, smooth_softmax=1),
             family.contrib("MultiHeadAttention", "x", num_heads=2), family.contrib("NoSuchOp", "x"),
             family.contrib("FusedGemm", draw(2, 3), draw(3, 2), activation="Mystery")]  # fmt: skip
    onnx.save(family.model(), programs.folder / "family.onnx")
    result = programs.run("dlc", "family.onnx", "-o", "family.so")
    assert result.returncode == 1
    for name in names:
        assert f"'{name}'" in result.stderr, result.stderr
