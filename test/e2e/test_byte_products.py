# SPDX-License-Identifier: Apache-2.0
"""Products of bytes on every machine that this CPU runs, on awkward shapes and at the ends of the types' ranges, against exact sums; and which
machine a library is compiled for."""
import functools
import itertools
import re
import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from processor import needs_flag
from sampling import sample
from test_targets import machines

RANDOM = np.random.default_rng(11)
TYPES = {np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8, np.int32: TensorProto.INT32, np.float32: TensorProto.FLOAT}


@functools.cache
def x86_machines():
    return [name for name in machines() if name.startswith("x86-64")]


def extreme(dtype, *shape):
    """Numbers of which half are at the ends of the range."""
    info = np.iinfo(dtype)
    ends = RANDOM.choice([info.min, info.max], shape)
    return np.where(RANDOM.random(shape) < 0.5, ends, RANDOM.integers(info.min, info.max + 1, shape)).astype(dtype)


def save(path, nodes, inputs, constants, outputs):
    graph = helper.make_graph(
        nodes, "bytes", [helper.make_tensor_value_info(n, TYPES[a.dtype.type], a.shape) for n, a in inputs.items()],
        [helper.make_empty_tensor_value_info(n) for n in outputs], [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)


def check_everywhere(programs, inputs, expected, turn):
    """Exact sums from a library for each machine, in CI for those of the turn, and from one for all of them that selects each."""
    ran, names = 0, sample(x86_machines(), 3, turn)
    for name in names:
        library = programs.compile("model.onnx", f"{name}.so", f"--target={name}")
        if not programs.can_run(library):
            continue
        ran += 1
        got = programs.execute(library, inputs, list(expected), "--threads", "2")
        for output, want in expected.items():
            np.testing.assert_array_equal(got[output], want, err_msg=f"{name}: {output}")
    assert ran >= (turn % 2 == 0)
    library = programs.compile("model.onnx", "all.so", "--target=x86-64")
    for output, want in expected.items():
        np.testing.assert_array_equal(programs.execute(library, inputs, list(expected))[output], want, err_msg=output)
    # As a CPU without the instructions selects.
    for name, features in ("x86-64-v2",) * 2, ("x86-64-v3",) * 2, ("x86-64-v3-vnni", "avx-vnni"), ("x86-64-v4",) * 2:
        if name not in names or not programs.can_run(programs.folder / f"{name}.so"):
            continue
        for n, a in inputs.items():
            np.save(programs.folder / f"{n}.npy", a)
        arguments = [f"--input={n}={n}.npy" for n in inputs] + [f"--output={n}={n}.out.npy" for n in expected]
        result = programs.run("dlc-run", library, *arguments, environment={"DLC_CPU_FEATURES": features})
        assert result.returncode == 0, result.stderr
        for output, want in expected.items():
            np.testing.assert_array_equal(np.load(programs.folder / f"{output}.out.npy"), want, err_msg=f"{name}: {output}")


def convolve(x, w, pads, strides, groups, zero_point):
    """Sums of products of the differences, which padding takes for 0."""
    x, w = x.astype(np.int64) - int(zero_point), w.astype(np.int64)
    x = np.pad(x, [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])])
    (batch, channels, height, width), (filters, depth, rows, columns) = x.shape, w.shape
    out = np.zeros((batch, filters, (height - rows) // strides[0] + 1, (width - columns) // strides[1] + 1), np.int64)
    for group in range(groups):
        own = slice(group * filters // groups, (group + 1) * filters // groups)
        part = x[:, group * depth : (group + 1) * depth]
        for i, j in itertools.product(range(rows), range(columns)):
            window = part[:, :, i : i + strides[0] * (out.shape[2] - 1) + 1 : strides[0], j : j + strides[1] * (out.shape[3] - 1) + 1 : strides[1]]
            out[:, own] += np.einsum("nchw,kc->nkhw", window, w[own, :, i, j])
    return out.astype(np.int32)


# batch, channels, extents, filters, kernel, pads, strides, groups
CONVOLUTIONS = [
    (1, 4, (5, 7), 33, (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (2, 64, (6, 15), 64, (3, 3), (1, 1, 1, 1), (1, 1), 1),
    (1, 3, (11, 13), 64, (5, 3), (2, 1, 2, 1), (2, 2), 1),
    (1, 1, (9, 8), 32, (3, 3), (1, 0, 1, 2), (1, 1), 1),
    (1, 66, (3, 4), 40, (1, 2), (0, 1, 0, 0), (1, 1), 1),
    (2, 24, (5, 5), 64, (3, 3), (1, 1, 1, 1), (2, 1), 2),
    (1, 32, (6, 5), 32, (3, 3), (1, 1, 1, 1), (1, 1), 32),
    (1, 5, (4, 4), 7, (2, 2), (0, 0, 1, 1), (1, 1), 1),
]  # fmt: skip


@pytest.mark.parametrize("turn, zero_point", [(0, 0), (1, 1), (2, 117), (3, 255)])
def test_convolutions(programs, turn, zero_point):
    nodes, inputs, constants, expected = [], {}, {"z": np.uint8(zero_point)}, {}
    for number, (batch, channels, extents, filters, kernel, pads, strides, groups) in enumerate(sample(CONVOLUTIONS, 4, turn)):
        x, w, y = f"x{number}", f"w{number}", f"y{number}"
        inputs[x] = extreme(np.uint8, batch, channels, *extents)
        constants[w] = extreme(np.int8, filters, channels // groups, *kernel)
        nodes.append(helper.make_node("ConvInteger", [x, w, "z"], [y], kernel_shape=kernel, pads=pads, strides=strides, group=groups))
        expected[y] = convolve(inputs[x], constants[w], pads, strides, groups, zero_point)
    save(programs.folder / "model.onnx", nodes, inputs, constants, expected)
    check_everywhere(programs, inputs, expected, turn)


# As above: tiles of columns that end within blocks of weights, at their ends and beyond them.
TILED_CONVOLUTIONS = [
    (1, 8, (7, 9), 16, (3, 3), (1, 1, 1, 1), (1, 1), 1),
    (1, 2, (5, 31), 24, (1, 1), (0, 0, 0, 0), (1, 1), 1),
    (2, 10, (4, 6), 48, (3, 1), (1, 0, 1, 0), (1, 2), 1),
    (1, 6, (13, 5), 80, (2, 3), (0, 1, 0, 2), (2, 1), 1),
    (1, 12, (6, 6), 71, (3, 3), (2, 2, 2, 2), (1, 1), 1),
    (3, 36, (3, 8), 96, (3, 3), (1, 1, 1, 1), (1, 1), 3),
    (1, 16, (5, 17), 32, (3, 3), (1, 1, 1, 1), (1, 1), 4),
    (1, 7, (9, 9), 33, (3, 3), (1, 1, 1, 1), (2, 2), 1),
    (1, 35, (5, 6), 40, (3, 3), (1, 1, 1, 1), (1, 1), 1),
    (1, 1, (8, 9), 16, (5, 5), (2, 2, 2, 2), (2, 1), 1),
    (2, 3, (7, 6), 24, (3, 3), (0, 1, 2, 0), (1, 1), 1),
    (1, 17, (6, 7), 17, (5, 5), (2, 2, 2, 2), (1, 1), 17),
]  # fmt: skip


# The input's type and zero point, and the turn: which of the types and zero points of weights comes first, and which of the cases are tried.
OTHER_TYPES = pytest.mark.parametrize("dtype, zero_point, turn", [(np.uint8, 255, 0), (np.int8, -128, 1), (np.int8, 127, 2), (np.int8, 0, 3)])


@OTHER_TYPES
def test_convolutions_of_other_types(programs, dtype, zero_point, turn):
    """Also signed inputs, and unsigned weights with a zero point: none of their sums may saturate."""
    nodes, inputs, constants, expected = [], {}, {"z": np.asarray(zero_point, dtype), "z1": np.uint8(128), "z2": np.uint8(255)}, {}
    for number, (batch, channels, extents, filters, kernel, pads, strides, groups) in enumerate(sample(TILED_CONVOLUTIONS, 3, turn)):
        x, w, y, kind = f"x{number}", f"w{number}", f"y{number}", (number + turn) % 3
        inputs[x] = extreme(dtype, batch, channels, *extents)
        constants[w] = extreme(np.uint8 if kind else np.int8, filters, channels // groups, *kernel)
        nodes.append(helper.make_node("ConvInteger", [x, w, "z"] + [f"z{kind}"] * (kind > 0), [y], kernel_shape=kernel, pads=pads, strides=strides, group=groups))
        expected[y] = convolve(inputs[x], constants[w].astype(np.int64) - [0, 128, 255][kind], pads, strides, groups, zero_point)
    save(programs.folder / "model.onnx", nodes, inputs, constants, expected)
    check_everywhere(programs, inputs, expected, turn)


@OTHER_TYPES
def test_matrices_of_other_types(programs, dtype, zero_point, turn):
    """Tiles that end within blocks of weights, and weights with a zero point, one for all columns or one for each."""
    nodes, inputs, constants, expected = [], {}, {"z": np.asarray(zero_point, dtype)}, {}
    sizes = [(0, 8, 33), (3, 2, 5), (7, 30, 16), (13, 66, 24), (31, 67, 65), (64, 128, 48), (127, 34, 80), (1, 256, 96), (8, 18, 257), (19, 130, 130)]
    for number, (rows, depth, columns) in enumerate(sample(sizes, 3, turn)):
        a, b, y, zero, kind = f"a{number}", f"b{number}", f"y{number}", f"z{number}", (number + turn) % 3
        weight_type = np.uint8 if kind == 1 else np.int8
        inputs[a], constants[b] = extreme(dtype, rows, depth), extreme(weight_type, depth, columns)
        if kind:
            constants[zero] = extreme(weight_type, *[[], [columns]][kind - 1])
        nodes.append(helper.make_node("MatMulInteger", [a, b, "z"] + [zero] * (kind > 0), [y]))
        weight = constants[b].astype(np.int64) - constants.get(zero, np.int8(0)).astype(np.int64)
        expected[y] = ((inputs[a].astype(np.int64) - zero_point) @ weight).astype(np.int32)
    save(programs.folder / "model.onnx", nodes, inputs, constants, expected)
    check_everywhere(programs, inputs, expected, turn)


def test_weights_are_loaded_as_vectors(programs):
    """Bytes that are gathered one by one take most of the time of a product: no machine needs that."""
    nodes = [
        helper.make_node("MatMulInteger", ["a", "b", "z"], ["y"]), helper.make_node("MatMulInteger", ["row", "b", "z"], ["v"]),
        helper.make_node("ConvInteger", ["x", "w", "z"], ["u"]), helper.make_node("ConvInteger", ["x", "narrow", "z"], ["t"]),
    ]  # fmt: skip
    inputs = {"a": extreme(np.uint8, 16, 64), "row": extreme(np.uint8, 1, 64), "x": extreme(np.uint8, 1, 16, 9, 9)}
    constants = {"b": extreme(np.int8, 64, 128), "w": extreme(np.int8, 80, 16, 3, 3), "narrow": extreme(np.int8, 24, 16, 3, 3), "z": np.uint8(3)}
    save(programs.folder / "model.onnx", nodes, inputs, constants, ["y", "v", "u", "t"])
    for name in x86_machines():
        library = programs.compile("model.onnx", f"{name}.so", f"--target={name}")
        text = subprocess.run(["/usr/lib/llvm-22/bin/llvm-objdump", "-d", "--no-show-raw-insn", library], capture_output=True, text=True, check=True).stdout
        sums = [part for part in text.split("\n\n") if ".kernel." in part.lstrip().partition("\n")[0] and re.search("pmaddwd|pdpbusd", part)]
        assert len(sums) == 4, name
        for kernel in sums:
            assert "pinsrb" not in kernel and "gather" not in kernel, name


@pytest.mark.parametrize(
    "turn, dtype, zero_point",
    [(0, np.uint8, 0), (1, np.uint8, 255), (0, np.uint8, None), (1, np.int8, -128), (0, np.int8, 127), (1, np.int8, 0), (1, np.int8, None)],
)
def test_matrices(programs, turn, dtype, zero_point):
    """None: the zero point is an input, as of dynamic quantization."""
    nodes, inputs, constants, expected = [], {}, {}, {}
    (inputs if zero_point is None else constants)["z"] = np.asarray(19 if zero_point is None else zero_point, dtype)
    zero = int(inputs.get("z", constants.get("z")))
    for number, (rows, depth, columns) in enumerate([(1, 4, 1), (1, 64, 33), (3, 128, 65), (29, 260, 96), (5, 67, 33), (2, 6, 40), (17, 1, 32)]):
        a, b, y = f"a{number}", f"b{number}", f"y{number}"
        inputs[a], constants[b] = extreme(dtype, rows, depth), extreme(np.int8, depth, columns)
        nodes.append(helper.make_node("MatMulInteger", [a, b, "z"], [y]))
        expected[y] = ((inputs[a].astype(np.int64) - zero) @ constants[b].astype(np.int64)).astype(np.int32)
    # A batch of rows, and one row.
    inputs["many"], inputs["row"], constants["b"] = extreme(dtype, 2, 3, 5, 32), extreme(dtype, 32), extreme(np.int8, 32, 48)
    for name in "many", "row":
        nodes.append(helper.make_node("MatMulInteger", [name, "b", "z"], [f"y_{name}"]))
        expected[f"y_{name}"] = ((inputs[name].astype(np.int64) - zero) @ constants["b"].astype(np.int64)).astype(np.int32)
    save(programs.folder / "model.onnx", nodes, inputs, constants, expected)
    check_everywhere(programs, inputs, expected, turn)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_networks_between_quantizations(programs, dtype):
    """A residual block, whose sum reads what its convolutions read: the same bits on every machine."""
    info, nodes, constants = np.iinfo(dtype), [], {}

    def add(op, *operands, **attributes):
        names = []
        for operand in operands:
            if not isinstance(operand, str):
                constants[f"c{len(constants)}"] = np.asarray(operand)
                operand = f"c{len(constants) - 1}"
            names.append(operand)
        nodes.append(helper.make_node(op, names, [f"v{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    def requantize(value, scale, zero):
        scale, zero = np.float32(scale), dtype(zero)
        return add("DequantizeLinear", add("QuantizeLinear", value, scale, zero), scale, zero)

    def weight(*shape):
        return add("DequantizeLinear", extreme(np.int8, *shape), (RANDOM.random(shape[0]) * 0.001 + 0.001).astype(np.float32), np.zeros(shape[0], np.int8), axis=0)

    middle = (int(info.min) + int(info.max)) // 2
    x = requantize("x", 0.031, middle + 3)
    value = requantize(add("Relu", add("Conv", x, weight(32, 3, 3, 3), pads=[1, 1, 1, 1])), 0.0173, info.min)
    inner = requantize(add("Conv", value, weight(32, 32, 3, 3), RANDOM.standard_normal(32).astype(np.float32), pads=[1, 1, 1, 1]), 0.0411, middle - 5)
    inner = requantize(add("Conv", inner, weight(32, 32, 3, 3), pads=[1, 1, 1, 1]), 0.0711, middle)
    value = requantize(add("Relu", add("Add", value, inner)), 0.0531, info.min)
    value = requantize(add("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2]), 0.0531, info.min)
    output = add("Conv", value, weight(40, 32, 1, 1))
    inputs = {"x": (RANDOM.standard_normal((2, 3, 10, 14)) * 3).astype(np.float32)}
    # Numbers beyond the quantized range, and none.
    inputs["x"].flat[:6] = [np.inf, -np.inf, np.nan, 3e38, -1e30, 1e-42]
    save(programs.folder / "model.onnx", nodes, inputs, constants, [output])
    results = {}
    for name in x86_machines()[1:] + ["x86-64"]:
        library = programs.compile("model.onnx", f"{name}.so", f"--target={name}")
        if programs.can_run(library):
            results[name] = programs.execute(library, inputs, [output])[output]
    assert len(results) >= 1 and not np.isnan(results["x86-64"]).any()
    for name, result in results.items():
        np.testing.assert_array_equal(result, results["x86-64"], err_msg=name)


def test_normalizations_between_quantizations(programs):
    """Quantizers quantize statistics, too: the normalization is a part of the convolution's kernel, and as ONNX Runtime computes it."""
    channels, names = 32, "scale bias mean variance".split()
    vectors = {f"q{n}": extreme(np.uint8, channels) if n == "variance" else extreme(np.int8, channels) for n in names}
    constants = vectors | {"w": extreme(np.int8, channels, 8, 3, 3), "s": np.float32(0.011), "t": np.float32(0.07), "z": np.uint8(121), "zw": np.int8(0)}
    dequantize = lambda x, s, z, y: helper.make_node("DequantizeLinear", [x, s] + ([z] if z else []), [y])
    nodes = [
        dequantize("x", "s", "z", "dx"), dequantize("w", "s", "zw", "dw"), *(dequantize(f"q{n}", "s", "", n) for n in names),
        helper.make_node("Conv", ["dx", "dw"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("QuantizeLinear", ["c", "t", "z"], ["qc"]), dequantize("qc", "t", "z", "dc"),
        helper.make_node("BatchNormalization", ["dc", *names], ["n"]),
        helper.make_node("QuantizeLinear", ["n", "t", "z"], ["y"]),
    ]  # fmt: skip
    inputs = {"x": extreme(np.uint8, 2, 8, 9, 7)}
    save(programs.folder / "model.onnx", nodes, inputs, constants, ["y"])
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")  # its sums saturate otherwise where they can
    session = onnxruntime.InferenceSession(str(programs.folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    (want,) = session.run(["y"], inputs)
    got = programs.execute(programs.compile("model.onnx", "model.so"), inputs, ["y"])["y"]
    difference = np.abs(got.astype(int) - want.astype(int))
    assert difference.max() <= 1 and difference.sum() <= 0.01 * difference.size
    assert "normalization" not in programs.run("dlc", "model.onnx", "--compile-to=kernels").stdout.split("kind(", 1)[1]


def test_quotients_are_rounded_once(programs):
    """Quantization by a reciprocal gives what a division gives, at every tie and beyond the range."""
    for scale in np.float32([1, 0.1, 0.0173, 3.0001, 1.9999999, 1e-20, 7e15]):
        ties = (np.arange(-300, 300, dtype=np.float32) + np.float32(0.5)) * scale
        x = np.concatenate([ties, np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf)), np.float32([np.inf, -np.inf, 3e38, -3e38, 0, 1e-45])])
        save(programs.folder / "model.onnx", [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], {"x": x}, {"s": scale, "z": np.int8(-7)}, ["y"])
        got = programs.execute(programs.compile("model.onnx", "model.so"), {"x": x}, ["y"])["y"]
        with np.errstate(over="ignore"):
            want = np.clip(np.rint(x / scale) - 7, -128, 127).astype(np.int8)
        np.testing.assert_array_equal(got, want, err_msg=str(scale))


@needs_flag("avx512_vnni")
def test_machines_of_programs(programs):
    """`native` and `x86-64` add the row for integer products to programs that have some, and to no others."""
    products = [helper.make_node("MatMulInteger", ["a", "b"], ["y"])]
    integers = {"a": extreme(np.uint8, 3, 64)}, {"b": extreme(np.int8, 64, 32)}
    reals = {"a": RANDOM.random((3, 64), np.float32)}, {"b": RANDOM.random((64, 32), np.float32)}
    names = lambda library: subprocess.run(["/usr/lib/llvm-22/bin/llvm-nm", library], capture_output=True, text=True, check=True).stdout
    save(programs.folder / "bytes.onnx", products, *integers, ["y"])
    save(programs.folder / "reals.onnx", [helper.make_node("MatMul", ["a", "b"], ["y"])], *reals, ["y"])
    for model, special in ("bytes.onnx", True), ("reals.onnx", False):
        library = programs.compile(model, "native.so")
        info = programs.run("dlc-run", "info", library).stdout
        assert ("x86-64-v4-vnni" in info) == special and "x86-64-v4" in info
        for name in "x86-64-v3-vnni", "x86-64-v4-vnni":
            assert (name in names(programs.compile(model, "all.so", "--target=x86-64"))) == special
        assert "vnni" not in names(programs.compile(model, "v4.so", "--target=x86-64-v4"))
    result = programs.run("dlc-run", "bench", programs.compile("bytes.onnx", "native.so"), "--seconds", "0.01", environment={"DLC_CPU_FEATURES": "x86-64-v4"})
    assert "was compiled for x86-64-v4-vnni, and this CPU lacks avx512-vnni" in result.stderr
    # What a module says it was made for holds when its compilation continues.
    printed = programs.run("dlc", "bytes.onnx", "--compile-to=kernels", "-o", "kernels.mlir")
    assert printed.returncode == 0 and 'dlc.target = "x86-64-v4-vnni"' in (programs.folder / "kernels.mlir").read_text()
    got = programs.execute(programs.compile("kernels.mlir", "again.so"), integers[0], ["y"])["y"]
    np.testing.assert_array_equal(got, integers[0]["a"].astype(np.int32) @ integers[1]["b"].astype(np.int32))
