# SPDX-License-Identifier: Apache-2.0
"""The digits network, from both of its model files: real images classified, sizes and symbols as promised."""
import subprocess
import sys

import numpy as np
import pytest

MODELS = ["digits_cnn.onnx", "digits.json"]


@pytest.fixture
def images(examples):
    sys.path.insert(0, str(examples / "digits"))
    try:
        import classify
    finally:
        sys.path.pop(0)
    return classify.test_images()


@pytest.mark.parametrize("model", MODELS)
def test_classifies_the_test_images(programs, examples, images, model):
    pixels, digits = images
    library = programs.compile(examples / "digits" / model, "digits.so")
    probability = programs.execute(library, {"image": pixels}, ["probability"])["probability"]
    assert probability.shape == (360, 10) and probability.dtype == np.float32
    assert (probability.argmax(axis=1) == digits).sum() >= 355
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)


def test_both_files_are_the_same_network(programs, examples, images):
    pixels = images[0][:7]
    results = [
        programs.execute(programs.compile(examples / "digits" / model, f"m{i}.so"), {"image": pixels}, ["probability"])["probability"]
        for i, model in enumerate(MODELS)
    ]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 101])
def test_any_number_of_images(programs, examples, images, count):
    library = programs.compile(examples / "digits" / "digits_cnn.onnx", "digits.so")
    pixels = np.resize(images[0], (count, 1, 8, 8)) if count else np.zeros((0, 1, 8, 8), np.float32)
    probability = programs.execute(library, {"image": pixels}, ["probability"])["probability"]
    assert probability.shape == (count, 10)
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(examples / "digits" / "digits_cnn.onnx"), providers=["CPUExecutionProvider"])
    if count:
        np.testing.assert_allclose(probability, session.run(None, {"image": pixels})[0], atol=1e-5)


def test_library_is_small_and_exports_one_symbol(programs, examples):
    library = programs.compile(examples / "digits" / "digits_cnn.onnx", "digits.so")
    assert library.stat().st_size < 500_000
    symbols = subprocess.run(
        ["/usr/lib/llvm-22/bin/llvm-nm", "--dynamic", "--defined-only", "--format=just-symbols", library], capture_output=True, text=True, check=True
    ).stdout.split()
    assert symbols == ["dlc_model_digits"]


def test_library_needs_libc_alone(programs, examples):
    library = programs.compile(examples / "digits" / "digits_cnn.onnx", "digits.so")
    needed = subprocess.run(
        ["/usr/lib/llvm-22/bin/llvm-readelf", "--needed-libs", library], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name for name in needed if ".so" in name} <= {"libc.so.6", "libm.so.6"}


def test_same_bits_on_one_thread_and_two(programs, examples, images):
    library = programs.compile(examples / "digits" / "digits_cnn.onnx", "digits.so")
    one, two = (
        programs.execute(library, {"image": images[0]}, ["probability"], "--threads", threads)["probability"] for threads in (1, 2)
    )
    assert one.tobytes() == two.tobytes()
