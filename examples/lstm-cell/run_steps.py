#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs cell.json's library one step at a time, as a program that owns the state does. Prints every state; with PREFIX, writes all of
them to PREFIX.h.npy and PREFIX.c.npy, too.

usage: run_steps.py CELL.so [PREFIX]
"""
import sys

import dlc
import numpy as np

STEPS = np.array([[-0.48, 0.14, -0.36], [0.24, 0.16, -0.79], [-0.12, -0.22, 0.41]], np.float32)


def main():
    cell = dlc.Model(sys.argv[1])
    state = {"h": np.zeros((1, 4), np.float32), "c": np.zeros((1, 4), np.float32)}
    states = {"h": [], "c": []}
    for x in STEPS:
        results = cell.run({"x": x[None], **state})
        state = {name: results[f"next_{name}"] for name in state}
        for name, values in state.items():
            states[name].append(values[0])
            print(name, *(f"{value:.6f}" for value in values[0]))
    for name, values in states.items():
        if len(sys.argv) > 2:
            np.save(f"{sys.argv[2]}.{name}.npy", values)


if __name__ == "__main__":
    main()
