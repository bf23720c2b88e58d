# SPDX-License-Identifier: Apache-2.0
"""Programs so long that only some of LLVM's passes run over them."""
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

STEPS, COLUMNS = 250, 5


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """STEPS times: keeps the rows whose elements are all above `least`, and subtracts `step`. Each time the data decides how many rows are
    left, so that launches are code, not tables."""
    nodes, rows = [], "x"
    for i in range(STEPS):
        nodes += [
            helper.make_node("ReduceMin", [rows, "axes"], [f"smallest{i}"], keepdims=0),
            helper.make_node("Greater", [f"smallest{i}", "least"], [f"is_kept{i}"]),
            helper.make_node("Compress", [rows, f"is_kept{i}"], [f"kept{i}"], axis=0),
            helper.make_node("Sub", [f"kept{i}", "step"], [f"rows{i}"]),
        ]
        rows = f"rows{i}"
    shapes = {"x": ["N", COLUMNS], "least": [], "step": [], rows: None}
    *inputs, output = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "g", inputs, [output], [numpy_helper.from_array(np.array([1], np.int64), "axes")])
    path = tmp_path_factory.mktemp("model") / "m.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def reference(x, least, step):
    for _ in range(STEPS):
        x = x[x.min(axis=1) > least] - step
    return x


def test_results(programs, model):
    programs.compile(model, "m.ll")
    assert "optnone" in (programs.folder / "m.ll").read_text(), "the program is not a long one: it needs more steps"
    library = programs.compile(model, "m.so")
    rng = np.random.default_rng(0)
    for rows in (0, 1, 7, 100):
        x = rng.uniform(0, 4, (rows, COLUMNS)).astype(np.float32)
        x[rows // 2 : rows // 2 + 1, 3] = np.nan
        least, step = np.float32(0.25), np.float32(1 / 256)
        [y] = programs.execute(library, {"x": x, "least": least, "step": step}, [f"rows{STEPS - 1}"]).values()
        np.testing.assert_array_equal(y, reference(x, least, step))
        assert rows < 100 or 0 < len(y) < rows
