# SPDX-License-Identifier: Apache-2.0
"""JSON models against the same models in ONNX: layers and example networks agree with ONNX Runtime on random weights."""
import json
import struct
import sys

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

onnxruntime = pytest.importorskip("onnxruntime")


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Twin:
    """An ONNX model written by hand and a JSON model, over the same weights."""

    def __init__(self, shape, seed=0):
        self.shape, self.nodes, self.weights, self.rng = shape, [], {}, np.random.default_rng(seed)
        self.constants = []

    def weight(self, name, *shape, positive=False):
        """Of a size that keeps results from growing or vanishing."""
        fan_in = np.prod(shape[1:]) if len(shape) > 1 else 4
        array = self.rng.standard_normal(shape) / np.sqrt(fan_in)
        self.weights[name] = (np.abs(array) + 0.5 if positive else array).astype(np.float32)
        return name

    def constant(self, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), f"constant{len(self.constants)}"))
        return self.constants[-1].name

    def op(self, kind, inputs, **attributes):
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def run(self, result, x):
        graph = helper.make_graph(
            [*self.nodes, helper.make_node("Identity", [result], ["y"])], "twin",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
            [*self.constants, *(numpy_helper.from_array(array, name) for name, array in self.weights.items())],
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def compare(programs, model, twin, result, tolerance=1e-5):
    """Compiles `model` with the twin's weights and compares both on random numbers."""
    if twin.weights:
        write_safetensors(programs.folder / "weights.safetensors", twin.weights)
        model = {**model, "weights": "weights.safetensors"}
    path = programs.folder / "model.json"
    path.write_text(json.dumps(model))
    x = np.random.default_rng(1).standard_normal(twin.shape).astype(np.float32)
    expected = twin.run(result, x)
    layers = model.get("layers")
    name = layers[-1]["name"] if layers else model["outputs"][0]
    library = programs.compile(path, "model.so")
    actual = programs.execute(library, {model["inputs"][0]["name"]: x}, [name])[name]
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * max(1e-30, np.abs(expected).max()))



def sinusoids(length, features, base=10000):
    """sin, cos, sin, cos, ... of every position."""
    angles = np.arange(length)[:, None] * base ** -(np.arange(0, features, 2) / features)
    return np.stack([np.sin(angles), np.cos(angles)], 2).reshape(length, features).astype(np.float32)


def attention(t, heads, groups, window=None, size=None, value_size=None, units=None, bias=True, base=None):
    """The layer `attention` from matrix products and a softmax; `window` also means causal."""
    _, length, features = t.shape
    size = size or features // heads
    value_size = value_size or size

    def project(x, role, rows, columns):
        y = t.op("MatMul", [x, t.op("Transpose", [t.weight(f"y.{role}_weight", rows, columns)])])
        return t.op("Add", [y, t.weight(f"y.{role}_bias", rows)]) if bias else y

    def split(x, count, each):
        x = t.op("Transpose", [t.op("Reshape", [x, t.constant(np.array([0, 0, count, each]))])], perm=[0, 2, 1, 3])
        return t.op("Gather", [x, t.constant(np.arange(heads) // (heads // count))], axis=1)

    def turn(x):
        angles = np.arange(length)[:, None] * base ** -(np.arange(size // 2) / (size // 2))
        a, b = (t.op("Slice", [x, t.constant(np.array([i * size // 2])), t.constant(np.array([(i + 1) * size // 2])),
                               t.constant(np.array([3]))]) for i in (0, 1))  # fmt: skip
        cosine, sine = (t.constant(f(angles).astype(np.float32)) for f in (np.cos, np.sin))
        first = t.op("Sub", [t.op("Mul", [a, cosine]), t.op("Mul", [b, sine])])
        return t.op("Concat", [first, t.op("Add", [t.op("Mul", [a, sine]), t.op("Mul", [b, cosine])])], axis=3)

    q = split(project("x", "query", heads * size, features), heads, size)
    k = split(project("x", "key", groups * size, features), groups, size)
    v = split(project("x", "value", groups * value_size, features), groups, value_size)
    if base:
        q, k = turn(q), turn(k)
    scores = t.op("Mul", [t.op("MatMul", [q, t.op("Transpose", [k], perm=[0, 1, 3, 2])]), t.constant(np.float32(size**-0.5))])
    if window is not None:
        distance = np.arange(length)[:, None] - np.arange(length)
        scores = t.op("Add", [scores, t.constant(np.where((distance >= 0) & (distance <= window), 0, -np.inf).astype(np.float32))])
    y = t.op("Transpose", [t.op("MatMul", [t.op("Softmax", [scores], axis=-1), v])], perm=[0, 2, 1, 3])
    y = t.op("Reshape", [y, t.constant(np.array([0, 0, heads * value_size]))])
    return project(y, "output", units or features, heads * value_size)


# One layer each: the layer, the input's shape, and how ONNX says it (a function of the twin).
IMAGE = (2, 6, 11, 9)
LAYERS = {
    "dense": ({"op": "dense", "units": 7}, (3, 5), lambda t: t.op("Gemm", ["x", t.weight("y.weight", 7, 5), t.weight("y.bias", 7)], transB=1)),
    "dense-rank-3": ({"op": "dense", "units": 4, "use_bias": False}, (2, 3, 5),
                     lambda t: t.op("MatMul", ["x", t.op("Transpose", [t.weight("y.weight", 4, 5)])])),
    "conv1d": ({"op": "conv1d", "filters": 5, "kernel": 3, "dilation": 2}, (2, 4, 17),
               lambda t: t.op("Conv", ["x", t.weight("y.weight", 5, 4, 3), t.weight("y.bias", 5)], dilations=[2])),
    "conv2d-same": ({"op": "conv2d", "filters": 4, "kernel": [3, 4], "stride": 2, "padding": "same"}, IMAGE,
                    lambda t: t.op("Conv", ["x", t.weight("y.weight", 4, 6, 3, 4), t.weight("y.bias", 4)], strides=[2, 2], auto_pad="SAME_UPPER")),
    "conv2d-groups": ({"op": "conv2d", "filters": 4, "kernel": 3, "padding": [[0, 1], 2], "groups": 2}, IMAGE,
                      lambda t: t.op("Conv", ["x", t.weight("y.weight", 4, 3, 3, 3), t.weight("y.bias", 4)], group=2, pads=[0, 2, 1, 2])),
    "conv3d": ({"op": "conv3d", "filters": 3, "kernel": 2, "use_bias": False}, (1, 2, 4, 5, 6),
               lambda t: t.op("Conv", ["x", t.weight("y.weight", 3, 2, 2, 2, 2)])),
    "depthwise_conv2d": ({"op": "depthwise_conv2d", "kernel": 3, "multiplier": 2, "padding": "same"}, IMAGE,
                         lambda t: t.op("Conv", ["x", t.weight("y.weight", 12, 1, 3, 3), t.weight("y.bias", 12)], group=6, pads=[1] * 4)),
    "conv_transpose2d": ({"op": "conv_transpose2d", "filters": 4, "kernel": 3, "stride": 2, "padding": "same"}, IMAGE,
                         lambda t: t.op("ConvTranspose", ["x", t.weight("y.weight", 6, 4, 3, 3), t.weight("y.bias", 4)], strides=[2, 2], pads=[0, 0, 1, 1])),
    "conv_transpose1d": ({"op": "conv_transpose1d", "filters": 4, "kernel": 3, "stride": 3, "padding": 1, "output_padding": 1, "groups": 2},
                         (1, 6, 7), lambda t: t.op("ConvTranspose", ["x", t.weight("y.weight", 6, 2, 3), t.weight("y.bias", 4)], strides=[3], pads=[1, 1], output_padding=[1], group=2)),
    "max_pool2d": ({"op": "max_pool2d", "size": 3, "stride": 2, "padding": 1, "ceil_mode": True}, IMAGE,
                   lambda t: t.op("MaxPool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, ceil_mode=1)),
    "average_pool2d": ({"op": "average_pool2d", "size": 3, "padding": "same"}, IMAGE,
                       lambda t: t.op("AveragePool", ["x"], kernel_shape=[3, 3], strides=[3, 3], auto_pad="SAME_UPPER")),
    "lp_pool1d": ({"op": "lp_pool1d", "size": 3}, (1, 2, 9), lambda t: t.op("LpPool", ["x"], kernel_shape=[3], strides=[3])),
    "global_average_pool": ({"op": "global_average_pool"}, IMAGE, lambda t: t.op("Flatten", [t.op("GlobalAveragePool", ["x"])])),
    "global_max_pool": ({"op": "global_max_pool", "keep_dims": True}, IMAGE, lambda t: t.op("GlobalMaxPool", ["x"])),
    "batch_norm": ({"op": "batch_norm", "activation": "relu"}, IMAGE,
                   lambda t: t.op("Relu", [t.op("BatchNormalization", ["x", t.weight("y.weight", 6), t.weight("y.bias", 6), t.weight("y.running_mean", 6), t.weight("y.running_var", 6, positive=True)])])),
    "layer_norm": ({"op": "layer_norm", "axis": 2}, IMAGE,
                   lambda t: t.op("LayerNormalization", ["x", t.weight("y.weight", 11, 9), t.weight("y.bias", 11, 9)], axis=2)),
    "instance_norm": ({"op": "instance_norm"}, IMAGE, lambda t: t.op("InstanceNormalization", ["x", t.weight("y.weight", 6), t.weight("y.bias", 6)])),
    "local_response_norm": ({"op": "local_response_norm", "size": 3, "alpha": 0.5}, IMAGE, lambda t: t.op("LRN", ["x"], size=3, alpha=0.5)),
    "prelu": ({"op": "prelu"}, IMAGE, lambda t: t.op("PRelu", ["x", t.op("Unsqueeze", [t.weight("y.weight", 6), t.constant(np.array([1, 2]))])])),
    "padding": ({"op": "padding", "padding": [[1, 2], 3], "mode": "reflect"}, IMAGE,
                lambda t: t.op("Pad", ["x", t.constant(np.array([0, 0, 1, 3, 0, 0, 2, 3]))], mode="reflect")),
    "cropping": ({"op": "cropping", "cropping": [[1, 2], 3]}, IMAGE,
                 lambda t: t.op("Slice", ["x", t.constant(np.array([1, 3])), t.constant(np.array([9, 6])), t.constant(np.array([2, 3]))])),
    "upsample": ({"op": "upsample", "size": [2, 3]}, IMAGE,
                 lambda t: t.op("Resize", ["x", "", t.constant(np.array([1, 1, 2, 3], np.float32))], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")),
    "upsample-bilinear": ({"op": "upsample", "interpolation": "bilinear"}, IMAGE,
                          lambda t: t.op("Resize", ["x", "", t.constant(np.array([1, 1, 2, 2], np.float32))], mode="linear")),
    "permute": ({"op": "permute", "dims": [2, 3, 1]}, IMAGE, lambda t: t.op("Transpose", ["x"], perm=[0, 2, 3, 1])),
    "reshape": ({"op": "reshape", "shape": [-1, 9]}, IMAGE, lambda t: t.op("Reshape", ["x", t.constant(np.array([0, -1, 9]))])),
    "rescaling": ({"op": "rescaling", "scale": 0.5, "offset": 1}, IMAGE,
                  lambda t: t.op("Add", [t.op("Mul", ["x", t.constant(np.float32(0.5))]), t.constant(np.float32(1))])),
    "gelu": ({"op": "activation", "activation": {"op": "gelu", "approximate": True}}, IMAGE, lambda t: t.op("Gelu", ["x"], approximate="tanh")),
    "selu": ({"op": "selu"}, IMAGE, lambda t: t.op("Selu", ["x"])),
    "hard_sigmoid": ({"op": "hard_sigmoid"}, IMAGE, lambda t: t.op("HardSigmoid", ["x"])),
    "shrink": ({"op": "shrink", "lambda": 0.4, "bias": 0.1}, IMAGE, lambda t: t.op("Shrink", ["x"], lambd=0.4, bias=0.1)),
    "attention": ({"op": "attention", "heads": 3, "window": 3, "causal": True}, (2, 7, 12), lambda t: attention(t, 3, 3, 3)),
    "attention-grouped": ({"op": "attention", "heads": 4, "kv_heads": 2, "head_size": 6, "value_size": 5, "units": 9, "use_bias": False}, (2, 5, 8),
                          lambda t: attention(t, 4, 2, size=6, value_size=5, units=9, bias=False)),
    "attention-rotary": ({"op": "attention", "heads": 2, "rotary": 10000}, (1, 6, 16), lambda t: attention(t, 2, 2, base=10000)),
    "rms_norm": ({"op": "rms_norm"}, (2, 5, 8), lambda t: t.op("Mul", [t.op("Div", ["x", t.op("Sqrt", [t.op("Add", [
        t.op("ReduceMean", [t.op("Mul", ["x", "x"]), t.constant(np.array([-1]))]), t.constant(np.float32(1e-5))])])]), t.weight("y.weight", 8)])),
    "learned_positions": ({"op": "learned_positions", "length": 9}, (2, 7, 4),
                          lambda t: t.op("Add", ["x", t.op("Slice", [t.weight("y.weight", 9, 4), t.constant(np.array([0])), t.constant(np.array([7]))])])),
    "sinusoidal_positions": ({"op": "sinusoidal_positions"}, (2, 7, 6), lambda t: t.op("Add", ["x", t.constant(sinusoids(7, 6))])),
    "sinusoidal_positions-halves": ({"op": "sinusoidal_positions", "interleaved": False, "base": 100}, (2, 7, 6),
                                    lambda t: t.op("Add", ["x", t.constant(np.concatenate([sinusoids(7, 6, 100)[:, ::2], sinusoids(7, 6, 100)[:, 1::2]], 1))])),
    "log_softmax": ({"op": "log_softmax", "axis": 1}, IMAGE, lambda t: t.op("LogSoftmax", ["x"], axis=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layer(programs, name):
    layer, shape, build = LAYERS[name]
    twin = Twin(shape)
    result = build(twin)
    model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", *shape[1:]]}], "layers": [{**layer, "name": "y"}]}
    compare(programs, model, twin, result)


def pair(value):
    return [value, value] if isinstance(value, int) else value


def translate(twin, layers, channels):
    """The ONNX operations of a chain of the few kinds of layers that the example networks have."""
    x, features, extents = "x", channels, list(twin.shape[2:])
    for layer in layers:
        op, name = layer["op"], layer.get("name")
        if op == "conv2d":
            groups, kernel, stride, pad = layer.get("groups", 1), layer["kernel"], layer.get("stride", 1), layer.get("padding", 0)
            weight = twin.weight(f"{name}.weight", layer["filters"], features // groups, kernel, kernel)
            x = twin.op("Conv", [x, weight, twin.weight(f"{name}.bias", layer["filters"])], strides=pair(stride), pads=[pad] * 4, group=groups)
            features, extents = layer["filters"], [(extent + 2 * pad - kernel) // stride + 1 for extent in extents]
        elif op in ("max_pool2d", "average_pool2d"):
            size, stride = layer["size"], layer.get("stride", layer["size"])
            x = twin.op("MaxPool" if op == "max_pool2d" else "AveragePool", [x], kernel_shape=pair(size), strides=pair(stride))
            extents = [(extent - size) // stride + 1 for extent in extents]
        elif op == "local_response_norm":
            x = twin.op("LRN", [x], **{key: layer[key] for key in ("size", "alpha", "beta")}, bias=float(layer["bias"]))
        elif op == "flatten":
            x, features = twin.op("Flatten", [x]), features * int(np.prod(extents))
        elif op == "dense":
            weight = twin.weight(f"{name}.weight", layer["units"], features)
            x, features = twin.op("Gemm", [x, weight, twin.weight(f"{name}.bias", layer["units"])], transB=1), layer["units"]
        else:
            assert op == "dropout", op
        if "activation" in layer:
            x = twin.op({"relu": "Relu", "tanh": "Tanh", "softmax": "Softmax"}[layer["activation"]], [x])
    return x


@pytest.mark.parametrize("name, narrower", [("lenet5", 1), ("alexnet", 16)])
def test_example_chain(programs, examples, name, narrower):
    """The whole network, with fewer channels where it is large."""
    model = json.loads((examples / name / f"{name}.json").read_text())
    for layer in model["layers"][:-1]:
        for key in ("filters", "units"):
            if key in layer:
                layer[key] //= narrower
    del model["seed"]
    shape = (2, *model["inputs"][0]["shape"][1:])
    twin = Twin(shape)
    compare(programs, model, twin, translate(twin, model["layers"], shape[1]))


def test_resnet18(programs, examples):
    """The graph of examples/resnet18 at an eighth of its width: its nodes are ONNX nodes, so that the twin is built from them."""
    sys.path.insert(0, str(examples / "resnet18"))
    try:
        import write_model
    finally:
        sys.path.pop(0)
    model = write_model.resnet18(width=8, size=64, classes=10)
    twin = Twin((2, 3, 64, 64))
    for name, parameter in model["parameters"].items():
        twin.weight(name, *parameter["shape"], positive=name.endswith("variance"))
    model["parameters"] = {}
    names = {"image": "x"}
    for node in model["nodes"]:
        inputs = [names.get(name, name) for name in node["inputs"]]
        names[node["outputs"][0]] = twin.op(node["op"], inputs, **node.get("attributes", {}))
    compare(programs, model, twin, names["probability"])


def test_committed_resnet18_is_what_the_script_writes(examples, tmp_path):
    sys.path.insert(0, str(examples / "resnet18"))
    try:
        import write_model
    finally:
        sys.path.pop(0)
    write_model.write(write_model.resnet18(), tmp_path / "resnet18.json")
    assert (tmp_path / "resnet18.json").read_text() == (examples / "resnet18" / "resnet18.json").read_text()


def test_initializers(programs):
    """First values have the spread that their names promise, and depend on the seed."""
    def weights(seed, initializer):
        model = {"dlc": 1, "seed": seed, "inputs": [{"name": "x", "shape": [64, 64]}],
                 "layers": [{"op": "dense", "name": "y", "units": 100, "kernel_initializer": initializer}]}  # fmt: skip
        (programs.folder / "m.json").write_text(json.dumps(model))
        library = programs.compile("m.json", "m.so")
        return programs.execute(library, {"x": np.eye(64, dtype=np.float32)}, ["y"])["y"]

    limit = np.sqrt(6 / 164)
    uniform = weights(0, "glorot_uniform")
    assert np.abs(uniform).max() <= limit and uniform.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert np.array_equal(uniform, weights(0, "glorot_uniform")) and not np.array_equal(uniform, weights(1, "glorot_uniform"))
    normal = weights(0, "he_normal")
    assert normal.std() == pytest.approx(np.sqrt(2 / 64), rel=0.05) and abs(normal.mean()) < 0.01
    orthogonal = weights(0, {"name": "orthogonal", "gain": 2})
    np.testing.assert_allclose(orthogonal @ orthogonal.T, 4 * np.eye(64), atol=1e-4)
