# SPDX-License-Identifier: Apache-2.0
"""dlc.onnx_backend: the test runner of the package onnx, and the interface by itself. The runner's cases are a sample;
DLC_TEST_ONNX_BACKEND=all runs them all, which takes an hour of one core."""
import os
import re
import unittest

import numpy as np
import onnx
import onnx.helper
import pytest

dlc = pytest.importorskip("dlc")
import onnx.backend.test  # noqa: E402

import dlc.onnx_backend as backend  # noqa: E402

SAMPLE = 1 if os.environ.get("DLC_TEST_ONNX_BACKEND") == "all" else 60
# Strings, inputs and outputs that are sequences or optionals, and images in files are out of scope: dlc takes tensors of numbers.
NO_TENSORS = r"sequence|optional|string|regex|tfidf|image_decoder|label_encoder|loop16|if_opt|identity_opt|ai_onnx_ml_label|_seq_|strnorm"
# What they expect was drawn by NumPy's generator.
RANDOM = r"training_dropout(_default)?(_mask)?_cpu$|bernoulli"
# They expect the rounding errors of NumPy's transform: 1.9e-7, of which 1e-7 would be allowed, where the sum is 0 and so is dlc's.
ROUNDING = r"^test_dft_inverse(_opset19)?_cpu$"


def runner_cases():
    cases = []
    with_devices = onnx.backend.test.BackendTest(backend, __name__).test_cases
    for kind, case in sorted(with_devices.items()):
        if kind == "OnnxBackendRealModelTest":  # downloads models
            continue
        names = sorted(name for name in dir(case) if name.startswith("test_") and name.endswith("_cpu") and not re.search(f"{NO_TENSORS}|{RANDOM}|{ROUNDING}", name))
        cases += [pytest.param(case, name, id=f"{kind[11:-4]}-{name[5:-4]}") for name in names[7 % SAMPLE :: SAMPLE]]
    return cases


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case, name", runner_cases())
def test_runner(case, name):
    result = unittest.TestResult()
    case(name).run(result)
    assert result.testsRun == 1 and not result.skipped, result.skipped
    problems = result.errors + result.failures
    assert not problems, problems[0][1]


def add_model():
    tensor = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 3])
    nodes = [onnx.helper.make_node("Add", ["a", "b"], ["sum"]), onnx.helper.make_node("Mul", ["sum", "b"], ["product"])]
    graph = onnx.helper.make_graph(nodes, "g", [tensor("a"), tensor("b")], [tensor("sum"), tensor("product")])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])


@pytest.mark.parametrize("rows", [0, 1, 5, 17])
def test_run_model(rows):
    a, b = np.random.default_rng(rows).standard_normal((2, rows, 3)).astype(np.float32)
    outputs = backend.prepare(add_model(), opt_level=1, threads=2).run([a, b])
    np.testing.assert_allclose(outputs.sum, a + b, rtol=1e-6)
    np.testing.assert_allclose(outputs["product"], (a + b) * b, rtol=1e-6)
    by_name = backend.run_model(add_model(), {"b": b, "a": a})
    np.testing.assert_array_equal(by_name[1], outputs[1])


def test_run_node():
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    node = onnx.helper.make_node("Softmax", ["x"], ["y"], axis=0)
    (y,) = backend.run_node(node, [x])
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(0), rtol=1e-5)
    values, positions = backend.run_node(onnx.helper.make_node("TopK", ["x", "k"], ["v", "i"]), [x, np.array([2])])
    np.testing.assert_array_equal(positions, np.argsort(-x, axis=1)[:, :2])
    np.testing.assert_array_equal(values, np.take_along_axis(x, positions, 1))


def test_what_does_not_fit():
    assert backend.supports_device("CPU") and backend.supports_device("CPU:0") and not backend.supports_device("CUDA")
    with pytest.raises(ValueError, match="not for the device 'CUDA'"):
        backend.prepare(add_model(), "CUDA")
    with pytest.raises(ValueError, match="takes 2 inputs, not 3"):
        backend.prepare(add_model()).run([np.ones((1, 3), np.float32)] * 3)
    assert backend.is_compatible(add_model())
    strings = onnx.helper.make_tensor_value_info("s", onnx.TensorProto.STRING, [2])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["s"], ["t"])], "g", [strings], [
        onnx.helper.make_tensor_value_info("t", onnx.TensorProto.STRING, [2])])  # fmt: skip
    assert not backend.is_compatible(onnx.helper.make_model(graph))
