# SPDX-License-Identifier: Apache-2.0
"""Transposed convolutions of 1 to 3 dimensions with few and many channels against ONNX Runtime: images of any size, and of fixed ones."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sampling import IS_ALL, sample

onnxruntime = pytest.importorskip("onnxruntime")

# channels in, channels out, kernel, strides, pads, output padding; whether an activation follows; groups if several
CASES = {
    # Vectors along rows: up to four channels. One convolution of all phases: the stride divides the kernel, and there
    # are up to seven channels or not two dimensions.
    "one_channel": (9, 1, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), True),
    "colours": (16, 3, (4, 4), (2, 2), (1, 1, 1, 1), (1, 1), False),
    "no_overlap": (5, 2, (2, 2), (2, 2), (0, 0, 0, 0), (0, 0), True),
    "uneven_pads": (4, 2, (6, 4), (3, 2), (2, 0, 1, 3), (2, 0), False),
    "wide_kernel": (8, 3, (9, 9), (3, 3), (3, 3, 3, 3), (0, 0), False),
    "several_blocks_of_phases": (6, 6, (4, 4), (2, 2), (1, 1, 1, 1), (1, 0), False),
    "one_channel_samples": (16, 1, (16,), (8,), (4, 4), (0,), True),
    "many_phases": (5, 6, (10, 5), (5, 5), (2, 0, 3, 1), (1, 0), False),
    "cropped": (3, 1, (2, 3), (2, 1), (1, 1, 1, 2), (0, 0), False),
    "more_padding": (3, 2, (2, 2), (2, 2), (0, 1, 0, 0), (1, 0), False),
    "samples": (12, 20, (8,), (4,), (2, 2), (0,), True),
    "volume": (4, 6, (2, 2, 2), (2, 2, 2), (0, 0, 0, 0, 0, 0), (0, 0, 0), False),
    "volume_overlap": (2, 1, (4, 2, 2), (2, 1, 2), (1, 0, 0, 1, 1, 0), (0, 0, 1), False),
    # Phases in tiles.
    "uneven_phases": (7, 1, (3, 3), (2, 2), (1, 1, 1, 1), (0, 0), True),
    "full_vectors": (8, 32, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), True),
    "uneven_vectors": (6, 21, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), False),
    "several_blocks": (3, 72, (5, 3), (3, 2), (0, 2, 1, 0), (1, 0), False),
    "kernel_in_stride": (4, 16, (1, 2), (2, 3), (0, 0, 0, 0), (1, 2), False),
    "uneven_samples": (8, 12, (3,), (2,), (1, 1), (1,), True),
    "sparse_samples": (6, 35, (2,), (5,), (0, 0), (3,), False),
    "uneven_volume": (5, 9, (3, 2, 3), (2, 1, 3), (1, 0, 1, 1, 1, 0), (0, 0, 2), False),
    "odd_volume": (3, 33, (3, 3, 3), (2, 2, 2), (0, 0, 0, 0, 0, 0), (1, 1, 1), True),
    # Groups: of vectors of channels, of one channel, and of few, which are gathered one by one.
    "grouped": (24, 48, (3, 3), (2, 2), (1, 1, 1, 1), (1, 1), True, 3),
    "grouped_halves": (8, 32, (4, 3), (2, 3), (1, 0, 2, 1), (0, 2), False, 2),
    "grouped_unit_stride": (10, 32, (3, 2), (1, 1), (1, 0, 1, 1), (0, 0), True, 2),
    "narrow_groups": (12, 9, (3, 3), (2, 2), (1, 1, 1, 1), (0, 0), False, 3),
    "depthwise": (32, 32, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), True, 32),
    "uneven_depthwise": (21, 21, (3, 5), (2, 3), (1, 0, 0, 2), (1, 2), False, 21),
    "few_depthwise": (3, 3, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0), False, 3),
    "depthwise_samples": (37, 37, (5,), (3,), (2, 1), (0,), True, 37),
    "depthwise_volume": (6, 6, (3, 2, 2), (2, 2, 1), (1, 0, 0, 1, 0, 0), (0, 0, 0), False, 6),
    "depthwise_unit_stride": (24, 24, (5, 3), (1, 1), (2, 1, 2, 1), (0, 0), True, 24),
    "uneven_depthwise_unit_stride": (13, 13, (3, 3), (1, 1), (0, 1, 2, 1), (0, 0), False, 13),
    # Stride 1, for one channel and for many.
    "unit_stride": (5, 1, (3, 3), (1, 1), (1, 1, 1, 1), (0, 0), True),
    "unit_stride_vectors": (4, 24, (3, 2), (1, 1), (0, 1, 0, 0), (0, 0), False),
}
SIZES = [1, 2, 3, 5, 7, 8, 13, 16, 17, 29]


def make_model(path, case, random, extents):
    channels, filters, kernel, strides, pads, more, isActivated, *group = case
    groups = group[0] if group else 1
    w = random.standard_normal((channels, filters // groups, *kernel)).astype(np.float32)
    weights = [numpy_helper.from_array(w, "w"), numpy_helper.from_array(random.standard_normal(filters).astype(np.float32), "b")]
    nodes = [helper.make_node("ConvTranspose", ["x", "w", "b"], ["c" if isActivated else "y"], strides=strides, pads=pads, output_padding=more, group=groups)]
    if isActivated:
        nodes.append(helper.make_node("Elu", ["c"], ["y"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [extents[0], channels, *extents[1:]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * (len(kernel) + 2))
    graph = helper.make_graph(nodes, "transposed", [x], [y], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def has_result(case, extents):
    _, _, kernel, strides, pads, more, *_ = case
    n = len(kernel)
    return all(strides[i] * (extents[i] - 1) + more[i] + kernel[i] - pads[i] - pads[i + n] > 0 for i in range(n))


def compare(programs, library, session, x):
    want = session.run(["y"], {"x": x})[0]
    got = programs.execute(library, {"x": x}, ["y"])["y"]
    assert got.shape == want.shape
    finite = np.isfinite(want)
    scale = np.abs(want[finite]).max(initial=1e-30)
    np.testing.assert_allclose(got / scale, want / scale, atol=3e-5, err_msg=f"{x.shape}")


MACHINES = ["native", "x86-64-v3", "x86-64-v2"]


@pytest.mark.parametrize("machine,name", [(machine, name) for turn, name in enumerate(CASES) for machine in sample(MACHINES, 1, turn)])
def test_any_size(programs, machine, name):
    case, random = CASES[name], np.random.default_rng(len(name))
    spatial = len(case[2])
    path = programs.folder / f"{name}.onnx"
    make_model(path, case, random, ["N", "D", "H", "W"][: spatial + 1])
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    library = programs.compile(path.name, f"{name}-{machine}.so", "--target", machine)
    for index, size in enumerate(SIZES):
        extents = [SIZES[(index + 3 * i) % 7] for i in range(spatial - 1)] + [size]
        if has_result(case, extents):
            compare(programs, library, session, random.standard_normal((1 + index % 3, case[0], *extents)).astype(np.float32))


# Where a dimension has one position, each result meets one tap: kernels and strides that divide each other or do not.
SINGLE = {
    "latent": (20, 24, (4, 4), (1, 1), (0, 0, 0, 0), (0, 0), True),
    "padded_latent": (7, 3, (5, 3), (2, 2), (1, 0, 2, 1), (1, 1), False),
    "latent_volume": (5, 6, (2, 4, 3), (1, 1, 1), (0, 1, 0, 0, 1, 0), (0, 0, 0), False),
}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("width", [1, 6])
def test_one_position(programs, name, width):
    case, random = SINGLE[name], np.random.default_rng(len(name))
    path, extents = programs.folder / f"{name}{width}.onnx", ["N", *[1] * (len(case[2]) - 1), width]
    make_model(path, case, random, extents)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    library = programs.compile(path.name, f"{name}{width}.so")
    for batch in (1, 3):
        x = random.standard_normal((batch, case[0], *extents[1:])).astype(np.float32)
        compare(programs, library, session, x)
        x[0, 0].flat[0] = np.inf
        compare(programs, library, session, x)


@pytest.mark.parametrize("name", list(CASES)[:: 1 if IS_ALL else 2])
def test_fixed_sizes_and_special_values(programs, name):
    case, random = CASES[name], np.random.default_rng(len(name))
    path, extents = programs.folder / f"{name}.onnx", [2, *(7, 6, 11)[-len(case[2]) :]]
    make_model(path, case, random, extents)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    library = programs.compile(path.name, f"{name}.so")
    x = random.standard_normal((extents[0], case[0], *extents[1:])).astype(np.float32)
    compare(programs, library, session, x)
    # Each reaches those results alone that have a tap on it.
    for value in (np.inf, -np.inf, np.nan):
        special = x.copy()
        special.reshape(-1)[random.integers(special.size)] = value
        compare(programs, library, session, special)
