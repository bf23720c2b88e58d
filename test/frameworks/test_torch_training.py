# SPDX-License-Identifier: Apache-2.0
"""PyTorch modules trained by dlc, without PyTorch: a step's loss and weights beside PyTorch's own."""
import numpy as np
import pytest
import torch

import dlc

LOSS = {"name": "cross_entropy", "from_logits": True}


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(8, 8, 3, padding=1), torch.nn.GELU()
        )
        self.classifier = torch.nn.Linear(8, 5)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Sequence(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.classifier = torch.nn.Embedding(11, 6), torch.nn.Linear(7, 5)
        self.lstm = torch.nn.LSTM(6, 7, batch_first=True)
        self.norm = torch.nn.LayerNorm(7)

    def forward(self, tokens):
        return self.classifier(self.norm(self.lstm(self.embedding(tokens))[0][:, -1]))


def check_steps(module, example, batches, training, frozen=()):
    """Three steps of SGD with momentum move all weights as PyTorch moves them."""
    model = dlc.Model(dlc.compile(module, inputs=(example,), dynamic_shapes=({0: torch.export.Dim("N", max=1000)},), train=training))
    state = model.new_state(seed=0)
    parameters = dict(module.named_parameters())
    for name, parameter in parameters.items():
        parameter.requires_grad_(not name.startswith(frozen) if frozen else True)
    optimizer = torch.optim.SGD([parameter for parameter in parameters.values() if parameter.requires_grad], lr=0.1, momentum=0.9)
    step = next(entry for entry in model.entry_points if entry.name == "train_step")
    (x,) = [tensor.name for tensor in step.inputs if not tensor.is_label and tensor.shape]
    for inputs, label in batches:
        loss = torch.nn.functional.cross_entropy(module(inputs), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        got = model.run({x: inputs.numpy(), "label": label.numpy()}, entry="train_step")["loss"]
        assert float(got) == pytest.approx(float(loss), rel=1e-5)
    found = 0
    for name, parameter in parameters.items():
        if name in state:
            np.testing.assert_allclose(state[name], parameter.detach().numpy(), rtol=1e-4, atol=1e-5, err_msg=name)
            found += 1
    return found, len(parameters)


@pytest.mark.parametrize("frozen", [(), ("features",)])
def test_convolutions(frozen):
    torch.manual_seed(0)
    module = Network().eval()
    batches = [(torch.randn(rows, 3, 10, 10), torch.randint(0, 5, (rows,))) for rows in (6, 2, 9)]
    groups = [{"parameters": list(frozen), "frozen": True}] if frozen else []
    training = {"loss": LOSS, "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}, "groups": groups}
    found, count = check_steps(module, torch.randn(2, 3, 10, 10), batches, training, frozen)
    assert found == count


def test_sequences():
    torch.manual_seed(1)
    module = Sequence().eval()
    batches = [(torch.randint(0, 11, (rows, 6)), torch.randint(0, 5, (rows,))) for rows in (6, 3)]
    found, _ = check_steps(module, torch.randint(0, 11, (2, 6)), batches, {"loss": LOSS, "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}})
    assert found >= 4


def test_trainer():
    torch.manual_seed(2)
    module = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()
    x = torch.randn(200, 4)
    label = x[:, :3].argmax(1)
    training = {"loss": LOSS, "optimizer": {"name": "adam", "learning_rate": 0.02}, "metrics": ["accuracy"]}
    trainer = dlc.Trainer(module, inputs=(x[:2],), dynamic_shapes=({0: torch.export.Dim("N", max=1000)},), train=training, epochs=20)
    trainer.fit(x.numpy(), label.numpy())
    assert trainer.history[-1]["accuracy"] > 0.95
    # What was learned goes back into the module by its own names.
    module.load_state_dict({name: torch.from_numpy(np.array(trainer.state[name])) for name in module.state_dict()})
    assert (module(x).argmax(1) == label).float().mean() > 0.95
