# SPDX-License-Identifier: Apache-2.0
"""ONNX ops for signals and images (windows, Fourier transforms, sampling, columns), against ONNX Runtime or ONNX's reference."""
import numpy as np
import onnx
import onnx.reference
import pytest
from onnx import helper
from sampling import sample
from test_onnx_ops import Family, compare

RNG = np.random.default_rng(0)


def check_with_reference(family, programs):
    model = family.model()
    onnx.save(model, programs.folder / "family.onnx")
    library = programs.compile("family.onnx", "family.so")
    expected = dict(zip(family.outputs, onnx.reference.ReferenceEvaluator(model).run(None, family.inputs)))
    actual = programs.execute(library, family.inputs, family.outputs)
    for name in family.outputs:
        compare(name, actual[name], np.asarray(expected[name]))


def test_windows(programs):
    family = Family(x=np.zeros(1, np.float32))
    for op in "HannWindow", "HammingWindow", "BlackmanWindow":
        for size in 2, 7, 10:
            family.add(op, np.array(size))
            family.add(op, np.array(size, np.int32), periodic=0, output_datatype=int(helper.np_dtype_to_tensor_dtype(np.dtype(np.float64))))
    family.add("MelWeightMatrix", np.array(8), np.array(16), np.array(8192), np.array(0.0, np.float32), np.array(4096.0, np.float32))
    family.add("MelWeightMatrix", np.array(5), np.array(64), np.array(16000), np.array(300.0, np.float32), np.array(8000.0, np.float32))
    family.add("Relu", "x")
    check_with_reference(family, programs)


@pytest.mark.parametrize("element", [np.float32, np.float64])
def test_fourier_transforms(programs, element):
    draw = lambda *shape: RNG.standard_normal(shape).astype(element)
    family = Family(r=draw(2, 12, 5, 1), c=draw(2, 7, 3, 2), s=draw(2, 40, 1), z=draw(2, 40, 2), w=draw(16))
    for axis in 1, 2, -2:
        for inverse in 0, 1:
            family.add("DFT", "c", None, np.array(axis), inverse=inverse)
            family.add("DFT", "r", None, np.array(axis), inverse=inverse)
        family.add("DFT", "r", None, np.array(axis), onesided=1)
    for length in 1, 4, 9:
        family.add("DFT", "c", np.array(length), np.array(1))
    family.add("STFT", "s", np.array(8), "w")
    family.add("STFT", "s", np.array(5), "w", np.array(16), onesided=0)
    family.add("STFT", "s", np.array(7), None, np.array(13))
    family.add("STFT", "z", np.array(16), None, np.array(16), onesided=0)
    family.check(programs)


@pytest.mark.parametrize("element", [np.float32, np.float64])
def test_fourier_transforms_of_half_spectra(programs, element):
    """A one-sided inverse transform takes half a spectrum, of which it reads as many bins as the signal's length needs."""
    c = RNG.standard_normal((2, 7, 3, 2)).astype(element)
    family = Family(c=c)
    for length in None, np.array(12), np.array(9), np.array(5), np.array(16), np.array(1):
        family.add("DFT", "c", length, np.array(1), inverse=1, onesided=1)
    family.add("DFT", "c", None, np.array(-2), inverse=1, onesided=1)
    check_with_reference(family, programs)

# Two steps, a prime as a product, three steps, a larger prime (a convolution with a chirp), that as one of two steps, a power of two, odd factors.
@pytest.mark.parametrize("size, element", [(size, element) for turn, size in enumerate([129, 257, 600, 1031, 2 * 1031, 1 << 14, 27 * 25 * 49])
                                           for element in sample([np.float32, np.float64], 1, turn)])  # fmt: skip
def test_many_samples(programs, size, element):
    """Longer than what one product transforms: against NumPy's transform of doubles."""
    draw = lambda *shape: RNG.standard_normal(shape).astype(element)
    complex_of = lambda x: x[..., 0] + 1j * x[..., 1].astype(np.float64)
    parts_of = lambda z: np.stack([z.real, z.imag], -1)
    r, c = draw(1, size - 2, 1), draw(2, size + 3, 2)
    half = draw(1, size // 2 + 1, 2)
    family = Family(r=r, c=c, h=half)
    length, axis = np.array(size), np.array(1)
    family.add("DFT", "r", length, axis)
    family.add("DFT", "r", length, axis, onesided=1)
    family.add("DFT", "c", length, axis)
    family.add("DFT", "c", length, axis, inverse=1)
    family.add("DFT", "h", length, axis, inverse=1, onesided=1)
    real, z = r[..., 0].astype(np.float64), complex_of(c)
    expected = [
        parts_of(np.fft.fft(real, size)), parts_of(np.fft.rfft(real, size)), parts_of(np.fft.fft(z, size)), parts_of(np.fft.ifft(z, size)),
        np.fft.irfft(complex_of(half), size)[..., None],
    ]  # fmt: skip
    onnx.save(family.model(), programs.folder / "m.onnx")
    library = programs.compile("m.onnx", "m.so")
    assert library.stat().st_size < 4_000_000 * np.dtype(element).itemsize
    actual = programs.execute(library, family.inputs, family.outputs)
    for name, wanted in zip(family.outputs, expected):
        assert actual[name].shape == wanted.shape
        scale = np.sqrt(np.mean(wanted**2))
        assert np.abs(actual[name] - wanted).max() <= (2e-6 if element == np.float32 else 1e-13) * scale * np.log2(size), name


@pytest.mark.parametrize("size", [200, 1021, 1024, 1031])
def test_halves_are_summed_in_wider_numbers(programs, size):
    """Of a constant spectrum only the first sample is not zero; the sums on the way do not fit f16."""
    spectrum = np.stack([np.full((1, size), 100), np.zeros((1, size))], -1).astype(np.float16)
    family = Family(c=spectrum)
    family.add("DFT", "c", None, np.array(1), inverse=1)
    onnx.save(family.model(), programs.folder / "m.onnx")
    [actual] = programs.execute(programs.compile("m.onnx", "m.so"), family.inputs, family.outputs).values()
    expected = np.zeros((1, size, 2))
    expected[0, 0, 0] = 100
    np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_half_spectra_have_two_parts(programs):
    node = helper.make_node("DFT", ["x", "", "a"], ["y"], inverse=1, onesided=1)
    value = lambda name, dims: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dims)
    axis = onnx.numpy_helper.from_array(np.array(1), "a")
    graph = helper.make_graph([node], "g", [value("x", [1, 5, 1])], [value("y", ["?"] * 3)], [axis])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), programs.folder / "m.onnx")
    result = programs.run("dlc", "m.onnx", "-o", "m.so")
    assert result.returncode == 1 and "expects two parts" in result.stderr


@pytest.mark.parametrize("align", [0, 1])
def test_grid_sample(programs, align):
    grid = RNG.uniform(-1.6, 1.6, (2, 4, 5, 2)).astype(np.float32)
    family = Family(x=RNG.standard_normal((2, 3, 6, 7)).astype(np.float32), g=grid, v=RNG.standard_normal((2, 3, 4, 5, 6)).astype(np.float32),
                    h=RNG.uniform(-1.3, 1.3, (2, 3, 2, 4, 3)).astype(np.float32))  # fmt: skip
    for padding in "zeros", "border", "reflection":
        for mode in "linear", "nearest", "cubic":
            family.add("GridSample", "x", "g", mode=mode, padding_mode=padding, align_corners=align)
        for mode in "linear", "nearest":
            family.add("GridSample", "v", "h", mode=mode, padding_mode=padding, align_corners=align)
    family.check(programs, dynamic=("x", "g", "v", "h"), batches=(1, 2))


def test_affine_grid(programs):
    family = Family(t=RNG.standard_normal((2, 2, 3)).astype(np.float32), u=RNG.standard_normal((2, 3, 4)).astype(np.float32))
    for align in 0, 1:
        family.add("AffineGrid", "t", np.array([2, 3, 5, 6]), align_corners=align)
        family.add("AffineGrid", "u", np.array([2, 1, 4, 5, 3]), align_corners=align)
    family.check(programs)


def test_columns(programs):
    draw = lambda *shape: RNG.standard_normal(shape).astype(np.float32)
    family = Family(a=draw(2, 5, 5), b=draw(1, 2 * 6, 25), c=draw(2, 10, 15), d=draw(1, 3 * 5, 2 * 2 * 2))
    family.add("Col2Im", "a", np.array([5, 5]), np.array([1, 5]))
    family.add("Col2Im", "b", np.array([6, 7]), np.array([2, 3]))
    family.add("Col2Im", "c", np.array([5, 5]), np.array([1, 5]), pads=[0, 1, 0, 1])
    # ONNX Runtime mixes the channels up here.
    family.add("Col2Im", "d", np.array([4, 4, 9]), np.array([1, 1, 5]), pads=[0, 0, 0, 0, 0, 1], strides=[2, 3, 1], dilations=[1, 1, 2])
    check_with_reference(family, programs)


def test_unpooling(programs):
    x = RNG.standard_normal((2, 3, 9, 7)).astype(np.float32)
    family = Family(x=x)
    for window in ({"kernel_shape": [3, 1], "strides": [3, 1]}, {"kernel_shape": [3, 3], "strides": [2, 2]}):
        family.add("MaxPool", "x", results=2, **window)
        y, i = family.outputs[-2:]
        family.add("MaxUnpool", y, i, **window)
    family.check(programs)


def test_center_crop_pad(programs):
    x = RNG.standard_normal((5, 8, 3)).astype(np.float32)
    family = Family(x=x)
    for shape in ([5, 8, 3], [2, 3, 3], [9, 10, 4], [4, 11, 0]):
        family.add("CenterCropPad", "x", np.array(shape))
    family.add("CenterCropPad", "x", np.array([3, 10]), axes=[0, -2])
    check_with_reference(family, programs)
