# SPDX-License-Identifier: Apache-2.0
"""Least squares against numpy.linalg.lstsq: awkward shapes, columns that depend on others, units far apart; the same bits on two threads."""
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")

# leading dimensions, rows, columns, right-hand sides (None: a vector)
SHAPES = [
    ((), 1, 1, 1), ((), 1, 1, None), ((), 2, 2, None), ((), 7, 7, 3), ((), 13, 1, 5), ((), 17, 16, 16), ((), 31, 5, None), ((), 64, 33, 2),
    ((), 1009, 11, 3), ((), 20000, 3, None), ((), 9, 4, 0), ((3,), 8, 3, 2), ((2, 3), 5, 5, None), ((1,), 6, 1, 1),
]  # fmt: skip
TOLERANCE = {"f32": 2e-4, "f64": 1e-11}
TYPES = {"f32": np.float32, "f64": np.float64}


def shapes_of(leading, rows, columns, targets):
    last = [] if targets is None else [targets]
    return [*leading, rows, columns], [*leading, rows, *last], [*leading, columns, *last]


def write_function(name, shapes, element):
    def tensor(shape):
        return "tensor<" + "".join(f"{extent if isinstance(extent, int) else '?'}x" for extent in shape) + element + ">"

    def argument(name, shape):
        names = ", ".join(str(extent) if isinstance(extent, int) else f'"{extent}"' for extent in shape)
        return f'%{name}: {tensor(shape)} {{dlc.name = "{name}", dlc.dims = [{names}]}}'

    a, b, x = map(tensor, shapes)
    return f"""func.func @{name}({argument("a", shapes[0])}, {argument("b", shapes[1])}) -> ({x} {{dlc.name = "x"}}) {{
      %x = dlc.least_squares %a, %b : ({a}, {b}) -> {x}
      return %x : {x}
    }}
    """


def solve(a, b):
    """By NumPy, one system after another."""
    matrices = a.reshape(-1, *a.shape[-2:]).astype(np.float64)
    targets = b.reshape(len(matrices), a.shape[-2], -1) if b.size else np.zeros((len(matrices), a.shape[-2], 0))
    x = np.stack([np.linalg.lstsq(matrix, target.astype(np.float64), rcond=None)[0] for matrix, target in zip(matrices, targets)])
    return x.reshape(*a.shape[:-2], a.shape[-1], *b.shape[a.ndim - 1 :])


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    text = "".join(write_function(f"s{i}_{element}", shapes_of(*shape), element) for i, shape in enumerate(SHAPES) for element in TYPES)
    for element in TYPES:
        text += write_function(f"dynamic_{element}", (["M", "N"], ["M", "K"], ["N", "K"]), element)
        text += write_function(f"batches_{element}", (["B", "M", 3], ["B", "M"], ["B", 3]), element)
    source = tmp_path_factory.mktemp("least_squares") / "systems.mlir"
    source.write_text(text)
    return dlc.compile(source)


def run_both(library, a, b, entry):
    x = dlc.Model(library, threads=1).run({"a": a, "b": b}, entry=entry)["x"]
    np.testing.assert_array_equal(x, dlc.Model(library, threads=2).run({"a": a, "b": b}, entry=entry)["x"])
    return x


def check(library, a, b, entry):
    expected, x = solve(a, b), run_both(library, a, b, entry)
    assert x.shape == expected.shape and x.dtype == a.dtype
    scale = np.abs(expected).max(initial=0) or 1
    tolerance = TOLERANCE["f32" if a.dtype == np.float32 else "f64"]
    np.testing.assert_allclose(x / scale, expected / scale, rtol=0, atol=tolerance, err_msg=entry)


@pytest.mark.parametrize("element", TYPES)
def test_shapes(library, element):
    random = np.random.default_rng(3)
    for i, shape in enumerate(SHAPES):
        a, b, _ = (random.standard_normal(extents).astype(TYPES[element]) for extents in shapes_of(*shape))
        if shape[1] == shape[2]:
            a += 3 * np.eye(shape[1], dtype=a.dtype)  # random squares may be nearly singular
        check(library, a, b, f"s{i}_{element}")


@pytest.mark.parametrize("element", TYPES)
def test_dynamic(library, element):
    random = np.random.default_rng(4)
    for rows, columns, targets in (1, 1, 1), (5, 2, 3), (97, 13, 1), (300, 7, 8):
        a, b = (random.standard_normal((rows, width)).astype(TYPES[element]) for width in (columns, targets))
        check(library, a, b, f"dynamic_{element}")
    for batches in 1, 5:
        a, b = random.standard_normal((batches, 11, 3)), random.standard_normal((batches, 11))
        check(library, a.astype(TYPES[element]), b.astype(TYPES[element]), f"batches_{element}")


@pytest.mark.parametrize("element", TYPES)
def test_dependent_columns(library, element):
    """Of columns that say the same, some get 0; the distance is the smallest one there is."""
    random, dtype = np.random.default_rng(5), TYPES[element]
    for rows, columns in (5, 3), (40, 9), (3000, 4):
        a = random.standard_normal((rows, columns)).astype(dtype)
        a[:, 1] = 0
        a[:, -1] = 2 * a[:, 0] - a[:, columns // 2]
        b = random.standard_normal((rows, 2)).astype(dtype)
        x = run_both(library, a, b, f"dynamic_{element}")
        assert np.isfinite(x).all() and (x[1] == 0).all()
        assert (x == 0).all(axis=1).sum() == columns - np.linalg.matrix_rank(a.astype(np.float64), tol=1e-4)
        others = np.delete(a, [1, columns - 1], axis=1)
        least = np.linalg.norm(others @ solve(others, b) - b, axis=0)
        np.testing.assert_allclose(np.linalg.norm(a @ x - b, axis=0), least, rtol=100 * np.finfo(dtype).eps)
    zeros = run_both(library, np.zeros((4, 2), dtype), np.ones((4, 1), dtype), f"dynamic_{element}")
    np.testing.assert_array_equal(zeros, np.zeros((2, 1)))


def test_units_do_not_matter(library):
    """Columns of very different length are not a sign of dependence; squares of their elements would overflow or vanish."""
    random = np.random.default_rng(6)
    a, b = random.standard_normal((50, 3)).astype(np.float32), random.standard_normal((50, 1)).astype(np.float32)
    units = np.float32([1e-25, 1, 1e25])
    x = run_both(library, a * units, b, "dynamic_f32")
    np.testing.assert_allclose(x.ravel() * units.astype(np.float64), solve(a, b).ravel(), rtol=1e-4)


def test_ill_conditioned(library):
    """The condition is 1e10, its square beyond f64: an answer by the normal equations would have no digit right."""
    a = np.vander(np.linspace(0, 1, 40), 12)
    x = np.ones((12, 1))
    found = run_both(library, a, a @ x, "dynamic_f64")
    assert np.linalg.cond(a) > 1e8
    np.testing.assert_allclose(found, x, atol=1e-5)


def test_nan_is_not_hidden(library):
    a = np.ones((4, 2))
    a[0, 0] = np.nan
    assert np.isnan(run_both(library, a, np.ones((4, 1)), "dynamic_f64")).any()
