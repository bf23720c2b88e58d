# SPDX-License-Identifier: Apache-2.0
"""Gradients of elementwise ops at the ends of a type's range, against those in f64: a derivative that is finite must not be computed as the
product of infinity and zero."""
import numpy as np
import pytest

import dlc
from gradient_cases import UNARY

TYPES = {"f16": np.float16, "f32": np.float32}


def numbers(dtype):
    """Powers of two from the least to the largest number of a type, and their negatives."""
    info = np.finfo(dtype)
    powers = np.ldexp(np.ones((), dtype), np.arange(info.minexp, info.maxexp, max(1, info.maxexp // 64))).astype(dtype)
    return np.unique(np.concatenate([-powers, [-info.max, 0, info.max], powers]).astype(dtype))


def gradients(folder, element, x):
    """The gradients of all unary ops at the numbers `x`, computed in the type `element`."""
    tensor = f"tensor<?x{element}>"
    names = [case.name for case in UNARY]
    lines = [f"func.func @run(%x: {tensor} {{dlc.name = \"x\", dlc.dims = [\"N\"]}}) -> ("]
    lines.append(", ".join(f'{tensor} {{dlc.name = "{name}"}}' for name in names) + ") {")
    for case in UNARY:
        lines.append(case.body.replace("%y", f"%{case.name}_y").replace("{x}", tensor).replace("{y}", tensor))
        lines.append(f"%{case.name}_dx = dlc.gradient %{case.name}_y with_respect_to(%x : {tensor}) : {tensor}")
    values = [f"%{name}_dx" for name in names]
    lines.append(f"return {', '.join(values)} : {', '.join([tensor] * len(values))}\n}}\n")
    (folder / f"{element}.mlir").write_text("\n".join(lines))
    return dlc.Model(dlc.compile(folder / f"{element}.mlir")).run({"x": x})


@pytest.mark.parametrize("element", ["f16", "f32"])
def test_unary(tmp_path, element):
    x = numbers(TYPES[element])
    got, expected = gradients(tmp_path, element, x), gradients(tmp_path, "f64", x.astype(np.float64))
    tolerance = 64 * np.finfo(TYPES[element]).eps
    for name in got:
        with np.errstate(over="ignore"):
            rounded = expected[name].astype(TYPES[element])
        np.testing.assert_allclose(got[name].astype(np.float64), rounded.astype(np.float64), rtol=tolerance, atol=tolerance, err_msg=name)
