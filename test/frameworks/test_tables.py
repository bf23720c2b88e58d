# SPDX-License-Identifier: Apache-2.0
"""Tables of pandas and Arrow as inputs of models and as data of dlc.Trainer; histories as tables and plots."""
import pathlib

import matplotlib
import numpy as np
import pandas
import pyarrow
import pyarrow.csv
import pytest

import dlc

matplotlib.use("Agg")
IRIS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "iris"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return dlc.compile(IRIS / "iris_training.json", tmp_path_factory.mktemp("iris") / "iris.so", train=True)


def test_training_on_tables(library):
    frame = pandas.read_csv(IRIS / "iris.csv")
    table = pyarrow.csv.read_csv(IRIS / "iris.csv")
    features, species = frame.drop(columns=["species"]), frame["species"]
    expected = dlc.Trainer(library, epochs=3).fit(features.to_numpy(), species.tolist(), validation=0.1)
    for X, y in [(frame, "species"), (table, "species"), (features, species), (features, species.astype("category")),
                 (table.drop_columns(["species"]), table["species"])]:  # fmt: skip
        trainer = dlc.Trainer(library, epochs=3)
        history = trainer.fit(X, y, validation=0.1)
        assert history.column("loss") == expected.column("loss")
    trainer.fit(frame, "species", validation=(frame[::2], None))
    assert "validation_accuracy" in trainer.history.names()
    np.testing.assert_allclose(trainer.predict(features), trainer.predict(features.to_numpy()), rtol=1e-6)


def test_what_columns_lack(library):
    frame = pandas.read_csv(IRIS / "iris.csv")
    with pytest.raises(ValueError, match="the table has no column 'kind'; it has 'sepal_length', "):
        dlc.Trainer(library).fit(frame, "kind")
    with pytest.raises(ValueError, match="column 'species' of 'X' has elements of type .*, which are not numbers"):
        dlc.Trainer(library).fit(frame, frame["species"])
    with pytest.raises(dlc.TrainingError, match="nan"):
        dlc.Trainer(library, epochs=1).fit(frame.assign(petal_width=np.nan), "species")


def test_history(library):
    history = dlc.Trainer(library, epochs=4).fit(pandas.read_csv(IRIS / "iris.csv"), "species", validation=0.2)
    assert list(history.to_pandas()["epoch"]) == [1, 2, 3, 4]
    assert history.to_arrow().column("loss").to_pylist() == history.column("loss")
    axes = history.plot()
    assert [line.get_label() for line in axes.lines] == ["loss", "validation_loss"]


def test_inputs_of_a_model(tmp_path):
    model = dlc.Model(dlc.compile(IRIS / "iris.json", tmp_path / "iris.so"))
    frame = pandas.read_csv(IRIS / "iris.csv").drop(columns=["species"]).astype("float32")
    expected = model(frame.to_numpy())
    np.testing.assert_array_equal(model(frame), expected)
    one = dlc.Model(dlc.compile({"dlc": 1, "inputs": [{"name": "x", "shape": ["N"]}], "nodes": [
        {"op": "Relu", "inputs": ["x"], "outputs": ["y"]}], "outputs": ["y"]}))  # fmt: skip
    numbers = pyarrow.array([-1.5, 2.0, 3.0], pyarrow.float32())
    np.testing.assert_array_equal(one(numbers), [0, 2, 3])
    np.testing.assert_array_equal(one(pyarrow.chunked_array([numbers, numbers])), [0, 2, 3] * 2)
    np.testing.assert_array_equal(one(pandas.Series([-1, 2], dtype="float32")), [0, 2])
