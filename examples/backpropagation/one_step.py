#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: one_step.py LIBRARY.so: shows one step of the example, before and after, and compares it with the numbers worked out by hand."""
import sys

import dlc
import numpy as np

BY_HAND = {
    "hidden": [0.85, 0.48],
    "o": 0.191,
    "loss": 0.3272405,
    "W0 after": [[0.121326, 0.132135], [0.226989, 0.0982025]],
    "w1 after": [0.1743825, 0.169416],
    "o after": 0.2557457808075,
    "loss after": 0.2769571713929189,
}


def run_step(model):
    state, x, y = model.new_state(seed=0), np.float32([[2, 3]]), np.float32([1])
    before = model.run({"x": x}, entry="predict")
    step = model.run({"x": x, "y": y, "learning_rate": 0.05}, entry="train_step")
    weights = {name: np.array(state[name]) for name in ("W0", "w1")}
    after = model.run({"x": x}, entry="predict")
    loss_after = model.run({"x": x, "y": y, "learning_rate": 0.05}, entry="train_step")["loss"]
    return {
        "hidden": before["hidden"][0], "o": before["o"][0], "loss": step["loss"],
        "W0 after": weights["W0"], "w1 after": weights["w1"], "o after": after["o"][0], "loss after": loss_after,
    }  # fmt: skip


if __name__ == "__main__":
    values = run_step(dlc.Model(sys.argv[1]))
    for name, value in values.items():
        print(f"{name:10}  {np.array2string(np.asarray(value), precision=6, separator=', ').replace(chr(10), '')}")
    error = max(np.abs(values[name] - np.array(exact)).max() for name, exact in BY_HAND.items())
    print(f"largest difference from the numbers by hand: {'below' if error < 1e-6 else f'{error}, not below'} 1e-6")
