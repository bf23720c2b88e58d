# SPDX-License-Identifier: Apache-2.0
"""Kernels that are written as loops over scalars (determinants, regions of interest, deformable convolution), against NumPy, ONNX Runtime
and convolutions: over element types, attributes, symbolic extents, threads, levels of optimization and with checked bounds."""
import ml_dtypes
import numpy as np
import onnx
import pytest
from loop_kernel_cases import OPTIONS, WithOptions, draw, read, regions, run_reference, save_nodes
from onnx import helper
from test_onnx_ops import Family

dlc = pytest.importorskip("dlc")
FLOAT = onnx.TensorProto.FLOAT


@pytest.fixture(params=OPTIONS, ids=" ".join)
def configured(request, tmp_path):
    return WithOptions(tmp_path, request.param)


def compile_nodes(programs, *arguments, **keywords):
    save_nodes(programs.folder, *arguments, **keywords)
    return dlc.Model(programs.compile("m.onnx", "m.so"))


def assert_determinants(actual, x, epsilon):
    """A determinant is known to the rounding of elements in a product of rows' norms (Hadamard's bound)."""
    expected = np.linalg.det(x.astype(np.float64))
    bound = np.prod(np.maximum(np.linalg.norm(x.astype(np.float64), axis=-1), 1e-30), axis=-1)
    assert actual.shape == expected.shape
    error = np.abs(actual - expected) - epsilon * (np.abs(expected) + 4 * max(x.shape[-1], 1) * bound)
    assert (error <= 0).all(), f"{x.shape}: {actual} instead of {expected}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
def test_determinants(configured, dtype):
    kind, sizes = helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), (0, 1, 2, 3, 5, 8, 17)
    inputs = {f"x{n}": (draw(7, n, n, seed=n) / max(np.sqrt(n), 1)).astype(dtype) for n in sizes}
    nodes = [helper.make_node("Det", [f"x{n}"], [f"y{n}"]) for n in sizes]
    model = compile_nodes(configured, nodes, inputs, {f"y{n}": (kind, 1) for n in sizes}, dims={n: ["N", *x.shape[1:]] for n, x in inputs.items()})
    # The result of narrow types is rounded once, from f32.
    epsilon = {np.float32: 2**-24, np.float64: 2**-53, np.float16: 2**-11, ml_dtypes.bfloat16: 2**-8}[dtype]
    for batch in (0, 1, 7):
        actual = model.run({name: x[:batch] for name, x in inputs.items()})
        for n in sizes:
            assert_determinants(read(actual[f"y{n}"], dtype), inputs[f"x{n}"][:batch], epsilon)


def test_special_matrices(programs):
    """Singular and permuted matrices are exact; NaN and infinity spread."""
    permutation = np.eye(5, dtype=np.float32)[[4, 2, 0, 1, 3]]
    singular = np.arange(25, dtype=np.float32).reshape(5, 5)
    zero_column = np.eye(5, dtype=np.float32)
    zero_column[:, 2] = 0
    nan, infinite = np.eye(5, dtype=np.float32), np.diag([1, 2, np.inf, 1, 1]).astype(np.float32)
    nan[3, 1] = np.nan
    tiny_pivot = np.eye(5, dtype=np.float32)
    tiny_pivot[:2, :2] = [[1e-30, 1], [1, 1]]
    x = np.stack([permutation, singular, zero_column, nan, infinite, tiny_pivot])
    y = compile_nodes(programs, [helper.make_node("Det", ["x"], ["y"])], {"x": x}, {"y": (FLOAT, 1)}).run({"x": x})["y"]
    assert y[0] == np.linalg.det(permutation) and abs(y[1]) < 1e-3 and y[2] == 0 and np.isnan(y[3])
    assert y[4] == np.inf or np.isnan(y[4])
    np.testing.assert_allclose(y[5], -1, rtol=1e-6)


def test_symbolic_matrices_and_threads(programs):
    """The extents of the matrices are open, too, and threads give the same bits."""
    x = draw(37, 5, 16, 16)
    save_nodes(programs.folder, [helper.make_node("Det", ["x"], ["y"])], {"x": x}, {"y": (FLOAT, 2)}, dims={"x": ["B", 5, "M", "M"]})
    library = programs.compile("m.onnx", "m.so")
    for size in 0, 1, 2, 7, 16:
        part = np.ascontiguousarray(x[..., :size, :size])
        results = [programs.execute(library, {"x": part}, ["y"], "--threads", threads)["y"] for threads in (1, 4)]
        np.testing.assert_array_equal(*results)
        assert_determinants(results[0], part, 2**-24)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_regions_of_interest(configured, dtype):
    boxes, images = regions(dtype)
    family = Family(x=draw(2, 3, 13, 11, dtype=dtype), r=boxes, i=images)
    for mode in "half_pixel", "output_half_pixel":
        for ratio in 0, 1, 2, 3, 9:
            family.add("RoiAlign", "x", "r", "i", coordinate_transformation_mode=mode, sampling_ratio=ratio, output_height=3, output_width=5,
                       spatial_scale=0.75)  # fmt: skip
        family.add("RoiAlign", "x", "r", "i", coordinate_transformation_mode=mode)
        family.add("RoiAlign", "x", "r", "i", coordinate_transformation_mode=mode, mode="max", sampling_ratio=2, output_height=2, output_width=2)
        family.add("RoiAlign", "x", "r", "i", coordinate_transformation_mode=mode, mode="max", output_height=4, output_width=1)
    family.check(configured, dynamic=("r", "i"), batches=(0, 1, 7))


# bf16 came with opset 22; ONNX Runtime lacks MaxRoiPool in f64.
VERSIONS = [
    (op, version, dtype)
    for op, version in [("RoiAlign", 10), ("RoiAlign", 16), ("RoiAlign", 22), ("MaxRoiPool", 1), ("MaxRoiPool", 22)]
    for dtype in (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
    if not (dtype == ml_dtypes.bfloat16 and version < 22 or op == "MaxRoiPool" and dtype == np.float64)
]


@pytest.mark.parametrize("op, version, dtype", VERSIONS)
def test_versions_and_element_types(programs, op, version, dtype):
    """Narrow types are computed in f32 and rounded once. Extents of images are open."""
    boxes, images = regions(dtype)
    shape = {"output_height": 3, "output_width": 2} if op == "RoiAlign" else {"pooled_shape": [3, 2]}
    inputs = {"x": draw(2, 5, 13, 11).astype(dtype), "r": boxes, "i": images}
    if op == "MaxRoiPool":
        inputs = {"x": inputs["x"], "r": np.concatenate([images[:, None].astype(dtype), boxes], 1)}
    dims = {"x": ["N", "C", "H", "W"], "r": ["R", inputs["r"].shape[1]], "i": ["R"]}
    node = helper.make_node(op, list(inputs), ["y"], **shape)
    model = compile_nodes(programs, [node], inputs, {"y": (helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), 4)}, opset=max(version, 7), dims=dims)
    actual = read(model.run(inputs)["y"], dtype)
    wide = np.float64 if dtype == np.float64 else np.float32
    family = Family(**{name: array if name == "i" else array.astype(wide) for name, array in inputs.items()})
    family.imports = [helper.make_opsetid("", 10 if version < 16 else 16)]
    family.add(op, *inputs, **shape)
    expected = run_reference(family).astype(dtype).astype(np.float64)
    np.testing.assert_allclose(actual, expected, rtol={np.float16: 2**-10, ml_dtypes.bfloat16: 2**-7}.get(dtype, 1e-5), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32])
def test_maxima_of_regions(configured, dtype):
    boxes, images = regions(dtype)
    family = Family(x=draw(2, 3, 13, 11, dtype=dtype), r=np.concatenate([images[:, None].astype(dtype), boxes], 1))
    for shape in (1, 1), (3, 5), (7, 2):
        for scale in 1.0, 0.5:
            family.add("MaxRoiPool", "x", "r", pooled_shape=shape, spatial_scale=scale)
    family.check(configured, dynamic=("r",), batches=(0, 1, 7))


def test_regions_of_any_size(configured):
    """Coordinates that are huge or NaN neither hang nor leave the image."""
    x, images = draw(1, 2, 5, 4), np.zeros(6, np.int64)
    boxes = np.array([[0, 0, 1e30, 1e30], [-1e30, -1e30, 1e30, 1e30], [np.nan] * 4, [0, 0, np.inf, np.inf], [-np.inf, 0, 3, 3], [1e9, 1e9, 2e9, 2e9]],
                     np.float32)  # fmt: skip
    nodes = [helper.make_node("RoiAlign", ["x", "r", "i"], [f"y{mode}{ratio}"], mode=mode, sampling_ratio=ratio, output_height=2, output_width=2)
             for mode in ("avg", "max") for ratio in (0, 2)]  # fmt: skip
    nodes.append(helper.make_node("MaxRoiPool", ["x", "p"], ["z"], pooled_shape=[2, 2]))
    pooled = np.concatenate([np.zeros((6, 1), np.float32), boxes], 1)
    inputs = {"x": x, "r": boxes, "i": images, "p": pooled}
    model = compile_nodes(configured, nodes, inputs, {node.output[0]: (FLOAT, 4) for node in nodes}, opset=16)
    actual = model.run(inputs)
    assert all(y.shape == (6, 2, 2, 2) for y in actual.values())
    assert not actual["z"][5].any() and not actual["yavg2"][5].any()


def test_many_channels_and_threads(programs):
    """Threads share regions or channels, and give the same bits; images without pixels are zeros."""
    boxes, images = regions(np.float32, count=3)
    nodes = [helper.make_node("RoiAlign", ["x", "r", "i"], ["y"], output_height=7, output_width=7, sampling_ratio=2),
             helper.make_node("MaxRoiPool", ["x", "p"], ["z"], pooled_shape=[7, 7])]  # fmt: skip
    inputs = {"x": draw(2, 301, 13, 11), "r": boxes, "i": images, "p": np.concatenate([images[:, None].astype(np.float32), boxes], 1)}
    save_nodes(programs.folder, nodes, inputs, {"y": (FLOAT, 4), "z": (FLOAT, 4)}, opset=16, dims={"x": [2, 301, "H", "W"]})
    library = programs.compile("m.onnx", "m.so")
    one, four = (programs.execute(library, inputs, ["y", "z"], "--threads", threads) for threads in (1, 4))
    for name in "yz":
        np.testing.assert_array_equal(one[name], four[name])
    empty = programs.execute(library, {**inputs, "x": inputs["x"][:, :, :0]}, ["y", "z"])
    assert not empty["y"].any() and not empty["z"].any()


def test_images_of_regions_are_checked(programs):
    x, boxes = draw(2, 1, 4, 4), np.array([[0, 0, 3, 3]], np.float32)
    model = compile_nodes(programs, [helper.make_node("RoiAlign", ["x", "r", "i"], ["y"])], {"x": x, "r": boxes, "i": np.array([1])},
                          {"y": (FLOAT, 4)}, opset=16)  # fmt: skip
    model.run({"x": x, "r": boxes, "i": np.array([1])})
    for image in 2, -1:
        with pytest.raises((ValueError, RuntimeError, IndexError), match="images of"):
            model.run({"x": x, "r": boxes, "i": np.array([image])})
