# SPDX-License-Identifier: Apache-2.0
"""Gradients of every op against central differences in f64, to 1e-6 of their range; what holds for gradients as a whole."""
import gradient_cases
import numpy as np
import pytest
from gradient_check import Case, Input, check, write_function

dlc = pytest.importorskip("dlc")

FAMILIES = ["UNARY", "BINARY", "LINEAR", "REDUCTION", "MOVEMENT", "NORMALIZATION", "SAMPLING"]


@pytest.fixture(scope="session")
def family_model(tmp_path_factory):
    """One library a family, compiled when the first of its cases runs."""
    folder, models = tmp_path_factory.mktemp("gradients"), {}

    def get(family):
        if family not in models:
            source = folder / f"{family.lower()}.mlir"
            source.write_text("\n".join(map(write_function, getattr(gradient_cases, family))))
            models[family] = dlc.Model(dlc.compile(source))
        return models[family]

    return get


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients(family_model, family):
    model, failures = family_model(family), []
    for case in getattr(gradient_cases, family):
        try:
            check(model, case)
        except (AssertionError, dlc.Error) as error:
            failures.append(f"{case.name}: {error}")
    assert not failures, "\n".join(failures)


def compile_text(folder, text):
    (folder / "model.mlir").write_text(text)
    return dlc.compile(folder / "model.mlir")


def test_differences_see_a_wrong_gradient(tmp_path):
    """What is stopped counts as a constant, which is not what differences measure."""
    stopped = Case("run", {"x": Input([3])}, [3],
                   "%s = dlc.stop_gradient %x : {x} -> {x}  %y = dlc.mul %x, %s : ({x}, {x}) -> {y}", symbols=[{}])  # fmt: skip
    model = dlc.Model(compile_text(tmp_path, write_function(stopped)))
    with pytest.raises(AssertionError, match="gradient of x"):
        check(model, stopped)
    x, w = np.array([1.0, -2, 3]), np.array([1.0, 2, -1])
    np.testing.assert_array_equal(model.run({"x": x, "w": w})["dx"], w * x)


def test_gradients_of_gradients(tmp_path):
    """The sum of a gradient's squares is differentiated again; differences of it tell what that should be."""
    ops = {
        "tanh": "%f = dlc.tanh %x : {x} -> {x}",
        "gelu": "%f = dlc.gelu %x {tanh_approximation = false} : {x} -> {x}",
        "softmax": "%f0 = dlc.softmax %x {axes = array<i64: 1>} : {x} -> {x}  %f = dlc.mul %f0, %f0 : ({x}, {x}) -> {x}",
        "product": "%f0 = dlc.reduce prod %x {axes = array<i64: 1>, keep_dims = true} : {x} -> tensor<?x1xf64>"
        "  %f = dlc.mul %f0, %x : (tensor<?x1xf64>, {x}) -> {x}",
        "norm": "%f0 = dlc.layer_norm %x {axis = 1 : i64, epsilon = 0.1 : f64} : {x} -> {x}  %f = dlc.mul %f0, %f0 : ({x}, {x}) -> {x}",
        "lookup": "%i = dlc.arg_extreme %x {axis = 0 : i64} : {x} -> tensor<4xi64>"
        "  %f0 = dlc.gather %x, %i {axis = 0 : i64} : ({x}, tensor<4xi64>) -> tensor<4x4xf64>"
        "  %f1 = dlc.einsum \"ij,nj->ni\" %f0, %x : (tensor<4x4xf64>, {x}) -> {x}  %f = dlc.mul %f1, %x : ({x}, {x}) -> {x}",
    }  # fmt: skip
    cases = [
        Case(name, {"x": Input(["N", 4])}, ["N", 4],
             f"{body}  %y = dlc.gradient %f with_respect_to(%x : {{x}}) : {{x}}", symbols=[{"N": 3}])
        for name, body in ops.items()
    ]  # fmt: skip
    windows = "kernel = array<i64: 2, 3>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 1, 1, 0>, ceil_mode = true"
    pools = {
        "max_pool": "dlc.max_pool %q {" + windows,
        "average_inside": "dlc.average_pool %q {" + windows,
        "average_padded": "dlc.average_pool %q {count_include_pad = true, " + windows,
        "norm_pool": "dlc.lp_pool %q {p = 3 : i64, " + windows,
        "sum_pool": "dlc.lp_pool %q {p = 1 : i64, " + windows,
    }
    y = "tensor<?x2x3x4xf64>"
    cases += [
        Case(name, {"x": Input(["N", 2, 5, 5], 0.3, 3, spread=True)}, ["N", 2, 5, 5],
             f"%q = dlc.mul %x, %x : ({{x}}, {{x}}) -> {{x}}  %f0 = {pool}}} : {{x}} -> {y}  %f = dlc.mul %f0, %f0 : ({y}, {y}) -> {y}"
             f"  %y = dlc.gradient %f with_respect_to(%x : {{x}}) : {y}", symbols=[{"N": 2}])
        for name, pool in pools.items()
    ]  # fmt: skip
    model = dlc.Model(compile_text(tmp_path, "\n".join(map(write_function, cases))))
    for case in cases:
        check(model, case)


@pytest.mark.parametrize("order", [2, 3])
def test_higher_gradients_of_products(tmp_path, order):
    """A product of five, of which none, one, two and three are 0 (and all): second and third derivatives, which then are products, too."""
    x = np.array([[1.0, -2, 0.5, 3, 2], [0, 2, 3, 1, -1], [0, 2, 0, 3, 0.5], [0, 0, 3, 0, 2], [0, 0, 0, 0, 0]])
    body = "%p = dlc.reduce prod %x {axes = array<i64: 1>, keep_dims = true} : {x} -> tensor<5x1xf64>  %g1 = dlc.gradient %p with_respect_to(%x : {x}) : tensor<5x1xf64>"
    for level in range(2, order):
        body += f"  %s{level} = dlc.mul %g{level - 1}, %v : ({{x}}, {{x}}) -> {{x}}  %g{level} = dlc.gradient %s{level} with_respect_to(%x : {{x}}) : {{x}}"
    y = f"%g{order - 1}"
    case = Case("run", {"x": Input([5, 5]), "v": Input([5, 5])}, [5, 5], f"{body}  %y = dlc.add {y}, {y} : ({{x}}, {{x}}) -> {{y}}",
                symbols=[{}], constant={"x": x})  # fmt: skip
    check(dlc.Model(compile_text(tmp_path, write_function(case))), case)


def test_values_that_do_not_matter(tmp_path):
    """Zeros, also where the way to the loss leads through integers."""
    model = dlc.Model(compile_text(tmp_path, """
      func.func @run(%x: tensor<?x3xf64> {dlc.name = "x", dlc.dims = ["N", 3]}, %z: tensor<?x?xf64> {dlc.name = "z", dlc.dims = ["N", "T"]})
          -> (tensor<?x3xf64> {dlc.name = "dx"}, tensor<?x?xf64> {dlc.name = "dz"}) {
        %0 = dlc.cast %x {to = i64} : tensor<?x3xf64> -> tensor<?x3xi64>
        %1 = dlc.cast %0 {to = f64} : tensor<?x3xi64> -> tensor<?x3xf64>
        %dx, %dz = dlc.gradient %1 with_respect_to(%x, %z : tensor<?x3xf64>, tensor<?x?xf64>) : tensor<?x3xf64>
        return %dx, %dz : tensor<?x3xf64>, tensor<?x?xf64>
      }"""))  # fmt: skip
    result = model.run({"x": np.ones((2, 3)), "z": np.ones((2, 5))})
    np.testing.assert_array_equal(result["dx"], np.zeros((2, 3)))
    np.testing.assert_array_equal(result["dz"], np.zeros((2, 5)))


@pytest.mark.parametrize("name, dtype", [("f32", np.float32), ("bf16", np.uint16)])
def test_scatter_add_in_order(tmp_path, name, dtype):
    """A large table, whose rows several indices select: the same bits on one thread and on two, in the order of the indices."""
    library = compile_text(tmp_path, f"""
      func.func @run(%x: tensor<50x700x{name}> {{dlc.name = "x"}}, %i: tensor<?xi64> {{dlc.name = "i", dlc.dims = ["N"]}})
          -> (tensor<50x700x{name}> {{dlc.name = "dx"}}) {{
        %0 = dlc.gather %x, %i {{axis = 0 : i64}} : (tensor<50x700x{name}>, tensor<?xi64>) -> tensor<?x700x{name}>
        %1 = dlc.mul %0, %0 : (tensor<?x700x{name}>, tensor<?x700x{name}>) -> tensor<?x700x{name}>
        %dx = dlc.gradient %1 with_respect_to(%x : tensor<50x700x{name}>) : tensor<?x700x{name}>
        return %dx : tensor<50x700x{name}>
      }}""")  # fmt: skip
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 700)).astype(np.float32)
    x = x if dtype == np.float32 else (x.view(np.uint32) >> 16).astype(np.uint16)
    results = []
    indices = rng.integers(-50, 50, 1000)
    for threads in (1, 2):
        results.append(dlc.Model(library, threads=threads).run({"x": x, "i": indices})["dx"])
    assert results[0].tobytes() == results[1].tobytes()
    if dtype == np.float32:
        expected = np.zeros_like(x)
        for index in indices:
            expected[index] += x[index] + x[index]
        np.testing.assert_array_equal(results[0], expected)
    else:
        wide = (x.astype(np.uint32) << 16).view(np.float32)
        expected = 2 * wide * np.bincount(indices % 50, minlength=50)[:, None]
        got = (results[0].astype(np.uint32) << 16).view(np.float32)
        np.testing.assert_allclose(got, expected, rtol=2**-7, atol=1e-6)
