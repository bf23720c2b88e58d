# SPDX-License-Identifier: Apache-2.0
"""The examples that are trained, on their own data: dlc-run evaluate gives the numbers with which the training run's report ends, and predict
gives what the model's outputs are, from every kind of file."""
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import TOP
from sampling import sample
from train_runs import epochs, train, write_idx

EXAMPLES = TOP / "examples"
DIGITS = EXAMPLES / "digits"


def script(path, *arguments):
    subprocess.run([sys.executable, EXAMPLES / path, *map(str, arguments)], check=True, capture_output=True)


def digits_table(folder):
    return "digits/digits_training.json", [DIGITS / "digits.csv"], [], ["--validation-rows", DIGITS / "digits_test_rows.txt", "--scale", "image=0.0625"]


def digits_idx(folder):
    table = np.loadtxt(DIGITS / "digits.csv", delimiter=",", skiprows=1)
    write_idx(folder / "images.idx", table[:, :64].reshape(-1, 1, 8, 8).astype(np.uint8), 0x08)
    write_idx(folder / "labels.idx", table[:, 64].astype(np.uint8), 0x08)
    return "digits/digits_training.json", ["image=images.idx"], ["label=labels.idx"], ["--validation-split", "0.2", "--scale", "image=0.0625"]


def digits_npz(folder):
    table = np.loadtxt(DIGITS / "digits.csv", delimiter=",", skiprows=1)
    np.savez(folder / "digits.npz", image=table[:, :64].reshape(-1, 1, 8, 8).astype(np.uint8), label=table[:, 64].astype(np.int64))
    return "digits/digits_training.json", ["digits.npz"], [], ["--validation-split", "0.2", "--scale", "image=0.0625"]


def digits_images(folder):
    """A folder of images for each digit."""
    image = pytest.importorskip("PIL.Image")
    table = np.loadtxt(DIGITS / "digits.csv", delimiter=",", skiprows=1)[:400]
    for i, row in enumerate(table):
        (folder / "pictures" / f"{row[64]:.0f}").mkdir(parents=True, exist_ok=True)
        image.fromarray((row[:64] * 15.9375).astype(np.uint8).reshape(8, 8)).save(folder / "pictures" / f"{row[64]:.0f}" / f"{i}.png")
    return "digits/digits_training.json", ["pictures"], [], ["--validation-split", "0.2", "--scale", "image=0.00392156862745098"]


def iris(folder):
    return "iris/iris_training.json", [EXAMPLES / "iris/iris.csv"], [], ["--validation-split", "0.3", "--batch", "15"]


def xor(folder):
    return "xor/xor_training.json", [EXAMPLES / "xor/xor.csv"], [], ["--validation-split", "0.5"]


def growth(folder):
    """Numbers instead of classes, from a table with tabs."""
    (folder / "growth.tsv").write_text((EXAMPLES / "linear-regression/growth.csv").read_text().replace(",", "\t"))
    return "linear-regression/descent.json", ["growth.tsv"], [], ["--validation-split", "0.3", "--batch", "3"]


def lenet(folder):
    script("lenet5/enlarge.py", folder)
    return "lenet5/lenet5.json", ["image=image.npy"], ["label=label.npy"], ["--validation-rows", DIGITS / "digits_test_rows.txt"]


def autoencoder(folder):
    """The label is the input itself."""
    script("digits/digit_arrays.py", folder)
    return "autoencoder/autoencoder.json", ["image=images.npy"], ["label=images.npy"], ["--validation-split", "0.2"]


def text(folder):
    script("gpl3-lstm/sequences.py", TOP / "LICENSE", folder)
    model = json.loads((EXAMPLES / "gpl3-lstm/gpl3.json").read_text())
    return model, ["token=token.npy"], ["label=label.npy"], ["--validation-split", "0.25", "--batch", "16"]


def captions(folder):
    """Two inputs, and labels that are left out."""
    script("video-captioner/make_clips.py", folder, "--clips", 60, "--test-clips", 2)
    return "video-captioner/moving_digits.json", ["frames=frames.npy", "words=words.npy"], ["label=label.npy"], ["--validation-split", "0.3", "--scale", "frames=0.0625"]


SOURCES = [digits_table, digits_idx, digits_npz, digits_images, iris, xor, growth, lenet, autoencoder, text, captions]


@pytest.mark.parametrize("source", sample(SOURCES, 5, 1), ids=lambda source: source.__name__)
def test_evaluation_gives_the_numbers_of_the_report(programs, source):
    model, inputs, labels, options = source(programs.folder)
    if isinstance(model, dict):
        (programs.folder / "model.json").write_text(json.dumps(model))
    path = programs.folder / "model.json" if isinstance(model, dict) else EXAMPLES / model
    library = programs.compile(path, "model.so", "--train", "-O1")
    data = [word for file in [*inputs, *labels] for word in ("--data", file)]
    result = train(programs, library, *data, *options, "--seed", "3", "--epochs", "1", "--checkpoint", "c.safetensors", "--report", "r.html", "--json")
    reported = {name.removeprefix("validation_"): value for name, value in epochs(result)[-1].items() if name.startswith("validation_")}
    confusion = json.loads(result.stdout.splitlines()[-1]).get("confusion")
    weights = ["--variables", "c.safetensors"]
    held_out = [option.replace("--validation-rows", "--rows") if isinstance(option, str) else option for option in options]
    for number in [i for i, option in enumerate(held_out) if option in ("--batch", "--scale")][::-1]:
        del held_out[number : number + 2]  # the checkpoint says how data is scaled
    result = programs.run("dlc-run", "evaluate", library, *inputs, *labels, *weights, *held_out, "--seed", "3", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert reported and found["metrics"] == reported
    assert found.get("confusion") == confusion
    # The page of the report has them, as rounded as it shows them.
    page = re.sub(r"<[^>]*>", " ", (programs.folder / "r.html").read_text())
    assert f"{reported['loss']:.5g}" in page

    result = programs.run("dlc-run", "predict", library, *inputs, *weights, "--output", "p.npy")
    assert result.returncode == 0, result.stderr
    predictions = np.load(programs.folder / "p.npy")
    rows = {len(np.load(programs.folder / file.partition("=")[2])) for file in map(str, inputs) if file.endswith(".npy")}
    assert np.isfinite(predictions).all() and (not rows or len(predictions) == rows.pop())
