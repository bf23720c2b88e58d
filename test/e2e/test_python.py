# SPDX-License-Identifier: Apache-2.0
"""The Python package: compile, describe, run, and be told what is wrong."""
import json
import threading

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    from conftest import TOP

    return dlc.compile(TOP / "examples" / "digits" / "digits_cnn.onnx", tmp_path_factory.mktemp("python") / "digits.so")


@pytest.fixture
def model(library):
    return dlc.Model(library)


def random_images(count):
    return np.random.default_rng(0).random((count, 1, 8, 8), dtype=np.float32)


def test_describes_itself(model):
    assert model.name == "digits"
    (entry,) = model.entry_points
    assert entry.name == "run"
    assert [(t.name, t.type, list(t.shape)) for t in entry.inputs] == [("image", "f32", ["N", 1, 8, 8])]
    assert [(t.name, t.type, list(t.shape)) for t in entry.outputs] == [("probability", "f32", ["N", 10])]
    assert "image: f32" in repr(entry)


def test_call_and_run_agree(model):
    images = random_images(5)
    called = model(images)
    assert isinstance(called, np.ndarray) and called.shape == (5, 10) and called.dtype == np.float32
    np.testing.assert_array_equal(called, model.run({"image": images})["probability"])


def test_results_are_fresh_arrays(model):
    first = model(random_images(2))
    kept = first.copy()
    model(random_images(2) * 0)
    np.testing.assert_array_equal(first, kept)


def test_writes_in_place(model):
    images, out = random_images(3), np.empty((3, 10), np.float32)
    result = model.run({"image": images}, outputs={"probability": out})["probability"]
    np.testing.assert_array_equal(out, model(images))
    assert result.ctypes.data == out.ctypes.data


def test_threads_do_not_change_bits(library):
    images = random_images(64)
    assert dlc.Model(library, threads=2)(images).tobytes() == dlc.Model(library)(images).tobytes()


def test_models_in_many_threads(library):
    images = random_images(16)
    expected = dlc.Model(library)(images)
    shared, wrong = dlc.Model(library), []

    def work():
        for _ in range(20):
            if not np.array_equal(shared(images), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


@pytest.mark.parametrize(
    "images, words",
    [
        (np.zeros((2, 1, 8, 9), np.float32), "image"),
        (np.zeros((2, 8, 8), np.float32), "image"),
        (np.zeros((2, 1, 8, 8), np.float64), "image"),
        (np.zeros((2, 1, 8, 16), np.float32)[..., ::2], "image"),
    ],
    ids=["shape", "rank", "type", "strides"],
)
def test_refuses(model, images, words):
    with pytest.raises(dlc.Error, match=words) as caught:
        model(images)
    assert caught.value.status > 0


def test_refuses_names_and_counts(model):
    with pytest.raises(dlc.Error, match="image"):
        model.run({"imaeg": random_images(1)})
    with pytest.raises(dlc.Error, match="missing"):
        model.run({})
    with pytest.raises(dlc.Error, match="walk"):
        model.run({"image": random_images(1)}, entry="walk")
    with pytest.raises(dlc.Error):
        model(random_images(1), random_images(1))


def test_refuses_what_is_no_library(tmp_path):
    with pytest.raises(dlc.Error):
        dlc.Model(tmp_path / "nowhere.so")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(dlc.Error):
        dlc.Model(tmp_path / "text.so")


def test_compile_reports_diagnostics(tmp_path):
    (tmp_path / "broken.json").write_text('{"dlc": 1,\n "nmae": "x"}')
    with pytest.raises(dlc.CompileError, match=r"broken.json:2:2: error: unknown key 'nmae'"):
        dlc.compile(tmp_path / "broken.json")
    assert not (tmp_path / "broken.so").exists()


def test_library_that_was_compiled_anew(tmp_path):
    """What is open stays what it was; what is opened afterwards is what the file holds now, weights in a file beside it included."""

    def write(value, *options):
        layer = {"op": "dense", "name": "d", "units": 1}
        weights = {"d": {"weight": [[value]], "bias": [0.0]}}
        model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 1]}], "layers": [layer], "weights": weights}
        (tmp_path / "m.json").write_text(json.dumps(model))
        return dlc.compile(tmp_path / "m.json", tmp_path / "m.so", *options)

    x, models = np.ones((1, 1), np.float32), []
    for value in range(1, 6):
        path = write(float(value), *(["--weights=file"] if value > 2 else []))
        models.append(dlc.Model(path))
        # Opened twice, it is one library.
        assert dlc.Model(path)(x) == value
    assert [model(x) for model in models] == [1, 2, 3, 4, 5]
