#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: judge_samples.py noise FILE.npy          writes 1000 rows of noise
       judge_samples.py show SAMPLES.npy PROBABILITY.npy   shows ten samples, and counts those that are a digit with a probability over 0.9"""
import sys

import numpy as np

if sys.argv[1] == "noise":
    np.save(sys.argv[2], np.random.default_rng(0).normal(size=(1000, 64)).astype(np.float32))
    sys.exit()
samples, probability = np.load(sys.argv[2]).reshape(-1, 8, 8), np.load(sys.argv[3])
for first in (0, 5):
    for row in range(8):
        print("   ".join("".join(" .:-=+*#%@"[min(int(10 * x), 9)] * 2 for x in image[row]) for image in samples[first : first + 5]))
is_digit = probability.max(axis=1) > 0.9
kinds = np.unique(probability.argmax(axis=1)[is_digit])
print(f"{100 * is_digit.mean():.1f} % are a digit with a probability over 0.9; kinds of digits among them: {len(kinds)}")
