# SPDX-License-Identifier: Apache-2.0
"""An operation's result does not depend on how it is computed: folded or run, at -O0 or -O3, from ONNX or JSON, by scalars or vectors.

Each element type's operations are one model (operator_cases.py), compiled in these ways; NumPy says what the exact ones give. All types and ways
take about ten minutes of one core: DLC_TEST_OPERATORS=all. Otherwise a few represent the rest.
"""
import os
import re

import numpy as np
import pytest
from operator_cases import ELSEWHERE, TYPES, cases, ends
from operator_models import difference, differences, result_names, run_library, used_inputs, write_json, write_onnx
from operator_reference import expected
from processor import skip_unless

dlc = pytest.importorskip("dlc")

IS_ALL = os.environ.get("DLC_TEST_OPERATORS") == "all"
KINDS = list(TYPES) if IS_ALL else ["f32", "i64", "u8", "i1"]
LEVEL_KINDS = list(TYPES) if IS_ALL else ["f32", "i1"]
# Nodes of JSON models take every type that the dialect's op takes, which is more than ONNX allows here.
JSON_TAKES_MORE = {
    kind: set(("Greater GreaterOrEqual Less LessOrEqual ArgMax ArgMin TopK GlobalMaxPool" if kind == "i1" else
               "Mean LpNormalization AveragePool GlobalMaxPool GlobalAveragePool").split())
    for kind in TYPES
}  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("operators")


@pytest.fixture(scope="module")
def run(scratch):
    """What the cases of a type give at -O3 with their operands as inputs: cases, inputs, results by name."""
    known = {}

    def of(kind):
        if kind not in known:
            chosen = cases(kind)
            inputs = used_inputs(chosen)
            write_onnx(scratch / f"{kind}.onnx", chosen, inputs)
            known[kind] = chosen, inputs, run_library(dlc.compile(scratch / f"{kind}.onnx", scratch / f"{kind}.so", "-O3"), inputs)
        return known[kind]

    return of


def report(lines):
    assert not lines, f"{len(lines)} results differ:\n" + "\n".join(lines)


@pytest.mark.parametrize("kind", KINDS)
def test_numpy(run, kind):
    chosen, inputs, results = run(kind)
    lines, compared = [], 0
    for case, names in zip(chosen, result_names(chosen)):
        if wanted := expected(case, inputs):
            compared += 1
            lines += [f"{case.key}: {text}" for name, value in zip(names, wanted) if (text := difference(case, results[name], value, 0))]
    report(lines)
    assert compared > len(chosen) / 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["-O3", "-O0"] if IS_ALL else ["-O3"])
def test_folded(scratch, run, kind, level):
    chosen, inputs, results = run(kind)
    write_onnx(scratch / f"{kind}-folded.onnx", chosen, inputs, folded=True)
    library = dlc.compile(scratch / f"{kind}-folded.onnx", scratch / f"{kind}-folded{level}.so", level)
    report(differences(chosen, run_library(library, {}), results, rounds=level == "-O0"))


@pytest.mark.parametrize("kind", LEVEL_KINDS)
def test_levels(scratch, run, kind):
    chosen, inputs, results = run(kind)
    library = dlc.compile(scratch / f"{kind}.onnx", scratch / f"{kind}-O0.so", "-O0")
    report(differences(chosen, run_library(library, inputs), results, rounds=True))


@pytest.mark.parametrize("kind", KINDS)
def test_json(scratch, run, kind):
    chosen, inputs, results = run(kind)
    names = dict(zip(chosen, result_names(chosen)))
    shared = [case for case in chosen if case.json]
    write_json(scratch / f"{kind}.json", shared, inputs)
    actual = run_library(dlc.compile(scratch / f"{kind}.json", scratch / f"{kind}-json.so", "-O3"), inputs)
    wanted = {own: results[name] for case, owns in zip(shared, result_names(shared)) for own, name in zip(owns, names[case])}
    report(differences(shared, actual, wanted))


@pytest.mark.parametrize("kind", list(TYPES) if IS_ALL else ["f32"])
@pytest.mark.parametrize("target", ["x86-64-v2", "x86-64-v3", "x86-64-v4"] if IS_ALL else ["x86-64-v2"])
def test_instruction_sets(scratch, run, kind, target):
    skip_unless(target)
    chosen, inputs, results = run(kind)
    library = dlc.compile(scratch / f"{kind}.onnx", scratch / f"{kind}-{target}.so", "-O3", f"--target={target}")
    report(differences(chosen, run_library(library, inputs), results, rounds=True))


@pytest.mark.parametrize("kind", list(TYPES) if IS_ALL else ["f32", "u8"])
def test_extents(scratch, run, kind):
    """Elementwise operations on a symbolic extent: single elements, whole vectors, and what vectors leave over."""
    chosen, inputs, results = run(kind)
    x, names = f"x_{kind}", dict(zip(chosen, result_names(chosen)))
    alone = [case for case in chosen if [o for o in case.operands if isinstance(o, str)] == [x] and case.op not in ("Gather", "Slice")]
    write_onnx(scratch / f"{kind}-extents.onnx", alone, {x: inputs[x]}, dynamic=True)
    library = dlc.compile(scratch / f"{kind}-extents.onnx", scratch / f"{kind}-extents.so", "-O3")
    values = inputs[x]
    parts = [slice(i, i + 1) for i in range(len(values))] + [slice(0, n) for n in (2, 7, 16, 17, 31)]
    for part in parts:
        wanted = {own: results[name][part] for case, owns in zip(alone, result_names(alone)) for own, name in zip(owns, names[case])}
        report(differences(alone, run_library(library, {x: values[part]}), wanted, rounds=True))


def registered(top):
    """The operations that importers of both formats know, by the table that they share or by code of their own."""
    found = set()
    for path in (top / "formats" / "onnx").glob("*Ops.cpp"):
        found |= {name.rpartition(".")[2] for name in re.findall(r'\brow<\w+>\("([\w.]+)"', path.read_text())}
    for path in (top / "frontend" / "onnx").glob("*.cpp"):
        found |= {name.rpartition(".")[2] for name in re.findall(r'registry\.add(?:ForSequences)?\("([\w.]+)"', path.read_text())}
    for path in (top / "frontend").glob("*Nodes.cpp"):
        found |= {name.rpartition(".")[2] for name in re.findall(r'kinds\.push_back\(\s*\{(?:prefix \+ std::string\()?"([\w.]+)"', path.read_text())}
    for path in (top / "frontend" / "json").glob("Nodes*.cpp"):
        text = path.read_text()
        found |= set(re.findall(r'(?:kinds\.push_back\(\s*\{|\b(?:unary|binary|variadic|reduce|add)\()\s*"(\w+)"', text))
    return found


def test_every_operation_is_tested(top):
    known = registered(top)
    assert len(known) > 140
    tested = {case.op for kind in TYPES for case in cases(kind)}
    elsewhere = {name for names in ELSEWHERE.values() for name in names.split()}
    assert not known - tested - elsewhere, "add cases to operator_cases.py, or the reason why not to ELSEWHERE"
    assert not (tested | elsewhere) - known, "names that no importer knows"
    assert not tested & elsewhere


@pytest.mark.parametrize("kind", ["f32", "i32", "u8", "i1"])
def test_other_types_are_refused(programs, kind):
    """What the cases leave out is an error of the importer, with the node's name."""
    for ending, write in (("onnx", write_onnx), ("json", write_json)):
        only_onnx = [case for case in cases(kind) if case.op == "Shrink" and ending == "json" and not case.json]
        refused = only_onnx + [case for case in cases(kind, refused=True) if ending == "onnx" or case.json and case.op not in JSON_TAKES_MORE[kind]]
        for first in range(0, len(refused), 50):  # dlc shows the first hundred errors
            some, path = refused[first : first + 50], programs.folder / f"refused.{ending}"
            write(path, some, used_inputs(some))
            result = programs.run("dlc", path, "-o", "refused.so")
            silent = [case.key for case, names in zip(some, result_names(some)) if not re.search(rf"'{names[0]}'", result.stderr)]
            assert result.returncode == 1 and "cannot be compiled" not in result.stderr and not silent, f"{ending}: {silent}\n{result.stderr}"


@pytest.mark.parametrize("kind", ["i1", "i32"])
def test_levels_of_wider_types(scratch, kind):
    chosen = [case for case in cases(kind, refused=True) if case.op in JSON_TAKES_MORE[kind] and case.json]
    inputs = used_inputs(chosen)
    write_json(scratch / f"{kind}-wider.json", chosen, inputs)
    best, naive = (run_library(dlc.compile(scratch / f"{kind}-wider.json", scratch / f"{kind}-wider{o}.so", o), inputs) for o in ("-O3", "-O0"))
    report(differences(chosen, naive, best))


def test_known_integers_keep_all_bits(programs):
    """Constants of 64 bits, small (known while importing) and large (kept as they are), also beyond what f64 and i64 hold."""
    from onnx import TensorProto, helper, save

    values = {TensorProto.INT64: [2**53 + 1, -(2**63), 2**63 - 1], TensorProto.UINT64: [2**53 + 1, 2**63, 2**64 - 1]}
    nodes, outputs, wanted = [], [], []
    for kind, numbers in values.items():
        for number in numbers:
            for size in (3, 2000):
                name = f"y{len(outputs)}"
                value = helper.make_tensor("value", kind, [1], [number])
                shape = helper.make_tensor("shape", TensorProto.INT64, [1], [size])
                nodes += [helper.make_node("Constant", [], [f"{name}_shape"], value=shape), helper.make_node("ConstantOfShape", [f"{name}_shape"], [name], value=value)]
                outputs.append(helper.make_tensor_value_info(name, kind, [size]))
                wanted.append(np.full(size, number, helper.tensor_dtype_to_np_dtype(kind)))
    save(helper.make_model(helper.make_graph(nodes, "g", [], outputs), opset_imports=[helper.make_opsetid("", 20)], ir_version=9), programs.folder / "m.onnx")
    actual = programs.execute(programs.compile("m.onnx", "m.so"), {}, [o.name for o in outputs])
    for output, value in zip(outputs, wanted):
        np.testing.assert_array_equal(actual[output.name], value)


@pytest.mark.parametrize("op, operand, shape", [
    ("Expand", np.ones((), np.float32), [2**32, 2**32]), ("Expand", np.ones((), np.float32), [2**22, 2**21, 2**21]),
    ("Reshape", np.ones(0, np.float32), [2**32, 2**32]), ("ConstantOfShape", None, [2**32, 2**32]),
])  # fmt: skip
def test_sizes_beyond_64_bits(programs, op, operand, shape):
    """Products of extents that are 0 in 64 bits."""
    from onnx import helper, numpy_helper, save

    constants = {"shape": np.array(shape), **({} if operand is None else {"operand": operand})}
    node = helper.make_node(op, list(reversed(constants)), ["y"])
    graph = helper.make_graph([node], "g", [], [helper.make_empty_tensor_value_info("y")], [numpy_helper.from_array(a, n) for n, a in constants.items()])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), programs.folder / "m.onnx")
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and "2^40 elements or more" in result.stderr


def test_values_hold_what_matters():
    x = ends("f32")
    assert np.isnan(x).any() and np.isinf(x).sum() == 2 and (x == 0).sum() == 2 and (np.abs(x[x != 0]) < 1e-38).any()
