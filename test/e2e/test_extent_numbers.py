# SPDX-License-Identifier: Apache-2.0
"""Numbers that follow from extents: the program or a kernel writes them, as their element type has it."""
import dlc
import numpy as np

INTEGERS = {
    "i64": np.int64, "i32": np.int32, "i16": np.int16, "i8": np.int8, "ui64": np.uint64, "ui32": np.uint32, "ui16": np.uint16, "ui8": np.uint8,
    "f64": np.float64, "f32": np.float32, "f16": np.float16, "i1": np.bool_,
}  # fmt: skip


def test_integers_of_every_type(programs):
    """Numbers that follow from extents, converted as NumPy converts int64."""
    results = ", ".join(f'tensor<3x{kind}> {{dlc.name = "{kind}"}}' for kind in INTEGERS)
    lines = [
        f"%{kind} = dlc.integers %x {{values = affine_map<()[s0, s1] -> (s0 * 1000 - 5, 3 - s1, s0 floordiv 2)>, element_type = {kind}}} "
        f": (tensor<?x?xf32>) -> tensor<3x{kind}>"
        for kind in INTEGERS
    ]
    values, types = (", ".join(form.format(kind) for kind in INTEGERS) for form in ("%{}", "tensor<3x{}>"))
    (programs.folder / "m.mlir").write_text(
        f'func.func @run(%x: tensor<?x?xf32> {{dlc.dims = ["N", "M"], dlc.name = "x"}}) -> ({results}) {{\n'
        + "\n".join(lines) + f"\nreturn {values} : {types}\n}}\n"
    )  # fmt: skip
    run = dlc.Model(programs.compile("m.mlir", "m.so"))
    for n, m in [(1, 1), (3, 3), (65, 200), (300, 0)]:
        expected = np.array([n * 1000 - 5, 3 - m, n // 2], np.int64)
        got = run.run({"x": np.zeros((n, m), np.float32)})
        for kind, dtype in INTEGERS.items():
            with np.errstate(over="ignore"):
                np.testing.assert_array_equal(got[kind], expected.astype(dtype), err_msg=f"{kind} for {n} x {m}")
