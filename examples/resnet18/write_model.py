#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ResNet-18 (He et al., 2015) as a dlc model: a graph of ONNX operations, whose weights come from an initializer.

usage: write_model.py FILE.json [WIDTH [SIZE]]     WIDTH channels in the first stage (64), images of SIZE x SIZE pixels (224)
"""
import json
import sys


class Graph:
    def __init__(self):
        self.nodes, self.parameters, self.count = [], {}, {}

    def name(self, hint):
        self.count[hint] = self.count.get(hint, 0) + 1
        return f"{hint}{self.count[hint]}"

    def node(self, op, inputs, **attributes):
        output = self.name(op.lower())
        node = {"op": op, "inputs": inputs, "outputs": [output]}
        if attributes:
            node["attributes"] = attributes
        self.nodes.append(node)
        return output

    def parameter(self, name, shape, initializer):
        self.parameters[name] = {"shape": shape, "initializer": initializer}
        return name

    def conv_norm(self, x, channels, filters, kernel, stride=1):
        """A convolution and its batch normalization."""
        layer = self.name("layer")
        weight = self.parameter(f"{layer}.weight", [filters, channels, kernel, kernel], "he_normal")
        x = self.node("Conv", [x, weight], strides=[stride] * 2, pads=[kernel // 2] * 4)
        first_values = {"scale": "ones", "bias": "zeros", "mean": "zeros", "variance": "ones"}
        return self.node("BatchNormalization", [x] + [self.parameter(f"{layer}.{role}", [filters], value) for role, value in first_values.items()])

    def relu(self, x):
        return self.node("Relu", [x])


def resnet18(width=64, size=224, classes=1000):
    graph = Graph()
    x = graph.relu(graph.conv_norm("image", 3, width, 7, 2))
    x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = width
    for stage in range(4):
        filters = width << stage
        for block in range(2):
            stride = 2 if stage and not block else 1
            y = graph.relu(graph.conv_norm(x, channels, filters, 3, stride))
            y = graph.conv_norm(y, filters, filters, 3)
            skip = x if stride == 1 else graph.conv_norm(x, channels, filters, 1, stride)
            x, channels = graph.relu(graph.node("Add", [y, skip])), filters
    x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])])
    weight, bias = graph.parameter("classes.weight", [classes, channels], "he_normal"), graph.parameter("classes.bias", [classes], "zeros")
    graph.node("Softmax", [graph.node("Gemm", [x, weight, bias], transB=1)])
    graph.nodes[-1]["outputs"] = ["probability"]
    return {
        "dlc": 1,
        "name": "resnet18",
        "description": "ResNet-18 (He et al., 2015) as a graph of ONNX operations",
        "inputs": [{"name": "image", "shape": ["N", 3, size, size]}],
        "nodes": graph.nodes,
        "parameters": graph.parameters,
        "outputs": ["probability"],
        "seed": 18,
    }


def write(model, path):
    """One line per node or parameter, so that people can read and compare the file."""
    lines = []
    for key, value in model.items():
        if isinstance(value, list) and key == "nodes":
            text = "[\n" + ",\n".join("    " + json.dumps(node) for node in value) + "\n  ]"
        elif isinstance(value, dict):
            text = "{\n" + ",\n".join(f"    {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items()) + "\n  }"
        else:
            text = json.dumps(value)
        lines.append(f"  {json.dumps(key)}: {text}")
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write(resnet18(*map(int, sys.argv[2:])), sys.argv[1])
