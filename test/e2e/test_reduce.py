# SPDX-License-Identifier: Apache-2.0
"""dlc reduce: failures that are planted in large models are found, and nothing else is left of the models."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import onnx
import onnx.external_data_helper
import pytest
from conftest import BIN
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

# What fails: a softmax along dimension 1 whose result a tanh reads. It is seen in what dlc imports, which is faster than the package onnx.
PLANTED = r"""
import re, subprocess, sys
text = subprocess.run([DLC, sys.argv[1], "--compile-to=import", "--brief", "-o", "-"], capture_output=True, text=True).stdout
for name in re.findall(r"(%\w+) = dlc\.softmax .*axes = array<i64: 1>", text):
    if re.search(rf"dlc\.tanh {name} ", text):
        sys.exit(1)
"""
IN_JSON = r"""
import json, sys
nodes = json.load(open(sys.argv[1])).get("nodes", [])
found = {node["outputs"][0] for node in nodes if node["op"] == "Softmax" and node.get("attributes", {}).get("axis") == 1}
sys.exit(any(node["op"] == "Tanh" and node["inputs"][0] in found for node in nodes))
"""


def write_check(folder, text):
    (folder / "check.py").write_text(text.replace("DLC", repr(str(BIN / "dlc"))))
    return f"{sys.executable} -S {folder}/check.py"


def make_nodes(rng, count):
    """A graph of `count` nodes over [N, 8, 6] with the failure somewhere in it: (op, operands, result, attributes), and its weights."""
    nodes, weights, tensors = [], {}, ["x"]
    planted = int(rng.integers(1, count - 2))
    for number in range(count):
        operand, other = (tensors[int(rng.integers(max(0, len(tensors) - 6), len(tensors)))] for _ in range(2))
        result = f"t{number}"
        if number == planted:
            nodes.append(("Softmax", [tensors[-1]], result, {"axis": 1}))
        elif number == planted + 1:
            nodes.append(("Tanh", [f"t{planted}"], result, {}))
        elif (kind := int(rng.integers(6))) == 0:
            nodes.append(("Add", [operand, other], result, {}))
        elif kind == 1:
            weights[f"w{number}"] = rng.standard_normal((6, 6)).astype(np.float32)
            nodes.append(("MatMul", [operand, f"w{number}"], result, {}))
        elif kind == 2:
            weights[f"w{number}"] = rng.standard_normal((8, 1)).astype(np.float32)
            nodes.append(("Mul", [operand, f"w{number}"], result, {}))
        elif kind == 3:
            nodes.append(("Softmax", [operand], result, {"axis": 2}))
        else:
            nodes.append((["Relu", "Sigmoid"][kind - 4], [operand], result, {}))
        tensors.append(result)
    read = {operand for _, operands, _, _ in nodes for operand in operands}
    return nodes, weights, [tensor for tensor in tensors[1:] if tensor not in read]


def write_onnx(path, nodes, weights, outputs, shape=("N", 8, 6)):
    protos = [helper.make_node(op, operands, [result], name=result, **attributes) for op, operands, result, attributes in nodes]
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(protos, "g", values, results, [numpy_helper.from_array(value, name) for name, value in weights.items()], doc_string="large")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


@pytest.mark.parametrize("count", [10, 60, 200])
def test_onnx(programs, tmp_path, count):
    nodes, weights, outputs = make_nodes(np.random.default_rng(count), count)
    write_onnx(tmp_path / "model.onnx", nodes, weights, outputs)
    done = programs.run("dlc", "reduce", "model.onnx", "--check", write_check(tmp_path, PLANTED))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"model.reduced.onnx: 2 of {count} nodes after ")
    model = onnx.load(tmp_path / "model.reduced.onnx")
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Softmax", "Tanh"]
    assert [attribute.name for attribute in model.graph.node[0].attribute] == ["axis"]
    assert not model.graph.initializer and not model.graph.doc_string and len(model.graph.output) == 1
    (value,) = model.graph.input
    assert [dim.dim_value for dim in value.type.tensor_type.shape.dim] == [1, 1, 1]
    assert programs.compile("model.reduced.onnx", "reduced.so").exists()


@pytest.mark.parametrize("count", [10, 40])
def test_json_nodes(programs, tmp_path, count):
    nodes, weights, outputs = make_nodes(np.random.default_rng(count), count)
    model = {
        "dlc": 1, "name": "large", "inputs": [{"name": "x", "shape": ["N", 8, 6]}], "outputs": outputs,
        "parameters": {name: {"shape": list(value.shape), "value": value.tolist()} for name, value in weights.items()},
        "nodes": [{"op": op, "inputs": operands, "outputs": [result], **({"attributes": attributes} if attributes else {})} for op, operands, result, attributes in nodes],
    }  # fmt: skip
    (tmp_path / "model.json").write_text(json.dumps(model))
    done = programs.run("dlc", "reduce", "model.json", "-o", "small.json", "--check", write_check(tmp_path, IN_JSON) + " {}")
    assert done.returncode == 0, done.stderr
    small = json.loads((tmp_path / "small.json").read_text())
    assert [node["op"] for node in small["nodes"]] == ["Softmax", "Tanh"]
    assert small["inputs"][0]["shape"] == [1, 1, 1] and len(small["inputs"]) == 1 and "parameters" not in small and "name" not in small
    assert programs.compile("small.json", "small.so").exists()


def test_json_layers(programs, tmp_path):
    """Layers keep what they take from the layer before, and weights in a file beside the model do not stay."""
    layer = lambda op, **more: {"op": op, **more}  # noqa: E731
    layers = [
        layer("conv2d", filters=16, kernel=3, padding="same", activation="relu"), layer("max_pool2d", size=2), layer("conv2d", filters=24, kernel=3),
        layer("batch_norm", epsilon=1e-3), layer("activation", activation="gelu"), layer("global_average_pool"), layer("dense", units=32, activation="relu"),
        layer("dropout", rate=0.3), layer("dense", units=10, activation="softmax", name="p"),
    ]  # fmt: skip
    model = {"dlc": 1, "inputs": [{"name": "image", "shape": ["N", 3, 16, 16]}], "layers": layers, "weights": "glorot_uniform"}
    (tmp_path / "model.json").write_text(json.dumps(model))
    check = write_check(tmp_path, textwrap.dedent("""
        import json, sys
        layers = json.load(open(sys.argv[1]))["layers"]
        norms = {layer["name"] for layer in layers if layer["op"] == "batch_norm"}
        sys.exit(any(layer.get("activation") == "gelu" and layer.get("input") in norms for layer in layers))
    """))  # fmt: skip
    done = programs.run("dlc", "reduce", "model.json", "--check", check)
    assert done.returncode == 0, done.stderr
    small = json.loads((tmp_path / "model.reduced.json").read_text())
    assert [layer["op"] for layer in small["layers"]] == ["batch_norm", "activation"]
    assert "epsilon" not in small["layers"][0] and set(small["inputs"][0]["shape"]) == {1}
    assert programs.compile("model.reduced.json", "small.so").exists()


IN_FUNCTIONS = r"""
import json, sys
model = json.load(open(sys.argv[1]))
for graph in [model, *model.get("functions", {}).values()]:
    found = {node["outputs"][0] for node in graph.get("nodes", []) if node["op"] == "Softmax" and node.get("attributes", {}).get("axis") == 1}
    if any(node["op"] == "Tanh" and node["inputs"][0] in found for node in graph.get("nodes", [])):
        sys.exit(1)
"""
X = {"name": "x", "shape": ["N", 8, 6]}
TRUE_OR_FALSE, COUNT = ({"name": name, "type": kind, "shape": []} for name, kind in (("c", "i1"), ("k", "i64")))


def node(op, inputs, outputs, **attributes):
    return {"op": op, "inputs": inputs, "outputs": outputs, **({"attributes": attributes} if attributes else {})}


def function(inputs, outputs, *nodes):
    return {"inputs": inputs, "outputs": outputs, "nodes": list(nodes)}


def large_function(count):
    """A function of one result with the planted failure, and the parameters that it reads."""
    nodes, weights, outputs = make_nodes(np.random.default_rng(count), count)
    described = [node(op, operands, [result], **attributes) for op, operands, result, attributes in nodes]
    total = [node("Sum", outputs, ["sum"])]
    return function([X], ["sum"], *described, *total), {name: {"shape": list(value.shape), "value": value.tolist()} for name, value in weights.items()}


OTHER = function([X], ["y"], node("Exp", ["x"], ["e"]), node("Neg", ["e"], ["y"]))
CALLERS = {
    "an entry point": {},
    "a call": {"inputs": [X], "outputs": ["y"], "nodes": [node("Call", ["x"], ["r"], function="large"), node("Relu", ["r"], ["y"])]},
    "a branch": {"inputs": [TRUE_OR_FALSE, X], "outputs": ["y"], "nodes": [node("Abs", ["x"], ["a"]), node("If", ["c", "a"], ["y"], then_branch="other", else_branch="large")]},
    "a step": {"inputs": [COUNT, X], "outputs": ["y"], "nodes": [node("Loop", ["k", "", "x"], ["y"], body="step", loop_carried=1)]},
}  # fmt: skip


@pytest.mark.parametrize("caller, count", list(zip(CALLERS, [5, 30, 7, 16])))
def test_json_functions(programs, tmp_path, caller, count):
    """The nodes of a function come out of it: of an entry point, of a branch or step, and of what a step calls."""
    large, parameters = large_function(count)
    step = function([{"name": "i", "type": "i64", "shape": []}, {"name": "go", "type": "i1", "shape": []}, X], ["go", "next"],
                    node("Call", ["x"], ["s"], function="large"), node("Sigmoid", ["s"], ["next"]))  # fmt: skip
    functions = {"other": OTHER, "large": large, **({"step": step} if caller == "a step" else {})}
    (tmp_path / "model.json").write_text(json.dumps({"dlc": 1, "parameters": parameters, "functions": functions, **CALLERS[caller]}))
    assert programs.compile("model.json", "model.so").exists()
    done = programs.run("dlc", "reduce", "model.json", "--check", write_check(tmp_path, IN_FUNCTIONS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("model.reduced.json: 2 of ")
    small = json.loads((tmp_path / "model.reduced.json").read_text())
    assert [node["op"] for node in small["nodes"]] == ["Softmax", "Tanh"]
    assert "functions" not in small and "parameters" not in small and [each["shape"] for each in small["inputs"]] == [[1, 1, 1]]
    assert programs.compile("model.reduced.json", "small.so").exists()


def test_a_branch_that_is_needed(programs, tmp_path):
    """The failure is that of a branch: it stays one, with what it needs."""
    large, parameters = large_function(12)
    model = {"dlc": 1, "parameters": parameters, "functions": {"other": OTHER, "large": large, "entry": OTHER}, **CALLERS["a branch"]}
    (tmp_path / "model.json").write_text(json.dumps(model))
    check = write_check(tmp_path, IN_FUNCTIONS.replace(
        '[model, *model.get("functions", {}).values()]',
        '[model["functions"][name] for node in model.get("nodes", []) if node["op"] == "If" for name in node["attributes"].values()]'))  # fmt: skip
    done = programs.run("dlc", "reduce", "model.json", "--check", check)
    assert done.returncode == 0, done.stderr
    small = json.loads((tmp_path / "model.reduced.json").read_text())
    assert [node["op"] for node in small["nodes"]] == ["If"] and small["functions"].keys() == {"other", "large"}
    assert [node["op"] for node in small["functions"]["large"]["nodes"]] == ["Softmax", "Tanh"]
    assert len(small["functions"]["other"]["nodes"]) == 1 and "parameters" not in small
    assert programs.compile("model.reduced.json", "small.so").exists()


def test_a_step_that_assigns(programs, tmp_path):
    """Of a function that changes parameters, what is assigned stays where the failure needs it."""
    step = function([X, {"name": "label", "shape": ["N", 8, 6], "role": "label"}], ["loss"], node("Mul", ["x", "w"], ["m"]), node("Sub", ["m", "label"], ["d"]),
                    node("Mul", ["d", "d"], ["square"]), node("ReduceMean", ["square"], ["loss"], keepdims=0), node("ReduceMean", ["d"], ["mean"], keepdims=0),
                    node("Cosh", ["mean"], ["next"]), node("Assign", ["next"], [], parameter="w"), node("Assign", ["loss"], [], parameter="v"))  # fmt: skip
    for assign in step["nodes"][-2:]:
        del assign["outputs"]
    parameters = {name: {"shape": [], "value": 1} for name in ("w", "v", "u")}
    predict = function([X], ["y"], node("Mul", ["x", "u"], ["y"]))
    (tmp_path / "model.json").write_text(json.dumps({"dlc": 1, "parameters": parameters, "functions": {"predict": predict, "train_step": step}}))
    assert programs.compile("model.json", "model.so").exists()
    check = write_check(tmp_path, textwrap.dedent("""
        import json, sys
        model = json.load(open(sys.argv[1]))
        for graph in [model, *model.get("functions", {}).values()]:
            found = [node["outputs"][0] for node in graph.get("nodes", []) if node["op"] == "Cosh"]
            if any(node["op"] == "Assign" and node["inputs"][0] in found for node in graph.get("nodes", [])):
                sys.exit(1)
    """))  # fmt: skip
    done = programs.run("dlc", "reduce", "model.json", "--check", check)
    assert done.returncode == 0, done.stderr
    small = json.loads((tmp_path / "model.reduced.json").read_text())
    graphs = [small, *small.get("functions", {}).values()]
    (nodes,) = [graph["nodes"] for graph in graphs if graph.get("nodes")]
    assert [node["op"] for node in nodes] == ["Cosh", "Assign"] and small["parameters"].keys() == {"w"}
    assert programs.compile("model.reduced.json", "small.so").exists()


def test_error_of_the_compiler(programs, tmp_path):
    """Without a check, what dlc says of the model has to stay; tensors before what it cannot read become inputs."""
    nodes, weights, _ = make_nodes(np.random.default_rng(7), 20)
    chain = [*nodes, ("NoSuchOp", ["t19", "t3"], "bad", {"mode": 3}), ("Relu", ["bad"], "r", {}), ("Add", ["r", "t5"], "y", {})]
    write_onnx(tmp_path / "model.onnx", chain, weights, ["y", "t2"])
    done = programs.run("dlc", "reduce", "model.onnx", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert "23 nodes: dlc fails with error: node '...' (NoSuchOp): op is not supported" in done.stderr
    model = onnx.load(tmp_path / "model.reduced.onnx")
    assert [node.op_type for node in model.graph.node] == ["NoSuchOp"] and not model.graph.node[0].attribute
    # Another message is another failure.
    done = programs.run("dlc", "reduce", "model.onnx", "--message", "has 3 dimensions")
    assert done.returncode == 1 and "does not fail to begin with: dlc does not say 'has 3 dimensions'" in done.stderr


# A softmax along dimension 1 and a tanh that reads it, directly or by way of other functions of one operand.
CONNECTED = r"""
import re, subprocess, sys
text = subprocess.run([DLC, sys.argv[1], "--compile-to=import", "--brief", "-o", "-"], capture_output=True, text=True).stdout
reached = set(re.findall(r"(%\w+) = dlc\.softmax .*axes = array<i64: 1>", text))
for result, op, operand in re.findall(r"(%\w+) = dlc\.(\w+) (%\w+) :", text):
    if operand in reached:
        reached.add(result)
        if op == "tanh":
            sys.exit(1)
"""


def test_chain(programs, tmp_path):
    """What is between two nodes that have to stay connected goes in long runs, not one by one."""
    ops = ["Softmax", *(["Relu", "Sigmoid", "Abs", "Neg"] * 75), "Tanh", "Exp"]
    nodes = [(op, [f"t{i - 1}" if i else "x"], f"t{i}", {"axis": 1} if op == "Softmax" else {}) for i, op in enumerate(ops)]
    write_onnx(tmp_path / "model.onnx", nodes, {}, [f"t{len(ops) - 1}"])
    done = programs.run("dlc", "reduce", "model.onnx", "--check", write_check(tmp_path, CONNECTED))
    assert done.returncode == 0, done.stderr
    assert [node.op_type for node in onnx.load(tmp_path / "model.reduced.onnx").graph.node] == ["Softmax", "Tanh"]
    assert int(re.search(r"2 of 303 nodes after (\d+) tries", done.stdout)[1]) < 60


def value(name, *shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def planted_graph(name, inputs, outputs, operand, result, before=()):
    """A graph with nodes that are of no interest around the failure."""
    nodes = [
        *before, helper.make_node("Relu", [operand], ["r"]), helper.make_node("Mul", ["r", "k"], ["s"]), helper.make_node("Softmax", ["s"], ["p"], axis=1),
        helper.make_node("Tanh", ["p"], ["q"]), helper.make_node("Exp", ["q"], ["e"]), helper.make_node("Add", ["e", operand], [result]),
        helper.make_node("Neg", ["e"], ["unused"]),
    ]  # fmt: skip
    return helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(np.full((8, 1), 2, np.float32), "k")])


def nested_model(kind):
    """The failure in a branch of an If, and that in a step of a Loop, or in a step of a Scan."""
    other = helper.make_graph([helper.make_node("Sub", ["x", "state"], ["o"])], "else", [], [value("o", None, 8, 6)])
    if kind == "scan":
        step = planted_graph("step", [value("state", None, 8, 6), value("slice", None, 8, 6)], [value("y", None, 8, 6), value("q", None, 8, 6)], "t", "y",
                             [helper.make_node("Add", ["state", "slice"], ["t"])])  # fmt: skip
        node = helper.make_node("Scan", ["x", "many"], ["last", "all"], body=step, num_scan_inputs=1, scan_input_axes=[1])
        inputs = [value("x", "N", 8, 6), value("many", "N", 5, 8, 6)]
    else:
        branch = planted_graph("then", [], [value("y", None, 8, 6)], "state", "y")
        choice = helper.make_node("If", ["c"], ["next"], then_branch=branch, else_branch=other)
        if kind == "if":
            choice.output[0] = "last"
            node, inputs = choice, [value("x", "N", 8, 6), value("state", "N", 8, 6), value("c", kind=TensorProto.BOOL)]
        else:
            step = helper.make_graph(
                [choice, helper.make_node("Identity", ["go"], ["still"]), helper.make_node("Sqrt", ["next"], ["root"])], "step",
                [value("i", kind=TensorProto.INT64), value("go", kind=TensorProto.BOOL), value("state", None, 8, 6)],
                [value("still", kind=TensorProto.BOOL), value("next", None, 8, 6), value("root", None, 8, 6)])  # fmt: skip
            node = helper.make_node("Loop", ["count", "", "x"], ["last", "all"], body=step)
            inputs = [value("x", "N", 8, 6), value("c", kind=TensorProto.BOOL), value("count", kind=TensorProto.INT64)]
    # Names of one branch may be those of another.
    same = helper.make_graph([helper.make_node("Exp", ["x"], ["q"]), helper.make_node("Sin", ["q"], ["r"])], "same", [], [value("r", None, 8, 6)])
    copy = helper.make_graph([helper.make_node("Identity", ["x"], ["copy"])], "copy", [], [value("copy", None, 8, 6)])
    first = [helper.make_node("If", ["c"], ["absolute"], then_branch=same, else_branch=copy)] if kind == "if" else [helper.make_node("Abs", ["x"], ["absolute"])]
    nodes = [*first, node, helper.make_node("Add", ["last", "absolute"], ["z"])]
    graph = helper.make_graph(nodes, "g", inputs, [value("z", None, 8, 6), *([value("all")] if len(node.output) > 1 else [])])
    graph.output[-1].type.tensor_type.ClearField("shape")
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("kind", ["if", "loop", "scan"])
def test_subgraphs(programs, tmp_path, kind):
    """Nodes of branches and steps come out of them; where the failure needs the branch or step, they go within it."""
    onnx.save(nested_model(kind), tmp_path / "model.onnx")
    done = programs.run("dlc", "reduce", "model.onnx", "-o", "small.onnx", "--check", write_check(tmp_path, PLANTED))
    assert done.returncode == 0, done.stderr
    small = onnx.load(tmp_path / "small.onnx")
    onnx.checker.check_model(small)
    assert [node.op_type for node in small.graph.node] == ["Softmax", "Tanh"] and not small.graph.initializer
    assert programs.compile("small.onnx", "small.so").exists()

    # What is in one branch or step, not between two of them.
    inside = r"dlc\.(?:if|loop) ((?:(?!dlc\.(?:if|loop|next|end_if) ).)*)"
    within = PLANTED.replace("for name in", f'text = "".join(re.findall(r"{inside}", text, re.DOTALL))\nfor name in')
    done = programs.run("dlc", "reduce", "model.onnx", "-o", "within.onnx", "--check", write_check(tmp_path, within))
    assert done.returncode == 0, done.stderr
    inner = onnx.load(tmp_path / "within.onnx").graph
    (outer,) = [node for node in inner.node if node.op_type in ("If", "Loop", "Scan")]
    assert len(inner.node) == 1, [node.op_type for node in inner.node]
    graphs = [attribute.g for attribute in outer.attribute if attribute.HasField("g")]
    ops = sorted(node.op_type for graph in graphs for node in graph.node if node.op_type != "Identity")
    assert ops == ["Softmax", "Tanh"], ops
    assert not any(graph.initializer for graph in graphs)


def run_beside(folder, dlc, dlc_run, *words):
    """Runs dlc reduce from a folder in which it finds other programs than its own: Python scripts."""
    try:
        os.link(BIN / "dlc", folder / "dlc-reduce")
    except OSError:
        shutil.copy(BIN / "dlc", folder / "dlc-reduce")
    for name, text in (("dlc", dlc), ("dlc-run", dlc_run)):
        (folder / name).write_text(f"#!{sys.executable} -S\n" + text.replace("DLC", repr(str(BIN / "dlc"))))
        (folder / name).chmod(0o755)
    return subprocess.run([folder / "dlc-reduce", *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGSEGV)", "print('pass.cpp:3: f(): Assertion `x > 0` failed.', file=sys.stderr); os.abort()"])
def test_crash(tmp_path, end):
    """A compiler that dies has to die in the same way; other ends are other failures."""
    nodes, weights, outputs = make_nodes(np.random.default_rng(12), 12)
    write_onnx(tmp_path / "model.onnx", nodes, weights, outputs)
    crash = "import os, signal\nassert sys.argv[-1] == '-O1', sys.argv\n" + PLANTED.replace("sys.exit(1)", end)
    done = run_beside(tmp_path, crash.replace("import os", "import os, sys", 1), "", "model.onnx", "-O1")
    assert done.returncode == 0, done.stderr
    assert "12 nodes: dlc dies: " + ("Segmentation fault" if "SEGV" in end else "Aborted: Assertion `x > 0` failed.") in done.stderr
    assert [node.op_type for node in onnx.load(tmp_path / "model.reduced.onnx").graph.node] == ["Softmax", "Tanh"]


def test_comparison(tmp_path):
    """A model that compiles is compared with -O0, by dlc-run verify."""
    nodes, weights, outputs = make_nodes(np.random.default_rng(13), 12)
    write_onnx(tmp_path / "model.onnx", nodes, weights, outputs)
    verify = "import sys\nassert sys.argv.pop(1) == 'verify'\n" + PLANTED.replace("sys.exit(1)", "sys.exit(print('1 of 9 tensors differ by more than 1e-05 of their range') or 1)")
    done = run_beside(tmp_path, "", verify, "model.onnx")
    assert done.returncode == 0, done.stderr
    assert "dlc compiles the model; comparing its results with those of -O0" in done.stderr and "12 nodes: results differ from those of -O0" in done.stderr
    assert [node.op_type for node in onnx.load(tmp_path / "model.reduced.onnx").graph.node] == ["Softmax", "Tanh"]


def test_interruption(programs, tmp_path):
    """Ctrl-C ends it; the file has the smallest model so far."""
    nodes, weights, outputs = make_nodes(np.random.default_rng(3), 60)
    write_onnx(tmp_path / "model.onnx", nodes, weights, outputs)
    check = write_check(tmp_path, "import time\ntime.sleep(0.1)\n" + PLANTED)
    process = subprocess.Popen([str(BIN / "dlc"), "reduce", "model.onnx", "--check", check], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    small, deadline = tmp_path / "model.reduced.onnx", time.monotonic() + 300
    while time.monotonic() < deadline and not (small.exists() and len(onnx.load(small).graph.node) < 60):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert "interrupted, and there may be a smaller one" in out
    assert subprocess.run([*check.split(), small], check=False).returncode == 1
    assert not list(tmp_path.glob("*.tmp"))


def test_interruption_of_the_first_check(tmp_path):
    """Nothing is known of the model then, so nothing is said of it."""
    write_onnx(tmp_path / "model.onnx", [("Relu", ["x"], "y", {})], {}, ["y"])
    process = subprocess.Popen(
        [str(BIN / "dlc"), "reduce", "model.onnx", "--check", "touch begun; sleep 60; false"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tmp_path / "begun").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (128 + signal.SIGINT, "")


def test_any_status_but_zero_is_a_failure(programs, tmp_path):
    """With 127 on the whole model there is no such command; later it is a failure."""
    nodes = [("Relu", ["x"], "a", {}), ("Tanh", ["a"], "b", {}), ("Relu", ["b"], "y", {})]
    write_onnx(tmp_path / "model.onnx", nodes, {}, ["y"])
    (tmp_path / "check.sh").write_text("if [ -e second ]; then exit 127; fi; touch second; exit 1")
    done = programs.run("dlc", "reduce", "model.onnx", "--check", "sh check.sh")
    assert done.returncode == 0 and len(onnx.load(tmp_path / "model.reduced.onnx").graph.node) <= 1, done.stderr
    done = programs.run("dlc", "reduce", "model.onnx", "--check", "sh check.sh")
    assert done.returncode == 1 and "cannot run the check 'sh check.sh': it ends with status 127" in done.stderr


def test_weights_in_other_files(programs, tmp_path):
    """Candidates are elsewhere, and have all weights: of branches, too, and those that a JSON model reads from a subfolder."""
    weight = numpy_helper.from_array(np.arange(6, dtype=np.float32), "w")
    onnx.external_data_helper.set_external_data(weight, "data.bin", offset=4, length=24)
    (tmp_path / "data.bin").write_bytes(b"head" + weight.raw_data)
    weight.ClearField("raw_data")
    branches = [helper.make_graph([helper.make_node(op, ["x", "w"], [f"{op}_y"])], op, [], [helper.make_tensor_value_info(f"{op}_y", TensorProto.FLOAT, None)], [weight]) for op in ("Add", "Mul")]
    nodes = [helper.make_node("If", ["c"], ["z"], then_branch=branches[0], else_branch=branches[1]), helper.make_node("NoSuchOp", ["z"], ["y"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 6]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), tmp_path / "model.onnx")
    check = write_check(tmp_path, "import subprocess, sys\ntext = subprocess.run([DLC, sys.argv[1], '-o', sys.argv[1] + '.so'], capture_output=True, text=True).stderr\nsys.exit('cannot read' in text or 'NoSuchOp' in text and 'If' in open(sys.argv[1], errors='replace').read())")
    done = programs.run("dlc", "reduce", "model.onnx", "--check", check)
    assert done.returncode == 0, done.stderr
    reduced = onnx.load(tmp_path / "model.reduced.onnx", load_external_data=False)
    assert b"data.bin" not in reduced.SerializeToString() and "If" in [node.op_type for node in reduced.graph.node]

    (tmp_path / "sub").mkdir()
    dense = {"kernel": np.ones((3, 2), np.float32), "bias": np.zeros(2, np.float32)}
    save_file({f"d.{name}": value for name, value in dense.items()}, tmp_path / "sub" / "w.safetensors")
    layers = [{"op": "dense", "units": 2, "name": "d"}, {"op": "activation", "activation": "tanh"}]
    (tmp_path / "m.json").write_text(json.dumps({"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 3]}], "layers": layers, "weights": "sub/w.safetensors"}))
    check = write_check(tmp_path, "import os, sys\nsys.exit(os.path.exists(os.path.dirname(sys.argv[1]) + '/sub/w.safetensors'))")
    done = programs.run("dlc", "reduce", "m.json", "--check", check)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sub" / "w.safetensors").exists()
    # dlc reads the candidates with their weights.
    done = programs.run("dlc", "reduce", "m.json")
    assert done.returncode == 1 and "does not fail to begin with: dlc compiles it, and its results are those of -O0" in done.stderr, done.stderr


def test_what_is_wrong(programs, tmp_path):
    write_onnx(tmp_path / "model.onnx", [("Relu", ["x"], "y", {})], {}, ["y"])
    (tmp_path / "broken.json").write_text("{ 1")

    def fails(*words):
        done = programs.run("dlc", "reduce", *words)
        assert done.returncode == 1 and done.stderr.count("error:") == 1, done.stderr
        return done.stderr

    assert "the model does not fail to begin with: 'true' ends with status 0" in fails("model.onnx", "--check", "true")
    assert "does not fail to begin with: dlc compiles it, and its results are those of -O0" in fails("model.onnx")
    assert "--check needs a command" in fails("model.onnx", "--check", "")
    assert "cannot write 'absent/small.onnx'" in fails("model.onnx", "-o", "absent/small.onnx", "--check", "sleep 600")
    assert "cannot run the check './absent.sh'" in fails("model.onnx", "--check", "./absent.sh")
    assert "cannot read 'absent.onnx'" in fails("absent.onnx")
    assert "'broken.json' is not JSON" in fails("broken.json")
    assert "is neither a .onnx nor a .json file" in fails("model.so")
    assert "unknown option '--chek=x'" in fails("model.onnx", "--chek=x")
    assert "exclude each other" in fails("model.onnx", "--check", "true", "--compare")
    assert "must end in .onnx" in fails("model.onnx", "-o", "small.json", "--check", "false")
    assert "would replace the model" in fails("model.onnx", "-o", "model.onnx", "--check", "false")
    done = programs.run("dlc", "reduce", "model.onnx", "--check", "false", "--minutes", "0")
    assert done.returncode == 0 and "the time is over" in done.stdout and (tmp_path / "model.reduced.onnx").exists()
