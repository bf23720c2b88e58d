# SPDX-License-Identifier: Apache-2.0
"""Models of a few nodes, and inputs, for tests of kernels that are loops over scalars."""
import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from conftest import Programs
from onnx import helper

OPTIONS = [("-O2",), ("-O0",), ("-O3", "--check-bounds"), ("-O2", "--target=x86-64-v2")]


class WithOptions(Programs):
    def __init__(self, folder, options):
        super().__init__(folder)
        self.options = options

    def compile(self, model, output, *options, **keywords):
        return super().compile(model, output, *self.options, *options, **keywords)


def draw(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def save_nodes(folder, nodes, inputs, ranks, opset=22, dims=None):
    """A model of nodes over `inputs`, whose extents are those of the arrays or `dims[name]`; `ranks` has the element type and rank of each
    output."""
    kind = lambda array: helper.np_dtype_to_tensor_dtype(array.dtype)
    value = lambda name, array: helper.make_tensor_value_info(name, kind(array), (dims or {}).get(name, array.shape))
    results = [helper.make_tensor_value_info(name, kind, ["?"] * rank) for name, (kind, rank) in ranks.items()]
    graph = helper.make_graph(nodes, "graph", [value(*i) for i in inputs.items()], results)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=11), folder / "m.onnx")


def read(array, dtype):
    """An output as `dtype`: bf16 comes as its bits."""
    assert array.dtype == (np.uint16 if dtype == ml_dtypes.bfloat16 else dtype)
    return array.view(dtype).astype(np.float64)


def run_reference(family):
    """The only output of a family, by ONNX Runtime."""
    session = onnxruntime.InferenceSession(family.model().SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, family.inputs)[0]


def regions(dtype, count=7, height=13, width=11):
    """Boxes in and around images of `height` x `width`, and the images that they are of, of two."""
    random = np.random.default_rng(5)
    low = random.uniform(-3, [width, height], (count, 2))
    boxes = np.concatenate([low, low + random.uniform(-1, 9, (count, 2))], 1)
    boxes[0] = [0, 0, width - 1, height - 1]
    boxes[1] = [-50, -50, -40, -40]
    boxes[2] = [2.5, 3.5, 2.5, 3.5]
    return boxes.astype(dtype), random.integers(0, 2, count)
