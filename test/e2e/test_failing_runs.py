# SPDX-License-Identifier: Apache-2.0
"""Every check and every allocation that can fail in a run is made to fail in turn: variables and states are as before, and the next run succeeds."""
import subprocess

import numpy as np
import pytest
from conftest import TOP

# A step that can fail at its entry (indices, room in a cache, extents that must be equal), and, when it has computed what data decides, in the middle
# (a negative extent, two that must be equal, memory for each of them); it changes a variable, a state that is swapped and one in place.
STEP = """
dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>
func.func @predict(%x: tensor<?x4xf32> {dlc.name = "x", dlc.dims = ["N", 4]}) -> (tensor<?x4xf32> {dlc.name = "y"}) {
  %w = dlc.load_parameter @w : tensor<4xf32>
  %y = dlc.mul %x, %w : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func @train_step(%x: tensor<?x4xf32> {dlc.name = "x", dlc.dims = ["N", 4]}, %z: tensor<?x4xf32> {dlc.name = "z", dlc.dims = ["M", 4]},
                      %ids: tensor<?xi64> {dlc.name = "ids", dlc.dims = ["N"]}, %counts: tensor<2xi64> {dlc.name = "counts"},
                      %total: tensor<?x4xf32> {dlc.dims = ["N", 4], dlc.state = "total"},
                      %rows: tensor<16x4xf32> {dlc.state = "rows"},
                      %length: tensor<i64> {dlc.state = "length", dlc.checks =
                        [#dlc.element_check<kind = room, what = "the cache", extent = 16 : i64, steps = "N">]})
    -> (tensor<?xi64> {dlc.name = "numbers"}, tensor<i64> {dlc.name = "sum"}, tensor<?x4xf32> {dlc.state = "total"},
        tensor<16x4xf32> {dlc.state = "rows"}, tensor<i64> {dlc.state = "length"}) {
  %w = dlc.load_parameter @w : tensor<4xf32>
  %table = dlc.constant dense<0.5> : tensor<3x4xf32> : tensor<3x4xf32>
  %e = dlc.gather %table, %ids {axis = 0 : i64, dlc.vocabulary} : (tensor<3x4xf32>, tensor<?xi64>) -> tensor<?x4xf32> loc("table")
  %s = dlc.add %x, %z : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> loc("both")
  %t = dlc.mul %s, %e : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %after = dlc.add %total, %t : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = dlc.slice %counts {starts = array<i64: 0>, sizes = array<i64: 1>, steps = array<i64: 1>} : (tensor<2xi64>) -> tensor<1xi64>
  %q = dlc.slice %counts {starts = array<i64: 1>, sizes = array<i64: 1>, steps = array<i64: 1>} : (tensor<2xi64>) -> tensor<1xi64>
  %k = dlc.reshape %p {shape = array<i64>} : (tensor<1xi64>) -> tensor<i64>
  %sk = dlc.readback %k {bound = affine_map<() -> ()>, symbol = "K"} : (tensor<i64>) -> tensor<?xi1> loc("first")
  %ik = dlc.index %sk {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  %sum_k = dlc.reduce sum %ik {axes = array<i64: 0>, keep_dims = false} : tensor<?xi64> -> tensor<i64>
  %l = dlc.reshape %q {shape = array<i64>} : (tensor<1xi64>) -> tensor<i64>
  %sl = dlc.readback %l {bound = affine_map<() -> ()>, symbol = "L"} : (tensor<i64>) -> tensor<?xi1> loc("second")
  %il = dlc.index %sl {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  %zero = dlc.constant dense<0> : tensor<i64> : tensor<i64>
  %mask = dlc.greater_or_equal %il, %zero : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %ordered = dlc.running_count %mask : tensor<?xi1> -> tensor<?xi64>
  %numbers = dlc.add %ik, %ordered : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64> loc("counts")
  %cache = dlc.update_slice %rows, %t, %length {axis = 0 : i64} : (tensor<16x4xf32>, tensor<?x4xf32>, tensor<i64>) -> tensor<16x4xf32>
  %extent = dlc.extent %x {axes = array<i64: 0>, element_type = i64} : (tensor<?x4xf32>) -> tensor<i64>
  %next = dlc.add %length, %extent : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %moved = dlc.reduce mean %t {axes = array<i64: 0>, keep_dims = false} : tensor<?x4xf32> -> tensor<4xf32>
  %new = dlc.sub %w, %moved : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  dlc.assign @w, %new : tensor<4xf32>
  return %numbers, %sum_k, %after, %cache, %next : tensor<?xi64>, tensor<i64>, tensor<?x4xf32>, tensor<16x4xf32>, tensor<i64>
}
"""


INPUTS = {"x": np.float32, "z": np.float32, "ids": np.int64, "counts": np.int64}


def feed(n=3, m=3, ids=(0, 1, 2), counts=(70, 70)):
    x, z = (np.arange(rows * 4, dtype=np.float32).reshape(rows, 4) / 8 for rows in (n, m))
    return {"x": x, "z": z, "ids": np.array(ids, np.int64), "counts": np.array(counts, np.int64)}


# What a run refuses, and a part of its message.
REFUSED = [
    (feed(ids=(0, 3, 1)), 21, "the vocabulary of 'table'"),
    (feed(m=2), 12, "'both' needs equal extents, and these inputs give 3 and 2"),
    (feed(n=17, m=17, ids=[0] * 17), 22, "the cache holds"),
    (feed(counts=(-1, 3)), 12, "'first' needs an extent of at least 0, and these inputs give -1"),
    (feed(counts=(5, -7)), 12, "'second' needs an extent of at least 0"),
    (feed(counts=(5, 6)), 12, "'counts' needs equal extents"),
    (feed(counts=(2**40, 3)), 12, "'first' needs an extent of at most 2147483647"),
    (feed(counts=(5, 2**31)), 12, "'second' needs an extent of at most 2147483647"),
    (feed(n=2, m=2, ids=(0, 1)), 22, "state 'total' has shape"),  # of the run before
]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("failing") / "failing_runs"
    source = TOP / "test" / "e2e" / "failing_runs.c"
    subprocess.run(["clang-22", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", f"-I{TOP}/runtime/include", source, "-o", path], check=True)
    return path


def fail_in_turn(programs, program, library, entry, feeds):
    """The lines that the program prints for the failures of the feeds but the first, and for those of allocations."""
    files = []
    for i, inputs in enumerate(feeds):
        for name, value in inputs.items():
            path = programs.folder / f"{i}.{name}"
            path.write_bytes(np.array(value.shape, np.int64).tobytes() + np.ascontiguousarray(value).tobytes())
            files.append(path)
    result = subprocess.run([program, library, entry, str(len(feeds)), *files], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()


def test_step(programs, program):
    (programs.folder / "m.mlir").write_text(STEP)
    library = programs.compile("m.mlir", "m.so")
    lines = fail_in_turn(programs, program, library, "train_step", [feed(), *(inputs for inputs, _, _ in REFUSED)])
    assert "changed" not in lines, lines
    expected = [*REFUSED[:-1], *REFUSED]
    for (_, status, part), line in zip(expected, lines):
        assert line.startswith(f"{status} ") and part in line, (status, part, line)
    *failures, last = lines[len(expected) :]
    assert all(line.startswith("6 no memory for") for line in failures), failures
    # Among them three for what data decides: both numbers and an output.
    assert sum("tensors as large as these data make them" in line for line in failures) == 3, failures
    assert last == f"failed {len(failures)}, then 0" and len(failures) > 5
