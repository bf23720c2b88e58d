# SPDX-License-Identifier: Apache-2.0
"""Bits of elements as elements of another type: every pattern stays as it is."""
import itertools

import ml_dtypes
import numpy as np
import onnx
import pytest
from loop_kernel_cases import OPTIONS, WithOptions, save_nodes
from onnx import helper

dlc = pytest.importorskip("dlc")

TYPES = {
    1: ["bool", "int8", "uint8"], 2: ["int16", "uint16", "float16", "bfloat16"], 4: ["int32", "uint32", "float32"],
    8: ["int64", "uint64", "float64"],
}  # fmt: skip
PAIRS = [pair for types in TYPES.values() for pair in itertools.permutations(types, 2)]


def numpy_type(name):
    return np.dtype(getattr(ml_dtypes, name, name))


@pytest.fixture(params=OPTIONS, ids=" ".join)
def configured(request, tmp_path):
    return WithOptions(tmp_path, request.param)


def test_bits(configured):
    """Signalling NaN included; a byte that becomes a truth value is 0 or 1."""
    bits = np.random.default_rng(1).integers(0, 256, (7, 3, 5, 8), np.uint8)
    nodes, inputs, ranks = [], {}, {}
    for i, (source, target) in enumerate(PAIRS):
        x = np.ascontiguousarray(bits % 2 if "bool" in (source, target) else bits).view(numpy_type(source)).reshape(7, 3, -1).copy()
        if x.dtype.itemsize == 2:
            x.view(np.uint16)[0, 0, :6] = [0x7C01, 0xFC01, 0x7F81, 0xFF81, 0x8000, 0x0001]
        kind = helper.np_dtype_to_tensor_dtype(numpy_type(target))
        inputs[f"x{i}"] = x
        nodes.append(helper.make_node("BitCast", [f"x{i}"], [f"y{i}"], to=kind))
        ranks[f"y{i}"] = (kind, 3)
    save_nodes(configured.folder, nodes, inputs, ranks, opset=26, dims={name: ["N", *x.shape[1:]] for name, x in inputs.items()})
    model = dlc.Model(configured.compile("m.onnx", "m.so"))
    for batch in (0, 1, 7):
        actual = model.run({name: x[:batch] for name, x in inputs.items()})
        for i, pair in enumerate(PAIRS):
            x, y = inputs[f"x{i}"][:batch], actual[f"y{i}"]
            assert y.shape == x.shape and y.dtype.itemsize == x.dtype.itemsize
            assert y.tobytes() == x.tobytes(), pair


def test_bits_of_quantized_types(programs):
    """Those that no input has, and those narrower than a byte, between casts."""
    kind = onnx.TensorProto
    x = np.arange(-128, 128, dtype=np.int8)
    nodes = []
    for name in "FLOAT8E4M3FN FLOAT8E5M2 FLOAT8E4M3FNUZ FLOAT8E5M2FNUZ".split():
        nodes.append(helper.make_node("BitCast", ["x"], [f"{name}_bits"], to=getattr(kind, name)))
        nodes.append(helper.make_node("BitCast", [f"{name}_bits"], [name], to=kind.UINT8))
    nodes += [helper.make_node("BitCast", ["x"], ["f8"], to=kind.FLOAT8E4M3FN), helper.make_node("Cast", ["f8"], ["VALUE"], to=kind.FLOAT),
              helper.make_node("Cast", ["n"], ["i4"], to=kind.INT4), helper.make_node("BitCast", ["i4"], ["u4"], to=kind.UINT4),
              helper.make_node("Cast", ["u4"], ["NIBBLE"], to=kind.UINT8)]  # fmt: skip
    nibbles = np.arange(-8, 8, dtype=np.int8)
    names = [node.output[0] for node in nodes if node.output[0].isupper() and not node.output[0].endswith("bits")]
    save_nodes(programs.folder, nodes, {"x": x, "n": nibbles}, {n: (kind.FLOAT if n == "VALUE" else kind.UINT8, 1) for n in names}, opset=26)
    actual = dlc.Model(programs.compile("m.onnx", "m.so")).run({"x": x, "n": nibbles})
    for name in names[:4]:
        np.testing.assert_array_equal(actual[name], x.view(np.uint8), err_msg=name)
    np.testing.assert_array_equal(actual["VALUE"], x.view(ml_dtypes.float8_e4m3fn).astype(np.float32))
    np.testing.assert_array_equal(actual["NIBBLE"], nibbles & 15)


def test_scalars_and_the_same_type(programs):
    x = np.array(-0.0, np.float32)
    nodes = [helper.make_node("BitCast", ["x"], ["y"], to=onnx.TensorProto.INT32), helper.make_node("BitCast", ["y"], ["z"], to=onnx.TensorProto.INT32)]
    save_nodes(programs.folder, nodes, {"x": x}, {"y": (onnx.TensorProto.INT32, 0), "z": (onnx.TensorProto.INT32, 0)}, opset=26)
    actual = dlc.Model(programs.compile("m.onnx", "m.so")).run({"x": x})
    assert actual["y"] == actual["z"] == -(2**31)


def test_different_widths_are_an_error(programs):
    save_nodes(programs.folder, [helper.make_node("BitCast", ["x"], ["y"], to=onnx.TensorProto.INT64)], {"x": np.zeros(3, np.float32)},
               {"y": (onnx.TensorProto.INT64, 1)}, opset=26)  # fmt: skip
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and "element types of one width" in result.stderr
