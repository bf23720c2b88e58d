# SPDX-License-Identifier: Apache-2.0
"""Models whose nodes are the cases of operator_cases.py, in ONNX and in JSON, and what dlc's libraries give for them."""
import json

import ml_dtypes
import numpy as np
import onnx
from onnx import helper
from operator_cases import TYPES, shared_inputs

OPSET = 24
NAMES = {np.dtype(dtype): name for name, dtype in TYPES.items()}


def used_inputs(cases):
    """The shared inputs that the cases read, by name."""
    names = {o for case in cases for o in case.operands if isinstance(o, str)}
    arrays = {}
    for kind in dict.fromkeys(case.type for case in cases):
        arrays.update(shared_inputs(kind))
    return {name: array for name, array in arrays.items() if name in names}


def result_names(cases):
    """The names of each case's results."""
    return [[f"y{i}_{r}" for r in range(case.results)] for i, case in enumerate(cases)]


def write_onnx(path, cases, inputs, folded=False, dynamic=False):
    """`folded`: the shared inputs are initializers. `dynamic`: their first extent is the symbol N."""
    constants = {}

    def operand(value):
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        constants[f"k{len(constants)}"] = value
        return f"k{len(constants) - 1}"

    nodes = []
    for case, outputs in zip(cases, result_names(cases)):
        attributes = dict(case.attributes)
        if "to" in attributes:
            attributes["to"] = helper.np_dtype_to_tensor_dtype(np.dtype(TYPES[attributes["to"]]))
        nodes.append(helper.make_node(case.op, [operand(o) for o in case.operands], outputs, **attributes))
    value = lambda name, array: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), ["N", *array.shape[1:]] if dynamic else array.shape)
    tensor = lambda name, array: helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, np.ascontiguousarray(array).tobytes(), raw=True)
    given = [tensor(name, array) for name, array in ({**constants, **inputs} if folded else constants).items()]
    graph = helper.make_graph(
        nodes, "operators", [] if folded else [value(n, a) for n, a in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for names in result_names(cases) for name in names], given,
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10), path)


def write_json(path, cases, inputs):
    nodes = []
    for case, outputs in zip(cases, result_names(cases)):
        operands = ["" if o is None else o if isinstance(o, str) else o.tolist() for o in case.operands]
        nodes.append({"op": case.op, "inputs": operands, "outputs": outputs, "attributes": case.attributes})
    model = {
        "dlc": 1, "name": "operators", "inputs": [{"name": n, "type": NAMES[a.dtype], "shape": list(a.shape)} for n, a in inputs.items()],
        "nodes": nodes, "outputs": [name for names in result_names(cases) for name in names],
    }  # fmt: skip
    path.write_text(json.dumps(model))


def run_library(library, inputs):
    """All results by name. NumPy has no bf16 of its own: its bits travel as 16-bit integers, which are views of it again here."""
    import dlc

    model = dlc.Model(library)
    names = {entry.name: entry.type for entry in model.entry_points[0].outputs}
    encode = lambda array: np.require(array.view(np.uint16) if array.dtype == ml_dtypes.bfloat16 else array, requirements="C")
    expected = {entry.name for entry in model.entry_points[0].inputs}
    results = model.run({name: encode(array) for name, array in inputs.items() if name in expected})
    return {name: results[name].view(ml_dtypes.bfloat16) if kind == "bf16" else results[name] for name, kind in names.items()}


def difference(case, actual, expected, ulps):
    """What differs between two results of a case by more than `ulps` units in the last place, as a string; empty if nothing does."""
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return f"{actual.dtype}{actual.shape} instead of {expected.dtype}{expected.shape}"
    if NAMES[actual.dtype] not in ("f64", "f32", "f16", "bf16"):
        wrong = actual != expected
    else:
        a, e = actual.astype(np.float64), expected.astype(np.float64)
        equal = (a == e) | (np.isnan(a) & np.isnan(e))
        if not case.free_zero:
            equal &= np.isnan(a) | (np.signbit(a) == np.signbit(e))
        if ulps:
            with np.errstate(invalid="ignore"):
                info = ml_dtypes.finfo(actual.dtype)
                spacing = np.maximum(np.abs(e) * float(info.eps), float(info.smallest_subnormal))
                equal |= np.abs(a - e) <= ulps * spacing + case.absolute * float(info.eps)
        wrong = ~equal
    if not wrong.any():
        return ""
    positions = np.argwhere(np.atleast_1d(wrong))[:3]
    flat_a, flat_e = np.atleast_1d(actual), np.atleast_1d(expected)
    return f"{wrong.sum()} of {wrong.size}: " + ", ".join(f"at {p.tolist()} {flat_a[tuple(p)]!r} instead of {flat_e[tuple(p)]!r}" for p in positions)


def differences(cases, actual, expected, rounds=False):
    """A line for each result that differs. `rounds`: by more than the case allows for other instruction sets, levels and positions."""
    lines = []
    for case, names in zip(cases, result_names(cases)):
        for name in names:
            if text := difference(case, actual[name], expected[name], case.ulps if rounds else 0):
                lines.append(f"{case.key}: {text}")
    return lines
