# SPDX-License-Identifier: Apache-2.0
"""Products and convolutions by the templates of backends/cuda/kernels, on the fake driver of test/fake_cuda against the CPU: shapes that fill
no tile, operands in either order, what is fused, NaN and infinities. And what ptxas makes of them."""
import re
import subprocess

import numpy as np
import pytest
from sampling import only_in_full
from test_cuda import PTXAS, device_code, needs_fake, needs_ptxas, on_fake, run_in

# Left and right operand, attributes of dlc.matmul.
MATRICES = [
    ((1, 1), (1, 1), ""),
    ((3, 0), (0, 5), ""),
    ((5, 3), (3, 7), ""),
    ((67, 18), (18, 129), ""),
    ((67, 20), (132, 20), "{transpose_rhs = true}"),
    ((17, 70), (17, 66), "{transpose_lhs = true}"),
    ((20, 68), (132, 20), "{transpose_lhs = true, transpose_rhs = true}"),
    ((2, 3, 65, 16), (3, 16, 4), ""),
    ((2, 31, 16), (16, 64), ""),
    ((1, 5, 7), (4, 11, 7), "{transpose_rhs = true}"),
    # Enough for tiles of 128, and slices for the whole ring of copies.
    ((132, 65, 52), (132, 52, 67), ""),
]
# Image, weight, strides, dilations, pads, groups.
CONVOLUTIONS = [
    ((2, 3, 9, 11), (5, 3, 3, 3), [1, 1], [1, 1], [1, 1, 1, 1], 1),
    ((1, 8, 8, 8), (68, 8, 1, 1), [1, 1], [1, 1], [0, 0, 0, 0], 1),
    ((2, 6, 13, 7), (4, 3, 5, 2), [2, 1], [1, 2], [2, 0, 1, 3], 2),
    ((3, 4, 10), (7, 4, 3), [3], [2], [-1, 2], 1),
]
# The same, and output padding, of transposed convolutions.
TRANSPOSED = [
    ((2, 5, 9, 11), (5, 3, 3, 3), [1, 1], [1, 1], [1, 1, 1, 1], [0, 0], 1),
    ((2, 16, 5, 7), (16, 6, 3, 4), [2, 3], [1, 1], [1, 2, 0, 1], [1, 0], 2),
    ((3, 4, 6), (4, 67, 2), [3], [1], [-1, 2], [0], 1),
    ((1, 3, 5, 5), (3, 4, 3, 2), [2, 1], [3, 2], [1, 0, 2, 1], [0, 0], 1),
]
UNARY = ["relu", "neg", "abs", "sigmoid", "tanh", "exp", "erf", "hard_swish", "gelu {tanh_approximation = false}",
         "gelu {tanh_approximation = true}", "hard_sigmoid {alpha = 2.000000e-01 : f64, beta = 5.000000e-01 : f64}",
         "leaky_relu {alpha = 1.000000e-01 : f64}", "swish {alpha = 1.000000e+00 : f64}",
         "clamp {high = 6.000000e+00 : f64, low = -1.000000e+00 : f64}"]  # fmt: skip


def typed(shape, element="f32"):
    return f"tensor<{'x'.join(map(str, (*shape, element)))}>"


def array(values):
    return f"array<i64: {', '.join(map(str, values))}>"


class Graph:
    """The text of a model whose ops are on tensors of `element`, and its inputs, which are converted from f32."""

    def __init__(self, element="f32"):
        self.element = element
        self.lines, self.inputs, self.outputs = [], {}, []
        self.random = np.random.default_rng(15)

    def input(self, shape):
        name = f"i{len(self.inputs)}"
        self.inputs[name] = self.random.standard_normal(shape, dtype=np.float32)
        return self.convert(f"%{name}", shape, "f32", self.element), shape

    def values(self, operand):
        """The array of an input."""
        return self.inputs[operand[0][1:].partition("_")[0]]

    def convert(self, name, shape, source, target):
        if source == target:
            return name
        self.lines.append(f"    {name}_{target} = dlc.cast {name} {{to = {target}}} : {typed(shape, source)} -> {typed(shape, target)}")
        return f"{name}_{target}"

    def op(self, text, *operands, shape):
        name = f"%v{len(self.lines)}"
        op, _, attributes = text.partition(" ")
        types = [typed(operand[1], self.element) for operand in operands]
        signature = types[0] if len(types) == 1 else "(" + ", ".join(types) + ")"
        self.lines.append(f"    {name} = dlc.{op} {', '.join(operand[0] for operand in operands)} {attributes} : {signature} -> {typed(shape, self.element)}")
        return name, shape

    def output(self, value):
        name, shape = value
        self.outputs.append((self.convert(name, shape, self.element, "f32"), shape))

    def write(self, path):
        arguments = ", ".join(f'%{name}: {typed(value.shape)} {{dlc.name = "{name}"}}' for name, value in self.inputs.items())
        results = ", ".join(f'{typed(shape)} {{dlc.name = "o{number}"}}' for number, (_, shape) in enumerate(self.outputs))
        names, types = ", ".join(name for name, _ in self.outputs), ", ".join(typed(shape) for _, shape in self.outputs)
        body = "\n".join(self.lines)
        path.write_text(f"module {{\n  func.func @run({arguments}) -> ({results}) {{\n{body}\n    return {names} : {types}\n  }}\n}}\n")
        return path

    def run(self, programs, library, environment):
        return run_in(programs, environment, library, self.inputs, [f"o{number}" for number in range(len(self.outputs))])


def add_products(graph, matrices=MATRICES):
    for left, right, attributes in matrices:
        rows = left[-1] if "lhs" in attributes else left[-2]
        columns = right[-2] if "rhs" in attributes else right[-1]
        shape = (*np.broadcast_shapes(left[:-2], right[:-2]), rows, columns)
        product = graph.op(f"matmul {attributes}", graph.input(left), graph.input(right), shape=shape)
        biased = graph.op("add", product, graph.input((columns,)), shape=shape)
        activated = graph.op("relu", biased, shape=shape)
        graph.output(graph.op("add", graph.input(shape), activated, shape=shape))


def add_convolutions(graph, convolutions=CONVOLUTIONS):
    for image, weight, strides, dilations, pads, groups in convolutions:
        spatial = len(image) - 2
        out = [window(image[2 + d], strides[d], dilations[d], pads[d] + pads[d + spatial], weight[2 + d]) for d in range(spatial)]
        shape = (image[0], weight[0], *out)
        attributes = f"{{strides = {array(strides)}, dilations = {array(dilations)}, pads = {array(pads)}, groups = {groups} : i64}}"
        result = graph.op(f"conv {attributes}", graph.input(image), graph.input(weight), shape=shape)
        scaled = graph.op("mul", result, graph.input((weight[0], *[1] * spatial)), shape=shape)
        least = graph.op("max", scaled, graph.input((1,)), shape=shape)
        most = graph.op("min", least, graph.input(shape), shape=shape)
        graph.output(graph.op("sub", most, graph.input(shape), shape=shape))


def window(extent, stride, dilation, pads, kernel):
    """The extent that a convolution gives."""
    return (extent + pads - dilation * (kernel - 1) - 1) // stride + 1


def add_gradients(graph, convolutions=CONVOLUTIONS, transposed=TRANSPOSED):
    for image, weight, strides, dilations, pads, groups in convolutions:
        dims = range(len(strides))
        sizes = [window(image[2 + d], strides[d], dilations[d], pads[d] + pads[d + len(strides)], weight[2 + d]) for d in dims]
        attributes = (
            f"{{kernel = {array(weight[2:])}, strides = {array(strides)}, dilations = {array(dilations)}, pads = {array(pads)}, groups = {groups} : i64}}"
        )  # fmt: skip
        gradient = (image[0], weight[0], *sizes)
        graph.output(graph.op(f"conv_weight_gradient {attributes}", graph.input(image), graph.input(gradient), shape=weight))
    for image, weight, strides, dilations, pads, padding, groups in transposed:
        sizes = [
            strides[d] * (image[2 + d] - 1) + padding[d] + dilations[d] * (weight[2 + d] - 1) + 1 - pads[d] - pads[d + len(strides)]
            for d in range(len(strides))
        ]  # fmt: skip
        shape = (image[0], weight[1] * groups, *sizes)
        attributes = (
            f"{{strides = {array(strides)}, dilations = {array(dilations)}, pads = {array(pads)}, output_padding = {array(padding)},"
            f" groups = {groups} : i64}}"
        )  # fmt: skip
        result = graph.op(f"conv_transpose {attributes}", graph.input(image), graph.input(weight), shape=shape)
        graph.output(graph.op("relu", graph.op("add", result, graph.input((shape[1], *[1] * len(sizes))), shape=shape), shape=shape))


def add_activations(graph):
    """x * 1 for numbers of all sizes, and what follows."""
    special = [0.0, -0.0, 1e-30, -1e-30, 3e38, -3e38, np.inf, -np.inf, np.nan]
    numbers = np.concatenate([np.linspace(-12, 12, 471), np.geomspace(1e-6, 1e3, 40), -np.geomspace(1e-6, 1e3, 40), special])
    x = graph.input((numbers.size, 1))
    graph.inputs[x[0][1:]] = numbers.astype(np.float32)[:, None]
    for text in UNARY:
        one = graph.input((1, 1))
        graph.inputs[one[0][1:]] = np.ones((1, 1), np.float32)
        graph.output(graph.op(text, graph.op("matmul", x, one, shape=(numbers.size, 1)), shape=(numbers.size, 1)))


def add_infinities(graph):
    """Infinities that meet numbers, zeros and each other, which the parts of a number for tensor cores would make NaN."""
    left, right = graph.input((33, 40)), graph.input((40, 35))
    a, b = graph.values(left), graph.values(right)
    a[3, 5], a[7, 7], a[8, 1], b[2, 9], b[5, 4], b[11, 0] = np.inf, -np.inf, np.nan, np.inf, 0, np.nan
    graph.output(graph.op("matmul", left, right, shape=(33, 35)))


@pytest.fixture
def graph():
    graph = Graph()
    for add in add_products, add_convolutions, add_gradients, add_activations, add_infinities:
        add(graph)
    return graph


@needs_fake
@pytest.mark.parametrize("target, capability", [("cuda", 75), ("cuda-sm_80", 80)])
def test_results_are_those_of_the_cpu(programs, graph, target, capability):
    model = graph.write(programs.folder / "products.mlir")
    device = programs.compile(model, "on_gpu.so", f"--target={target}")
    # The sum without terms has been folded.
    assert sum(".entry product(" in text for text in device_code(device)) >= len(graph.outputs) - 2
    expected = graph.run(programs, programs.compile(model, "on_cpu.so"), {})
    actual = graph.run(programs, device, on_fake(capability=capability, seed=3))
    for name in expected:
        # A term by 3xTF32 is right to 2^-19, and exp multiplies the error of its operand by up to 88.
        np.testing.assert_allclose(actual[name], expected[name], rtol=3e-5, atol=1e-5, err_msg=name)


def products_of(element):
    graph = Graph(element)
    # Of both orders of operands, in groups of neighbours and one by one.
    add_products(graph, [MATRICES[number] for number in (1, 2, 4, 6, 7, 10)])
    add_convolutions(graph, CONVOLUTIONS[1:3])
    add_gradients(graph, CONVOLUTIONS[1:2], TRANSPOSED[1:2])
    add_infinities(graph)
    return graph


@needs_fake
@pytest.mark.parametrize(
    "element, target, capability, instruction",
    [
        ("f16", "cuda", 75, "m16n8k8.row.col.f32.f16"),
        ("f16", "cuda-sm_80", 80, "m16n8k16.row.col.f32.f16"),
        *only_in_full([("bf16", "cuda", 75, None)]),
        ("bf16", "cuda-sm_90", 90, "m16n8k16.row.col.f32.bf16"),
    ],
)
def test_products_of_16_bits(programs, element, target, capability, instruction):
    """Sums are in f32, and every op rounds its result."""
    graph = products_of(element)
    model = graph.write(programs.folder / "products.mlir")
    device = programs.compile(model, "on_gpu.so", f"--target={target}")
    products = [text for text in device_code(device) if ".entry product(" in text]
    # The sum without terms multiplies nothing.
    assert sum(instruction in text if instruction else "mma.sync" not in text for text in products) >= len(graph.outputs) - 2
    expected = graph.run(programs, programs.compile(model, "on_cpu.so"), {})
    actual = graph.run(programs, device, on_fake(capability=capability, seed=5))
    # Sums that differ in order may be rounded to neighbours, and what follows be apart by a few of these.
    step = 2.0**-10 if element == "f16" else 2.0**-7
    for name in expected:
        np.testing.assert_allclose(actual[name], expected[name], rtol=3 * step, atol=6 * step, err_msg=name)


@needs_fake
def test_report_says_how_products_are_computed(programs):
    graph = Graph("f16")
    graph.output(graph.op("matmul", graph.input((65, 33)), graph.input((33, 3)), shape=(65, 3)))
    depthwise = "{strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 4 : i64}"
    graph.output(graph.op(f"conv {depthwise}", graph.input((1, 4, 5, 5)), graph.input((4, 1, 3, 3)), shape=(1, 4, 5, 5)))
    graph.write(programs.folder / "model.mlir")
    result = programs.run("dlc", "model.mlir", "-o", "model.so", "--target=cuda-sm_80", "--report=page.html")
    assert result.returncode == 0, result.stderr
    page = (programs.folder / "page.html").read_text()
    assert "tensor cores, f16, tiles of 64" in page
    assert "one thread per element: a depthwise convolution would leave most of a tile empty" in page


@needs_fake
def test_strict_products_use_no_tensor_cores(programs):
    graph = Graph()
    graph.output(graph.op("matmul", graph.input((65, 33)), graph.input((33, 3)), shape=(65, 3)))
    model = graph.write(programs.folder / "product.mlir")
    usual = "".join(device_code(programs.compile(model, "usual.so", "--target=cuda-sm_80")))
    assert ".entry product" in usual and "mma.sync" in usual
    library = programs.compile(model, "strict.so", "--target=cuda-sm_80", "--math=strict")
    strict = "".join(device_code(library))
    assert ".entry product" in strict and "mma.sync" not in strict
    left, right = graph.inputs.values()
    actual = graph.run(programs, library, on_fake(capability=80))["o0"]
    np.testing.assert_allclose(actual, left.astype(np.float64) @ right, rtol=1e-5, atol=1e-5)


# Registers of a thread, of 65536 for all threads of a multiprocessor: the budget of each template, by architecture, tile and element.
REGISTERS = {
    ("sm_75", 64, "f32"): 104, ("sm_75", 128, "f32"): 240, ("sm_80", 64, "f32"): 104, ("sm_80", 128, "f32"): 192,
    ("sm_75", 64, "f16"): 136, ("sm_75", 128, "f16"): 255, ("sm_80", 64, "f16"): 128, ("sm_80", 128, "f16"): 248,
    ("sm_80", 64, "bf16"): 128, ("sm_80", 128, "bf16"): 248,
}  # fmt: skip


@needs_ptxas
@pytest.mark.parametrize("target, element, architectures", [
    ("cuda-sm_75", "f32", ["sm_75", "sm_80"]), ("cuda-sm_75", "f16", ["sm_75", "sm_80"]),  # bf16 is multiply-add there, as f32
    *[("cuda-sm_80", element, ["sm_80", "sm_90", "sm_120"]) for element in ("f32", "f16", "bf16")]])  # fmt: skip
@pytest.mark.parametrize("tile, size", [(64, 256), (128, 2048)])
def test_ptxas_needs_no_stack(programs, target, architectures, tile, size, element):
    square = typed((size, size), element)
    text = f"""module {{
  func.func @run(%a: {square} {{dlc.name = "a"}}, %b: {square} {{dlc.name = "b"}}) -> ({square} {{dlc.name = "o"}}) {{
    %0 = dlc.matmul %a, %b : ({square}, {square}) -> {square}
    %1 = dlc.tanh %0 : {square} -> {square}
    return %1 : {square}
  }}
}}
"""
    (programs.folder / "product.mlir").write_text(text)
    library = programs.compile(programs.folder / "product.mlir", "product.so", f"--target={target}")
    (code,) = device_code(library)
    (programs.folder / "product.ptx").write_text(code)
    for architecture in architectures:
        result = subprocess.run(
            [PTXAS, "-v", f"-arch={architecture}", programs.folder / "product.ptx", "-o", programs.folder / "product.cubin"],
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert not re.search(r"[1-9]\d* bytes (stack frame|spill)", result.stderr), result.stderr
        used = [int(number) for number in re.findall(r"Used (\d+) registers", result.stderr)]
        assert used and max(used) <= REGISTERS[target.removeprefix("cuda-"), tile, element], result.stderr
