#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: compare_with_pca.py FOLDER DECODED.npy CODE: compares the decoded digits with a principal component analysis that keeps CODE components."""
import pathlib
import sys

import numpy as np

folder, decoded, code = pathlib.Path(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
images, held_out = np.load(folder / "images.npy"), np.load(folder / "test_images.npy")
mean = images.mean(axis=0)
axes = np.linalg.svd(images - mean, full_matrices=False)[2][:code]
projected = (held_out - mean) @ axes.T @ axes + mean
errors = [np.square(x - held_out).mean() for x in (decoded, projected)]
print("mean squared error on {} held-out digits: autoencoder {:.4f}, PCA {:.4f}".format(len(held_out), *errors))
