# SPDX-License-Identifier: Apache-2.0
"""Lengths, steps, axes, depths and numbers of steps that are inputs of the model or computed in a run: one library for every value."""
import functools

import computed_models
import numpy as np
import onnx
import pytest
from computed_models import check, reference, runtime
from onnx import helper


FLOAT, INT64, BOOL = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL
random = np.random.default_rng(11)


save = functools.partial(computed_models.save, opset=21)


def integer(value, kind=np.int64):
    return np.array(value, kind)


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_depth_that_is_no_integer_type(programs, option):
    nodes = [helper.make_node("OneHot", ["i", "depth", "values"], [f"y{axis}"], axis=axis) for axis in (0, -1)]
    feeds = [{"i": np.array([[0, 3, -1], [9, -4, 2]], np.float32), "depth": integer(depth, np.float32), "values": np.array([-1, 2], np.float32)} for depth in (4, 1, 7.0, 3.9)]
    made = save(programs, nodes, feeds[0], {"y0": (FLOAT, 3), "y-1": (FLOAT, 3)})
    library = check(programs, made, feeds, runtime(made), option)
    for depth in (-1, 1e10, -np.inf):
        with pytest.raises(ValueError, match="needs an extent of at"):
            library.run(feeds[0] | {"depth": integer(depth, np.float32)})


@pytest.mark.parametrize("attributes, cases", [
    ({}, [((5, 5), (1, 5)), ((5, 5), (5, 1)), ((6, 4), (2, 3))]),
    ({"strides": [2, 1], "dilations": [1, 2], "pads": [1, 0, 2, 1]}, [((5, 5), (2, 2)), ((7, 3), (3, 1)), ((1, 9), (1, 3))]),
])  # fmt: skip
def test_columns(programs, attributes, cases):
    feeds = []
    for image, block in cases:
        padded = [extent + low + high for extent, low, high in zip(image, attributes.get("pads", [0] * 4)[:2], attributes.get("pads", [0] * 4)[2:])]
        steps = [
            (extent - dilation * (size - 1) - 1) // stride + 1
            for extent, size, stride, dilation in zip(padded, block, attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1]))
        ]
        x = random.standard_normal((2, 3 * int(np.prod(block)), int(np.prod(steps)))).astype(np.float32)
        feeds.append({"x": x, "image": np.array(image), "block": np.array(block)})
    made = save(programs, [helper.make_node("Col2Im", ["x", "image", "block"], ["y"], **attributes)], feeds[0], {"y": (FLOAT, 4)})
    for extent, name in zip(made.graph.input[0].type.tensor_type.shape.dim[1:], "RC"):
        extent.Clear()
        extent.dim_param = name
    onnx.save(made, programs.folder / "m.onnx")
    library = check(programs, made, feeds, runtime(made))
    for change in ({"image": np.array([9, 9])}, {"image": np.array([0, 5])}, {"block": np.array([0, 5])}, {"block": np.array([100, 1])}, {"image": np.array([-5, -5])}):
        with pytest.raises(ValueError, match="needs"):
            library.run(feeds[0] | change)


@pytest.mark.parametrize("inverse, onesided", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_transform_along_any_axis(programs, inverse, onesided):
    common = {"inverse": inverse, "onesided": onesided}
    parts = 1 if onesided and not inverse else 2
    nodes = [helper.make_node("DFT", ["x", "", "axis"], ["y"], **common), helper.make_node("DFT", ["x", "length", "axis"], ["z"], **common)]
    x = random.standard_normal((3, 5, 4, parts)).astype(np.float32)
    feeds = [{"x": x, "axis": integer(axis), "length": integer(length)} for axis, length in [(0, 3), (1, 1), (2, 9), (-2, 4), (-3, 7), (-4, 2)]]
    made = save(programs, nodes, feeds[0], {"y": (FLOAT, 4), "z": (FLOAT, 4)})
    library = check(programs, made, feeds, reference(made))
    for change in ({"axis": integer(3)}, {"axis": integer(-5)}, {"axis": integer(-1)}, {"length": integer(0)}, {"length": integer(-2)}):
        with pytest.raises(ValueError, match="needs an extent of at"):
            library.run(feeds[0] | change)


def test_frames(programs):
    nodes = [
        helper.make_node("STFT", ["x", "step", "", "length"], ["y"]),
        helper.make_node("STFT", ["x", "step", "window"], ["z"], onesided=0),
    ]
    x, window = random.standard_normal((2, 31, 1)).astype(np.float32), random.random(8).astype(np.float32)
    feeds = [{"x": x, "window": window, "step": integer(step), "length": integer(length)} for step, length in [(3, 8), (1, 31), (7, 1), (30, 2), (8, 5)]]
    made = save(programs, nodes, feeds[0], {"y": (FLOAT, 4), "z": (FLOAT, 4)})
    library = check(programs, made, feeds, reference(made))
    for change in ({"step": integer(0)}, {"step": integer(-1)}, {"length": integer(0)}, {"length": integer(32)}):
        with pytest.raises(ValueError, match="needs an extent of at"):
            library.run(feeds[0] | change)


def open_samples(programs, nodes, x, outputs):
    """The model of `nodes` for signals x[N, T, ...]."""
    made = save(programs, nodes, {"x": x}, outputs)
    for extent, name in zip(made.graph.input[0].type.tensor_type.shape.dim, "NT"):
        extent.Clear()
        extent.dim_param = name
    onnx.save(made, programs.folder / "m.onnx")
    return made


def test_frames_of_open_signals(programs):
    constant = lambda name, value: helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(value))
    nodes = [
        constant("step", integer(3)), constant("length", integer(8)), constant("window", random.random(10).astype(np.float32)),
        helper.make_node("STFT", ["x", "step", "", "length"], ["y"]), helper.make_node("STFT", ["x", "step", "window"], ["z"], onesided=0),
    ]  # fmt: skip
    feeds = [{"x": random.standard_normal((n, samples, 1)).astype(np.float32)} for n, samples in [(2, 31), (1, 10), (3, 12), (1, 97)]]
    made = open_samples(programs, nodes, feeds[0]["x"], {"y": (FLOAT, 4), "z": (FLOAT, 4)})
    library = check(programs, made, feeds, reference(made))
    with pytest.raises(ValueError, match="needs an extent of at"):
        library.run({"x": feeds[0]["x"][:, :9]})


@pytest.mark.parametrize("inverse, onesided", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_transform_of_open_signals(programs, inverse, onesided):
    nodes = [
        helper.make_node("Constant", [], ["axis"], value_int=1),
        helper.make_node("DFT", ["x", "", "axis"], ["y"], inverse=inverse, onesided=onesided),
    ]
    parts = 1 if onesided and not inverse else 2
    feeds = [{"x": random.standard_normal((n, samples, 3, parts)).astype(np.float32)} for n, samples in [(2, 8), (1, 2), (3, 17), (1, 100)]]
    check(programs, open_samples(programs, nodes, feeds[0]["x"], {"y": (FLOAT, 4)}), feeds, reference(onnx.load(programs.folder / "m.onnx")))


def test_mel_weights(programs):
    names = ["bands", "length", "rate", "lower", "upper"]
    node = helper.make_node("MelWeightMatrix", names, ["y"])
    feeds = [
        dict(zip(names, (integer(bands), integer(length), integer(rate), integer(low, np.float32), integer(high, np.float32))))
        for bands, length, rate, low, high in [(8, 16, 8192, 0, 4096), (1, 5, 8000, 100, 3000), (40, 400, 16000, 20, 7600), (7, 64, 44100, 1, 2)]
    ]
    made = save(programs, [node], feeds[0], {"y": (FLOAT, 2)})
    library = check(programs, made, feeds, reference(made))
    for change in ({"bands": integer(0)}, {"length": integer(-3)}):
        with pytest.raises(ValueError, match="needs an extent of at least 1"):
            library.run(feeds[0] | change)


def stacking(condition):
    """A loop that adds up its step numbers, doubles them in an output of every step, and ends by `condition`."""
    values = lambda **kinds: [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()]
    nodes = [
        helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
        helper.make_node("Add", ["sum", "f"], ["next"]),
        helper.make_node("Mul", ["next", "x"], ["row"]),
        *condition,
    ]
    return helper.make_graph(
        nodes, "step", values(i=(INT64, []), go=(BOOL, []), sum=(FLOAT, [])), values(more=(BOOL, []), next=(FLOAT, []), row=(FLOAT, [3]))
    )


@pytest.mark.parametrize("option", ["-O0", "-O3"])
def test_outputs_of_as_many_steps_as_data_says(programs, option):
    """The number of steps is computed; the condition is data, but the same in all steps."""
    body = stacking([helper.make_node("Identity", ["go"], ["more"])])
    nodes = [
        helper.make_node("ReduceMax", ["n"], ["largest"], keepdims=0),
        helper.make_node("Cast", ["largest"], ["count"], to=INT64),
        helper.make_node("Greater", ["largest", "limit"], ["starts"]),
        helper.make_node("Loop", ["count", "starts", "limit"], ["last", "rows"], body=body),
    ]
    x = np.array([1, -2, 3], np.float32)
    feeds = [{"n": np.array(n, np.float32), "limit": np.array(limit, np.float32), "x": x} for n, limit in [((1, 3), 0), ((0, 7.5), 2), ((-2, -1), -9), ((0, 0), -1), ((4, 2), 5)]]
    made = save(programs, nodes, feeds[0], {"last": (FLOAT, 0), "rows": (FLOAT, 2)})
    check(programs, made, feeds, runtime(made), option)


@pytest.mark.parametrize("option", ["-O0", "-O3"])
@pytest.mark.parametrize("most", ["constant", "input"])
def test_outputs_of_steps_that_end_early(programs, option, most):
    body = stacking([helper.make_node("Less", ["next", "limit"], ["more"])])
    nodes = [helper.make_node("Loop", ["most", "", "start"], ["last", "rows"], body=body), helper.make_node("ReduceSum", ["rows"], ["total"], keepdims=0)]
    x, counts = np.array([1, -2, 3], np.float32), (9,) if most == "constant" else (9, 1, 0, 4)
    feeds = [
        {"start": np.zeros((), np.float32), "limit": np.array(limit, np.float32), "x": x} | ({} if most == "constant" else {"most": integer(count)})
        for limit in (-1, 0, 3, 10, 36, 1e9) for count in counts
    ]  # fmt: skip
    if most == "constant":
        nodes.insert(0, helper.make_node("Constant", [], ["most"], value=onnx.numpy_helper.from_array(integer(9))))
    made = save(programs, nodes, feeds[0], {"last": (FLOAT, 0), "rows": (FLOAT, 2), "total": (FLOAT, 0)})
    check(programs, made, feeds, runtime(made), option)
