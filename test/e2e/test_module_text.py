# SPDX-License-Identifier: Apache-2.0
"""Compilation continues from a printed module: the library has the same bytes as one compiled at once, and schedules that are edited by
hand compute the same numbers, or are rejected with what is legal.

DLC_SCHEDULE_POINTS raises the number of random schedules.
"""
import json
import os
import re

import numpy as np
import pytest

POINTS = int(os.environ.get("DLC_SCHEDULE_POINTS", 6))
PHASES = ["import", "graph", "layout", "kernels", "program"]


def digits(examples):
    return examples / "digits" / "digits.json"


@pytest.mark.parametrize("options", [[], ["-O0"], ["--train"], ["--replaceable-weights"], ["--keep-tensors"]])
def test_every_phase_gives_the_same_library(programs, examples, options):
    name = "digits_training" if "--train" in options else "digits"
    model = examples / "digits" / f"{name}.json"
    whole = programs.compile(model, "whole.so", "--name=m", "--target=x86-64-v3", *options).read_bytes()
    for phase in PHASES:
        programs.compile(model, "m.mlir", f"--compile-to={phase}", "--target=x86-64-v3", *options)
        # What later phases still ask for; the rest is in the text.
        again = ["-O0"] if "-O0" in options and phase == "import" else []
        if phase in ("import", "graph"):
            again.append("--target=x86-64-v3")
        if "--keep-tensors" in options and phase in ("import", "graph", "layout"):
            again.append("--keep-tensors")
        if "--replaceable-weights" in options and phase == "import":
            again.append("--replaceable-weights")
        assert programs.compile("m.mlir", "again.so", "--name=m", *again).read_bytes() == whole, phase


def test_standard_output_is_complete_and_brief_is_not(programs, examples):
    result = programs.run("dlc", digits(examples), "--compile-to=kernels")
    (programs.folder / "m.mlir").write_text(result.stdout)
    programs.compile("m.mlir", "m.so")
    result = programs.run("dlc", digits(examples), "--compile-to=kernels", "--brief")
    assert "dialect_resources" not in result.stdout and "loc(" not in result.stdout
    (programs.folder / "m.mlir").write_text(result.stdout)
    result = programs.run("dlc", "m.mlir", "-o", "m.so")
    assert result.returncode == 1 and "the module lacks" in result.stderr and "-o FILE.mlir" in result.stderr


@pytest.mark.parametrize(
    "options, message",
    [
        (["--target=x86-64-v2"], "--target=x86-64-v2 comes too late"),
        (["--parameters=w.safetensors"], "--parameters comes too late"),
        (["--replaceable-weights"], "--replaceable-weights comes too late"),
        (["--keep-tensors"], "--keep-tensors comes too late"),
        (["--compile-to=graph"], "--compile-to=graph: this module was printed after the phase 'kernels', which is later"),
        (["--shape", "image=1x1x8x8"], "--shape changes models"),
        (["-O0"], "-O0 comes too late: this module was optimized with -O3"),
        (["--math=fast"], "--math=fast comes too late: this module was optimized with --math=default"),
    ],
)
def test_options_that_come_too_late(programs, examples, options, message):
    programs.compile(digits(examples), "m.mlir", "--compile-to=kernels", "--target=x86-64-v3")
    output = ["-o", "m.mlir.out.mlir"] if options[0].startswith("--compile-to") else ["-o", "m.so"]
    result = programs.run("dlc", "m.mlir", *output, *options)
    assert result.returncode == 1 and message in result.stderr, result.stderr


def test_text_of_llvm_is_not_compiled_on(programs, examples):
    programs.compile(digits(examples), "m.mlir", "--compile-to=llvm")
    result = programs.run("dlc", "m.mlir", "-o", "m.so")
    assert result.returncode == 1 and "m.mlir:1:1: error: this module is in LLVM's dialect" in result.stderr, result.stderr


def test_shape_takes_one_value(programs):
    """The model may follow it."""
    layers = [{"op": "dense", "units": 2}]
    (programs.folder / "m.json").write_text(json.dumps({"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 3]}], "layers": layers}))
    for option in (["--shape", "x=5x3"], ["--shape=x=5x3"]):
        result = programs.run("dlc", *option, "m.json", "-o", "m.so")
        assert result.returncode == 0, result.stderr
        info = json.loads(programs.run("dlc-run", "info", "--json", "m.so").stdout)
        assert info["entry_points"][0]["inputs"][0]["shape"] == [5, 3]


def test_what_a_verifier_finds_is_located_in_the_text(programs, examples):
    path = programs.compile(digits(examples), "m.mlir", "--compile-to=kernels", "--target=x86-64-v3")
    strides = "strides = array<i64: 1, 1>"
    before, conv, after = path.read_text().partition("dlc.conv ")
    assert strides in after
    path.write_text(before + conv + after.replace(strides, "strides = array<i64: 1, 0>", 1))
    line = (before + conv + after[: after.index(strides)]).count("\n") + 1
    result = programs.run("dlc", "m.mlir", "-o", "m.so")
    assert result.returncode == 1 and f"m.mlir:{line}:" in result.stderr and ".json:" not in result.stderr, result.stderr


EDITS = [
    ('algorithm = "direct"', 'algorithm = "magic"', r"kernel 'conv1' \(convolution\).* has no algorithm \"magic\"; it has 'direct', 'plain', 'naive'"),
    ("rows = ", "rows_ = ", r"'direct' has no parameter \"rows_\"; its parameters are columns, rows"),
    (r"rows = \d+", "rows = 0", "parameter \"rows\" of 'direct' is 0; it must be from 1 to 64"),
    (r"columns = \d+", "columns = -8", "parameter \"columns\" of 'direct' is -8"),
    (r"rows = \d+", "rows = 4611686018427387904", "parameter \"rows\" of 'direct' is"),
    (r"vector = \d+", "vector = 0", "have 0 lanes; it must be a power of two"),
    ('isa = "x86-64-v3"', 'isa = "x86-64-v4"', "the target does not have this instruction set; it has x86-64-v3"),
    (r"columns = \d+", "columns = 48", r"parameter \"columns\" of 'direct' is 48; it must be .*a divisor or a multiple of \d+"),
    (r"grain = \d+", "grain = 0", "begin at multiples of 0; it must be (a multiple of [0-9]+, )?at least [0-9]+"),
    (r"split = \d+", "split = 7", "cannot split dimension 7 of the result; it can split 0, 1, 2, 3, or none"),
]


@pytest.mark.parametrize("phase", ["kernels", "program"])
@pytest.mark.parametrize("pattern, replacement, message", EDITS)
def test_an_illegal_schedule_is_refused(programs, examples, phase, pattern, replacement, message):
    path = programs.compile(digits(examples), "m.mlir", f"--compile-to={phase}", "--target=x86-64-v3")
    before, start, after = path.read_text().partition('algorithm = "direct"')
    text, count = re.subn(pattern, replacement, start + after, count=1)
    assert count == 1 and text != start + after
    path.write_text(before + text)
    # The position is that of the kernel in the text, where the mistake is, and not that of its layer in the model.
    line = (before + os.path.commonprefix([start + after, text])).count("\n") + 1
    result = programs.run("dlc", "m.mlir", "-o", "m.so")
    assert f"m.mlir:{line}:" in result.stderr and ".json:" not in result.stderr, result.stderr
    message = message.replace("'conv1'", "'k1_conv1'") if phase == "program" else message
    assert result.returncode == 1 and re.search(message, result.stderr), result.stderr
    assert "internal error" not in result.stderr


@pytest.mark.parametrize("number", range(POINTS))
def test_random_legal_schedules_compute_the_same(programs, examples, number):
    """Points that the rules accept, some of them very different from the compiler's, on all kernels at once."""
    image = np.random.default_rng(1).standard_normal((3, 1, 8, 8)).astype(np.float32)
    whole = programs.compile(digits(examples), "whole.so", "--target=x86-64-v3")
    expected = programs.execute(whole, {"image": image}, ["probability"])["probability"]
    path = programs.compile(digits(examples), "m.mlir", "--compile-to=kernels", "--target=x86-64-v3")
    random = np.random.default_rng(number)

    def edit(match):
        schedule = match.group(0)
        if "tiles" not in schedule:
            return schedule if random.random() < 0.5 else schedule.replace('algorithm = "rows"', 'algorithm = "naive"')
        if random.random() < 0.2:
            algorithm = "plain" if re.search('"(direct|gemm)"', schedule) else "naive"
            return f'#dlc.schedule<algorithm = "{algorithm}", isa = "x86-64-v3", vector = 1>'
        schedule = re.sub(r"\brows = \d+", f"rows = {random.integers(1, 9)}", schedule)
        schedule = re.sub(r"\bplanes = \d+", f"planes = {random.integers(1, 4)}", schedule)
        schedule = re.sub(r"\bcolumns_loop = -?\d+", f"columns_loop = {random.integers(-1, 2)}", schedule)
        lanes = int(random.choice([2, 4, 8]))
        if "columns = " in schedule:
            schedule = re.sub(r"vector = \d+", f"vector = {lanes}", schedule)
        return re.sub(r"\bcolumns = \d+", f"columns = {lanes * random.choice([1, 2])}", schedule)

    text = re.sub(r"#dlc\.schedule<(?:[^<>]|<[^<>]*>)*>", edit, path.read_text())
    path.write_text(text)
    result = programs.run("dlc", "m.mlir", "-o", "m.so")
    if result.returncode == 0:
        actual = programs.execute("m.so", {"image": image}, ["probability"])["probability"]
        assert abs(actual - expected).max() <= 1e-5
    else:
        # The rules, not the emitters, must be what refuses a schedule.
        assert "must be" in result.stderr or "most is" in result.stderr or "cannot split" in result.stderr, result.stderr
