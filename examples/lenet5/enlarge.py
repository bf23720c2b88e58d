# SPDX-License-Identifier: Apache-2.0
"""Writes the digits of ../digits, enlarged from 8x8 to 28x28 pixels (bilinear) and scaled to -1..1, as image.npy, label.npy.

usage: enlarge.py FOLDER
"""
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def weights(size, wanted):
    """The matrix [wanted, size] that interpolates along one dimension, with pixels' centres in the middle."""
    positions = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    left = np.minimum(positions.astype(int), size - 2)
    matrix = np.zeros((wanted, size))
    matrix[np.arange(wanted), left] = 1 - (positions - left)
    matrix[np.arange(wanted), left + 1] += positions - left
    return matrix


def main():
    table = np.loadtxt(HERE.parent / "digits" / "digits.csv", delimiter=",", skiprows=1)
    images, labels = table[:, :64].reshape(-1, 1, 8, 8) / 8 - 1, table[:, 64].astype(np.int64)
    larger = weights(8, 28) @ images @ weights(8, 28).T
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "image.npy", larger.astype(np.float32))
    np.save(folder / "label.npy", labels)


if __name__ == "__main__":
    main()
