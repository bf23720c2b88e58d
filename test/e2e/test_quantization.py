# SPDX-License-Identifier: Apache-2.0
"""QuantizeLinear, DequantizeLinear and casts of every quantized type, with scales per tensor, axis and block, against the reference
implementation of ONNX: from ONNX files, from nodes of JSON models, and through an exported file."""
import json

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

INTEGERS = {
    "u8": np.uint8, "i8": np.int8, "u16": np.uint16, "i16": np.int16, "u4": ml_dtypes.uint4, "i4": ml_dtypes.int4, "u2": ml_dtypes.uint2,
    "i2": ml_dtypes.int2,
}  # fmt: skip
FLOATS = {
    "f8e4m3fn": ml_dtypes.float8_e4m3fn, "f8e4m3fnuz": ml_dtypes.float8_e4m3fnuz, "f8e5m2": ml_dtypes.float8_e5m2,
    "f8e5m2fnuz": ml_dtypes.float8_e5m2fnuz, "f4e2m1fn": ml_dtypes.float4_e2m1fn, "f6e2m3fn": ml_dtypes.float6_e2m3fn,
    "f6e3m2fn": ml_dtypes.float6_e3m2fn,
}  # fmt: skip
TYPES = {**INTEGERS, **FLOATS}
REALS = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
OTHERS = {"f8e8m0fnu": ml_dtypes.float8_e8m0fnu, "i32": np.int32}
NAMES = {np.dtype(dtype): name for name, dtype in {**TYPES, **REALS, **OTHERS}.items()}
RANDOM = np.random.default_rng(3)
SHAPE = (2, 7, 5)
# Shapes of scale and zero point, and the attributes that say so. The last block of 3 elements of 7 has one.
FORMS = {
    "tensor": ((), {}), "one": ((1,), {}), "axis": ((7,), {"axis": 1}), "last": ((5,), {"axis": -1}),
    "blocks": ((2, 7, 1), {"axis": 2, "block_size": 5}), "first": ((1, 7, 5), {"axis": 0, "block_size": 2}),
    "short": ((2, 3, 5), {"axis": 1, "block_size": 3}), "single": ((2, 7, 5), {"axis": 1, "block_size": 1}),
}  # fmt: skip


def proto(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def plain(array):
    """What goes into a .npy file: the bits of types that NumPy lacks."""
    array = np.asarray(array)
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


class Model:
    """Nodes whose operands are inputs of the model, each with an output."""

    def __init__(self):
        self.inputs, self.nodes, self.outputs = {}, [], {}

    def input(self, array):
        name = f"x{len(self.inputs)}"
        self.inputs[name] = np.asarray(array)
        return name

    def add(self, op, operands, dtype, **attributes):
        name = f"y{len(self.outputs)}"
        names = ["" if o is None else o if isinstance(o, str) else self.input(o) for o in operands]
        self.nodes.append((op, names, name, attributes))
        self.outputs[name] = np.dtype(dtype)
        return name

    def onnx(self, opset):
        value = lambda name, array: helper.make_tensor_value_info(name, proto(array.dtype), array.shape)
        nodes = [helper.make_node(op, names, [output], **attributes) for op, names, output, attributes in self.nodes]
        outputs = [helper.make_tensor_value_info(name, proto(dtype), None) for name, dtype in self.outputs.items()]
        graph = helper.make_graph(nodes, "quantized", [value(n, a) for n, a in self.inputs.items()], outputs)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=13)

    def json(self):
        def written(key, value):
            return NAMES[np.dtype(helper.tensor_dtype_to_np_dtype(value))] if key in ("output_dtype", "precision", "to") else value

        return {
            "dlc": 1, "name": "quantized", "inputs": [{"name": n, "type": NAMES[a.dtype], "shape": list(a.shape)} for n, a in self.inputs.items()],
            "nodes": [{"op": op, "inputs": names, "outputs": [output], "attributes": {k: written(k, v) for k, v in attributes.items()}}
                      for op, names, output, attributes in self.nodes],
            "outputs": list(self.outputs),
        }  # fmt: skip

    def run(self, programs, library):
        got = programs.execute(library, {n: plain(a) for n, a in self.inputs.items()}, list(self.outputs))
        return {n: got[n] if dtype.isbuiltin == 1 else got[n].view(dtype) for n, dtype in self.outputs.items()}

    def check(self, programs, opset=28, others=("model.json", "again.onnx")):
        """`others`: what gives the same bits, a JSON model and a file that dlc wrote."""
        model = self.onnx(opset)
        expected = dict(zip(self.outputs, ReferenceEvaluator(model).run(None, self.inputs)))
        onnx.save(model, programs.folder / "model.onnx")
        (programs.folder / "model.json").write_text(json.dumps(self.json()))
        got = self.run(programs, programs.compile("model.onnx", "onnx.so"))
        nodes = {output: (op, names, attributes) for op, names, output, attributes in self.nodes}
        for name, want in expected.items():
            assert got[name].shape == want.shape and got[name].dtype == want.dtype, nodes[name]
            np.testing.assert_array_equal(got[name].astype(np.float64), want.astype(np.float64), err_msg=str(nodes[name]))
        if "again.onnx" in others:
            programs.compile("model.onnx", "again.onnx")
        for source in others:
            same = self.run(programs, programs.compile(source, "other.so"))
            for name, want in got.items():
                np.testing.assert_array_equal(plain(same[name]), plain(want), err_msg=f"{source}: {nodes[name]}")


def numbers(dtype, scale):
    """Multiples of half the scale (ties), numbers between these, and what is far outside the type's range."""
    x = RANDOM.integers(-40, 40, SHAPE) * np.asarray(scale, np.float32) / 2 + RANDOM.choice([0, 0, 0.3, -0.2], SHAPE)
    far = 600 if dtype == np.float16 else 70000  # whose quotients are finite
    x.flat[:4] = far, -far, 0, -0.0
    return x.astype(dtype)


def scale_of(form, dtype):
    shape, attributes = FORMS[form]
    scale = RANDOM.choice(np.array([0.5, 0.25, 0.75, 2, 0.1]), shape).astype(dtype)
    full = scale if scale.size == 1 or scale.ndim == 3 else scale.reshape([-1 if d == attributes["axis"] % 3 else 1 for d in range(3)])
    if "block_size" in attributes:
        full = np.repeat(full, attributes["block_size"], attributes["axis"]).take(range(SHAPE[attributes["axis"]]), attributes["axis"])
    return scale, full, attributes


def elements(name, shape):
    """Elements of a quantized type: all kinds of bits, but no NaN, which all bits that are NaN are equal to."""
    dtype = TYPES[name]
    if name in INTEGERS:
        info = ml_dtypes.iinfo(dtype)
        return RANDOM.integers(info.min, info.max + 1, shape).astype(dtype)
    width = 4 if "f4" in name else 6 if "f6" in name else 8
    values = RANDOM.integers(0, 1 << width, shape).astype(np.uint8).view(dtype)
    return np.where(np.isnan(values.astype(np.float32)), np.array(1, dtype), values)


def zero_point(name, shape):
    return elements(name, shape) if name in INTEGERS else np.zeros(shape, TYPES[name])


@pytest.mark.parametrize("group", ["u8 i8 u16 i16", "u4 i4 u2 i2", "f8e4m3fn f8e4m3fnuz f8e5m2 f8e5m2fnuz", "f4e2m1fn f6e2m3fn f6e3m2fn"])
def test_forms_and_types(programs, group):
    model = Model()
    for number, name in enumerate(group.split()):
        for form in FORMS if number == 0 else ("axis",):
            scale, full, attributes = scale_of(form, np.float32)
            zero = zero_point(name, scale.shape)
            model.add("QuantizeLinear", [numbers(np.float32, full), scale, zero], TYPES[name], **attributes)
            model.add("DequantizeLinear", [elements(name, SHAPE), scale, zero], np.float32, **attributes)
        scale, full, attributes = scale_of("axis", np.float32)
        model.add("QuantizeLinear", [numbers(np.float32, full), scale], TYPES[name], output_dtype=proto(TYPES[name]), **attributes)
        model.add("DequantizeLinear", [elements(name, SHAPE), scale], np.float16, output_dtype=TensorProto.FLOAT16, **attributes)
    model.check(programs, others=())


def test_json_models_and_exported_files(programs):
    model = Model()
    for number, name in enumerate(TYPES):
        scale, full, attributes = scale_of([*FORMS][number % len(FORMS)], np.float32)
        zero = zero_point(name, scale.shape) if number % 3 else None
        given = {} if number % 3 else {"output_dtype": proto(TYPES[name])}
        model.add("QuantizeLinear", [numbers(np.float32, full), scale, zero], TYPES[name], **attributes, **given)
        model.add("DequantizeLinear", [elements(name, SHAPE), scale, zero], np.float32, **attributes)
    model.check(programs)


def test_types_of_scales_and_quotients(programs):
    model = Model()
    for real in REALS.values():
        scale, full, attributes = scale_of("axis", real)
        model.add("QuantizeLinear", [numbers(real, full), scale, zero_point("u8", scale.shape)], np.uint8, **attributes)
        model.add("DequantizeLinear", [elements("i4", SHAPE), scale, zero_point("i4", scale.shape)], real, **attributes)
    scale, full, attributes = scale_of("axis", np.float32)
    x = numbers(np.float16, full).astype(np.float32)
    model.add("QuantizeLinear", [x, scale, zero_point("i8", scale.shape)], np.int8, precision=TensorProto.FLOAT16, **attributes)
    model.add("DequantizeLinear", [RANDOM.integers(-(1 << 30), 1 << 30, SHAPE).astype(np.int32), scale], np.float32, **attributes)
    powers = np.array([0.5, 2, 4, 0.25, 1, 8, 2], ml_dtypes.float8_e8m0fnu)
    model.add("DequantizeLinear", [elements("f4e2m1fn", SHAPE), powers], np.float32, axis=1, output_dtype=TensorProto.FLOAT)
    model.add("QuantizeLinear", [numbers(np.float32, 1), np.float32(1)], np.uint8)
    model.check(programs, others=("model.json",))


def test_casts(programs):
    values = np.array([0, -0.0, 1, -1, 0.3, 2.5, -3.5, 5, 6.9, 447, 448, 464, 465, 57344, 61440, 1e-3, -2e-3, 7e-5, 1e-8, 1e9, -1e9, np.inf, -np.inf])
    model = Model()
    for name, dtype in FLOATS.items():
        # The reference says nothing about infinities for types without them.
        x = values if "f8" in name else values[:-2]
        for real in np.float32, np.float16:
            with np.errstate(over="ignore"):
                model.add("Cast", [x.astype(real)], dtype, to=proto(dtype))
        if "f8" in name:
            model.add("Cast", [x.astype(np.float32)], dtype, to=proto(dtype), saturate=0)
        model.add("Cast", [elements(name, (40,))], np.float32, to=TensorProto.FLOAT)
        model.add("Cast", [np.arange(-40, 40, dtype=np.int32)], dtype, to=proto(dtype))
    power = ml_dtypes.float8_e8m0fnu
    for mode in "up", "down", "nearest":
        x = np.array([0, 1e-45, 2.0**-127, 1, 1.2, 1.5, 1.8, 3, 1e38, 3.4e38, np.nan], np.float32)
        model.add("Cast", [x], power, to=proto(power), round_mode=mode)
        model.add("Cast", [x], power, to=proto(power), round_mode=mode, saturate=0)
    model.add("Cast", [np.arange(256).astype(np.uint8).view(power)], np.float32, to=TensorProto.FLOAT)
    for name in "u4", "i4", "u2", "i2":
        model.add("Cast", [np.array([0, 1.9, -1.9, 7, 9, 100, -9], np.float32)], TYPES[name], to=proto(TYPES[name]))
        model.add("Cast", [np.arange(-20, 20, dtype=np.int16)], TYPES[name], to=proto(TYPES[name]))
        model.add("Cast", [elements(name, (9,))], np.int8, to=TensorProto.INT8)
    model.check(programs)


def test_elements_narrower_than_a_byte_are_packed_in_files(programs):
    """Initializers of 2 and 4 bits, of lengths that fill no byte, and what moves them."""
    nodes, constants, expected = [], [], {}
    for name in "i4", "u4", "i2", "u2", "f4e2m1fn":
        for length in 1, 7, 8:
            array = elements(name, (length, 3))
            constants.append(onnx.numpy_helper.from_array(array, f"{name}{length}"))
            nodes.append(helper.make_node("Transpose", [f"{name}{length}"], [f"t{name}{length}"]))
            nodes.append(helper.make_node("Cast", [f"t{name}{length}"], [f"y{name}{length}"], to=TensorProto.FLOAT))
            expected[f"y{name}{length}"] = array.T.astype(np.float32)
    nodes.append(helper.make_node("Identity", ["x"], ["unused"]))
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in [*expected, "unused"]]
    graph = helper.make_graph(nodes, "packed", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 28)], ir_version=13), programs.folder / "packed.onnx")
    programs.compile("packed.onnx", "again.onnx")
    for source in "packed.onnx", "again.onnx":
        got = programs.execute(programs.compile(source, "packed.so"), {"x": np.zeros(1, np.float32)}, list(expected))
        for name, want in expected.items():
            np.testing.assert_array_equal(got[name], want, err_msg=f"{source} {name}")


def test_dynamic_quantization(programs):
    model = Model()
    for x in RANDOM.standard_normal((3, 5)), np.abs(RANDOM.standard_normal(7)) + 1, -np.abs(RANDOM.standard_normal((1, 1))), np.zeros(4):
        name = model.input(x.astype(np.float32))
        model.nodes.append(("DynamicQuantizeLinear", [name], name + "q", {}))
        model.outputs.update({name + "q": np.dtype(np.uint8), name + "s": np.dtype(np.float32), name + "z": np.dtype(np.uint8)})
    results = lambda output: [output, output[:-1] + "s", output[:-1] + "z"]
    nodes = [helper.make_node(op, names, results(output)) for op, names, output, _ in model.nodes]
    value = lambda name, array: helper.make_tensor_value_info(name, proto(array.dtype), array.shape)
    outputs = [helper.make_tensor_value_info(name, proto(dtype), None) for name, dtype in model.outputs.items()]
    graph = helper.make_graph(nodes, "dynamic", [value(n, a) for n, a in model.inputs.items()], outputs)
    onnx_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(onnx_model, programs.folder / "dynamic.onnx")
    document = model.json()
    for node in document["nodes"]:
        node["outputs"] = results(node["outputs"][0])
    (programs.folder / "dynamic.json").write_text(json.dumps(document))
    expected = dict(zip(model.outputs, ReferenceEvaluator(onnx_model).run(None, model.inputs)))
    for source in "dynamic.onnx", "dynamic.json":
        got = model.run(programs, programs.compile(source, "dynamic.so"))
        for name, want in expected.items():
            np.testing.assert_array_equal(got[name], want, err_msg=f"{source} {name}")
