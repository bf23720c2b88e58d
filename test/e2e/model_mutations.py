# SPDX-License-Identifier: Apache-2.0
"""Ways to break a model file that leave it well-formed JSON or protobuf: what its importer reads is there, but wrong."""
import copy
import re
import subprocess

import onnx
from conftest import BIN
from onnx import AttributeProto, TensorProto, helper

DIAGNOSTIC = re.compile(r"^(.*: )?error: \S", re.MULTILINE)


def compile_mutant(folder, model, options):
    """What is wrong with how the compiler takes a file that may be wrong; nothing if all is well. The second part: whether it takes it."""
    try:
        result = subprocess.run([str(BIN / "dlc"), str(model), *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True, errors="replace", timeout=120)  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it takes more than two minutes", False
    if result.returncode not in (0, 1):
        return f"status {result.returncode}: {result.stderr[-2000:]}", False
    if result.returncode == 1 and not DIAGNOSTIC.search(result.stderr):
        return f"no diagnostic: {result.stderr[-2000:]!r}", False
    if "internal error" in result.stderr:
        return result.stderr[-2000:], False
    return "", result.returncode == 0


JSON_VALUES = [None, -1, 0, 1, 0.5, "", [], {}, 1e300, 2**62, -(2**62), True, "N", "no_such", [-1], [0], [[1]], ["x"], {"op": "relu"}]


def json_paths(value, path=()):
    """Paths of all values in a document, from the second level of lists on only of the first elements."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value[:40]) if isinstance(value, list) else ()
    for key, child in children:
        yield from json_paths(child, (*path, key))


def mutate_json(document, rng):
    """A copy with one change, and what that is."""
    document = copy.deepcopy(document)
    path = rng.choice(list(json_paths(document)))
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    key, old = path[-1], parent[path[-1]]
    kind = rng.choice(["value"] * 6 + ["delete", "delete", "rename", "duplicate", "near"])
    if kind == "delete":
        parent.pop(key)
    elif kind == "rename" and isinstance(parent, dict):
        new = rng.choice(["&" + key[1:], key + "s", key[::-1], ""])
        items = [(new if name == key else name, value) for name, value in parent.items()]
        parent.clear()
        parent.update(items)
    elif kind == "duplicate" and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(old))
    elif kind == "near" and isinstance(old, int) and not isinstance(old, bool):
        parent[key] = rng.choice([old + 1, old - 1, 2 * old, -old])
    elif kind == "near" and isinstance(old, str):
        parent[key] = old[1:] + old[:1]
    else:
        kind = "value"
        parent[key] = rng.choice(JSON_VALUES)
    return document, f"{kind} at {'.'.join(map(str, path))}: {parent.get(key) if isinstance(parent, dict) else ''!r}"


#===-- ONNX -----------------------------------------------------------------===#

EXTENTS = [0, 1, 2, 3, 5, -1, -7, 2**31, 2**40, 2**62]


def mutate_node(graph, rng):
    node = rng.choice(graph.node)
    names = [name for other in graph.node for name in [*other.input, *other.output]] + [info.name for info in graph.input]
    kind = rng.choice(["drop", "empty", "other", "unknown", "swap", "more", "op", "domain", "outputs", "remove"])
    i = rng.randrange(len(node.input)) if node.input else None
    if kind == "op":
        node.op_type = rng.choice(["", "Mul", "Relu", "MatMul", "Conv", "Reshape", "Gemm", "LSTM", "Reluu", node.op_type.lower()])
    elif kind == "domain":
        node.domain = rng.choice(["ai.onnx", "com.microsoft", "no.such"])
    elif kind == "outputs":
        if not node.output or rng.random() < 0.5:
            node.output.append("one_more")
        else:
            node.output.pop()
    elif kind == "remove":
        graph.node.remove(node)
    elif i is None or kind == "more":
        node.input.append(rng.choice(names))
    elif kind == "drop":
        node.input.pop(i)
    elif kind == "empty":
        node.input[i] = ""
    elif kind == "other":
        node.input[i] = rng.choice(names)
    elif kind == "unknown":
        node.input[i] = "no_such_tensor"
    else:
        inputs = list(node.input)
        rng.shuffle(inputs)
        node.input[:] = inputs
    return f"{kind} in node {node.name or list(node.output)} ({node.op_type})"


ATTRIBUTE_VALUES = [0, 1, -1, 2, 7, 2**40, -(2**62), 0.5, float("nan"), 1e30, "", "SAME_UPPER", "no_such", [], [0], [-1], [1, 1], [2, 3, 1],
                    [0, 0, 0, 0], [-5, 2**40], [1.5], ["a"]]  # fmt: skip
ATTRIBUTE_NAMES = ["axis", "axes", "kernel_shape", "strides", "pads", "dilations", "group", "perm", "to", "keepdims", "mode", "hidden_size",
                   "direction", "activations", "equation", "num_heads", "value", "epsilon", "auto_pad"]  # fmt: skip


def make_attribute(name, value):
    if value == []:
        return helper.make_attribute(name, value, attr_type=AttributeProto.INTS)
    return helper.make_attribute(name, value)


def mutate_attribute(graph, rng):
    with_attributes = [node for node in graph.node if node.attribute]
    node = rng.choice(with_attributes or list(graph.node))
    value = rng.choice(ATTRIBUTE_VALUES)
    if not node.attribute or rng.random() < 0.2:
        name = rng.choice(ATTRIBUTE_NAMES)
        kept = [attribute for attribute in node.attribute if attribute.name != name]
        del node.attribute[:]
        node.attribute.extend([*kept, make_attribute(name, value)])
        return f"attribute {name} = {value!r} of {node.op_type}"
    attribute = rng.choice(node.attribute)
    name = attribute.name
    kind = rng.choice(["delete", "rename", "type", "value", "value", "value"])
    if kind == "delete":
        node.attribute.remove(attribute)
    elif kind == "rename":
        attribute.name = name + "s"
    elif kind == "type":
        attribute.type = rng.randrange(0, 13)
    else:
        attribute.CopyFrom(make_attribute(name, value))
    return f"{kind} attribute {name} of {node.op_type} ({value!r})"


def mutate_interface(graph, rng):
    info = rng.choice([*graph.input, *graph.output])
    tensor = info.type.tensor_type
    kind = rng.choice(["type", "extent", "extent", "rank+", "rank-", "shape", "symbol", "name", "untyped"])
    dims = tensor.shape.dim
    if kind == "type":
        tensor.elem_type = rng.randrange(0, 24)
    elif kind == "rank+":
        dims.add().dim_value = rng.choice(EXTENTS)
    elif kind == "rank-" and dims:
        del dims[rng.randrange(len(dims))]
    elif kind == "shape":
        tensor.ClearField("shape")
    elif kind == "symbol" and dims:
        rng.choice(dims).dim_param = "S"
    elif kind == "name":
        info.name = rng.choice(["", "no_such", graph.node[0].output[0] if graph.node and graph.node[0].output else "x"])
    elif kind == "untyped":
        info.type.Clear()
    elif dims:
        rng.choice(dims).dim_value = rng.choice(EXTENTS)
    return f"{kind} of {info.name}"


def mutate_initializer(graph, rng):
    tensors = list(graph.initializer) + [attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t")]
    if not tensors:
        return mutate_attribute(graph, rng)
    tensor = rng.choice(tensors)
    kind = rng.choice(["type", "extent", "rank", "empty", "data", "name", "constant"])
    if kind == "type":
        tensor.data_type = rng.randrange(0, 24)
    elif kind == "extent" and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(EXTENTS)
    elif kind == "rank":
        tensor.dims.append(rng.choice([1, 0, -1, 3]))
    elif kind == "empty":
        del tensor.dims[:]
        tensor.dims.append(0)
        for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
            tensor.ClearField(field)
    elif kind == "constant":
        name = tensor.name
        tensor.CopyFrom(helper.make_tensor(name, TensorProto.INT64, [3], rng.choice([[0, -1, 2], [-1, -1, -1], [2**40, 1, 1], [-(2**62), 2**62, 3]])))
    elif kind == "name":
        tensor.name = "renamed"
    else:
        tensor.ClearField("raw_data")
    return f"{kind} of tensor {tensor.name!r}"


def mutate_model(model, rng):
    kind = rng.choice(["opset", "opset", "outputs", "inputs", "repeat"])
    graph = model.graph
    if kind == "opset" and model.opset_import:
        rng.choice(model.opset_import).version = rng.choice([0, 1, 2, 5, 6, 7, 9, 10, 11, 12, 13, 17, 18, 21, 25, 99, -1])
    elif kind == "outputs":
        del graph.output[rng.randrange(len(graph.output) + 1) :]
    elif kind == "inputs" and graph.input:
        del graph.input[rng.randrange(len(graph.input))]
    elif graph.node:
        graph.node.add().CopyFrom(rng.choice(graph.node))
    return kind


def mutate_onnx(model, rng):
    """A copy with one to three changes, and what these are."""
    broken = onnx.ModelProto()
    broken.CopyFrom(model)
    changes = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        graph = broken.graph
        mutate = rng.choice([mutate_node, mutate_attribute, mutate_attribute, mutate_interface, mutate_initializer, mutate_model])
        if mutate is mutate_model:
            changes.append(mutate_model(broken, rng))
        elif graph.node and (graph.input or graph.output):
            changes.append(mutate(graph, rng))
    return broken, ", ".join(changes)
