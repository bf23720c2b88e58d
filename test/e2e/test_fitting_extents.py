# SPDX-License-Identifier: Apache-2.0
"""Operands that have to fit each other, where only a run knows whether they do: it checks that before it computes anything, instead of
reading past the smaller one. Where ONNX Runtime computes a result, dlc gives the same one."""
import dlc
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from test_computed_sizes import make_session, node
from test_data_sizes import make_model, value


def floats(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


IMAGES = [(2, channels, 5, 6) for channels in (3, 4, 2, 1, 0)]
ROWS = [(2, 4), (2, 3), (2, 1), (2, 5), (2, 0), (1, 4), (3, 4)]
ENDS = [(2, 2, extent) for extent in (3, 4, 2, 1)]
# Name: nodes, symbolic extents of x, constants, shapes of x, of which the first fits.
GRAPHS = {
    "convolution": ([node("Conv", "x w b", "y")], "N C H W", {"w": floats(4, 3, 3, 3), "b": floats(4)}, IMAGES),
    "groups": ([node("Conv", "x w", "y", group=2)], "N C H W", {"w": floats(4, 2, 3, 3)}, [(2, channels, 5, 5) for channels in (4, 2, 6, 3)]),
    "transposed convolution": ([node("ConvTranspose", "x w", "y")], "N C H W", {"w": floats(3, 4, 3, 3)}, IMAGES),
    "batch normalization": ([node("BatchNormalization", "x s s s v", "y")], "N C H W", {"s": floats(3), "v": np.abs(floats(3)) + 1}, IMAGES),
    "instance normalization": ([node("InstanceNormalization", "x s s", "y")], "N C H W", {"s": floats(3)}, IMAGES),
    "layer normalization": ([node("LayerNormalization", "x s s", "y", axis=-1)], "N M K", {"s": floats(3)}, ENDS),
    "slopes": ([node("PRelu", "x s", "y")], "N M K", {"s": floats(3)}, ENDS),
    "product": ([node("Gemm", "x w b", "y")], "N M", {"w": floats(4, 5), "b": floats(5)}, ROWS),
    "product of the transposed": ([node("Gemm", "x w", "y", transA=1)], "N M", {"w": floats(2, 5)}, ROWS),
    "product and rows": ([node("Gemm", "x w b", "y")], "N M", {"w": floats(4, 5), "b": floats(2, 5)}, ROWS),
    "product from the left": ([node("MatMul", "w x", "y")], "N M", {"w": floats(5, 2)}, ROWS),
    "einsum": ([node("Einsum", "x w", "y", equation="nm,mk->nk")], "N M", {"w": floats(4, 5)}, [shape for shape in ROWS if shape[1] != 1]),
    "lstm": ([node("LSTM", "x w r", "y", hidden_size=2)], "L N K", {"w": floats(1, 8, 3), "r": floats(1, 8, 2)}, ENDS),
    "initial state": ([helper.make_node("GRU", ["x", "w", "r", "", "", "h"], ["y"], hidden_size=2)], "L N 3", {"w": floats(1, 6, 3), "r": floats(1, 6, 2), "h": floats(1, 2, 2)}, [(4, batch, 3) for batch in (2, 3, 1)]),
    "concatenation": ([node("Concat", "x c", "y", axis=1)], "N M", {"c": floats(2, 5)}, ROWS),
    "quantization": ([node("QuantizeLinear", "x s z", "q", axis=1), node("DequantizeLinear", "q s z", "y", axis=1)], "N M", {"s": np.array([0.1, 0.2, 0.3, 0.4], np.float32), "z": np.zeros(4, np.uint8)}, ROWS),
    "determinant": ([node("Det", "x", "y")], "N M K", {}, [(2, 3, 3), (2, 3, 4), (2, 4, 3)]),
    "scattered elements": ([node("ScatterElements", "x i u", "y", axis=0)], "N M", {"i": ints([0, 1, 0, 1]), "u": floats(1, 4)}, [(2, 4), (2, 3), (2, 1), (2, 5), (2, 0)]),
    "scattered rows": ([node("ScatterND", "x i u", "y")], "N M", {"i": ints([0], [1]), "u": floats(2, 4)}, [(2, 4), (2, 3), (2, 1), (2, 5), (2, 0)]),
    "gathered elements": ([node("GatherElements", "x i", "y", axis=0)], "N M", {"i": ints([0, 1, 0, 1])}, [(2, 4), (2, 3), (2, 1), (2, 5), (2, 0)]),
    "largest": ([node("TopK", "x k", "y i", axis=1)], "N M", {"k": ints(3)}, ROWS),
    "without a dimension": ([node("Squeeze", "x a", "y")], "N M", {"a": ints(0)}, [(1, 4), (2, 4), (2, 0), (0, 4)]),
    "parts": ([node("Split", "x s", "y z", axis=1)], "N M", {"s": ints(1, 3)}, ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(programs, name):
    nodes, dims, constants, shapes = GRAPHS[name]
    dims = [int(dim) if dim.isdigit() else dim for dim in dims.split()]
    known = [numpy_helper.from_array(array, key) for key, array in constants.items()]
    model = make_model(programs.folder / "m.onnx", nodes, [value("x", T.FLOAT, *dims)], ["y"], known, opset=21)
    session, run = make_session(model), dlc.Model(programs.compile("m.onnx", "m.so"))
    fit = []
    for shape in shapes:
        x = floats(*shape)
        try:
            [want] = session.run(["y"], {"x": x})
        except Exception:
            with pytest.raises(dlc.Error, match="needs equal extents, and these inputs give|needs an extent of at least"):
                run.run({"x": x})
                pytest.fail(f"takes {shape}")
            continue
        got = run.run({"x": x})["y"]
        assert got.shape == want.shape, (shape, got.shape, want.shape)
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4, err_msg=str(shape))
        fit.append(shape)
    assert shapes[0] in fit and len(fit) < len(shapes)


def test_regions(programs):
    """One image for each region, and four numbers."""
    inputs = [value("x", T.FLOAT, "N", "C", "H", "W"), value("r", T.FLOAT, "R", "F"), value("i", T.INT64, "I")]
    nodes = [helper.make_node("RoiAlign", ["x", "r", "i"], ["y"], output_height=2, output_width=2)]
    make_model(programs.folder / "m.onnx", nodes, inputs, ["y"])
    run, box = dlc.Model(programs.compile("m.onnx", "m.so")), np.array([[0, 0, 3, 2]], np.float32)
    assert run.run({"x": floats(2, 1, 5, 5), "r": box, "i": ints(1)})["y"].shape == (1, 1, 2, 2)
    for r, i in ((box, ints(0, 1)), (box[:, :3], ints(0)), (np.zeros((2, 4), np.float32), ints(0))):
        with pytest.raises(dlc.Error, match="needs equal extents"):
            run.run({"x": floats(2, 1, 5, 5), "r": r, "i": i})
