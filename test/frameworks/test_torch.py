# SPDX-License-Identifier: Apache-2.0
"""PyTorch modules: compiled, and as a backend of torch.compile, beside eager execution."""
import numpy as np
import pytest
import torch

import dlc

torch.manual_seed(0)


class Branches(torch.nn.Module):
    """Two inputs, two outputs, and a keyword."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(6, 5)

    def forward(self, a, b, scale=None):
        product = self.linear(a) + b
        return product, product.mean(0) * (1 if scale is None else scale)


def close(got, expected):
    np.testing.assert_allclose(np.asarray(got), expected.detach().numpy(), atol=1e-5)


def test_module():
    module, a, b = Branches().eval(), torch.randn(7, 6), torch.randn(7, 5)
    results = dlc.Model(dlc.compile(module, inputs=(a, b)))(a, b)
    for got, expected in zip(results, module(a, b), strict=True):
        close(got, expected)
    scale = torch.randn(5)
    model = dlc.Model(dlc.compile(module, inputs={"a": a, "b": b, "scale": scale}))
    close(model(a=a, b=b, scale=scale)[1], module(a, b, scale)[1])


def test_program_of_any_batch():
    module, x = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(10)).eval(), torch.randn(2, 3, 9, 9)
    module(x)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("N")},))
    model = dlc.Model(dlc.compile(program))
    for count in (1, 2, 5):
        x = torch.randn(count, 3, 9, 9, requires_grad=True)
        close(model(x), module(x))
    same = dlc.Model(dlc.compile(module, inputs=x, dynamic_shapes=({0: torch.export.Dim("N")},)))
    close(same(x), module(x))


def test_mistakes():
    with pytest.raises(TypeError, match="compiled for example inputs"):
        dlc.compile(Branches())
    with pytest.raises(dlc.CompileError, match="PyTorch cannot export the module"):
        dlc.compile(Branches(), inputs=(torch.randn(2, 6),))
    model = dlc.Model(dlc.compile(torch.nn.Linear(3, 2), inputs=torch.randn(1, 3)))
    with pytest.raises(TypeError, match="convert it by"):
        model(torch.randn(1, 3, dtype=torch.float64))
