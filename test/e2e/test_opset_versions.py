# SPDX-License-Identifier: Apache-2.0
"""Every version of every ONNX operation from opset 6 on: the cases of the onnx package, rewritten for older versions and for other element types,
against ONNX Runtime or onnx.reference. All take half an hour of one core: DLC_TEST_VERSIONS=all. Otherwise a sample of them."""
import collections
import copy
import functools
import os
import warnings

import ml_dtypes
import numpy as np
import onnx
import pytest
from conftest import Programs
from onnx import TensorProto, defs, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from operator_cases import TYPES
from operator_models import run_library

dlc = pytest.importorskip("dlc")
onnxruntime = pytest.importorskip("onnxruntime")
onnxruntime.set_default_logger_severity(4)

IS_ALL = os.environ.get("DLC_TEST_VERSIONS") == "all"
OLDEST, NEWEST = 6, defs.onnx_opset_version()
# Operands that were attributes once.
ATTRIBUTES = {
    "Clip": {1: "min", 2: "max"}, "Pad": {1: "pads", 2: "value"}, "Slice": {1: "starts", 2: "ends", 3: "axes"}, "Split": {1: "split"},
    "Squeeze": {1: "axes"}, "TopK": {1: "k"}, "Unsqueeze": {1: "axes"}, "Upsample": {1: "scales"},
    **{f"Reduce{kind}": {1: "axes"} for kind in "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split()},
}  # fmt: skip
# Definitions that onnx.reference computes as later ones are.
OTHERWISE = {("AveragePool", 1), ("PRelu", 6)}
# Types in which it, the only reference of them, is wrong: it gives negative indices of the largest elements.
MISTAKEN = {("MaxPool", ml_dtypes.bfloat16)}
# Integers: erf is computed in f32 by onnx.reference, so that what is almost 1 is not truncated to 0; powers overflow.
REAL_ALONE = {"Erf", "Pow"}
# Results are random, or of another kind than tensors.
EXCLUDED = {*"Bernoulli Constant Dropout If ImageDecoder Loop Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike Scan TfIdfVectorizer".split()}
KINDS = {np.dtype(dtype) for dtype in TYPES.values()}
TOLERANCES = {np.dtype(np.float16): 5e-3, np.dtype(ml_dtypes.bfloat16): 4e-2}


def versions():
    """For each operation, the opset that each of its definitions came with, and the last one that it holds in."""
    since = collections.defaultdict(set)
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "" and not schema.deprecated:
            since[schema.name].add(schema.since_version)
    for name, all_of_it in since.items():
        starts = sorted(all_of_it)
        yield name, [(first, last) for first, last in zip(starts, [start - 1 for start in starts[1:]] + [NEWEST]) if last >= OLDEST]


def package_cases():
    """The onnx package's cases of one operation on tensors: a model and its inputs."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    for case in found:
        model = case.model
        if model is None or case.name.endswith("_expanded") or len(model.graph.node) != 1 or model.functions or model.graph.node[0].domain:
            continue
        if all(value.type.HasField("tensor_type") for value in [*model.graph.input, *model.graph.output]):
            yield case.name, model, [numpy_helper.to_array(x) if isinstance(x, TensorProto) else np.asarray(x) for x in case.data_sets[0][0]]


def at_opset(model, inputs, opset, uses_attributes):
    """The model with its node as `opset` has it; None if that has no such attributes."""
    model = copy.deepcopy(model)
    model.ir_version = min(model.ir_version, 10)
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", opset))
    node, names = model.graph.node[0], [value.name for value in model.graph.input]
    values = dict(zip(names, inputs))
    if uses_attributes:
        for position, attribute in reversed(ATTRIBUTES.get(node.op_type, {}).items()):
            if position < len(node.input):
                if name := node.input[position]:
                    value = values.pop(name)
                    plain = int(value.reshape(-1)[0]) if attribute == "k" else value.tolist()
                    node.attribute.append(helper.make_attribute(attribute, plain, attr_type=onnx.AttributeProto.INTS if plain == [] else None))
                del node.input[position]
        kept = [copy.deepcopy(value) for value in model.graph.input if value.name in values]
        del model.graph.input[:]
        model.graph.input.extend(kept)
    return model, values


def with_type(model, values, dtype):
    """The model with its f32 tensors of another type; None if it has none."""
    model, kind = copy.deepcopy(model), helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    changed = [value for value in model.graph.input if value.type.tensor_type.elem_type == TensorProto.FLOAT]
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = kind
    values = dict(values)
    for value in changed:
        x = values[value.name]
        if np.issubdtype(dtype, np.integer):
            x = np.round(np.clip(np.nan_to_num(x), -30, 30) * 3).clip(max(np.iinfo(dtype).min, -100), 100)
        if dtype == np.float16:  # numbers stay finite
            x = np.where(np.isfinite(x), np.clip(x, -30000, 30000), x)
        values[value.name] = np.asarray(x).astype(dtype)
    return (model, values) if changed else None


def is_valid(model):
    try:
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except Exception:  # whatever the package finds wrong: the definition of that opset does not have this case
        return False
    return True


def compute(model, values):
    """The results of ONNX Runtime and those of onnx.reference, of which some definitions have one only, and which differ here and there (overflow,
    infinities as integers, corners of images): either will do."""
    found = []
    if ml_dtypes.bfloat16 not in {x.dtype for x in values.values()}:
        try:
            found.append(onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, values))
        except Exception:
            pass
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found.append(ReferenceEvaluator(model).run(None, values))
    except Exception:
        pass
    return [results for results in found if has_types(model, results)]


def has_types(model, results):
    """Whether the results are those of the types that the model declares (onnx.reference rounds to others now and then)."""
    declared = [helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type) for value in model.graph.output]
    return [np.asarray(y).dtype for y in results] == declared and set(declared) <= KINDS


@functools.cache
def collect():
    """Cases by opset: a name, a model, its inputs and results. At most eight for each definition, and two in each other type."""
    spans, counts, result = dict(versions()), collections.Counter(), collections.defaultdict(list)
    for number, (name, model, inputs) in enumerate(package_cases()):
        operation = model.graph.node[0].op_type
        for first, last in spans.get(operation, []) if operation not in EXCLUDED else []:
            if (operation, first) in OTHERWISE:
                continue
            for uses_attributes in (False, True) if operation in ATTRIBUTES else (False,):
                plain = at_opset(model, inputs, last, uses_attributes)
                for dtype in (np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int32, np.int64, np.int8, np.uint8):
                    made = plain if dtype == np.float32 else with_type(*plain, dtype)
                    if operation in REAL_ALONE and np.issubdtype(dtype, np.integer) or ((operation, dtype) in MISTAKEN and len(model.graph.output) > 1):
                        continue
                    key, most = (operation, first, dtype), 8 if dtype == np.float32 else 2
                    if not made or counts[key] >= (most if IS_ALL else 1) or not {x.dtype for x in made[1].values()} <= KINDS:
                        continue
                    if not IS_ALL and (dtype not in (np.float32, np.float16) or (number + first) % 12):
                        continue
                    if is_valid(made[0]) and (found := compute(*made)):
                        counts[key] += 1
                        result[last].append((f"{name}, definition of opset {first}, {np.dtype(dtype)}", *made, found))
    return result


def join(cases, opset):
    """One model of all cases. Small integer operands other than the first are constants, as exporters write them."""
    nodes, inputs, outputs, constants, feed = [], [], [], [], {}
    for i, (_, model, values, _) in enumerate(cases):
        node = copy.deepcopy(model.graph.node[0])
        for position, name in enumerate(node.input):
            if not name:
                continue
            node.input[position], x = f"c{i}_{name}", values[name]
            if position and x.size <= 8 and x.ndim < 2 and x.dtype.kind == "i":
                constants.append(numpy_helper.from_array(x, f"c{i}_{name}"))
            elif f"c{i}_{name}" not in feed:
                feed[f"c{i}_{name}"] = x
                inputs.append(helper.make_tensor_value_info(f"c{i}_{name}", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape))
        given = {value.name: k for k, value in enumerate(model.graph.output)}
        for position, name in enumerate(node.output):
            if name:
                node.output[position] = f"y{i}_{given[name]}"
        nodes.append(node)
        outputs += [helper.make_empty_tensor_value_info(f"y{i}_{k}") for k in range(len(model.graph.output))]
    constants = list({tensor.name: tensor for tensor in constants}.values())
    graph = helper.make_graph(nodes, "cases", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), feed


def explain(actual, expected):
    expected = np.asarray(expected)
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return f"{actual.dtype}{actual.shape} instead of {expected.dtype}{expected.shape}"
    if actual.dtype.kind in "iub":
        return "" if np.array_equal(actual, expected) else f"{np.sum(actual != expected)} of {actual.size} elements differ"
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    scale = np.abs(e[np.isfinite(e)]).max(initial=0)
    bound = TOLERANCES.get(actual.dtype, 1e-5)
    return "" if np.allclose(a, e, rtol=bound, atol=bound * max(scale, 1e-2), equal_nan=True) else f"differs by {np.nanmax(np.abs(a - e)):.3g}, largest {scale:.3g}"


@pytest.mark.parametrize("opset", sorted({last for _, spans in versions() for _, last in spans})[:: 1 if IS_ALL else 2])
def test_cases(tmp_path, opset):
    programs, problems, all_cases = Programs(tmp_path), [], collect()[opset]

    def check(cases):
        model, feed = join(cases, opset)
        onnx.save(model, tmp_path / "cases.onnx")
        compiled = programs.run("dlc", "cases.onnx", "-o", f"cases{len(cases)}.so")
        if compiled.returncode and len(cases) > 1:
            for case in cases:
                check([case])
            return
        if compiled.returncode:
            problems.append(f"{cases[0][0]}: {compiled.stderr.splitlines()[0]}")
            return
        actual = run_library(tmp_path / f"cases{len(cases)}.so", feed)
        for i, (name, _, _, found) in enumerate(cases):
            differences = [[text for k, y in enumerate(results) if (text := explain(actual[f"y{i}_{k}"], y))] for results in found]
            if all(differences):
                problems.append(f"{name}: {'; '.join(differences[0])}")

    for start in range(0, len(all_cases), 60):
        check(all_cases[start : start + 60])
    assert not problems, f"{len(problems)} of {len(all_cases)} cases:\n" + "\n".join(problems)


def test_integers_in_erf(tmp_path):
    """Of opset 9's definition; computed as doubles, in which erf(5) is below 1, and truncated."""
    programs, value = Programs(tmp_path), lambda name: helper.make_tensor_value_info(name, TensorProto.INT32, [6])
    graph = helper.make_graph([helper.make_node("Erf", ["x"], ["y"])], "erf", [value("x")], [value("y")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8), tmp_path / "erf.onnx")
    library = programs.compile("erf.onnx", "erf.so")
    y = programs.execute(library, {"x": np.array([-7, -1, 0, 2, 5, 6], np.int32)}, ["y"])["y"]
    assert y.tolist() == [-1, 0, 0, 0, 0, 1]
