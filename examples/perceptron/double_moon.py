#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The double moon: two half rings of points, radius 10 and width 6, one above and one below a gap.

usage: double_moon.py DISTANCE x.npy     writes 2000 points [2000, 2]: 1000 of the upper moon, then 1000 of the lower one
       double_moon.py DISTANCE x.csv     the same as a table with the columns x, y and side, 1 or -1
       double_moon.py DISTANCE --learn   prints the weights that the perceptron rule finds

A straight line separates the moons at distance 1, but not at distance -4.
"""
import sys

import numpy as np

RADIUS, WIDTH, COUNT = 10, 6, 1000


def moons(distance):
    rng = np.random.default_rng(0)
    radius = RADIUS + WIDTH * (rng.random(2 * COUNT) - 0.5)
    angle = np.pi * rng.random(2 * COUNT)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    x[COUNT:] += RADIUS
    y[COUNT:] = -y[COUNT:] - distance
    return np.stack([x, y], axis=1).astype(np.float32), np.repeat([1, -1], COUNT)


def learn(points, sides, epochs=100):
    """w <- w + y_n x_n for every point on the wrong side."""
    inputs, w = np.c_[points, np.ones(len(points))], np.zeros(3)
    for _ in range(epochs):
        mistakes = 0
        for x, side in zip(inputs, sides):
            if np.sign(w @ x) != side:
                w, mistakes = w + side * x, mistakes + 1
        if not mistakes:
            break
    return w, mistakes


if __name__ == "__main__":
    points, sides = moons(float(sys.argv[1]))
    if sys.argv[2] == "--learn":
        (*weight, bias), mistakes = learn(points, sides)
        print(f"weight {np.round(weight, 3).tolist()}, bias {bias:.3f}; wrong in the last round: {mistakes}")
    elif sys.argv[2].endswith(".csv"):
        np.savetxt(sys.argv[2], np.c_[points, sides], fmt="%.6g", delimiter=",", header="x,y,side", comments="")
    else:
        np.save(sys.argv[2], points)
