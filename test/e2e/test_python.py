# SPDX-License-Identifier: Apache-2.0
"""The Python package: compile, describe, run, and be told what is wrong."""
import json
import subprocess
import sys
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


@pytest.mark.parametrize("names", ["probability", ["probability"], ("probability",), {"probability"}], ids=lambda names: type(names).__name__)
def test_selected_outputs(model, names):
    images = random_images(3)
    np.testing.assert_array_equal(model.run({"image": images}, outputs=names)["probability"], model(images))
    assert model.run({"image": images}, outputs=[]) == {}
    with pytest.raises(dlc.Error, match="there is no output 'logits'; the model has 'probability'"):
        model.run({"image": images}, outputs=["logits"])


@pytest.mark.parametrize("inputs", [None, [1.0], np.zeros((1, 1, 8, 8), np.float32)])
def test_run_says_that_it_takes_names(model, inputs):
    with pytest.raises(TypeError, match=r"run takes inputs as a dict of arrays by name, as in model.run\(\{\"x\": x\}\), not as a"):
        model.run(inputs)
    with pytest.raises(TypeError, match="run takes outputs as a dict"):
        model.run({"image": random_images(1)}, outputs=5)


def test_opening_says_what_is_wrong(library):
    with pytest.raises(dlc.Error, match=r"'m.json' is a model: compile it first, by dlc.compile\("):
        dlc.Model("m.json")
    with pytest.raises(ValueError, match="threads is -1; it must be from 1 to 256"):
        dlc.Model(library, threads=-1)
    with pytest.raises(dlc.Error, match="has no entry point 'walk'; it has 'run'"):
        dlc.Model(library).run({}, entry="walk")


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
    ],
    ids=["shape", "rank", "type"],
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
    with pytest.raises(dlc.Error, match="'run' takes 1 input, not 2"):
        model(random_images(1), random_images(1))
    with pytest.raises(dlc.Error, match="has no variables: compile it with --train or --replaceable-weights$"):
        model.new_state()


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
    """What is open stays what it was; what is opened afterwards is what the file contains now, weights in a file beside it included."""

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


@pytest.fixture(scope="module")
def adder(tmp_path_factory):
    """y = (x + i) * s with x: f32[N, 2], i: i64[N, 2], s: f32[]."""
    onnx = pytest.importorskip("onnx")
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["i"], ["f"], to=types.FLOAT),
        helper.make_node("Add", ["x", "f"], ["sum"]),
        helper.make_node("Mul", ["sum", "s"], ["y"]),
    ]
    inputs = [("x", types.FLOAT, ["N", 2]), ("i", types.INT64, ["N", 2]), ("s", types.FLOAT, [])]
    graph = helper.make_graph(
        nodes, "adder", [helper.make_tensor_value_info(*i) for i in inputs], [helper.make_tensor_value_info("y", types.FLOAT, ["N", 2])]
    )
    folder = tmp_path_factory.mktemp("adder")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / "adder.onnx")
    return dlc.Model(dlc.compile(folder / "adder.onnx"))


X, I = np.array([[0.5, -1], [2, 3]], np.float32), np.array([[1, 2], [3, -4]])
UNALIGNED = np.frombuffer(b"?" + X.tobytes(), np.uint8)[1:].view(np.float32).reshape(2, 2)


@pytest.mark.parametrize(
    "x, i, s",
    [
        (X, I, np.float32(2)),
        (X.tolist(), I.tolist(), 2),
        (tuple(map(tuple, X)), I, 2.0),
        ([list(row) for row in X], [[1.0, 2.0], [3.0, -4.0]], True + 1),
        (X.astype(">f4"), I.astype(">i8"), np.array(2, ">f4")),
        (X.astype(np.float16), I.astype(np.int8), np.array(2, np.uint8)),
        (X.astype(">f2"), I.astype(np.uint32).astype(np.int32), np.array(2, np.float16)),
        (np.asfortranarray(X), I.T.copy().T, np.float64(2)),
        (np.repeat(X, 3, axis=1)[:, ::3], np.repeat(I, 2, axis=0)[::2], np.array(2, np.float32)),
        (X[::-1][::-1], np.flip(np.flip(I)), 2),
        (np.broadcast_to(X[:1], (2, 2)), np.broadcast_to(I[:1], (2, 2)), 2),
        (UNALIGNED, I, 2),
    ],
    ids=["arrays", "lists", "tuples", "numbers", "big-endian", "narrower", "narrower-big-endian", "fortran", "strided", "reversed", "broadcast", "unaligned"],
)
def test_converts_what_loses_nothing(adder, x, i, s):
    wanted = (np.asarray(x, np.float32) + np.asarray(i, np.float32)) * np.float32(2)
    np.testing.assert_array_equal(adder(x, i, s), wanted)
    np.testing.assert_array_equal(adder.run({"x": x, "i": i, "s": s})["y"], wanted)


def test_empty_lists_and_extremes(adder):
    assert adder(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int64), 1).shape == (0, 2)
    x = [[np.nan, np.inf], [-np.inf, 3.4028234e38]]
    np.testing.assert_array_equal(adder(x, [[0, 0], [0, 0]], 1), np.array(x, np.float32))
    assert adder([[0, 0]], [[-(2**63), 2**53]], 1).tolist() == [[-(2.0**63), 2.0**53]]


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ((None, I, 1), TypeError, r"input 'x' is f32\[N, 2\], and what is given is None"),
        (("text", I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*the string 'text'"),
        ((object(), I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*a object"),
        (([["a", "b"]], I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*elements of type <U1"),
        (([[None, 1]], I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*elements of type object"),
        ((X.astype(np.complex64), I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*complex64"),
        ((X.astype(np.float64), I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*float64: convert it by .astype\(numpy.float32\)"),
        ((X.astype(np.int32), I, 1), TypeError, r"input 'x' is f32\[N, 2\], .*int32"),
        ((X, X, 1), TypeError, r"input 'i' is i64\[N, 2\], .*float32: convert it by .astype\(numpy.int64\)"),
        ((X, I.astype(np.uint64), 1), TypeError, r"input 'i' is i64\[N, 2\], .*uint64"),
        ((X, [[1.5, 2], [3, 4]], 1), ValueError, r"input 'i' is i64\[N, 2\], and a given number is not an int64"),
        ((X, [[2**63, 0], [0, 0]], 1), ValueError, r"input 'i' is i64\[N, 2\], and a given number is not an int64"),
        ((X, [[2**70, 0], [0, 0]], 1), TypeError, r"input 'i' is i64\[N, 2\], .*object"),
        ((X, [[float("nan"), 0], [0, 0]], 1), ValueError, r"input 'i' .*not an int64"),
        (([[1e300, 0], [0, 0]], I, 1), ValueError, r"input 'x' is f32\[N, 2\], and a given number is not a float32"),
        (([[2**24 + 1, 0], [0, 0]], I, 1), ValueError, r"input 'x' is f32\[N, 2\], and a given number is not a float32"),
        (([[1, 2], [3]], I, 1), ValueError, r"input 'x' is f32\[N, 2\], and the lists given differ in length"),
        ((np.ma.array(X, mask=X == X[0, 0]), I, 1), ValueError, r"input 'x' is f32\[N, 2\], and elements of the masked array given have no value"),
        ((X, I, np.array(2.0)), TypeError, r"input 's' is f32\[\], .*float64"),
        ((X, I, [2.0]), ValueError, "input 's' of 'run' has 1 dimensions, expected 0"),
        ((X[:, :1], I, 1), ValueError, "input 'x'"),
        ((X, I), ValueError, "input 's' of 'run' is missing"),
        ((X, I, 1, 1), ValueError, "'run' takes 3 inputs, not 4"),
    ],
)  # fmt: skip
def test_refusals_name_the_input(adder, arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        adder(*arguments)
    assert isinstance(caught.value, dlc.Error) and caught.value.status > 0


def test_outputs_are_written_in_place_or_refused(adder):
    inputs = {"x": X, "i": I, "s": 1}
    for wrong in [[0, 0], [0, 0]], None, np.zeros((2, 2), ">f4"), np.zeros((2, 2), np.float64):
        with pytest.raises(TypeError, match="output 'y'"):
            adder.run(inputs, outputs={"y": wrong})
    with pytest.raises(TypeError, match="given by name"):
        adder.run({1: X})


def test_children_use_what_their_parent_had(library):
    """A child forked while other threads run the model: runs in it wait for nobody."""
    import multiprocessing

    images = random_images(64)
    model, over = dlc.Model(library, threads=3), threading.Event()
    expected = model(images)

    def work():
        while not over.is_set():
            model(images)

    def child():
        raise SystemExit(0 if np.array_equal(model(images), expected) and np.array_equal(dlc.Model(library, threads=4)(images), expected) else 1)

    threads = [threading.Thread(target=work) for _ in range(2)]
    [thread.start() for thread in threads]
    try:
        for _ in range(8):
            process = multiprocessing.get_context("fork").Process(target=child)
            process.start()
            process.join(60)
            assert process.exitcode == 0
    finally:
        over.set()
        [thread.join() for thread in threads]


def test_the_end_is_quiet(library):
    """A model that something still holds when the interpreter ends, as caches of other packages do."""
    code = f"import ctypes, dlc; model = dlc.Model({str(library)!r}); ctypes.pythonapi.Py_IncRef(ctypes.py_object(model))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
