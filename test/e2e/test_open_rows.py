# SPDX-License-Identifier: Apache-2.0
"""Reductions and softmax of rows whose length is known at run time: shorter than a vector, around one and several, with what fills no vector at
their end, against NumPy in f64; NaN and infinities at each position; no access outside any buffer."""
import ml_dtypes
import numpy as np
import pytest

dlc = pytest.importorskip("dlc")

LENGTHS = [*range(0, 36), 47, 48, 49, 63, 64, 65, 66, 79, 80, 81, 97, 127, 128, 129, 255, 1000]
TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": ml_dtypes.bfloat16, "i32": np.int32, "ui8": np.uint8}
TOLERANCE = {"f32": 1e-5, "f64": 1e-13, "f16": 3e-3, "bf16": 2e-2}


def make_model(folder, element, options):
    floats = element in TOLERANCE
    results, body = [], []
    for kind in ("sum", "max", "min", *(("mean", "l2") if floats else ())):
        results.append((kind, f"tensor<?x{element}>"))
        body.append(f"%{kind} = dlc.reduce {kind} %x {{axes = array<i64: 1>, keep_dims = false}} : tensor<?x?x{element}> -> tensor<?x{element}>")
    # Neighbouring extents are one.
    results.append(("all", f"tensor<{element}>"))
    body.append(f"%all = dlc.reduce max %x {{axes = array<i64: 0, 1>, keep_dims = false}} : tensor<?x?x{element}> -> tensor<{element}>")
    if floats:
        for op in ("softmax", "log_softmax"):
            results.append((op, f"tensor<?x?x{element}>"))
            body.append(f"%{op} = dlc.{op} %x {{axes = array<i64: 1>}} : tensor<?x?x{element}> -> tensor<?x?x{element}>")
    types = ", ".join(f'{kind} {{dlc.name = "{name}"}}' for name, kind in results)
    text = "\n    ".join(body)
    (folder / "rows.mlir").write_text(f"""module {{
  func.func @run(%x: tensor<?x?x{element}> {{dlc.name = "x"}}) -> ({types}) {{
    {text}
    return {", ".join("%" + name for name, _ in results)} : {", ".join(kind for _, kind in results)}
  }}
}}
""")
    return dlc.Model(dlc.compile(folder / "rows.mlir", check_bounds=True, **options))


@np.errstate(all="ignore")
def expect(x, element):
    wide = x.astype(np.float64 if element in TOLERANCE else np.int64)
    least, most = (-np.inf, np.inf) if element in TOLERANCE else (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
    wanted = {"sum": wide.sum(1), "max": wide.max(1, initial=least), "min": wide.min(1, initial=most), "all": wide.max(initial=least)}
    if element in TOLERANCE:
        shifted = wide - wide.max(1, keepdims=True, initial=-np.inf)
        total = np.exp(shifted).sum(1, keepdims=True)
        wanted |= {"l2": np.sqrt((wide**2).sum(1)), "softmax": np.exp(shifted) / total, "log_softmax": shifted - np.log(total)}
        wanted["mean"] = wide.mean(1) if x.shape[1] else np.full(len(x), np.nan)
    return wanted


@pytest.mark.parametrize("element, target", [
    ("f32", "native"), ("f32", "x86-64-v2"), ("f32", "x86-64-v3"), ("f64", "native"), ("f16", "native"), ("bf16", "native"), ("i32", "native"), ("ui8", "native")])  # fmt: skip
def test_every_length(tmp_path, element, target):
    model, random = make_model(tmp_path, element, {"target": target}), np.random.default_rng(5)
    for turn, length in enumerate(LENGTHS):
        for rows in (0, 1, 3) if turn % 8 == 0 else (1 + turn % 3,):
            if element in TOLERANCE:
                x = random.standard_normal((rows, length)).astype(TYPES[element])
                if rows == 3 and length:
                    x[0, turn % length], x[1, (3 * turn) % length], x[2, -1] = np.nan, np.inf, -np.inf
            else:
                x = random.integers(0, 100, (rows, length)).astype(TYPES[element])
            # NumPy has no bf16 of its own: its bits.
            got = {name: y.view(TYPES[element]) for name, y in model.run({"x": x}).items()}
            for name, want in expect(x, element).items():
                context = f"{name} of {rows} x {length}"
                assert got[name].shape == want.shape, context
                if element not in TOLERANCE:
                    np.testing.assert_array_equal(got[name], want.astype(TYPES[element]), err_msg=context)
                elif not (name == "mean" and length == 0):
                    scale = 1 if name != "sum" else max(1, length**0.5)
                    np.testing.assert_allclose(got[name].astype(np.float64) / scale, want / scale, rtol=TOLERANCE[element], atol=TOLERANCE[element], err_msg=context)
