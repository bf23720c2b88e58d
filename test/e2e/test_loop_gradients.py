# SPDX-License-Identifier: Apache-2.0
"""Gradients through loops over time: of initial states, scan inputs and captures, forward and in reverse, of final states and of
all steps, for batches and lengths that are known or not; in f64 against central differences of the compiled loss itself."""
import dlc
import numpy as np
import pytest

ARGUMENTS = """%h: tensor<{N}x4xf64> {{dlc.name = "h", dlc.dims = [{n}, 4]}}, %c: tensor<{N}x4xf64> {{dlc.name = "c", dlc.dims = [{n}, 4]}},
    %x: tensor<{T}x{N}x3xf64> {{dlc.name = "x", dlc.dims = [{t}, {n}, 3]}}, %w: tensor<8x3xf64> {{dlc.name = "w"}},
    %r: tensor<8x4xf64> {{dlc.name = "r"}}, %b: tensor<8xf64> {{dlc.name = "b"}}"""
LOSS = """
  %final, %state, %all = dlc.loop init(%h, %c : tensor<{N}x4xf64>, tensor<{N}x4xf64>) scan(%x : tensor<{T}x{N}x3xf64>) {reverse}
      -> tensor<{N}x4xf64>, tensor<{N}x4xf64>, tensor<{T}x{N}x4xf64> {{
  ^bb0(%step: tensor<i64>, %before: tensor<{N}x4xf64>, %cell: tensor<{N}x4xf64>, %slice: tensor<{N}x3xf64>):
    %s0 = dlc.matmul %slice, %w {{transpose_rhs = true}} : (tensor<{N}x3xf64>, tensor<8x3xf64>) -> tensor<{N}x8xf64>
    %s1 = dlc.matmul %before, %r {{transpose_rhs = true}} : (tensor<{N}x4xf64>, tensor<8x4xf64>) -> tensor<{N}x8xf64>
    %s2 = dlc.add %s0, %s1 : (tensor<{N}x8xf64>, tensor<{N}x8xf64>) -> tensor<{N}x8xf64>
    %s3 = dlc.add %s2, %b : (tensor<{N}x8xf64>, tensor<8xf64>) -> tensor<{N}x8xf64>
    %s4 = dlc.slice %s3 {{starts = array<i64: 0, 0>, sizes = array<i64: -1, 4>, steps = array<i64: 1, 1>}} : (tensor<{N}x8xf64>) -> tensor<{N}x4xf64>
    %s5 = dlc.slice %s3 {{starts = array<i64: 0, 4>, sizes = array<i64: -1, 4>, steps = array<i64: 1, 1>}} : (tensor<{N}x8xf64>) -> tensor<{N}x4xf64>
    %s6 = dlc.sigmoid %s4 : tensor<{N}x4xf64> -> tensor<{N}x4xf64>
    %s7 = dlc.tanh %s5 : tensor<{N}x4xf64> -> tensor<{N}x4xf64>
    %s8 = dlc.mul %s6, %cell : (tensor<{N}x4xf64>, tensor<{N}x4xf64>) -> tensor<{N}x4xf64>
    %s9 = dlc.add %s8, %s7 : (tensor<{N}x4xf64>, tensor<{N}x4xf64>) -> tensor<{N}x4xf64>
    %late = dlc.constant dense<2> : tensor<i64> : tensor<i64>
    %is_late = dlc.greater_or_equal %step, %late : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %s10 = dlc.tanh %s9 : tensor<{N}x4xf64> -> tensor<{N}x4xf64>
    %s11 = dlc.where %is_late, %s10, %s9 : (tensor<i1>, tensor<{N}x4xf64>, tensor<{N}x4xf64>) -> tensor<{N}x4xf64>
    dlc.next %s11, %s9, %s10 : tensor<{N}x4xf64>, tensor<{N}x4xf64>, tensor<{N}x4xf64>
  }}
  %square = dlc.mul %all, %all : (tensor<{T}x{N}x4xf64>, tensor<{T}x{N}x4xf64>) -> tensor<{T}x{N}x4xf64>
  %m = dlc.reduce sum %square {{axes = array<i64: 0, 1, 2>}} : tensor<{T}x{N}x4xf64> -> tensor<f64>
  %n = dlc.reduce sum %final {{axes = array<i64: 0, 1>}} : tensor<{N}x4xf64> -> tensor<f64>
  %loss = dlc.add %m, %n : (tensor<f64>, tensor<f64>) -> tensor<f64>
"""
TYPES = "tensor<{N}x4xf64>, tensor<{N}x4xf64>, tensor<{T}x{N}x3xf64>, tensor<8x3xf64>, tensor<8x4xf64>, tensor<8xf64>"
NAMES = ("h", "c", "x", "w", "r", "b")


def write_model(steps, batch, is_reverse):
    """Two entry points over equal loops: the loss, and its gradients."""
    size = {
        "N": batch or "?", "T": steps or "?", "n": batch or '"N"', "t": steps or '"T"',
        "reverse": "{reverse}" if is_reverse else "",
    }  # fmt: skip
    types = TYPES.format(**size)
    results = ", ".join(f'{kind} {{dlc.name = "d{name}"}}' for kind, name in zip(types.split(", "), NAMES, strict=True))
    wanted = ", ".join("%d" + name for name in NAMES)
    text = f'func.func @loss({ARGUMENTS.format(**size)}) -> (tensor<f64> {{dlc.name = "loss"}}) {{'
    text += LOSS.format(**size) + "  return %loss : tensor<f64>\n}\n"
    text += f"func.func @gradients({ARGUMENTS.format(**size)}) -> ({results}) {{" + LOSS.format(**size)
    text += f"  {wanted} = dlc.gradient %loss with_respect_to(%h, %c, %x, %w, %r, %b : {types}) : tensor<f64>\n"
    return text + f"  return {wanted} : {types}\n}}\n"


def differentiate(loss, arrays, name, indices=12, width=1e-6):
    """Central differences at some indices of one array, and these indices."""
    array = arrays[name]
    random = np.random.default_rng(7)
    chosen = random.choice(array.size, min(indices, array.size), replace=False)
    slopes = []
    for index in chosen:
        values = []
        for sign in (1, -1):
            moved = array.copy()
            moved.reshape(-1)[index] += sign * width
            values.append(loss({**arrays, name: moved}))
        slopes.append((values[0] - values[1]) / (2 * width))
    return chosen, np.array(slopes)


@pytest.mark.parametrize("is_reverse", [False, True])
@pytest.mark.parametrize("known", [True, False])
def test_gradients_equal_differences(programs, known, is_reverse):
    sizes = [(5, 3)] if known else [(1, 1), (2, 7), (11, 3)]
    model_path = programs.folder / "loop.mlir"
    model_path.write_text(write_model(*(sizes[0] if known else (0, 0)), is_reverse))
    programs.compile(model_path, "loop.so")
    models = [dlc.Model(programs.folder / "loop.so", threads=threads) for threads in (1, 2)]
    for steps, batch in sizes:
        random = np.random.default_rng(steps)
        shapes = ((batch, 4), (batch, 4), (steps, batch, 3), (8, 3), (8, 4), (8,))
        arrays = {name: random.normal(size=shape) * 0.7 for name, shape in zip(NAMES, shapes, strict=True)}
        gradients, again = (model.run(arrays, entry="gradients") for model in models)
        for name in NAMES:
            assert np.array_equal(gradients["d" + name], again["d" + name]), "the same bits on one thread and on two"
            indices, expected = differentiate(
                lambda inputs: float(models[0].run(inputs, entry="loss")["loss"]), arrays, name
            )
            found = gradients["d" + name].reshape(-1)[indices]
            assert np.abs(found - expected).max() <= 1e-6 * max(1, np.abs(expected).max()), name
