# SPDX-License-Identifier: Apache-2.0
"""Libraries for other machines than this one: several instruction sets in one library, AArch64 under qemu."""
import ctypes
import shutil
import subprocess

import numpy as np
import pytest

from conftest import TOP

CROSS_LIBRARIES = "/usr/aarch64-linux-gnu/lib"
MODEL = TOP / "examples" / "digits" / "digits_cnn.onnx"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(7).random((37, 1, 8, 8), dtype=np.float32)


@pytest.fixture
def expected(images):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images})[0]


def cpu_level():
    flags = open("/proc/cpuinfo").read()
    return 4 if "avx512vl" in flags else 3 if "avx2" in flags else 2


@pytest.mark.parametrize("level", [2, 3, 4])
def test_one_library_for_every_level(programs, images, expected, level):
    """The versions of a kernel give close results, and each one that this CPU runs is in the library."""
    if level > cpu_level():
        pytest.skip(f"this CPU stops at x86-64-v{cpu_level()}")
    library = programs.compile(MODEL, "digits.so", "--target=x86-64")
    np.save(programs.folder / "image.npy", images)
    result = programs.run(
        "dlc-run", library, "--input", "image=image.npy", "--output", "probability=out.npy", environment={"DLC_ISA_LEVEL": str(level)}
    )
    assert result.returncode == 0, result.stderr
    np.testing.assert_allclose(np.load(programs.folder / "out.npy"), expected, atol=1e-6)


def test_versions_stand_under_their_names(programs):
    library = programs.compile(MODEL, "digits.so", "--target=x86-64")
    names = subprocess.run(["/usr/lib/llvm-22/bin/llvm-nm", library], capture_output=True, text=True, check=True).stdout
    for level in "234":
        assert f".kernel.x86-64-v{level}" in names
    assert ".launch" in names and "run.execute" in names


def build_for_aarch64(source, library, program):
    subprocess.run(
        ["clang-22", "--target=aarch64-linux-gnu", "-std=c11", "-ffreestanding", "-fno-pie", "-O1", "-Wall", "-Wextra", "-Werror",
         "-nostdlib", "-no-pie", "-fuse-ld=lld-22", "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1", f"-I{TOP}/runtime/include",
         TOP / "test" / "e2e" / source, library, f"{CROSS_LIBRARIES}/libc.so.6", f"{CROSS_LIBRARIES}/libm.so.6",
         f"-Wl,-rpath,{program.parent}", "-o", program],
        check=True,
    )  # fmt: skip


def run_on_aarch64(program, *arguments, data):
    result = subprocess.run(
        ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", program, *map(str, arguments)], input=data, capture_output=True, timeout=1200,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


@pytest.mark.skipif(not shutil.which("qemu-aarch64-static"), reason="needs qemu-aarch64-static")
@pytest.mark.parametrize("kind", ["so", "a", "o"])
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_aarch64(programs, images, expected, kind, level):
    """Cross-compiled here, linked with lld, run by qemu: the same numbers."""
    library = programs.compile(MODEL, f"digits.{kind}", "--target=aarch64", level)
    build_for_aarch64("aarch64_program.c", library, programs.folder / "program")
    output = run_on_aarch64(programs.folder / "program", len(images), data=images.tobytes())
    np.testing.assert_allclose(np.frombuffer(output, np.float32).reshape(-1, 10), expected, atol=1e-6)


@pytest.mark.skipif(not shutil.which("qemu-aarch64-static"), reason="needs qemu-aarch64-static")
def test_training_on_aarch64(programs, images):
    """The same steps as here, up to rounding; what is saved there is loaded there, and here."""
    labels = np.arange(len(images)) % 10
    model = TOP / "examples" / "digits" / "digits_training.json"
    cross = programs.compile(model, "digits.so", "--train", "--target=aarch64")
    build_for_aarch64("aarch64_training.c", cross, programs.folder / "program")
    output = run_on_aarch64(programs.folder / "program", 4, programs.folder / "there.safetensors", data=images.tobytes() + labels.tobytes())

    dlc = pytest.importorskip("dlc")
    here = dlc.Model(str(programs.compile(model, "here.so", "--train")))
    state = here.new_state(seed=5)
    for _ in range(4):
        loss = here.run({"image": images, "label": labels, "learning_rate": 0.003}, entry="train_step")["loss"]
    np.testing.assert_allclose(np.frombuffer(output, np.float32)[0], loss, rtol=1e-4)
    trained = {name: np.array(state[name]) for name in state}
    state.load(str(programs.folder / "there.safetensors"))
    for name, value in trained.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_two_models_in_one_process(programs):
    """Two libraries whose insides bear the same names keep apart, each with its own weights and runtime."""
    first = programs.compile(MODEL, "first.so")
    second = programs.compile(MODEL, "second.so", "-O0")
    models = []
    for library in (first, second):
        loaded = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        models.append(ctypes.addressof(ctypes.c_char.in_dll(loaded, f"dlc_model_{library.stem}")))
    assert models[0] != models[1]


@pytest.mark.parametrize("kind", ["a", "o", "so"])
def test_two_models_in_one_program(programs, kind):
    """Linked into one program, as archives, objects or libraries, without a clash."""
    libraries = [programs.compile(MODEL, f"{name}.{kind}") for name in ("first", "second")]
    source = programs.folder / "both.c"
    source.write_text(
        '#include "dlc/runtime_api.h"\n'
        "#include <stdio.h>\n"
        "extern const dlc_model dlc_model_first, dlc_model_second;\n"
        "int main(void) {\n"
        "  const dlc_model *models[] = {&dlc_model_first, &dlc_model_second};\n"
        "  for (int i = 0; i < 2; ++i) {\n"
        "    float image[64] = {1.0f}, probability[10], sum = 0;\n"
        "    long shape[] = {1, 1, 8, 8}, result[] = {1, 10};\n"
        "    dlc_tensor input = {.data = image, .device = {1, 0}, .ndim = 4, .dtype = {2, 32, 1}, .shape = (dlc_int64 *)shape};\n"
        "    dlc_tensor output = {.data = probability, .device = {1, 0}, .ndim = 2, .dtype = {2, 32, 1},\n"
        "                         .shape = (dlc_int64 *)result};\n"
        "    dlc_context *context;\n"
        "    if (models[i]->runtime->context_create(models[i], 0, 0, &context)) return 1;\n"
        "    if (models[i]->runtime->run(context, &models[i]->entries[0], &input, 1, &output, 1, 0)) return 2;\n"
        "    models[i]->runtime->context_release(context);\n"
        "    for (int k = 0; k < 10; ++k) sum += probability[k];\n"
        '    printf("%s %.3f\\n", models[i]->name, sum);\n'
        "  }\n"
        "  return 0;\n"
        "}\n"
    )
    subprocess.run(
        ["clang-22", f"-I{TOP}/runtime/include", source, *libraries, "-lm", "-pthread", f"-Wl,-rpath,{programs.folder}", "-o", programs.folder / "both"],
        check=True,
    )
    result = subprocess.run([programs.folder / "both"], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "first 1.000\nsecond 1.000\n")


def test_weights_in_a_file(programs, images, expected):
    library = programs.compile(MODEL, "digits.so", "--weights=file")
    sidecar = programs.folder / "digits.weights"
    assert sidecar.read_bytes()[-16:-8] == b"DLCWGHT1"
    probability = programs.execute(library, {"image": images}, ["probability"])["probability"]
    np.testing.assert_allclose(probability, expected, atol=1e-6)
    sidecar.write_bytes(sidecar.read_bytes()[:-1] + b"?")
    np.save(programs.folder / "image.npy", images)
    result = programs.run("dlc-run", library, "--input", "image=image.npy", "--output", "probability=out.npy")
    assert result.returncode == 1 and "weights" in result.stderr
