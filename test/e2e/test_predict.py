# SPDX-License-Identifier: Apache-2.0
"""dlc-run predict and dlc-run evaluate: what they say is what dlc-run train has measured, on every source of data."""
import csv
import io
import json
import subprocess

import dlc
import linear_classifier
import numpy as np
import pytest
from conftest import TOP
from train_runs import NAMES, epochs, library, read_checkpoint, table, train, write_arrays  # noqa: F401

LAST = "validation_"


def run(programs, *command):
    return programs.run("dlc-run", *command)


def predict(programs, *command):
    """The rows of the CSV that it prints."""
    result = run(programs, "predict", *command)
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def evaluate(programs, *command):
    result = run(programs, "evaluate", *command, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def refuse(programs, words, *command):
    result = run(programs, *command)
    assert result.returncode == 1 and result.stderr.startswith("error: ") and words in result.stderr, result.stderr


def reported(result):
    """The validation metrics of a run's last epoch, and its confusion matrix."""
    reached = epochs(result)[-1]
    confusion = json.loads(result.stdout.splitlines()[-1]).get("confusion")
    return {name.removeprefix(LAST): value for name, value in reached.items() if name.startswith(LAST)}, confusion


def test_every_source_gives_the_numbers_of_training(programs, library):
    folder = programs.folder
    x, classes = write_arrays(folder)
    np.savez(folder / "both.npz", x=x, y=classes)
    fields = [[repr(float(v)) for v in row] for row in x]
    write = lambda name, rows, separator: (folder / name).write_text("\n".join(separator.join(row) for row in rows))
    write("named.csv", [["a", "b", "c", "d", "kind"]] + [[*row, NAMES[k]] for row, k in zip(fields, classes)], ",")
    write("bare.csv", [[*row, str(k)] for row, k in zip(fields, classes)], ",")
    write("front.tsv", [["k", "a", "b", "c", "d"]] + [[str(k), *row] for row, k in zip(fields, classes)], "\t")
    sources = [
        (["x=x.npy"], ["y=k.npy"]),
        (["x=x.npy"], ["y=y.npy"]),
        (["both.npz"], []),
        (["x=x.idx"], ["y=k.idx"]),
        (["named.csv"], []),
        (["bare.csv"], []),
        (["front.tsv"], [], "--label-column", "k"),
    ]
    held_out = ["--validation-split", 0.3, "--seed", 5]
    for inputs, labels, *options in sources:
        data = [word for source in inputs + labels for word in ("--data", source)]
        result = train(programs, library, *data, *options, *held_out, "--epochs", 2, "--scale", "x=0.5", "--checkpoint", "c.safetensors", "--json")
        metrics, confusion = reported(result)
        found = evaluate(programs, library, *inputs, *labels, "--variables", "c.safetensors", *held_out)
        assert found["metrics"] == metrics and found["confusion"] == confusion and found["rows"] == 60, inputs
        rows = predict(programs, library, *inputs, "--variables", "c.safetensors")
        assert len(rows) == 200
        names = NAMES if inputs == ["named.csv"] else ["0", "1", "2"]
        scores = np.array([[float(row[f"score_{name}"]) for name in names] for row in rows])
        assert [row["prediction"] for row in rows] == [names[k] for k in scores.argmax(1)]
        run(programs, "predict", library, *inputs, "--variables", "c.safetensors", "--output", "p.npy")
        stored = np.load(folder / "p.npy")
        np.testing.assert_array_equal(stored, scores.astype(np.float32))


def test_predictions_agree_with_the_reference(programs, library, table):
    """And in all three forms of output, for any batch."""
    x, _ = table
    train(programs, library, "--data", "data.csv", "--epochs", 3, "--checkpoint", "c.safetensors")
    weights = ["--variables", "c.safetensors"]
    rows = predict(programs, library, "data.csv", *weights)
    lines = run(programs, "predict", library, "data.csv", *weights, "--format", "jsonl", "--batch", 7).stdout.splitlines()
    for row, line in zip(rows, map(json.loads, lines), strict=True):
        assert line["prediction"] == row["prediction"]
        assert line["scores"] == {name: pytest.approx(float(row[f"score_{name}"]), rel=1e-5) for name in NAMES}
    weight = read_checkpoint(programs.folder / "c.safetensors")[0]["dense.weight"]
    expected = np.float32([[f"{v:.6f}" for v in row] for row in x]) @ weight.T
    np.testing.assert_allclose([[float(row[f"score_{name}"]) for name in NAMES] for row in rows], expected, rtol=1e-4, atol=1e-6)
    assert [row["prediction"] for row in rows] == [NAMES[k] for k in expected.argmax(1)]


def test_tables_for_predictions(programs, library, table):
    """Columns are found by name; others may be there, the label need not."""
    train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors")
    weights = ["--variables", "c.safetensors"]
    expected = predict(programs, library, "data.csv", *weights)
    with open(programs.folder / "data.csv", newline="") as file:
        rows = list(csv.reader(file))
    for name, order in ("other.csv", [2, 4, 0, 3, 1]), ("inputs.csv", [0, 1, 2, 3]), ("again.csv", [3, 0, 0, 1, 2]):
        with open(programs.folder / name, "w", newline="") as file:
            csv.writer(file).writerows([[row[i] for i in order] for row in rows])
        if name != "again.csv":
            assert predict(programs, library, name, *weights) == expected
    refuse(programs, "there are several columns 'a'", "predict", library, "again.csv", *weights)
    (programs.folder / "short.csv").write_text("a,b,c\n1,2,3\n")
    refuse(programs, "'short.csv' has no column 'd', which the model has learned from", "predict", library, "short.csv", *weights)
    (programs.folder / "rows.txt").write_text("3 5 199")
    assert predict(programs, library, "data.csv", *weights, "--rows", "rows.txt") == [expected[i] for i in (3, 5, 199)]
    (programs.folder / "new.csv").write_text("a,b,c,d,species\n1,2,3,4,rose\n")
    refuse(programs, "new.csv:2: class 'rose' is not one of those that the model learns", "evaluate", library, "new.csv", *weights)


def test_missing_values_and_categories(programs, library):
    """What is learned from a table says how others are read."""
    folder = programs.folder
    (folder / "t.csv").write_text("a,color,size,k\n1,red,,0\n2,blue,3,1\nNA,green,5,2\n3,red,4,0\n")
    options = ["--epochs", 1, "--checkpoint", "c.safetensors"]
    refuse(programs, "'red' in column 'color' is not a number: --one-hot makes a number of each category", "train", library, "--data", "t.csv")
    refuse(programs, "the field in column 'size' is empty: --impute fills in", "train", library, "--data", "t.csv", "--ignore-column", "color")
    refuse(programs, "column 'k' of 't.csv' is the label, so that it cannot be --one-hot", "train", library, "--data", "t.csv", "--one-hot", "k")
    refuse(programs, "has 5 columns for input 'x', which needs 4", "train", library, "--data", "t.csv", "--one-hot", "color", "--impute", "mean")
    convert = ["--one-hot", "color", "--impute", "median", "--ignore-column", "size"]
    assert train(programs, library, "--data", "t.csv", *convert, *options).returncode == 0
    (folder / "p.csv").write_text("color,a\ngreen,2\nred,\n")
    first, second = predict(programs, library, "p.csv", "--variables", "c.safetensors")
    weight = read_checkpoint(folder / "c.safetensors")[0]["dense.weight"]
    # The columns are a, blue, green and red; the median of a is 2.
    for row, numbers in (first, [2, 0, 1, 0]), (second, [2, 0, 0, 1]):
        np.testing.assert_allclose(weight @ numbers, [float(row[f"score_{k}"]) for k in range(3)], rtol=1e-5)
    (folder / "p.csv").write_text("color,a\npink,2\n")
    refuse(programs, "'pink' in column 'color' is not one of the categories", "predict", library, "p.csv", "--variables", "c.safetensors")


def test_images(programs):
    """A folder for each class to compare with; single files and plain folders to predict."""
    image = pytest.importorskip("PIL.Image")
    source = linear_classifier.MODEL.replace("?x4x", "?x1x2x2x").replace('["N", 4]', '["N", 1, 2, 2]').replace(
        "%score = dlc.matmul %x,",
        "%flat = dlc.reshape %x {shape = array<i64: -1, 4>} : (tensor<?x1x2x2xf32>) -> tensor<?x4xf32>\n  %score = dlc.matmul %flat,",
    ).replace("(tensor<?x1x2x2xf32>, tensor<3x4xf32>)", "(tensor<?x4xf32>, tensor<3x4xf32>)")  # fmt: skip
    (programs.folder / "m.mlir").write_text(source)
    programs.compile("m.mlir", "m.so")
    generator = np.random.default_rng(0)
    for name in ["dark", "left", "top"]:
        (programs.folder / "images" / name).mkdir(parents=True)
        for i in range(5):
            image.fromarray(generator.integers(0, 255, (4 + i, 5, 3), np.uint8)).save(programs.folder / "images" / name / f"{i}.png")
    options = ["--scale", "x=0.00392156862745098", "--epochs", 3, "--checkpoint", "c.safetensors", "--json"]
    metrics, confusion = reported(train(programs, "m.so", "--data", "images", "--validation", "images", *options))
    weights = ["--variables", "c.safetensors"]
    found = evaluate(programs, "m.so", "images", *weights)
    assert found["metrics"] == metrics and found["confusion"] == confusion and found["classes"] == ["dark", "left", "top"]
    every = predict(programs, "m.so", "images", *weights)
    assert [row["file"] for row in every] == sorted(f"images/{name}/{i}.png" for name in ["dark", "left", "top"] for i in range(5))
    assert predict(programs, "m.so", "images/left", *weights) == every[5:10]
    assert predict(programs, "m.so", "images/top/2.png", "images/dark/4.png", *weights) == [every[12], every[4]]
    refuse(programs, "cannot read 'images/left/9.png'", "predict", "m.so", "images/left/9.png", *weights)


def test_mistakes(programs, library, table):
    refuse(programs, "is trainable, and its weights are in a checkpoint: add --variables", "predict", library, "data.csv")
    refuse(programs, "there is no data", "predict", library)
    train(programs, library, "--data", "data.csv", "--epochs", 1, "--checkpoint", "c.safetensors")
    weights = ["--variables", "c.safetensors"]
    refuse(programs, "cannot be printed", "predict", library, "data.csv", *weights, "--format", "npy")
    refuse(programs, "no input or label 'z'", "predict", library, "data.csv", *weights, "--scale", "z=1")
    refuse(programs, "changes the model", "predict", library, "data.csv", *weights, "--entry", "train_step")
    refuse(programs, "cannot write", "predict", library, "data.csv", *weights, "--output", "missing/p.csv")


def test_a_library_tells_what_it_has_learned_from(programs):
    """Compiled with a checkpoint's weights, it needs the checkpoint no longer."""
    folder = programs.folder
    layers = [{"op": "dense", "name": "tree", "units": 3, "activation": "softmax"}]
    training = {"loss": "cross_entropy", "optimizer": {"name": "sgd", "learning_rate": 0.1}, "metrics": ["accuracy"]}
    model = {"dlc": 1, "name": "trees", "inputs": [{"name": "x", "shape": ["N", 4]}], "layers": layers, "training": training}
    (folder / "trees.json").write_text(json.dumps(model))
    library = programs.compile("trees.json", "trainer.so", "--train")
    x, classes = write_arrays(folder)
    names = ['white "oak"\\', "ash??/", "\u00fclme"]
    with open(folder / "trees.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "d", "tree"]] + [[*map(str, row), names[k]] for row, k in zip(x, classes)])
    data = ["--data", "trees.csv", "--epochs", 1]
    refuse(programs, "no column 'e'", "train", library, *data, "--unit", "e=cm")
    refuse(programs, "--unit takes COLUMN=UNIT, not 'cm'", "train", library, *data, "--unit", "cm")
    units = ["--unit", "b=cm", "--unit", "d=mm"]
    assert train(programs, library, *data, *units, "--scale", "x=0.5", "--checkpoint", "c.safetensors").returncode == 0
    for name in "fixed.so", "fixed.o":
        programs.compile("trees.json", name, "--parameters", "c.safetensors", "--name", "trees")
    found = evaluate(programs, "fixed.so", "trees.csv")
    assert found["confusion"] == evaluate(programs, library, "trees.csv", "--variables", "c.safetensors")["confusion"]
    rows = predict(programs, "fixed.so", "trees.csv")
    assert rows[0].keys() == {"prediction", *(f"score_{name}" for name in names)}
    for row, expected in zip(rows, predict(programs, library, "trees.csv", "--variables", "c.safetensors"), strict=True):
        assert row["prediction"] == expected["prediction"]
        for name in names:
            assert abs(float(row["score_" + name]) - float(expected["score_" + name])) < 1e-5
    described = json.loads(run(programs, "info", "fixed.so", "--json").stdout)["data"]
    assert described["classes"] == sorted(names) and described["inputs"][0]["units"] == {"b": "cm", "d": "mm"}
    told = run(programs, "info", "fixed.so").stdout
    assert "columns   a, b (cm), c, d (mm)\n" in told and "scale     x times 0.5\n" in told and "label     tree\n" in told
    assert json.loads(run(programs, "info", library, "--json").stdout)["data"] is None
    listed = json.loads(run(programs, "info", "fixed.so", "--layers", "--json").stdout)
    assert listed == json.loads(run(programs, "info", "trees.json", "--layers", "--json").stdout) and listed[0]["parameters"] == 15
    opened = dlc.Model(str(folder / "fixed.so"))
    assert opened.data == described and opened.layers == [tuple(layer.values()) for layer in listed]
    header = (folder / "trees.h").read_text()
    assert "'a', 'b' in cm, 'c', 'd' in mm; numbers of the data times 0.5" in header
    (folder / "main.c").write_text(
        '#include "trees.h"\nint main(void) {\n  for (int i = 0; i < 3; ++i)\n    puts(trees_class_name(i));\n'
        "  return trees_class_name(3) || trees_class_name(-1);\n}\n"
    )
    include = str(TOP / "runtime" / "include")
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "main.c", "fixed.o", "-lm", "-o", "main"], cwd=folder, check=True)
    assert subprocess.run([folder / "main"], check=True, capture_output=True, text=True).stdout.split("\n") == [*sorted(names), ""]
