# SPDX-License-Identifier: Apache-2.0
"""A function for every op with a gradient rule, and for each case that the rule tells apart."""
import numpy as np
from gradient_check import Case, Input


def unary(name, low=-2, high=2, attributes="", op=None):
    body = f"%y = dlc.{op or name} %x {attributes} : {{x}} -> {{y}}"
    return Case(name, {"x": Input(["N", 7], low, high)}, ["N", 7], body, symbols=[{"N": 3}])


UNARY = [
    unary("abs"), unary("neg"), unary("sign"), unary("ceil"), unary("floor"), unary("round"), unary("sqrt", 0.3, 3), unary("reciprocal", 0.5, 3),
    unary("exp"), unary("log", 0.3, 3), unary("erf"), unary("sin"), unary("cos"), unary("tan", -1.2, 1.2), unary("asin", -0.9, 0.9),
    unary("acos", -0.9, 0.9), unary("atan"), unary("sinh"), unary("cosh"), unary("asinh"), unary("acosh", 1.2, 3), unary("atanh", -0.9, 0.9),
    unary("tanh"), unary("sigmoid"), unary("relu"), unary("leaky_relu", attributes="{alpha = 0.1 : f64}"),
    unary("thresholded_relu", attributes="{alpha = 0.7 : f64}"), unary("elu", attributes="{alpha = 1.3 : f64}"),
    unary("celu", attributes="{alpha = 1.7 : f64}"), unary("selu", attributes="{alpha = 1.6 : f64, gamma = 1.1 : f64}"), unary("softplus"),
    unary("softsign"), unary("hard_sigmoid", attributes="{alpha = 0.5 : f64, beta = 0.4 : f64}"), unary("hard_swish", -5, 5),
    unary("swish", attributes="{alpha = 1.5 : f64}"), unary("mish"), unary("gelu", attributes="{tanh_approximation = false}"),
    unary("gelu_tanh", attributes="{tanh_approximation = true}", op="gelu"), unary("shrink", attributes="{bias = 0.3 : f64, lambda = 0.6 : f64}"),
    unary("clamp", attributes="{low = -0.5 : f64, high = 0.9 : f64}"), unary("clamp_below", attributes="{low = 0.2 : f64}", op="clamp"),
]  # fmt: skip


def binary(name, lhs, rhs, result, op=None, attributes="", **keywords):
    body = f"%y = dlc.{op or name} %a, %b {attributes} : ({{a}}, {{b}}) -> {{y}}"
    return Case(name, {"a": lhs, "b": rhs}, result, body, **keywords)


BINARY = [
    binary("add", Input(["N", 7]), Input([7]), ["N", 7]),
    binary("add_scalar", Input([]), Input(["N", "T"]), ["N", "T"], op="add"),
    binary("sub", Input([3, 1, 5]), Input([4, 1]), [3, 4, 5]),
    binary("mul", Input(["N", 1, 5]), Input(["T", 5]), ["N", "T", 5]),
    binary("div", Input(["N", 5]), Input([1, 5], 0.5, 2), ["N", 5]),
    binary("max", Input([5, 7], spread=True), Input([5, 7], -1.7, 1.8, spread=True), [5, 7]),
    binary("min", Input(["N", 7], spread=True), Input([1], 0, 0.1), ["N", 7]),
    binary("mod", Input(["N", 7], 0.1, 8), Input([7], 1.1, 1.4), ["N", 7], attributes="{fmod = false}"),
    binary("fmod", Input([5, 7], -8, -0.1), Input([7], 1.1, 1.4), [5, 7], op="mod", attributes="{fmod = true}"),
    binary("pow", Input(["N", 7], 0.3, 2), Input([7]), ["N", 7]),
    binary("pow_integer", Input([5, 7]), Input([7], 0, 4, type="i64"), [5, 7], op="pow"),
    binary("prelu", Input(["N", 4, 5]), Input([4, 1]), ["N", 4, 5]),
    Case("where", {"c": Input(["N", 5], type="i1"), "a": Input(["N", 5]), "b": Input([5])}, ["N", 5],
         "%y = dlc.where %c, %a, %b : ({c}, {a}, {b}) -> {y}"),
    Case("cast", {"x": Input(["N", 5])}, ["N", 5],
         "%0 = dlc.cast %x {to = f64} : {x} -> {x}  %y = dlc.mul %0, %x : ({x}, {x}) -> {y}"),
]  # fmt: skip


def matmul(name, lhs, rhs, result, attributes=""):
    return binary(name, Input(lhs), Input(rhs), result, op="matmul", attributes=attributes)


def einsum(name, equation, operands, result, **keywords):
    inputs = {chr(ord("a") + i): Input(dims) for i, dims in enumerate(operands)}
    body = f'%y = dlc.einsum "{equation}" {", ".join("%" + i for i in inputs)} : ({", ".join("{%s}" % i for i in inputs)}) -> {{y}}'
    return Case(name, inputs, result, body, **keywords)


LINEAR = [
    matmul("matmul", ["N", 4], [4, 5], ["N", 5]),
    matmul("matmul_tn", [4, "N"], [4, 5], ["N", 5], "{transpose_lhs = true}"),
    matmul("matmul_nt", ["N", 4], [5, 4], ["N", 5], "{transpose_rhs = true}"),
    matmul("matmul_tt", [4, 3], [5, 4], [3, 5], "{transpose_lhs = true, transpose_rhs = true}"),
    matmul("matmul_rows", ["N", "T", 4], [4, 5], ["N", "T", 5]),
    matmul("matmul_rows_dynamic", ["N", 3, "T"], ["T", 2], ["N", 3, 2]),
    matmul("matmul_batches", [2, 1, 3, 4], [3, 4, 1], [2, 3, 3, 1]),
    matmul("matmul_batch_of_one", ["N", 3, 4], [1, 4, 2], ["N", 3, 2]),
    matmul("matmul_row", [4], [4, 5], [5]),
    matmul("matmul_column", ["N", 4], [4], ["N"]),
    matmul("matmul_row_batches", ["T"], ["N", "T", 2], ["N", 2]),
    matmul("matmul_column_batches", ["N", 3, "T"], ["T"], ["N", 3]),
    matmul("matmul_dot", [5], [5], []),
    einsum("einsum_product", "bij,bjk->bik", [["N", 3, 4], ["N", 4, 2]], ["N", 3, 2]),
    einsum("einsum_outer", "i,j->ij", [["N"], ["T"]], ["N", "T"]),
    einsum("einsum_three", "ij,jk,ki->i", [[3, 4], [4, 5], [5, 3]], [3]),
    einsum("einsum_sum", "ijk->j", [["N", 4, "T"]], [4]),
    einsum("einsum_lone", "ij,k->k", [["N", 4], [3]], [3]),
    einsum("einsum_diagonal", "ii->i", [[4, 4]], [4]),
    binary("least_squares", Input(["N + 3", 3]), Input(["N + 3", 2]), [3, 2]),
    binary("least_squares_square", Input([4, 4]), Input([4]), [4], op="least_squares"),
    binary("least_squares_batches", Input([2, "T", 2]), Input([2, "T"]), [2, 2], op="least_squares"),
    einsum("einsum_trace", "iji->j", [["N", 3, "N"]], [3]),
]  # fmt: skip


def reduce(kind, axes, dims, result, keep="false", low=-2, high=2, suffix=""):
    body = f"%y = dlc.reduce {kind} %x {{axes = array<i64: {axes}>, keep_dims = {keep}}} : {{x}} -> {{y}}"
    return Case(f"reduce_{kind}{suffix}", {"x": Input(dims, low, high, spread=kind in ("max", "min"))}, result, body)


REDUCTION = [
    reduce("sum", "0, 2", ["N", 4, "T"], [4]),
    reduce("mean", "1", ["N", "T", 2], ["N", 2]),
    reduce("mean", "0, 2", ["N", 4, "T"], [1, 4, 1], keep="true", suffix="_keep"),
    reduce("max", "1", ["N", "T", 2], ["N", 2]),
    reduce("min", "0, 1", [3, 5], [1, 1], keep="true"),
    reduce("prod", "1", ["N", "T"], ["N"]),
    reduce("l1", "0", ["N", 5], [5]),
    reduce("l2", "1", ["N", 5], ["N"]),
    reduce("log_sum", "1", ["N", 5], ["N"], low=0.5),
    reduce("log_sum_exp", "0, 1", ["N", 5], []),
    reduce("sum_square", "1", ["N", 5], ["N", 1], keep="true"),
]  # fmt: skip
ZEROS = np.array([[1, -2, 3.0, 4], [0, 2, 3, 1], [0, 0, 1, 2], [0, 3, 0, 0], [0, 0, 0, 0]])
REDUCTION += [
    Case("reduce_prod_of_zeros", {"x": Input([5, 4])}, [5], REDUCTION[5].body, constant={"x": ZEROS}, symbols=[{}]),
    # 1e-200 1e-200 1e200: the product underflows, products of two do not.
    Case("reduce_prod_underflow", {"x": Input([1, 3])}, [1],
         "%s = dlc.constant dense<[1.0e-200, 1.0e-200, 1.0e+200]> : tensor<3xf64> : tensor<3xf64>  %0 = dlc.mul %x, %s : ({x}, tensor<3xf64>) -> {x}"
         + REDUCTION[5].body.replace("%x", "%0"), constant={"x": np.array([[1e-3, 2e200, 3.0]])}, symbols=[{}]),
    reduce("prod", "1, 2", ["N", 3, "T"], ["N"], suffix="_of_two"),
    reduce("prod", "0", [1, 5], [1, 5], keep="true", suffix="_of_one"),
]  # fmt: skip


def movement(name, op, x, result, attributes, low=-2, high=2, **keywords):
    return Case(name, {"x": Input(x, low, high)}, result, f"%y = dlc.{op} %x {{{attributes}}} : ({{x}}) -> {{y}}", **keywords)


def concat(name, operands, result, axis, **keywords):
    inputs = {chr(ord("a") + i): Input(dims) for i, dims in enumerate(operands)}
    types = ", ".join("{%s}" % i for i in inputs)
    return Case(name, inputs, result, f"%y = dlc.concat {', '.join('%' + i for i in inputs)} {{axis = {axis} : i64}} : ({types}) -> {{y}}", **keywords)


def slice_(name, x, result, starts, sizes, steps, **keywords):
    lists = [("starts", starts), ("sizes", sizes), ("steps", steps)]
    return movement(name, "slice", x, result, ", ".join(f"{key} = array<i64: {', '.join(map(str, v))}>" for key, v in lists), **keywords)


def pad(name, x, result, low, high, mode, **keywords):
    lists = ", ".join(f"{key} = array<i64: {', '.join(map(str, v))}>" for key, v in (("low", low), ("high", high)))
    return movement(name, "pad", x, result, f"{lists}, mode = #dlc<pad_mode {mode}>", **keywords)


def resize(name, mode, size, scale, coordinates="half_pixel", antialias="false", x=("N", 2, 5, 4), roi=""):
    sizes = [-1, -1, *size]
    attributes = (
        f'antialias = {antialias}, coordinate_mode = "{coordinates}", cubic_coefficient = -0.75 : f64, exclude_outside = false, '
        f'extrapolation_value = 0.5 : f64, mode = #dlc<resize_mode {mode}>, nearest_mode = "floor", roi = array<f64{roi}>, '
        f"scales = array<f64: 1.0, 1.0, {scale[0]}, {scale[1]}>, sizes = array<i64: {', '.join(map(str, sizes))}>"
    )
    return movement(name, "resize", list(x), [*x[:2], *size], attributes, symbols=[{"N": 2}])


LONG = [{"N": 3, "T": 9}, {"N": 1, "T": 8}]
MOVEMENT = [
    movement("reshape", "reshape", ["N", 4, 6], ["N", 24], "shape = array<i64: -2, 24>"),
    movement("reshape_of_two", "reshape", ["N", "T", 6], ["N", 2, "T*3"], "shape = array<i64: -2, 2, -1>"),
    movement("transpose", "transpose", ["N", "T", 3], [3, "N", "T"], "permutation = array<i64: 2, 0, 1>"),
    movement("expand", "expand", [4, 1], [2, 4, 3], "shape = array<i64: 2, 1, 3>"),
    movement("tile", "tile", ["N", 3, 1], ["N*2", 3, 4], "repeats = array<i64: 2, 1, 4>"),
    concat("concat", [["N", 2], ["N", 1], ["N", 3]], ["N", 6], 1),
    concat("concat_dynamic", [[2, 3], ["N", 3], [1, 3]], ["N+3", 3], 0),
    concat("concat_of_two_dynamic", [["N", 2], ["T", 2]], ["N+T", 2], 0),
    concat("concat_empty", [[3, 2], [0, 2]], [3, 2], 0, symbols=[{}]),
    slice_("slice", ["N", 7, 5], ["N", 3, 2], [0, 2, 1], [-1, 3, 2], [1, 1, 1]),
    slice_("slice_steps", ["N", 9], ["N", 3], [0, 7], [-1, 3], [1, -3]),
    slice_("slice_dynamic", ["N", "T"], ["N", 3], [0, 1], [-1, 3], [1, 2], symbols=LONG),
    slice_("slice_nothing", ["N", 4], ["N", 0], [0, 1], [-1, 0], [1, 1]),
    pad("pad", ["N", 5], ["N+3", 4], [1, 0], [2, -1], "constant"),
    pad("pad_edge", ["N", 4], ["N", 9], [0, 2], [0, 3], "edge"),
    pad("pad_reflect", ["N", "T"], ["N", "T+5"], [0, 2], [0, 3], "reflect"),
    pad("pad_wrap", [2, 3], [3, 7], [0, 2], [1, 2], "wrap", symbols=[{}]),
    pad("pad_reflect_crop", [4, 5], [4, 5], [0, 2], [0, -2], "reflect", symbols=[{}]),
    Case("pad_value", {"x": Input(["N", 3]), "v": Input([])}, ["N", 6],
         "%y = dlc.pad %x, %v {low = array<i64: 0, 2>, high = array<i64: 0, 1>, mode = #dlc<pad_mode constant>} : ({x}, {v}) -> {y}"),
    Case("gather", {"x": Input([6, 4]), "i": Input(["N", 3], -6, 6, "i64")}, ["N", 3, 4],
         "%y = dlc.gather %x, %i {axis = 0 : i64} : ({x}, {i}) -> {y}"),
    Case("gather_inner", {"x": Input(["N", "T"]), "i": Input([4], -5, 5, "i64")}, ["N", 4],
         "%y = dlc.gather %x, %i {axis = 1 : i64} : ({x}, {i}) -> {y}"),
    Case("gather_one", {"x": Input([3, "T"]), "i": Input([], 0, 3, "i64")}, ["T"],
         "%y = dlc.gather %x, %i {axis = 0 : i64} : ({x}, {i}) -> {y}"),
    Case("scatter_add", {"x": Input([5, 3]), "i": Input(["N"], -5, 5, "i64"), "u": Input(["N", 3])}, [5, 3],
         "%y = dlc.scatter_add %x, %i, %u {axis = 0 : i64} : ({x}, {i}, {u}) -> {y}"),
    Case("update_slice", {"x": Input(["N", 7, 2]), "u": Input(["N", 3, 2]), "p": Input([], -1, 9, "i64")}, ["N", 7, 2],
         "%y = dlc.update_slice %x, %u, %p {axis = 1 : i64} : ({x}, {u}, {p}) -> {y}", symbols=[{"N": n} for n in (1, 2, 3, 4)]),
    Case("reshape_like", {"x": Input(["N*T"]), "z": Input(["N", "T"])}, ["N", "T"],
         "%0 = dlc.reshape_like %x, %z : ({x}, {z}) -> {z}  %y = dlc.mul %0, %z : ({z}, {z}) -> {y}"),
    Case("top_k", {"x": Input(["N", 9, 2], spread=True)}, ["N", 4, 2], "%y = dlc.top_k %x {axis = 1 : i64, k = 4 : i64} : {x} -> {y}"),
    Case("top_k_smallest", {"x": Input([11], spread=True)}, [3],
         "%y = dlc.top_k %x {axis = 0 : i64, k = 3 : i64, smallest = true} : {x} -> {y}"),
    resize("resize_linear", "linear", (10, 8), (2.0, 2.0)),
    resize("resize_down", "linear", (3, 4), (0.6, 1.0), antialias="true"),
    resize("resize_nearest", "nearest", (10, 7), (2.0, 1.75), "asymmetric"),
    resize("resize_cubic", "cubic", (7, 8), (1.4, 2.0), "align_corners"),
    resize("resize_crop", "linear", (4, 4), (0.8, 1.0), "tf_crop_and_resize", roi=": 0.0, 0.0, 0.1, 0.0, 1.0, 1.0, 0.8, 1.2"),
]  # fmt: skip


REGIONS = np.array([[0.3, 0.6, 3.1, 4.2], [-1.5, 1.2, 6.4, 2.9], [2.1, 2.05, 2.2, 2.2]])


def roi_align(name, attributes):
    inputs = {"x": Input(["N", 2, 5, 6]), "r": Input([3, 4]), "i": Input([3], 0, 1, "i64")}
    text = f"{{height = 2 : i64, width = 3 : i64, spatial_scale = 0.75 : f64, {attributes}}}"
    return Case(name, inputs, [3, 2, 2, 3], f"%y = dlc.roi_align %x, %r, %i {text} : ({{x}}, {{r}}, {{i}}) -> {{y}}",
                constant={"r": REGIONS}, symbols=[{"N": 1}, {"N": 2}])  # fmt: skip


def max_roi_pool(name, scale):
    """Of regions around images of 5 x 6, far from halves of pixels."""
    regions = np.concatenate([np.array([[0.0], [1.0], [0.0]]), np.round(REGIONS / scale)], 1) + 0.1
    inputs = {"x": Input([2, 2, 5, 6], spread=True), "r": Input([3, 5])}
    return Case(name, inputs, [3, 2, 2, 3], f"%y = dlc.max_roi_pool %x, %r {{height = 2 : i64, width = 3 : i64, spatial_scale = {scale} : f64}}"
                " : ({x}, {r}) -> {y}", constant={"r": regions}, symbols=[{}])  # fmt: skip


def sample_pixels(name, dims, positions):
    """Positions away from pixels, inside and outside the image."""
    spatial, low = len(dims), np.random.default_rng(3).integers(-2, 6, positions)
    inputs = {"x": Input(["N", 2, 3, *dims]), "p": Input(["N", *positions])}
    at = lambda count: np.broadcast_to(low + np.random.default_rng(4).uniform(0.1, 0.9, positions), (count, *positions)).copy()
    return Case(name, inputs, ["N", 2, 3, positions[1], positions[3]], "%y = dlc.sample_pixels %x, %p : ({x}, {p}) -> {y}",
                constant={"p": at(2)}, symbols=[{"N": 2}])  # fmt: skip


SAMPLING = [
    roi_align("roi_align", "sampling_ratio = 2 : i64, half_pixel = true"),
    roi_align("roi_align_adaptive", "sampling_ratio = 0 : i64"),
    roi_align("roi_align_adaptive_half_pixel", "sampling_ratio = 0 : i64, half_pixel = true"),
    max_roi_pool("max_roi_pool", 1.0), max_roi_pool("max_roi_pool_scaled", 0.5),
    sample_pixels("sample_pixels", [5, 6], [2, 4, 2, 7]), sample_pixels("sample_pixels_of_rows", [7], [2, 3, 1, 70]),
    sample_pixels("sample_pixels_of_volumes", [3, 4, 5], [2, 2, 3, 5]),
    Case("determinant", {"x": Input(["N", 4, 4])}, ["N"], "%y = dlc.determinant %x : {x} -> {y}"),
    Case("determinant_of_one", {"x": Input(["N", 1, 1])}, ["N"], "%y = dlc.determinant %x : {x} -> {y}"),
    Case("determinant_of_two", {"x": Input([2, "N", 2, 2])}, [2, "N"], "%y = dlc.determinant %x : {x} -> {y}"),
    Case("determinant_of_any", {"x": Input([3, "N", "N"], -1, 1)}, [3], "%y = dlc.determinant %x : {x} -> {y}",
         symbols=[{"N": 0}, {"N": 1}, {"N": 7}]),
    Case("determinant_singular", {"x": Input([3, 3])}, [], "%y = dlc.determinant %x : {x} -> {y}",
         constant={"x": np.arange(9.0).reshape(3, 3)}, symbols=[{}]),
    Case("determinant_of_rank_one", {"x": Input([3, 3])}, [], "%y = dlc.determinant %x : {x} -> {y}",
         constant={"x": np.ones((3, 3))}, symbols=[{}]),
]  # fmt: skip


def attention(name, query, key, value, attributes, mask=None, lengths=False, **keywords):
    inputs = {"q": Input(query), "k": Input(key), "v": Input(value)}
    extra = ""
    if mask:
        inputs["m"], extra = mask, " mask %m : {m}"
    if lengths:
        inputs["l"] = Input([query[0]], 0, 6, "i64")
        extra += " lengths %l : {l}"
    body = f"%y = dlc.attention %q, %k, %v{extra} {{scale = 0.6 : f64{attributes}}} : ({{q}}, {{k}}, {{v}}) -> {{y}}"
    return Case(name, inputs, [*query[:3], value[3]], body, **keywords)


NORMALIZATION = [
    Case("softmax", {"x": Input(["N", 5, 2])}, ["N", 5, 2], "%y = dlc.softmax %x {axes = array<i64: 1, 2>} : {x} -> {y}"),
    Case("log_softmax", {"x": Input(["N", "T"])}, ["N", "T"], "%y = dlc.log_softmax %x {axes = array<i64: 1>} : {x} -> {y}"),
    Case("layer_norm", {"x": Input(["N", "T", 6]), "s": Input([6]), "b": Input([6])}, ["N", "T", 6],
         "%y = dlc.layer_norm %x scale %s : {s} bias %b : {b} {axis = 2 : i64, epsilon = 0.01 : f64} : {x} -> {y}"),
    Case("layer_norm_bias", {"x": Input(["N", 3, 4]), "b": Input([1, 4])}, ["N", 3, 4],
         "%y = dlc.layer_norm %x bias %b : {b} {axis = 1 : i64, epsilon = 0.01 : f64} : {x} -> {y}"),
    Case("rms_norm", {"x": Input(["N", "T"]), "s": Input([1])}, ["N", "T"],
         "%y = dlc.layer_norm %x scale %s : {s} {axis = 1 : i64, epsilon = 0.01 : f64, root_mean_square = true} : {x} -> {y}"),
    Case("group_norm", {"x": Input(["N", 6, "T"]), "s": Input([6]), "b": Input([6])}, ["N", 6, "T"],
         "%y = dlc.group_norm %x, %s, %b {groups = 3 : i64, epsilon = 0.01 : f64} : ({x}, {s}, {b}) -> {y}"),
    Case("lrn", {"x": Input(["N", 5, 2, 3])}, ["N", 5, 2, 3],
         "%y = dlc.lrn %x {size = 4 : i64, alpha = 0.5 : f64, beta = 0.75 : f64, bias = 1.5 : f64} : {x} -> {y}", symbols=[{"N": 2}]),
    attention("attention", ["N", 2, 4, 3], ["N", 2, 5, 3], ["N", 2, 5, 2], ""),
    attention("attention_causal", [2, 4, "T", 3], [2, 2, "T", 3], [2, 2, "T", 2], ", right = 0 : i64, softcap = 1.5 : f64", symbols=[{"T": 5}]),
    attention("attention_mask", [2, 2, 3, 2], [2, 1, 4, 2], [2, 1, 4, 3], "", mask=Input([1, 2, 3, 4]), symbols=[{}]),
    attention("attention_lengths", ["N", 2, 3, 2], ["N", 2, 5, 2], ["N", 2, 5, 2],
              ", left = 2 : i64, right = 1 : i64, from_end = true", mask=Input([3, 5], type="i1"), lengths=True),
]  # fmt: skip
