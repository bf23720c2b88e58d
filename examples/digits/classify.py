#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Classifies the 360 test images of the digits data set with a compiled library and prints how many are right.

usage: classify.py LIBRARY.so [--dlc-run PROGRAM] [--at-least N]

The images are 8x8 pixels with values from 0 to 16; the network was trained on pixels divided by 16. Exit status 1 if fewer than N
of the 360 images are right.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent


def test_images():
    """The test images, 360x1x8x8 in [0, 1], and their digits."""
    table = np.loadtxt(FOLDER / "digits.csv", delimiter=",", skiprows=1, dtype=np.float32)
    rows = table[np.loadtxt(FOLDER / "digits_test_rows.txt", dtype=int)]
    return rows[:, :64].reshape(-1, 1, 8, 8) / 16, rows[:, 64].astype(int)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--dlc-run", default="dlc-run")
    parser.add_argument("--at-least", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    images, digits = test_images()
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/image.npy", images)
        subprocess.run(
            [arguments.dlc_run, arguments.library, "--input", f"image={folder}/image.npy", "--output", f"probability={folder}/p.npy"],
            check=True,
        )
        probability = np.load(f"{folder}/p.npy")
    right = int((probability.argmax(axis=1) == digits).sum())
    print(f"{right} of {len(digits)} images correct ({100 * right / len(digits):.1f} %)")
    return 0 if right >= arguments.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
