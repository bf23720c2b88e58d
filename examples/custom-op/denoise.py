# SPDX-License-Identifier: Apache-2.0
"""Learns the thresholds that turn noisy vectors into the sparse ones that they were made of."""
import sys

import dlc
import numpy as np

rng = np.random.default_rng(0)
sparse = np.where(rng.random((4096, 4)) < 0.2, rng.choice([-2.0, 2.0], (4096, 4)), 0).astype(np.float32)
noisy = sparse + rng.uniform(-0.5, 0.5, sparse.shape).astype(np.float32)

model = dlc.Model(sys.argv[1])
state = model.new_state(seed=0)
for epoch in range(200):
    loss = model.run({"x": noisy, "label": sparse}, entry="train_step")["loss"]
    if epoch in (0, 199):
        print(f"epoch {epoch + 1}: mean squared error {float(loss):.3f}")
print("thresholds", np.round(state["threshold"], 1))
try:
    state["threshold"][0] = -1
    model.run({"x": noisy}, entry="predict")
except dlc.Error as error:
    print(error)
