# SPDX-License-Identifier: Apache-2.0
"""State that a context keeps, caches that are updated in place, and indices that are checked before a run."""
import numpy as np
import pytest

# y is the running sum, and the state is its last value.
RUNNING_SUM = """
func.func @run(%x: tensor<?x3xf32> {dlc.name = "x", dlc.dims = ["N", 3]},
               %sum: tensor<?x3xf32> {dlc.dims = ["N", 3], dlc.state = "total.sum"})
    -> (tensor<?x3xf32> {dlc.name = "y"}, tensor<?x3xf32> {dlc.state = "total.sum"}) {
  %0 = dlc.add %x, %sum : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = dlc.mul %0, %0 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %1, %0 : tensor<?x3xf32>, tensor<?x3xf32>
}
"""

# A cache of 16 rows with its length; the result is the sum over all rows.
CACHE = """
func.func @run(%x: tensor<2x?x4xf32> {dlc.name = "x", dlc.dims = [2, "T", 4]},
               %rows: tensor<2x16x4xf32> {dlc.state = "cache.rows"},
               %length: tensor<i64> {dlc.state = "cache.length", dlc.checks =
                 [#dlc.element_check<kind = room, what = "the cache 'cache'", extent = 16 : i64, steps = "T">]},
               %count: tensor<i64> {dlc.name = "count"})
    -> (tensor<2x4xf32> {dlc.name = "y"}, tensor<2x16x4xf32> {dlc.state = "cache.rows"}, tensor<i64> {dlc.state = "cache.length"}) {
  %0 = dlc.update_slice %rows, %x, %length {axis = 1 : i64} : (tensor<2x16x4xf32>, tensor<2x?x4xf32>, tensor<i64>) -> tensor<2x16x4xf32>
  %1 = dlc.reduce sum %0 {axes = array<i64: 1>} : tensor<2x16x4xf32> -> tensor<2x4xf32>
  %2 = dlc.add %length, %count : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %1, %0, %2 : tensor<2x4xf32>, tensor<2x16x4xf32>, tensor<i64>
}
"""

LOOKUP = """
func.func @run(%tokens: tensor<?x?xi64> {dlc.name = "tokens", dlc.dims = ["N", "T"]}) -> (tensor<?x?x2xf32> {dlc.name = "y"}) {
  %table = dlc.constant dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %0 = dlc.gather %table, %tokens {axis = 0 : i64, dlc.vocabulary} : (tensor<3x2xf32>, tensor<?x?xi64>) -> tensor<?x?x2xf32> loc("embedding")
  return %0 : tensor<?x?x2xf32>
}
"""


@pytest.fixture
def open_model(programs):
    dlc = pytest.importorskip("dlc")

    def open_(text, *options, threads=1):
        (programs.folder / "model.mlir").write_text(text)
        return dlc.Model(str(programs.compile("model.mlir", "model.so", *options)), threads=threads)

    return open_


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_running_sum(open_model, level):
    model = open_model(RUNNING_SUM, level)
    random = np.random.default_rng(1)
    total = np.zeros((5, 3), np.float32)
    for _ in range(20):
        x = random.standard_normal((5, 3)).astype(np.float32)
        total += x
        np.testing.assert_array_equal(model.run({"x": x})["y"], total * total)
    np.testing.assert_array_equal(model.get_state("total.sum"), total)
    with pytest.raises(Exception, match=r"state 'total.sum' has shape \[5, 3\] from earlier runs, and the inputs of 'run' need \[2, 3\]"):
        model.run({"x": x[:2]})
    model.set_state("total.sum", np.ones((5, 3), np.float32))
    np.testing.assert_array_equal(model.run({"x": x})["y"], (x + 1) ** 2)
    model.reset()
    np.testing.assert_array_equal(model.run({"x": x[:2]})["y"], x[:2] ** 2)


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_cache(open_model, level):
    model = open_model(CACHE, level)
    random = np.random.default_rng(2)
    rows = np.zeros((2, 16, 4), np.float32)
    at = 0
    for count in [1, 3, 1, 7]:
        x = random.standard_normal((2, count, 4)).astype(np.float32)
        rows[:, at : at + count] = x
        at += count
        y = model.run({"x": x, "count": np.int64(count)})["y"]
        np.testing.assert_allclose(y, rows.sum(1), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(model.get_state("cache.rows"), rows)
    with pytest.raises(Exception, match="the cache 'cache' holds 12 of at most 16 steps, and this run brings 5: reset the context"):
        model.run({"x": np.zeros((2, 5, 4), np.float32), "count": np.int64(5)})
    np.testing.assert_array_equal(model.get_state("cache.rows"), rows)


def test_cache_is_written_in_place(programs):
    (programs.folder / "model.mlir").write_text(CACHE)
    program = programs.run("dlc", "model.mlir", "-o", "-.mlir").stdout
    assert "role = state" in program and program.count("in_place = true") >= 2


def test_wrong_token(open_model):
    model = open_model(LOOKUP)
    tokens = np.array([[0, 1, 2, 0], [2, 1, 0, 1]])
    np.testing.assert_array_equal(model.run({"tokens": tokens})["y"][..., 0], tokens * 2.0)
    tokens[1, 2] = 3
    with pytest.raises(Exception, match=r"input 'tokens' holds 3 at \[1, 2\], which is not in the vocabulary of 'embedding' \(0 to 2\)") as error:
        model.run({"tokens": tokens})
    assert error.value.status == 21


def test_info_and_steps(programs):
    (programs.folder / "model.mlir").write_text(RUNNING_SUM.replace("?x3xf32", "1x?xf32").replace('["N", 3]', '[1, "T"]'))
    # The state has the extent of one step here: 1 position of T.
    library = programs.compile("model.mlir", "model.so")
    info = programs.run("dlc-run", "info", library).stdout
    assert "state   total.sum: f32[1, T]" in info
    x = np.arange(6, dtype=np.float32)[None]
    stepped = programs.execute(library, {"x": x}, ["y"], "--steps", "T")["y"]
    np.testing.assert_array_equal(stepped, np.cumsum(x, 1) ** 2)
    bad = programs.run("dlc-run", library, "--input", f"x={programs.folder / 'in-x.npy'}", "--steps", "U")
    assert bad.returncode == 1 and "no symbolic dimension 'U' to step along" in bad.stderr
