# SPDX-License-Identifier: Apache-2.0
"""Nodes of JSON models whose operation has no rules of its own in the JSON format: the same numbers as in an ONNX model."""
import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import helper  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 5)).astype(np.float32)
IMAGE = RNG.standard_normal((1, 2, 6, 6)).astype(np.float32)
GRID = RNG.uniform(-1, 1, (1, 4, 3, 2)).astype(np.float32)
MATRIX = RNG.integers(-4, 5, (3, 4))
BOXES = np.array([[0, 0, 3, 4], [1.5, 2, 5, 3]], np.float32)
OFFSET = RNG.standard_normal((1, 8, 6, 6)).astype(np.float32)
INPUTS = {"boxes": BOXES, "images": np.zeros(2, np.int64), "offset": OFFSET, "x": X, "image": IMAGE, "grid": GRID, "m": MATRIX, "lengths": np.array([2, 3, 1, 3, 2])}

# Operation, operands (names, or arrays, which JSON writes as numbers), attributes, and element types by their name in JSON.
NODES = [
    ("GatherND", ["x", np.array([[0, 1], [-1, 2]])], {}),
    ("GatherND", ["x", np.array([[1], [0]])], {"batch_dims": 1}),
    ("GatherElements", ["m", np.array([[0, 2, 1, -1]])], {"axis": 0}),
    ("ScatterND", ["x", np.array([[1, 2]]), np.array([[0.5, 1.5, 2.5, 3.5, 4.5]], np.float32)], {"reduction": "add"}),
    ("ScatterElements", ["m", np.array([[0, 1, 2, 0]]), np.array([[7, 8, 9, 10]])], {"axis": 0}),
    ("CumSum", ["x", np.array(1)], {"exclusive": 1, "reverse": 1}),
    ("CumSum", ["m", np.array(-1)], {}),
    ("Trilu", ["m", np.array(1)], {"upper": 0}),
    ("EyeLike", ["m"], {"k": 1, "dtype": "f32"}),
    ("ReverseSequence", ["x", np.array([2, 1, 2])], {"time_axis": 0, "batch_axis": 1}),
    ("OneHot", ["m", np.array(5), np.array([-1, 4])], {"axis": 1}),
    ("GridSample", ["image", "grid"], {"mode": "linear", "padding_mode": "border", "align_corners": 1}),
    ("GlobalLpPool", ["image"], {"p": 3}),
    ("HannWindow", [np.array(9)], {"periodic": 0, "output_datatype": "f64"}),
    ("Hardmax", ["x"], {"axis": -1}),
    ("CenterCropPad", ["image", np.array([4, 8])], {"axes": [2, 3]}),
    ("LpPool", ["image"], {"kernel_shape": [2, 2], "p": 1}),
    ("DFT", [np.array([[[1.0], [2.0], [-1.5], [0.25]]], np.float32), None, np.array(1)], {"onesided": 1}),
    ("DFT", [np.array([[[1.0, 0.0], [2.0, -1.0], [-1.5, 0.5]]], np.float32), None, np.array(1)], {"onesided": 1, "inverse": 1}),
    ("Det", ["image"], {}),
    ("RoiAlign", ["image", "boxes", "images"], {"output_height": 2, "output_width": 3}),
    ("RoiAlign", ["image", "boxes", "images"], {"mode": "max", "sampling_ratio": 2, "coordinate_transformation_mode": "output_half_pixel"}),
    ("MaxRoiPool", ["image", np.array([[0, 0, 1, 4, 3], [0, 1, 1, 5, 5]], np.float32)], {"pooled_shape": [2, 2]}),
    ("DeformConv", ["image", np.full((3, 2, 2, 2), 0.5, np.float32), "offset"], {"pads": [1, 1, 0, 0]}),
    ("Celu", ["x"], {"alpha": 2}),
    ("Gelu", ["x"], {"approximate": "tanh"}),
    ("NonZero", ["m"], {}),
    ("Compress", ["m", np.array([True, False, True])], {"axis": 0}),
    ("Unique", ["m"], {"sorted": 0}),
]  # fmt: skip
TYPES = {"f32": onnx.TensorProto.FLOAT, "f64": onnx.TensorProto.DOUBLE}


def write_onnx(path):
    nodes, constants = [], {}
    for number, (op, operands, attributes) in enumerate(NODES):
        names = []
        for operand in operands:
            if isinstance(operand, np.ndarray):
                constants[f"c{len(constants)}"] = operand
                operand = f"c{len(constants) - 1}"
            names.append(operand or "")
        attributes = {key: TYPES.get(value, value) if isinstance(value, str) else value for key, value in attributes.items()}
        if op == "Celu":
            attributes = {"alpha": 2.0}
        nodes.append(helper.make_node(op, names, [f"y{number}"], name=f"y{number}", **attributes))
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(
        nodes, "nodes", [value(*item) for item in INPUTS.items()],
        [helper.make_empty_tensor_value_info(f"y{number}") for number in range(len(NODES))],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def write_json(path):
    names = {"float32": "f32", "int64": "i64"}
    nodes = [
        {"op": op, "inputs": [o.tolist() if isinstance(o, np.ndarray) else o or "" for o in operands], "outputs": [f"y{number}"], "attributes": attributes}
        for number, (op, operands, attributes) in enumerate(NODES)
    ]
    model = {
        "dlc": 1, "name": "nodes",
        "inputs": [{"name": name, "type": names[str(array.dtype)], "shape": array.shape} for name, array in INPUTS.items()],
        "nodes": nodes, "outputs": [f"y{number}" for number in range(len(NODES))],
    }  # fmt: skip
    path.write_text(json.dumps(model))


def test_the_same_numbers_as_onnx_nodes(programs):
    write_onnx(programs.folder / "nodes.onnx")
    write_json(programs.folder / "nodes.json")
    outputs = [f"y{number}" for number in range(len(NODES))]
    expected = programs.execute(programs.compile("nodes.onnx", "onnx.so"), INPUTS, outputs)
    actual = programs.execute(programs.compile("nodes.json", "json.so"), INPUTS, outputs)
    for name, (op, _, _) in zip(outputs, NODES, strict=True):
        assert actual[name].dtype == expected[name].dtype and actual[name].shape == expected[name].shape, op
        np.testing.assert_array_equal(actual[name], expected[name], err_msg=op)


def test_symbolic_extents(programs):
    model = {
        "dlc": 1, "name": "m", "inputs": [{"name": "x", "shape": ["N", 3, 5]}],
        "nodes": [{"op": "CumSum", "inputs": ["x", 0], "outputs": ["c"]}, {"op": "Trilu", "inputs": ["c", 1], "outputs": ["y"]}],
        "outputs": ["y"],
    }  # fmt: skip
    (programs.folder / "m.json").write_text(json.dumps(model))
    library = programs.compile("m.json", "m.so")
    for rows in 1, 2, 7:
        x = RNG.standard_normal((rows, 3, 5)).astype(np.float32)
        result = programs.execute(library, {"x": x}, ["y"])["y"]
        np.testing.assert_allclose(result, np.triu(np.cumsum(x, 0), 1), rtol=1e-5, atol=1e-6)


def test_sizes_that_a_run_computes(programs):
    model = {
        "dlc": 1, "name": "m", "inputs": [{"name": "x", "shape": ["N", 1, "H", 3]}],
        "nodes": [{"op": "Concat", "inputs": ["x", "x"], "outputs": ["c"], "attributes": {"axis": 2}},
                  {"op": "Upsample", "inputs": ["c", [1.0, 1.0, 2.0, 3.0]], "outputs": ["y"]}],
        "outputs": ["y"],
    }  # fmt: skip
    (programs.folder / "m.json").write_text(json.dumps(model))
    library = programs.compile("m.json", "m.so")
    for shape in (1, 1, 1, 3), (2, 1, 5, 3), (3, 1, 2, 3):
        x = RNG.standard_normal(shape).astype(np.float32)
        expected = np.concatenate([x, x], 2).repeat(2, 2).repeat(3, 3)
        np.testing.assert_array_equal(programs.execute(library, {"x": x}, ["y"])["y"], expected)


@pytest.mark.parametrize("node, message", [
    ({"op": "GatherMD", "inputs": ["x"], "outputs": ["y"]}, "unknown node op 'GatherMD'; did you mean 'GatherND'?"),
    ({"op": "Trilu", "inputs": ["x", 1], "outputs": ["y"], "attributes": {"uper": 0}},
     "m.json:4:1: warning: node 'y' (Trilu) does not use the attribute 'uper'"),
    ({"op": "OneHot", "inputs": ["x", [0, 1]], "outputs": ["y"]}, "m.json:4:1: error: node 'y' (OneHot): has 2 operands, expected 3"),
    ({"op": "EyeLike", "inputs": ["x"], "outputs": ["y"], "attributes": {"dtype": "f33"}}, "there is no element type 'f33'"),
    ({"op": "Trilu", "inputs": ["x", 1.5], "outputs": ["y"]}, "error: node 'y' (Trilu): does not take the element type f32 of operand 1"),
])  # fmt: skip
def test_messages(programs, node, message):
    (programs.folder / "m.json").write_text(
        '{"dlc": 1, "name": "m", "inputs": [{"name": "x", "shape": [3, 5]}],\n"outputs": ["y"],\n"nodes": [\n' + json.dumps(node) + "]}"
    )
    result = programs.run("dlc", "m.json", "-o", "m.so")
    assert message in result.stderr, result.stderr
    assert result.returncode == ("error" in result.stderr)


def test_sizes_that_data_decides(programs):
    """What one node finds is chosen, counted and computed with by others."""
    model = {
        "dlc": 1, "name": "m", "inputs": [{"name": "x", "shape": ["N", 4]}, {"name": "table", "shape": ["K", 3]}],
        "nodes": [
            {"op": "Greater", "inputs": ["x", 0.0], "outputs": ["mask"]}, {"op": "NonZero", "inputs": ["mask"], "outputs": ["z"]},
            {"op": "Transpose", "inputs": ["z"], "outputs": ["t"], "attributes": {"perm": [1, 0]}}, {"op": "GatherND", "inputs": ["x", "t"], "outputs": ["v"]},
            {"op": "Greater", "inputs": ["v", 1.0], "outputs": ["large"]}, {"op": "Compress", "inputs": ["v", "large"], "outputs": ["w"]},
            {"op": "Mul", "inputs": ["v", 2.0], "outputs": ["y"]},
        ],
        "outputs": ["z", "w", "y"],
    }  # fmt: skip
    (programs.folder / "m.json").write_text(json.dumps(model))
    library = programs.compile("m.json", "m.so")
    table = np.zeros((5, 3), np.float32)
    for rows in 0, 1, 7:
        x = RNG.standard_normal((rows, 4)).astype(np.float32) * 2
        result = programs.execute(library, {"x": x, "table": table}, ["z", "w", "y"])
        np.testing.assert_array_equal(result["z"], np.array(np.nonzero(x > 0)))
        np.testing.assert_array_equal(result["y"], x[x > 0] * 2)
        np.testing.assert_array_equal(result["w"], x[x > 1])
