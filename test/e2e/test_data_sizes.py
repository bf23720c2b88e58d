# SPDX-License-Identifier: Apache-2.0
"""Tensors whose extents data decides: graphs around NonZero, Compress, Unique and NonMaxSuppression, compared with ONNX Runtime on awkward sizes
and on data of which nothing, one element, some or everything is found."""
import lzma
import platform
import subprocess

import dlc
import numpy as np
import onnx
import pytest
from conftest import TOP
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from test_computed_sizes import make_session, node, numbers, table

BOOL, FLOAT, INT = T.BOOL, T.FLOAT, T.INT64


def value(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, list(shape))


def make_model(path, nodes, inputs, outputs, constants=(), opset=18):
    """A model whose `outputs`, names, have the types and ranks that its nodes give them."""
    used = {name for each in nodes for name in each.input}
    graph = helper.make_graph(nodes, "main", inputs, [helper.make_empty_tensor_value_info(name) for name in outputs],
                              [each for each in constants if each.name in used])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output
    for output, known in zip(model.graph.output, inferred):
        output.CopyFrom(helper.make_tensor_value_info(output.name, known.type.tensor_type.elem_type, None))
    path.write_bytes(model.SerializeToString())
    return model


def compare(library, model, feeds, tolerance=1e-5, expected_of=None):
    """Runs `library` on each of `feeds` and compares all outputs with ONNX Runtime, or with what `expected_of` gives."""
    session, run = None if expected_of else make_session(model), dlc.Model(library)
    names = [output.name for output in model.graph.output]
    for feed in feeds:
        expected = expected_of(**feed) if expected_of else session.run(names, feed)
        result = run.run(feed)
        for name, want in zip(names, expected):
            got = result[name]
            about = f"{name} of {({key: each.shape for key, each in feed.items()})}"
            assert got.dtype == want.dtype and got.shape == want.shape, (about, got.dtype, got.shape, want.dtype, want.shape)
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=about)


def floats(generator, shape, share):
    """Of normal numbers the positive ones are about `share`; exactly none and all of them for 0 and 1."""
    x = np.abs(generator.standard_normal(shape)).astype(np.float32) + 0.01
    return np.where(generator.random(shape) < share, x, -x).astype(np.float32)


# Extents of x[N, M] that break vectors, with nothing to find among them.
SIZES = [(0, 5), (1, 1), (1, 17), (7, 3), (5, 0), (33, 31), (64, 16)]
SHARES = [0, 0.4, 1]
CONSTANTS = [
    numbers("i0", 0), numbers("i1", 1), numbers("zero", [0]), numbers("one", [1]), numbers("two", [2]), numbers("minus", [-1]), numbers("eight", [8]),
    numbers("far", [2**63 - 1]), numbers("f0", 0, np.float32), numbers("f2", 2, np.float32), table("words", 64, 8), table("weight", 8, 5),
    table("row", 1, 8),
]  # fmt: skip
POSITIVE = [node("Greater", "x f0", "mask")]
FOUND = [*POSITIVE, node("NonZero", "mask", "z")]
INDICES = [*FOUND, node("Transpose", "z", "t", perm=[1, 0])]
SELECTED = [*INDICES, node("GatherND", "x t", "v")]
ROWS = [*FOUND, node("Slice", "z zero one zero", "r1"), node("Squeeze", "r1 zero", "r")]

# Name: nodes that make of x[N, M] the outputs that follow.
GRAPHS = {
    "nonzero": (FOUND, "z"),
    "two outputs of one extent": (INDICES, "z t"),
    "selected": ([*SELECTED, node("Mul", "v f2", "y")], "y"),
    "selected and all": ([*SELECTED, node("Add", "x f2", "w")], "v w"),
    "selected twice": ([*SELECTED, node("NonZero", "mask", "z2"), node("Transpose", "z2", "t2", perm=[1, 0]), node("GatherND", "x t2", "v2"),
                        node("Mul", "v v2", "y")], "y"),
    "two conditions": ([*SELECTED, node("Less", "x f0", "less"), node("NonZero", "less", "z2"), node("Transpose", "z2", "t2", perm=[1, 0]),
                        node("GatherND", "x t2", "v2"), node("Concat", "v2 v", "y", axis=0)], "v2 v y"),
    "number of found": ([*INDICES, node("Shape", "t", "s"), node("Gather", "s i0", "n"), node("Cast", "n", "f", to=FLOAT), node("Mul", "x f", "y")], "n y"),
    "of found again": ([*SELECTED, node("Greater", "v f2", "large"), node("NonZero", "large", "q"), node("Squeeze", "q zero", "p"),
                        node("Gather", "v p", "y")], "q y"),
    "rows of a table": ([*ROWS, node("Gather", "words r", "e"), node("Add", "e row", "y")], "y"),
    "product": ([*ROWS, node("Gather", "words r", "e"), node("MatMul", "e weight", "y")], "y"),
    "product over found": ([*ROWS, node("Gather", "words r", "e"), node("Transpose", "e", "et", perm=[1, 0]), node("MatMul", "et e", "y")], "y"),
    "sum over found": ([*SELECTED, node("ReduceSum", "v zero", "y", keepdims=0), node("ReduceMax", "v zero", "m", keepdims=1)], "y"),
    "softmax over found": ([*SELECTED, node("Softmax", "v", "y", axis=0)], "y"),
    "sorted": ([*SELECTED, node("Shape", "v", "n"), node("TopK", "v n", "y i", axis=0)], "y i"),
    "at most eight": ([*SELECTED, node("Shape", "v", "n"), node("Min", "n eight", "k"), node("TopK", "v k", "y i", axis=0)], "y i"),
    "slices": ([*SELECTED, node("Slice", "v one far zero", "a"), node("Slice", "v zero minus zero", "b"), node("Sub", "a b", "y")], "y"),
    "reshaped": ([*ROWS, node("Gather", "words r", "e"), node("Reshape", "e minus", "y")], "y"),
    "reshaped by the number": ([*ROWS, node("Gather", "words r", "e"), node("Shape", "z", "s"), node("Slice", "s one two zero", "n"),
                                node("Concat", "n two minus", "u", axis=0), node("Reshape", "e u", "y")], "y"),
    "counted to": ([*INDICES, node("Shape", "t", "s"), node("Gather", "s i0", "n"), node("Range", "i0 n i1", "y")], "y"),
    "put back": ([*SELECTED, node("Neg", "v", "w"), node("ScatterND", "x t w", "y")], "y"),
    "padded": ([*SELECTED, node("Pad", "v pads", "y")], "y"),
    "expanded": ([*INDICES, node("Shape", "t", "s"), node("Gather", "s zero", "n"), node("Concat", "n eight", "u", axis=0), node("Expand", "row u", "y")],
                 "y"),
    "compressed": ([*POSITIVE, node("Reshape", "mask minus", "c"), node("Compress", "x c", "y")], "y"),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(programs, name):
    nodes, outputs = GRAPHS[name]
    model = make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split(), [*CONSTANTS, numbers("pads", [1, 2])])
    generator = np.random.default_rng(3)
    feeds = [{"x": floats(generator, size, share)} for size in SIZES for share in SHARES]
    # What a reduction of no elements is, and what is left of them for -1, others leave open.
    if name in ("sum over found", "softmax over found", "slices", "reshaped by the number"):
        feeds = [feed for feed in feeds if (feed["x"] > 0).any()]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, tolerance=1e-4)


def test_levels_agree(programs):
    """Unoptimized and optimized code, on one thread and on several."""
    nodes, outputs = GRAPHS["product"]
    model = make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split(), CONSTANTS)
    generator = np.random.default_rng(4)
    feeds = [{"x": floats(generator, size, 0.5)} for size in SIZES]
    compare(programs.compile("m.onnx", "m0.so", "-O0"), model, feeds)
    threaded = dlc.Model(programs.compile("m.onnx", "m.so"), threads=3)
    alone = dlc.Model(programs.folder / "m.so")
    for feed in feeds:
        np.testing.assert_array_equal(threaded.run(feed)["y"], alone.run(feed)["y"])


@pytest.mark.parametrize("shape", [(), (0,), (1,), (257,), (3, 1, 5), (2, 3, 4, 5)])
def test_nonzero(programs, shape):
    x = value("x", FLOAT, *shape)
    model = make_model(programs.folder / "m.onnx", [node("NonZero", "x", "y")], [x], ["y"])
    data = np.zeros(shape, np.float32)
    special = data.copy()
    special.flat[:3] = [np.nan, -0.0, np.inf][: data.size]
    generator = np.random.default_rng(1)

    def expected(x):
        # ONNX: the index of a number has no elements, whatever NumPy says.
        return [np.zeros((0, int((x != 0).sum())), np.int64) if x.ndim == 0 else np.array(np.nonzero(x), np.int64).reshape(x.ndim, -1)]

    feeds = [{"x": data}, {"x": data + 1}, {"x": special}, {"x": (data + (generator.random(shape) < 0.5)).astype(np.float32)}]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, expected_of=expected)


@pytest.mark.parametrize("kind", [np.bool_, np.int8, np.uint8, np.int32, np.int64, np.float16, np.float64])
def test_nonzero_types(programs, kind):
    x = value("x", helper.np_dtype_to_tensor_dtype(np.dtype(kind)), "N", 3)
    model = make_model(programs.folder / "m.onnx", [node("NonZero", "x", "y")], [x], ["y"])
    generator = np.random.default_rng(2)
    feeds = [{"x": generator.integers(0, 3, (n, 3)).astype(kind)} for n in (0, 1, 65)]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, expected_of=lambda x: [np.array(np.nonzero(x), np.int64)])


@pytest.mark.parametrize("axis, length", [(None, 13), (None, 60), (0, 3), (0, 2), (1, 4), (2, 5), (-1, 0)])
def test_compress(programs, axis, length):
    attributes = {} if axis is None else {"axis": axis}
    inputs = [value("x", FLOAT, 3, 4, 5), value("c", BOOL, "L")]
    model = make_model(programs.folder / "m.onnx", [node("Compress", "x c", "y", **attributes)], inputs, ["y"])
    generator = np.random.default_rng(5)
    x = generator.standard_normal((3, 4, 5)).astype(np.float32)
    feeds = [{"x": x, "c": generator.random(length) < share} for share in SHARES]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, expected_of=lambda x, c: [np.compress(c, x, axis)])


def test_compress_too_long(programs):
    inputs = [value("x", FLOAT, "N", 4), value("c", BOOL, "L")]
    make_model(programs.folder / "m.onnx", [node("Compress", "x c", "y", axis=0)], inputs, ["y"])
    run = dlc.Model(programs.compile("m.onnx", "m.so"))
    with pytest.raises(dlc.Error, match="needs an extent of at least 0"):
        run.run({"x": np.zeros((2, 4), np.float32), "c": np.ones(3, bool)})


def unique(x, axis, is_sorted):
    """As ONNX defines it; all NaN are one."""
    values, index, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    inverse = inverse.reshape(-1)
    if not is_sorted:
        order = np.argsort(index)
        values = np.take(values, order, axis=axis or 0)
        index, counts = index[order], counts[order]
        inverse = np.argsort(order)[inverse] if order.size else inverse
    return [values, *(each.astype(np.int64) for each in (index, inverse, counts))]


@pytest.mark.parametrize("is_sorted", [1, 0])
@pytest.mark.parametrize("kind", [np.float32, np.int64, np.int8, np.float64])
def test_unique(programs, kind, is_sorted):
    x = value("x", helper.np_dtype_to_tensor_dtype(np.dtype(kind)), "N", "M")
    model = make_model(programs.folder / "m.onnx", [node("Unique", "x", "y i v c", sorted=is_sorted)], [x], ["y", "i", "v", "c"])
    generator = np.random.default_rng(6)
    feeds = [{"x": generator.integers(-3, most, size).astype(kind)} for size in SIZES[:6] for most in (-2, 2, 100)]
    if kind == np.float32:
        feeds += [{"x": np.array([[np.inf, -np.inf, 2, np.inf, np.nan, 2, np.nan]], kind)}]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, expected_of=lambda x: unique(x, None, is_sorted))


@pytest.mark.parametrize("is_sorted", [1, 0])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_unique_slices(programs, axis, is_sorted):
    model = make_model(programs.folder / "m.onnx", [node("Unique", "x", "y i v c", sorted=is_sorted, axis=axis)], [value("x", FLOAT, "N", 3, "M")],
                       ["y", "i", "v", "c"])
    generator = np.random.default_rng(7)
    feeds = [{"x": generator.integers(0, 2, size).astype(np.float32)} for size in ((1, 3, 1), (5, 3, 1), (9, 3, 2), (17, 3, 3))]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, expected_of=lambda x: unique(x, axis % 3, is_sorted))


def test_unique_values_alone(programs):
    """Outputs that nobody reads, and work with what was found."""
    nodes = [node("Unique", "x", "u"), node("Mul", "u f2", "y")]
    model = make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N")], ["y"], CONSTANTS)
    generator = np.random.default_rng(8)
    compare(programs.compile("m.onnx", "m.so"), model, [{"x": generator.integers(0, 9, n).astype(np.float32)} for n in (1, 2, 30)])


def boxes_and_scores(generator, images, classes, boxes, is_centered):
    corners = generator.random((images, boxes, 2, 2)).astype(np.float32)
    if not is_centered:
        # Either corner comes first.
        return {"b": corners.reshape(images, boxes, 4) * 3, "s": generator.random((images, classes, boxes)).astype(np.float32)}
    corners[:, :, 1] = corners[:, :, 1] * 0.6 + 0.05
    return {"b": corners.reshape(images, boxes, 4), "s": generator.random((images, classes, boxes)).astype(np.float32)}


@pytest.mark.parametrize("is_centered", [0, 1])
@pytest.mark.parametrize("given", ["", "m", "m t", "m t q", "m  q"])
def test_suppression(programs, is_centered, given):
    operands = " ".join(["b s", given]).strip()
    inputs = [value("b", FLOAT, "N", "K", 4), value("s", FLOAT, "N", "C", "K")]
    model = make_model(programs.folder / "m.onnx", [node("NonMaxSuppression", operands, "y", center_point_box=is_centered)], inputs, ["y"],
                       [numbers("m", [4]), numbers("t", [0.3], np.float32), numbers("q", [0.4], np.float32)])
    generator = np.random.default_rng(9)
    feeds = [boxes_and_scores(generator, *size, is_centered) for size in ((1, 1, 1), (1, 2, 7), (2, 3, 17), (3, 1, 40), (1, 1, 3))]
    # Equal scores, of which the first box wins, and no overlap at all.
    feeds.append({"b": feeds[1]["b"], "s": np.full((1, 2, 7), 0.5, np.float32)})
    feeds.append({"b": np.arange(20, dtype=np.float32).reshape(1, 5, 4), "s": feeds[1]["s"][:, :1, :5]})
    compare(programs.compile("m.onnx", "m.so"), model, feeds)


def test_suppression_of_inputs(programs):
    """How many boxes, and the thresholds, are inputs; what is selected is used."""
    nodes = [
        node("NonMaxSuppression", "b s m t q", "z"), node("Slice", "z two three one", "k2"), node("Squeeze", "k2 one", "k"), node("Squeeze", "b zero", "b0"),
        node("Gather", "b0 k", "y"),
    ]  # fmt: skip
    inputs = [value("b", FLOAT, 1, "K", 4), value("s", FLOAT, 1, "C", "K"), value("m", INT), value("t", FLOAT), value("q", FLOAT, 1)]
    model = make_model(programs.folder / "m.onnx", nodes, inputs, ["z", "y"], [*CONSTANTS, numbers("three", [3])])
    generator = np.random.default_rng(10)
    feeds = []
    for most, overlap, least in ((0, 0.5, 0.1), (1, 0.5, 0.1), (3, 0, 0), (100, 0.7, 0.2), (5, 0.5, 2)):
        feed = boxes_and_scores(generator, 1, 2, 13, False)
        feeds.append({**feed, "m": np.array(most), "t": np.array(overlap, np.float32), "q": np.array([least], np.float32)})
    compare(programs.compile("m.onnx", "m.so"), model, feeds)


#===-- What callers see -----------------------------------------------------===#


def test_python_and_command(programs):
    nodes, outputs = GRAPHS["nonzero"]
    make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split(), CONSTANTS)
    library = programs.compile("m.onnx", "m.so")
    x = floats(np.random.default_rng(11), (5, 7), 0.3)
    expected = np.array(np.nonzero(x > 0))
    assert 0 < expected.shape[1] < 35

    run = dlc.Model(library)
    np.testing.assert_array_equal(run.run({"x": x})["z"], expected)
    np.testing.assert_array_equal(run.run({"x": -x})["z"], np.array(np.nonzero(-x > 0)))
    # A buffer of the caller's has room for everything; the result is a view of it.
    buffer = np.full((2, 35), -7, np.int64)
    result = run.run({"x": x}, outputs={"z": buffer})["z"]
    np.testing.assert_array_equal(result, expected)
    assert np.shares_memory(result, buffer)
    with pytest.raises(dlc.Error, match=r"has shape \[2, 34\], and these inputs give \[2, 35\]"):
        run.run({"x": x}, outputs={"z": np.zeros((2, 34), np.int64)})

    np.testing.assert_array_equal(programs.execute(library, {"x": x}, ["z"])["z"], expected)
    printed = programs.run("dlc-run", library, "--input", f"x={programs.folder / 'in-x.npy'}")
    assert f"i64[2, {expected.shape[1]}]" in printed.stdout, printed.stdout + printed.stderr
    info = programs.run("dlc-run", "info", library)
    assert "output  z: i64[2, " in info.stdout, info.stdout
    verified = programs.run("dlc-run", "verify", "m.onnx", "--input", f"x={programs.folder / 'in-x.npy'}")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    refused = programs.run("dlc-run", "bench", library, "--symbol", "z=3")
    assert refused.returncode != 0 and "a run computes 'z'" in refused.stderr, refused.stderr


C_PROGRAM = r"""
/* Reads 6 x 5 floats from the standard input; prints the shape and the elements of z, before and after. */
#include "m.h"
int main(void) {
  dlc_error error;
  dlc_context *context;
  float x[30];
  int64_t z[60], dims[2], symbols[8];
  if (fread(x, sizeof x, 1, stdin) != 1 || dlc_context_create(&dlc_model_m, NULL, &error, &context))
    return 1;
  const dlc_entry_point *entry = dlc_find_entry(&dlc_model_m, "run");
  if (!(entry->outputs[0].flags & DLC_TENSOR_BOUNDED) || dlc_result_shapes(context, entry, dims) != DLC_ERROR_ARGUMENT)
    return 2;
  int64_t shape[] = {6, 5};
  dlc_tensor input = dlc_tensor_of(x, DLC_F32, 2, shape);
  if (dlc_infer_symbols(context, entry, &input, 1, symbols) || dlc_output_shapes(context, entry, symbols, dims))
    return 3;
  printf("%d %d\n", (int)dims[0], (int)dims[1]);
  if (m_run(context, 6, 5, x, z) || dlc_result_shapes(context, entry, dims))
    return printf("%s\n", dlc_context_message(context)), 4;
  printf("%d %d\n", (int)dims[0], (int)dims[1]);
  for (int i = 0; i < dims[0] * dims[1]; ++i)
    printf("%d ", (int)z[i]);
  /* A run that fails leaves nothing to ask for. */
  shape[1] = -1;
  if (!dlc_run(context, entry, &input, 1, NULL, 0) || dlc_result_shapes(context, entry, dims) != DLC_ERROR_ARGUMENT)
    return 5;
  dlc_context_release(context);
  return 0;
}
"""


def test_c_interface(programs):
    nodes, outputs = GRAPHS["nonzero"]
    make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split(), CONSTANTS)
    programs.compile("m.onnx", "m.o")
    header = (programs.folder / "m.h").read_text()
    assert "writes z: int64_t[2][up to N * M]" in header, header
    (programs.folder / "main.c").write_text(C_PROGRAM)
    command = ["clang-22", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/runtime/include", "main.c", "m.o", "-o", "main", "-lm", "-lpthread", "-ldl"]
    subprocess.run(command, check=True, cwd=programs.folder)
    x = floats(np.random.default_rng(12), (6, 5), 0.5)
    result = subprocess.run([programs.folder / "main"], input=x.tobytes(), capture_output=True, timeout=60)
    expected = np.array(np.nonzero(x > 0))
    assert result.returncode == 0, (result.returncode, result.stdout)
    assert [int(word) for word in result.stdout.split()] == [2, 30, *expected.shape, *expected.flat]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the stored program is for x86-64")
def test_older_program(programs):
    """A program whose headers do not know such outputs is told so; one that only computes with such extents it can run."""
    program = programs.folder / "program-6"
    program.write_bytes(lzma.decompress((TOP / "test" / "e2e" / "abi" / "program-6.xz").read_bytes()))
    program.chmod(0o755)
    messages = []
    for name in ("nonzero", "sum over found"):
        nodes, outputs = GRAPHS[name]
        make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split()[:1], CONSTANTS)
        result = subprocess.run([program, programs.compile("m.onnx", "m.so")], capture_output=True, text=True, timeout=60)
        messages.append(result.stdout)
    assert "uses what this program's headers do not know" in messages[0]
    assert messages[1] == "the model has no variables\n" or "headers" not in messages[1], messages[1]


def test_written_as_onnx(programs):
    """What is imported is exported again, and ONNX Runtime computes the same."""
    nodes, outputs = GRAPHS["rows of a table"]
    model = make_model(programs.folder / "m.onnx", nodes, [value("x", FLOAT, "N", "M")], outputs.split(), CONSTANTS)
    programs.compile("m.onnx", "again.onnx")
    feeds = [{"x": floats(np.random.default_rng(13), (7, 3), share)} for share in SHARES]
    compare(programs.compile("again.onnx", "again.so"), model, feeds)
    again = make_session(onnx.load(programs.folder / "again.onnx"))
    for feed in feeds:
        np.testing.assert_allclose(again.run(["y"], feed)[0], make_session(model).run(["y"], feed)[0], rtol=1e-6)


#===-- Sizes without a bound ------------------------------------------------===#

# Name: nodes that make y of x[N, 4] and of integers that the nodes compute from the reals v[3], and on which no bound is known.
COMPUTED = [
    node("Cast", "v", "vi", to=INT), node("Mul", "vi vi", "sq"), node("ReduceSum", "sq zero", "n", keepdims=0), node("ReduceSum", "sq zero", "n1"), node("Cast", "n", "nf", to=FLOAT),
]  # fmt: skip
UNBOUNDED = {
    "range": ([node("Range", "i0 n i1", "y")], "y"),
    "range down": ([node("Neg", "n", "m"), node("Sub", "i0 i1", "minus1"), node("Range", "n m minus1", "y")], "y"),
    "range of reals": ([node("Range", "half nf step", "r"), node("Mul", "r nf", "y")], "r y"),
    "filled": ([node("Concat", "n1 one", "s", axis=0), node("ConstantOfShape", "s", "y")], "y"),
    "expanded": ([node("Concat", "n1 one one", "s", axis=0), node("Expand", "x s", "e"), node("Add", "e nf", "y")], "y"),
    "repeated": ([node("Concat", "n1 one", "s", axis=0), node("Tile", "x s", "y"), node("ReduceSum", "y zero", "t", keepdims=0)], "y t"),
    "reshaped": ([node("Concat", "n1 one", "s", axis=0), node("Tile", "x s", "e"), node("Concat", "n1 minus", "r", axis=0), node("Reshape", "e r", "y")], "y"),
    "sliced": ([node("Slice", "x zero n1 zero", "y")], "y"),
    "found in a range": ([node("Range", "i0 n i1", "r"), node("Mod", "r three0", "k"), node("NonZero", "k", "z"), node("Squeeze", "z zero", "p"),
                          node("Gather", "r p", "y")], "z y"),
    "one after another": ([node("Range", "i0 n i1", "r"), node("ReduceSum", "r zero", "m", keepdims=0), node("Range", "i0 m i1", "y"),
                           node("Cast", "y", "q", to=FLOAT), node("Add", "q nf", "w")], "r y w"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNBOUNDED)
def test_unbounded(programs, name):
    nodes, outputs = UNBOUNDED[name]
    constants = [*CONSTANTS, numbers("half", 0.5, np.float32), numbers("step", 0.75, np.float32), numbers("three0", 3)]
    needed = {each for made in nodes for each in made.input}
    needed.update(each for made in COMPUTED if made.output[0] in needed for each in made.input)
    computed = [each for each in COMPUTED if each.output[0] in {*needed, "vi", "sq"}]
    inputs = [value("x", FLOAT, "N", 4), value("v", FLOAT, 3)] if "x" in needed else [value("v", FLOAT, 3)]
    model = make_model(programs.folder / "m.onnx", computed + nodes, inputs, outputs.split(), constants)
    generator = np.random.default_rng(14)
    # Larger, smaller and larger again: what the context keeps grows, and is used again.
    feeds = []
    for v in ([1, 0, 0], [0, 0, 0], [1, 2, 3], [1, 1, 0], [5, 4, 2]):
        feeds.append({"v": np.array(v, np.float32), **({"x": generator.standard_normal((3, 4)).astype(np.float32)} if "x" in needed else {})})
    if name in ("reshaped",):
        feeds = [feed for feed in feeds if feed["v"].any()]
    compare(programs.compile("m.onnx", "m.so"), model, feeds, tolerance=1e-4)


def test_range_of_inputs(programs):
    inputs = [value("a", FLOAT), value("b", FLOAT), value("d", FLOAT)]
    model = make_model(programs.folder / "m.onnx", [node("Range", "a b d", "y")], inputs, ["y"])
    feeds = [{key: np.array(number, np.float32) for key, number in zip("abd", each)} for each in ((0, 5, 1), (1, 0, 0.25), (3, -1.5, -0.5), (2, 2.01, 7))]
    library = programs.compile("m.onnx", "m.so")
    compare(library, model, feeds)
    run = dlc.Model(library)
    assert run.run({"a": np.float32(np.nan), "b": np.float32(1), "d": np.float32(1)})["y"].shape == (0,)
    with pytest.raises(dlc.Error, match="'y' needs an extent of at most 2147483647"):
        run.run({"a": np.float32(0), "b": np.float32(1), "d": np.float32(1e-12)})
    with pytest.raises(dlc.Error, match="takes no array"):
        run.run(feeds[0], outputs={"y": np.zeros(5, np.float32)})
    assert run.run(feeds[0])["y"].shape == (5,)
    assert "y: f32[y]" in programs.run("dlc-run", "info", library).stdout
    np.testing.assert_array_equal(programs.execute(library, feeds[0], ["y"])["y"], np.arange(5, dtype=np.float32))


def test_range_of_integer_inputs(programs):
    inputs = [value("a", INT), value("b", INT), value("d", INT)]
    model = make_model(programs.folder / "m.onnx", [node("Range", "a b d", "y")], inputs, ["y"])
    library = programs.compile("m.onnx", "m.so")
    compare(library, model, [{key: np.array(number) for key, number in zip("abd", each)}
                             for each in ((0, 5, 1), (10, 4, -2), (10, 4, 2), (-7, 8, 5), (3, 3, 1), (5, -6, -5))])  # fmt: skip
    with pytest.raises(dlc.Error, match="needs an extent other than 0"):
        dlc.Model(library).run({"a": np.array(0), "b": np.array(1), "d": np.array(0)})
