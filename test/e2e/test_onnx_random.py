# SPDX-License-Identifier: Apache-2.0
"""Random numbers of ONNX graphs, which no two implementations share: shapes, types, moments, and independence of nodes, elements and rows."""
import numpy as np
import onnx
import pytest
from contrib_family import ContribFamily


@pytest.fixture
def run(programs):
    def run(family, dynamic=()):
        onnx.save(family.model(dynamic), programs.folder / "family.onnx")
        library = programs.compile("family.onnx", "family.so")
        first, second = (programs.execute(library, family.inputs, family.outputs) for _ in range(2))
        for name in family.outputs:
            np.testing.assert_array_equal(first[name], second[name], err_msg=f"{name} of two runs")
        return first

    return run


def moments(x, mean, deviation):
    x = x.astype(np.float64).ravel()
    error = 5 * deviation / np.sqrt(x.size)
    assert abs(x.mean() - mean) < error and abs(x.std() - deviation) < 2 * error, (x.mean(), x.std())
    # Neighbours are independent.
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 5 / np.sqrt(x.size)


def test_moments(run):
    family = ContribFamily("com.microsoft", opset=22, x=np.zeros((50, 401), np.float32), h=np.zeros((100, 101), np.float16))
    u = family.add("RandomUniform", shape=[100, 203], low=-2.0, high=6.0, seed=5.0)
    same = family.add("RandomUniform", shape=[100, 203], low=-2.0, high=6.0, seed=5.0)
    other = family.add("RandomUniform", shape=[100, 203], low=-2.0, high=6.0, seed=6.0)
    unseeded = family.add("RandomUniform", shape=[100, 203], dtype=onnx.TensorProto.DOUBLE)
    n = family.add("RandomNormal", shape=[20001], mean=3.0, scale=0.5)
    like = family.add("RandomNormalLike", "x")
    ulike = family.add("RandomUniformLike", "x", low=1.0, high=1.5)
    half = family.add("RandomNormalLike", "h", mean=1.0)
    y = run(family, dynamic=("x",))
    assert y[u].min() >= -2 and y[u].max() <= 6
    moments(y[u], 2, 8 / np.sqrt(12))
    np.testing.assert_array_equal(y[u], y[same])
    moments(y[other], 2, 8 / np.sqrt(12))
    assert abs(np.corrcoef(y[u].ravel(), y[other].ravel())[0, 1]) < 0.04
    assert y[unseeded].dtype == np.float64 and abs(np.corrcoef(y[u].ravel(), y[unseeded].ravel())[0, 1]) < 0.04
    moments(y[n], 3, 0.5)
    assert (np.abs(y[n] - 3) > 1).mean() == pytest.approx(0.0455, abs=0.008), "two standard deviations"
    assert y[like].shape == (50, 401) and y[like].dtype == np.float32
    moments(y[like], 0, 1)
    moments(y[ulike], 1.25, 0.5 / np.sqrt(12))
    assert y[half].dtype == np.float16
    moments(y[half], 1, 1)


def test_bernoulli(run):
    p = np.repeat(np.array([[0.0], [1.0], [0.3], [0.75], [np.nan]], np.float32), 5003, axis=1)
    family = ContribFamily("com.microsoft", opset=22, p=p)
    plain = family.add("Bernoulli", "p", seed=1.0)
    integers = family.add("Bernoulli", "p", dtype=onnx.TensorProto.INT32)
    booleans = family.add("Bernoulli", "p", dtype=onnx.TensorProto.BOOL)
    y = run(family)
    for name, type in (plain, np.float32), (integers, np.int32), (booleans, np.bool_):
        assert y[name].dtype == type
        np.testing.assert_allclose(y[name].astype(np.float64).mean(1), [0, 1, 0.3, 0.75, 0], atol=0.035)
        assert set(np.unique(y[name].astype(int))) <= {0, 1}


def test_multinomial(run):
    p = np.array([[0.1, 0.2, 0.7], [1.0, 0.0, 0.0], [0.5, 0.0, 0.5]])
    with np.errstate(divide="ignore"):
        family = ContribFamily("com.microsoft", opset=22, p=np.log(p).astype(np.float32) + 3)
    few = family.add("Multinomial", "p", sample_size=20011, seed=1.0)
    one = family.add("Multinomial", "p", dtype=onnx.TensorProto.INT64)
    y = run(family, dynamic=("p",))
    assert y[few].shape == (3, 20011) and y[few].dtype == np.int32 and y[one].shape == (3, 1) and y[one].dtype == np.int64
    for row, expected in zip(y[few], p):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / row.size, expected, atol=0.02)


def test_no_elements(run):
    family = ContribFamily("com.microsoft", opset=22, x=np.zeros((0, 3), np.float32))
    names = [family.add("RandomNormalLike", "x"), family.add("Bernoulli", "x"), family.add("RandomUniform", shape=[2, 0])]
    y = run(family)
    assert [y[name].shape for name in names] == [(0, 3), (0, 3), (2, 0)]
