# SPDX-License-Identifier: Apache-2.0
"""What bench/gpu measures: models whose weights come from a seed, so that their libraries are small."""


def _model(shape, layers):
    return {
        "dlc": 1,
        "inputs": [{"name": "x", "shape": ["N", *shape]}],
        "layers": layers,
        "weights": "he_normal",
        "seed": 1,
        # The loss is never computed: with it the weights are variables, which a file gives.
        "training": {"loss": "mean_squared_error", "optimizer": "sgd"},
    }


def _dense(units, activation=None):
    return {"op": "dense", "units": units, **({"activation": activation} if activation else {})}


def _convolution(filters, kernel, padding, activation=None):
    return {"op": "conv2d", "filters": filters, "kernel": kernel, "padding": padding, **({"activation": activation} if activation else {})}


def _name(layers):
    return [{**layer, "name": f"layer{number}"} if layer["op"] in ("dense", "conv2d") else layer for number, layer in enumerate(layers)]


def _lenet5(channels=6):
    return _model([1, 28, 28], _name([
        _convolution(channels, 5, 2, "tanh"), {"op": "average_pool2d", "size": 2}, _convolution(16, 5, 0, "tanh"), {"op": "average_pool2d", "size": 2},
        {"op": "flatten"}, _dense(120, "tanh"), _dense(84, "tanh"), _dense(10, "softmax"),
    ]))  # fmt: skip


#: name: (model, batch)
CASES = {
    "product-4096": (_model([4096], _name([_dense(4096)])), 4096),
    "product-1024x768x3072": (_model([768], _name([_dense(3072, "relu")])), 1024),
    "product-1024x3072x768": (_model([3072], _name([_dense(768)])), 1024),
    "convolution-64x56x56": (_model([64, 56, 56], _name([_convolution(64, 3, 1, "relu")])), 32),
    "convolution-256x14x14": (_model([256, 14, 14], _name([_convolution(256, 3, 1, "relu")])), 32),
    "mlp": (_model([784], _name([_dense(512, "relu"), _dense(256, "relu"), _dense(10, "softmax")])), 64),
    "lenet5": (_lenet5(), 64),
}

#: For a dry run on the fake driver.
SMALL = {
    "product": (_model([24], _name([_dense(20, "relu")])), 5),
    "lenet5": (_lenet5(2), 2),
}


def extents(model, batch):
    """The shape of the input."""
    return [batch, *model["inputs"][0]["shape"][1:]]


def operations(model, batch):
    """Floating-point operations of products and convolutions in one run, a sum and a product counting one each."""
    shape, total = list(model["inputs"][0]["shape"][1:]), 0
    for layer in model["layers"]:
        if layer["op"] == "dense":
            total += 2 * shape[0] * layer["units"]
            shape = [layer["units"]]
        elif layer["op"] == "conv2d":
            size = [extent + 2 * layer["padding"] - layer["kernel"] + 1 for extent in shape[1:]]
            total += 2 * shape[0] * layer["kernel"] ** 2 * layer["filters"] * size[0] * size[1]
            shape = [layer["filters"], *size]
        elif layer["op"] == "average_pool2d":
            shape = [shape[0], *(extent // layer["size"] for extent in shape[1:])]
        elif layer["op"] == "flatten":
            shape = [shape[0] * shape[1] * shape[2]]
    return total * batch
