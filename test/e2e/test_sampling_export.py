# SPDX-License-Identifier: Apache-2.0
"""Determinants, regions and points of images, and bits, as ONNX files: the same numbers in ONNX Runtime and in dlc itself."""
import numpy as np
import onnx
import onnxruntime
import pytest
from loop_kernel_cases import draw, regions, save_nodes
from onnx import helper

dlc = pytest.importorskip("dlc")
FLOAT = onnx.TensorProto.FLOAT


def test_exported_files(tmp_path):
    boxes, images = regions(np.float32)
    pooled = np.concatenate([images[:, None].astype(np.float32), boxes], 1)
    inputs = {"x": draw(2, 4, 13, 11), "r": boxes, "i": images, "p": pooled, "w": draw(6, 2, 3, 2), "o": draw(2, 24, 13, 10, seed=1),
              "m": draw(2, 12, 13, 10, seed=2), "a": draw(5, 3, 3), "v": draw(1, 2, 3, 4, 5), "u": draw(3, 2, 1, 2, 2), "q": draw(1, 12, 3, 3, 4)}  # fmt: skip
    nodes = [
        helper.make_node("RoiAlign", ["x", "r", "i"], ["align"], output_height=3, output_width=2, spatial_scale=0.5),
        helper.make_node("RoiAlign", ["x", "r", "i"], ["largest"], mode="max", sampling_ratio=2, coordinate_transformation_mode="output_half_pixel"),
        helper.make_node("MaxRoiPool", ["x", "p"], ["pool"], pooled_shape=[2, 3]),
        helper.make_node("DeformConv", ["x", "w", "o", "", "m"], ["deform"], pads=[1, 0, 1, 0], group=2, offset_group=2),
        helper.make_node("DeformConv", ["v", "u", "q"], ["volume"]),
        helper.make_node("Det", ["a"], ["det"]),
    ]  # fmt: skip
    ranks = {"align": 4, "largest": 4, "pool": 4, "deform": 4, "volume": 5, "det": 1}
    dims = {"x": ["N", 4, "H", "W"], "o": ["N", 24, "H", "Q"], "m": ["N", 12, "H", "Q"], "r": ["R", 4], "i": ["R"], "p": ["R", 5]}
    save_nodes(tmp_path, nodes, inputs, {name: (FLOAT, rank) for name, rank in ranks.items()}, opset=20, dims=dims)
    exported = dlc.compile(tmp_path / "m.onnx", tmp_path / "exported.onnx")
    onnx.checker.check_model(onnx.load(exported), full_check=True)
    wanted = dlc.Model(dlc.compile(tmp_path / "m.onnx", tmp_path / "m.so")).run(inputs)
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    theirs = dict(zip(outputs, session.run(None, {info.name: inputs[info.name] for info in session.get_inputs()})))
    again = dlc.Model(dlc.compile(exported, tmp_path / "again.so")).run(inputs)
    for name in outputs:
        np.testing.assert_allclose(theirs[name], wanted[name], rtol=1e-4, atol=1e-4, err_msg=name)
        np.testing.assert_allclose(again[name], wanted[name], rtol=1e-4, atol=1e-4, err_msg=name)


def test_exported_bits(tmp_path):
    x = np.array([0.0, -0.0, 1.5, np.nan], np.float32)
    save_nodes(tmp_path, [helper.make_node("BitCast", ["x"], ["y"], to=onnx.TensorProto.INT32)], {"x": x}, {"y": (onnx.TensorProto.INT32, 1)}, opset=26)
    exported = dlc.compile(tmp_path / "m.onnx", tmp_path / "exported.onnx")
    model = onnx.load(exported)
    assert [node.op_type for node in model.graph.node] == ["BitCast"] and model.opset_import[0].version == 26
    again = dlc.Model(dlc.compile(exported, tmp_path / "again.so")).run({"x": x})
    np.testing.assert_array_equal(again["y"], x.view(np.int32))
