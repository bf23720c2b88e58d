# SPDX-License-Identifier: Apache-2.0
"""Models of very many ops: right, without deep recursion, and with work that grows as the model does. bench/scaling.py measures times."""
import re
import sys

import numpy as np
import pytest
from onnx import helper

from conftest import TOP

sys.path.append(str(TOP / "bench"))
import scaling  # noqa: E402

# Neither grows nor vanishes over thousands of steps, so that each of them is seen in the result.
GROW = {"a": np.array(1.001, np.float32), "b": np.array(-0.002, np.float32)}


def compute(x, ops, n, weights):
    functions = {"Mul": np.multiply, "Add": np.add, "Tanh": lambda x, _: np.tanh(x), "Neg": lambda x, _: -x}
    for i in range(n):
        op, operand = ops[i % len(ops)]
        x = functions[op](x, weights[operand].astype(np.float64) if operand else None)
    return x


def check_chain(programs, ops, n, weights, *options):
    scaling.chain(n, programs.folder, ops, weights)
    library = programs.compile("model.onnx", "model.so", *options)
    x = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    result = programs.execute(library, {"x": x}, [f"t{n - 1}"])[f"t{n - 1}"]
    np.testing.assert_allclose(result, compute(x.astype(np.float64), ops, n, weights), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("n", [65, 4001])
def test_chain_of_products_and_sums(programs, n):
    check_chain(programs, [("Mul", "a"), ("Add", "b")], n, GROW)


def test_chain_of_functions(programs):
    # 1.2 tanh(1.2 ...) has a fixed point other than 0.
    check_chain(programs, [("Mul", "a"), ("Tanh", None)], 401, {"a": np.array(1.2, np.float32)})


def test_chain_of_vectors(programs):
    rng = np.random.default_rng(1)
    weights = {f"c{i}": (rng.choice([-1, 1], 64) * 1.001).astype(np.float32) for i in range(201)}
    check_chain(programs, [("Mul" if i % 3 else "Add", f"c{i}") for i in range(201)], 201, weights)


def test_epilogue_of_a_product(programs):
    """Behind a product, too, a kernel takes what it has room for."""
    nodes, value = [helper.make_node("MatMul", ["x", "w"], ["p"])], "p"
    for i in range(300):
        nodes.append(helper.make_node(["Mul", "Add", "Neg"][i % 3], [value] + [["a"], ["b"], []][i % 3], [f"t{i}"]))
        value = f"t{i}"
    w = np.eye(16, dtype=np.float32)[::-1].copy()
    scaling.write_onnx(programs.folder, nodes, {"x": [5, 16]}, (value, [5, 16]), {"w": w, **GROW})
    x = np.random.default_rng(0).standard_normal((5, 16)).astype(np.float32)
    result = programs.execute(programs.compile("model.onnx", "model.so"), {"x": x}, [value])[value]
    expected = compute(x.astype(np.float64) @ w, [("Mul", "a"), ("Add", "b"), ("Neg", None)], 300, GROW)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_unrolled_network(programs):
    """Thousands of launches of one kernel: in functions of their own they were most of the library, and of the time."""
    steps = 800
    model = scaling.unrolled_rnn(3 * steps, programs.folder)
    library = programs.compile(model, "model.so")
    rng = np.random.default_rng(0)
    x, h = (rng.standard_normal((4, 32)).astype(np.float32) for _ in range(2))
    result = programs.execute(library, {"x": x, "h": h}, [f"t{steps - 1}"], "--threads", "2")[f"t{steps - 1}"]
    w = np.random.default_rng(0).standard_normal((32, 32)).astype(np.float32).astype(np.float64) / 8
    expected = h.astype(np.float64)
    for _ in range(steps):
        expected = np.tanh(expected @ w + x)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)
    assert library.stat().st_size < 400_000


def test_steps_of_a_sequence(programs):
    """Slices that differ in their start alone are one kernel, and so are sums that differ in a number."""
    steps, nodes = 300, []
    weights = {"axis": np.array([1]), **{f"s{i}": np.array([i]) for i in range(steps + 1)},
               **{f"c{i}": np.array(1 + i / 512, np.float32) for i in range(steps)}}  # fmt: skip
    for i in range(steps):
        nodes += [helper.make_node("Slice", ["x", f"s{i}", f"s{i + 1}", "axis"], [f"x{i}"]),
                  helper.make_node("Mul", [f"x{i}", f"c{i}"], [f"m{i}"]),
                  helper.make_node("Sub", [f"m{i}", f"h{i - 1}"] if i else [f"m{i}", "c0"], [f"h{i}"])]  # fmt: skip
    output = f"h{steps - 1}"
    scaling.write_onnx(programs.folder, nodes, {"x": ["N", steps, 5]}, (output, ["N", 1, 5]), weights)
    _, kernels, _ = count_kernels(programs, "model.onnx")
    assert kernels <= 12
    x = np.random.default_rng(0).standard_normal((3, steps, 5)).astype(np.float32)
    result = programs.execute(programs.compile("model.onnx", "model.so"), {"x": x}, [output])[output]
    expected = np.float64(1)
    for i in range(steps):
        expected = x[:, i : i + 1].astype(np.float64) * weights[f"c{i}"] - expected
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4)


def test_states_of_an_unrolled_network(programs):
    """All results of an unrolled network in one tensor."""
    steps, nodes = 100, []
    for i in range(steps):
        nodes += [helper.make_node("Mul", [f"t{i - 1}" if i else "x", "a"], [f"m{i}"]),
                  helper.make_node("Tanh", [f"m{i}"], [f"t{i}"])]  # fmt: skip
    nodes.append(helper.make_node("Concat", [f"t{i}" for i in range(steps)], ["all"], axis=1))
    weight = {"a": np.array(-1.2, np.float32)}
    scaling.write_onnx(programs.folder, nodes, {"x": [3, 4]}, ("all", [3, 4 * steps]), weight)
    x = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    result = programs.execute(programs.compile("model.onnx", "model.so"), {"x": x}, ["all"])["all"]
    value, expected = x.astype(np.float64), []
    for _ in range(steps):
        value = np.tanh(value * weight["a"].astype(np.float64))
        expected.append(value)
    np.testing.assert_allclose(result, np.concatenate(expected, axis=1), rtol=1e-3, atol=1e-5)


def test_diamonds(programs):
    """Each value is read twice by what comes next; nothing may be computed twice for that."""
    model = scaling.diamonds(60, programs.folder)
    x = np.random.default_rng(0).uniform(-1, 1, (3, 64)).astype(np.float32)
    result = programs.execute(programs.compile(model, "model.so"), {"x": x}, ["t59"])["t59"]
    expected = x.astype(np.float64)
    for _ in range(60):
        expected = np.tanh(expected * expected + expected)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-5)


def count_kernels(programs, model, *options):
    """Launches of a program, its kernels, and the most ops in one of them."""
    result = programs.run("dlc", model, "--compile-to=program", *options)
    assert result.returncode == 0, result.stderr
    kernels = re.findall(r"dlc\.kernel_func .*?\n  \}", result.stdout, re.DOTALL)
    assert kernels
    return result.stdout.count("dlc.launch @"), len(kernels), max(len(re.findall(r" = dlc\.(?!constant)", kernel)) for kernel in kernels)


@pytest.mark.parametrize("family", ["mul_add", "mul_add_json", "mul_tanh", "mul_add_vectors", "diamonds", "unrolled_rnn", "unrolled_mix"])
def test_kernels_grow_with_the_model(programs, family):
    """Eight times the ops are eight times the launches, of the same kernels, which have a largest size."""
    n = 300
    build = scaling.FAMILIES[family][0]
    launches, kernels, largest = count_kernels(programs, build(n, programs.folder))
    more_launches, more_kernels, largest_of_more = count_kernels(programs, build(8 * n, programs.folder))
    assert more_launches <= 8 * launches + 8
    assert more_kernels <= kernels + 2
    assert largest <= 65 and largest_of_more <= 65


@pytest.mark.parametrize("family, options", [("mul_add", []), ("mul_add_json", []), ("mul_tanh", []), ("mul_add", ["-O0"])])
def test_no_deep_recursion(programs, family, options):
    """40,000 ops in a chain: one function call for each would overflow the stack."""
    model = scaling.FAMILIES[family][0](40_000, programs.folder)
    result = programs.run("dlc", model, "--compile-to=kernels", *options)
    assert result.returncode == 0, result.stderr
    kernels = result.stdout.count('= dlc.kernel "')
    assert kernels == 40_000 if options else 600 < kernels < 2000
