# SPDX-License-Identifier: Apache-2.0
"""Gradients of convolutions, pools and batch normalization, as compiled, against central differences of the compiled loss in f64, on
shapes and attributes that break tiles: dilations, groups, uneven pads, strides, 1 to 3 dimensions, a batch known at run time."""
import numpy as np
import pytest
from sampling import sample

dlc = pytest.importorskip("dlc")
rng = np.random.default_rng(7)


def tensor(shape, batch=False, element="f64"):
    return f"tensor<{'x'.join(['?' if batch and i == 0 else str(e) for i, e in enumerate(shape)] + [element])}>"


def attributes(**values):
    def text(value):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int):
            return f"{value} : i64"
        return f"array<i64: {', '.join(map(str, value))}>" if isinstance(value, (list, tuple)) else str(value)

    return "{" + ", ".join(f"{key} = {text(value)}" for key, value in values.items()) + "}"


class Gradients:
    """The loss sum(c y) for a random c, y computed by `body` from the inputs, and its gradients."""

    def __init__(self, programs, body, shapes, y_shape, batched=("x",), element="f64", options=()):
        shapes = {**shapes, "c": y_shape}
        batched = (*batched, "c") if batched else ()
        self.names = [name for name in shapes if name != "c"]
        types = {name: tensor(shape, name in batched, element) for name, shape in shapes.items()}

        def argument(name):
            dims = ", ".join(['"N"' if name in batched and i == 0 else str(e) for i, e in enumerate(shapes[name])])
            return f'%{name}: {types[name]} {{dlc.name = "{name}", dlc.dims = [{dims}]}}'

        results = [f'tensor<{element}> {{dlc.name = "loss"}}', f'{types["c"]} {{dlc.name = "y"}}']
        results += [f'{types[name]} {{dlc.name = "gradient.{name}"}}' for name in self.names]
        gradients = ", ".join(f"%d{name}" for name in self.names)
        variables = ", ".join(f"%{name}" for name in self.names)
        gradient_types = ", ".join(types[name] for name in self.names)
        text = f"""
        func.func @run({', '.join(map(argument, shapes))}) -> ({', '.join(results)}) {{
          {body(types)}
          %p = dlc.mul %y, %c : ({types['c']}, {types['c']}) -> {types['c']}
          %loss = dlc.reduce sum %p {{axes = array<i64: {', '.join(map(str, range(len(y_shape))))}>}} : {types['c']} -> tensor<{element}>
          {gradients} = dlc.gradient %loss with_respect_to({variables} : {gradient_types}) : tensor<{element}>
          return %loss, %y, {gradients} : tensor<{element}>, {types['c']}, {gradient_types}
        }}"""
        (programs.folder / "model.mlir").write_text(text)
        self.library = programs.compile("model.mlir", "model.so", *options)
        self.model = dlc.Model(self.library)
        dtype = np.float64 if element == "f64" else np.float32
        self.inputs = {name: rng.uniform(-1, 1, shape).astype(dtype) for name, shape in shapes.items()}

    def run(self, **changed):
        return self.model.run({**self.inputs, **changed})

    def check(self, step=1e-4):
        results = self.run()
        for name in self.names:
            at, gradient = self.inputs[name], results[f"gradient.{name}"]
            assert gradient.shape == at.shape
            difference = np.empty_like(at)
            for index in np.ndindex(at.shape):
                losses = []
                for sign in (1, -1):
                    moved = at.copy()
                    moved[index] += sign * step
                    losses.append(float(self.run(**{name: moved})["loss"]))
                difference[index] = (losses[0] - losses[1]) / (2 * step)
            np.testing.assert_allclose(gradient, difference, rtol=1e-6, atol=1e-7, err_msg=f"gradient.{name}")


def convolved(extent, kernel, stride, dilation, low, high):
    return (extent + low + high - dilation * (kernel - 1) - 1) // stride + 1


# batch, channels, image, filters, kernel, strides, dilations, pads, groups
CONVOLUTIONS = {
    "plain": (2, 3, (5, 6), 5, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 1),
    "one pixel": (1, 1, (1, 1), 1, (1, 1), (1, 1), (1, 1), (0, 0, 0, 0), 1),
    "uneven": (2, 2, (6, 5), 3, (3, 2), (1, 1), (1, 1), (0, 1, 2, 0), 1),
    "cropped": (1, 2, (7, 6), 3, (2, 3), (1, 1), (1, 1), (-1, 1, 0, -1), 1),
    "wide pads": (1, 1, (3, 3), 2, (2, 2), (1, 1), (1, 1), (2, 3, 2, 1), 1),
    "stride": (2, 3, (7, 8), 4, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), 1),
    "stride over kernel": (2, 3, (7, 6), 4, (1, 1), (2, 3), (1, 1), (0, 0, 0, 0), 1),
    "stride and dilation": (1, 2, (9, 8), 3, (3, 2), (2, 3), (2, 2), (2, 0, 1, 1), 1),
    "dilation": (1, 2, (8, 7), 3, (3, 2), (1, 1), (2, 3), (2, 1, 1, 2), 1),
    "groups": (2, 4, (5, 4), 6, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 2),
    "groups and stride": (1, 4, (6, 5), 6, (3, 3), (2, 1), (1, 1), (1, 1, 0, 1), 2),
    "depthwise": (2, 5, (5, 4), 5, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 5),
    "1-d": (3, 2, (11,), 3, (4,), (2,), (1,), (1, 2), 1),
    "3-d": (1, 2, (3, 4, 3), 3, (2, 2, 2), (1, 2, 1), (1, 1, 1), (0, 1, 1, 1, 0, 0), 1),
    "blocks": (1, 5, (3, 3), 35, (2, 2), (1, 1), (1, 1), (0, 0, 0, 0), 1),
}  # fmt: skip


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution(programs, case):
    batch, channels, image, filters, kernel, strides, dilations, pads, groups = CONVOLUTIONS[case]
    spatial = len(image)
    out = [convolved(image[i], kernel[i], strides[i], dilations[i], pads[i], pads[i + spatial]) for i in range(spatial)]
    shapes = {"x": (batch, channels, *image), "w": (filters, channels // groups, *kernel)}
    given = attributes(strides=strides, dilations=dilations, pads=pads, groups=groups)
    body = lambda types: f"%y = dlc.conv %x, %w {given} : ({types['x']}, {types['w']}) -> {types['c']}"
    Gradients(programs, body, shapes, (batch, filters, *out)).check()


# As above. A convolution is linear in each operand, so <gradient of x, u> is the loss at u instead of x: exact, and quick enough
# for shapes that fill tiles of channels and leave some over.
LARGE = {
    "tiles": (3, 33, (15, 14), 70, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 1),
    "stride": (3, 40, (16, 14), 64, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), 1),
    "many images": (4, 32, (14, 13), 64, (3, 3), (1, 1), (1, 1), (1, 1, 1, 0), 1),
    "all by Winograd": (8, 64, (9, 7), 96, (3, 3), (1, 1), (1, 1), (2, 0, 1, 2), 1),
    "uneven stride": (2, 16, (23, 27), 48, (5, 3), (3, 2), (1, 1), (0, 2, 1, 0), 1),
    "image": (2, 3, (31, 29), 64, (7, 7), (2, 2), (1, 1), (3, 3, 3, 3), 1),
    "one pixel of many": (2, 48, (9, 9), 65, (1, 1), (2, 2), (1, 1), (0, 0, 0, 0), 1),
    "length": (3, 24, (37,), 40, (5,), (3,), (1,), (2, 1), 1),
    "volume": (2, 9, (7, 6, 5), 17, (3, 2, 3), (2, 1, 2), (1, 1, 1), (1, 0, 1, 1, 1, 0), 1),
    "groups": (2, 32, (13, 11), 64, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 2),
    "groups and stride": (2, 24, (12, 11), 30, (3, 3), (2, 2), (1, 1), (1, 0, 1, 1), 3),
    "depthwise": (3, 36, (14, 11), 36, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 36),
    "depthwise and stride": (2, 21, (13, 12), 21, (5, 3), (2, 2), (1, 1), (2, 1, 2, 1), 21),
    "depthwise and dilation": (2, 16, (13, 12), 16, (3, 3), (1, 1), (2, 3), (2, 3, 2, 3), 16),
}  # fmt: skip


@pytest.mark.parametrize("case, element, batched", [(case, "f32", ("x",)) for case in LARGE]
                         + [(case, "f64", ("x",)) for case in sample(list(LARGE), len(LARGE) // 2, 1)]
                         + [("many images", "f32", ()), ("all by Winograd", "f32", ())])  # fmt: skip
def test_large_convolution(programs, case, element, batched):
    batch, channels, image, filters, kernel, strides, dilations, pads, groups = LARGE[case]
    spatial = len(image)
    out = [convolved(image[i], kernel[i], strides[i], dilations[i], pads[i], pads[i + spatial]) for i in range(spatial)]
    shapes = {"x": (batch, channels, *image), "w": (filters, channels // groups, *kernel)}
    given = attributes(strides=strides, dilations=dilations, pads=pads, groups=groups)
    body = lambda types: f"%y = dlc.conv %x, %w {given} : ({types['x']}, {types['w']}) -> {types['c']}"
    gradients = Gradients(programs, body, shapes, (batch, filters, *out), batched=batched, element=element)
    results = gradients.run()
    for name in ("x", "w"):
        gradient = results[f"gradient.{name}"]
        for _ in range(3):
            direction = rng.uniform(-1, 1, gradient.shape).astype(gradient.dtype)
            expected = np.vdot(gradients.inputs["c"].astype(np.float64), gradients.run(**{name: direction})["y"].astype(np.float64))
            size = np.linalg.norm(gradient.astype(np.float64)) * np.linalg.norm(direction.astype(np.float64))
            actual = np.vdot(gradient.astype(np.float64), direction.astype(np.float64))
            assert abs(actual - expected) <= size * (1e-12 if element == "f64" else 1e-5), name
    two = dlc.Model(gradients.library, threads=2).run(gradients.inputs)
    for name, value in results.items():
        assert value.tobytes() == two[name].tobytes(), f"{name} differs on two threads"


# as above, then what is added at the end of the output; kernel [channels, filters / groups]
TRANSPOSED = {
    "plain": (2, 3, (4, 3), 4, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 1, (0, 0)),
    "stride": (2, 3, (3, 4), 2, (3, 2), (2, 3), (1, 1), (1, 0, 0, 1), 1, (1, 2)),
    "dilation and groups": (1, 4, (3, 4), 6, (2, 3), (1, 2), (2, 1), (0, 1, 1, 1), 2, (0, 1)),
    "1-d": (2, 3, (5,), 2, (4,), (3,), (2,), (1, 2), 1, (2,)),
}  # fmt: skip


@pytest.mark.parametrize("case", TRANSPOSED)
def test_transposed_convolution(programs, case):
    batch, channels, image, filters, kernel, strides, dilations, pads, groups, more = TRANSPOSED[case]
    spatial = range(len(image))
    out = [
        strides[i] * (image[i] - 1) + more[i] + dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[i + len(image)] for i in spatial
    ]
    shapes = {"x": (batch, channels, *image), "w": (channels, filters // groups, *kernel)}
    given = attributes(strides=strides, dilations=dilations, pads=pads, groups=groups, output_padding=more)
    body = lambda types: f"%y = dlc.conv_transpose %x, %w {given} : ({types['x']}, {types['w']}) -> {types['c']}"
    Gradients(programs, body, shapes, (batch, filters, *out)).check()


# batch, channels, image, kernel, strides, dilations, pads, ceil_mode
WINDOWS = {
    "halves": (2, 3, (6, 4), (2, 2), (2, 2), (1, 1), (0, 0, 0, 0), False),
    "overlapping": (2, 2, (7, 6), (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), False),
    "ceil": (1, 2, (6, 5), (3, 2), (2, 2), (1, 1), (0, 1, 1, 0), True),
    "dilated": (1, 2, (7, 8), (2, 3), (2, 1), (2, 2), (1, 0, 1, 1), False),
    "gaps": (1, 2, (7, 7), (2, 1), (3, 2), (1, 1), (0, 0, 0, 0), False),
    "large": (1, 2, (6, 7), (5, 5), (1, 1), (1, 1), (2, 2, 2, 2), False),
    "1-d": (2, 3, (9,), (4,), (3,), (1,), (2, 1), False),
    "3-d": (1, 2, (4, 3, 4), (2, 2, 3), (2, 1, 1), (1, 1, 1), (0, 1, 1, 0, 0, 1), False),
}  # fmt: skip
POOLS = {
    "max_pool": "",
    "average_pool": "count_include_pad = false",
    "average_pool padded": "count_include_pad = true",
    "lp_pool 1": "p = 1 : i64",
    "lp_pool 2": "p = 2 : i64",
    "lp_pool 3": "p = 3 : i64",
}


POOLED = [(case, "max_pool") for case in WINDOWS]
POOLED += [(case, pool) for case in ("overlapping", "ceil", "large", "3-d") for pool in ("average_pool", "average_pool padded")]
POOLED += [("overlapping", "lp_pool 1"), ("dilated", "lp_pool 2"), ("ceil", "lp_pool 3")]


@pytest.mark.parametrize("case, pool", POOLED)
def test_pool(programs, case, pool):
    batch, channels, image, kernel, strides, dilations, pads, ceil_mode = WINDOWS[case]
    out = []
    for i, extent in enumerate(image):
        span = extent + pads[i] + pads[i + len(image)] - dilations[i] * (kernel[i] - 1) - 1
        count = (-(-span // strides[i]) if ceil_mode else span // strides[i]) + 1
        out.append(count - 1 if ceil_mode and (count - 1) * strides[i] >= extent + pads[i] else count)
    given = attributes(kernel=kernel, strides=strides, dilations=dilations, pads=pads, ceil_mode=ceil_mode)
    if POOLS[pool]:
        given = given[:-1] + ", " + POOLS[pool] + "}"
    body = lambda types: f"%y = dlc.{pool.split()[0]} %x {given} : {types['x']} -> {types['c']}"
    gradients = Gradients(programs, body, {"x": (batch, channels, *image)}, (batch, channels, *out))
    x = gradients.inputs["x"]
    # Distances larger than the step: a maximum stays where it is, no element crosses 0.
    x[...] = (rng.permutation(x.size).reshape(x.shape) - x.size / 2 + 0.25) / x.size
    gradients.check(step=1e-5)


def test_equal_elements_of_a_maximum_pool(programs):
    given = attributes(kernel=(2, 3), strides=(1, 2), dilations=(1, 1), pads=(0, 0, 0, 0))
    body = lambda types: f"%y = dlc.max_pool %x {given} : {types['x']} -> {types['c']}"
    gradients = Gradients(programs, body, {"x": (1, 1, 3, 5)}, (1, 1, 2, 2))
    x, c = np.zeros((1, 1, 3, 5)), np.arange(1.0, 5).reshape(1, 1, 2, 2)
    expected = np.zeros_like(x)
    expected[0, 0, :2, ::2] = 0
    expected[0, 0, 0, 0], expected[0, 0, 0, 2], expected[0, 0, 1, 0], expected[0, 0, 1, 2] = 1, 2, 3, 4
    np.testing.assert_array_equal(gradients.run(x=x, c=c)["gradient.x"], expected)


def normalization(image, training):
    axes = ", ".join(str(d) for d in range(len(image) + 2) if d != 1)

    def body(types):
        x, channels = types["x"], types["scale"]
        count = channels.split("<")[1].split("x")[0]
        spread = f"tensor<{'x'.join([count] + ['1'] * len(image))}xf64>"
        statistics = f"""
          %mean = dlc.reduce mean %x {{axes = array<i64: {axes}>}} : {x} -> {channels}
          %m = dlc.reshape %mean {{shape = array<i64: {', '.join([count] + ['1'] * len(image))}>}} : ({channels}) -> {spread}
          %d = dlc.sub %x, %m : ({x}, {spread}) -> {x}
          %s = dlc.mul %d, %d : ({x}, {x}) -> {x}
          %variance = dlc.reduce mean %s {{axes = array<i64: {axes}>}} : {x} -> {channels}"""
        return f"""{statistics if training else ''}
          %y = dlc.batch_norm %x, %scale, %bias, %mean, %variance {{epsilon = 1.0e-5 : f64}}
             : ({', '.join([x] + [channels] * 4)}) -> {types['c']}"""

    return body


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(3, 4, 5, 3), (2, 17, 2, 2), (4, 3, 6), (2, 3, 2, 3, 2)], ids=str)
def test_batch_normalization(programs, shape, training):
    names = ("scale", "bias") if training else ("scale", "bias", "mean", "variance")
    shapes = {"x": shape, **{name: shape[1:2] for name in names}}
    gradients = Gradients(programs, normalization(shape[2:], training), shapes, shape)
    if not training:
        gradients.inputs["variance"] = rng.uniform(0.5, 2, shape[1:2])
    gradients.check(step=1e-5)
