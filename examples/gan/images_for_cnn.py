# SPDX-License-Identifier: Apache-2.0
"""usage: images_for_cnn.py ROWS.npy IMAGES.npy: [N, 64] as [N, 1, 8, 8]"""
import sys

import numpy as np

np.save(sys.argv[2], np.load(sys.argv[1]).reshape(-1, 1, 8, 8))
