# SPDX-License-Identifier: Apache-2.0
"""Models whose weights are read in several ways at once, whole and as slices, reshapes, transposes, gathers and splits, against ONNX
Runtime: memory that the compiler releases while it writes weights is not read afterwards.

Each model is generated from its number, which also chooses how the weights are stored (raw, in typed fields, external), whether
--parameters replaces them, the optimization level, and the form on the way (library, weight file, printed module of any phase, ONNX).
DLC_SHARED_WEIGHT_MODELS raises the number of models.
"""
import os

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

MODELS = int(os.environ.get("DLC_SHARED_WEIGHT_MODELS", 40))

STORAGES = ["raw", "typed", "external"]
LEVELS = ["-O0", "-O1", "-O2", "-O3"]
FORMS = ["so", "sidecar", "onnx", "import", "graph", "layout", "kernels", "program"]
USES = ["whole", "transposed", "rows", "columns", "strided", "reshaped", "row", "gathered", "split", "summed"]


class Graph:
    """Nodes over one input and a few weights; every use of a weight makes an output."""

    def __init__(self, number):
        self.random = np.random.default_rng(number)
        self.dtype = np.float64 if number % 5 == 4 else np.float32
        # From a part of a page to many pages, with vector tails and without.
        self.rows, self.columns = (int(extent) for extent in self.random.choice([8, 33, 64, 96, 131, 256], 2))
        self.x = self.make(3, self.rows)
        self.weights = {f"w{i}": self.make(self.rows, self.columns) for i in range(1 + number % 2)}
        self.nodes, self.outputs, self.integers = [], [], {}

    def make(self, *shape):
        return (self.random.standard_normal(shape) / 4).astype(self.dtype)

    def add(self, op, *operands, results=1, **attributes):
        outputs = [f"t{len(self.nodes)}_{i}" for i in range(results)]
        self.nodes.append(helper.make_node(op, operands, outputs, **attributes))
        return outputs[0] if results == 1 else outputs

    def integer(self, *values):
        name = f"i{len(self.integers)}"
        self.integers[name] = np.array(values, np.int64)
        return name

    def slice(self, weight, axis, start, stop, step=1):
        return self.add("Slice", weight, *(self.integer(v) for v in (start, stop, axis, step)))

    def finish(self, value):
        """An output that a kernel computes, so that the constant itself is not what is stored."""
        self.outputs.append(self.add("Mul", value, "scale"))

    def use(self, kind, weight):
        rows, columns, random = self.rows, self.columns, self.random
        if kind == "whole":
            self.finish(self.add("MatMul", "x", weight))
        elif kind == "transposed":
            product = self.add("MatMul", "x", weight)
            self.finish(self.add("MatMul", product, self.add("Transpose", weight, perm=[1, 0])))
        elif kind == "rows":
            start = int(random.integers(0, rows - 1))
            stop = int(random.integers(start + 1, rows + 1))
            self.finish(self.add("MatMul", self.slice("x", 1, start, stop), self.slice(weight, 0, start, stop)))
        elif kind == "columns":
            start = int(random.integers(0, columns - 1))
            self.finish(self.add("MatMul", "x", self.slice(weight, 1, start, columns)))
        elif kind == "strided":
            self.finish(self.add("Tanh", self.slice(weight, 0, 0, rows, 2)))
        elif kind == "reshaped":
            self.finish(self.add("Reshape", weight, self.integer(columns, rows)))
        elif kind == "row":
            self.finish(self.add("Add", self.add("MatMul", "x", weight), self.slice(weight, 0, rows - 1, rows)))
        elif kind == "gathered":
            self.finish(self.add("Gather", weight, self.integer(*random.integers(0, rows, 5)), axis=0))
        elif kind == "split":
            first = int(random.integers(1, rows))
            for part in self.add("Split", weight, self.integer(first, rows - first), results=2, axis=0):
                self.finish(part)
        elif kind == "summed":
            self.finish(self.add("MatMul", "x", self.add("Add", weight, self.slice(weight, 0, 0, 1))))

    def to_tensor(self, name, values, storage):
        if storage == "typed":
            return helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape, values.ravel().tolist())
        return numpy_helper.from_array(values, name)

    def to_model(self, weights, storage):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        initializers = [self.to_tensor(name, values, storage) for name, values in weights.items()]
        initializers += [numpy_helper.from_array(values, name) for name, values in self.integers.items()]
        initializers.append(numpy_helper.from_array(np.array(1.5, self.dtype), "scale"))
        graph = helper.make_graph(
            self.nodes, "shared", [helper.make_tensor_value_info("x", kind, list(self.x.shape))],
            [helper.make_tensor_value_info(name, kind, None) for name in self.outputs], initializers,
        )  # fmt: skip
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def build(number):
    graph = Graph(number)
    for weight in graph.weights:
        uses = list(graph.random.permutation(USES)[: graph.random.integers(2, 6)])
        # The whole comes first, last and in the middle.
        uses.insert(int(graph.random.integers(0, len(uses) + 1)), "whole")
        for kind in uses:
            graph.use(kind, weight)
    return graph


def compare(outputs, actual, expected, tolerance):
    for name, want in zip(outputs, expected):
        assert actual[name].shape == want.shape, name
        assert np.isfinite(actual[name]).all() and abs(actual[name] - want).max() <= tolerance * max(1, abs(want).max()), name


@pytest.mark.parametrize("number", range(MODELS))
def test_every_use_reads_its_own_weight(programs, number):
    storage, level, form = STORAGES[number % 3], LEVELS[number % 4], FORMS[number // 2 % 8]
    graph = build(number)
    options = [level, "--target=x86-64-v3"]
    model, weights = graph.to_model(graph.weights, storage), graph.weights
    if storage == "external":
        onnx.save(model, programs.folder / "model.onnx", save_as_external_data=True, location="model.bin", size_threshold=64)
    else:
        onnx.save(model, programs.folder / "model.onnx")
    late = []
    if number % 3 == 1 or number % 7 == 3:
        weights = {name: graph.make(*values.shape) for name, values in weights.items()}
        # A name of odd length moves what follows in the file to odd addresses.
        save_file({**weights, "scale": np.array(1.5, graph.dtype), "b" * (1 + number % 4): np.zeros(3, np.int8)}, programs.folder / "new.safetensors")
        (late if form == "import" else options).append("--parameters=new.safetensors")
    reference = graph.to_model(weights, "raw").SerializeToString()
    expected = onnxruntime.InferenceSession(reference, providers=["CPUExecutionProvider"]).run(graph.outputs, {"x": graph.x})
    tolerance = 2e-5 if graph.dtype == np.float32 else 1e-12

    if form == "onnx":
        written = programs.compile("model.onnx", "written.onnx", *options)
        session = onnxruntime.InferenceSession(str(written), providers=["CPUExecutionProvider"])
        actual = dict(zip(graph.outputs, session.run(graph.outputs, {"x": graph.x})))
        compare(graph.outputs, actual, expected, tolerance)
        return
    if form in ("so", "sidecar"):
        library = programs.compile("model.onnx", "model.so", *options, *(["--weights=file"] if form == "sidecar" else []))
    else:
        programs.compile("model.onnx", "model.mlir", f"--compile-to={form}", *options)
        library = programs.compile("model.mlir", "model.so", level, "--target=x86-64-v3", *late)
    compare(graph.outputs, programs.execute(library, {"x": graph.x}, graph.outputs), expected, tolerance)
