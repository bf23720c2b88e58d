# SPDX-License-Identifier: Apache-2.0
"""Convolutions whose images have any size: one library, every width below, at and beyond all tiles of rows, against ONNX Runtime."""
import subprocess

import numpy as np
import onnx
import pytest
from conftest import BIN
from onnx import TensorProto, helper, numpy_helper
from sampling import only_in_full, sample

onnxruntime = pytest.importorskip("onnxruntime")
RANDOM = np.random.default_rng(11)

# channels in, channels out, kernel, strides, pads, groups, whether ReLU and 2 x 2 max pooling follow
CONVOLUTIONS = {
    "pointwise": (24, 72, (1, 1), (1, 1), (0, 0, 0, 0), 1, False),
    "few_channels": (3, 20, (3, 3), (1, 1), (1, 1, 1, 1), 1, False),
    "strided": (8, 64, (3, 3), (2, 2), (1, 1, 1, 1), 1, False),
    "one_filter": (12, 1, (3, 3), (1, 1), (1, 1, 1, 1), 1, False),
    "few_filters": (5, 3, (3, 3), (2, 2), (1, 1, 1, 1), 1, False),
    "few_filters_pooled": (3, 2, (7, 7), (1, 1), (4, 4, 4, 4), 1, True),
    "few_filters_length": (7, 4, (5,), (1,), (2, 2), 1, False),
    "uneven_filters": (6, 21, (3, 3), (1, 1), (2, 2, 2, 2), 1, True),
    "uneven_blocks": (6, 49, (3, 2), (1, 1), (1, 1, 1, 1), 1, False),
    "depthwise": (48, 48, (3, 3), (1, 1), (1, 1, 1, 1), 48, False),
    "grouped": (32, 64, (3, 3), (1, 1), (1, 1, 1, 1), 2, False),
    "grouped_vectors": (24, 48, (3, 3), (2, 1), (1, 1, 0, 1), 3, False),
    "grouped_halves": (6, 24, (3, 2), (1, 1), (1, 1, 1, 1), 3, True),
    "grouped_three_halves": (4, 48, (3, 3), (1, 1), (1, 1, 1, 1), 2, False),
    "narrow_groups": (32, 32, (3, 3), (1, 1), (1, 1, 1, 1), 8, False),
    "uneven_groups": (9, 15, (3, 3), (1, 2), (1, 2, 1, 0), 3, False),
    "pooled": (4, 32, (5, 5), (1, 1), (3, 3, 3, 3), 1, True),
    "length": (6, 40, (3,), (1,), (1, 1), 1, False),
    # Winograd's algorithm in tiles of 4 x 4.
    "winograd": (32, 64, (3, 3), (1, 1), (1, 1, 1, 1), 1, False),
    "winograd_pads": (48, 32, (3, 3), (1, 1), (0, 2, 3, 1), 1, False),
    "winograd_groups": (64, 64, (3, 3), (1, 1), (1, 2, 0, 0), 2, False),
    "winograd_pooled": (32, 32, (3, 3), (1, 1), (2, 2, 2, 2), 1, True),
}
WIDTHS = [*range(1, 18), 23, 28, 41]


def make_model(path):
    nodes, inputs, outputs, weights = [], [], [], []
    for name, (channels, filters, kernel, strides, pads, groups, isPooled) in CONVOLUTIONS.items():
        sizes = ["H", "W"] if len(kernel) == 2 else ["W"]
        inputs.append(helper.make_tensor_value_info(f"x_{name}", TensorProto.FLOAT, ["N", channels, *sizes]))
        w = RANDOM.standard_normal((filters, channels // groups, *kernel)).astype(np.float32)
        bias = RANDOM.standard_normal(filters).astype(np.float32)
        weights += [numpy_helper.from_array(w, f"w_{name}"), numpy_helper.from_array(bias, f"b_{name}")]
        last = f"sum_{name}" if isPooled else f"y_{name}"
        nodes.append(helper.make_node("Conv", [f"x_{name}", f"w_{name}", f"b_{name}"], [last], pads=pads, strides=strides, group=groups))
        if isPooled:
            nodes.append(helper.make_node("Relu", [last], [f"relu_{name}"]))
            nodes.append(helper.make_node("MaxPool", [f"relu_{name}"], [f"y_{name}"], kernel_shape=[2, 2], strides=[2, 2]))
        outputs.append(helper.make_tensor_value_info(f"y_{name}", TensorProto.FLOAT, [None] * (len(kernel) + 2)))
    graph = helper.make_graph(nodes, "open", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("turn, machine", [(0, "native"), (1, "x86-64-v2"), *only_in_full([(2, "x86-64-v3")])])
def test_every_width(programs, turn, machine):
    path = programs.folder / "open.onnx"
    make_model(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    library = programs.compile("open.onnx", f"open-{machine}.so", "--target", machine)
    names = [f"y_{name}" for name in CONVOLUTIONS]
    for width in sample(WIDTHS, len(WIDTHS) // 3, turn):
        batch, height = 1 + width % 2, 2 + width % 5
        values = {}
        for name, (channels, _, kernel, *_) in CONVOLUTIONS.items():
            extents = (height, width)[2 - len(kernel) :]
            values[f"x_{name}"] = RANDOM.standard_normal((batch, channels, *extents)).astype(np.float32)
        got = programs.execute(library, values, names)
        for name, y in zip(names, session.run(names, values)):
            assert got[name].shape == y.shape, (name, width)
            scale = np.abs(y).max(initial=1e-30)
            np.testing.assert_allclose(got[name] / scale, y / scale, atol=3e-5, err_msg=f"{name} at width {width}")


def make_winograd_model(path):
    """A transposed convolution, and one behind a stride so large that its images are assumed to be small: tiles of 2 x 2."""
    channels, weights = 32, []

    def add(name, *shape):
        weights.append(numpy_helper.from_array(RANDOM.standard_normal(shape).astype(np.float32) / 8, name))
        return name

    nodes = [
        helper.make_node("ConvTranspose", ["x", add("u", channels, 32, 3, 3), add("c", 32)], ["t"], pads=[1, 0, 2, 1]),
        helper.make_node("Conv", ["x", add("s", channels, channels, 1, 1)], ["small"], strides=[30, 30]),
        helper.make_node("Conv", ["small", add("v", 64, channels, 3, 3), add("d", 64)], ["y"], pads=[1, 2, 1, 0]),
    ]
    graph = helper.make_graph(
        nodes, "open", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", channels, "H", "W"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("t", "y")], weights)  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("machine", ["native", "x86-64-v3"])
def test_winograd(programs, machine):
    path = programs.folder / "open.onnx"
    make_winograd_model(path)
    text = subprocess.run([BIN / "dlc", path, "--compile-to=kernels", "--brief", "--target", machine], capture_output=True, text=True, check=True).stdout
    assert all(f"winograd = {m}>" in text for m in (2, 4))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    library = programs.compile("open.onnx", f"open-{machine}.so", "--target", machine)
    for extents in [(1, 2, 2), (2, 3, 7), (1, 31, 5), (1, 61, 94), (1, 125, 247), (3, 9, 64)]:
        x = RANDOM.standard_normal((extents[0], 32, *extents[1:])).astype(np.float32)
        x[-1, 3, -1, -1] = np.inf
        x[0, 5, 0, 1] = np.nan
        for threads in (1, 3):
            got = programs.execute(library, {"x": x}, ["t", "y"], "--threads", str(threads))
            for name, y in zip("ty", session.run(["t", "y"], {"x": x})):
                scale = np.abs(y[np.isfinite(y)]).max(initial=1e-30)
                np.testing.assert_allclose(got[name] / scale, y / scale, atol=3e-5, err_msg=f"{name} at {extents}")


# kernel, stride, pads
CEILED = [(2, 3, (0, 1)), (2, 3, (1, 1)), (3, 2, (1, 1)), (1, 4, (0, 0)), (3, 5, (2, 2)), (2, 2, (0, 0))]


def test_no_window_starts_in_the_high_padding(programs):
    """Pools that round up the number of windows, over any length: what starts behind the last element is not one."""
    nodes, outputs = [], []
    for number, (kernel, stride, pads) in enumerate(CEILED):
        nodes.append(helper.make_node("MaxPool", ["x"], [f"y{number}"], kernel_shape=[kernel], strides=[stride], pads=pads, ceil_mode=1))
        outputs.append(helper.make_tensor_value_info(f"y{number}", TensorProto.FLOAT, [None] * 3))
    graph = helper.make_graph(nodes, "pools", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, "L"])], outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), programs.folder / "pools.onnx")
    library = programs.compile("pools.onnx", "pools.so")
    for length in (*range(3, 20), 33):
        x = RANDOM.standard_normal((2, 3, length)).astype(np.float32)
        got = programs.execute(library, {"x": x}, [f"y{number}" for number in range(len(CEILED))])
        for number, (kernel, stride, (low, _)) in enumerate(CEILED):
            first = [start for start in range(-low, length, stride) if start - stride + kernel < length + CEILED[number][2][1]]
            want = np.stack([x[..., max(start, 0) : max(start + kernel, 0)].max(-1, initial=-np.inf) for start in first], -1)
            assert got[f"y{number}"].shape == want.shape, (CEILED[number], length)
            np.testing.assert_array_equal(got[f"y{number}"], want)
