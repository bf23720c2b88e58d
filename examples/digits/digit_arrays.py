#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: digit_arrays.py FOLDER: writes the digits as arrays: images.npy [1437, 64] with values from 0 to 1 and labels.npy, and the
held-out ones (360 rows) as test_images.npy and test_labels.npy."""
import pathlib
import sys

import numpy as np

here, folder = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
table = np.loadtxt(here / "digits.csv", delimiter=",", skiprows=1)
images, labels = (table[:, :64] / 16).astype(np.float32), table[:, 64].astype(np.int64)
is_held_back = np.zeros(len(table), bool)
is_held_back[np.loadtxt(here / "digits_test_rows.txt", dtype=int)] = True
folder.mkdir(parents=True, exist_ok=True)
for prefix, rows in (("", ~is_held_back), ("test_", is_held_back)):
    np.save(folder / f"{prefix}images.npy", images[rows])
    np.save(folder / f"{prefix}labels.npy", labels[rows])
