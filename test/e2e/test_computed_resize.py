# SPDX-License-Identifier: Apache-2.0
"""Resize whose scales, sizes or region are inputs of the model or computed in a run: one library for every value of them."""
import functools

import computed_models
import dlc
import numpy as np
import onnx
import pytest
from computed_models import reference, runtime
from onnx import helper


FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
random = np.random.default_rng(5)
PLANE = random.standard_normal((1, 1, 5, 7)).astype(np.float32)
# Down, up, unscaled, to one element and to none, and factors whose products with extents are rounded up in f32 (5 * 0.6, 10 * 0.7).
SCALES = [(2, 3), (0.5, 0.6), (1, 1), (1.3, 0.29), (0.2, 0.15), (3.7, 1), (1, 2.5)]
NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
# In the others, ONNX Runtime takes the length of the result where ONNX takes extent * scale, which need not be whole.
COORDINATES = {"runtime": ["half_pixel", "pytorch_half_pixel", "asymmetric"], "reference": ["align_corners", "half_pixel_symmetric"]}


save = functools.partial(computed_models.save, opset=19)
check = functools.partial(computed_models.check, atol=2e-5)


def scaled(name, **attributes):
    return helper.make_node("Resize", ["x", "", "scales"], [name], axes=[2, 3], **attributes)


def feeds_of(scales, x=PLANE):
    return [{"x": x, "scales": np.array(factors, np.float32)} for factors in scales]


def judged(judge, nodes_of, coordinates):
    """Nodes in the coordinates that `judge` decides on, the first of `coordinates` only where there is one for all."""
    return [node for coordinate in COORDINATES[judge][:coordinates] for node in nodes_of(coordinate)]


@pytest.mark.parametrize("judge, option, coordinates", [("runtime", "-O0", 1), ("runtime", "-O3", 3), ("reference", "-O3", 2)])
def test_nearest(programs, judge, option, coordinates):
    nodes = judged(judge, lambda coordinate: [scaled(f"{coordinate}_{mode}", coordinate_transformation_mode=coordinate, nearest_mode=mode) for mode in NEAREST], coordinates)
    made = save(programs, nodes, feeds_of(SCALES)[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    # Factors whose reciprocals f32 holds: ONNX Runtime computes coordinates in f32, where the nearest element may be another one.
    feeds = feeds_of([(2, 4), (0.5, 0.25), (1, 1), (0.5, 2), (0.25, 0.125), (4, 1)])
    check(programs, made, feeds, {"runtime": runtime, "reference": reference}[judge](made), option)


@pytest.mark.parametrize("judge, option, coordinates", [("runtime", "-O0", 1), ("runtime", "-O3", 3), ("reference", "-O3", 2)])
def test_linear_and_cubic(programs, judge, option, coordinates):
    nodes = judged(judge, lambda coordinate: [scaled(f"{coordinate}_{mode}", mode=mode, coordinate_transformation_mode=coordinate) for mode in ("linear", "cubic")], coordinates)
    nodes.append(scaled("inside", mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1))
    made = save(programs, nodes, feeds_of(SCALES)[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    check(programs, made, feeds_of(SCALES), {"runtime": runtime, "reference": reference}[judge](made), option)


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_antialiasing(programs, option):
    """By scales, and by sizes; down to fewer elements than the filter reaches."""
    common = {"antialias": 1, "axes": [3, 2]}
    nodes = [helper.make_node("Resize", ["x", "", "scales"], [f"{mode}_scales"], mode=mode, **common) for mode in ("linear", "cubic")]
    nodes += [helper.make_node("Resize", ["x", "", "", "sizes"], [f"{mode}_sizes"], mode=mode, exclude_outside=1, **common) for mode in ("linear", "cubic")]
    x = random.standard_normal((1, 2, 9, 11)).astype(np.float32)
    feeds = [
        {"x": x, "scales": np.array(factors, np.float32), "sizes": np.array(sizes)}
        for factors, sizes in [((0.5, 0.6), (4, 5)), ((0.1, 0.12), (1, 1)), ((1, 1), (11, 9)), ((2, 0.3), (13, 3)), ((0.95, 1.4), (10, 12))]
    ]
    made = save(programs, nodes, feeds[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    check(programs, made, feeds, reference(made), option)


def test_no_element_is_left(programs):
    nodes = [scaled(mode, mode=mode, antialias=antialias) for mode, antialias in [("linear", 0), ("cubic", 1)]]
    save(programs, nodes, feeds_of(SCALES)[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    library = dlc.Model(programs.compile("m.onnx", "m.so"))
    for factors, shape in [((0.1, 2), (1, 1, 0, 14)), ((1, 1e-30), (1, 1, 5, 0)), ((0.5, 0.01), (1, 1, 2, 0))]:
        for result in library.run(feeds_of([factors])[0]).values():
            assert result.shape == shape
    for factors in [(0, 1), (1, -2), (np.nan, 1), (1, np.inf), (1e9, 1)]:
        with pytest.raises(ValueError, match="needs an extent of at"):
            library.run(feeds_of([factors])[0])


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
def test_aspect_ratio_policies(programs, policy):
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], [f"{mode}{len(axes)}{axes[0]}"], mode=mode, keep_aspect_ratio_policy=policy, axes=axes)
        for mode, axes in [("nearest", [2, 3]), ("linear", [3, 2]), ("cubic", [2, 3])]
    ]
    feeds = [{"x": PLANE, "sizes": np.array(sizes)} for sizes in [(5, 7), (10, 14), (3, 100), (100, 3), (2, 2), (1, 1), (13, 4), (7, 5)]]
    made = save(programs, nodes, feeds[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    library = check(programs, made, feeds, runtime(made))
    for sizes in [(0, 3), (3, -1)]:
        with pytest.raises(ValueError, match="needs an extent of at least"):
            library.run({"x": PLANE, "sizes": np.array(sizes)})


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_region(programs, option):
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": -7.5}
    nodes = [helper.make_node("Resize", ["x", "roi", "", "sizes"], [mode], mode=mode, axes=[3, 2], **crop) for mode in ("nearest", "linear", "cubic")]
    feeds = [
        {"x": PLANE, "roi": np.array(roi, np.float32), "sizes": np.array(sizes)}
        for roi, sizes in [
            ((0, 0, 1, 1), (7, 5)), ((0.25, 0.1, 0.75, 0.9), (4, 3)), ((-0.5, 0.5, 1.5, 1.25), (6, 8)), ((0.6, 0.2, 0.1, 0.2), (3, 1)), ((0.3, 0.4, 0.7, 0.8), (1, 2)),
        ]
    ]  # fmt: skip
    made = save(programs, nodes, feeds[0], {node.output[0]: (FLOAT, 4) for node in nodes})
    check(programs, made, feeds, runtime(made), option)


def test_scales_of_all_dimensions(programs):
    """One to three spatial dimensions, the batch and channels unscaled in a run, and elements of another type than f32."""
    nodes, feed, results = [], {}, {}
    for rank, kind in [(3, np.float32), (4, np.float16), (5, np.float32)]:
        feed[f"x{rank}"] = random.standard_normal((2, 3, 4, 3, 5)[:rank]).astype(kind)
        feed[f"s{rank}"] = np.ones(rank, np.float32)
        nodes.append(helper.make_node("Resize", [f"x{rank}", "", f"s{rank}"], [f"y{rank}"], mode="linear"))
        results[f"y{rank}"] = (helper.np_dtype_to_tensor_dtype(np.dtype(kind)), rank)
    feeds = [feed | {f"s{rank}": np.array((1, 1, *factors[: rank - 2]), np.float32) for rank in (3, 4, 5)} for factors in [(2, 1.5, 0.6), (0.5, 1, 3), (1, 0.4, 1)]]
    made = save(programs, nodes, feed, results)
    check(programs, made, feeds, runtime(made), atol=2e-3)


def test_upsample(programs):
    node = helper.make_node("Upsample", ["x", "scales"], ["y"], mode="nearest")
    feeds = [{"x": PLANE, "scales": np.array((1, 1, *factors), np.float32)} for factors in [(2, 3), (1, 1), (4, 1), (1, 7)]]
    made = save(programs, [node], feeds[0], {"y": (FLOAT, 4)}, opset=9)
    check(programs, made, feeds, runtime(made))


def test_scales_that_data_decides(programs):
    """As detectors do: the smaller side becomes 6 elements, and channels stay."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=2),
        helper.make_node("Cast", ["shape"], ["extents"], to=FLOAT),
        helper.make_node("ReduceMin", ["extents"], ["least"]),
        helper.make_node("Div", ["target", "least"], ["factor"]),
        helper.make_node("Concat", ["ones", "factor", "factor"], ["scales"], axis=0),
        helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear"),
        helper.make_node("Conv", ["y", "w"], ["z"]),
    ]
    constants = [
        onnx.numpy_helper.from_array(np.ones(2, np.float32), "ones"),
        onnx.numpy_helper.from_array(random.standard_normal((4, 3, 3, 3)).astype(np.float32), "w"),
    ]
    feeds = [{"x": random.standard_normal((1, 3, h, w)).astype(np.float32), "target": np.array([6], np.float32)} for h, w in [(6, 9), (13, 5), (3, 3), (11, 17)]]
    made = save(programs, nodes, feeds[0], {"z": (FLOAT, 4)}, initializers=constants)
    for extent, name in zip(made.graph.input[0].type.tensor_type.shape.dim[2:], "HW"):
        extent.Clear()
        extent.dim_param = name
    onnx.save(made, programs.folder / "m.onnx")
    check(programs, made, feeds, runtime(made), atol=1e-4)


def test_constant_factor_is_rounded_in_f32(programs):
    """10 * 0.7 are 7 elements, although 0.7 in f32 is below it; known extents and others."""
    nodes = [helper.make_node("Resize", ["x", "", "scales"], ["y"]), helper.make_node("Resize", ["z", "", "scales"], ["w"])]
    constants = [onnx.numpy_helper.from_array(np.array([0.7, 0.29], np.float32), "scales")]
    feeds = [{"x": np.ones((10, 100), np.float32), "z": np.ones((h, w), np.float32)} for h, w in [(10, 100), (20, 31), (1, 1), (107, 3)]]
    made = save(programs, nodes, feeds[0], {"y": (FLOAT, 2), "w": (FLOAT, 2)}, initializers=constants)
    for extent, name in zip(made.graph.input[1].type.tensor_type.shape.dim, "HW"):
        extent.Clear()
        extent.dim_param = name
    onnx.save(made, programs.folder / "m.onnx")
    check(programs, made, feeds, runtime(made))


def test_half_pixels_of_nearest(programs):
    """The coordinates of TensorFlow 1, with constant scales and those of a run."""
    common = {"coordinate_transformation_mode": "tf_half_pixel_for_nn", "nearest_mode": "floor"}
    nodes = [helper.make_node("Resize", ["x", "roi", name], [f"y_{name}"], **common) for name in ("fixed", "scales")]
    constants = [onnx.numpy_helper.from_array(np.array([1, 1, 2, 0.5], np.float32), "fixed"), onnx.numpy_helper.from_array(np.zeros(0, np.float32), "roi")]
    feeds = [{"x": PLANE, "scales": np.array((1, 1, *factors), np.float32)} for factors in [(2, 4), (0.5, 0.25), (1, 1)]]
    made = save(programs, nodes, feeds[0], {"y_fixed": (FLOAT, 4), "y_scales": (FLOAT, 4)}, opset=11, initializers=constants)
    check(programs, made, feeds, runtime(made))
