# SPDX-License-Identifier: Apache-2.0
"""dlc-run verify with several runs, each of which goes on from what the one before it has left, and where rounding decides."""
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


def write_step(path, compare, factor):
    """Whether x is above 0.5, which rounding decides for x = 0.5, and a multiple of x."""
    path.write_text(f"""module {{
  func.func @run(%x: tensor<64xf32> {{dlc.name = "x"}}) -> (tensor<64xf32> {{dlc.name = "step"}}, tensor<64xf32> {{dlc.name = "y"}}) {{
    %half = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
    %factor = dlc.constant dense<{factor}> : tensor<f32> : tensor<f32>
    %0 = dlc.{compare} %x, %half : (tensor<64xf32>, tensor<f32>) -> tensor<64xi1>
    %1 = dlc.cast %0 {{to = f32}} : tensor<64xi1> -> tensor<64xf32>
    %2 = dlc.mul %x, %factor : (tensor<64xf32>, tensor<f32>) -> tensor<64xf32>
    return %1, %2 : tensor<64xf32>, tensor<64xf32>
  }}
}}
""")
    return path


def test_sensitivity(programs):
    """Only the tensor that moves with the last bits of its inputs is excused, not one that is wrong."""
    np.save(programs.folder / "x.npy", np.full(64, 0.5, np.float32))
    libraries = {
        name: programs.compile(write_step(programs.folder / f"{name}.mlir", compare, factor), f"{name}.so")
        for name, compare, factor in [("reference", "greater_or_equal", 3.0), ("rounded", "greater", 3.0), ("wrong", "greater", 3.001)]
    }  # fmt: skip

    def verify(name, *options, reference=libraries["reference"]):
        result = programs.run("dlc-run", "verify", libraries[name], "--reference", reference, "--input", "x=x.npy", *options)
        return result.returncode, result.stdout + result.stderr

    status, text = verify("rounded")
    assert status == 1 and "1 of 2 tensors differ" in text and "sensitivity" not in text
    status, text = verify("rounded", "--sensitivity", "2")
    assert status == 0 and "1 of 2 tensors differ by no more than rounding can change them" in text and "all 1 other tensors agree" in text
    status, text = verify("wrong", "--sensitivity", "2")
    assert status == 1 and "1 of 2 tensors differ by more than 1e-05 of their range; the first: 'y'" in text
    status, text = verify("rounded", "--sensitivity", "2", reference=programs.folder)
    assert status == 1 and "--sensitivity needs a library as the reference" in text
    model = programs.compile(TOP / "examples" / "xor" / "xor_training.json", "xor.so", "--train")
    # What training changes is perturbed, too, and then the loss; labels, which must not exceed 1, are not.
    result = programs.run("dlc-run", "verify", model, "--reference", model, "--entry", "train_step", "--runs", "2", "--symbol", "N=3", "--sensitivity", "4")
    assert result.returncode == 0, result.stdout + result.stderr
    shares = [line.split()[-2:] for line in result.stdout.splitlines() if line.startswith("loss")]
    assert [float(number) for number in shares[0]][0] == 0 and 0 < float(shares[0][1]) < 1e-4
