# SPDX-License-Identifier: Apache-2.0
"""Random einsums of two operands, over fixed and open extents, 0 and 1 among them, against NumPy."""
import numpy as np
import onnx
import pytest
from onnx import helper

KNOWN = ["bqhd,bkhd->bhqk", "bhqk,bkhd->bqhd", "bse,ehd->bshd", "bshd,hde->bse", "ij,jk->k", "ij,kj->ik", "ij,ij->", "i,i->", "bij,bj->bi", "abc,cb->ab"]
LETTERS = "abcdefgh"


def make_equation(random):
    left, right = (list(random.permutation(list(LETTERS))[: random.integers(1, 5)]) for _ in range(2))
    output = [letter for letter in random.permutation(sorted({*left, *right})) if random.random() < 0.6]
    return f"{''.join(left)},{''.join(right)}->{''.join(output)}"


@pytest.mark.parametrize("options", [(), ("-O0",), ("--math=strict",)], ids=lambda options: options[0] if options else "default")
def test_einsums(programs, options):
    random = np.random.default_rng(5)
    equations = [*KNOWN, *(make_equation(random) for _ in range(20))]
    nodes, inputs, open_letters = [], [], []
    fixed = {letter: int(random.choice([1, 2, 3, 5, 8])) for letter in "abcdefghijkqs"}
    for number, equation in enumerate(equations):
        left, right = equation.split("->")[0].split(",")
        is_open = {letter for letter in {*left, *right} if random.random() < 0.4}
        open_letters.append(is_open)
        for name, letters in (f"x{number}", left), (f"z{number}", right):
            dims = [f"{letter}{number}" if letter in is_open else fixed[letter] for letter in letters]
            inputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dims))
        nodes.append(helper.make_node("Einsum", [f"x{number}", f"z{number}"], [f"y{number}"], equation=equation))
    outputs = [onnx.ValueInfoProto(name=f"y{number}") for number in range(len(equations))]
    graph = helper.make_graph(nodes, "einsums", inputs, outputs)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), programs.folder / "einsums.onnx")
    library = programs.compile("einsums.onnx", "einsums.so", *options)
    for size in (None, 0, 1, 7, 19):
        values, wanted, scale = {}, {}, {}
        for number, equation in enumerate(equations):
            operands = [
                random.standard_normal([size if size is not None and letter in open_letters[number] else fixed[letter] for letter in letters]).astype(np.float32)
                for letters in equation.split("->")[0].split(",")
            ]
            values[f"x{number}"], values[f"z{number}"] = operands
            wide = [operand.astype(np.float64) for operand in operands]
            wanted[f"y{number}"] = np.einsum(equation, *wide)
            scale[f"y{number}"] = np.einsum(equation, *map(np.abs, wide)).max(initial=0)
        got = programs.execute(library, values, list(wanted))
        for number, equation in enumerate(equations):
            want = wanted[f"y{number}"]
            assert got[f"y{number}"].shape == want.shape, equation
            # Terms may cancel: their sizes say what rounding may do.
            np.testing.assert_allclose(got[f"y{number}"], want, rtol=1e-6, atol=1e-6 * scale[f"y{number}"], err_msg=f"{equation} {size}")
