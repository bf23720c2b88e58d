# SPDX-License-Identifier: Apache-2.0
"""Recurrent cells from their equations: kernels of all cells, forms, activations, sizes and schedules against NumPy in double
precision and against the same model without fusion."""
import itertools

import numpy as np
import pytest

from processor import can_run, skip_unless
from recurrent_cells import ACTIVATIONS, Cell
from sampling import sample

HIDDEN, BATCHES = (1, 3, 16, 17, 65, 128), (1, 2, 5, 33)
KINDS = ("rnn", "lstm", "gru", "gru_before")
ISAS = ("x86-64-v2", "x86-64-v3", "x86-64-v4")


def compile_text(programs, text, *options, name="model"):
    (programs.folder / f"{name}.mlir").write_text(text)
    return programs.compile(f"{name}.mlir", f"{name}.so", *options)


def count_kernels(programs, text):
    (programs.folder / "counted.mlir").write_text(text)
    result = programs.run("dlc", "counted.mlir", "--compile-to=kernels", "--target=x86-64-v3")
    assert result.returncode == 0, result.stderr
    return result.stdout.count("kind( recurrent)")


def make_inputs(cell, random, steps, batch):
    x = random.standard_normal((steps, batch, cell.width)).astype(np.float32)
    states = [random.uniform(-1, 1, (batch, cell.hidden)).astype(np.float32) for _ in range(cell.states)]
    mask = random.random((steps, batch, 1)) < 0.7 if cell.masked else None
    return x, states, mask


def check(programs, cell, library, random, steps, batch, *options):
    x, states, mask = make_inputs(cell, random, steps, batch)
    inputs = {"x": x, **{f"s{i}": s for i, s in enumerate(states)}, **({"m": mask} if cell.masked else {})}
    got = programs.execute(library, inputs, ["y"] + [f"final{i}" for i in range(cell.states)], *options)
    y, finals = cell.run(x, states, mask[:, :, 0] if cell.masked else None)
    for name, expected in [("y", y)] + [(f"final{i}", f) for i, f in enumerate(finals)]:
        scale = max(abs(expected).max(initial=0), 1e-3)
        assert got[name].shape == expected.shape
        assert abs(got[name] - expected).max(initial=0) <= 1e-5 * scale, (name, steps, batch)
    return got


@pytest.fixture
def random():
    return np.random.default_rng(11)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("kind", KINDS)
def test_sizes(programs, random, kind, isa):
    skip_unless(isa)
    # Every instruction set sees every size, with one kind of cell or another.
    for hidden in sample(HIDDEN, 2, KINDS.index(kind) + ISAS.index(isa)):
        cell = Cell(kind, hidden, 7, random)
        assert count_kernels(programs, cell.loop_text()) == (2 if kind == "gru_before" else 1)
        library = compile_text(programs, cell.loop_text(), f"--target={isa}")
        for batch in BATCHES:
            check(programs, cell, library, random, 5, batch)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("kind", KINDS)
def test_known_batch(programs, random, kind, batch):
    for hidden in sample((17, 64), 1, KINDS.index(kind) + BATCHES.index(batch)):
        cell = Cell(kind, hidden, 3, random)
        check(programs, cell, compile_text(programs, cell.loop_text(4, batch)), random, 4, batch)


@pytest.mark.parametrize("kind, hidden, isa", [("lstm", 270, "x86-64-v3"), ("gru", 333, "x86-64-v4"), ("rnn", 530, "x86-64-v2")])
def test_weights_beyond_the_second_level(programs, random, kind, hidden, isa):
    skip_unless(isa)
    # Steps take parts of the weights from either end in turn; the last part is a smaller one.
    cell = Cell(kind, hidden, 5, random)
    library = compile_text(programs, cell.loop_text(), f"--target={isa}")
    (programs.folder / "tiled.mlir").write_text(cell.loop_text())
    tiled = programs.run("dlc", "tiled.mlir", "--compile-to=kernels", f"--target={isa}")
    assert tiled.returncode == 0 and "alternating_units" in tiled.stdout
    for batch, steps, threads in ((1, 1, 1), (1, 4, 2), (3, 5, 1)):
        check(programs, cell, library, random, steps, batch, f"--threads={threads}")


SPELLINGS = [(kind, spelling) for kind, spelling in itertools.product(KINDS, ("packed", "transposed", "separate", "concatenated"))
             if not (kind.startswith("gru") and spelling in ("transposed", "concatenated"))]


@pytest.mark.parametrize("kind,spelling", SPELLINGS)
def test_spellings(programs, random, kind, spelling):
    cell = Cell(kind, 20, 6, random, spelling)
    assert count_kernels(programs, cell.loop_text()) == (2 if kind == "gru_before" else 1)
    assert count_kernels(programs, cell.step_text()) == (2 if kind == "gru_before" else 1)
    fused, plain = compile_text(programs, cell.loop_text()), compile_text(programs, cell.loop_text(), "-O0", name="plain")
    for steps in (0, 1, 7):
        seed = int(random.integers(1 << 30))
        a = check(programs, cell, fused, np.random.default_rng(seed), steps, 3)
        b = check(programs, cell, plain, np.random.default_rng(seed), steps, 3)
        np.testing.assert_allclose(a["y"], b["y"], atol=2e-6)


@pytest.mark.parametrize("kind,spelling", SPELLINGS)
def test_single_step(programs, random, kind, spelling):
    cell = Cell(kind, 24, 6, random, spelling)
    library = compile_text(programs, cell.step_text())
    x, states, _ = make_inputs(cell, random, 1, 5)
    got = programs.execute(library, {"x": x[0], **{f"s{i}": s for i, s in enumerate(states)}}, [f"final{i}" for i in range(cell.states)])
    for i, expected in enumerate(cell.run(x, states)[1]):
        np.testing.assert_allclose(got[f"final{i}"], expected, atol=1e-5)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_activations(programs, random, activation):
    for kind in sample(KINDS, 1, sorted(ACTIVATIONS).index(activation)):
        cell = Cell(kind, 19, 4, random, activation=activation)
        assert count_kernels(programs, cell.loop_text()) == (2 if kind == "gru_before" else 1)
        check(programs, cell, compile_text(programs, cell.loop_text()), random, 3, 2)


@pytest.mark.parametrize("options", [{"peepholes": True}, {"coupled": True}, {"clip": 0.5}, {"masked": True},
                                     {"peepholes": True, "coupled": True, "clip": 0.8, "masked": True}])
def test_variants(programs, random, options):
    for kind in sample(KINDS, 2, len(options)):
        cell = Cell(kind, 33, 5, random, **options)
        assert count_kernels(programs, cell.loop_text()) == (2 if kind == "gru_before" else 1)
        check(programs, cell, compile_text(programs, cell.loop_text()), random, 6, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_give_the_same_bits(programs, random, kind):
    cell = Cell(kind, 272, 40, random)
    library = compile_text(programs, cell.loop_text())
    for batch in (1, 7):
        seed = int(random.integers(1 << 30))
        one, two = (check(programs, cell, library, np.random.default_rng(seed), 9, batch, "--threads", n) for n in (1, 2))
        assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_bounds(programs, random, kind):
    for hidden in sample((17, 65), 1, KINDS.index(kind)):
        cell = Cell(kind, hidden, 3, random)
        for isa in filter(can_run, ("x86-64-v3", "x86-64-v4")):
            library = compile_text(programs, cell.loop_text(), "--check-bounds", f"--target={isa}")
            for batch in (1, 5):
                check(programs, cell, library, random, 3, batch)
