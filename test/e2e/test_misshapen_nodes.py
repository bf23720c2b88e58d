# SPDX-License-Identifier: Apache-2.0
"""Every op of ONNX with an operand left out, or of another type, or with an attribute of another type, its operands known or not: the
compiler accepts the node or says what is wrong. CI takes a sample, and what failed once."""
import copy
import functools
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from model_mutations import compile_mutant
from onnx import AttributeProto, numpy_helper
from sampling import sample

LARGEST = 4000
ATTRIBUTE_TYPES = {name: getattr(AttributeProto, name) for name in ("INT", "INTS", "FLOAT", "STRING", "TENSOR")}
ELEMENTS = (np.float32, np.int64, np.bool_)
FAILED_ONCE = ["ScatterND: attribute reduction is INT", "ScatterElements: attribute reduction is INT", "NonMaxSuppression: operand 2 is float32, known"]


def make_known(model, values, types=None):
    """A copy whose inputs are constants where `values` has them, of `types` where these have another one."""
    known = copy.deepcopy(model)
    del known.graph.input[:]
    for info in model.graph.input:
        if info.name in values:
            value = values[info.name]
            known.graph.initializer.append(numpy_helper.from_array(value.astype((types or {}).get(info.name, value.dtype)), info.name))
        else:
            known.graph.input.append(info)
    return known


def mutants_of(model, arrays):
    """(what, a function that makes the model) for a model of one node, with values of its inputs."""
    node = model.graph.node[0]
    values = {info.name: a for info, a in zip(model.graph.input, arrays) if isinstance(a, np.ndarray) and a.dtype.kind in "fiub" and a.size < LARGEST}

    def leave_out(i, is_known):
        changed = make_known(model, values) if is_known else copy.deepcopy(model)
        changed.graph.node[0].input[i] = ""
        return changed

    def set_type(i, kind):
        changed = copy.deepcopy(model)
        changed.graph.node[0].attribute[i].type = kind
        return changed

    for i, name in enumerate(node.input):
        yield f"{node.op_type}: operand {i} is left out", functools.partial(leave_out, i, False)
        yield f"{node.op_type}: operand {i} is left out, known", functools.partial(leave_out, i, True)
        for element in ELEMENTS if name in values else ():
            yield f"{node.op_type}: operand {i} is {element.__name__}, known", functools.partial(make_known, model, values, {name: element})
    for i, attribute in enumerate(node.attribute):
        for name, kind in ATTRIBUTE_TYPES.items():
            if kind != attribute.type:
                yield f"{node.op_type}: attribute {attribute.name} is {name}", functools.partial(set_type, i, kind)


def mutants():
    """Those of the first of ONNX's own models of each op, one with the most attributes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = [case for case in collect_testcases(None) if case.model is not None and len(case.model.graph.node) == 1]
    seen = set()
    for case in sorted(cases, key=lambda case: (-len(case.model.graph.node[0].attribute), case.name)):
        op = case.model.graph.node[0].op_type
        if op not in seen and case.model.ByteSize() < 50_000:
            seen.add(op)
            yield from mutants_of(case.model, case.data_sets[0][0] if case.data_sets else [])


def find_problem(path, what, make):
    path.write_bytes(make().SerializeToString())
    problem, _ = compile_mutant(path.parent, path, ["--compile-to=import"])
    return f"{what}: {problem}" if problem else None


def test_misshapen_nodes(tmp_path):
    cases = dict(mutants())
    chosen = dict.fromkeys([*FAILED_ONCE, *sample(sorted(cases), 240, 1)])
    with ThreadPoolExecutor(os.cpu_count() if len(chosen) == len(cases) else 1) as pool:
        problems = pool.map(lambda case: find_problem(tmp_path / f"{case[0]}.onnx", case[1], cases[case[1]]), enumerate(chosen))
        assert not (found := [problem for problem in problems if problem]), "\n".join(found)
    assert len(cases) > 2000


def save(path, node, inputs, constants):
    tensors = [onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for name, a in inputs.items()]
    graph = onnx.helper.make_graph(
        [node], "g", tensors, [onnx.helper.make_empty_tensor_value_info("y")], [numpy_helper.from_array(a, name) for name, a in constants.items()])  # fmt: skip
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9), path)


def test_sizes_of_an_operand_that_is_left_out(programs):
    for op, operands in ("Div", ["", "n"]), ("Equal", ["n", ""]), ("Where", ["", "n", "n"]), ("Gather", ["n"]):
        save(programs.folder / "m.onnx", onnx.helper.make_node(op, operands, ["y"]), {}, {"n": np.array([2, 3])})
        result = programs.run("dlc", "m.onnx", "--compile-to=import")
        assert result.returncode == 1 and f"({op}): " in result.stderr, result.stderr


def test_axis_of_another_type(programs):
    node = onnx.helper.make_node("ReverseSequence", ["x", "n"], ["y"], batch_axis=1, time_axis=[0])
    save(programs.folder / "m.onnx", node, {"x": np.ones((4, 4), np.float32), "n": np.ones(4, np.int64)}, {})
    result = programs.run("dlc", "m.onnx", "--compile-to=import")
    assert result.returncode == 1
    assert "attribute 'time_axis' must be of type INT, got INTS" in result.stderr
