# SPDX-License-Identifier: Apache-2.0
"""The largest elements, random numbers, and updates of a part of a tensor, against NumPy."""
import decoding_reference as reference
import numpy as np
import pytest
from sampling import sample

TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i32": np.int32, "i64": np.int64, "i8": np.int8, "ui16": np.uint16, "ui32": np.uint32,
         "ui64": np.uint64, "i1": np.bool_}  # fmt: skip


def shape_text(shape, dynamic=()):
    return "x".join("?" if d in dynamic else str(extent) for d, extent in enumerate(shape))


TOP_K = [
    ((7,), 0, 3), ((1, 1), 1, 1), ((5, 65), 1, 5), ((4, 33), 0, 4), ((2, 3, 17), 1, 2), ((2, 9, 4), 1, 9), ((3, 0, 5), 0, 2), ((40, 700), 1, 6),
    ((3, 1200), 1, 24), ((3, 1200), 1, 25), ((2, 1501), 1, 100), ((900, 2), 0, 40), ((2, 257), 1, 256), ((33,), 0, 33), ((2, 16, 48), 2, 47), ((3, 5), 1, 0),
]  # fmt: skip


def make_rows(shape, axis, element, random):
    """Rows with many equal elements; ascending, descending, up and down and constant ones among them, and the extreme numbers."""
    x = random.integers(0, 50, shape)
    if element != np.bool_ and x.size:
        rows = np.moveaxis(x, axis, -1).reshape(-1, shape[axis])
        extent = shape[axis]
        for row, values in zip(rows, [np.arange(extent), extent - np.arange(extent), np.minimum(np.arange(extent), extent - np.arange(extent))]):
            row[:] = values // 3
        x = np.moveaxis(rows.reshape(np.moveaxis(x, axis, -1).shape), -1, axis)
    x = np.ascontiguousarray(x % 2 if element == np.bool_ else x).astype(element)
    if x.size > 6 and element != np.bool_:
        info = np.finfo(element) if np.issubdtype(element, np.floating) else np.iinfo(element)
        x.ravel()[random.permutation(x.size)[:4]] = [info.min, info.max, info.max, 0]
        if np.issubdtype(element, np.floating):
            x.ravel()[random.permutation(x.size)[:4]] = [np.inf, -np.inf, -0.0, -2.5]
    return x


@pytest.mark.parametrize("name, smallest", [(name, smallest) for turn, name in enumerate(TYPES) for smallest in sample([False, True], 1, turn)])
def test_top_k(programs, smallest, name):
    arguments, results, operations, inputs, wanted = [], [], [], {}, {}
    for case, (shape, axis, k) in enumerate(TOP_K):
        x = make_rows(shape, axis, TYPES[name], np.random.default_rng(case))
        dynamic = {0} if axis else set()
        of, to = (f"tensor<{shape_text(extents, dynamic)}x" for extents in (shape, shape[:axis] + (k,) + shape[axis + 1 :]))
        attributes = f"{{axis = {axis} : i64, k = {k} : i64, smallest = {str(smallest).lower()}}}"
        dims = f', dlc.dims = ["N{case}"%s]' % "".join(f", {extent}" for extent in shape[1:]) if dynamic else ""
        arguments.append(f'%x{case}: {of}{name}> {{dlc.name = "x{case}"{dims}}}')
        for prefix, operation, element in ("v", "top_k", name), ("i", "top_k_indices", "i64"):
            operations.append(f"%{prefix}{case} = dlc.{operation} %x{case} {attributes} : {of}{name}> -> {to}{element}>")
            results.append((f"{prefix}{case}", f"{to}{element}>"))
        ranks = np.unique(x, return_inverse=True)[1].reshape(x.shape).astype(np.int64)
        order = np.take(np.argsort(ranks if smallest else -ranks, axis, kind="stable"), np.arange(k), axis)
        inputs[f"x{case}"], wanted[f"i{case}"], wanted[f"v{case}"] = x, order, np.take_along_axis(x, order, axis)
    declared = ", ".join(f'{kind} {{dlc.name = "{result}"}}' for result, kind in results)
    returned = ", ".join(f"%{result}" for result, _ in results), ", ".join(kind for _, kind in results)
    lines = [f"func.func @run({', '.join(arguments)}) -> ({declared}) {{", *operations, f"return {returned[0]} : {returned[1]}", "}"]
    (programs.folder / "model.mlir").write_text("\n".join(lines))
    got = programs.execute(programs.compile("model.mlir", "model.so"), inputs, list(wanted))
    for result, expected in wanted.items():
        np.testing.assert_array_equal(got[result], expected, err_msg=f"{result[0]} of {TOP_K[int(result[1:])]}")


def test_top_k_of_nan(programs):
    (programs.folder / "model.mlir").write_text(
        """func.func @run(%x: tensor<6xf32> {dlc.name = "x"}) -> (tensor<4xi64> {dlc.name = "most"}, tensor<6xi64> {dlc.name = "least"}) {
        %0 = dlc.top_k_indices %x {axis = 0 : i64, k = 4 : i64} : tensor<6xf32> -> tensor<4xi64>
        %1 = dlc.top_k_indices %x {axis = 0 : i64, k = 6 : i64, smallest = true} : tensor<6xf32> -> tensor<6xi64>
        return %0, %1 : tensor<4xi64>, tensor<6xi64>
        }""")
    library = programs.compile("model.mlir", "model.so")
    got = programs.execute(library, {"x": np.array([1, np.nan, np.inf, -np.inf, np.nan, 2], np.float32)}, ["most", "least"])
    np.testing.assert_array_equal(got["most"], [1, 4, 2, 5])
    np.testing.assert_array_equal(got["least"], [3, 0, 5, 2, 1, 4])


def test_top_k_of_fewer_elements(programs):
    """What follows the last element is 0, and its index -1, also in rows without any."""
    (programs.folder / "model.mlir").write_text(
        """func.func @run(%x: tensor<2x?xf32> {dlc.name = "x", dlc.dims = [2, "L"]}) -> (tensor<2x4xf32> {dlc.name = "v"}, tensor<2x4xi64> {dlc.name = "i"},
              tensor<2x40xf32> {dlc.name = "w"}) {
        %0 = dlc.top_k %x {axis = 1 : i64, k = 4 : i64} : tensor<2x?xf32> -> tensor<2x4xf32>
        %1 = dlc.top_k_indices %x {axis = 1 : i64, k = 4 : i64} : tensor<2x?xf32> -> tensor<2x4xi64>
        %2 = dlc.top_k %x {axis = 1 : i64, k = 40 : i64} : tensor<2x?xf32> -> tensor<2x40xf32>
        return %0, %1, %2 : tensor<2x4xf32>, tensor<2x4xi64>, tensor<2x40xf32>
        }""")
    library = programs.compile("model.mlir", "model.so")
    for count in 0, 1, 3, 30:
        x = np.random.default_rng(count).standard_normal((2, count)).astype(np.float32)
        got = programs.execute(library, {"x": x}, ["v", "i", "w"])
        order = np.argsort(-x, 1, kind="stable")
        for name, k in ("v", 4), ("w", 40):
            np.testing.assert_array_equal(got[name][:, :count], np.take_along_axis(x, order, 1)[:, :k])
            assert not got[name][:, count:].any()
        np.testing.assert_array_equal(got["i"][:, :count], order[:, :4])
        assert (got["i"][:, count:] == -1).all()


@pytest.mark.parametrize("name", ["f32", "f16", "f64", "i8", "i64", "ui8"])
def test_arg_extreme_of_rows(programs, name):
    """Of long rows, in vectors: the first or last of equal elements, and NaN before all numbers."""
    element = {**TYPES, "ui8": np.uint8}[name]
    operations, outputs = [], []
    for axis, minimum, last in [(1, False, False), (1, False, True), (1, True, False), (1, True, True), (0, False, False), (0, True, True)]:
        flags = f"minimum = {str(minimum).lower()}, select_last = {str(last).lower()}"
        operations.append(f"%y{len(outputs)} = dlc.arg_extreme %x {{axis = {axis} : i64, keep_dims = false, {flags}}} : tensor<?x?x{name}> -> tensor<?xi64>")
        outputs.append((axis, minimum, last))
    declared = ", ".join(f'tensor<?xi64> {{dlc.name = "y{i}"}}' for i in range(len(outputs)))
    returned = ", ".join(f"%y{i}" for i in range(len(outputs))), ", ".join("tensor<?xi64>" for _ in outputs)
    lines = [f'func.func @run(%x: tensor<?x?x{name}> {{dlc.name = "x", dlc.dims = ["N", "L"]}}) -> ({declared}) {{', *operations]
    (programs.folder / "model.mlir").write_text("\n".join([*lines, f"return {returned[0]} : {returned[1]}", "}"]))
    library = programs.compile("model.mlir", "model.so")
    for seed, shape in enumerate([(1, 1), (5, 3), (4, 16), (7, 37), (3, 64), (2, 1000), (33, 129)]):
        random = np.random.default_rng(seed)
        x = random.integers(0, 9, shape).astype(element)
        if np.issubdtype(element, np.floating):
            x[random.random(shape) < 0.1] = [np.nan, np.inf, -np.inf, -0.0][seed % 4]
        got = programs.execute(library, {"x": x}, [f"y{i}" for i in range(len(outputs))])
        for i, (axis, minimum, last) in enumerate(outputs):
            find = np.argmin if minimum else np.argmax
            want = x.shape[axis] - 1 - find(np.flip(x, axis), axis) if last else find(x, axis)
            np.testing.assert_array_equal(got[f"y{i}"], want, err_msg=f"{shape} {outputs[i]}")


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_random_numbers(programs, level):
    (programs.folder / "model.mlir").write_text(
        """func.func @run(%seed: tensor<i64> {dlc.name = "seed"}, %step: tensor<i64> {dlc.name = "step"},
              %like: tensor<?x37xf32> {dlc.name = "like", dlc.dims = ["N", 37]}) -> (tensor<?x37xf32> {dlc.name = "u"}) {
        %0 = dlc.random_uniform %seed, %step, %like : (tensor<i64>, tensor<i64>, tensor<?x37xf32>) -> tensor<?x37xf32>
        return %0 : tensor<?x37xf32>
        }""")
    library = programs.compile("model.mlir", "model.so", level)
    for seed, step in [(0, 0), (1, 0), (0, 1), (-3, 2**33 + 7), (2**62, 5)]:
        got = programs.execute(library, {"seed": np.int64(seed), "step": np.int64(step), "like": np.zeros((3, 37), np.float32)}, ["u"])["u"]
        np.testing.assert_array_equal(got.ravel(), reference.random_uniform(seed, step, 3 * 37))
    many = programs.execute(library, {"seed": np.int64(4), "step": np.int64(0), "like": np.zeros((4000, 37), np.float32)}, ["u"], "--threads", "2")["u"]
    assert many.min() > 0 and many.max() < 1
    assert abs(many.mean() - 0.5) < 0.005 and abs(many.var() - 1 / 12) < 0.002


def test_philox_known_answers():
    """Those that come with Random123."""
    assert reference.philox_word((0, 0, 0, 0), (0, 0)) == 0x6627E8D5
    assert reference.philox_word((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2) == 0x408F276D
    assert reference.philox_word((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)) == 0xD16CFE09


@pytest.mark.parametrize("shape, axis, count", [((8,), 0, 3), ((3, 8, 5), 1, 1), ((3, 8, 33), 1, 8), ((4, 6, 16), 2, 5), ((2, 64, 3), 1, 0)])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_update_slice(programs, shape, axis, count, level):
    part = shape[:axis] + (count,) + shape[axis + 1 :]
    x_type, u_type = f"tensor<{shape_text(shape)}xf32>", f"tensor<{shape_text(part)}xf32>"
    # Twice: into an input, which must be left alone, and into memory that nothing else needs.
    (programs.folder / "model.mlir").write_text(
        f"""func.func @run(%x: {x_type} {{dlc.name = "x"}}, %u: {u_type} {{dlc.name = "u"}}, %p: tensor<i64> {{dlc.name = "p"}},
              %q: tensor<i64> {{dlc.name = "q"}}) -> ({x_type} {{dlc.name = "y"}}) {{
        %0 = dlc.update_slice %x, %u, %p {{axis = {axis} : i64}} : ({x_type}, {u_type}, tensor<i64>) -> {x_type}
        %1 = dlc.update_slice %0, %u, %q {{axis = {axis} : i64}} : ({x_type}, {u_type}, tensor<i64>) -> {x_type}
        %2 = dlc.neg %1 : {x_type} -> {x_type}
        return %2 : {x_type}
        }}""")
    library = programs.compile("model.mlir", "model.so", level)
    random = np.random.default_rng(1)
    x, u = random.standard_normal(shape).astype(np.float32), random.standard_normal(part).astype(np.float32)
    for p, q in [(0, 1), (2, 7), (-5, 100)]:
        expected = x.copy()
        for index in (p, q):
            index = min(max(index, 0), shape[axis] - count)
            expected[(slice(None),) * axis + (slice(index, index + count),)] = u
        got = programs.execute(library, {"x": x, "u": u, "p": np.int64(p), "q": np.int64(q)}, ["y"])["y"]
        np.testing.assert_array_equal(got, -expected)
