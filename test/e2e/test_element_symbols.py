# SPDX-License-Identifier: Apache-2.0
"""Sizes that are elements of an input: the runtime reads them before a run starts."""
import numpy as np
import pytest

import dlc

TEXT = """
func.func @run(%x: tensor<?xf32> {dlc.name = "x", dlc.dims = ["N"]}, %n: tensor<2xTYPE> {dlc.name = "n"},
               %e: tensor<?x?x?x?xi1> {dlc.dims = ["n[0]", "-n[0]", "n[1]", "-n[1]"], dlc.elements_of = "n"})
    -> (tensor<?x?xf32> {dlc.name = "y"}, tensor<?xi64> {dlc.name = "z"}, tensor<?xf32> {dlc.name = "w"}) {
  %y = dlc.fill %e {shape = array<i64: -2, -4>, value = 2.0 : f64, element_type = f32} : (tensor<?x?x?x?xi1>) -> tensor<?x?xf32>
  %z = dlc.index %e {axis = 3 : i64} : (tensor<?x?x?x?xi1>) -> tensor<?xi64>
  %w = dlc.exp %x : tensor<?xf32> -> tensor<?xf32>
  return %y, %z, %w : tensor<?x?xf32>, tensor<?xi64>, tensor<?xf32>
}
"""


TYPES = {"i64": np.int64, "i32": np.int32, "i16": np.int16, "i8": np.int8, "ui64": np.uint64, "ui32": np.uint32, "ui16": np.uint16, "ui8": np.uint8}


@pytest.mark.parametrize("name", TYPES)
def test_extents_are_elements(programs, tmp_path, name):
    (tmp_path / "model.mlir").write_text(TEXT.replace("TYPE", name))
    model = dlc.Model(programs.compile(tmp_path / "model.mlir", "model.so"))
    low, high = np.iinfo(TYPES[name]).min, np.iinfo(TYPES[name]).max

    def run(*elements):
        return model.run({"x": np.zeros(3, np.float32), "n": np.array(elements, TYPES[name])})

    for elements in [(0, 0), (1, 1), (2, 3), (7, 0), (0, 5), (1, 127), (-1, 2), (5, -6), (-128, -7)]:
        if min(elements) < low:
            continue
        results = run(*elements)
        assert results["y"].shape == (max(elements[0], 0), max(elements[1], 0)) and (results["y"] == 2).all()
        assert results["z"].tolist() == list(range(max(-elements[1], 0)))
        assert (results["w"] == np.ones(3)).all()
    for element in [2**31, -(2**31), 2**40, 2**62]:
        if low <= element <= high:
            with pytest.raises(ValueError, match=f"input 'n' of 'run' has {element} at position 1, which is not from"):
                run(0, element)
    if name == "i64":
        # The ends of 64 bits count as the largest extent. No result has elements, so that nothing of that size is stored.
        assert run(0, high)["y"].shape == (0, 2**31 - 1)
        assert run(low, 2)["y"].shape == run(low + 1, 2)["y"].shape == (0, 2)


def test_the_command_reports_and_generates_them(programs, tmp_path):
    (tmp_path / "model.mlir").write_text(TEXT.replace("TYPE", "i64"))
    library = programs.compile(tmp_path / "model.mlir", "model.so")
    info = programs.run("dlc-run", "info", library)
    assert "y: f32[n[0], n[1]]" in info.stdout
    bench = programs.run("dlc-run", "bench", library, "--symbol", "n[0]=5", "--symbol=-n[1]=4")
    assert bench.returncode == 0, bench.stderr


def test_the_header_computes_them(programs, tmp_path):
    (tmp_path / "model.mlir").write_text(TEXT.replace("TYPE", "i64"))
    header = programs.compile(tmp_path / "model.mlir", "model.h").read_text()
    assert "int64_t N," in header and "int64_t n_0" not in header.split(") {")[0].split("static inline")[1]
    assert "const int64_t n_0 = n[0] > 0 ? (int64_t)n[0] : 0;" in header


def test_an_argument_that_is_not_an_input_is_refused(programs, tmp_path):
    (tmp_path / "model.mlir").write_text(TEXT.replace("TYPE", "i64").replace('elements_of = "n"', 'elements_of = "m"'))
    result = programs.run("dlc", tmp_path / "model.mlir", "-o", "model.so")
    assert result.returncode == 1 and "is an element of what is not an input" in result.stderr
