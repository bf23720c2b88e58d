# SPDX-License-Identifier: Apache-2.0
"""Libraries for other machines than this one: several instruction sets in one library, AArch64 under qemu."""
import ctypes
import json
import shutil
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from conftest import BIN, TOP
from processor import skip_unless

CROSS_LIBRARIES = "/usr/aarch64-linux-gnu/lib"
MODEL = TOP / "examples" / "digits" / "digits_cnn.onnx"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(7).random((37, 1, 8, 8), dtype=np.float32)


@pytest.fixture(scope="module")
def expected(images):
    """Computed in f64: the last bits of an engine's f32 depend on the processor."""
    model = onnx.load(MODEL)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return ReferenceEvaluator(model).run(None, {"image": images.astype(np.float64)})[0]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_one_library_for_every_level(programs, images, expected, level):
    """The versions of a kernel give close results, and each one that this CPU runs is in the library."""
    skip_unless(f"x86-64-v{level}")
    library = programs.compile(MODEL, "digits.so", "--target=x86-64")
    np.save(programs.folder / "image.npy", images)
    result = programs.run(
        "dlc-run", library, "--input", "image=image.npy", "--output", "probability=out.npy", environment={"DLC_CPU_FEATURES": f"x86-64-v{level}"}
    )
    assert result.returncode == 0, result.stderr
    np.testing.assert_allclose(np.load(programs.folder / "out.npy"), expected, atol=2e-6)


def machines():
    """The names in the table of CPUs that dlc prints; that of GPUs follows."""
    table = subprocess.run([BIN / "dlc", "--list-targets"], capture_output=True, text=True, check=True).stdout
    return [line.split("`")[1] for line in table.split("\n\n")[0].splitlines()[2:]]


def test_every_machine_of_the_table_compiles(programs, images, expected):
    """Libraries that run here give the right results; others report which instructions are missing."""
    names = machines()
    assert {"x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"} <= set(names)
    np.save(programs.folder / "image.npy", images)
    ran = 0
    for name in names:
        library = programs.compile(MODEL, f"{name}.so", f"--target={name}")
        if name == "aarch64":
            continue
        result = programs.run("dlc-run", library, "--input", "image=image.npy", "--output", "probability=out.npy")
        if result.returncode:
            assert f"was compiled for {name}, and this CPU lacks" in result.stderr
            continue
        ran += 1
        np.testing.assert_allclose(np.load(programs.folder / "out.npy"), expected, atol=2e-6)
    assert ran >= 1


def test_features_can_be_taken_away(programs):
    library = programs.compile(MODEL, "v3.so", "--target=x86-64-v3")
    # A feature's name includes what it requires, too, whether or not the CPU has it: AVX-VNNI requires x86-64-v3.
    for allowed, is_right in ("x86-64-v3", True), ("avx-vnni,x86-64-v2", True), ("x86-64-v2", False), ("", False), ("x86", False):
        result = programs.run("dlc-run", "bench", library, "--seconds", "0.01", environment={"DLC_CPU_FEATURES": allowed})
        assert (result.returncode == 0) == is_right, (allowed, result.stderr)
        assert is_right or "this CPU lacks" in result.stderr


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
    np.testing.assert_allclose(np.frombuffer(output, np.float32).reshape(-1, 10), expected, atol=2e-6)


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


SHARED_LIBRARY = """
#include "m.h"
#include <stdio.h>
/* The library's own model, by its name and by the functions of its header. */
__attribute__((visibility("default"))) float PREFIX_run(void) {
  dlc_context *context;
  float x = 1, y = -1;
  if (dlc_context_create(&dlc_model_m, NULL, NULL, &context)) return -2;
  if (m_run(context, 1, &x, &y)) return -3;
  dlc_context_release(context);
  return y;
}
"""

PROGRAM = """
#include "dlc/runtime.h"
int main(int count, char **arguments) {
  int mode = RTLD_NOW | (arguments[1][0] == 'g' ? RTLD_GLOBAL : RTLD_LOCAL);
  for (int i = 2; i + 1 < count; i += 2) {
    void *handle = dlopen(arguments[i], mode);
    float (*run)(void) = handle ? (float (*)(void))dlsym(handle, arguments[i + 1]) : NULL;
    if (!run) return fprintf(stderr, "%s\\n", dlerror()), 1;
    printf("%g ", run());
    /* It exports its model, too. */
    dlc_library *library;
    dlc_error error;
    if (dlc_library_open(arguments[i], "m", &error, &library)) return fprintf(stderr, "%s\\n", error.message), 1;
    printf("%s ", library->model->compiler);
    dlc_library_close(library);
  }
}
"""


@pytest.mark.parametrize("linker", ["lld-22", "bfd"])
@pytest.mark.parametrize("kind", ["o", "a"])
def test_two_libraries_with_models_of_one_name(programs, kind, linker):
    """Each of the user's shared libraries is linked with a model called m, and each means its own."""
    if linker == "bfd" and not shutil.which("ld.bfd"):
        linker = "lld-22"
    folder = programs.folder
    for prefix, value in ("first", 10.0), ("second", 20.0):
        layer = {"op": "dense", "name": "d", "units": 1}
        weights = {"d": {"weight": [[value]], "bias": [0.0]}}
        model = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 1]}], "layers": [layer], "weights": weights}
        (folder / f"{prefix}.json").write_text(json.dumps(model))
        (folder / prefix).mkdir()
        compiled = programs.compile(f"{prefix}.json", f"{prefix}/m.{kind}", "--name=m")
        (folder / f"{prefix}.c").write_text(SHARED_LIBRARY.replace("PREFIX", prefix))
        subprocess.run(
            ["clang-22", "-shared", "-fPIC", "-O1", f"-fuse-ld={linker}", f"-I{TOP}/runtime/include", f"-I{folder / prefix}", f"{prefix}.c",
             compiled, "-lm", "-o", f"lib{prefix}.so"],
            check=True, cwd=folder,
        )  # fmt: skip
    (folder / "program.c").write_text(PROGRAM)
    subprocess.run(["clang-22", f"-I{TOP}/runtime/include", "program.c", "-ldl", "-o", "program"], check=True, cwd=folder)
    (folder / "linked.c").write_text("float first_run(void), second_run(void); int printf(const char *, ...);\n"
                                     'int main(void) { printf("%g %g", first_run(), second_run()); }\n')  # fmt: skip
    subprocess.run(["clang-22", "linked.c", "libfirst.so", "libsecond.so", f"-Wl,-rpath,{folder}", "-o", "linked"], check=True, cwd=folder)
    libraries = {"first": "10", "second": "20"}
    for mode in "global", "local":
        for order in ["first", "second"], ["second", "first"]:
            arguments = [text for prefix in order for text in (f"./lib{prefix}.so", f"{prefix}_run")]
            result = subprocess.run(["./program", mode, *arguments], cwd=folder, capture_output=True, text=True)
            assert (result.returncode, result.stderr) == (0, "")
            assert result.stdout.split()[::3] == [libraries[prefix] for prefix in order], mode
    assert subprocess.run(["./linked"], cwd=folder, capture_output=True, text=True).stdout == "10 20"


def test_info_of_another_architecture(programs):
    """What is in a library for another processor is read without loading it; it is told why it does not run."""
    model = TOP / "examples" / "digits" / "digits_training.json"
    native = programs.compile(model, "native.so", "--train", "--name=m")
    foreign = programs.compile(model, "foreign.so", "--train", "--name=m", "--target=aarch64")
    here, there = (json.loads(programs.run("dlc-run", "info", path, "--json", "--symbol", "N=3").stdout) for path in (native, foreign))
    assert there["target"] == "aarch64" and there["programs"] == ["aarch64"]
    for description in here, there:
        for key in "target", "programs", "scratch_bytes_per_thread":
            description.pop(key)
        for entry in description["entry_points"]:
            entry.pop("workspace_bytes_at", None)
            description.setdefault("workspaces", []).append(entry.pop("workspace_bytes"))
    assert all(bytes is not None for bytes in here.pop("workspaces")) and set(there.pop("workspaces")) == {None}
    assert here == there
    text = programs.run("dlc-run", "info", foreign)
    assert text.returncode == 0 and "workspace not known here: the library's code for AArch64 computes it" in text.stdout
    result = programs.run("dlc-run", foreign)
    assert result.returncode == 1 and "it is for another architecture (AArch64), and this machine is x86-64" in result.stderr
    # A damaged one is an error, wherever it is cut or changed.
    data = foreign.read_bytes()
    broken, generator = programs.folder / "broken.so", np.random.default_rng(1)
    for cut in [*range(0, 200, 13), *range(1000, len(data) - 1, len(data) // 12)]:
        broken.write_bytes(data[:cut])
        result = programs.run("dlc-run", "info", broken)
        assert result.returncode == 1 and result.stderr.startswith("error: "), cut
    for _ in range(60):
        changed = np.frombuffer(data, np.uint8).copy()
        # Headers, relocations and dynamic symbols are in the first pages, the description is behind the code.
        index = generator.integers(0, 6000, 4)
        changed[index[index != 18]] ^= np.uint8(1 << generator.integers(8))
        broken.write_bytes(changed.tobytes())
        result = programs.run("dlc-run", "info", broken)
        assert result.returncode in (0, 1) and (result.returncode == 0 or result.stderr.startswith("error: "))


def test_weights_in_a_file(programs, images, expected):
    library = programs.compile(MODEL, "digits.so", "--weights=file")
    sidecar = programs.folder / "digits.weights"
    assert sidecar.read_bytes()[-16:-8] == b"DLCWGHT1"
    probability = programs.execute(library, {"image": images}, ["probability"])["probability"]
    np.testing.assert_allclose(probability, expected, atol=2e-6)
    sidecar.write_bytes(sidecar.read_bytes()[:-1] + b"?")
    np.save(programs.folder / "image.npy", images)
    result = programs.run("dlc-run", library, "--input", "image=image.npy", "--output", "probability=out.npy")
    assert result.returncode == 1 and "weights" in result.stderr
