# SPDX-License-Identifier: Apache-2.0
"""Convolutions and both their gradients on the fake driver of test/fake_cuda, at random strides, kernels, dilations, groups and pads,
against the sums of their definition in f64."""
import itertools
import json

import numpy as np
import pytest
from sampling import IS_ALL
from test_cuda import EXAMPLES, needs_fake, on_fake, verify
from test_cuda_products import Graph, array, window


def find_taps(out, kernel, strides, dilations, pads, extents):
    """For each tap, the positions of `extents` that it meets, per dimension, and which of `out` meet them."""
    for tap in itertools.product(*map(range, kernel)):
        meets = []
        for dim, count in enumerate(out):
            at = np.arange(count) * strides[dim] + tap[dim] * dilations[dim] - pads[dim]
            isInside = (at >= 0) & (at < extents[dim])
            meets.append((at[isInside], np.flatnonzero(isInside)))
        yield tap, np.ix_(*(at for at, _ in meets)), np.ix_(*(positions for _, positions in meets))


class Case:
    """A convolution y = conv(x, w), in f64."""

    def __init__(self, random):
        dims = int(random.integers(1, 4))
        largest = {1: 40, 2: 17, 3: 8}[dims]
        pick = lambda low, high: [int(random.integers(low, high + 1)) for _ in range(dims)]
        self.groups = int(random.choice([1, 1, 2, 3]))
        # At times more than a tile of 64 has.
        channels, filters = int(random.integers(1, 8)), int(random.choice([1, 3, 5, 8, 17, 67]))
        self.strides, self.dilations, self.kernel = pick(1, 4), [1] * dims if random.random() < 0.6 else pick(1, 3), pick(1, {1: 11, 2: 6, 3: 3}[dims])
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilations, self.kernel)]
        # Padding of -1 crops; padding of the whole reach leaves windows without an element.
        self.pads = [int(random.integers(-1, r + 1)) for r in reach * 2]
        self.out = pick(1, largest)
        # Elements that no window reaches are possible.
        unreached = [int(random.integers(0, s)) for s in self.strides]
        extents = [(o - 1) * s + r - low - high + rest for o, s, r, low, high, rest in zip(self.out, self.strides, reach, self.pads[:dims], self.pads[dims:], unreached)]
        for dim, extent in enumerate(extents):
            if extent < 1:
                self.pads[dims + dim] -= 1 - extent
                extents[dim] = 1
        images = int(random.integers(1, 4))
        self.image = (images, channels * self.groups, *extents)
        self.weight = (filters * self.groups, channels, *self.kernel)
        self.result = (images, filters * self.groups, *self.out)

    def describe(self):
        return f"image {self.image} weight {self.weight} strides {self.strides} dilations {self.dilations} pads {self.pads} groups {self.groups}"

    def attributes(self, **others):
        values = {"strides": self.strides, "dilations": self.dilations, "pads": self.pads, **others}
        return "{" + ", ".join(f"{name} = {array(value)}" for name, value in values.items()) + f", groups = {self.groups} : i64}}"

    def unreached(self):
        sizes = range(len(self.out))
        return [
            self.image[2 + d] + self.pads[d] + self.pads[d + len(sizes)] - self.dilations[d] * (self.kernel[d] - 1) - 1 - (self.out[d] - 1) * self.strides[d]
            for d in sizes
        ]  # fmt: skip

    def visit(self, visitor):
        """visitor(tap of w, elements of x, elements of y) for each tap, where x and y are [images, groups, channels, ...] and w is
        [groups, filters, channels, ...]."""
        for tap, inputs, outputs in find_taps(self.out, self.kernel, self.strides, self.dilations, self.pads, self.image[2:]):
            visitor((..., *tap), (..., *inputs), (..., *outputs))

    def split(self, tensor, channel=1):
        return tensor.reshape(*tensor.shape[:channel], self.groups, -1, *tensor.shape[channel + 1 :]).astype(np.float64)

    def convolve(self, x, w):
        x, w, y = self.split(x), self.split(w, 0), self.split(np.zeros(self.result))

        def add(tap, inputs, outputs):
            y[outputs] += np.einsum("ngc...,gkc->ngk...", x[inputs], w[tap])

        self.visit(add)
        return y.reshape(self.result)

    def differentiate_weight(self, x, dy):
        x, dy, dw = self.split(x), self.split(dy), self.split(np.zeros(self.weight), 0)

        def add(tap, inputs, outputs):
            terms = x[inputs].reshape(*x.shape[:3], -1), dy[outputs].reshape(*dy.shape[:3], -1)
            dw[tap] += np.einsum("ngcp,ngkp->gkc", *terms)

        self.visit(add)
        return dw.reshape(self.weight)

    def differentiate_input(self, dy, w):
        dy, w, dx = self.split(dy), self.split(w, 0), self.split(np.zeros(self.image))

        def add(tap, inputs, outputs):
            dx[inputs] += np.einsum("ngk...,gkc->ngc...", dy[outputs], w[tap])

        self.visit(add)
        return dx.reshape(self.image)


# Of AlexNet, which no random case is near: 11 x 11 taps, 4 apart, and two groups.
def make_alexnet():
    case = Case(np.random.default_rng(0))
    case.groups, case.strides, case.dilations, case.kernel, case.pads, case.out = 1, [4, 4], [1, 1], [11, 11], [0] * 4, [7, 7]
    case.image, case.weight, case.result = (2, 3, 36, 37), (19, 3, 11, 11), (2, 19, 7, 7)
    return case


def compare(programs, cases, target, capability):
    graph, expected = Graph(), []
    for case in cases:
        x, w, dy = graph.input(case.image), graph.input(case.weight), graph.input(case.result)
        values = {name: graph.values(operand) for name, operand in (("x", x), ("w", w), ("dy", dy))}
        graph.output(graph.op(f"conv {case.attributes()}", x, w, shape=case.result))
        graph.output(graph.op(f"conv_weight_gradient {case.attributes(kernel=case.kernel)}", x, dy, shape=case.weight))
        graph.output(graph.op(f"conv_transpose {case.attributes(output_padding=case.unreached())}", dy, w, shape=case.image))
        for compute, names in (case.convolve, "x w"), (case.differentiate_weight, "x dy"), (case.differentiate_input, "dy w"):
            operands = [values[name] for name in names.split()]
            expected.append((f"{compute.__name__}: {case.describe()}", compute(*operands), compute(*map(np.abs, operands))))
    library = programs.compile(graph.write(programs.folder / "convolutions.mlir"), "on_gpu.so", f"--target={target}")
    actual = graph.run(programs, library, on_fake(capability=capability, seed=1))
    for number, (name, want, size) in enumerate(expected):
        # Of the sum of the magnitudes of all terms: 2^-19 by 3xTF32, and roundings of a sum in f32.
        error = np.abs(actual[f"o{number}"] - want) - (2.0**-18 * size + 1e-30)
        assert np.all(error <= 0), f"{name}: off by {np.abs(actual[f'o{number}'] - want).max()} at {np.unravel_index(np.argmax(error), error.shape)}"


@needs_fake
@pytest.mark.parametrize("target, capability", [("cuda", 75), ("cuda-sm_80", 80), ("cuda-sm_90", 90)])
@pytest.mark.parametrize("seed", range(30 if IS_ALL else 1))
def test_gradients_are_the_sums_of_their_definition(programs, target, capability, seed):
    random = np.random.default_rng([15, seed, capability])
    compare(programs, [make_alexnet(), *(Case(random) for _ in range(6))], target, capability)


@needs_fake
@pytest.mark.parametrize("target, capability", [("cuda", 75), ("cuda-sm_80", 80)] if IS_ALL else [("cuda-sm_80", 80)])
def test_gradients_of_a_network(programs, target, capability):
    """AlexNet with a sixteenth of its filters on smaller images: strides, groups, pools that overlap, normalization across channels, dropout.
    Of so few elements, none is next to a non-differentiable point."""
    model = json.loads((EXAMPLES / "alexnet" / "alexnet_training.json").read_text())
    model["inputs"][0]["shape"] = ["N", 3, 84, 84]
    for layer in model["layers"]:
        for key in "filters", "units":
            if key in layer:
                layer[key] //= 16
        if layer["op"] == "random_crop":
            layer["size"] = 75
    (programs.folder / "model.json").write_text(json.dumps(model))
    host = programs.compile("model.json", "on_cpu.so", "--train")
    device = programs.compile("model.json", "on_gpu.so", "--train", f"--target={target}")
    for entry, runs in ("gradients", "1"), ("train_step", "3"):
        verify(programs, device, host, "--entry", entry, "--runs", runs, "--symbol", "N=3", capability=capability)
