# SPDX-License-Identifier: Apache-2.0
"""Every elementwise, comparing, converting, reducing, moving and selecting operation on every element type, as nodes that test_operators_agree.py
builds in several ways. Operands hold NaN, infinities, zeros of both signs, denormals and the ends of each type's range; sums and products over
them are exact in any order, unless a case says that it rounds.

An operation that registers itself and is neither in `cases` nor in `ELSEWHERE` fails a test.
"""
import dataclasses

import ml_dtypes
import numpy as np

FLOATS = {"f64": np.float64, "f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
SIGNED = {f"i{bits}": np.dtype(f"int{bits}").type for bits in (64, 32, 16, 8)}
UNSIGNED = {f"u{bits}": np.dtype(f"uint{bits}").type for bits in (64, 32, 16, 8)}
TYPES = {**FLOATS, **SIGNED, **UNSIGNED, "i1": np.bool_}
CLASSES = {"real": {*FLOATS}, "integer": {*SIGNED, *UNSIGNED}, "bool": {"i1"}, "any": {*TYPES}, "number": {*TYPES} - {"i1"}}

ELSEWHERE = {
    "test_sums_of_products.py, test_convolution_gradients.py (sums of products)": "Conv ConvTranspose Einsum Gemm MatMul LeastSquares",
    "test_attention.py (softmax of products)": "Attention FlexAttention LinearAttention RotaryEmbedding TensorScatter CausalConvWithState",
    "test_loop_kernels.py, test_deformable_convolution.py (sums that round)": "Det RoiAlign MaxRoiPool DeformConv",
    "test_bit_cast.py": "BitCast",
    "test_recurrent_kernels.py, test_loops.py": "GRU LSTM RNN Scan",
    "test_onnx_training.py, test_trainable_functions.py, test_loss_node.py": "Adagrad Adam Gradient Momentum Loss StopGradient Assign ApplyGradients Call",
    "test_onnx_ops.py (statistics of rows, interpolation: sums that round)":
        "BatchNormalization GroupNormalization InstanceNormalization LayerNormalization RMSNormalization LRN MeanVarianceNormalization Resize Upsample",
    "test_onnx_ops.py (losses)": "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
    "random numbers, test_onnx_ops.py, test_onnx_random.py":
        "Dropout RandomUniformLike RandomNormalLike RandomUniform RandomNormal Bernoulli Multinomial",
    "test_onnx_ml.py (ai.onnx.ml)":
        "Scaler Normalizer Imputer Binarizer FeatureVectorizer ArrayFeatureExtractor OneHotEncoder LabelEncoder ZipMap LinearRegressor LinearClassifier "
        "SVMRegressor SVMClassifier",
    "test_onnx_trees.py": "TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor",
    "test_opset_28.py": "SwiGLU",
    "test_onnx_indexing.py (several types, duplicates, symbolic extents)":
        "GatherND ScatterND ScatterElements Scatter ReverseSequence OneHot Trilu EyeLike CumSum CumProd",
    "test_onnx_sequences.py (what a model holds while it is imported)":
        "SequenceEmpty SequenceConstruct SequenceInsert SequenceErase SequenceAt SequenceLength SequenceMap ConcatFromSequence SplitToSequence"
        " Optional OptionalHasElement OptionalGetElement",
    "test_onnx_signal.py (sums that round)":
        "DFT STFT HannWindow HammingWindow BlackmanWindow MelWeightMatrix GridSample AffineGrid Col2Im MaxUnpool CenterCropPad",
    "test_quantization.py, test_integer_products.py": "QuantizeLinear DequantizeLinear DynamicQuantizeLinear MatMulInteger ConvInteger QLinearMatMul QLinearConv",
    "test_integer_products.py (operations of ONNX Runtime)":
        "DynamicQuantizeLSTM DynamicQuantizeMatMul MatMulIntegerToFloat QAttention "
        "MatMulNBits QGemm QLinearAdd QLinearAveragePool QLinearConcat "
        "QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearSigmoid "
        "QLinearSoftmax QLinearWhere",
    "test_fused_ops.py, test_fused_attention.py (com.microsoft)":
        "BiasGelu FastGelu QuickGelu BiasSplitGelu FusedConv FusedGemm FusedMatMul TransposeMatMul SkipLayerNormalization SkipSimplifiedLayerNormalization "
        "SimplifiedLayerNormalization EmbedLayerNormalization MultiHeadAttention GroupQueryAttention",
    "test_onnx_control_flow.py, test_json_control_flow.py": "If Loop",
    "known while importing, or an error; test/frontend/onnx": "Shape Size Constant ConstantOfShape",
    "test_data_sizes.py (results whose extents data decides)": "NonZero Compress Unique NonMaxSuppression Range",
}  # fmt: skip


@dataclasses.dataclass(eq=False)
class Case:
    """A node. Operands are names of shared inputs, or arrays (constants in every form of the model); None leaves one out."""

    op: str
    type: str
    operands: list
    attributes: dict = dataclasses.field(default_factory=dict)
    results: int = 1
    ulps: float = 0  # what another instruction set, level or position may change: the order of a sum, or products fused with sums; 0: no bit
    absolute: float = 0  # the same where terms cancel, in units of the last place of 1
    free_zero: bool = False  # whether the sign of a zero may be either (ONNX leaves it open, as IEEE 754 does for max and min)
    json: bool = True  # whether nodes of JSON models have it, too

    @property
    def key(self):
        extra = "".join(f" {k}={v}" for k, v in self.attributes.items())
        return f"{self.op}<{self.type}>({', '.join(o if isinstance(o, str) else '-' if o is None else str(o.tolist()) for o in self.operands)}){extra}"


def ends(kind):
    """The values that matter in an element type."""
    dtype = TYPES[kind]
    if kind == "i1":
        return np.array([False, True])
    if kind in FLOATS:
        info = ml_dtypes.finfo(dtype)
        numbers = [np.nan, np.inf, 0.0, -0.0, float(info.smallest_subnormal), float(info.tiny), float(info.max), 1, 0.5, 1.5, 2.5, 3, 20.25, 127.5,
                   128, 255.5, 256, 32768.5, 65535.5, 65536, 2.0**31, 2.0**32, 2.0**63, 2.0**64, 1e-3, 90]  # fmt: skip
        with np.errstate(over="ignore"):
            values = np.array([*numbers, *(-n for n in numbers[1:] if n != 0)], np.float64)
            return np.unique(values.astype(dtype).view(f"u{np.dtype(dtype).itemsize}")).view(dtype)
    info = np.iinfo(dtype)
    numbers = [info.min, info.min + 1, info.max, info.max - 1, info.max // 2 + 1, 0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 100, -1, -2, -3, -8, -100]
    return np.array(sorted({n for n in numbers if info.min <= n <= info.max}), dtype)


def few(kind):
    """Fewer of them, whose pairs are known elements while importing: at most 1024."""
    values = ends(kind)
    if kind not in FLOATS:
        return values
    chosen = [np.nan, np.inf, -np.inf, 0.0, -0.0, float(ml_dtypes.finfo(TYPES[kind]).smallest_subnormal), float(ml_dtypes.finfo(TYPES[kind]).max), 1, -1,
              0.5, -1.5, 2.5, -3, 20.25, -128, 2.0**31, -2.0**63]  # fmt: skip
    with np.errstate(over="ignore"):
        return np.array(chosen, np.float64).astype(TYPES[kind])


def summable(kind, rows=7, columns=19):
    """Rows whose sums and products no order changes: small numbers, with NaN, infinities and zeros in some of them."""
    random = np.random.default_rng(5)
    if kind == "i1":
        x = random.integers(0, 2, (rows, columns)).astype(bool)
        x[0], x[1] = False, True
        return x
    if kind not in FLOATS:
        values = ends(kind)
        return values[random.integers(0, len(values), (rows, columns))]
    x = random.choice([1.0, -1.0, 2.0, -2.0, 0.5, 1.0, 1.0], (rows, columns))
    x[1, 3], x[2, 0], x[2, 18], x[3, 17] = np.nan, np.inf, np.nan, -np.inf
    x[4], x[5, 2], x[6] = 0.0, 0.0, -np.inf
    return x.astype(TYPES[kind])


def shared_inputs(kind):
    """The tensors that the cases of an element type read."""
    values, pairs = ends(kind), few(kind)
    random = np.random.default_rng(3)
    return {
        f"x_{kind}": values,
        f"p_{kind}": values[:, None],
        f"a_{kind}": pairs[:, None],
        f"b_{kind}": pairs,
        f"r_{kind}": summable(kind),
        f"image_{kind}": np.resize(np.concatenate([summable(kind)[0], pairs]), (1, 4, 4, 6)) if kind in FLOATS else np.resize(values, (1, 4, 4, 6)),
        f"unit_{kind}": random.permutation(np.resize(values, 30)).reshape(5, 6),
        # Norms and logarithms of integers are taken in f64, where sums of the ends of 64-bit ranges would round.
        f"s_{kind}": summable(kind) if kind in FLOATS or kind == "i1" else (np.arange(7 * 19) % 11 + 1).astype(TYPES[kind]).reshape(7, 19),
        f"c_{kind}": np.resize([True, False, False], len(pairs)),
    }


UNARY = {
    "number": "Abs Neg Sign Relu",
    "real": "Ceil Floor Round Sqrt Reciprocal Exp Log Erf Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh IsNaN IsInf Celu Elu Gelu HardSigmoid "
            "HardSwish LeakyRelu Mish Selu Sigmoid Softplus Softsign Swish Tanh ThresholdedRelu",
    "integer": "BitwiseNot", "bool": "Not", "any": "Identity",
}  # fmt: skip
BINARY = {
    "number": "Add Sub Mul Div Max Min PRelu Pow Greater GreaterOrEqual Less LessOrEqual Sum", "any": "Equal", "bool": "And Or Xor",
    "integer": "BitwiseAnd BitwiseOr BitwiseXor", "real": "Mean",
}  # fmt: skip
REDUCTIONS = {"number": "Sum Mean Prod L1 L2 LogSum LogSumExp SumSquare", "any": "Max Min"}
# Of equal zeros either may be the result, or the sum of none begins with +0.
FREE_ZERO = {"Max", "Min", "Clip", "Relu", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceL1", "MaxPool", "GlobalMaxPool", "TopK", "HardSigmoid", "HardSwish"}


# Functions that are polynomials and quotients: several roundings.
APPROXIMATIONS = {*UNARY["real"].split()} - {*"Ceil Floor Round Sqrt Reciprocal IsNaN IsInf".split()} | {"Pow", "Mean", "Shrink"}


def ints(*values):
    return np.array(values, np.int64)


def cases(kind, refused=False):
    """The nodes for one element type, or those that are rejected because the operation does not support it."""
    result = []
    x, a, b, r, image, unit = (f"{name}_{kind}" for name in ("x", "a", "b", "r", "image", "unit"))

    def add(op, *operands, accepted="any", **keywords):
        if (kind in CLASSES[accepted]) == (not refused):
            names = {"results", "ulps", "json"}
            attributes = {k: v for k, v in keywords.items() if k not in names}
            settings = {"ulps": 4 if op in APPROXIMATIONS else 0, "absolute": 8 if op in ("Gelu", "HardSwish", "HardSigmoid") else 0, **{k: v for k, v in keywords.items() if k in names}}
            result.append(Case(op, kind, list(operands), attributes, free_zero=op in FREE_ZERO, **settings))

    for accepted, ops in UNARY.items():
        for op in ops.split():
            add(op, x, accepted=accepted)
    # Of integers, ONNX's takes real numbers and truncates; the dialect's op, which nodes of JSON models are, takes none.
    add("Shrink", x, accepted="number", json=kind in FLOATS)
    add("Gelu", x, accepted="real", approximate="tanh")
    add("IsInf", x, accepted="real", detect_negative=0)
    for to in TYPES:
        if to != kind:
            add("Cast", x, to=to)
    for accepted, ops in BINARY.items():
        for op in ops.split():
            add(op, a, b, accepted=accepted)
    for exponent in (2, 3, 0, -1, 0.5) if kind in FLOATS else (2, 3, 0, -1) if kind in SIGNED else (2, 3, 0):
        add("Pow", x, np.array(exponent, TYPES[kind]), accepted="number")
    for op in "Add Sub Mul Div Max".split():
        add(op, f"p_{kind}", x, accepted="number")  # more elements than are known while importing
    add("Mod", a, b, accepted="number")
    add("Mod", a, b, accepted="number", fmod=1)
    for direction in ("LEFT", "RIGHT"):
        add("BitShift", a, b, accepted="integer", direction=direction)
    number = lambda value: np.array(value, TYPES[kind])
    add("Clip", x, number(1), number(3), accepted="number")
    add("Clip", x, number(2), None, accepted="number")
    add("Clip", x, None, number(2), accepted="number")
    add("Clip", x, number(3), number(1), accepted="number")
    add("Max", x, number(1), accepted="number")
    add("Min", number(2), x, accepted="number")
    add("Where", f"c_{kind}", a, b)
    rounds = {"L2": 2, "LogSum": 4, "LogSumExp": 8}
    for accepted, ops in REDUCTIONS.items():
        for op in ops.split():
            for axes, keep in ((ints(1), 0), (ints(0), 1), (ints(0, 1), 0)):
                add("Reduce" + op, f"s_{kind}" if op in rounds else r, axes, accepted=accepted, keepdims=keep, ulps=rounds.get(op, 0))
    for op in ("ArgMax", "ArgMin"):
        for axis in (0, 1):
            for last in (0, 1):
                add(op, r, accepted="number", axis=axis, select_last_index=last, keepdims=axis)
    for largest in (0, 1):
        add("TopK", r, ints(5), accepted="number", axis=1, largest=largest, results=2)
        add("TopK", r, ints(3), accepted="number", axis=0, largest=largest, results=2)
    for axis in (0, 1):
        add("Softmax", r, accepted="real", axis=axis, ulps=16)
        add("LogSoftmax", r, accepted="real", axis=axis, ulps=16)
        add("Hardmax", r, accepted="real", axis=axis)
        for p in (1, 2):
            add("LpNormalization", r, accepted="real", axis=axis, p=p, ulps=4)
    pool = {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}
    add("MaxPool", image, accepted="number", results=2, **pool)
    add("AveragePool", image, accepted="real", ulps=4, **pool)
    add("LpPool", image, accepted="real", ulps=4, **pool)
    add("GlobalMaxPool", image, accepted="real")
    add("GlobalAveragePool", image, accepted="real", ulps=64)
    add("GlobalLpPool", image, accepted="real", ulps=64, json=False)
    add_movement(add, kind, x, b, image, unit)
    return result


def add_movement(add, kind, x, b, image, unit):
    number = lambda value: np.array(value, TYPES[kind])
    add("Concat", unit, unit, axis=0)
    add("Concat", b, x, axis=0)
    add("DepthToSpace", image, blocksize=2)
    add("DepthToSpace", image, blocksize=2, mode="CRD")
    add("SpaceToDepth", image, blocksize=2)
    add("Expand", unit, ints(2, 5, 6))
    add("Flatten", image, axis=2)
    add("Gather", unit, ints(3, -1, 0), axis=1)
    add("Gather", x, ints(1, 0), axis=0)
    add("GatherElements", unit, np.array([[0, 1, -1], [4, 3, 2]]), axis=0, json=False)
    add("Pad", unit, ints(1, 2, 0, 3), number(1))
    add("Pad", unit, ints(1, 2, 0, 3), mode="reflect")
    add("Pad", unit, ints(-1, 2, 1, -3), mode="edge")
    add("Reshape", unit, ints(3, -1, 2))
    add("Slice", unit, ints(1, -1), ints(4, -7), ints(0, 1), ints(2, -2))
    add("Slice", x, ints(1), ints(100))
    add("Split", unit, ints(1, 0, 4), axis=0, results=3)
    add("Squeeze", image, ints(0))
    add("Unsqueeze", unit, ints(0, 3))
    add("Tile", unit, ints(2, 3))
    add("Transpose", unit)
    add("CastLike", x, np.zeros(1, np.float32), json=False)
