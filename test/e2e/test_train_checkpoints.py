# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of dlc-run train: they survive being killed, resume only what they began, and replace no other file."""
import json
import os
import signal
import subprocess

import linear_classifier
import numpy as np
import pytest
from conftest import BIN
from train_runs import epochs, events, kill_and_compare, library, read_checkpoint, refuse, start, table, train  # noqa: F401


def test_checkpoints_now_and_then(programs, library, table):
    options = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--checkpoint-epochs", 4, "--json"]
    for count in 3, 4, 10:
        events(train(programs, library, *options, "--epochs", count, "--resume"))
        metadata = read_checkpoint(programs.folder / "c.safetensors")[1]
        assert json.loads(metadata["dlc.training"])["epoch"] == count


SCHEDULED = ["--batch", 16, "--schedule", "plateau:patience=2,factor=0.5", "--warmup", 20, "--early-stopping", 50,
             "--checkpoint-steps", 3, "--validation-split", 0.25, "--epochs", 12]  # fmt: skip


def test_killed_at_any_moment_it_resumes(programs, library, table):
    # More of them by hand, as DLC_KILLS=50.
    kills = int(os.environ.get("DLC_KILLS", 6))
    kill_and_compare(programs.folder, library, kills, ["--data", "data.csv", *SCHEDULED])


def test_interrupted_it_saves(programs, library, table):
    process = start(programs, library, "--checkpoint", "c.safetensors")
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=300)[0]
    assert process.returncode == 130 and "--resume continues" in text
    read_checkpoint(programs.folder / "c.safetensors")


def test_resumes_only_what_it_began(programs, library, table):
    checkpoint = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--epochs", 1]
    events(train(programs, library, *checkpoint, "--json"))
    refuse(programs, library, "its --seed is 0, and this one's is 1", *checkpoint, "--resume", "--seed", 1)
    refuse(programs, library, "its --batch is 32, and this one's is 16", *checkpoint, "--resume", "--batch", 16)
    refuse(programs, library, "its number of training rows is 200, and this one's is 180", *checkpoint, "--resume", "--validation-split", 0.1)
    # A whole run has nothing left to do.
    assert not epochs(train(programs, library, *checkpoint, "--resume", "--json"))
    (programs.folder / "c.safetensors").write_bytes((programs.folder / "c.safetensors").read_bytes()[:-1])
    refuse(programs, library, "not a complete safetensors file", *checkpoint, "--resume")


def test_checkpoint_of_another_model(programs, library, table):
    other = linear_classifier.MODEL.replace("@dense.weight.velocity", "@dense.weight.momentum")
    (programs.folder / "other.mlir").write_text(other)
    programs.compile("other.mlir", "other.so")
    checkpoint = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--epochs", 1]
    events(train(programs, library, *checkpoint, "--json"))
    refuse(programs, "other.so", "it lacks 'dense.weight.momentum'", *checkpoint, "--resume")
    # Other data and another batch do not hide that.
    refuse(programs, "other.so", "it lacks 'dense.weight.momentum'", *checkpoint, "--resume", "--batch", 7, "--validation-split", 0.2)
    # Its weights are a good beginning nevertheless.
    events(train(programs, "other.so", "--data", "data.csv", "--epochs", 1, "--load", "c.safetensors", "--json"))


def test_resumes_only_with_its_data(programs, library, table):
    checkpoint = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--resume", "--epochs"]
    events(train(programs, library, *checkpoint, 1, "--json"))
    text = (programs.folder / "data.csv").read_text()
    (programs.folder / "data.csv").write_text(text.replace("setosa", "virginica", 1))
    before = (programs.folder / "c.safetensors").read_bytes()
    refuse(programs, library, "'c.safetensors' belongs to another training run: its checksum of the data is", *checkpoint, 2)
    assert (programs.folder / "c.safetensors").read_bytes() == before
    (programs.folder / "data.csv").write_text(text)
    refuse(programs, library, "its checksum of the data is", *checkpoint, 2, "--scale", "x=2")
    events(train(programs, library, *checkpoint, 2, "--json"))


def test_two_runs_of_one_checkpoint(programs, library, table):
    process = start(programs, library, "--checkpoint", "c.safetensors")
    for option, path in ("--checkpoint", "c.safetensors"), ("--best", programs.folder / "c.safetensors"):
        refuse(programs, library, f"another run (process {process.pid}) is writing '{path}'", "--data", "data.csv", option, path)
    process.kill()
    process.communicate(timeout=300)
    read_checkpoint(programs.folder / "c.safetensors")
    # The lock of a process that was killed blocks nobody, and its leftover files are removed.
    (programs.folder / "c.safetensors.0123456789abcdef.tmp").write_bytes(b"half")
    (programs.folder / "c.safetensors.fedcba9876543210.tmp").write_bytes(b"half")
    (programs.folder / "c.safetensors.x.tmp").write_bytes(b"something else")
    events(train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors", "--json"))
    assert sorted(os.listdir(programs.folder)) == ["c.safetensors", "c.safetensors.x.tmp", "data.csv"]


def test_outputs_that_would_hit_another_file(programs, library, table):
    good = ["--data", "data.csv", "--epochs", 1]
    for option in "--checkpoint", "--best", "--report":
        refuse(programs, library, f"{option} would overwrite 'data.csv', which this run reads", *good, option, "./data.csv")
    refuse(programs, library, "--checkpoint and --best are both 'c'", *good, "--checkpoint", "c", "--best", "./c")
    assert (programs.folder / "data.csv").read_text().startswith("a,b,c,d,species\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ended_from_outside_it_saves(programs, library, table, name):
    process = start(programs, library, "--checkpoint", "c.safetensors")
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=300)
    assert process.returncode == 128 + getattr(signal, name)
    assert sorted(os.listdir(programs.folder)) == ["c.safetensors", "data.csv"]
    events(train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors", "--resume", "--json"))


def test_nobody_reads_what_it_prints(programs, library, table):
    process = start(programs, library, "--checkpoint", "c.safetensors", "--checkpoint-epochs", "100000")
    assert not (programs.folder / "c.safetensors").exists()
    process.stdout.close()
    assert process.wait(timeout=300) == 128 + signal.SIGPIPE
    assert sorted(os.listdir(programs.folder)) == ["c.safetensors", "data.csv"]


def test_output_that_cannot_be_written(programs, library, table):
    command = [str(BIN / "dlc-run"), "train", str(library), "--data", "data.csv", "--epochs", "2", "--checkpoint", "c.safetensors"]
    with open("/dev/full", "w") as full:
        result = subprocess.run(command, cwd=programs.folder, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (1, "error: cannot write to standard output\n")
    tensors, _ = read_checkpoint(programs.folder / "c.safetensors")
    # Without an output at all, no file gets what is printed.
    script = 'exec "$@" >&-'
    subprocess.run(["bash", "-c", script, "-", *command], cwd=programs.folder, check=True)
    again, _ = read_checkpoint(programs.folder / "c.safetensors")
    assert all((again[name] == tensors[name]).all() for name in tensors)


def test_full_disk(programs, library, table):
    """A limit on the size of files simulates a full disk."""
    command = ["bash", "-c", 'ulimit -f 0; exec "$@"', "-", str(BIN / "dlc-run"), "train", str(library), "--data", "data.csv", "--epochs", "1"]
    for option, name in ("--report", "r.html"), ("--best", "b.safetensors"), ("--checkpoint", "c.safetensors"):
        (programs.folder / name).write_bytes(b"what was there")
        result = subprocess.run([*command, option, name], cwd=programs.folder, capture_output=True, text=True)
        assert result.returncode == 1 and f"cannot write '{name}': File too large" in result.stderr
        assert (programs.folder / name).read_bytes() == b"what was there"
    assert sorted(os.listdir(programs.folder)) == ["b.safetensors", "c.safetensors", "data.csv", "r.html"]


def test_loss_that_is_no_number(programs, library, table):
    options = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--checkpoint-steps", 1, "--set", "learning_rate=1e30"]
    result = train(programs, library, *options)
    assert result.returncode == 1
    assert "epoch 1, step" in result.stderr and "lower the learning rate" in result.stderr
    assert "the last good checkpoint is 'c.safetensors' (epoch 1, step 1)" in result.stderr
    assert np.isfinite(read_checkpoint(programs.folder / "c.safetensors")[0]["dense.weight"]).all()


def test_nothing_is_left_to_resume(programs, library, table):
    options = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--resume", "--epochs"]
    first = train(programs, library, *options, 2)
    assert first.returncode == 0 and "nothing is left" not in first.stdout + first.stderr
    again = train(programs, library, *options, 2)
    assert again.returncode == 0
    assert "nothing is left to do: the run has its 2 epochs; --epochs 4 would continue" in again.stdout + again.stderr
    more = train(programs, library, *options, 3)
    assert more.returncode == 0 and "nothing is left" not in more.stdout + more.stderr
