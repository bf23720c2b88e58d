# SPDX-License-Identifier: Apache-2.0
"""Ops that C functions compute: shapes, several results, extents that data decides, attributes, scratch memory, threads, gradients,
effects, and what happens when one fails."""
import itertools
import json
import shutil
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

dlc = pytest.importorskip("dlc")

CC = shutil.which("clang-22") or shutil.which("cc")
OPS = {
    "scale": {"inputs": [["..."]], "outputs": [["..."]], "gradient": "scale_gradient"},
    "least": {"inputs": [["N", "C"]], "outputs": [["N"], ["N"], []], "types": ["f32", "i64", "f64"]},
    "windows": {"inputs": [["N", "T"]], "outputs": [["N", "T - size + 1"]]},
    "positive": {"inputs": [["N"]], "outputs": [["K"]], "computed": {"K": "N"}, "extents": "count_positive"},
    "product_and_sum": {"inputs": [["N", "C"], ["C"]], "outputs": [["N", "C"], ["N", "C"]], "gradient": "product_and_sum_gradient"},
    "tick": {"inputs": [], "outputs": [[]], "types": ["i64"], "effects": True},
    "upset": {"inputs": [["..."]], "outputs": [["..."]]},
    "show_attributes": {"inputs": [["N"]], "outputs": [[11]], "types": ["f64"]},
}  # fmt: skip
OPTIONS = [("-O0",), ("-O3",), ("-O3", "--target=x86-64"), ("-O3", "--check-bounds")]


@pytest.fixture(scope="module")
def functions(tmp_path_factory, top):
    path = tmp_path_factory.mktemp("functions") / "custom_ops.o"
    source = top / "test/e2e/custom_ops.c"
    flags = ["-std=c99", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I", top / "runtime/include"]
    subprocess.run([CC, *flags, "-c", source, "-o", path], check=True)
    return path


def node(op, inputs, outputs, **attributes):
    return {"op": "Custom", "inputs": inputs, "outputs": outputs, "attributes": {"op": op, **attributes}}


def model_of(inputs, nodes, outputs, ops=OPS, **more):
    inputs = [{"name": name, "shape": shape, "type": kind} for name, (kind, shape) in inputs.items()]
    return {"dlc": 1, "inputs": inputs, "nodes": nodes, "outputs": outputs, "ops": ops, **more}


def bind(functions, *names):
    return [*(f"--op={name}" for name in names), f"--link={functions}"]


def compile_json(programs, model, output, *options):
    (programs.folder / "m.json").write_text(json.dumps(model))
    return programs.compile("m.json", output, *options)


def least_of(x):
    if not x.shape[1]:
        return np.zeros(len(x), np.float32), np.full(len(x), -1), -1.0
    return x.min(1), x.argmin(1), x.astype(np.float64).mean() if x.size else -1.0


@pytest.mark.parametrize("op", ["scale", ["scale"], {"scale": "scale"}])
def test_python_names_functions(functions, op):
    x = np.arange(3, dtype=np.float32)
    library = dlc.compile(model_of({"x": ("f32", ["N"])}, [node("scale", ["x"], ["y"], factor=0.5)], ["y"]), op=op, link=functions)
    np.testing.assert_array_equal(dlc.Model(library)(x), x * np.float32(0.5))


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_values(programs, functions, options):
    """All results of a function come from one call; neighbours that dlc computes read and write its tensors."""
    nodes = [
        {"op": "Mul", "inputs": ["x", 3.0], "outputs": ["a"]},
        node("scale", ["a"], ["b"], factor=0.5),
        node("least", ["b"], ["low", "at", "mean"]),
        node("windows", ["b"], ["w"], size=1),
        {"op": "Tanh", "inputs": ["w"], "outputs": ["t"]},
    ]
    model = model_of({"x": ("f32", ["N", "C"])}, nodes, ["t", "at", "low", "mean"])
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "scale", "least", "windows"), *options))
    rng = np.random.default_rng(0)
    for shape in [(1, 1), (0, 3), (3, 0), (7, 13), (64, 129), (1, 1024)]:
        x = rng.standard_normal(shape).astype(np.float32)
        x.flat[:1] = np.inf
        result = library.run({"x": x})
        b = (x * np.float32(3)) * np.float32(0.5)
        low, at, mean = least_of(b)
        np.testing.assert_array_equal(result["low"], low)
        np.testing.assert_array_equal(result["at"], at)
        np.testing.assert_allclose(result["mean"], mean, rtol=1e-6)
        if np.isfinite(b).all() or not x.size:
            np.testing.assert_allclose(result["t"], np.tanh(b), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_extents(programs, functions, size):
    """Extents are expressions of names and attributes; one that would be negative is an error of the run."""
    model = model_of({"x": ("f32", ["N", "T"])}, [node("windows", ["x"], ["y"], size=size)], ["y"])
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "windows")))
    x = np.random.default_rng(1).standard_normal((3, 11)).astype(np.float32)
    expected = np.lib.stride_tricks.sliding_window_view(x, size, 1).sum(-1)
    np.testing.assert_allclose(library(x), expected, rtol=1e-5, atol=1e-5)
    if size > 1:
        assert library(np.zeros((2, size - 1), np.float32)).shape == (2, 0)
    if size > 2:
        with pytest.raises(dlc.Error):
            library(np.zeros((2, 1), np.float32))


@pytest.mark.parametrize("options", [("-O0",), ("-O3",)], ids=" ".join)
def test_data_decides_extents(programs, functions, options):
    nodes = [node("positive", ["x"], ["y"]), {"op": "Mul", "inputs": ["y", 2.0], "outputs": ["z"]}]
    model = model_of({"x": ("f32", ["N"])}, nodes, ["z"])
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "positive", "count_positive"), *options))
    for count in (0, 1, 7, 300):
        x = np.random.default_rng(count).standard_normal(count).astype(np.float32)
        np.testing.assert_array_equal(library(x), 2 * x[x > 0])
    assert library(np.full(5, -1, np.float32)).shape == (0,)


def test_attributes_and_types(programs, functions):
    attributes = {"list": [1, 2, 30], "reals": [0.5, 0.1], "names": ["one", "two"], "alpha": 0.1, "mode": "max"}
    model = model_of({"x": ("f16", ["N"])}, [node("show_attributes", ["x"], ["y"], **attributes)], ["y"])
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "show_attributes")))
    np.testing.assert_array_equal(library(np.zeros(3, np.float16)), [5, 3, 30, 0.1, 2, ord("t"), 0.1, ord("m"), 1, 1, 1])


def test_effects(programs, functions):
    """A function with effects runs once per run, though nobody reads its result; any other does not."""
    nodes = [node("tick", [], ["unread"]), {"op": "Neg", "inputs": ["x"], "outputs": ["y"]}]
    model = model_of({"x": ("f32", ["N"])}, nodes, ["y"])
    options = bind(functions, "tick")
    counted = model_of({"x": ("f32", ["N"])}, [*nodes, node("tick", [], ["count"])], ["y", "count"])
    library = dlc.Model(compile_json(programs, counted, "counted.so", *options))
    x = np.zeros(2, np.float32)
    first = int(library.run({"x": x})["count"])
    second = int(library.run({"x": x})["count"])
    assert second - first == 2
    pure = {**OPS, "tick": {**OPS["tick"], "effects": False}}
    (programs.folder / "p.json").write_text(json.dumps({**model, "ops": pure}))
    result = programs.run("dlc", "p.json", "--compile-to=graph", "--brief")
    assert result.returncode == 0 and "dlc.custom" not in result.stdout
    (programs.folder / "e.json").write_text(json.dumps(model))
    assert "dlc.custom" in programs.run("dlc", "e.json", "--compile-to=graph", "--brief").stdout


def test_failure(programs, functions):
    """The run fails with the op's name and the function's text, and nothing that is kept has changed."""
    ops = {name: OPS[name] for name in ("scale",)}
    model = {
        "dlc": 1, "inputs": [{"name": "x", "shape": ["N", 3]}], "ops": ops,
        "nodes": [{"op": "MatMul", "inputs": ["x", "w"], "outputs": ["h"]}, {**node("scale", ["h"], ["y"], factor=0.5), "name": "halve"}],
        "outputs": ["y"], "parameters": {"w": {"shape": [3, 2], "value": [[1, 2], [3, 4], [5, 6]]}},
        "training": {"loss": "mean_squared_error", "optimizer": {"name": "adam", "learning_rate": 0.1}},
    }  # fmt: skip
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "scale", "scale_gradient"), "--train"))
    state = library.new_state(seed=1)
    label = np.ones((4, 2), np.float32)
    good, bad = np.ones((4, 3), np.float32), np.full((4, 3), np.nan, np.float32)
    before = {name: np.array(state[name]) for name in state}
    with pytest.raises(dlc.Error, match=r"custom op 'scale' \('halve'\) failed with status 7: x is not a number"):
        library.run({"x": bad, "label": label}, entry="train_step")
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value, err_msg=name)
    library.run({"x": good, "label": label}, entry="train_step")
    assert any((state[name] != value).any() for name, value in before.items())


@pytest.mark.parametrize("options", [("-O0",), ("-O3",)], ids=" ".join)
def test_gradients(programs, functions, options):
    """As training the same model of dlc's own ops; both results of the function have gradients, or only one."""
    for reads in (["p", "s"], ["p", "p"], ["s", "s"]):
        common = {
            "dlc": 1, "inputs": [{"name": "x", "shape": ["N", 3]}], "outputs": ["y"], "ops": OPS,
            "parameters": {"w": {"shape": [3], "value": [0.5, -1, 2]}, "v": {"shape": [3], "value": [1, 2, 3]}},
            "training": {"loss": "mean_squared_error", "optimizer": {"name": "sgd", "learning_rate": 0.05}},
        }  # fmt: skip
        before, after = {"op": "Add", "inputs": ["x", "v"], "outputs": ["h"]}, {"op": "Mul", "inputs": reads, "outputs": ["y"]}
        own = [before, {"op": "Mul", "inputs": ["h", "w"], "outputs": ["p"]}, {"op": "Add", "inputs": ["h", "w"], "outputs": ["s"]}, after]
        custom = [before, node("product_and_sum", ["h", "w"], ["p", "s"]), after]
        models = []
        for nodes, bound in ((own, []), (custom, bind(functions, "product_and_sum", "product_and_sum_gradient"))):
            library = compile_json(programs, {**common, "nodes": nodes}, f"m{len(models)}.so", "--train", *bound, *options)
            models.append(dlc.Model(library))
        states = [model.new_state(seed=3) for model in models]
        rng = np.random.default_rng(2)
        for rows in (1, 4, 7):
            batch = {"x": rng.standard_normal((rows, 3)).astype(np.float32), "label": rng.standard_normal((rows, 3)).astype(np.float32)}
            losses = [float(model.run(batch, entry="train_step")["loss"]) for model in models]
            np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
            for name in states[0]:
                np.testing.assert_allclose(states[1][name], states[0][name], rtol=1e-5, atol=1e-6, err_msg=name)


def onnx_model(programs, name, nodes, inputs, outputs, metadata=None):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my.domain", 1)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs], [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs]
    )
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    for key, value in (metadata or {}).items():
        helper.set_model_props(model, {key: value})
    onnx.save(model, programs.folder / name)


@pytest.mark.parametrize("where", ["metadata", "file"])
def test_onnx(programs, functions, where):
    """Nodes of a domain that dlc does not know; the description comes with the model or from a file."""
    ops = json.dumps({"my.domain.Windows": OPS["windows"], "Scale": OPS["scale"]})
    nodes = [
        helper.make_node("Windows", ["x"], ["w"], domain="my.domain", size=3),
        helper.make_node("Scale", ["w"], ["y"], factor=0.25),
    ]
    onnx_model(programs, "m.onnx", nodes, [("x", TensorProto.FLOAT, ["N", "T"])], [("y", TensorProto.FLOAT, ["N", "U"])],
               {"dlc.ops": ops} if where == "metadata" else None)  # fmt: skip
    (programs.folder / "ops.json").write_text(ops)
    options = ["--op=my.domain.Windows=windows", "--op=Scale=scale", f"--link={functions}"]
    if where == "file":
        options.append("--op-descriptions=ops.json")
    library = dlc.Model(programs.compile("m.onnx", "m.so", *options))
    x = np.random.default_rng(5).standard_normal((2, 9)).astype(np.float32)
    np.testing.assert_allclose(library(x), 0.25 * np.lib.stride_tricks.sliding_window_view(x, 3, 1).sum(-1), rtol=1e-5, atol=1e-6)


def test_threads(programs, functions):
    """parallel_for gives the same on any number of threads."""
    model = model_of({"x": ("f32", ["N"])}, [node("scale", ["x"], ["y"], factor=3)], ["y"])
    path = compile_json(programs, model, "m.so", *bind(functions, "scale"))
    x = np.random.default_rng(7).standard_normal(100_003).astype(np.float32)
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(dlc.Model(path, threads=threads)(x), x * np.float32(3))


def test_the_floating_point_mode_stays(programs, functions):
    """A function that rounds towards zero and flushes denormals, on all threads, does so neither for the kernels behind it nor for the caller."""
    nodes = [
        node("upset", ["x"], ["a"], parts=0),
        {"op": "Mul", "inputs": ["a", "factor"], "outputs": ["b"]},
        node("upset", ["b"], ["c"], parts=1),
        {"op": "Add", "inputs": ["c", "factor"], "outputs": ["y"]},
    ]
    model = model_of({"x": ("f32", ["N"]), "factor": ("f32", ["N"])}, nodes, ["b", "y"])
    path = compile_json(programs, model, "m.so", *bind(functions, "upset"))
    rng = np.random.default_rng(11)
    for threads, count in itertools.product((1, 3), (1, 7, 300_007)):
        library = dlc.Model(path, threads=threads)
        x, factor = rng.standard_normal((2, count)).astype(np.float32)
        x[::3] = np.float32(1e-40)  # denormal
        factor[::3] = np.float32(0.5)
        for _ in range(2):
            result = library.run({"x": x, "factor": factor})
            np.testing.assert_array_equal(result["b"], x * factor)
            np.testing.assert_array_equal(result["y"], x * factor + factor)
    assert np.float32(1e-40) * np.float32(0.5) != 0
    assert np.float32(1) + np.float32(2**-24 * 1.5) > 1, "the program rounds to nearest"


def test_outputs(programs, functions, top):
    """The library exports its model alone, and an archive can be linked beside another with the same functions."""
    model = model_of({"x": ("f32", ["N"])}, [node("scale", ["x"], ["y"], factor=4)], ["y"])
    for name in ("one", "two"):
        compile_json(programs, model, f"{name}.a", *bind(functions, "scale"))
    compile_json(programs, model, "three.so", *bind(functions, "scale"))
    symbols = subprocess.run(["nm", "-D", "--defined-only", programs.folder / "three.so"], check=True, capture_output=True, text=True)
    assert [line.split()[-1] for line in symbols.stdout.splitlines()] == ["dlc_model_three"]
    (programs.folder / "main.c").write_text("""
#include "one.h"
#include "two.h"
int main(void) {
  float x[2] = {1, 2}, y[2] = {0, 0}, z[2] = {0, 0};
  dlc_error error;
  dlc_context *a, *b;
  if (dlc_context_create(&dlc_model_one, NULL, &error, &a) || dlc_context_create(&dlc_model_two, NULL, &error, &b))
    return 1;
  if (one_run(a, 2, x, y) || two_run(b, 2, x, z))
    return 2;
  return y[0] == 4 && y[1] == 8 && z[0] == 4 && z[1] == 8 ? 0 : 3;
}
""")
    subprocess.run([CC, "-I", top / "runtime/include", "main.c", "one.a", "two.a", "-o", "main", "-lm"], check=True, cwd=programs.folder)
    assert subprocess.run([programs.folder / "main"]).returncode == 0


def test_mistakes(programs, functions):
    """Every mistake is named before anything is compiled or linked."""
    model = model_of({"x": ("f32", ["N", "T"])}, [node("windows", ["x"], ["y"], size=2)], ["y"])

    def expect(message, *options, model=model):
        (programs.folder / "m.json").write_text(json.dumps(model))
        result = programs.run("dlc", "m.json", "-o", "m.so", *options)
        assert result.returncode == 1 and message in result.stderr, result.stderr
        assert not (programs.folder / "m.so").exists()

    link = f"--link={functions}"
    expect("op 'windows' is computed by a C function: say which, by --op windows=SYMBOL --link FILE.o")
    expect("--op names 'window', and the model has no such custom op; did you mean 'windows'?", "--op=window=windows", "--op=windows", link)
    training = model_of({"x": ("f32", ["N"])}, [node("scale", ["x"], ["y"])], ["y"])
    # The op that computes gradients may be named without --train, too; others may not.
    expect("--op names 'scale_gradien', and the", "--op=scale", "--op=scale_gradien", link, model=training)
    expect("no file of --link defines", "--op=scale=nothing", "--op=scale_gradient", link, model=training)
    compile_json(programs, training, "m.so", *bind(functions, "scale", "scale_gradient"))
    (programs.folder / "m.so").unlink()
    expect("--op names the function 'window', which no file of --link defines; did you mean 'windows'?", "--op=windows=window", link)
    expect("no file has: give the object file that does by --link", "--op=windows")
    expect("--op names 'windows' twice", "--op=windows", "--op=windows=scale", link)
    expect("is not NAME=SYMBOL", "--op=windows=a-b", link)
    expect("no --op says which these are", link)
    expect("there is no file 'absent.o'", "--op=windows", "--link=absent.o")
    expect("is neither an object file nor a static archive", "--op=windows", "--link=m.json")
    expect("is for another machine", "--op=windows", link, "--target=aarch64")

    def with_op(**changes):
        return {**model, "ops": {"windows": {**OPS["windows"], **changes}}}

    bound = ("--op=windows", link)
    expect("names 'S', which no input has", *bound, model=with_op(outputs=[["N", "S"]]))
    expect("ends where a number or a name is missing", *bound, model=with_op(outputs=[["N", "T -"]]))
    expect("lacks a ')'", *bound, model=with_op(outputs=[["N", "max(T, 1"]]))
    expect("a tensor of rank 3", *bound, model=with_op(inputs=[["N", "C", "T"]]))
    expect("has 1 operands, expected 2", *bound, model=with_op(inputs=[["N", "T"], ["N"]]))
    expect("unknown key 'gradiant'", *bound, model=with_op(gradiant="x"))
    expect("needs both 'computed', the extents that a run computes, and 'extents'", *bound, model=with_op(extents="count"))
    expect("which the model does not describe; did you mean 'windows'?", *bound,
           model={**model, "nodes": [node("window", ["x"], ["y"])]})  # fmt: skip
    squares = with_op(inputs=[["N", "N"]])
    squares["inputs"] = [{"name": "x", "shape": [3, 4]}]
    expect("has an input 1 with the extent 4 where 'N' is 3", *bound, model=squares)
    training = {"loss": "mean_squared_error", "optimizer": "sgd"}
    trained = {**model, "inputs": [{"name": "x", "shape": ["N", 5]}], "nodes": [{"op": "Mul", "inputs": ["x", "w"], "outputs": ["h"]}, node("windows", ["h"], ["y"], size=2)],
               "parameters": {"w": {"shape": [1], "value": [1]}}, "training": training}  # fmt: skip
    expect("the description of 'windows' names no 'gradient'", *bound, "--train", model=trained)


def test_equal_extents_are_checked(programs, functions):
    """Extents of one name that only a run knows."""
    ops = {"product_and_sum": OPS["product_and_sum"]}
    model = model_of({"x": ("f32", ["N", "C"]), "w": ("f32", ["D"])}, [node("product_and_sum", ["x", "w"], ["p", "s"])], ["p"], ops)
    library = dlc.Model(compile_json(programs, model, "m.so", *bind(functions, "product_and_sum")))
    x, w = np.ones((2, 3), np.float32), np.arange(3, dtype=np.float32)
    np.testing.assert_array_equal(library.run({"x": x, "w": w})["p"], x * w)
    with pytest.raises(dlc.Error):
        library.run({"x": x, "w": np.arange(4, dtype=np.float32)})


def test_verify(programs, functions):
    """dlc-run verify compiles models with functions as dlc does."""
    nodes = [{"op": "Mul", "inputs": ["x", 3.0], "outputs": ["a"]}, node("scale", ["a"], ["y"], factor=0.5)]
    (programs.folder / "m.json").write_text(json.dumps(model_of({"x": ("f32", ["N", "C"])}, nodes, ["y"])))
    options = [f"--option={option}" for option in bind(functions, "scale")]
    result = programs.run("dlc-run", "verify", "m.json", "--symbol", "N=5", "--symbol", "C=7", *options)
    assert result.returncode == 0, result.stdout + result.stderr
