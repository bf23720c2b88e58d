# SPDX-License-Identifier: Apache-2.0
"""Gradients through choices and through loops that end early, in f64 against central differences of the compiled loss itself."""
import numpy as np
import pytest
from gradient_check import Case, Input, check, write_function

dlc = pytest.importorskip("dlc")

SIZES = [{"N": 3}, {"N": 1}]
CHOICE = """%n = dlc.neg %a : {a} -> {a}
  %y, %u = dlc.if %c : tensor<i1> -> {y}, {y} {
    %t = dlc.tanh %n : {a} -> {a}
    %m = dlc.matmul %t, %w0 : ({a}, {w0}) -> {y}
    dlc.end_if %m, %n : {y}, {y}
  } else {
    %s = dlc.sin %b : {b} -> {b}
    %p = dlc.mul %s, %b : ({b}, {b}) -> {y}
    dlc.end_if %p, %b : {y}, {y}
  }"""
NESTED = """%y = dlc.if %c : tensor<i1> -> {y} {
    %t = dlc.if %d : tensor<i1> -> {y} {
      %e = dlc.exp %a : {a} -> {a}
      dlc.end_if %e : {y}
    } else {
      %q = dlc.mul %a, %b : ({a}, {b}) -> {y}
      dlc.end_if %q : {y}
    }
    %m = dlc.mul %t, %t : ({y}, {y}) -> {y}
    dlc.end_if %m : {y}
  } else {
    dlc.end_if %b : {y}
  }"""
# %number is the steps' limit, and %last the number of the step after which the loop stops.
EARLY = """%final, %all, %count = dlc.loop init(%h : {h}) scan(%x : {x}) limit(%number : tensor<i64>) {stops} -> {h}, tensor<6x?x4xf64>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: {h}, %slice: {h}):
    %p = dlc.matmul %before, %r : ({h}, {r}) -> {h}
    %q = dlc.add %p, %slice : ({h}, {h}) -> {h}
    %after = dlc.tanh %q : {h} -> {h}
    %k = dlc.mul %after, %slice : ({h}, {h}) -> {h}
    %stop = dlc.greater_or_equal %step, %last : (tensor<i64>, tensor<i64>) -> tensor<i1>
    dlc.next %after, %k, %stop : {h}, {h}, tensor<i1>
  }
  %sum = dlc.reduce sum %all {axes = array<i64: 0>} : tensor<6x?x4xf64> -> {h}
  %y = dlc.add %sum, %final : ({h}, {h}) -> {h}"""
COUNTED = """%y, %count = dlc.loop init(%h : {h}) scan() limit(%number : tensor<i64>) {trip_count = 5 : i64} -> {h}, tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: {h}):
    %p = dlc.matmul %before, %r : ({h}, {r}) -> {h}
    %n = dlc.cast %step {to = f64} : tensor<i64> -> tensor<f64>
    %q = dlc.mul %p, %n : ({h}, tensor<f64>) -> {h}
    %after = dlc.sin %q : {h} -> {h}
    dlc.next %after : {h}
  }"""
CHOICE_IN_LOOP = """%y = dlc.loop init(%h : {h}) scan(%x : {x}) -> {h} {
  ^bb0(%step: tensor<i64>, %before: {h}, %slice: {h}):
    %late = dlc.greater_or_equal %step, %last : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %after = dlc.if %late : tensor<i1> -> {h} {
      %p = dlc.matmul %before, %r : ({h}, {r}) -> {h}
      %t = dlc.tanh %p : {h} -> {h}
      dlc.end_if %t : {h}
    } else {
      %m = dlc.mul %before, %slice : ({h}, {h}) -> {h}
      dlc.end_if %m : {h}
    }
    dlc.next %after : {h}
  }"""
LOOP_IN_CHOICE = """%y = dlc.if %c : tensor<i1> -> {y} {
    %f = dlc.loop init(%h : {h}) scan(%x : {x}) -> {h} {
    ^bb0(%step: tensor<i64>, %before: {h}, %slice: {h}):
      %p = dlc.matmul %before, %r : ({h}, {r}) -> {h}
      %q = dlc.add %p, %slice : ({h}, {h}) -> {h}
      %after = dlc.tanh %q : {h} -> {h}
      dlc.next %after : {h}
    }
    dlc.end_if %f : {y}
  } else {
    %s = dlc.sin %h : {h} -> {h}
    dlc.end_if %s : {y}
  }"""
PLAIN = {"a": Input(["N", 4]), "b": Input(["N", 4])}
STEPS = {"h": Input(["N", 4]), "x": Input([6, "N", 4]), "r": Input([4, 4], -1, 1)}


def flag(name, value):
    return {name: Input([], type="i1")}, {name: np.array(value)}


def number(name, value):
    return {name: Input([], type="i64")}, {name: np.array(value, np.int64)}


def case(name, body, inputs, *given):
    constant = {}
    for more, values in given:
        inputs = {**inputs, **more}
        constant.update(values)
    return Case(name, inputs, ["N", 4], body, SIZES, constant)


CASES = (
    [case(f"choice_{int(c)}", CHOICE, {**PLAIN, "w0": Input([4, 4], -1, 1)}, flag("c", c)) for c in (True, False)]
    + [case(f"nested_{int(c)}{int(d)}", NESTED, PLAIN, flag("c", c), flag("d", d)) for c in (True, False) for d in (True, False)]
    + [case(f"early_{n}_{last}".replace("-", "m"), EARLY, STEPS, number("number", n), number("last", last)) for n, last in [(9, 2), (3, 9), (0, 0), (-1, 3), (6, 5)]]
    + [case(f"counted_{n}", COUNTED, {"h": Input(["N", 4]), "r": Input([4, 4], -1, 1)}, number("number", n)) for n in (0, 1, 4, 7)]
    + [case(f"choice_in_loop_{last}", CHOICE_IN_LOOP, STEPS, number("last", last)) for last in (0, 2, 9)]
    + [case(f"loop_in_choice_{int(c)}", LOOP_IN_CHOICE, STEPS, flag("c", c)) for c in (True, False)]
)  # fmt: skip


@pytest.fixture(scope="module", params=[(), ("-O0",)], ids=["optimized", "O0"])
def model(request, tmp_path_factory):
    source = tmp_path_factory.mktemp("gradients") / "model.mlir"
    # Cases that differ in values only are one function.
    source.write_text("\n".join(write_function(case) for case in {case.body: case for case in CASES}.values()))
    return dlc.Model(dlc.compile(source, None, *request.param))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_gradients(model, number):
    chosen = CASES[number]
    chosen.name, name = {case.body: case.name for case in CASES}[chosen.body], chosen.name
    try:
        check(model, chosen)
    finally:
        chosen.name = name


def test_unbounded_loop_is_an_error(programs, tmp_path):
    """What an unknown number of steps computes cannot be stored."""
    body = COUNTED.replace("trip_count = 5", f"trip_count = {2**63 - 1}")
    inputs = {"h": Input(["N", 4]), "r": Input([4, 4]), "number": Input([], type="i64")}
    (tmp_path / "model.mlir").write_text(write_function(Case("run", inputs, ["N", 4], body)))
    result = programs.run("dlc", tmp_path / "model.mlir", "-o", "model.so")
    assert result.returncode == 1 and "has no gradient rule: nothing is known of how many steps it may run" in result.stderr
