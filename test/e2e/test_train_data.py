# SPDX-License-Identifier: Apache-2.0
"""The data of dlc-run train: every format gives the same rows, and what it says about files that are wrong."""

import linear_classifier
import numpy as np
import pytest
from train_runs import epochs, events, library, refuse, table, train, write_arrays  # noqa: F401


def test_rows_that_are_held_back(programs, library, table):
    (programs.folder / "rows.txt").write_text("3\n5 199\n")
    options = ["--data", "data.csv", "--epochs", 1, "--validation-rows", "rows.txt"]
    assert events(train(programs, library, *options, "--json"))[0]["validation_rows"] == 3
    for text, words in [("200", "not a row from 0 to 199"), ("x", "not a row"), ("", "contains no row indices")]:
        (programs.folder / "rows.txt").write_text(text)
        refuse(programs, library, words, *options)


def test_formats_agree(programs, library):
    folder = programs.folder
    x, classes = write_arrays(folder)
    np.savez_compressed(folder / "both.npz", x=x, y=classes)
    np.savez(folder / "one.npz", anything=x)
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


def test_one_row(programs, library, table):
    lines = (programs.folder / "data.csv").read_text().splitlines()
    (programs.folder / "one.csv").write_text(lines[0] + "\n" + lines[1])
    one = ["--data", "one.csv", "--epochs", 1]
    assert np.isfinite(epochs(train(programs, library, *one, "--json"))[0]["loss"])
    refuse(programs, library, "--validation-split 0.2 holds out none of 1 row", *one, "--validation-split", 0.2)
    refuse(programs, library, "--validation-split 0.9 holds out all of 1 row", *one, "--validation-split", 0.9)


def test_values_that_are_no_numbers(programs, library):
    x, classes = linear_classifier.points(np)
    x = x.astype(np.float32)
    x[57, 2] = np.inf
    np.savez(programs.folder / "d.npz", x=x, y=classes)
    result = train(programs, library, "--data", "d.npz")
    assert result.returncode == 1 and "because 'x' holds inf in d.npz:x, row 57" in result.stderr


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
