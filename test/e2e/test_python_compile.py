# SPDX-License-Identifier: Apache-2.0
"""dlc.compile: models in memory, options as keywords, and what it says of mistakes."""
import importlib
import importlib.metadata
import json
import os
import pickle
import re
import signal
import stat
import subprocess
import sys
import threading

import numpy as np
import onnx
import onnx.helper
import pytest

from conftest import BIN, TOP

dlc = pytest.importorskip("dlc")
from dlc._options import KEYWORDS  # noqa: E402

DIGITS = TOP / "examples" / "digits"


def linear_model(rows, columns, seed=0):
    """x[N, rows] @ w, and the sum of each row of that, as an ONNX model; and w."""
    weight = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    nodes = [
        onnx.helper.make_node("MatMul", ["x", "w"], ["product"]),
        onnx.helper.make_node("ReduceSum", ["product", "axes"], ["sum"], keepdims=0),
    ]
    tensor = lambda name, shape: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    graph = onnx.helper.make_graph(
        nodes, "linear", [tensor("x", ["N", rows])], [tensor("product", ["N", columns]), tensor("sum", ["N"])],
        [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(np.array([1]), "axes")],
    )  # fmt: skip
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), weight


@pytest.mark.parametrize("rows, columns, count", [(1, 1, 1), (7, 3, 5), (13, 17, 0), (64, 33, 31)])
def test_onnx_in_memory(rows, columns, count):
    proto, weight = linear_model(rows, columns)
    x = np.random.default_rng(1).standard_normal((count, rows)).astype(np.float32)
    results = dlc.Model(dlc.compile(proto, opt_level=1))(x)
    np.testing.assert_allclose(results.product, x @ weight, atol=1e-4)
    np.testing.assert_allclose(results["sum"], (x @ weight).sum(1), atol=1e-4)


def test_json_in_memory(monkeypatch):
    monkeypatch.chdir(DIGITS)
    content = json.loads((DIGITS / "digits.json").read_text())
    images = np.random.default_rng(2).random((5, 1, 8, 8), dtype=np.float32)
    expected = dlc.Model(dlc.compile(DIGITS / "digits_cnn.onnx", dlc._compile._temporary_folder() / "m.so"))(images)
    np.testing.assert_allclose(dlc.Model(dlc.compile(content))(images), expected, atol=1e-5)
    # Arrays as weights.
    model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 2]}], "layers": [{"op": "dense", "name": "d", "units": 1}],
             "weights": {"d": {"weight": np.array([[2.0, 3.0]]), "bias": np.array([1.0])}}}  # fmt: skip
    np.testing.assert_array_equal(dlc.Model(dlc.compile(model))(np.float32([[10, 100]])), [[321]])


def test_results_have_names():
    proto, _ = linear_model(3, 2)
    model = dlc.Model(dlc.compile(proto))
    results = model(x=np.ones((4, 3), np.float32))
    assert list(results.keys()) == ["product", "sum"] and len(results) == 2
    product, total = results
    assert product is results.product is results[0] and total is results["sum"]
    with pytest.raises(KeyError, match="there is no output 'scores'; the outputs are 'product', 'sum'"):
        results["scores"]
    with pytest.raises(AttributeError, match="there is no output 'scores'"):
        results.scores
    again = pickle.loads(pickle.dumps(results))
    np.testing.assert_array_equal(again.product, product)


def test_inputs_by_name():
    model = dlc.Model(dlc.compile(linear_model(3, 2)[0]))
    x = np.ones((1, 3), np.float32)
    with pytest.raises(ValueError, match="input 'x' of 'run' is given twice"):
        model(x, x=x)
    with pytest.raises(dlc.Error, match="there is no input 'y'; the model has 'x'"):
        model(y=x)
    with pytest.raises(ValueError, match="input 'x' of 'run' is missing"):
        model()


def test_repr_and_pickle():
    model = dlc.Model(dlc.compile(linear_model(3, 2)[0]), threads=2)
    assert repr(model).endswith("threads=2)\n  run(x: f32[N, 3]) -> (product: f32[N, 2], sum: f32[N])")
    assert os.path.isabs(model.path) and model.threads == 2
    again = pickle.loads(pickle.dumps(model))
    assert again.path == model.path and again.threads == 2
    x = np.random.default_rng(0).random((9, 3), dtype=np.float32)
    np.testing.assert_array_equal(again(x).product, model(x).product)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method):
    import multiprocessing

    model = dlc.Model(dlc.compile(linear_model(3, 2)[0]))
    x = np.random.default_rng(0).random((9, 3), dtype=np.float32)
    expected = model(x).product
    with multiprocessing.get_context(method).Pool(2) as pool:
        for result in pool.map(model, [x] * 5):
            np.testing.assert_array_equal(result.product, expected)


@pytest.mark.parametrize("kind", ["fortran", "big-endian", "strided", "negative", "list", "unaligned"])
def test_arrays_of_any_order(kind):
    proto, weight = linear_model(5, 4)
    plain = np.random.default_rng(6).standard_normal((7, 5)).astype(np.float32)
    given = {
        "fortran": lambda: np.asfortranarray(plain),
        "big-endian": lambda: plain.astype(">f4"),
        "strided": lambda: np.repeat(plain, 3, axis=1)[:, ::3],
        "negative": lambda: plain[::-1, ::-1].copy()[::-1, ::-1],
        "list": lambda: plain.tolist(),
        "unaligned": lambda: np.frombuffer(b"x" + plain.tobytes(), np.float32, offset=1, count=35).reshape(7, 5),
    }[kind]()
    np.testing.assert_allclose(dlc.Model(dlc.compile(proto))(given).product, plain @ weight, atol=1e-5)


@pytest.mark.parametrize(
    "keywords, kind, message",
    [
        ({"optlevel": 2}, TypeError, "has no option 'optlevel'; did you mean 'opt_level'?"),
        ({"zzz": 2}, TypeError, "has no option 'zzz'; the options are cache, "),
        ({"opt_level": 4}, ValueError, "option 'opt_level' is 4; it is 0, 1, 2 or 3"),
        ({"opt_level": True}, ValueError, "option 'opt_level' is True"),
        ({"math": "quick"}, ValueError, "option 'math' is 'quick'; it is one of 'strict', 'default', 'fast'"),
        ({"train": 1}, TypeError, "option 'train' is 1; it is True, a dict that says how to train the model, or the path of a file that does"),
        ({"replaceable_weights": 1}, TypeError, "option 'replaceable_weights' is 1; it is True or False"),
        ({"shapes": [1, 2]}, TypeError, r"option 'shapes' is \[1, 2\]; it is a dict"),
        ({"shapes": {"x": "1x2"}}, TypeError, "option 'shapes' has '1x2' for 'x'"),
        ({"memory_limit": 0}, ValueError, "option 'memory_limit' is 0"),
        ({"jobs": 0}, ValueError, "option 'jobs' is 0; it is an integer from 1 on"),
        ({"op": {"windows": 3}}, TypeError, "option 'op' is {'windows': 3}; it is the name of an op, a list"),
        ({"op": 3}, TypeError, "option 'op' is 3"),
        ({"records": 3}, TypeError, "option 'records' is 3"),
        ({"target": "z80"}, dlc.CompileError, "z80"),
        ({"inputs": [1]}, TypeError, "`inputs` belongs to PyTorch modules and scikit-learn estimators"),
        ({"dynamic_shapes": {}}, TypeError, "`dynamic_shapes` belongs to PyTorch modules"),
    ],
)
def test_options_are_checked(keywords, kind, message):
    with pytest.raises(kind, match=message):
        dlc.compile(linear_model(3, 2)[0], **keywords)


def test_options_arrive(tmp_path):
    proto, _ = linear_model(3, 2)
    model = dlc.Model(dlc.compile(
        proto, tmp_path / "m.so", target="x86-64-v2", opt_level=0, math="strict", shapes={"x": (4, 3)}, header=True, name="mine", cache=False,
        report=tmp_path / "r.html", jobs=1, memory_limit="1GB", weights="embed", train=False, replaceable_weights=True, records=None))  # fmt: skip
    run = next(entry for entry in model.entry_points if entry.name == "run")
    assert model.target == "x86-64-v2" and model.name == "mine" and list(run.inputs[0].shape) == [4, 3]
    assert (tmp_path / "mine.h").exists() and (tmp_path / "r.html").exists()


def test_every_option_of_the_command_is_a_keyword():
    """Of those that decide what is compiled and how; what only looks inside the compiler is passed as strings."""
    text = subprocess.run([BIN / "dlc", "--help"], capture_output=True, text=True, check=True).stdout
    groups = {group.split(":\n")[0].strip(): group for group in text.split("\n\n")}
    lines = (groups["Output"] + groups["Code"]).splitlines()
    known = {line.split()[0].split(",")[-1].lstrip("-") for line in lines if line.startswith("  -")} - {"output"}
    assert {"target", "O", "header"} <= known
    names = {"O": "opt_level", "shape": "shapes"}
    missing = {name for name in known if names.get(name, name.replace("-", "_")) not in KEYWORDS}
    assert not missing, f"give these a keyword in python/dlc/_options.py: {missing}"


@pytest.mark.parametrize("model", [3, None, [1], object()])
def test_what_is_no_model(model):
    with pytest.raises(TypeError, match="dlc.compile takes a path, an onnx.ModelProto"):
        dlc.compile(model)


def test_a_broken_dict_is_told():
    with pytest.raises(dlc.CompileError, match="the model lacks 'dlc'"):
        dlc.compile({"layers": []})
    with pytest.raises(dlc.CompileError, match="the dict is not a JSON model"):
        dlc.compile({"dlc": object()})


def test_a_crash_stays_in_the_compiler(monkeypatch, tmp_path):
    crashing = tmp_path / "dlc"
    crashing.write_text("#!/bin/sh\necho about to crash >&2\nkill -SEGV $$\n")
    crashing.chmod(crashing.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("DLC_PROGRAM", str(crashing))
    with pytest.raises(dlc.CompileError, match="ended by SIGSEGV, which is a bug of dlc's.*\nabout to crash"):
        dlc.compile(linear_model(3, 2)[0])


def test_interpreter_without_frameworks():
    """`import dlc` imports no framework, and not even NumPy, and finds models without them."""
    program = "import sys, dlc; assert not {'torch', 'sklearn', 'onnx', 'pandas'} & set(sys.modules); print(dlc.__version__)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "0.1.0\n"


def test_compiles_in_threads():
    paths = [None] * 3
    protos = [linear_model(3 + i, 2)[0] for i in range(3)]

    def work(i):
        paths[i] = dlc.compile(protos[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, path in enumerate(paths):
        assert list(dlc.Model(path).entry_points[0].inputs[0].shape) == ["N", 3 + i]


def test_ctrl_c_leaves_nothing(tmp_path):
    sleeping = tmp_path / "dlc"
    sleeping.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeping.chmod(sleeping.stat().st_mode | stat.S_IXUSR)
    program = "import dlc\ntry:\n  print('ready', flush=True)\n  dlc.compile({'dlc': 1})\nexcept KeyboardInterrupt:\n  print('interrupted')\n"
    environment = {**os.environ, "DLC_PROGRAM": str(sleeping), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    threading.Event().wait(1)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "interrupted\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dlc"]


def test_messages_about_models_in_memory():
    """They name the text that the compiler has read, not a folder that is gone."""
    with pytest.raises(dlc.CompileError) as error:
        dlc.compile({"dlc": 1, "inputs": [], "layres": []}, train={"loss": "cros"})
    assert re.match(r"(model|training)\.json:\d+:\d+: error: ", str(error.value)) and "/" not in str(error.value), error.value


def test_frameworks_that_are_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"dlc.torch_backend needs torch: pip install 'dlc\[torch\]'"):
        dlc.torch_backend
    for name in [name for name in sys.modules if name.startswith("dlc.onnx_backend")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"dlc.onnx_backend needs the package onnx: pip install 'dlc\[onnx\]'"):
        importlib.import_module("dlc.onnx_backend")


def test_pytorch_finds_the_backend():
    """torch.compile(module, backend="dlc") needs no import of dlc."""
    (found,) = importlib.metadata.entry_points(group="torch_dynamo_backends", name="dlc")
    assert found.value == "dlc._torch:backend"


def test_options_are_documented():
    """Each keyword is in the docstring and on the page."""
    page = (TOP / "docs" / "python.md").read_text()
    missing = [name for name in KEYWORDS if f"`{name}`" not in dlc.compile.__doc__ or f"`{name}`" not in page]
    assert not missing, missing


def test_outputs_with_the_names_of_methods():
    """Tuples have the methods `count` and `index`, and results `keys`."""
    layers = [{"op": "dense", "name": name, "units": units, "input": "x"} for units, name in enumerate(["count", "index", "keys", "shape"], 1)]
    model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 4]}], "layers": layers, "outputs": [layer["name"] for layer in layers]}
    results = dlc.Model(dlc.compile(model))(np.ones((2, 4), np.float32))
    assert [results.count.shape, results.index.shape, results["keys"].shape, results.shape.shape] == [(2, 1), (2, 2), (2, 3), (2, 4)]
    assert list(results.keys()) == ["count", "index", "keys", "shape"] and dict(results)["index"] is results[1]
    assert pickle.loads(pickle.dumps(results)).keys() == results.keys()
    with pytest.raises(AttributeError, match="there is no output 'sum'; the outputs are 'count', 'index'"):
        results.sum
