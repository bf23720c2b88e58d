# SPDX-License-Identifier: Apache-2.0
"""Training from Python: states as mappings of arrays, steps, checkpoints that other programs read."""
import gc

import linear_classifier
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learn")
    (folder / "m.mlir").write_text(linear_classifier.MODEL)
    return dlc.compile(folder / "m.mlir")


@pytest.fixture
def model(library):
    return dlc.Model(library)


@pytest.fixture
def batch():
    x, classes = linear_classifier.points(np)
    return {"x": x.astype(np.float32), "y": np.eye(3, dtype=np.float32)[classes]}


def step(model, batch, **settings):
    return float(model.run({**batch, **settings}, entry="train_step")["loss"])


def test_learns_as_the_reference(model, batch):
    state = model.new_state()
    losses = [step(model, batch, learning_rate=0.05) for _ in range(10)]
    assert losses[-1] < losses[0]
    wanted = linear_classifier.reference(np, [(batch["x"], batch["y"])] * 10, rate=0.05)
    np.testing.assert_allclose(state["dense.weight"], wanted, rtol=1e-4, atol=1e-5)


def test_hyperparameters_have_defaults(model, batch):
    (tensor,) = [t for e in model.entry_points if e.name == "train_step" for t in e.inputs if t.default is not None]
    assert (tensor.name, tensor.default) == ("learning_rate", 0.01)
    assert [t.is_label for e in model.entry_points if e.name == "evaluate" for t in e.inputs] == [False, True]
    results = []
    for settings in {}, {"learning_rate": 0.01}, {"learning_rate": np.array(0.01, np.float32)}:
        state = model.new_state()
        step(model, batch, **settings)
        results.append(np.array(state["dense.weight"]))
    assert all((result == results[0]).all() for result in results)


def test_state_is_a_mapping(model):
    state = model.new_state()
    assert list(state) == ["dense.weight", "dense.weight.velocity"] and len(state) == 2
    assert "dense.weight" in state and "dense.bias" not in state and 3 not in state
    assert {name: array.shape for name, array in dict(state).items()} == {name: (3, 4) for name in state}
    with pytest.raises(KeyError):
        state["dense.bias"]
    state["dense.weight"][1, 2] = 7
    assert state["dense.weight"][1, 2] == 7
    state["dense.weight"] = np.full((3, 4), 2, np.float32)
    assert (state["dense.weight"] == 2).all()
    for wrong in np.zeros((4, 3), np.float32), np.zeros((3, 4)), None, "text", [[1, 2], [3]], [[1e300] * 4] * 3:
        with pytest.raises(dlc.Error, match=r"'dense.weight' is f32\[3, 4\]") as caught:
            state["dense.weight"] = wrong
        assert isinstance(caught.value, (TypeError, ValueError))
    state["dense.weight"] = [[0.5] * 4] * 3
    assert (state["dense.weight"] == 0.5).all()
    state["dense.weight"] = np.full((3, 4), 3, ">f4")
    assert (state["dense.weight"] == 3).all()


def test_predicts_with_what_it_is_given(model):
    state = model.new_state()
    state["dense.weight"] = np.arange(12, dtype=np.float32).reshape(3, 4)
    score = model.run({"x": np.eye(4, dtype=np.float32)}, entry="predict")["score"]
    np.testing.assert_array_equal(score.T, state["dense.weight"])


def test_without_a_name_it_predicts(model, batch):
    """The first entry point of a trainable model is `init`, which overwrites all that was learned."""
    assert model.entry_points[0].name == "init"
    state = model.new_state()
    state["dense.weight"] = np.arange(12, dtype=np.float32).reshape(3, 4)
    before = {name: np.array(state[name]) for name in state}
    x = np.eye(4, dtype=np.float32)
    for score in model(x), model.run({"x": x})["score"], model(x.tolist()):
        np.testing.assert_array_equal(score.T, before["dense.weight"])
    assert all((state[name] == before[name]).all() for name in state)


def test_needs_variables(model, batch):
    with pytest.raises(dlc.Error):
        step(model, batch)


def test_several_states(library, model, batch):
    first, second = model.new_state(), model.new_state()
    step(model, batch)
    assert (first["dense.weight"] == np.float32(0.1)).all() and not (second["dense.weight"] == np.float32(0.1)).all()
    model.bind(first)
    step(model, batch)
    np.testing.assert_array_equal(first["dense.weight"], second["dense.weight"])


def test_arrays_outlive_their_model(library):
    model = dlc.Model(library)
    weight = model.new_state()["dense.weight"]
    del model
    gc.collect()
    assert (weight == np.float32(0.1)).all()


def test_checkpoints(model, batch, tmp_path):
    state = model.new_state()
    step(model, batch)
    state.save(tmp_path / "c.safetensors", {"epoch": "3"})
    other = model.new_state()
    other.load(tmp_path / "c.safetensors")
    for name in state:
        np.testing.assert_array_equal(state[name], other[name])
    assert model.read_metadata(tmp_path / "c.safetensors", "epoch") == "3"
    assert model.read_metadata(tmp_path / "c.safetensors", "step") is None
    fresh = model.new_state()
    fresh.load(tmp_path / "c.safetensors", weights_only=True)
    assert (fresh["dense.weight.velocity"] == 0).all()
    np.testing.assert_array_equal(fresh["dense.weight"], state["dense.weight"])
    with pytest.raises(dlc.Error, match="No such file"):
        state.load(tmp_path / "nowhere.safetensors")


def test_other_programs_read_and_write_them(model, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    state = model.new_state()
    state.save(tmp_path / "c.safetensors", {"note": 'a "quoted" \\ text\n\u00e4 \U0001f642'})
    tensors = safetensors.load_file(tmp_path / "c.safetensors")
    assert sorted(tensors) == sorted(state)
    for name in state:
        np.testing.assert_array_equal(tensors[name], state[name])
    from safetensors import safe_open

    with safe_open(tmp_path / "c.safetensors", "numpy") as file:
        assert file.metadata() == {"note": 'a "quoted" \\ text\n\u00e4 \U0001f642'}

    weight = np.random.default_rng(0).random((3, 4), dtype=np.float32)
    safetensors.save_file({"dense.weight": weight}, tmp_path / "w.safetensors", {"\u00fc": "\u0001\u20ac\U0001f642"})
    with pytest.raises(dlc.Error, match=r"it lacks 'dense.weight.velocity', which is f32\[3, 4\]"):
        state.load(tmp_path / "w.safetensors")
    state.load(tmp_path / "w.safetensors", partial=True)
    np.testing.assert_array_equal(state["dense.weight"], weight)
    state.load(tmp_path / "w.safetensors", prefix="dense.weight", weights_only=True)
    assert model.read_metadata(tmp_path / "w.safetensors", "\u00fc") == "\u0001\u20ac\U0001f642"

    safetensors.save_file({"dense.weight": weight.T.copy(), "more": weight}, tmp_path / "w.safetensors")
    with pytest.raises(dlc.Error, match=r"'dense.weight' is f32\[4, 3\] there and f32\[3, 4\] in model .* more difference"):
        state.load(tmp_path / "w.safetensors")
