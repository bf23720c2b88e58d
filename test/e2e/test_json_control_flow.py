# SPDX-License-Identifier: Apache-2.0
"""The nodes If and Loop of JSON models, whose branches and steps are functions of the model."""
import json

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")


def tensor(name, shape, kind="f32"):
    return {"name": name, "shape": shape, "type": kind}


def node(op, inputs, outputs, **attributes):
    return {"op": op, "inputs": inputs, "outputs": outputs, **({"attributes": attributes} if attributes else {})}


def function(inputs, outputs, *nodes):
    return {"inputs": inputs, "outputs": outputs, "nodes": list(nodes)}


X = tensor("x", ["N", 3])
STEP = [tensor("number", [], "i64"), tensor("goes_on", [], "i1"), tensor("state", ["N", 3])]
FUNCTIONS = {
    "fast": function([X], ["y"], node("MatMul", ["x", "w"], ["p"]), node("Relu", ["p"], ["y"])),
    "slow": function([X], ["y"], node("MatMul", ["x", "w"], ["p"]), node("Tanh", ["p"], ["y"])),
    "halve": function([*STEP, X], ["more", "next"], node("Mul", ["state", 0.5], ["h"]), node("Add", ["h", "x"], ["next"]),
                      node("ReduceMax", ["next"], ["size"], keepdims=0), node("Less", ["size", 1.5], ["more"])),
    "count": function([*STEP, X], ["goes_on", "next", "kept"], node("Cast", ["number"], ["k"], to="f32"), node("Mul", ["x", "k"], ["m"]),
                      node("Add", ["state", "m"], ["next"]), node("Neg", ["next"], ["kept"])),
    "longer": function([*STEP], ["goes_on", "next"], node("Concat", ["state", "state"], ["next"], axis=0)),
    "wide": function([X], ["y"], node("Concat", ["x", "x"], ["y"], axis=1)),
}  # fmt: skip
WEIGHTS = np.random.default_rng(5).standard_normal((3, 3)).round(2)


def compile_model(programs, inputs, outputs, *nodes):
    model = {"dlc": 1, "inputs": inputs, "outputs": outputs, "nodes": list(nodes), "functions": FUNCTIONS, "weights": {"w": WEIGHTS.tolist()}}
    (programs.folder / "model.json").write_text(json.dumps(model))
    return programs.run("dlc", "model.json", "-o", "model.so")


def load(programs, *description):
    result = compile_model(programs, *description)
    assert result.returncode == 0, result.stderr
    return dlc.Model(programs.folder / "model.so")


def draw(rows):
    return np.random.default_rng(rows).standard_normal((rows, 3)).astype(np.float32)


def test_if(programs):
    model = load(programs, [tensor("c", [], "i1"), X], ["y"], node("If", ["c", "x"], ["y"], then_branch="fast", else_branch="slow"))
    for rows in (1, 4):
        x, w = draw(rows), WEIGHTS.astype(np.float32)
        np.testing.assert_allclose(model.run({"c": np.array(True), "x": x})["y"], np.maximum(x @ w, 0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(model.run({"c": np.array(False), "x": x})["y"], np.tanh(x @ w), rtol=1e-5, atol=1e-6)


def test_loop_until(programs):
    loop = node("Loop", ["steps", "", "x", "x"], ["y"], body="halve", loop_carried=1)
    model = load(programs, [tensor("steps", [], "i64"), X], ["y"], loop)
    for rows in (1, 4):
        for most in (0, 1, 7):
            x = state = 0.4 * draw(rows)
            for _ in range(most):
                state = np.float32(0.5) * state + x
                if state.max() >= 1.5:
                    break
            np.testing.assert_allclose(model.run({"steps": np.int64(most), "x": x})["y"], state, rtol=1e-6)


@pytest.mark.parametrize("starts", [True, False])
def test_loop_with_condition(programs, starts):
    loop = node("Loop", ["", "c", "x", "x"], ["y"], body="halve", loop_carried=1)
    model = load(programs, [tensor("c", [], "i1"), X], ["y"], loop)
    x = state = np.abs(draw(3)) + 0.1
    while starts:
        state = np.float32(0.5) * state + x
        if state.max() >= 1.5:
            break
    np.testing.assert_allclose(model.run({"c": np.array(starts), "x": x})["y"], state, rtol=1e-6)


def test_loop_that_stacks(programs):
    model = load(programs, [X], ["y", "all"], node("Loop", [4, "", "x", "x"], ["y", "all"], body="count", loop_carried=1))
    x = draw(5)
    result = model.run({"x": x})
    states = np.cumsum([x + 0 * x] + [k * x for k in (1, 2, 3)], axis=0)
    np.testing.assert_allclose(result["y"], states[-1], rtol=1e-5)
    np.testing.assert_allclose(result["all"], -states, rtol=1e-5)


ERRORS = {
    "types": (node("If", ["c", "x"], ["y"], then_branch="fast", else_branch="wide"),
              "has a result that is f32[N, 3] in one branch and f32[N, 6] in the other: both must give the same"),
    "unknown": (node("If", ["c", "x"], ["y"], then_branch="fast", else_branch="slwo"), "calls 'slwo', which the model does not have; did you mean 'slow'?"),
    "condition": (node("If", ["x", "x"], ["y"], then_branch="fast", else_branch="slow"), "expects one i1 as its input 1, got f32[N, 3]"),
    "outputs": (node("If", ["c", "x"], ["y", "z"], then_branch="fast", else_branch="slow"), "names 2 outputs of a function that has 1"),
    "stacks": (node("Loop", ["", "c", "x", "x"], ["y", "z"], body="count", loop_carried=1), "stacks outputs of steps whose number only a run knows"),
    "changed": (node("Loop", [3, "", "x"], ["y"], body="longer"), "has the loop-carried value f32[N, 3], which its body makes f32[N * 2, 3]"),
    "carried": (node("Loop", [3, "", "x"], ["y"], body="count", loop_carried=2), "has 2 loop-carried values and 1 inputs for them"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(programs, name):
    wrong, message = ERRORS[name]
    result = compile_model(programs, [tensor("c", [], "i1"), X], ["y"], wrong)
    assert result.returncode == 1 and message in result.stderr, result.stderr
