# SPDX-License-Identifier: Apache-2.0
"""ONNX models with gradients in them: Gradient against differences in f64, losses and GatherElements on awkward shapes against NumPy."""
import numpy as np
import onnx
import onnx.parser
import pytest

HEADER = '<ir_version: 10, opset_import: ["" : 20, "ai.onnx.preview.training" : 1]>\n'


def compile_text(programs, text):
    onnx.save(onnx.parser.parse_model(HEADER + text), programs.folder / "model.onnx")
    return programs.compile("model.onnx", "model.so")


@pytest.mark.parametrize("samples", [1, 5])
def test_gradient(programs, samples):
    library = compile_text(programs, """
      main (double[N,3] x, double[3,4] w, double[4] b, int64[N] target) => (double[3,4] dw, double[4] db, double[N,3] dx, double loss) {
        h = Gemm(x, w, b)
        a = Tanh(h)
        loss = SoftmaxCrossEntropyLoss<ignore_index = 1>(a, target)
        dw, db, dx = ai.onnx.preview.training.Gradient<xs = ["w", "b", "x"], zs = ["target"], y = "loss">(w, b, x, target)
      }""")  # fmt: skip
    rng = np.random.default_rng(samples)
    inputs = {"x": rng.standard_normal((samples, 3)), "w": rng.standard_normal((3, 4)), "b": rng.standard_normal(4)}
    inputs["target"] = np.array([0, 3, 1, 2, 0])[:samples]

    def loss(x, w, b, target):
        a = np.tanh(x @ w + b)
        log_probability = a - np.log(np.exp(a).sum(1, keepdims=True))
        kept = target != 1
        return -log_probability[np.arange(samples), target][kept].sum() / kept.sum()

    got = programs.execute(library, inputs, ["loss", "dw", "db", "dx"])
    np.testing.assert_allclose(got["loss"], loss(**inputs), rtol=1e-12)
    for name in ("w", "b", "x"):
        expected = np.empty_like(inputs[name])
        for index in np.ndindex(expected.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = {**inputs, name: inputs[name].copy()}
                moved[name][index] += step
                sides.append(loss(**moved))
            expected[index] = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(got["d" + name], expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("shape, indices, axis", [((5,), (3,), 0), ((3, 7), (3, 4), 1), ((4, 3, 5), (2, 3, 5), 0), ((2, 1, 6), (2, 1, 1), 2)])
def test_gather_elements(programs, shape, indices, axis):
    text = lambda dims: ",".join(map(str, dims))  # noqa: E731
    library = compile_text(programs, f"""
      main (float[{text(shape)}] x, int32[{text(indices)}] i) => (float[{text(indices)}] y) {{
        y = GatherElements<axis = {axis}>(x, i)
      }}""")  # fmt: skip
    rng = np.random.default_rng(0)
    x, i = rng.standard_normal(shape).astype(np.float32), rng.integers(-shape[axis], shape[axis], indices).astype(np.int32)
    positions = list(np.indices(indices))
    positions[axis] = i
    np.testing.assert_array_equal(programs.execute(library, {"x": x, "i": i}, ["y"])["y"], x[tuple(positions)])
