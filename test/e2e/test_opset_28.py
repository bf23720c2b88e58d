# SPDX-License-Identifier: Apache-2.0
"""Ops that are newer than ONNX Runtime, against ONNX's reference."""
import numpy as np
import onnx
import onnx.reference
from contrib_family import ContribFamily
from test_onnx_ops import compare

RNG = np.random.default_rng(28)


def check(family, programs):
    model = family.model()
    onnx.save(model, programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, family.outputs)
    expected = dict(zip(family.outputs, onnx.reference.ReferenceEvaluator(model).run(None, family.inputs)))
    for name in family.outputs:
        compare(name, actual[name], np.asarray(expected[name]))


def test_swiglu(programs):
    family = ContribFamily("ai.onnx.ml", 5, 28, a=3 * RNG.standard_normal((3, 17)).astype(np.float32), b=RNG.standard_normal((3, 17)).astype(np.float32),
                           s=np.array([np.nan, np.inf, 0.0, -0.0, 30], np.float32), h=RNG.standard_normal((2, 5)).astype(np.float16), e=np.zeros((0, 4), np.float32))  # fmt: skip
    family.add("SwiGLU", "a", "b")
    family.add("SwiGLU", "b", "a", alpha=1.702)
    family.add("SwiGLU", "s", "s", alpha=0.5)
    family.add("SwiGLU", "h", "h")
    family.add("SwiGLU", "e", "e")
    check(family, programs)
