# SPDX-License-Identifier: Apache-2.0
"""Preprocessing layers, against NumPy, and layers that change samples at random: the results are among the possible ones, in the right
shares, other for each sample and step, the same bits for the same seed on any number of threads, and nothing in prediction."""
import json
import math

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")


def compile_layers(folder, layers, shape, kind="f64", gradient=False):
    """`predict` runs the layers as they are in prediction, `train_step` as in training; with `gradient`, that of sum(y k) for the parameter p,
    which is added to x."""
    nodes = [{"op": "Add", "inputs": ["x", "p"], "outputs": ["z"]}] if gradient else []
    nodes += [{"op": "Call", "inputs": ["z" if gradient else "x"], "outputs": ["y"], "attributes": {"function": "predict", "training": True}},
              {"op": "Add", "inputs": ["count", 1], "outputs": ["next"]},
              {"op": "Assign", "inputs": ["next"], "attributes": {"parameter": "count"}}]  # fmt: skip
    inputs, outputs = [{"name": "x", "type": kind, "shape": shape}], ["y"]
    parameters = {"count": {"shape": [1], "value": 0}}
    if gradient:
        nodes += [{"op": "Mul", "inputs": ["y", "k"], "outputs": ["yk"]}, {"op": "ReduceSum", "inputs": ["yk"], "outputs": ["loss"]},
                  {"op": "Gradient", "inputs": ["loss", "p"], "outputs": ["g"]}]  # fmt: skip
        parameters["p"] = {"shape": shape, "type": kind, "value": 0}
        outputs += ["loss", "g"]
    functions = {"predict": {"inputs": inputs, "layers": [*layers[:-1], {**layers[-1], "name": "last"}]},
                 "train_step": {"inputs": inputs + ([{"name": "k", "type": kind, "shape": gradient}] if gradient else []), "nodes": nodes, "outputs": outputs}}  # fmt: skip
    # A library that is open already would be opened again, so each has a name of its own.
    path = folder / f"m{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps({"dlc": 1, "functions": functions, "parameters": parameters}))
    return dlc.compile(path, path.with_suffix(".so"))


def train(model, x, **more):
    return model.run({"x": x, **more}, entry="train_step")


def predict(model, x):
    return model.run({"x": x}, entry="predict")["last"]


@pytest.mark.parametrize("kind", ["u8", "f32", "f64"])
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (5, 3, 8, 9), (2, 3, 17, 64), (0, 3, 4, 4)])
def test_preprocessing(tmp_path, kind, shape):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, shape).astype({"u8": np.uint8, "f32": np.float32, "f64": np.float64}[kind])
    layers = [{"op": "rescaling", "scale": 1 / 255, "offset": -0.5}, {"op": "normalize", "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]}]
    expected = (x / 255 - 0.5 - np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1)) / np.array([0.5, 0.6, 0.7]).reshape(3, 1, 1)
    tolerance = 1e-12 if kind == "f64" else 2e-6
    model = dlc.Model(compile_layers(tmp_path, layers, ["N", *shape[1:]], kind))
    model.new_state(seed=0)
    for y in predict(model, x), train(model, x)["y"]:
        assert y.dtype == (np.float64 if kind == "f64" else np.float32)
        np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance)
    model = dlc.Model(compile_layers(tmp_path, [{"op": "normalize", "mean": 3, "std": 4}, {"op": "standardize", "epsilon": 1e-3}], ["N", *shape[1:]], kind))
    model.new_state(seed=0)
    z = (x - 3.0) / 4
    centered = z - z.mean((1, 2, 3), keepdims=True) if len(z) else z
    y = centered / np.sqrt((centered**2).mean((1, 2, 3), keepdims=True) + 1e-3) if len(z) else z
    np.testing.assert_allclose(predict(model, x), y, rtol=0, atol=1e-10 if kind == "f64" else 1e-4)


@pytest.mark.parametrize("kind", ["i64", "u8", "i32"])
def test_one_hot(tmp_path, kind):
    model = dlc.Model(compile_layers(tmp_path, [{"op": "one_hot", "classes": 7}], ["N", "T"], kind))
    model.new_state(seed=0)
    x = np.array([[0, 6, 3], [7, 1, 200]]).astype({"i64": np.int64, "u8": np.uint8, "i32": np.int32}[kind])
    np.testing.assert_array_equal(predict(model, x), (x[..., None] == np.arange(7)).astype(np.float32))


MIRRORS = {"horizontal": [(), (3,)], "vertical": [(), (2,)], "horizontal_and_vertical": [(), (2,), (3,), (2, 3)]}


@pytest.mark.parametrize("kind, extents", [("f32", (1, 1, 1)), ("f64", (3, 5, 1)), ("u8", (3, 8, 8)), ("f32", (2, 7, 33)), ("f16", (1, 3, 16))])
@pytest.mark.parametrize("mode", MIRRORS)
def test_flip(tmp_path, mode, kind, extents):
    dtype = {"f32": np.float32, "f64": np.float64, "u8": np.uint8, "f16": np.float16}[kind]
    model = dlc.Model(compile_layers(tmp_path, [{"op": "random_flip", "mode": mode, "probability": 0.3}], ["N", *extents], kind))
    model.new_state(seed=1)
    x = np.random.default_rng(2).integers(0, 200, (2000, *extents)).astype(dtype)
    np.testing.assert_array_equal(predict(model, x), x)
    y = train(model, x)["y"]
    candidates = [np.flip(x, axes) for axes in MIRRORS[mode]]
    matches = np.array([(y == c).reshape(len(x), -1).all(1) for c in candidates])
    assert matches.any(0).all()
    if len(set(map(bytes, candidates))) == len(candidates):
        only = matches & (matches.sum(0) == 1)
        for axes, share in zip(MIRRORS[mode], only.sum(1) / only.sum()):
            flips = len(MIRRORS[mode]).bit_length() - 1
            wanted = 0.3 ** len(axes) * 0.7 ** (flips - len(axes))
            assert abs(share - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / only.sum())
    again = train(model, x)["y"]
    assert (again != y).any() or len(set(map(bytes, candidates))) == 1
    for n in 0, 1, 3:
        assert train(model, x[:n])["y"].shape == (n, *extents)


@pytest.mark.parametrize("kind, extents, size, padding", [
    ("f32", (3, 12, 12), (8, 8), 0), ("f64", (1, 7, 5), (7, 5), 2), ("u8", (3, 9, 40), (5, 33), (0, 3)), ("f32", (2, 1, 1), (1, 1), 0),
    ("f32", (1, 3, 4), (5, 6), 1)])  # fmt: skip
def test_crop(tmp_path, kind, extents, size, padding):
    dtype = {"f32": np.float32, "f64": np.float64, "u8": np.uint8}[kind]
    model = dlc.Model(compile_layers(tmp_path, [{"op": "random_crop", "size": size, "padding": padding}], ["N", *extents], kind))
    model.new_state(seed=1)
    x = np.random.default_rng(3).integers(1, 200, (600, *extents)).astype(dtype)
    (channels, height, width), (h, w) = extents, size
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    wide = np.pad(x, [(0, 0), (0, 0), (8, 8), (8, 8)])
    top, left = 8 + (height - h) // 2, 8 + (width - w) // 2
    np.testing.assert_array_equal(predict(model, x), wide[:, :, top : top + h, left : left + w])
    y = train(model, x)["y"]
    assert y.shape == (600, channels, h, w)
    positions = [(i, j) for i in range(height + 2 * ph - h + 1) for j in range(width + 2 * pw - w + 1)]
    matches = np.array([(y == wide[:, :, 8 - ph + i : 8 - ph + i + h, 8 - pw + j : 8 - pw + j + w]).reshape(600, -1).all(1) for i, j in positions])
    assert matches.any(0).all()
    only = matches & (matches.sum(0) == 1)
    for share in only.sum(1) / max(only.sum(), 1):
        assert abs(share - 1 / len(positions)) < 5 * math.sqrt(1 / len(positions) / max(only.sum(), 1))
    for n in 0, 1, 3:
        assert train(model, x[:n])["y"].shape == (n, channels, h, w)


def grey(x):
    return np.tensordot(x, [0.299, 0.587, 0.114], (1, 0))[:, None] if x.shape[1] == 3 else x.mean(1, keepdims=True)


@pytest.mark.parametrize("shape", [(300, 3, 4, 5), (7, 1, 1, 1), (64, 4, 17, 3), (1, 3, 8, 8), (5, 6)])
def test_brightness_and_contrast(tmp_path, shape):
    x = np.random.default_rng(4).standard_normal(shape) + 3
    model = dlc.Model(compile_layers(tmp_path, [{"op": "random_brightness", "factor": 0.3}], ["N", *shape[1:]]))
    model.new_state(seed=5)
    np.testing.assert_array_equal(predict(model, x), x)
    factors = (train(model, x)["y"] / x).reshape(len(x), -1)
    np.testing.assert_allclose(factors, factors[:, :1] * np.ones_like(factors), rtol=1e-12)
    assert (np.abs(factors - 1) <= 0.3).all() and len(np.unique(factors[:, 0].round(9))) == len(x)
    assert len(x) < 100 or (factors.min() < 0.75 and factors.max() > 1.25 and abs(factors.mean() - 1) < 0.05)

    model = dlc.Model(compile_layers(tmp_path, [{"op": "random_contrast", "factor": 0.5}], ["N", *shape[1:]]))
    model.new_state(seed=5)
    np.testing.assert_array_equal(predict(model, x), x)
    spatial = tuple(range(2, len(shape)))
    mean = grey(x).mean(spatial, keepdims=True) if spatial else grey(x)
    distance, y = x - mean, train(model, x)["y"] - mean
    factors = (y * distance).reshape(len(x), -1).sum(1) / np.maximum((distance**2).reshape(len(x), -1).sum(1), 1e-30)
    np.testing.assert_allclose(y, distance * factors.reshape(-1, *[1] * (len(shape) - 1)), rtol=1e-9, atol=1e-12)
    assert np.prod(shape[1:]) == 1 or ((np.abs(factors - 1) <= 0.5).all() and len(np.unique(factors.round(9))) == len(x))


def test_colours(tmp_path):
    x = np.random.default_rng(6).random((200, 3, 5, 7))
    model = dlc.Model(compile_layers(tmp_path, [{"op": "color_jitter", "saturation": 0.4}], ["N", 3, 5, 7]))
    model.new_state(seed=5)
    chroma, y = x - grey(x), train(model, x)["y"]
    factors = ((y - grey(x)) / chroma).reshape(200, -1)
    np.testing.assert_allclose(factors, factors[:, :1] * np.ones_like(factors), rtol=1e-6)
    assert (np.abs(factors - 1) < 0.4 + 1e-9).all() and factors.min() < 0.7 and factors.max() > 1.3

    model = dlc.Model(compile_layers(tmp_path, [{"op": "color_jitter", "hue": 0.1}], ["N", 3, 5, 7]))
    model.new_state(seed=5)
    y = train(model, x)["y"]
    np.testing.assert_allclose(grey(y), grey(x), atol=1e-8)  # luminance stays
    to_iq = np.array([[0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    before, after = (np.einsum("qc,nchw->nqhw", to_iq, image) for image in (x, y))
    before, after = before[:, 0] + 1j * before[:, 1], after[:, 0] + 1j * after[:, 1]
    angles = np.angle(after / before) / (2 * np.pi)
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(angles, angles[:, :1, :1] * np.ones_like(angles), atol=1e-6)
    assert (np.abs(angles) < 0.1 + 1e-6).all() and angles.min() < -0.08 and angles.max() > 0.08

    layers = [{"op": "color_jitter", "brightness": 0.9, "contrast": 0.9, "saturation": 0.9, "hue": 0.5, "value_range": [0.25, 0.75]}]
    model = dlc.Model(compile_layers(tmp_path, layers, ["N", 3, 5, 7], "f32"))
    model.new_state(seed=5)
    y = train(model, x.astype(np.float32))["y"]
    assert y.min() == 0.25 and y.max() == 0.75
    np.testing.assert_array_equal(predict(model, x.astype(np.float32)), x.astype(np.float32))


def test_noise(tmp_path):
    x = np.random.default_rng(7).random((64, 999))
    model = dlc.Model(compile_layers(tmp_path, [{"op": "random_noise", "stddev": 0.5}], ["N", 999]))
    model.new_state(seed=5)
    np.testing.assert_array_equal(predict(model, x), x)
    noise = (train(model, x)["y"] - x) / 0.5
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02 and abs((noise**4).mean() - 3) < 0.2
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 0.02 and len(np.unique(noise)) > 60000


ALL = [{"op": "random_flip", "mode": "horizontal_and_vertical"}, {"op": "random_crop", "size": [5, 20], "padding": [1, 2]},
       {"op": "color_jitter", "brightness": 0.2, "contrast": 0.3, "saturation": 0.4, "hue": 0.2}]  # fmt: skip


def test_same_bits_on_any_number_of_threads(tmp_path):
    x = np.random.default_rng(8).random((67, 3, 7, 23)).astype(np.float32)
    library = compile_layers(tmp_path, [*ALL, {"op": "random_noise"}, {"op": "standardize"}], ["N", 3, 7, 23], "f32")
    results = {}
    for threads, seed in (1, 3), (2, 3), (2, 4):
        model = dlc.Model(library, threads=threads)
        model.new_state(seed=seed)
        results[threads, seed] = np.array([train(model, x)["y"] for _ in range(3)])
    np.testing.assert_array_equal(results[1, 3], results[2, 3])
    steps = results[1, 3]
    assert (steps[0] != steps[1]).any() and (steps[1] != steps[2]).any() and (results[2, 3] != results[2, 4]).any()


def test_crop_beside_its_operand(tmp_path):
    """A kernel that gathers from what it also reads in place must not write over it."""
    layers = [{"op": "rescaling", "scale": 2, "name": "x2"}, {"op": "random_crop", "size": [6, 16], "padding": 2, "name": "crop"},
              {"op": "add", "inputs": ["x2", "crop"]}, {"op": "relu"}]  # fmt: skip
    model = dlc.Model(compile_layers(tmp_path, layers, ["N", 2, 6, 16], "f32"))
    model.new_state(seed=0)
    x = np.random.default_rng(11).random((9, 2, 6, 16)).astype(np.float32)
    cropped, wide = train(model, x)["y"] - 2 * x, np.pad(2 * x, [(0, 0), (0, 0), (2, 2), (2, 2)])
    candidates = [wide[:, :, i : i + 6, j : j + 16] for i in range(5) for j in range(5)]
    assert np.any([np.abs(cropped - c).reshape(9, -1).max(1) < 1e-5 for c in candidates], 0).all()


def test_gradients(tmp_path):
    """All of them are linear once their random numbers are known."""
    rng = np.random.default_rng(9)
    model = dlc.Model(compile_layers(tmp_path, ALL, [6, 3, 7, 23], gradient=[6, 3, 5, 20]))
    x, k = rng.standard_normal((6, 3, 7, 23)), rng.standard_normal((6, 3, 5, 20))

    def run(x):
        model.new_state(seed=3)
        return train(model, x, k=k)

    first = run(x)
    np.testing.assert_allclose(first["loss"], (first["y"] * k).sum(), rtol=1e-10)
    for _ in range(4):
        direction = rng.standard_normal(x.shape)
        np.testing.assert_allclose(run(x + direction)["loss"] - first["loss"], (first["g"] * direction).sum(), rtol=1e-9, atol=1e-9)


def test_alexnet_learns(tmp_path, examples):
    """The example at a sixteenth of its width, on two kinds of images."""
    model = json.loads((examples / "alexnet" / "alexnet_training.json").read_text())
    for layer in model["layers"]:
        for key in "filters", "units":
            if key in layer:
                layer[key] //= 16
    (tmp_path / "m.json").write_text(json.dumps(model))
    model = dlc.Model(dlc.compile(tmp_path / "m.json", tmp_path / "m.so", "--train"), threads=2)
    model.new_state(seed=0)
    rng = np.random.default_rng(10)
    labels = np.arange(16) % 2
    images = rng.integers(0, 128, (16, 3, 256, 256)) + 100 * labels[:, None, None, None] * np.array([1, 0, 0])[:, None, None]
    batch = {"image": images.astype(np.uint8), "label": labels}
    losses = [float(model.run({**batch, "learning_rate": 0.01}, entry="train_step")["loss"]) for _ in range(30)]
    result = model.run(batch, entry="evaluate")
    assert losses[0] > 3 and losses[-1] < 1 and result["accuracy"] >= 0.9


@pytest.mark.parametrize("layer, shape, message", [
    ({"op": "random_flip"}, [3, 4], "layer 'last' expects a rank-4 input, got f32[3, 4]"),
    ({"op": "random_crop", "size": 4}, ["N", 3, "H", 4], "needs to know the height (dimension 2) of its input"),
    ({"op": "random_crop", "size": [4, 9], "padding": 1}, ["N", 3, 4, 4], "crops 9 of 4 elements with 1 of padding at each end"),
    ({"op": "color_jitter", "hue": 0.1}, ["N", 1, 4, 4], "changes colours of 3 channels (red, green, blue), got"),
    ({"op": "random_brightness", "value_range": [1, 0]}, ["N", 1], "has a range that ends before it begins"),
    ({"op": "normalize", "mean": [1, 2], "std": 1}, ["N", 3], "needs one 'mean' for all channels or one each"),
    ({"op": "normalize", "mean": 1, "std": [1, 0]}, ["N", 2], "needs deviations above 0"),
    ({"op": "one_hot", "classes": 3}, ["N"], "expects integers, got f32[N]"),
])  # fmt: skip
def test_errors(tmp_path, layer, shape, message):
    with pytest.raises(dlc.CompileError) as error:
        compile_layers(tmp_path, [layer], shape, "f32")
    assert message in str(error.value)


def test_colours_need_real_numbers(tmp_path):
    with pytest.raises(dlc.CompileError, match="put a layer 'rescaling' before it"):
        compile_layers(tmp_path, [{"op": "random_noise"}], ["N", 4], "u8")
