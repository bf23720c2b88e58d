# SPDX-License-Identifier: Apache-2.0
"""Trainable models under the commands that know nothing about training data: info, bench, run, verify, headers."""
import json

import linear_classifier
import numpy as np
import pytest
from conftest import Programs


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A folder with the library m.so, its header m.h and a checkpoint c.safetensors."""
    programs = Programs(tmp_path_factory.mktemp("variables"))
    (programs.folder / "m.mlir").write_text(linear_classifier.MODEL)
    programs.compile("m.mlir", "m.so", "--header")
    x, classes = linear_classifier.points(np)
    np.savez(programs.folder / "data.npz", x=x, y=classes)
    result = programs.run("dlc-run", "train", "m.so", "--data", "data.npz", "--checkpoint", "c.safetensors", "--epochs", 5)
    assert result.returncode == 0, result.stderr
    return programs


def test_info(learned):
    text = learned.run("dlc-run", "info", "m.so").stdout
    assert "variables 2 of 128 bytes, 12 trainable parameters" in text
    assert "y: f32[N, 3]  (label)" in text and "learning_rate: f32[]  (hyperparameter, default 0.01)" in text
    model = json.loads(learned.run("dlc-run", "info", "m.so", "--json").stdout)
    assert (model["variable_bytes"], model["parameters"]) == (128, 12)
    assert model["variables"][0] == {"name": "dense.weight", "kind": "weight", "type": "f32", "shape": [3, 4]}
    assert model["variables"][1]["kind"] == "slot"
    (entry,) = [entry for entry in model["entry_points"] if entry["name"] == "train_step"]
    assert [tensor.get("default") for tensor in entry["inputs"]] == [None, None, 0.01]


@pytest.mark.parametrize("entry", ["train_step", "evaluate", "predict", "init"])
def test_bench(learned, entry):
    result = learned.run("dlc-run", "bench", "m.so", "--entry", entry, "--symbol", "N=64", "--seconds", 0.05, "--json") if entry != "init" else \
        learned.run("dlc-run", "bench", "m.so", "--entry", entry, "--seconds", 0.05, "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    metrics = json.loads(result.stdout)
    assert metrics.keys() == {"min_ms", "median_ms", "runs", "peak_mb"} and metrics["peak_mb"] > 0


def test_predicts_with_a_checkpoint(learned):
    # Without an entry point a trainable model predicts.
    x = np.eye(4, dtype=np.float32)
    fresh = learned.execute("m.so", {"x": x}, ["score"])["score"]
    np.testing.assert_allclose(fresh, np.full((4, 3), 0.1, np.float32))
    trained = learned.execute("m.so", {"x": x}, ["score"], "--variables", "c.safetensors")["score"]
    assert not np.allclose(trained, fresh)
    result = learned.run("dlc-run", "m.so", "--input", "x=in-x.npy", "--variables", "nowhere.safetensors")
    assert result.returncode == 1 and "cannot open 'nowhere.safetensors'" in result.stderr


def test_header(learned):
    text = (learned.folder / "m.h").read_text()
    for part in "#define DLC_MODEL_M_VARIABLE_BYTES 128u", "y: float[N][3], label", "hyperparameter; the model says 0.01", "dlc_variables_bind":
        assert part in text


def test_other_models_have_no_variables(programs, examples):
    programs.compile(examples / "iris" / "iris.json", "m.so")
    np.save(programs.folder / "x.npy", np.zeros((1, 4), np.float32))
    result = programs.run("dlc-run", "m.so", "--input", "flower=x.npy", "--variables", "c.safetensors")
    assert result.returncode == 1 and "no variables to load" in result.stderr
