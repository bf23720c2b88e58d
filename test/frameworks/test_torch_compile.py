# SPDX-License-Identifier: Apache-2.0
"""torch.compile(module, backend="dlc") beside eager execution."""
import warnings

import numpy as np
import pytest
import torch
import torchvision

import dlc


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)
    torch._dynamo.reset()


def compiled(module, **options):
    return torch.compile(module, backend=dlc.torch_backend, options=options)


def close(got, expected):
    np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name, size", [("resnet18", 96), ("mobilenet_v3_small", 96), ("squeezenet1_1", 97), ("efficientnet_b0", 64)])
def test_torchvision(name, size):
    module = torchvision.models.get_model(name, weights=None).eval()
    run = compiled(module)
    x = torch.randn(2, 3, size, size)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("error", "dlc cannot compile")
        # Without trained weights, outputs may all be tiny.
        expected, got = module(x), run(x)
        close(got / expected.abs().max(), expected / expected.abs().max())


def test_other_shapes_and_changed_weights():
    module = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3)).eval()
    run = compiled(module)
    with torch.no_grad():
        for rows in (1, 2, 13, 4):
            x = torch.randn(rows, 5)
            close(run(x), module(x))
        module[0].weight.mul_(2)
        close(run(x), module(x))
        module.load_state_dict({name: torch.randn_like(value) for name, value in module.state_dict().items()})
        close(run(x), module(x))


def test_several_results_graph_breaks_and_integers():
    def function(a, b):
        c = (a @ b).relu()
        print("a break", end="")
        return {"sum": c.sum(-1), "rows": c.shape[0], "most": c.argmax(1)}, a

    run, a, b = compiled(function), torch.randn(4, 6), torch.randn(6, 5)
    for rows in (4, 3, 9):
        a = torch.randn(rows, 6)
        (got, same), (expected, _) = run(a, b), function(a, b)
        close(got["sum"], expected["sum"])
        assert got["rows"] == rows and torch.equal(got["most"], expected["most"]) and torch.equal(same, a)


def test_gradients_are_left_to_pytorch():
    module = torch.nn.Linear(3, 2)
    x = torch.randn(4, 3)
    with pytest.warns(UserWarning, match="dlc compiles for inference"):
        compiled(module)(x).sum().backward()
    assert module.weight.grad is not None


def test_in_place_changes_are_left_to_pytorch():
    def function(x):
        return x.add_(1) * 2

    x, y = torch.zeros(3), torch.zeros(3)
    with pytest.warns(UserWarning, match="changes tensors in place"):
        got = compiled(function)(x)
    close(got, function(y))
    close(x, y)


class Svd(torch.nn.Module):
    def forward(self, x):
        return torch.linalg.svd(x)[1] * 2


def test_operations_that_are_missing():
    """torch.compile leaves them to PyTorch and says why; dlc.compile says which one, and nothing about debugging exporters."""
    x = torch.randn(3, 3)
    with torch.no_grad(), pytest.warns(UserWarning, match="dlc cannot compile a graph, and PyTorch runs it: PyTorch cannot export.*svd"):
        close(compiled(Svd())(x), Svd()(x))
    with pytest.raises(dlc.CompileError, match="PyTorch cannot export the module: DispatchError: No ONNX function found for .*svd") as error:
        dlc.compile(Svd(), inputs=(x,))
    assert "Next steps" not in str(error.value)
    with pytest.raises(dlc.CompileError, match="cannot export the module: RuntimeError: a and b must have same reduction dim"):
        dlc.compile(torch.nn.Linear(4, 3), inputs=(torch.randn(2, 5),))


def test_options():
    x = torch.randn(3)
    with pytest.raises(Exception, match="has no option 'level'; did you mean"):
        compiled(lambda x: x + 1, level=2)(x)
    with pytest.raises(Exception, match="unknown target 'zen'"):
        compiled(lambda x: x + 2, target="zen")(x)
    close(compiled(lambda x: x + 1, opt_level=0)(x), x + 1)


def test_integer_types():
    def function(i, b):
        return i * 2 + 1, b & (i > 0)

    i, b = torch.arange(-3, 4), torch.tensor([True, False] * 3 + [True])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for got, expected in zip(compiled(function)(i, b), function(i, b), strict=True):
            assert torch.equal(got, expected) and got.dtype == expected.dtype


def test_modules_made_in_inference_mode():
    with torch.inference_mode():
        module, x = torch.nn.Linear(4, 3), torch.randn(2, 4)
        run = compiled(module)
        close(run(x), module(x))
        module.weight.mul_(3)
        close(run(x), module(x))
