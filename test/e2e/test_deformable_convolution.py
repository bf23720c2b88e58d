# SPDX-License-Identifier: Apache-2.0
"""Deformable convolution against ONNX Runtime and ONNX's reference, over element types, groups, attributes and symbolic extents."""
import ml_dtypes
import numpy as np
import onnx
import pytest
from loop_kernel_cases import OPTIONS, WithOptions, draw, read, run_reference, save_nodes
from onnx import helper
from test_onnx_ops import Family, compare

dlc = pytest.importorskip("dlc")


@pytest.fixture(params=OPTIONS, ids=" ".join)
def configured(request, tmp_path):
    return WithOptions(tmp_path, request.param)


def add_nodes(family, make):
    """x is [., 4, 7, 6]."""
    w, wide, bias = make(6, 4, 3, 2, seed=6), make(6, 2, 3, 2, seed=7), make(6, seed=8)
    padded = {"pads": [1, 0, 1, 0]}
    family.add("DeformConv", "x", w, "o1", **padded)
    family.add("DeformConv", "x", w, "o1", bias, "m1", **padded, kernel_shape=[3, 2])
    family.add("DeformConv", "x", wide, "o2", bias, "m2", **padded, group=2, offset_group=2)
    family.add("DeformConv", "x", wide, "o1", **padded, group=2)
    family.add("DeformConv", "x", w, "o2", None, "m2", **padded, offset_group=2)
    family.add("DeformConv", "x", make(5, 4, 3, 3, seed=9), "o3", make(5), strides=[3, 2], dilations=[1, 2], pads=[1, 3, 2, 3])
    family.add("DeformConv", "x", make(1, 4, 7, 6, seed=10), "o4")


def make_inputs(make):
    return {
        "x": make(3, 4, 7, 6), "o1": 2 * make(3, 12, 7, 5, seed=1), "o2": 2 * make(3, 24, 7, 5, seed=2), "m1": make(3, 6, 7, 5, seed=3),
        "m2": make(3, 12, 7, 5, seed=4), "o3": 3 * make(3, 18, 3, 4, seed=5), "o4": make(3, 84, 1, 1, seed=11),
    }  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deformable_convolution(configured, dtype):
    make = lambda *shape, seed=0: draw(*shape, seed=seed, dtype=dtype)
    family = Family(**make_inputs(make))
    add_nodes(family, make)
    family.check(configured, dynamic=tuple(family.inputs), batches=(1, 3))


@pytest.mark.parametrize("dtype, opset", [(np.float16, 19), (np.float16, 22), (ml_dtypes.bfloat16, 22)])
def test_narrow_types(programs, dtype, opset):
    """They are computed in f32 and rounded once. Batch, height and width are open."""
    narrow = lambda *shape, seed=0: draw(*shape, seed=seed).astype(dtype)
    inputs = {"x": narrow(2, 4, 7, 6), "w": narrow(6, 2, 3, 2, seed=1), "o": narrow(2, 24, 7, 5, seed=2), "b": narrow(6, seed=3), "m": narrow(2, 12, 7, 5, seed=4)}
    attributes = {"pads": [1, 0, 1, 0], "group": 2, "offset_group": 2}
    node = helper.make_node("DeformConv", list(inputs), ["y"], **attributes)
    save_nodes(programs.folder, [node], inputs, {"y": (helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), 4)}, opset=opset,
               dims={"x": ["N", 4, "H", "W"], "o": ["N", 24, "P", "Q"], "m": ["N", 12, "P", "Q"]})  # fmt: skip
    actual = read(dlc.Model(programs.compile("m.onnx", "m.so")).run(inputs)["y"], dtype)
    family = Family(**{name: array.astype(np.float32) for name, array in inputs.items()})
    family.add("DeformConv", *inputs, **attributes)
    expected = run_reference(family).astype(dtype).astype(np.float64)
    np.testing.assert_allclose(actual, expected, rtol=2**-7 if dtype == ml_dtypes.bfloat16 else 2**-10, atol=1e-4)


def test_offsets_of_zero(programs):
    """Offsets of 0 and a mask of 1 are a convolution, also where neighbors with weight 0 are not finite."""
    x, w = draw(2, 3, 9, 8), draw(4, 3, 3, 3, seed=1)
    x[1, 2, 4, 5] = np.inf
    x[0, 0, 0, 0] = np.nan
    family = Family(x=x, o=np.zeros((2, 18, 9, 8), np.float32))
    family.add("DeformConv", "x", w, "o", None, np.ones((2, 9, 9, 8), np.float32), pads=[1, 1, 1, 1])
    family.add("Conv", "x", w, pads=[1, 1, 1, 1])
    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, family.outputs)
    compare("convolution", *(actual[name] for name in family.outputs))


def test_offsets_of_any_size(configured):
    """Offsets that are huge, infinite or NaN read zeros."""
    x, w = draw(1, 2, 5, 70), np.ones((1, 2, 1, 1), np.float32)
    far = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 6, -1, 0.5], np.float32)
    offset = np.zeros((1, 2, 5, 70), np.float32)
    offset[0, 0, :, :8], offset[0, 1, :, 70 - 8 :] = far, far * 20
    save_nodes(configured.folder, [helper.make_node("DeformConv", ["x", "w", "o"], ["y"])], {"x": x, "w": w, "o": offset}, {"y": (1, 4)})
    y = dlc.Model(configured.compile("m.onnx", "m.so")).run({"x": x, "w": w, "o": offset})["y"]
    padded = np.pad(x.sum(1), ((0, 0), (1, 1), (0, 0)))[0]
    expected = x.sum(1)[0].copy()
    expected[:, :6], expected[:, 70 - 8 :] = 0, 0
    expected[:, 6], expected[:, 7] = padded[:5, 6], (padded[1:6, 7] + padded[2:7, 7]) / 2
    expected[:, 70 - 2] = x.sum(1)[0][:, 70 - 22]
    expected[:, 70 - 1] = 0
    np.testing.assert_allclose(y[0, 0], expected, rtol=1e-5, atol=1e-5)


def test_without_pixels_and_threads(programs):
    x, w = draw(2, 130, 9, 11), draw(3, 130, 3, 3, seed=1)
    offset = draw(2, 18, 9, 11, seed=2)
    node = helper.make_node("DeformConv", ["x", "w", "o"], ["y"], pads=[1, 1, 1, 1])
    save_nodes(programs.folder, [node], {"x": x, "w": w, "o": offset}, {"y": (1, 4)}, dims={"x": ["N", 130, "H", "W"], "o": ["N", 18, "H", "W"]})
    library = programs.compile("m.onnx", "m.so")
    one, four = (programs.execute(library, {"x": x, "w": w, "o": offset}, ["y"], "--threads", threads)["y"] for threads in (1, 4))
    np.testing.assert_array_equal(one, four)
    assert programs.execute(library, {"x": x[:0], "w": w, "o": offset[:0]}, ["y"])["y"].shape == (0, 3, 9, 11)


@pytest.mark.parametrize("change, message", [
    ({"o": (1, 16, 4, 4)}, "expects offsets with 18 channels"), ({"m": (1, 9, 3, 4)}, "expects a mask with 9 channels"),
    ({"b": (3,)}, "expects one bias per channel"), ({"x": (1, 3, 6, 6)}, "does not divide or fit"),
])  # fmt: skip
def test_wrong_operands(programs, change, message):
    shapes = {"x": (1, 2, 6, 6), "w": (4, 2, 3, 3), "o": (1, 18, 4, 4), "b": (4,), "m": (1, 9, 4, 4), **change}
    inputs = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    save_nodes(programs.folder, [helper.make_node("DeformConv", list(inputs), ["y"])], inputs, {"y": (1, 4)})
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and message in result.stderr
