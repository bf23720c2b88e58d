# SPDX-License-Identifier: Apache-2.0
"""Transpositions of blocks in registers against NumPy, bit for bit: elements of 1 to 8 bytes, extents around the tiles, fixed and open."""
import numpy as np
import onnx
import pytest
from onnx import helper
from sampling import sample

RANDOM = np.random.default_rng(5)
TYPES = [np.float32, np.float64, np.float16, np.uint8, np.int16, np.int32, np.int64, np.bool_]
PERMUTATIONS = {"matrix": (1, 0), "batch": (0, 2, 1), "channels_last": (0, 2, 3, 1), "reversed": (2, 1, 0)}
# Below, at and beyond blocks of 4 to 16 elements; none at all.
EXTENTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 50]
MACHINES = ["native", "x86-64-v3", "x86-64-v2"]


def make_model(path, types, permutation, shapes, isScaled):
    nodes, inputs, outputs = [], [], []
    for index, (element, shape) in enumerate(zip(types, shapes)):
        onnx_type = helper.np_dtype_to_tensor_dtype(np.dtype(element))
        inputs.append(helper.make_tensor_value_info(f"x{index}", onnx_type, shape))
        outputs.append(helper.make_tensor_value_info(f"y{index}", onnx_type, [None] * len(permutation)))
        nodes.append(helper.make_node("Transpose", [f"x{index}"], [f"t{index}" if isScaled else f"y{index}"], perm=permutation))
        if isScaled:
            # In the same kernel, behind the transposition.
            nodes.append(helper.make_node("Neg", [f"t{index}"], [f"y{index}"]))
    graph = helper.make_graph(nodes, "transpositions", inputs, outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def draw(element, shape):
    values = RANDOM.integers(0, 256, (*shape, np.dtype(element).itemsize), dtype=np.uint8)
    if element is np.bool_:
        return values[..., 0] % 2 == 1
    values = values.view(element).reshape(shape)
    if element is np.float16:
        # Kernels convert these to f32 and back, which does not keep what a NaN carries.
        values[np.isnan(values)] = np.nan
    return values


def compare(programs, library, permutation, values, isScaled):
    names = [f"y{index}" for index in range(len(values))]
    got = programs.execute(library, {f"x{index}": x for index, x in enumerate(values)}, names)
    for name, x in zip(names, values):
        want = np.ascontiguousarray(np.transpose(-x if isScaled else x, permutation))
        assert got[name].shape == want.shape and got[name].dtype == want.dtype
        assert got[name].tobytes() == want.tobytes(), (x.dtype, x.shape)


@pytest.mark.parametrize("name", PERMUTATIONS)
def test_fixed_extents(programs, name):
    permutation = PERMUTATIONS[name]
    for machine in sample(MACHINES, 1, len(name)):
        types = [TYPES[i % len(TYPES)] for i in range(24)]
        shapes = [[1 + int(RANDOM.integers(3))] * (len(permutation) - 2) + [int(e) for e in RANDOM.choice(EXTENTS, 2)] for _ in types]
        for shape in shapes:
            RANDOM.shuffle(shape)
        make_model(programs.folder / "fixed.onnx", types, permutation, shapes, False)
        library = programs.compile("fixed.onnx", f"fixed-{machine}.so", "--target", machine)
        compare(programs, library, permutation, [draw(t, s) for t, s in zip(types, shapes)], False)


@pytest.mark.parametrize("name", PERMUTATIONS)
def test_open_extents(programs, name):
    permutation = PERMUTATIONS[name]
    for machine in sample(MACHINES, 1, len(name) + 1):
        make_model(programs.folder / "open.onnx", TYPES, permutation, [["A", "B", "C", "D"][: len(permutation)]] * len(TYPES), False)
        library = programs.compile("open.onnx", f"open-{machine}.so", "--target", machine)
        for _ in range(8):
            shape = [1 + int(RANDOM.integers(3))] * (len(permutation) - 2) + [int(e) for e in RANDOM.choice(EXTENTS, 2)]
            RANDOM.shuffle(shape)
            compare(programs, library, permutation, [draw(t, shape) for t in TYPES], False)


def test_with_what_follows(programs):
    """Shuffled vectors are operands of what is computed in the same kernel; -x of integers, which wraps, and of finite numbers."""
    types, shapes = [np.float32, np.int32, np.float64], [[1, 24, 7, 9], [1, 16, 4, 4], [2, 5, 11, 3]]
    make_model(programs.folder / "scaled.onnx", types, (0, 2, 3, 1), shapes, True)
    library = programs.compile("scaled.onnx", "scaled.so")
    values = [RANDOM.integers(-1000, 1000, s).astype(t) for t, s in zip(types, shapes)]
    compare(programs, library, (0, 2, 3, 1), values, True)
