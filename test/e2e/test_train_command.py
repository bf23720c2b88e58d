# SPDX-License-Identifier: Apache-2.0
"""dlc-run train: what it learns, its schedules and reports, and what it says about mistakes."""
import json
import os

import linear_classifier
import numpy as np
from train_runs import NAMES, epochs, events, library, read_checkpoint, refuse, table, train  # noqa: F401


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


def test_order_depends_on_the_seed_alone(programs, library, table):
    def weights(*options):
        events(train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors", *options, "--json"))
        return read_checkpoint(programs.folder / "c.safetensors")[0]["dense.weight"].tobytes()

    assert weights("--seed", 1) == weights("--seed", 1) == weights("--seed", 1, "--threads", 2)
    assert weights("--seed", 1) != weights("--seed", 2) != weights("--no-shuffle")


def test_figure_that_does_not_exist(programs, library, table):
    """It is known after an epoch only, which is not lost: the run continues with another metric as if it had been monitored from the beginning."""
    options = ["--data", "data.csv", "--epochs", 2, "--checkpoint"]
    words = "there is no metric 'los' to watch; the last good checkpoint is 'c.safetensors' (epoch 1, step 7); did you mean 'loss'?"
    refuse(programs, library, words, *options, "c.safetensors", "--monitor", "los")
    for name in "c.safetensors", "whole.safetensors":
        events(train(programs, library, *options, name, "--resume", "--json"))
    assert (programs.folder / "c.safetensors").read_bytes() == (programs.folder / "whole.safetensors").read_bytes()


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
