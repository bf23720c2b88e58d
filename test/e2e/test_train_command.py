# SPDX-License-Identifier: Apache-2.0
"""dlc-run train: data of every format, checkpoints that survive being killed, and what it says about mistakes."""
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import time

import linear_classifier
import numpy as np
import pytest
from conftest import BIN, Programs

NAMES = ["setosa", "versicolor", "virginica"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    (folder / "m.mlir").write_text(linear_classifier.MODEL)
    return Programs(folder).compile("m.mlir", "m.so")


@pytest.fixture
def table(programs):
    """A table with names of classes; returns features and classes."""
    x, classes = linear_classifier.points(np)
    lines = ["a,b,c,d,species"] + [",".join(f"{v:.6f}" for v in row) + "," + NAMES[k] for row, k in zip(x, classes)]
    (programs.folder / "data.csv").write_text("\n".join(lines) + "\n")
    return x, classes


def train(programs, library, *options, **keywords):
    return programs.run("dlc-run", "train", library, *options, **keywords)


def events(result):
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def epochs(result):
    return [event for event in events(result) if event["event"] == "epoch"]


def refuse(programs, library, words, *options):
    result = train(programs, library, *options)
    assert result.returncode == 1, result.stdout
    assert result.stderr.startswith("error: ") and words in result.stderr, result.stderr


def read_checkpoint(path):
    """Tensors and metadata of a safetensors file."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, types = json.loads(content[8 : 8 + length]), {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, tensor in header.items():
        begin, end = (8 + length + place for place in tensor["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], types[tensor["dtype"]]).reshape(tensor["shape"])
    return tensors, metadata


def test_learns(programs, library, table):
    result = train(programs, library, "--data", "data.csv", "--validation-split", 0.25, "--epochs", 20, "--json")
    reached = epochs(result)
    assert [event["epoch"] for event in reached] == list(range(1, 21))
    assert reached[-1]["validation_accuracy"] > 0.9 and reached[-1]["loss"] < reached[0]["loss"]
    begin, end = events(result)[0], events(result)[-1]
    assert begin["rows"] == 150 and begin["validation_rows"] == 50 and begin["classes"] == NAMES
    confusion = np.array(end["confusion"])
    assert confusion.sum() == 50
    assert np.isclose(np.trace(confusion) / 50, reached[-1]["validation_accuracy"])


def test_steps_are_those_of_the_reference(programs, library, table):
    x, classes = table
    options = "--data", "data.csv", "--epochs", 2, "--batch", 64, "--no-shuffle", "--checkpoint", "c.safetensors"
    events(train(programs, library, *options, "--json"))
    tensors, metadata = read_checkpoint(programs.folder / "c.safetensors")
    y = np.eye(3)[classes]
    # The last batch has 8 rows.
    batches = [(x[i : i + 64], y[i : i + 64]) for _ in range(2) for i in range(0, 200, 64)]
    np.testing.assert_allclose(tensors["dense.weight"], linear_classifier.reference(np, batches), rtol=1e-4, atol=1e-5)
    assert json.loads(metadata["dlc.training"])["epoch"] == 2


def test_rows_that_are_held_back(programs, library, table):
    (programs.folder / "rows.txt").write_text("3\n5 199\n")
    options = ["--data", "data.csv", "--epochs", 1, "--validation-rows", "rows.txt"]
    assert events(train(programs, library, *options, "--json"))[0]["validation_rows"] == 3
    for text, words in [("200", "not a row from 0 to 199"), ("x", "not a row"), ("", "contains no row indices")]:
        (programs.folder / "rows.txt").write_text(text)
        refuse(programs, library, words, *options)


def write_idx(path, array, code):
    path.write_bytes(bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
                     + array.astype(array.dtype.newbyteorder(">")).tobytes())  # fmt: skip


def test_formats_agree(programs, library):
    x, classes = linear_classifier.points(np)
    x = x.astype(np.float32)
    folder = programs.folder
    np.save(folder / "x.npy", x)
    np.save(folder / "k.npy", classes)
    np.save(folder / "y.npy", np.eye(3)[classes])
    np.savez_compressed(folder / "both.npz", x=x, y=classes)
    np.savez(folder / "one.npz", anything=x)
    write_idx(folder / "x.idx", x, 0x0D)
    write_idx(folder / "k.idx", classes.astype(np.uint8), 0x08)
    rows = [",".join([*(repr(float(v)) for v in row), str(k)]) for row, k in zip(x, classes)]
    (folder / "bare.csv").write_text("\n".join(rows))
    (folder / "front.tsv").write_text("k\ta\tb\tc\td\r\n" + "".join(
        f"{k}\t" + "\t".join(repr(float(v)) for v in row) + "\r\n" for row, k in zip(x, classes)))  # fmt: skip
    sources = [
        ["--data", "x=x.npy", "--data", "y=k.npy"],
        ["--data", "x=x.npy", "--data", "y=y.npy"],
        ["--data", "both.npz"],
        ["--data", "x=one.npz", "--data", "y=y.npy"],
        ["--data", "x=x.idx", "--data", "y=k.idx"],
        ["--data", "bare.csv"],
        ["--data", "front.tsv", "--label-column", "k"],
    ]
    reached = [epochs(train(programs, library, *source, "--validation-split", 0.2, "--epochs", 2, "--json"))[-1] for source in sources]
    for event in reached:
        del event["seconds"]
        assert event == reached[0]
    assert "validation_f1" in reached[0]


def test_order_depends_on_the_seed_alone(programs, library, table):
    def weights(*options):
        events(train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors", *options, "--json"))
        return read_checkpoint(programs.folder / "c.safetensors")[0]["dense.weight"].tobytes()

    assert weights("--seed", 1) == weights("--seed", 1) == weights("--seed", 1, "--threads", 2)
    assert weights("--seed", 1) != weights("--seed", 2) != weights("--no-shuffle")


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


def kill_and_compare(folder, library, kills, options):
    """Kills a run that many times and compares what it makes in the end with an uninterrupted one."""
    command = [str(BIN / "dlc-run"), "train", str(library), *map(str, options), "--checkpoint"]
    start = time.time()
    subprocess.run([*command, "whole.safetensors"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds, generator, done = time.time() - start, random.Random(0), 0
    while done < kills:
        process = subprocess.Popen([*command, "parts.safetensors", "--resume"], cwd=folder, stdout=subprocess.DEVNULL)
        time.sleep(generator.random() * seconds / (kills / 2))
        process.kill()
        done += process.wait() == -signal.SIGKILL
        if (folder / "parts.safetensors").exists():
            read_checkpoint(folder / "parts.safetensors")
        if process.returncode == 0:
            # It was through: from the beginning again.
            (folder / "parts.safetensors").unlink()
    subprocess.run([*command, "parts.safetensors", "--resume"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    assert (folder / "parts.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes()
    assert not [*folder.glob("*.tmp"), *folder.glob("*.lock")]


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


def test_one_row(programs, library, table):
    lines = (programs.folder / "data.csv").read_text().splitlines()
    (programs.folder / "one.csv").write_text(lines[0] + "\n" + lines[1])
    one = ["--data", "one.csv", "--epochs", 1]
    assert np.isfinite(epochs(train(programs, library, *one, "--json"))[0]["loss"])
    refuse(programs, library, "--validation-split 0.2 holds none of 1 row back", *one, "--validation-split", 0.2)
    refuse(programs, library, "--validation-split 0.9 holds all of 1 row back", *one, "--validation-split", 0.9)


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


def start(programs, library, *options):
    """A run that continues until it is stopped, and is past its first epochs."""
    command = [str(BIN / "dlc-run"), "train", str(library), "--data", "data.csv", "--epochs", "100000", *options]
    process = subprocess.Popen(command, cwd=programs.folder, stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        process.stdout.readline()
    return process


def test_figure_that_does_not_exist(programs, library, table):
    """It is known after an epoch only, which is not lost: the run continues with another metric as if it had been monitored from the beginning."""
    options = ["--data", "data.csv", "--epochs", 2, "--checkpoint"]
    words = "there is no metric 'los' to watch; the last good checkpoint is 'c.safetensors' (epoch 1, step 7); did you mean 'loss'?"
    refuse(programs, library, words, *options, "c.safetensors", "--monitor", "los")
    for name in "c.safetensors", "whole.safetensors":
        events(train(programs, library, *options, name, "--resume", "--json"))
    assert (programs.folder / "c.safetensors").read_bytes() == (programs.folder / "whole.safetensors").read_bytes()


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


def test_values_that_are_no_numbers(programs, library):
    x, classes = linear_classifier.points(np)
    x = x.astype(np.float32)
    x[57, 2] = np.inf
    np.savez(programs.folder / "d.npz", x=x, y=classes)
    result = train(programs, library, "--data", "d.npz")
    assert result.returncode == 1 and "because 'x' holds inf in d.npz:x, row 57" in result.stderr


def test_loss_that_is_no_number(programs, library, table):
    options = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--checkpoint-steps", 1, "--set", "learning_rate=1e30"]
    result = train(programs, library, *options)
    assert result.returncode == 1
    assert "epoch 1, step" in result.stderr and "lower the learning rate" in result.stderr
    assert "the last good checkpoint is 'c.safetensors' (epoch 1, step 1)" in result.stderr
    assert np.isfinite(read_checkpoint(programs.folder / "c.safetensors")[0]["dense.weight"]).all()


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b,c,d,k\n1,2,3,4,0\n1,2,3,0\n", "data.csv:3: the row has 4 fields, and the first one has 5"),
        ("a,b,c,d,k\n1,2,x,4,0\n", "data.csv:2: 'x' in column 'c' is not a number"),
        ("a,b,c,d,k\n1,2,nan,4,0\n", "data.csv:2: 'nan' in column 'c' is not a number"),
        ("a,b,c,d,k\n1,2,3,4,0\n1,2,3,4,3\n", "data.csv:3: label 3 is out of range: 'y' takes 0 to 2"),
        ("a,b,c,d,k\n1,2,3,4,0\n1,2,3,4,nan\n", "data.csv:3: the label 'nan' in column 'k' is not a number"),
        ("a,b,c,d,k\n1,2,3,4,0\n1,2,3,4e38,0\n", "data.csv:3: 4e+38 is too large for the numbers of 'x', which are f32"),
        ("a,b,c,d,k\n1,2,3,4,x\n1,2,3,4,y\n1,2,3,4,z\n1,2,3,4,yy\n", "has 4 classes, and label 'y' takes 3: 'x', 'y', 'yy', 'z'"),
        ("a,b,c,d,k\n1,2,3,4,\n", "data.csv:2: the label in column 'k' is empty"),
        ("a,b,c,d,k\n1,,3,4,0\n", "data.csv:2: the field in column 'b' is empty"),
        ("a,b,c,d,k\n1,2,3,1e999,0\n", "data.csv:2: '1e999' in column 'd' is too large"),
        ("a,b,c,d,k\n1\n", "data.csv:2: the row has 1 field, and the first one has 5"),
        ("\ufeffa,b,c,d,k\r\n1,2,3,4,0\r\n1,2,x,4,0\r\n", "data.csv:3: 'x' in column 'c' is not a number"),
        ("a,b,c,d,k\r1,2,3,4,0\r1,2,x,4,0\r", "data.csv:3: 'x' in column 'c' is not a number"),
        ("1,2,3,\0,0\n", "data.csv:1: a byte is 0"),
        ("1,2.5,x,4,0\n1,2,3,4,0\n", "data.csv:1: the first row holds either names of columns or numbers, and this one has 'x' and '2.5'"),
        ('a,b,c,d,k\n1,2,3,"4,0\n', "data.csv:2: a quoted field does not end"),
        ('a,b,c,d,k\n1,2,3,4"5,0\n', "data.csv:2: "),
        ("a,b,c,k\n1,2,3,0\n", "has 3 columns for input 'x', which needs 4"),
        ("a,b,c,d,k\n", "holds no rows"),
        ("", "holds no rows"),
    ],
)
def test_broken_tables(programs, library, text, words):
    (programs.folder / "data.csv").write_bytes(text.encode())
    refuse(programs, library, words, "--data", "data.csv")


def test_tables_of_other_systems(programs, library, table):
    """A byte order mark and other line endings change nothing; UTF-16 is rejected."""
    plain = (programs.folder / "data.csv").read_text()

    def reached():
        (event,) = epochs(train(programs, library, "--data", "data.csv", "--epochs", 1, "--json"))
        return event["loss"]

    expected = reached()
    for end in "\r\n", "\r":
        (programs.folder / "data.csv").write_bytes(("\ufeff" + plain.replace("\n", end)).encode())
        assert reached() == expected
    (programs.folder / "data.csv").write_bytes(plain.encode("utf-16"))
    refuse(programs, library, "'data.csv' is in UTF-16", "--data", "data.csv")


def test_labels_of_both_kinds(programs, library, table):
    """A stray string among numbers makes all labels names, with a note; validation data must have the same kind."""
    (programs.folder / "mixed.csv").write_text("a,b,c,d,k\n1,2,3,4,0\n1,2,3,4,x\n")
    notes = [event["text"] for event in events(train(programs, library, "--data", "mixed.csv", "--epochs", 1, "--json")) if event["event"] == "note"]
    assert notes == ["mixed.csv:3: label 'x' is not a number as others are: all labels are treated as class names"]
    (programs.folder / "numbers.csv").write_text("a,b,c,d,k\n1,2,3,4,0\n")
    refuse(programs, library, "data.csv:2: label '", "--data", "numbers.csv", "--validation", "data.csv")


def test_mistakes(programs, library, table):
    folder = programs.folder
    np.save(folder / "x.npy", np.zeros((5, 4), np.float32))
    np.save(folder / "wide.npy", np.zeros((5, 7), np.float32))
    np.save(folder / "y.npy", np.array([0, 1, 2, 9, 1]))
    np.save(folder / "short.npy", np.zeros((4, 3)))
    np.savez(folder / "z.npz", z=np.zeros(3))
    good = ["--data", "data.csv"]
    refuse(programs, library, "no column 'spezies'; did you mean 'species'?", *good, "--label-column", "spezies")
    refuse(programs, library, "no column 'e'", *good, "--ignore-column", "e")
    refuse(programs, library, "cannot read 'nowhere.csv'", "--data", "nowhere.csv")
    refuse(programs, library, "no input or label 'z'", "--data", "z=data.npy")
    refuse(programs, library, "no data for label 'y': add --data y=FILE", "--data", "x=x.npy")
    refuse(programs, library, "no data for label 'y': add --validation y=FILE", *good, "--validation", "x=x.npy")
    refuse(programs, library, "rows of shape [7], and 'x' needs [4]", "--data", "x=wide.npy", "--data", "y=y.npy")
    refuse(programs, library, "y.npy, row 3: label 9 is out of range", "--data", "x=x.npy", "--data", "y=y.npy")
    refuse(programs, library, "input 'x' has 5 rows, and label 'y' has 4", "--data", "x=x.npy", "--data", "y=short.npy")
    refuse(programs, library, "holds no array that is called like", "--data", "z.npz")
    refuse(programs, library, "two sources", *good, "--data", "x=x.npy")
    refuse(programs, library, "no hyperparameter 'learning_rat'; did you mean 'learning_rate'?", *good, "--set", "learning_rat=1")
    refuse(programs, library, "there is no schedule 'cosin'; did you mean 'cosine'?", *good, "--schedule", "cosin")
    refuse(programs, library, "--schedule step needs 'every'", *good, "--schedule", "step")
    refuse(programs, library, "'factor' is a number from", *good, "--schedule", "exponential:factor=x")
    refuse(programs, library, "there is no metric 'validation_loss' to watch", *good, "--monitor", "validation_loss", "--epochs", 1)
    refuse(programs, library, "--checkpoint", *good, "--resume")
    refuse(programs, library, "there is no option '--dat'; did you mean '--data'?", "--dat", "data.csv")
    refuse(programs, library, "there is no option '--epohcs'; did you mean '--epochs'?", *good, "--epohcs", 3)
    refuse(programs, library, "what is 'y=y.npy'?", "--data", "x=x.npy", "y=y.npy")
    for option, value in ("--epochs", -3), ("--epochs", 0), ("--seed", -1), ("--warmup", -1), ("--early-stopping", -2), ("--batch", 0):
        refuse(programs, library, f"{option}: ", *good, option, value)
    refuse(programs, library, "--set takes NAME=NUMBER, not 'learning_rate=nan'", *good, "--set", "learning_rate=nan")
    refuse(programs, library, "--delimiter takes one character, or tab, not ';;'", *good, "--delimiter", ";;")
    (folder / "semicolons.csv").write_text((folder / "data.csv").read_text().replace(",", ";"))
    refuse(programs, library, "one column only: if its fields are not", "--data", "semicolons.csv")
    (folder / "tabs.csv").write_text((folder / "data.csv").read_text().replace(",", "\t"))
    events(train(programs, library, "--data", "tabs.csv", "--delimiter", "tab", "--epochs", 1, "--json"))
    os.mkfifo(folder / "pipe")
    refuse(programs, library, "cannot write 'pipe': it is not a regular file", *good, "--checkpoint", "pipe")
    for option in "--checkpoint", "--report":
        refuse(programs, library, "cannot write '.': it is a folder", *good, option, ".")
    for option in "--checkpoint", "--best", "--report":
        refuse(programs, library, "cannot write 'nowhere/file': No such file or directory", *good, option, "nowhere/file")


def test_library_that_only_predicts(programs, table):
    """Without `evaluate`, predictions are compared with labels, and the loss of training is watched."""
    begin, end = linear_classifier.MODEL.index("func.func @evaluate"), linear_classifier.MODEL.index("func.func @train_step")
    (programs.folder / "m.mlir").write_text(linear_classifier.MODEL[:begin] + linear_classifier.MODEL[end:])
    programs.compile("m.mlir", "m.so")
    options = ["--data", "data.csv", "--validation-split", 0.25, "--epochs", 5, "--early-stopping", 2, "--json"]
    reached = epochs(train(programs, "m.so", *options))
    assert len(reached) == 5 and "validation_accuracy" in reached[0] and "validation_loss" not in reached[0]


def test_library_that_does_not_learn(programs, examples):
    programs.compile(examples / "digits" / "digits.json", "digits.so")
    np.save(programs.folder / "image.npy", np.zeros((5, 1, 8, 8), np.float32))
    refuse(programs, "digits.so", "no entry point 'train_step'", "--data", "image=image.npy")


def test_schedules(programs, library, table):
    def rates(schedule, count, *options):
        options = ["--data", "data.csv", "--batch", 50, "--epochs", count, "--schedule", schedule, *options, "--json"]
        return [event["learning_rate"] for event in epochs(train(programs, library, *options))]

    np.testing.assert_allclose(rates("step:every=2,factor=0.5", 4), [0.01, 0.01, 0.005, 0.005])
    # Four steps per epoch; the rate is that of its last one.
    np.testing.assert_allclose(rates("exponential:factor=0.5", 2), [0.01 * 0.5**0.75, 0.01 * 0.5**1.75])
    np.testing.assert_allclose(rates("cosine", 2), [0.005 * (1 + np.cos(np.pi * k / 8)) for k in (3, 7)])
    np.testing.assert_allclose(rates("constant", 2, "--warmup", 8), [0.005, 0.01])
    assert min(rates("plateau:patience=1,factor=0.1", 6, "--set", "learning_rate=0")) == 0


def test_early_stopping_and_best(programs, library, table):
    options = ["--data", "data.csv", "--validation-split", 0.25, "--epochs", 50, "--set", "learning_rate=0",
               "--early-stopping", 3, "--best", "best.safetensors", "--json"]  # fmt: skip
    result = train(programs, library, *options)
    assert len(epochs(result)) == 4 and events(result)[-1]["stopped_early"]
    metadata = read_checkpoint(programs.folder / "best.safetensors")[1]
    assert json.loads(metadata["dlc.training"])["epoch"] == 1


def test_report(programs, library, table):
    train(programs, library, "--data", "data.csv", "--validation-split", 0.25, "--epochs", 3, "--report", "r.html")
    page = (programs.folder / "r.html").read_text()
    assert page.count("<svg") >= 5 and "Confusion matrix" in page and "virginica" in page
    assert "http" not in page and "<script" not in page and "prefers-color-scheme" in page


def test_images(programs, examples):
    """A folder for each class, of PNG and JPEG files of several sizes; colours and sizes become what the model wants."""
    image = pytest.importorskip("PIL.Image")
    source = linear_classifier.MODEL.replace("?x4x", "?x1x2x2x").replace('["N", 4]', '["N", 1, 2, 2]').replace(
        "%score = dlc.matmul %x,",
        "%flat = dlc.reshape %x {shape = array<i64: -1, 4>} : (tensor<?x1x2x2xf32>) -> tensor<?x4xf32>\n  %score = dlc.matmul %flat,",
    ).replace("(tensor<?x1x2x2xf32>, tensor<3x4xf32>)", "(tensor<?x4xf32>, tensor<3x4xf32>)")  # fmt: skip
    (programs.folder / "m.mlir").write_text(source)
    programs.compile("m.mlir", "m.so")
    generator = np.random.default_rng(0)
    for k, name in enumerate(["dark", "left", "top"]):
        (programs.folder / "images" / name).mkdir(parents=True)
        for i in range(20):
            pixels = np.zeros((6, 6, 3)) + generator.random() * 20
            if k == 1:
                pixels[:, :3] += 200
            if k == 2:
                pixels[:3] += 200
            picture = image.fromarray(pixels.astype(np.uint8)).resize((6 + i % 3, 6))
            picture.save(programs.folder / "images" / name / f"{i}.{'png' if i % 2 else 'jpg'}")
    options = ["--data", "images", "--scale", "x=0.00392156862745098", "--set", "learning_rate=0.3", "--epochs", 40]
    result = train(programs, "m.so", *options, "--validation", "images", "--json")
    assert events(result)[0]["classes"] == ["dark", "left", "top"]
    assert epochs(result)[-1]["validation_accuracy"] > 0.6
    (programs.folder / "images" / "top" / "1.png").write_bytes(b"no picture")
    refuse(programs, "m.so", "cannot read 'images/top/1.png'", *options)
    (programs.folder / "empty").mkdir()
    refuse(programs, "m.so", "holds no images", "--data", "empty")


def test_options_of_other_tools(programs, library, table):
    good = ["--data", "data.csv"]
    rate = "the learning rate is a hyperparameter of the model: --set learning_rate=0.01"
    for option, words in [
        ("--lr", rate), ("--learning-rate", rate), ("--batch-size", "did you mean '--batch'?"), ("--epoch", "did you mean '--epochs'?"),
        ("--optimizer", "it belongs to the section 'training' of the model"),
    ]:  # fmt: skip
        refuse(programs, library, f"there is no option '{option}'; {words}", *good, option, 1)
    for form in ("--lr=0.1", "--batch-size=3"):
        refuse(programs, library, f"there is no option '{form.split('=')[0]}'", *good, form)
    help_text = programs.run("dlc-run", "train", "--help").stdout
    for option, default in [("--epochs", "10"), ("--batch", "32"), ("--seed", "0"), ("--schedule", "constant"), ("--threads", "1")]:
        (line,) = [line for line in help_text.splitlines() if line.split()[:1] == [option]]
        assert f"={default}" in line, line


def test_nothing_is_left_to_resume(programs, library, table):
    options = ["--data", "data.csv", "--checkpoint", "c.safetensors", "--resume", "--epochs"]
    first = train(programs, library, *options, 2)
    assert first.returncode == 0 and "nothing is left" not in first.stdout + first.stderr
    again = train(programs, library, *options, 2)
    assert again.returncode == 0
    assert "nothing is left to do: the run has its 2 epochs; --epochs 4 would continue" in again.stdout + again.stderr
    more = train(programs, library, *options, 3)
    assert more.returncode == 0 and "nothing is left" not in more.stdout + more.stderr
