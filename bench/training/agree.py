#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether training compiled by dlc computes what PyTorch computes, from the same parameters, on the same batch.

usage: agree.py [--bin DIR] [--python DIR] [--steps 10] [TASK ...]

Needs `pip install torch torchvision`, and dlc's Python package (--python build/python in a build tree). For each model in this folder (dropout off):
    f32: loss and gradients of the first step; the largest difference of a gradient is relative to that gradient's largest element
    f64: the losses of the steps (SGD, rate 0.01, momentum 0.9) and gradients; the largest relative difference
and whether the gradients have the same bits on one thread and on two. Exits with 1 if anything is above its tolerance, 1e-4 and 1e-6.

"PyTorch's own" is how far PyTorch's gradients in f32 are from its own in f64. Where a normalization over few images comes before a ReLU or a max pool, rounding
decides the sign of some elements, or which is the largest, and with it a part of the gradient. Where gradients in f32 differ by more than the tolerance,
"on the same sides" is how much they differ if PyTorch takes dlc's side of these non-differentiable points (same_sides.py), which must be below the tolerance, and so must be the
distance from 0 of each element that is on another side than PyTorch's own.
"""
import argparse
import copy
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import same_sides
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
TASKS = ["mlp_b64", "lenet_b64", "alexnet_b16", "charlstm_b32_t64", "resnet18_b8"]


class CharLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.dense = nn.LSTM(65, 128, batch_first=True), nn.Linear(128, 65)

    def forward(self, x):
        return self.dense(self.lstm(x)[0])


def make_peer(task):
    """The model, its input and the labels."""
    if task == "mlp_b64":
        return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)), torch.randn(64, 784), torch.randint(0, 10, (64,))
    if task == "lenet_b64":
        layers = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        layers += [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
        return nn.Sequential(*layers), torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    if task == "charlstm_b32_t64":
        model = CharLstm()
        with torch.no_grad():  # PyTorch has two redundant biases; only one of them is trained here
            model.lstm.bias_ih_l0 += model.lstm.bias_hh_l0
            model.lstm.bias_hh_l0.zero_()
        model.lstm.bias_hh_l0.requires_grad_(False)
        characters = torch.randint(0, 65, (32, 64))
        return model, nn.functional.one_hot(characters, 65).float(), torch.randint(0, 65, (32, 64))
    import torchvision

    if task == "alexnet_b16":
        return torchvision.models.alexnet(weights=None, dropout=0.0), torch.randn(16, 3, 224, 224), torch.randint(0, 1000, (16,))
    return torchvision.models.resnet18(weights=None), torch.randn(8, 3, 224, 224), torch.randint(0, 1000, (8,))


def name_of(task, name, number, names):
    """dlc's name of PyTorch's tensor `name`, the `number`-th parameter."""
    if task == "charlstm_b32_t64":
        return {"lstm.weight_ih_l0": "lstm_1.weight", "lstm.weight_hh_l0": "lstm_1.recurrent_weight", "lstm.bias_ih_l0": "lstm_1.bias"}.get(
            name, name.replace("dense.", "dense_1."))  # fmt: skip
    if task != "resnet18_b8":
        return names[number]
    if name.startswith("fc."):
        return "dense_1." + name[3:]
    parts = name.split(".")
    if len(parts) < 3:
        return name
    block = f"block{parts[0][5]}_{int(parts[1]) + 1}_"
    if parts[2] == "downsample":
        return block + ("shortcut." if parts[3] == "0" else "shortcut_bn.") + parts[4]
    return block + parts[2] + "." + parts[3]


def compile_model(dlc, task, kind, folder):
    text = (HERE / f"{task}.json").read_text().replace('"rate": 0.5', '"rate": 0')
    if kind == "f64":
        text = text.replace('"type": "f32"', '"type": "f64"')
    description, library = folder / f"{task}.json", folder / f"{task}_{kind}.so"
    description.write_text(text)
    subprocess.run([dlc, description, "--train", "-o", library], check=True)
    return library


def compare(package, dlc, task, kind, steps, folder):
    """The largest differences: of losses, of gradients, of gradients between PyTorch's types; whether two threads give the same bits; gradients on the same
    sides of non-differentiable points, and those sides, if gradients in f32 differ."""
    torch.manual_seed(0)
    peer, x, label = make_peer(task)
    real = torch.float64 if kind == "f64" else torch.float32
    peer, x = peer.to(real).train(), x.to(real)
    library = compile_model(dlc, task, kind, folder)
    tensors = {name: value for name, value in [*peer.named_parameters(), *peer.named_buffers()] if "num_batches" not in name}
    learning = {name: value for name, value in peer.named_parameters() if value.requires_grad}
    batch = {"x": x.numpy(), "label": label.numpy()}
    gradients = {}
    for threads in 1, 2:
        model = package.Model(str(library), threads=threads)
        state = model.new_state(seed=0)
        names = [name for name in state if name.split(".")[-1] in ("weight", "bias") and not name.startswith("optimizer.")]
        of = {name: name_of(task, name, number, names) for number, name in enumerate(tensors)}
        for name, value in tensors.items():
            if name != "lstm.bias_hh_l0":
                assert state[of[name]].shape == tuple(value.shape), name
                state[of[name]][...] = value.detach().numpy()
        gradients[threads] = model.run(batch, entry="gradients")

    def loss_of(peer, x):
        scores = peer(x)
        return nn.functional.cross_entropy(scores.flatten(0, -2), label.flatten())

    exact = copy.deepcopy(peer).double()
    loss_of(exact, x.double()).backward()
    loss_of(peer, x).backward()
    worst = own = 0.0
    exactly = dict(exact.named_parameters())
    for name, value in learning.items():
        mine, theirs, right = gradients[1]["gradient." + of[name]], value.grad.numpy(), exactly[name].grad.numpy()
        worst = max(worst, np.abs(mine - theirs).max() / np.abs(theirs).max())
        own = max(own, np.abs(theirs - right).max() / np.abs(right).max())
    on_sides, sides = worst, None
    if kind == "f32" and worst > 1e-4:
        description = (folder / f"{task}.json").read_text()
        on_sides, sides = same_sides.compare(package, dlc, description, peer, loss_of, batch, of, folder)
    same_bits = all(np.array_equal(value, gradients[2][name]) for name, value in gradients[1].items())

    # Running means have changed; the loss of a training step does not depend on them.
    optimizer = torch.optim.SGD(learning.values(), lr=0.01, momentum=0.9)
    losses = 0.0
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(peer, x)
        loss.backward()
        optimizer.step()
        mine = float(model.run(batch, entry="train_step")["loss"])
        losses = max(losses, abs(mine - loss.item()) / abs(loss.item()))
    return losses, worst, own, same_bits, on_sides, sides


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--python", default="build/python")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("tasks", nargs="*", metavar="TASK")
    options = parser.parse_args()
    sys.path.insert(0, options.python)
    import dlc as package

    failed = False
    print(f"{'':18}f32 loss   f32 gradients   on the same sides   PyTorch's own   f64 losses   f64 gradients   bits on two threads", flush=True)
    for task in options.tasks or TASKS:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            loss, gradient, own, same, on_sides, sides = compare(package, f"{options.bin}/dlc", task, "f32", 1, path)
            losses, exact, _, same64, *_ = compare(package, f"{options.bin}/dlc", task, "f64", options.steps, path)
        failed |= max(loss, on_sides, sides.farthest if sides else 0) > 1e-4 or max(losses, exact) > 1e-6 or not (same and same64)
        print(f"{task:18}{loss:8.1e}   {gradient:13.1e}   {on_sides:17.1e}   {own:13.1e}   {losses:10.1e}   {exact:13.1e}   {'same' if same and same64 else 'DIFFER'}")
        if sides:
            print(f"{'':18}{sides.other} of {sides.elements} elements before a ReLU are on another side of 0 than PyTorch's, at most {sides.farthest:.0e} of their "
                  "tensor's largest away from it")  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
