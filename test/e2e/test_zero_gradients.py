# SPDX-License-Identifier: Apache-2.0
"""Elements that a model does not choose have gradients of 0 whatever the derivative at them is; where they are chosen, infinity and NaN
stay what they are; gradients of gradients, too."""
import numpy as np
import pytest
from gradient_check import Case, Input, check, write_function

dlc = pytest.importorskip("dlc")

X = {"c": Input([7], type="i1"), "x": Input([7])}
R = np.array([0.3, 0.7, 0.9])  # where all functions are smooth; acosh: 1 more


def unary(*ops):
    """`ops` one after the other, from %x to %f."""
    names = ["%x", *(f"%f{i}" for i in range(1, len(ops))), "%f"]
    return "".join(f"{result} = dlc.{op.replace('$', operand)} " for op, operand, result in zip(ops, names, names[1:]))


def plain(op):
    return op + " $ : {x} -> {x}"


TIMES_X = "mul $, %x : ({x}, {x}) -> {x}"
HALF = "%half = dlc.constant dense<0.5> : tensor<f64> : tensor<f64> "
# A function of %x, its derivative, and points where that is infinite or NaN or computed from what is.
FUNCTIONS = {
    "sqrt": (unary(plain("sqrt")), lambda x: 0.5 / np.sqrt(x), [0, -1]),
    "log": (unary(plain("log")), lambda x: 1 / x, [0, -1, -0.0]),
    "reciprocal": (unary(plain("reciprocal")), lambda x: -1 / x**2, [0]),
    "rsqrt": (unary(plain("sqrt"), plain("reciprocal")), lambda x: -0.5 * x**-1.5, [0, -1]),
    "exp": (unary(plain("exp")), np.exp, [1e4]),
    "sinh": (unary(plain("sinh")), np.cosh, [1e4, -1e4]),
    "cosh": (unary(plain("cosh")), np.sinh, [1e4, -1e4]),
    "asin": (unary(plain("asin")), lambda x: 1 / np.sqrt(1 - x * x), [1, -1, 2]),
    "acos": (unary(plain("acos")), lambda x: -1 / np.sqrt(1 - x * x), [1, -1, 2]),
    "acosh": (unary(plain("acosh")), lambda x: 1 / np.sqrt(x * x - 1), [1, 0, -1]),
    "atanh": (unary(plain("atanh")), lambda x: 1 / (1 - x * x), [1, -1, 2]),
    "entropy": (unary(plain("log"), TIMES_X), lambda x: np.log(x) + 1, [0, -1]),
    "tanh_of_log": (unary(plain("log"), plain("tanh")), lambda x: (1 - np.tanh(np.log(x)) ** 2) / x, [0, -1]),
    "sin_of_log": (unary(plain("log"), plain("sin")), lambda x: np.cos(np.log(x)) / x, [0, -1]),
    "sigmoid_of_sqrt": (unary(plain("sqrt"), plain("sigmoid")),
                        lambda x: 0.5 / np.sqrt(x) * np.exp(np.sqrt(x)) / (1 + np.exp(np.sqrt(x))) ** 2, [0, -1]),
    "abs_of_log": (unary(plain("log"), plain("abs")), lambda x: np.sign(np.log(x)) / x, [0, -1]),
    "power": (HALF + "%f = dlc.pow %x, %half : ({x}, tensor<f64>) -> {x} ", lambda x: 0.5 / np.sqrt(x), [0, -1]),
    "exponent": ("%f = dlc.pow %x, %x : ({x}, {x}) -> {x} ", lambda x: x**x * (np.log(x) + 1), [-1, -0.5]),
    "quotient": (HALF + "%f = dlc.div %half, %x : (tensor<f64>, {x}) -> {x} ", lambda x: -0.5 / x**2, [0]),
    "quotient_of_both": (unary(plain("sin")).replace("%f ", "%s ") + "%f = dlc.div %s, %x : ({x}, {x}) -> {x} ",
                         lambda x: np.cos(x) / x - np.sin(x) / x**2, [0]),
}  # fmt: skip
SHIFT = {"acosh": 1.0}
CHOICES = {
    "where": "%z = dlc.constant dense<0.0> : tensor<f64> : tensor<f64> %y = dlc.where %c, %f, %z : ({c}, {x}, tensor<f64>) -> {y}",
    # A mask, as that of a dropout, whose gradient does not ask what the result is.
    "mask": "%m = dlc.cast %c {to = f64} : {c} -> {x} %y = dlc.mul %f, %m : ({x}, {x}) -> {y}",
}  # fmt: skip


def choose(name, choice):
    return Case(f"{name}_{choice}", X, [7], FUNCTIONS[name][0] + CHOICES[choice])


def compile_cases(folder, cases, *options):
    (folder / "model.mlir").write_text("\n".join(map(write_function, cases)))
    return dlc.Model(dlc.compile(folder / "model.mlir", folder / "model.so", *options))


@pytest.mark.parametrize("options", [(), ("--math=fast",), ("-O0", "--math=strict")], ids=["default", "fast", "plain"])
def test_elements_that_are_not_chosen(tmp_path, options):
    model = compile_cases(tmp_path, [choose(name, choice) for name in FUNCTIONS for choice in CHOICES], *options)
    rng = np.random.default_rng(0)
    for name, (_, derivative, singular) in FUNCTIONS.items():
        for choice in CHOICES:
            x = np.concatenate([R + SHIFT.get(name, 0), np.resize(singular, 4)])
            c, w = np.arange(7) < 3, rng.uniform(0.5, 1, 7)
            entry = f"{name}_{choice}"
            dx = model.run({"c": c, "x": x, "w": w}, entry=entry)["dx"]
            np.testing.assert_allclose(dx[:3], w[:3] * derivative(x[:3]), rtol=1e-11, err_msg=entry)
            np.testing.assert_array_equal(dx[3:], np.zeros(4), err_msg=entry)
            # A gradient that is NaN, and an element that is selected, are not hidden.
            dx = model.run({"c": np.ones(7, bool), "x": x, "w": np.where(np.arange(7) == 1, np.nan, w)}, entry=entry)["dx"]
            assert np.isnan(dx[1]) and np.isfinite(dx[[0, 2]]).all(), entry
            if name not in ("tanh_of_log", "exponent"):
                assert not np.isfinite(dx[3]), entry


ROWS = {"c": Input([4, 1], type="i1"), "x": Input([4, 6])}
NORM = "{axis = 1 : i64, epsilon = 0.0 : f64"
REDUCED = "{axes = array<i64: 1>, keep_dims = true}"
ROW_FUNCTIONS = {
    "layer_norm": "%f = dlc.layer_norm %x " + NORM + "} : {x} -> {x}",
    "rms_norm": "%f = dlc.layer_norm %x " + NORM + ", root_mean_square = true} : {x} -> {x}",
    "group_norm": "%s = dlc.constant dense<[1.0, 2.0, 0.5, 1.0, 1.0, 3.0]> : tensor<6xf64> : tensor<6xf64>"
    " %f = dlc.group_norm %x, %s, %s {groups = 1 : i64, epsilon = 0.0 : f64} : ({x}, tensor<6xf64>, tensor<6xf64>) -> {x}",
    "softmax": "%b = dlc.constant dense<0xFFF0000000000000> : tensor<f64> : tensor<f64> %zero = dlc.constant dense<0.0> : tensor<f64> : tensor<f64>"
    " %limit = dlc.constant dense<-5.0> : tensor<f64> : tensor<f64> %seen = dlc.greater %x, %limit : ({x}, tensor<f64>) -> tensor<4x6xi1>"
    " %bias = dlc.where %seen, %zero, %b : (tensor<4x6xi1>, tensor<f64>, tensor<f64>) -> {x}"
    " %score = dlc.add %x, %bias : ({x}, {x}) -> {x} %f = dlc.softmax %score {axes = array<i64: 1>} : {x} -> {x}",
    "log_softmax_of_log": "%l = dlc.log %x : {x} -> {x} %f = dlc.log_softmax %l {axes = array<i64: 1>} : {x} -> {x}",
    "deviation": "%m = dlc.reduce mean %x " + REDUCED + " : {x} -> tensor<4x1xf64> %d = dlc.sub %x, %m : ({x}, tensor<4x1xf64>) -> {x}"
    " %q = dlc.mul %d, %d : ({x}, {x}) -> {x} %v = dlc.reduce mean %q " + REDUCED + " : {x} -> tensor<4x1xf64>"
    " %r = dlc.sqrt %v : tensor<4x1xf64> -> tensor<4x1xf64> %f = dlc.mul %d, %r : ({x}, tensor<4x1xf64>) -> {x}",
    "standardized": "%m = dlc.reduce mean %x " + REDUCED + " : {x} -> tensor<4x1xf64> %d = dlc.sub %x, %m : ({x}, tensor<4x1xf64>) -> {x}"
    " %q = dlc.mul %d, %d : ({x}, {x}) -> {x} %v = dlc.reduce mean %q " + REDUCED + " : {x} -> tensor<4x1xf64>"
    " %r = dlc.sqrt %v : tensor<4x1xf64> -> tensor<4x1xf64> %f = dlc.div %d, %r : ({x}, tensor<4x1xf64>) -> {x}",
    "log_sum": "%s = dlc.reduce log_sum %x " + REDUCED + " : {x} -> tensor<4x1xf64> %f = dlc.mul %x, %s : ({x}, tensor<4x1xf64>) -> {x}",
    "norm": "%s = dlc.reduce l2 %x " + REDUCED + " : {x} -> tensor<4x1xf64> %f = dlc.div %x, %s : ({x}, tensor<4x1xf64>) -> {x}",
    "lrn": "%p = dlc.reshape %x {shape = array<i64: 4, 6, 1>} : ({x}) -> tensor<4x6x1xf64>"
    " %n = dlc.lrn %p {size = 3 : i64, alpha = 0.5 : f64, beta = 0.75 : f64, bias = 0.0 : f64} : tensor<4x6x1xf64> -> tensor<4x6x1xf64>"
    " %f = dlc.reshape %n {shape = array<i64: 4, 6>} : (tensor<4x6x1xf64>) -> {x}",
}  # fmt: skip
SINGULAR_ROWS = {"softmax": -9.0, "log_softmax_of_log": -1.0, "log_sum": 0.0, "norm": 0.0, "rms_norm": 0.0, "lrn": 0.0}


def test_rows_that_are_not_chosen(tmp_path):
    """Rows without a spread, of zeros, or completely masked, beside rows that differences can judge."""
    choice = " %z = dlc.constant dense<0.0> : tensor<f64> : tensor<f64> %y = dlc.where %c, %f, %z : ({c}, {x}, tensor<f64>) -> {y}"
    cases = [Case(name, ROWS, [4, 6], body + choice) for name, body in ROW_FUNCTIONS.items()]
    # A channel of a batch that is the same everywhere.
    batch = " %f = dlc.batch_norm %x, %s, %s, %m, %v {epsilon = 0.0 : f64} : ({x}, tensor<6xf64>, tensor<6xf64>, tensor<6xf64>, tensor<6xf64>) -> {x}"
    own = (
        "%s = dlc.constant dense<[1.0, 2.0, 0.5, 1.0, 1.0, 3.0]> : tensor<6xf64> : tensor<6xf64>"
        " %m = dlc.reduce mean %x {axes = array<i64: 0>, keep_dims = false} : {x} -> tensor<6xf64> %d = dlc.sub %x, %m : ({x}, tensor<6xf64>) -> {x}"
        " %q = dlc.mul %d, %d : ({x}, {x}) -> {x} %v = dlc.reduce mean %q {axes = array<i64: 0>, keep_dims = false} : {x} -> tensor<6xf64>"
    )
    channels = {"c": Input([6], type="i1"), "x": Input([4, 6])}
    cases.append(Case("batch_norm", channels, [4, 6], own + batch + choice))
    model = compile_cases(tmp_path, cases)
    rng = np.random.default_rng(1)
    for case in cases:
        c, x = np.array([[True], [False], [True], [False]]), rng.uniform(0.2, 2, (4, 6))
        x[1] = x[3] = SINGULAR_ROWS.get(case.name, 0.5)
        if case.name == "batch_norm":
            c, x = np.arange(6) % 2 == 0, rng.uniform(0.2, 2, (4, 6))
            x[:, 1] = x[:, 3] = x[:, 5] = 0.5
        inputs = {"c": c, "x": x, "w": rng.uniform(-1, 1, (4, 6))}
        dx = model.run(inputs, entry=case.name)["dx"]
        np.testing.assert_array_equal(dx[~np.broadcast_to(c, x.shape)], 0, err_msg=case.name)
        for index in zip(*np.nonzero(np.broadcast_to(c, x.shape))):
            losses = []
            for step in (1e-6, -1e-6):
                moved = x.copy()
                moved[index] += step
                losses.append(float(model.run({**inputs, "x": moved}, entry=case.name)["loss"]))
            np.testing.assert_allclose(dx[index], (losses[0] - losses[1]) / 2e-6, rtol=1e-6, atol=1e-6, err_msg=case.name)


def test_other_choices(tmp_path):
    """Clipping, the larger of two, relu, and a model's own question for NaN leave out what they do not choose."""
    x7 = {"x": Input([7])}
    cases = [
        Case("clip", x7, [7], "%f = dlc.reciprocal %x : {x} -> {x} %y = dlc.clamp %f {low = -10.0 : f64, high = 10.0 : f64} : {x} -> {y}"),
        Case("max", x7, [7], "%l = dlc.constant dense<-5.0> : tensor<f64> : tensor<f64> %f = dlc.log %x : {x} -> {x} %y = dlc.max %f, %l : ({x}, tensor<f64>) -> {y}"),
        Case("min", x7, [7], "%l = dlc.constant dense<9.0> : tensor<f64> : tensor<f64> %f = dlc.reciprocal %x : {x} -> {x} %y = dlc.min %f, %l : ({x}, tensor<f64>) -> {y}"),
        Case("relu", x7, [7], "%f = dlc.log %x : {x} -> {x} %y = dlc.relu %f : {x} -> {y}"),
        Case("missing", x7, [7], "%n = dlc.is_nan %x : {x} -> tensor<7xi1> %q = dlc.mul %x, %x : ({x}, {x}) -> {x} %e = dlc.mul %q, %x : ({x}, {x}) -> {x}"
             " %z = dlc.constant dense<0.0> : tensor<f64> : tensor<f64> %y = dlc.where %n, %z, %e : (tensor<7xi1>, tensor<f64>, {x}) -> {y}"),
    ]  # fmt: skip
    model = compile_cases(tmp_path, cases)
    x, w = np.array([0, 0.5, 0, 2, 0, 4, 0.0]), np.arange(1, 8.0)
    is_zero = x == 0
    with np.errstate(divide="ignore"):
        expected = {
            "clip": np.where(is_zero, 0, -w / x**2), "max": np.where(is_zero, 0, w / x), "min": np.where(is_zero, 0, -w / x**2),
            "relu": np.where(x > 1, w / x, 0),
        }  # fmt: skip
    for name, wanted in expected.items():
        np.testing.assert_allclose(model.run({"x": x, "w": w}, entry=name)["dx"], wanted, rtol=1e-14, err_msg=name)
    got = model.run({"x": np.where(is_zero, np.nan, x), "w": w}, entry="missing")
    np.testing.assert_allclose(got["dx"], np.where(is_zero, 0, 3 * w * x**2), rtol=1e-14)
    np.testing.assert_allclose(got["loss"], (w * x**3).sum(), rtol=1e-14)


def test_gradients_of_gradients(tmp_path):
    """Beside a factor of 0 the gradient of a gradient is that of the formula, not 0; what is not chosen stays without one."""
    gradient = " %y = dlc.gradient %f with_respect_to(%x : {x}) : {x}"
    product = "%f = dlc.mul %a, %s : ({x}, {x}) -> {x}" + gradient
    two = {"a": Input([5]), "x": Input([5], 0.3, 2)}
    zero = {"a": np.array([0, 1, -2, 0, 0.5])}
    cases = [
        Case(f"zero_{op}", two, [5], f"%s = dlc.{op} %x : {{x}} -> {{x}} {product}", symbols=[{}], constant=zero)
        for op in ("sqrt", "log", "reciprocal", "exp")
    ]
    cases.append(Case("zero_div", two, [5], "%k = dlc.constant dense<3.0> : tensor<f64> : tensor<f64> %s = dlc.div %k, %x : (tensor<f64>, {x}) -> {x} " + product,
                      symbols=[{}], constant=zero))  # fmt: skip
    chosen = Case("chosen", X, [7], FUNCTIONS["tanh_of_log"][0].replace("%f ", "%g ")
                  + "%z = dlc.constant dense<0.0> : tensor<f64> : tensor<f64> %f = dlc.where %c, %g, %z : ({c}, {x}, tensor<f64>) -> {x}" + gradient)  # fmt: skip
    model = compile_cases(tmp_path, [*cases, chosen])
    for case in cases:
        check(model, case)
    x, c, w = np.array([0.5, 0, 2, 0, -1, 3, 0]), np.array([1, 0, 1, 0, 0, 1, 0], bool), np.arange(1, 8.0)
    # d/dx of (1 - tanh^2(log x)) / x, by differences of the first derivative.
    first = lambda x: (1 - np.tanh(np.log(x)) ** 2) / x  # noqa: E731
    at = np.where(c, x, 1.0)
    expected = np.where(c, w * (first(at + 1e-5) - first(at - 1e-5)) / 2e-5, 0)
    np.testing.assert_allclose(model.run({"c": c, "x": x, "w": w}, entry="chosen")["dx"], expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind, dtype", [("f32", np.float32), ("f64", np.float64), ("f16", np.float16)])
def test_absorb_zero(tmp_path, kind, dtype):
    (tmp_path / "m.mlir").write_text(f"""
      func.func @run(%x: tensor<?x1x{kind}> {{dlc.name = "x", dlc.dims = ["N", 1]}}, %f: tensor<5x{kind}> {{dlc.name = "f"}}) -> (tensor<?x5x{kind}> {{dlc.name = "y"}}) {{
        %y = dlc.absorb_zero %x, %f : (tensor<?x1x{kind}>, tensor<5x{kind}>) -> tensor<?x5x{kind}>
        return %y : tensor<?x5x{kind}>
      }}""")  # fmt: skip
    model = dlc.Model(dlc.compile(tmp_path / "m.mlir"))
    x = np.array([[1.5], [np.inf], [-np.inf], [np.nan], [0.0], [-2.0], [7.0]], dtype)
    f = np.array([0.0, -0.0, 1.0, np.nan, 1e-7 if kind == "f16" else np.finfo(dtype).tiny], dtype)
    for rows in (0, 1, 7):
        np.testing.assert_array_equal(model.run({"x": x[:rows], "f": f})["y"], np.where(f == 0, dtype(0), x[:rows]))
