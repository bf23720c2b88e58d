# SPDX-License-Identifier: Apache-2.0
"""Gradients of compiled functions against central differences.

A case is a graph in f64 that computes %y from its inputs. It becomes an entry point that gives the loss sum(w * y), w random, and the
loss's gradients with respect to all inputs in floating point; the loss itself, at inputs moved by a small step, tells what they should be.
"""
import dataclasses

import numpy as np

STEP, TOLERANCE = 1e-5, 1e-6


@dataclasses.dataclass
class Input:
    """Extents are numbers, or expressions of symbols, which are dynamic. Elements are between low and high."""

    dims: list
    low: float = -2
    high: float = 2
    type: str = "f64"
    spread: bool = False  # elements differ by more than differences move them, in random order

    def make(self, rng, symbols):
        shape = [eval_extent(dim, symbols) for dim in self.dims]
        if self.type == "i1":
            return rng.random(shape) < 0.5
        if self.type == "i64":
            return rng.integers(int(self.low), int(self.high), shape)
        if self.spread:
            count = int(np.prod(shape))
            return rng.permutation(np.linspace(self.low, self.high, count + 1)[:count] + 0.01).reshape(shape)
        return rng.uniform(self.low, self.high, shape)


@dataclasses.dataclass
class Case:
    name: str
    inputs: dict
    result: list
    body: str
    symbols: list = dataclasses.field(default_factory=lambda: [{"N": 3, "T": 5}, {"N": 1, "T": 7}])
    constant: dict = dataclasses.field(default_factory=dict)  # values of inputs, instead of random ones


def eval_extent(dim, symbols):
    return dim if isinstance(dim, int) else eval(dim, {}, dict(symbols))


def tensor_type(dims, element="f64"):
    return "tensor<" + "".join((str(dim) if isinstance(dim, int) else "?") + "x" for dim in dims) + element + ">"


def names_of(dims, prefix):
    entries = [str(dim) if isinstance(dim, int) else '"%s"' % (dim if dim.isidentifier() else f"{prefix}{i}") for i, dim in enumerate(dims)]
    return f"dlc.dims = [{', '.join(entries)}]" if entries else ""


def write_function(case):
    types = {name: tensor_type(tensor.dims, tensor.type) for name, tensor in case.inputs.items()}
    types["y"] = tensor_type(case.result)
    arguments = []
    for name, tensor in [*case.inputs.items(), ("w", Input(case.result))]:
        attributes = ", ".join(filter(None, [f'dlc.name = "{name}"', names_of(tensor.dims, f"{name}_")]))
        arguments.append(f"%{name}: {types.get(name, types['y'])} {{{attributes}}}")
    floats = [name for name, tensor in case.inputs.items() if tensor.type == "f64"]
    results = ['tensor<f64> {dlc.name = "loss"}'] + [f'{types[name]} {{dlc.name = "d{name}"}}' for name in floats]
    body = case.body
    for name, text in types.items():
        body = body.replace("{%s}" % name, text)
    y, axes = types["y"], ", ".join(map(str, range(len(case.result))))
    all_axes = f"array<i64: {axes}>" if axes else "array<i64>"
    return f"""func.func @{case.name}({', '.join(arguments)}) -> ({', '.join(results)}) {{
      {body}
      %weighted = dlc.mul %y, %w : ({y}, {y}) -> {y}
      %loss = dlc.reduce sum %weighted {{axes = {all_axes}}} : {y} -> tensor<f64>
      {', '.join('%d' + name for name in floats)} = dlc.gradient %loss with_respect_to({', '.join('%' + name for name in floats)}
        : {', '.join(types[name] for name in floats)}) : tensor<f64>
      return {', '.join(['%loss'] + ['%d' + name for name in floats])} : {', '.join(['tensor<f64>'] + [types[name] for name in floats])}
    }}
    """


def check(model, case, seed=0):
    """Compares all gradients for all bindings of the case's symbols."""
    rng = np.random.default_rng([seed, *case.name.encode()])
    for symbols in case.symbols:
        values = {name: case.constant[name] if name in case.constant else tensor.make(rng, symbols) for name, tensor in case.inputs.items()}
        values["w"] = rng.uniform(-1, 1, [eval_extent(dim, symbols) for dim in case.result])
        values = {name: np.array(value, order="C") for name, value in values.items()}
        gradients = model.run(values, entry=case.name)
        for name, tensor in case.inputs.items():
            if tensor.type != "f64":
                continue
            expected = np.empty(values[name].shape)
            for index in np.ndindex(expected.shape):
                sides = []
                for step in (STEP, -STEP):
                    moved = {**values, name: values[name].copy()}
                    moved[name][index] += step
                    sides.append(float(model.run(moved, entry=case.name)["loss"]))
                expected[index] = (sides[0] - sides[1]) / (2 * STEP)
            scale = np.abs(expected).max(initial=0) or 1
            np.testing.assert_allclose(
                gradients["d" + name] / scale, expected / scale, rtol=0, atol=TOLERANCE, err_msg=f"gradient of {name} for {symbols}"
            )
