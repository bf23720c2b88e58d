# SPDX-License-Identifier: Apache-2.0
"""dlc.Trainer: the same numbers as `dlc-run train`, from arrays and tables, and what it says of mistakes."""
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from conftest import TOP

dlc = pytest.importorskip("dlc")

IRIS = TOP / "examples" / "iris"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return dlc.compile(IRIS / "iris_training.json", tmp_path_factory.mktemp("iris") / "iris.so", train=True)


@pytest.fixture(scope="module")
def iris():
    """Features, and names of species."""
    rows = list(csv.reader((IRIS / "iris.csv").open()))[1:]
    return np.array([[float(number) for number in row[:4]] for row in rows]), [row[4] for row in rows]


class Table:
    """As much of a table with named columns as pandas and Polars have in common."""

    def __init__(self, columns):
        self.data = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return self.data[name]

    def drop(self, columns):
        return Table({name: column for name, column in self.data.items() if name not in columns})


def as_table(features, **others):
    return Table({name: features[:, i] for i, name in enumerate(["a", "b", "c", "d"])} | others)


def test_the_numbers_of_the_command(programs, library, iris):
    features, species = iris
    checkpoint = programs.folder / "command.safetensors"
    result = programs.run("dlc-run", "train", library, "--data", IRIS / "iris.csv", "--epochs", "7", "--batch", "13", "--seed", "5",
                          "--validation-split", "0.2", "--set", "learning_rate=0.1", "--schedule", "cosine", "--json", "--checkpoint",
                          checkpoint)  # fmt: skip
    assert result.returncode == 0, result.stderr
    records = [record for line in result.stdout.splitlines() if "validation_loss" in (record := json.loads(line))]
    trainer = dlc.Trainer(library, epochs=7, batch=13, seed=5, learning_rate=0.1, schedule="cosine",
                          checkpoint=programs.folder / "python.safetensors")  # fmt: skip
    history = trainer.fit(features, species, validation=0.2)
    assert len(history) == len(records) == 7
    for got, expected in zip(history, records, strict=True):
        for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "validation_f1"):
            # The table's numbers are f32 before they reach the model, the array's are f64.
            assert got[name] == pytest.approx(expected[name], rel=1e-6)
    command = dlc.Model(library).new_state()
    command.load(checkpoint)
    for name in command.keys():
        np.testing.assert_allclose(trainer.state[name], command[name], rtol=1e-5, atol=1e-6)
    assert trainer.class_names == ["setosa", "versicolor", "virginica"]
    assert np.sum(trainer.confusion) == 30 and len(trainer.confusion) == 3


@pytest.mark.parametrize("form", ["f32", "f64", "fortran", "big-endian", "list", "table", "table with label", "dict", "numbers"])
def test_forms_of_data(library, iris, form):
    features, species = iris
    numbers = np.unique(species, return_inverse=True)[1]
    expected = dlc.Trainer(library, epochs=3, batch=150).fit(features, species)
    X, y = {
        "f32": lambda: (features.astype(np.float32), species), "f64": lambda: (features, species),
        "fortran": lambda: (np.asfortranarray(features), np.array(species)), "big-endian": lambda: (features.astype(">f8"), numbers.astype(">i4")),
        "list": lambda: (features.tolist(), numbers.tolist()), "table": lambda: (as_table(features), species),
        "table with label": lambda: (as_table(features, kind=species), "kind"),
        "dict": lambda: ({"flower": features}, species), "numbers": lambda: (features, numbers),
    }[form]()  # fmt: skip
    history = dlc.Trainer(library, epochs=3, batch=150).fit(X, y)
    for got, wanted in zip(history, expected, strict=True):
        assert got["loss"] == pytest.approx(wanted["loss"], rel=1e-6)


def test_predicts(library, iris):
    features, species = iris
    trainer = dlc.Trainer(library, epochs=200, batch=150, learning_rate=0.3)
    with pytest.raises(ValueError, match="call fit first"):
        trainer.predict(features)
    history = trainer.fit(features, species, validation=(features[::3], species[::3]))
    probability = trainer.predict(features)
    right = np.mean(np.array(trainer.class_names)[probability.argmax(1)] == species)
    assert right > 0.9
    assert history[-1]["validation_accuracy"] > 0.9
    np.testing.assert_allclose(trainer.predict({"flower": features[:1]}), probability[:1], atol=1e-6)
    with pytest.raises(ValueError, match="has no input 'leaf'; it has 'flower'"):
        trainer.predict({"leaf": features})
    # The model itself has the trained variables.
    np.testing.assert_array_equal(trainer.model.run({"flower": features.astype(np.float32)}, entry="predict")["species"], probability)


def test_scale(iris):
    features, species = iris
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = dlc.Trainer(IRIS / "iris_training.json", epochs=3)
        scaled = dlc.Trainer(IRIS / "iris_training.json", epochs=3, scale={"flower": 0.5})
        assert plain.fit(features, species)[-1]["loss"] == pytest.approx(scaled.fit(2 * features, species)[-1]["loss"], rel=1e-6)
        np.testing.assert_allclose(scaled.predict(2 * features), plain.predict(features), atol=1e-6)


def test_callbacks_end_a_run(library, iris):
    seen = []
    trainer = dlc.Trainer(library, epochs=9)
    trainer.fit(*iris, callbacks=[seen.append, lambda record: record["epoch"] == 4])
    assert [record["epoch"] for record in seen] == [1, 2, 3, 4] == trainer.history.column("epoch")

    def fail(record):
        raise ZeroDivisionError("of the callback")

    with pytest.raises(ZeroDivisionError, match="of the callback"):
        trainer.fit(*iris, callbacks=[fail])
    assert len(trainer.history) == 1
    trainer.fit(*iris)
    assert len(trainer.history) == 9


def test_early_stopping_and_resuming(library, iris, tmp_path):
    trainer = dlc.Trainer(library, epochs=50, early_stopping=2, least_gain=1e9)
    with pytest.warns(UserWarning, match="has not improved for 2 epochs"):
        assert len(trainer.fit(*iris)) == 3
    whole = dlc.Trainer(library, epochs=6)
    whole.fit(*iris)
    options = {"checkpoint": tmp_path / "c.safetensors", "resume": True}
    dlc.Trainer(library, epochs=6, **options).fit(*iris, callbacks=[lambda record: record["epoch"] == 2])
    resumed = dlc.Trainer(library, epochs=6, **options)
    with pytest.warns(UserWarning, match="resumed from"):
        resumed.fit(*iris)
    for name in whole.state.keys():
        np.testing.assert_array_equal(resumed.state[name], whole.state[name])


def test_history_is_a_table(library, iris):
    history = dlc.Trainer(library, epochs=2).fit(*iris)
    assert history.names()[:3] == ["epoch", "loss", "accuracy"] and len(history.to_dict()["loss"]) == 2
    assert repr(history).splitlines()[0].split()[:3] == ["epoch", "loss", "accuracy"] and len(repr(history).splitlines()) == 3
    assert history._repr_html_().count("<tr>") == 3
    with pytest.raises(KeyError, match="there is no metric 'auc'; there are 'epoch', 'loss'"):
        history.column("auc")


@pytest.mark.parametrize(
    "X, y, keywords, kind, message",
    [
        (np.ones((3, 5)), [0, 1, 2], {}, dlc.TrainingError, "'X' holds|flower"),
        (np.ones((3, 4)), [0, 1], {}, dlc.TrainingError, "3 rows, and label .* has 2"),
        (np.ones((3, 4)), None, {}, dlc.TrainingError, "no data for label '.*'; the model learns from 'flower', "),
        ({"leaf": np.ones((3, 4))}, [0, 1, 2], {}, dlc.TrainingError, "no input or label 'leaf'"),
        (np.ones((0, 4)), np.zeros(0), {}, dlc.TrainingError, "rows"),
        (np.full((3, 4), np.nan), [0, 1, 2], {}, dlc.TrainingError, "nan"),
        (np.ones((3, 4)), [0, 1, 7], {}, dlc.TrainingError, "7"),
        (np.ones((3, 4)), ["a", None, "b"], {}, ValueError, "label 'y' has None in row 1"),
        ([["x"] * 4] * 3, [0, 1, 2], {}, ValueError, "'X' has elements of type <U1, which are not numbers"),
        (Table({"a": np.array(["x"])}), [0], {}, ValueError, "column 'a' of 'X' has elements of type <U1"),
        (Table({"a": np.ones(3)}), "b", {}, ValueError, "the table has no column 'b'; it has 'a'"),
        (3.0, [0], {}, ValueError, "'X' is one number"),
        (np.ones((3, 4)), [0, 1, 2], {"validation": 1.5}, dlc.TrainingError, "validation is 1.5; the share of rows"),
        (np.ones((3, 4)), [0, 1, 2], {"validation": np.ones(3)}, TypeError, r"validation is \(X, y\), or a number"),
    ],
)
def test_mistakes_in_data(library, X, y, keywords, kind, message):
    with pytest.raises(kind, match=message):
        dlc.Trainer(library, epochs=1).fit(X, y, **keywords)


@pytest.mark.parametrize(
    "options, kind, message",
    [
        ({"epoch": 3}, TypeError, "dlc.Trainer has no option 'epoch'; did you mean 'epochs'?"),
        ({"epochs": 0}, ValueError, "epochs, batch and checkpoint_epochs are 1 or more"),
        ({"epochs": -1}, ValueError, "option 'epochs' is -1; it is an integer from 0 on"),
        ({"batch": "many"}, ValueError, "option 'batch' is 'many'; it is an integer"),
        ({"schedule": "moon"}, ValueError, "moon"),
        ({"settings": {"rate": 1}}, ValueError, "the model has no hyperparameter 'rate'"),
        ({"monitor": "auc"}, ValueError, "there is no metric 'auc'"),
    ],
)
def test_mistakes_in_options(library, iris, options, kind, message):
    with pytest.raises(kind, match=message):
        dlc.Trainer(library, **{"epochs": 1, **options}).fit(*iris)


def test_what_cannot_be_trained(tmp_path):
    path = dlc.compile(IRIS / "iris.json", tmp_path / "iris.so")
    with pytest.raises(ValueError, match="train"):
        dlc.Trainer(path).fit(np.ones((3, 4)), [0, 1, 2])
    with pytest.raises(dlc.CompileError, match="training"):
        dlc.Trainer(IRIS / "iris.json")


LONG_STEPS = """
import json, pathlib, signal, sys, time
import numpy as np, dlc
path = pathlib.Path(sys.argv[1]) / "m.json"
path.write_text(json.dumps({"dlc": 1, "name": "m", "inputs": [{"name": "x", "shape": ["N", 4]}],
    "layers": [{"op": "dense", "name": f"d{i}", "units": 256, "activation": "relu"} for i in range(8)] + [{"op": "dense", "name": "y", "units": 3}],
    "training": {"loss": {"name": "cross_entropy", "from_logits": True}, "optimizer": "sgd"}}))
rows = 8000
trainer = dlc.Trainer(path, epochs=10**9, batch=rows, checkpoint=path.parent / "c.safetensors", checkpoint_epochs=10**9)
handled = []
if sys.argv[2] == "handler":
    signal.signal(signal.SIGINT, lambda *_: handled.append(1))
def callback(record):
    trainer_model(np.ones((1, 4), np.float32))  # runs a model while the training run waits
    print("began", flush=True)
    return bool(handled)
trainer_model = dlc.Model(dlc.compile(path, path.parent / "other.so"))
x, y = np.random.rand(rows, 4), np.arange(rows) % 3
try:
    trainer.fit(x, y, validation=(x, y), callbacks=[callback])
    print("done", handled)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("ends", [False, True])
def test_callbacks_hide_no_error(library, iris, tmp_path, ends):
    """The checkpoint's folder goes while a callback runs: an error also where the callback ends the run."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()

    def remove(record):
        shutil.rmtree(folder, ignore_errors=True)
        return ends

    with pytest.raises(dlc.TrainingError, match="cannot write"):
        dlc.Trainer(library, epochs=3, batch=13, checkpoint=folder / "c.safetensors").fit(*iris, callbacks=[remove])


@pytest.mark.parametrize("what", ["handler", "none"])
def test_ctrl_c_within_a_step(tmp_path, what):
    process = subprocess.Popen([sys.executable, "-c", LONG_STEPS, str(tmp_path), what], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "began\n"
    threading.Event().wait(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == ("interrupted" if what == "none" else "done [1]"), out
    if what == "none":
        assert (tmp_path / "c.safetensors").exists()


def test_ctrl_c_ends_a_run(library, tmp_path):
    program = (
        "import sys, numpy as np, dlc\n"
        f"trainer = dlc.Trainer({str(library)!r}, epochs=10**9, checkpoint={str(tmp_path / 'c.safetensors')!r}, checkpoint_epochs=10**9)\n"
        "try:\n"
        "    trainer.fit(np.random.rand(600, 4), np.arange(600) % 3, callbacks=[lambda r: r['epoch'] == 1 and print('began', flush=True)])\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', len(trainer.history) > 0, trainer.state is not None)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "began\n"
    threading.Event().wait(0.5)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted True True\n"
