# SPDX-License-Identifier: Apache-2.0
"""Gradients of a model with non-differentiable points, on the side of each that dlc took: for agree.py.

The derivative of a ReLU differs on the two sides of 0, that of a max pool for each element that may be the largest. Where rounding decides (of ResNet-18's 18 million elements
on some dozens), two correct programs differentiate two different functions. Here PyTorch takes dlc's side everywhere and computes everything else itself, so what is left
is what the programs compute differently.
"""
import copy
import json
import subprocess

import numpy as np
import torch
from torch import nn


class Sides(nn.Module):
    """ReLUs, in the order in which they are called, whose sides are those of given results."""

    def __init__(self, results):
        super().__init__()
        self.results = iter(results)
        self.other = self.elements = 0  # elements on another side than PyTorch's own, and all
        self.farthest = 0.0  # from 0, of an element on another side, in units of its tensor's largest

    def forward(self, x):
        self.result = torch.from_numpy(next(self.results))
        is_positive = self.result > 0
        differs = is_positive != (x > 0)
        self.other += int(differs.sum())
        self.elements += differs.numel()
        size = x.detach().abs()
        self.farthest = max(self.farthest, float((size * differs).max() / size.max()))
        return x * is_positive


class Largest(nn.Module):
    """A max pool that selects the elements that are the largest of the last ReLU's given result."""

    def __init__(self, pool, sides):
        super().__init__()
        self.pool, self.sides = pool, sides

    def forward(self, x):
        options = self.pool.kernel_size, self.pool.stride, self.pool.padding
        values, indices = nn.functional.max_pool2d(self.sides.result.to(x.dtype), *options, return_indices=True)
        return x.flatten(2).gather(2, indices.flatten(2)).view_as(values)


def follow(module, sides):
    for name, child in module.named_children():
        if isinstance(child, nn.ReLU):
            setattr(module, name, sides)
        elif isinstance(child, nn.MaxPool2d):
            setattr(module, name, Largest(child, sides))
        else:
            follow(child, sides)


def show_sides(description, names, loss):
    """The model with a function `sides`: loss, gradients as in training, and the result of every ReLU. And the names of those."""
    model = json.loads(description)
    del model["training"]
    shown = [layer["name"] for layer in model["layers"] if layer.get("activation") == "relu"]
    last = model["layers"][-1].setdefault("name", names[-1].rpartition(".")[0])
    model["outputs"] = [last, *shown]
    nodes = [{"op": "Call", "inputs": ["x"], "outputs": ["scores", *(f"side.{name}" for name in shown)], "attributes": {"function": "model", "training": True}},
             {"op": "Loss", "inputs": ["scores", "label"], "outputs": ["loss"], "attributes": {"loss": loss}},
             {"op": "Gradient", "inputs": ["loss", *names], "outputs": [f"gradient.{name}" for name in names]}]  # fmt: skip
    label = {"name": "label", "type": "i64", "shape": model["inputs"][0]["shape"][:1], "role": "label"}
    outputs = [name for node in nodes for name in node["outputs"] if name != "scores"]
    model["functions"] = {"sides": {"inputs": [*model["inputs"], label], "nodes": nodes, "outputs": outputs}}
    return json.dumps(model), shown


def compare(package, dlc, description, peer, loss_of, batch, of, folder):
    """The largest difference of a gradient, relative to its largest element; and the `Sides`, which count. `description` is the model's, `of` gives dlc's
    names of PyTorch's parameters; the last layer is called as its parameters are."""
    names = [of[name] for name, value in peer.named_parameters() if value.requires_grad]
    text, shown = show_sides(description, names, json.loads(description)["training"]["loss"])
    (folder / "sides.json").write_text(text)
    subprocess.run([dlc, folder / "sides.json", "-o", folder / "sides.so"], check=True)
    model = package.Model(str(folder / "sides.so"), threads=1)
    state = model.new_state(seed=0)
    for name, value in [*peer.named_parameters(), *peer.named_buffers()]:
        if name in of:
            state[of[name]][...] = value.detach().numpy()
    mine = model.run(batch, entry="sides")
    peer = copy.deepcopy(peer)
    peer.zero_grad()
    sides = Sides([mine[f"side.{name}"] for name in shown])
    follow(peer, sides)
    loss_of(peer, torch.from_numpy(batch["x"])).backward()
    worst = 0.0
    for name, value in peer.named_parameters():
        theirs = value.grad.numpy()
        worst = max(worst, np.abs(mine[f"gradient.{of[name]}"] - theirs).max() / np.abs(theirs).max())
    return worst, sides
