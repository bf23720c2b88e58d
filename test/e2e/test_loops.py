# SPDX-License-Identifier: Apache-2.0
"""Loops over time, written in the compiler's own IR: loop-carried values, scan inputs and scan outputs, for any number of steps (none, one, even,
odd), forward, in reverse, nested, and ended early; against NumPy."""
import numpy as np
import onnx.parser
import pytest

ALTERNATING = """
func.func @run(%s: tensor<?x5xf32> {dlc.dims = ["N", 5], dlc.name = "s"}, %x: tensor<?x?x5xf32> {dlc.dims = ["T", "N", 5], dlc.name = "x"})
    -> (tensor<?x5xf32> {dlc.name = "final"}, tensor<?x?x5xf32> {dlc.name = "y"}) {
  %0, %1 = dlc.loop init(%s : tensor<?x5xf32>) scan(%x : tensor<?x?x5xf32>) REVERSE
      -> tensor<?x5xf32>, tensor<?x?x5xf32> {
  ^bb0(%step: tensor<i64>, %s_in: tensor<?x5xf32>, %x_in: tensor<?x5xf32>):
    %s0 = dlc.add %s_in, %x_in : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
    %s1 = dlc.tanh %s0 : tensor<?x5xf32> -> tensor<?x5xf32>
    dlc.next %s0, %s1 : tensor<?x5xf32>, tensor<?x5xf32>
  }
  return %0, %1 : tensor<?x5xf32>, tensor<?x?x5xf32>
}
"""

# The loop-carried value is also the scan output, and the matrix is the same in every step.
SCAN_OUTPUTS = """
func.func @run(%s: tensor<?x5xf32> {dlc.dims = ["N", 5], dlc.name = "s"}, %x: tensor<?x?x5xf32> {dlc.dims = ["T", "N", 5], dlc.name = "x"},
               %w: tensor<5x5xf32> {dlc.name = "w"}) -> (tensor<?x5xf32> {dlc.name = "final"}, tensor<?x?x5xf32> {dlc.name = "y"}) {
  %0, %1 = dlc.loop init(%s : tensor<?x5xf32>) scan(%x : tensor<?x?x5xf32>) REVERSE
      -> tensor<?x5xf32>, tensor<?x?x5xf32> {
  ^bb0(%step: tensor<i64>, %h: tensor<?x5xf32>, %x_in: tensor<?x5xf32>):
    %s0 = dlc.matmul %h, %w : (tensor<?x5xf32>, tensor<5x5xf32>) -> tensor<?x5xf32>
    %s1 = dlc.add %s0, %x_in : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
    %s2 = dlc.tanh %s1 : tensor<?x5xf32> -> tensor<?x5xf32>
    dlc.next %s2, %s2 : tensor<?x5xf32>, tensor<?x5xf32>
  }
  return %0, %1 : tensor<?x5xf32>, tensor<?x?x5xf32>
}
"""

# Triangular numbers until one is at least the limit, ten at most.
STOPPING = """
func.func @run(%limit: tensor<i64> {dlc.name = "limit"})
    -> (tensor<i64> {dlc.name = "final"}, tensor<10xi64> {dlc.name = "numbers"}, tensor<i64> {dlc.name = "count"}) {
  %zero = dlc.constant dense<0> : tensor<i64> : tensor<i64>
  %0, %1, %2 = dlc.loop init(%zero : tensor<i64>) scan() {stops, trip_count = 10 : i64}
      -> tensor<i64>, tensor<10xi64>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %n: tensor<i64>):
    %s0 = dlc.add %n, %step : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %s1 = dlc.greater_or_equal %s0, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
    dlc.next %s0, %s0, %s1 : tensor<i64>, tensor<i64>, tensor<i1>
  }
  return %0, %1, %2 : tensor<i64>, tensor<10xi64>, tensor<i64>
}
"""

# Sums of rows, and the sum of those: the inner loop runs over what the outer one scans.
NESTED = """
func.func @run(%x: tensor<?x?x3xf32> {dlc.dims = ["A", "B", 3], dlc.name = "x"}, %w: tensor<3xf32> {dlc.name = "w"})
    -> (tensor<3xf32> {dlc.name = "final"}, tensor<?x3xf32> {dlc.name = "y"}) {
  %zero = dlc.constant dense<0.0> : tensor<3xf32> : tensor<3xf32>
  %twice = dlc.add %w, %w : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %0, %1 = dlc.loop init(%zero : tensor<3xf32>) scan(%x : tensor<?x?x3xf32>)
      -> tensor<3xf32>, tensor<?x3xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<3xf32>, %x_in: tensor<?x3xf32>):
    %zero_in = dlc.constant dense<0.0> : tensor<3xf32> : tensor<3xf32>
    %s0 = dlc.loop init(%zero_in : tensor<3xf32>) scan(%x_in : tensor<?x3xf32>) -> tensor<3xf32> {
    ^bb0(%step_in: tensor<i64>, %s_in: tensor<3xf32>, %row: tensor<3xf32>):
      %t0 = dlc.mul %row, %twice : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
      %t1 = dlc.add %s_in, %t0 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
      dlc.next %t1 : tensor<3xf32>
    }
    %s1 = dlc.add %s, %s0 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    dlc.next %s1, %s0 : tensor<3xf32>, tensor<3xf32>
  }
  return %0, %1 : tensor<3xf32>, tensor<?x3xf32>
}
"""

STEPS = (0, 1, 2, 7, 64)


def compile_text(programs, text, *options):
    (programs.folder / "model.mlir").write_text(text)
    return programs.compile("model.mlir", "model.so", *options)


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("options", [(), ("-O0",), ("--check-bounds",)])
def test_carried_value_alternates_between_buffers(programs, random, reverse, options):
    library = compile_text(programs, ALTERNATING.replace("REVERSE", "{reverse}" if reverse else ""), *options)
    for steps in STEPS:
        s, x = (random.standard_normal(shape).astype(np.float32) for shape in ((3, 5), (steps, 3, 5)))
        got = programs.execute(library, {"s": s, "x": x}, ["final", "y"])
        order = x[::-1] if reverse else x
        sums = [s]
        for part in order:
            sums.append(sums[-1] + part)
        y = np.tanh(np.array(sums[1:], np.float32).reshape(x.shape))
        assert np.array_equal(got["final"], sums[-1])
        np.testing.assert_allclose(got["y"], y[::-1] if reverse else y, atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("options", [(), ("-O0",)])
def test_carried_value_is_what_is_stacked(programs, random, reverse, options):
    library = compile_text(programs, SCAN_OUTPUTS.replace("REVERSE", "{reverse}" if reverse else ""), *options)
    for steps in STEPS:
        s, x, w = (random.standard_normal(shape).astype(np.float32) for shape in ((2, 5), (steps, 2, 5), (5, 5)))
        got = programs.execute(library, {"s": s, "x": x, "w": w}, ["final", "y"])
        h, y = s.astype(np.float64), np.zeros(x.shape)
        for t in reversed(range(steps)) if reverse else range(steps):
            h = y[t] = np.tanh(h @ w.astype(np.float64) + x[t])
        np.testing.assert_allclose(got["final"], h, atol=2e-4)
        np.testing.assert_allclose(got["y"], y, atol=2e-4)


@pytest.mark.parametrize("options", [(), ("-O0",)])
def test_loop_stops_early(programs, options):
    library = compile_text(programs, STOPPING, *options)
    triangular = np.cumsum(np.arange(10))
    for limit in (-1, 0, 1, 10, 44, 45, 46, 1000):
        got = programs.execute(library, {"limit": np.int64(limit)}, ["final", "numbers", "count"])
        reached = np.flatnonzero(triangular >= limit)
        count = reached[0] + 1 if reached.size else 10
        assert got["count"] == count and got["final"] == triangular[count - 1]
        assert np.array_equal(got["numbers"], np.where(np.arange(10) < count, triangular, 0))


@pytest.mark.parametrize("options", [(), ("-O0",)])
def test_whether_to_stop_is_carried_and_stacked(programs, options):
    """One value that is a scan output, loop-carried and the stop condition: each of the three has memory of its own."""
    text = """
func.func @run(%limit: tensor<i64> {dlc.name = "limit"})
    -> (tensor<i1> {dlc.name = "final"}, tensor<5xi1> {dlc.name = "flags"}, tensor<i64> {dlc.name = "count"}) {
  %no = dlc.constant dense<false> : tensor<i1> : tensor<i1>
  %0, %1, %2 = dlc.loop init(%no : tensor<i1>) scan() {stops, trip_count = 5 : i64}
      -> tensor<i1>, tensor<5xi1>, tensor<i64> {
  ^bb0(%step: tensor<i64>, %n: tensor<i1>):
    %s0 = dlc.greater_or_equal %step, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
    dlc.next %s0, %s0, %s0 : tensor<i1>, tensor<i1>, tensor<i1>
  }
  return %0, %1, %2 : tensor<i1>, tensor<5xi1>, tensor<i64>
}
"""
    library = compile_text(programs, text, *options)
    for limit in (0, 1, 3, 4, 5, 9):
        got = programs.execute(library, {"limit": np.int64(limit)}, ["final", "flags", "count"])
        assert got["count"] == min(limit + 1, 5) and got["final"] == (limit < 5)
        assert np.array_equal(got["flags"], np.arange(5) == limit)


def test_loop_in_a_loop(programs, random):
    library = compile_text(programs, NESTED)
    for a, b in ((1, 1), (3, 2), (2, 7), (0, 3), (4, 0)):
        x, w = random.standard_normal((a, b, 3)).astype(np.float32), random.standard_normal(3).astype(np.float32)
        got = programs.execute(library, {"x": x, "w": w}, ["final", "y"])
        rows = (x.astype(np.float64) * 2 * w).sum(axis=1)
        np.testing.assert_allclose(got["y"], rows, atol=1e-5)
        np.testing.assert_allclose(got["final"], rows.sum(axis=0), atol=1e-5)


def test_scan(programs, random):
    """ONNX's Scan in both directions, over another axis, with a value of the outer graph in its body."""
    for direction in (0, 1):
        text = f"""<ir_version: 8, opset_import: ["" : 17]>
        main (float[2] initial, float[2,T] x, float[2] scale) => (float[2] last, float[2,T] sums) {{
          last, sums = Scan<num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [-1], scan_input_directions = [{direction}],
              scan_output_directions = [{direction}], body = step (float[2] before, float[2] next) => (float[2] after, float[2] kept) {{
                scaled = Mul(next, scale)
                after = Add(before, scaled)
                kept = Identity(after)
              }}>(initial, x)
        }}"""
        onnx.save(onnx.parser.parse_model(text), programs.folder / "model.onnx")
        library = programs.compile("model.onnx", "model.so")
        for steps in STEPS:
            initial, x, scale = (random.standard_normal(shape).astype(np.float32) for shape in (2, (2, steps), 2))
            got = programs.execute(library, {"initial": initial, "x": x, "scale": scale}, ["last", "sums"])
            order = x[:, ::-1] if direction else x
            sums = initial[:, None].astype(np.float64) + np.cumsum(order * scale[:, None].astype(np.float64), axis=1)
            np.testing.assert_allclose(got["sums"], sums[:, ::-1] if direction else sums, atol=1e-5)
            np.testing.assert_allclose(got["last"], sums[:, -1] if steps else initial, atol=1e-5)


def test_programs_are_no_models(programs):
    (programs.folder / "model.mlir").write_text("func.func @run( {")
    result = programs.run("dlc", "model.mlir", "-o", "model.so")
    assert result.returncode == 1 and "model.mlir:1:" in result.stderr and "error:" in result.stderr


def test_causal_convolution_goes_on_from_its_state(programs, random):
    """Two halves of a sequence, the second with the first one's state, give what the whole sequence gives."""
    text = """<ir_version: 11, opset_import: ["" : 27]>
    main (float[2,3,LENGTH] x, float[3,1,4] w, float[3] b, float[2,3,3] past) => (float[2,3,LENGTH] y, float[2,3,3] present) {
      y, present = CausalConvWithState<activation = "silu">(x, w, b, past)
    }"""
    libraries = {}
    for length in (1, 4, 5):
        onnx.save(onnx.parser.parse_model(text.replace("LENGTH", str(length))), programs.folder / "model.onnx")
        libraries[length] = programs.compile("model.onnx", f"model{length}.so")
    x, w, b, past = (random.standard_normal(shape).astype(np.float32) for shape in ((2, 3, 5), (3, 1, 4), 3, (2, 3, 3)))

    def run(part, state):
        got = programs.execute(libraries[part.shape[2]], {"x": part, "w": w, "b": b, "past": state}, ["y", "present"])
        return got["y"], got["present"]

    first, state = run(x[:, :, :1], past)
    second, last = run(x[:, :, 1:], state)
    whole, final = run(x, past)
    seen = np.concatenate([past, x], axis=2).astype(np.float64)
    sums = sum(seen[:, :, k : k + 5] * w[:, 0, k, None] for k in range(4)) + b[:, None]
    np.testing.assert_allclose(whole, sums / (1 + np.exp(-sums)), atol=1e-5)
    np.testing.assert_allclose(np.concatenate([first, second], axis=2), whole, atol=1e-6)
    assert np.array_equal(final, seen[:, :, -3:].astype(np.float32)) and np.array_equal(last, final)
