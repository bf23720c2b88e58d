# SPDX-License-Identifier: Apache-2.0
"""Tensors on a GPU in and out of runs, without copies, on the fake driver of test/fake_cuda."""
import os
import subprocess
import sys

import numpy as np
import pytest

from conftest import TOP
from test_cuda import EXAMPLES, copies, needs_fake, on_fake, write_char_lstm

pytestmark = needs_fake
BEGINNING = """
import sys
sys.path[:0] = {folders!r}
import dlc, numpy as np
from cuda_arrays import DeviceArray, fetch
from cuda_driver import Driver
driver = Driver()
random = np.random.default_rng(1)
"""


def run_python(text, *arguments, **settings):
    """What a program prints that finds the fake driver."""
    program = BEGINNING.format(folders=[str(TOP / "test" / "e2e"), str(TOP / "bench" / "gpu")]) + text
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=120, env={**os.environ, **on_fake(**settings)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture
def digits(programs):
    return programs.compile(EXAMPLES / "digits" / "digits_cnn.onnx", "digits.so", "--target=cuda")


IN_PLACE = """
model = dlc.Model(sys.argv[1])
assert model.device == "cuda:0" and repr(model)
for batch in 0, 1, 3:
    image = random.random((batch, 1, 8, 8), dtype=np.float32)
    expected = model(image)
    for offset in 0, 4, 20:
        result = model(DeviceArray(driver, image, offset))
        np.testing.assert_array_equal(fetch(driver, result), expected)
        # An output in place, also with an input that is on the other side.
        output = DeviceArray(driver, np.zeros((batch, 10), np.float32), offset)
        model.run({"image": DeviceArray(driver, image, 8)}, outputs={"probability": output})
        np.testing.assert_array_equal(output.numpy(), expected)
        output = DeviceArray(driver, np.zeros((batch, 10), np.float32), offset)
        model.run({"image": image}, outputs={"probability": output})
        np.testing.assert_array_equal(output.numpy(), expected)
    host = np.zeros((batch, 10), np.float32)
    model.run({"image": DeviceArray(driver, image)}, outputs={"probability": host})
    np.testing.assert_array_equal(host, expected)
# Results outlive their model.
del model
np.testing.assert_array_equal(fetch(driver, result), expected)
"""


def test_in_place(digits):
    run_python(IN_PLACE, digits)


REPEATED = """
model = dlc.Model(sys.argv[1])
image = DeviceArray(driver, random.random((3, 1, 8, 8), dtype=np.float32))
output = DeviceArray(driver, np.zeros((3, 10), np.float32))
for _ in range(int(sys.argv[2])):
    model.run({"image": image}, outputs={"probability": output})
"""


def test_nothing_is_copied(programs, digits):
    log = programs.folder / "log"
    counts = []
    for runs in 1, 5:
        run_python(REPEATED, digits, runs, log=log)
        counts.append(copies(log))
    assert counts[0] == counts[1]


ERRORS = """
model = dlc.Model(sys.argv[1])
image = random.random((3, 1, 8, 8), dtype=np.float32)
for array in [
    DeviceArray(driver, image, device=(2, 1)), DeviceArray(driver, image, device=(4, 0)), DeviceArray(driver, image.astype(np.float64)),
    DeviceArray(driver, image, offset=2), DeviceArray(driver, image, strides=(1, 64, 8, 1)),
]:
    try:
        model(array)
        print("accepted")
    except dlc.Error as error:
        print(error.status, error)
np.testing.assert_array_equal(fetch(driver, model(DeviceArray(driver, image))), model(image))
# Pinned memory of the host is the host's.
model(image)
cpu = dlc.Model(sys.argv[2])
assert cpu.device == "cpu"
try:
    cpu(DeviceArray(driver, image))
except dlc.Error as error:
    print(error.status, error)
for path, device in (sys.argv[1], "cpu"), (sys.argv[2], "cuda"), (sys.argv[1], "cuda:1"), (sys.argv[1], "gpu"):
    try:
        dlc.Model(path, device=device)
    except dlc.Error as error:
        print(error.status, error)
"""


def test_what_is_rejected(programs, digits):
    host = programs.compile(EXAMPLES / "digits" / "digits_cnn.onnx", "on_cpu.so", "--target=x86-64-v3")
    wanted = [
        "15 input 'image' of 'run' is on GPU 1, and the context runs on GPU 0: copy it there, or create the context for the other one",
        "15 input 'image' of 'run' is on a device of DLPack type 4, and the model runs on an NVIDIA GPU (type 2): pass it there, or in the CPU's memory",
        "10 input 'image' of 'run' has elements of type f64 (DLPack code 2, 64 bits), expected f32",
        "17 input 'image' of 'run' starts at an address that is not a multiple of its element's 4 bytes",
        "14 input 'image' of 'run' has strides [1, 64, 8, 1], and only compact row-major tensors are accepted: copy it first",
        "15 input 'image' of 'run' is on a device of DLPack type 2, and the model runs on the CPU",
        "15 model 'digits' was compiled for cuda, and has no program for the CPU: compile it with --target=x86-64,cuda to have both",
        "15 model 'on_cpu' was compiled for x86-64-v3, and has no program for a GPU: compile it with --target=cuda, or with --target=x86-64,cuda to have both",
        "24 there is no GPU number 1: this machine has 1, numbered from 0",
        "1 there is no device 'gpu': devices are 'cpu', 'cuda', and 'cuda:1' for the GPU of that number",
    ]  # fmt: skip
    assert run_python(ERRORS, digits, host) == wanted


STREAM = """
stream = driver.create_stream()
model = dlc.Model(sys.argv[1], stream=stream)
image = random.random((3, 1, 8, 8), dtype=np.float32)
expected = model(image)
source = DeviceArray(driver, image)
output = DeviceArray(driver, np.zeros((3, 10), np.float32))
model.run({"image": source}, outputs={"probability": output})
# The fake driver runs a stream when somebody waits for it; this stream waits for no other.
print(np.array_equal(output.numpy(), expected))
import ctypes
driver.call("cuStreamSynchronize", ctypes.c_void_p(stream))
print(np.array_equal(output.numpy(), expected))
# A tensor on the host has to be there when the run returns.
print(np.array_equal(model.run({"image": source}, outputs={"probability": np.zeros((3, 10), np.float32)})["probability"], expected))
"""


def test_stream_of_the_program(digits):
    assert run_python(STREAM, digits) == ["False", "True", "True"]


LEGACY = """
model = dlc.Model(sys.argv[1])
image = random.random((3, 1, 8, 8), dtype=np.float32)
expected = model(image)
source = DeviceArray(driver, np.zeros_like(image))
# Another library fills the input on the default stream and does not wait.
import ctypes
driver.call("cuMemcpyHtoDAsync_v2", ctypes.c_uint64(source.address), image.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(image.nbytes), None)
np.testing.assert_array_equal(fetch(driver, model(source)), expected)
"""


def test_in_order_with_the_default_stream(digits):
    run_python(LEGACY, digits)


DATA = """
model = dlc.Model(sys.argv[1], device="cuda")
table = random.random((7, 3), dtype=np.float32)
good, bad = np.array([0, 6, 3], np.int64), np.array([0, 7, 3], np.int64)
np.testing.assert_array_equal(fetch(driver, model.run({"table": DeviceArray(driver, table), "index": DeviceArray(driver, good)})["rows"]), table[good])
try:
    model.run({"table": DeviceArray(driver, table), "index": DeviceArray(driver, bad)})
except dlc.Error as error:
    print(error.status, error)
"""


def test_indices_on_the_device_are_checked(programs):
    (programs.folder / "model.mlir").write_text("""module {
  func.func @run(%table: tensor<7x3xf32> {dlc.name = "table"}, %index: tensor<3xi64> {dlc.name = "index"})
      -> (tensor<3x3xf32> {dlc.name = "rows"}) {
    %0 = dlc.gather %table, %index {axis = 0} : (tensor<7x3xf32>, tensor<3xi64>) -> tensor<3x3xf32>
    return %0 : tensor<3x3xf32>
  }
}
""")
    library = programs.compile("model.mlir", "model.so", "--target=cuda")
    (line,) = run_python(DATA, library)
    assert line.startswith("21 input 'index' holds 7 at [1]"), line


ADOPTED = """
import types, importlib.machinery
cupy = types.ModuleType("cupy")
class ndarray(DeviceArray):
    pass
ndarray.__module__ = "cupy"
cupy.from_dlpack = lambda value: ("adopted", value)
sys.modules["cupy"] = cupy
model = dlc.Model(sys.argv[1])
image = random.random((3, 1, 8, 8), dtype=np.float32)
kind, result = model(ndarray(driver, image))
np.testing.assert_array_equal(fetch(driver, result), model(image))
kind, result = model.run({"image": ndarray(driver, image)})["probability"]
print(kind)
"""


def test_results_are_arrays_of_the_caller_s_library(digits):
    assert run_python(ADOPTED, digits) == ["adopted"]


STATES = """
model = dlc.Model(sys.argv[1])
name = model.entry_points[0].states[0].name
model.run({t.name: np.zeros([e if isinstance(e, int) else 1 for e in t.shape], np.int64) for t in model.entry_points[0].inputs})
try:
    model.set_state(name, DeviceArray(driver, model.get_state(name)))
except dlc.Error as error:
    print(error.status, str(error).split("' of ")[1])
"""


def test_states_are_on_the_host(programs):
    write_char_lstm(programs.folder)
    library = programs.compile("model.json", "model.so", "--target=cuda")
    assert run_python(STATES, library) == ["15 'model' is on GPU 0, and has to be in the CPU's memory"]


DECIDED = """
model = dlc.Model(sys.argv[1])
x = np.array([0, 3, 0, 0, 5, 7, 0], np.float32)
result = model(DeviceArray(driver, x))
np.testing.assert_array_equal(fetch(driver, result), model(x))
print(fetch(driver, result).shape)
"""


def test_shapes_that_data_decides(programs):
    """Outputs are made for the largest shape, and given in that of the run."""
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("NonZero", ["x"], ["y"])], "model", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [7])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, [1, "count"])],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), programs.folder / "model.onnx")
    library = programs.compile("model.onnx", "model.so", "--target=cuda")
    assert run_python(DECIDED, library) == ["(1, 3)"]
