# SPDX-License-Identifier: Apache-2.0
"""Weights that come from memory are fetched ahead, also beyond the last one, and give the same sums."""
import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from processor import skip_unless

RANDOM = np.random.default_rng(15)
FETCH = "\tprefetcht0\t"


def uniform(*shape):
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


def save(path, layers):
    """A model with a layer of each (name, op, x, w, attributes); returns its inputs."""
    nodes = [helper.make_node(op, [f"{name}_x", f"{name}_w"], [name], **attributes) for name, op, _, _, attributes in layers]
    graph = helper.make_graph(
        nodes, "layers", [helper.make_tensor_value_info(f"{name}_x", TensorProto.FLOAT, x.shape) for name, _, x, _, _ in layers],
        [helper.make_empty_tensor_value_info(name) for name, *_ in layers],
        [numpy_helper.from_array(w, f"{name}_w") for name, _, _, w, _ in layers])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    return {f"{name}_x": x for name, _, x, _, _ in layers}


LARGE = [
    ("row", "MatMul", uniform(1, 701), uniform(701, 600), {}),
    ("rows", "MatMul", uniform(2, 13, 300), uniform(300, 37), {}),
    ("pixels", "Conv", uniform(1, 259, 7, 5), uniform(200, 259, 1, 1), {}),
    ("strided", "Conv", uniform(2, 33, 9, 9), uniform(65, 33, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("winograd", "Conv", uniform(1, 128, 14, 15), uniform(64, 128, 3, 3), {"pads": [1, 1, 1, 1]}),
    ("grouped", "Conv", uniform(1, 128, 13, 12), uniform(128, 64, 3, 3), {"pads": [1, 1, 1, 1], "group": 2}),
]


@pytest.mark.parametrize("target", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
def test_sums_of_weights_that_are_fetched_ahead(programs, target):
    inputs = save(programs.folder / "large.onnx", LARGE)
    text = programs.compile("large.onnx", "large.s", f"--target={target}").read_text()
    kernels = {name: part for name, part in split_functions(text).items() if FETCH in part}
    fetching = {layer[0] for layer in LARGE for name in kernels if re.search(rf"k\d+_{layer[0]}\.", name)}
    # A single row is nothing but a stream, which the processor fetches ahead by itself.
    assert fetching == {layer[0] for layer in LARGE} - {"row"}
    library = programs.compile("large.onnx", "large.so", f"--target={target}")
    skip_unless(target)
    exact = ReferenceEvaluator(str(programs.folder / "large.onnx"))
    for threads in "1", "3":
        got = programs.execute(library, inputs, [layer[0] for layer in LARGE], "--threads", threads)
        for (name, *_), want in zip(LARGE, exact.run(None, inputs)):
            np.testing.assert_allclose(got[name], want, rtol=0, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("target", ["x86-64-v3", "x86-64-v4"])
def test_large_matrix_that_is_read_in_place(programs, target):
    a, b = uniform(13, 911), uniform(911, 704)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["y"])], "product",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in (("a", a), ("b", b))], [helper.make_empty_tensor_value_info("y")])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), programs.folder / "product.onnx")
    assert FETCH in programs.compile("product.onnx", "product.s", f"--target={target}").read_text()
    library = programs.compile("product.onnx", "product.so", f"--target={target}")
    skip_unless(target)
    got = programs.execute(library, {"a": a, "b": b}, ["y"])["y"]
    np.testing.assert_allclose(got, a.astype(np.float64) @ b, rtol=0, atol=2e-4)


def split_functions(text):
    """The functions of an assembly file by their names."""
    functions, name = {}, None
    for line in text.splitlines():
        if not line.startswith(("\t", ".", "#", " ")) and ":" in line:
            name = line.split(":")[0]
        if name:
            functions[name] = functions.get(name, "") + line + "\n"
    return functions


def test_weights_that_stay_in_the_cache_are_not_fetched(programs):
    save(programs.folder / "small.onnx", LARGE[1:3])
    assert FETCH not in programs.compile("small.onnx", "small.s", "--target=x86-64-v3").read_text()


def test_distance_is_a_parameter_of_the_schedule(programs):
    save(programs.folder / "model.onnx", [("rows", "MatMul", uniform(13, 300), uniform(300, 64), {})])
    text = programs.compile("model.onnx", "model.mlir", "--compile-to=kernels", "--target=x86-64-v3").read_text()
    assert 'algorithm = "gemm"' in text and "prefetch" not in text
    (programs.folder / "edited.mlir").write_text(text.replace("columns_loop = 1 : i64", "columns_loop = 1 : i64, prefetch = 2048 : i64"))
    assert FETCH in programs.compile("edited.mlir", "edited.s", "--target=x86-64-v3").read_text()
    (programs.folder / "wrong.mlir").write_text(text.replace("columns_loop = 1 : i64", "columns_loop = 1 : i64, prefetch = 100 : i64"))
    result = programs.run("dlc", "wrong.mlir", "-o", "wrong.so", "--target=x86-64-v3")
    assert result.returncode != 0
    assert "prefetch" in result.stderr and "a multiple of 2048 from 2048 to 8192" in result.stderr
