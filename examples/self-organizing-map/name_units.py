#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: name_units.py FOLDER UNITS.npy TEST_UNITS.npy: names each unit of the map after the most frequent class of the digits that fall on it, shows the map,
and counts held-out digits that fall on a unit of their class."""
import pathlib
import sys

import numpy as np

SIDE = 12

folder, units, test_units = pathlib.Path(sys.argv[1]), np.load(sys.argv[2]), np.load(sys.argv[3])
labels, test_labels = np.load(folder / "labels.npy"), np.load(folder / "test_labels.npy")
votes = np.zeros((SIDE * SIDE, 10), int)
np.add.at(votes, (units, labels), 1)
names = np.where(votes.any(axis=1), votes.argmax(axis=1), -1)
for row in names.reshape(SIDE, SIDE):
    print(" ".join("." if name < 0 else str(name) for name in row))
right = (names[test_units] == test_labels).sum()
print(f"of {len(test_labels)} held-out digits {right} fall on a unit of their class")
