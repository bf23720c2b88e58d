# SPDX-License-Identifier: Apache-2.0
"""dlc-run verify with several runs, each of which goes on from what the one before it has left."""
import numpy as np

import dlc
from conftest import TOP


def test_runs_in_a_row(programs):
    """Training steps, beside those of a program; another number of steps gives other losses."""
    library = programs.compile(TOP / "examples" / "xor" / "xor_training.json", "xor.so", "--train")
    model = dlc.Model(library)
    step = next(entry for entry in model.entry_points if entry.name == "train_step")
    random = np.random.default_rng(1)
    inputs = {}
    for tensor in step.inputs:
        if tensor.default is None:
            inputs[tensor.name] = random.random([extent if isinstance(extent, int) else 3 for extent in tensor.shape], dtype=np.float32)
            np.save(programs.folder / f"in-{tensor.name}.npy", inputs[tensor.name])
    model.new_state(0)
    losses = [model.run(inputs, entry="train_step")["loss"] for _ in range(3)]
    assert len({float(loss) for loss in losses}) == 3
    (programs.folder / "reference").mkdir()
    arguments = [part for name in inputs for part in ("--input", f"{name}=in-{name}.npy")]
    for wanted in 1, 2, 3:
        np.save(programs.folder / "reference" / "loss.npy", losses[wanted - 1])
        for runs in 1, 2, 3:
            result = programs.run(
                "dlc-run", "verify", library, "--reference", "reference", "--entry", "train_step", "--runs", str(runs), *arguments
            )  # fmt: skip
            assert (result.returncode == 0) == (runs == wanted), result.stdout + result.stderr
