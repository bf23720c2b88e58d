# SPDX-License-Identifier: Apache-2.0
"""usage: check_line.py LIBRARY DATA.csv BATCH: trains with `dlc-run train` and compares with the least-squares line."""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

library, data, batch = sys.argv[1:]
age, weight = np.loadtxt(data, delimiter=",", skiprows=1).T
slope, intercept = np.polyfit(age, weight, 1)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    state, ages, weights = folder / "line.safetensors", folder / "ages.npy", folder / "weights.npy"
    subprocess.run(
        ["dlc-run", "train", library, "--data", data, "--epochs", "5000", "--batch", batch, "--schedule", "exponential:factor=0.998",
         "--checkpoint", state, "--checkpoint-epochs", "5000"], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    np.save(ages, [[0.0], [1.0], [19.0]])
    subprocess.run(
        ["dlc-run", library, "--entry", "predict", "--variables", state, "--input", f"age={ages}", "--output", f"weight={weights}"],
        check=True,
    )  # fmt: skip
    at = np.load(weights).ravel()
found = np.array([at[1] - at[0], at[0], at[2]])
error = np.abs(found - [slope, intercept, intercept + 19 * slope]).max()
print("batches of {}: slope {:.6f}, intercept {:.6f}, at 19 months {:.6f}: {} 0.0001".format(
    batch, *found, "within" if error < 1e-4 else f"off by {error}, not within"
))  # fmt: skip
