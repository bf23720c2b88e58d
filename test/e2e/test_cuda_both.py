# SPDX-License-Identifier: Apache-2.0
"""Libraries with a program for a CPU and one for a GPU: which of them runs, on the fake driver of test/fake_cuda and without a driver."""
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import TOP
from test_cuda import EXAMPLES, has_driver, needs_fake, on_fake, run_in, write_char_lstm

pytestmark = [needs_fake, pytest.mark.skipif(has_driver(), reason="this machine has a CUDA driver of its own")]
DIGITS = EXAMPLES / "digits" / "digits_cnn.onnx"


def run_model(library, *options, environment):
    """Where `dlc.Model` with these options runs, and the bytes that it gives for three images; or its error."""
    program = """
import sys
import dlc, numpy as np
try:
    model = dlc.Model(sys.argv[1], **eval(sys.argv[2]))
    print(model.device, model(np.random.default_rng(1).random((3, 1, 8, 8), dtype=np.float32)).tobytes().hex())
except dlc.Error as error:
    print(error.status, error)
"""
    command = [sys.executable, "-c", program, library, *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().split(" ", 1)


# The order does not matter.
@pytest.mark.parametrize("targets", [("x86-64-v3", "cuda"), ("cuda-sm_80", "x86-64")])
def test_which_program_runs(programs, targets):
    both = programs.compile(DIGITS, "digits.so", "--target=" + ",".join(targets))
    alone = {}
    for target in targets:
        library = programs.compile(DIGITS, f"{target}.so", f"--target={target}")
        environment = on_fake() if "cuda" in target else {}
        alone["cuda:0" if "cuda" in target else "cpu"] = run_model(library, "{}", environment=environment)[1]
    wanted = [("{}", "cuda:0", on_fake()), ("{}", "cpu", {}), ("{}", "cpu", on_fake(devices=0)), ("dict(device='cpu')", "cpu", on_fake()),
              ("dict(device='cuda')", "cuda:0", on_fake()), ("dict(device='cuda:0')", "cuda:0", on_fake())]  # fmt: skip
    if "cuda-sm_80" in targets:
        wanted.append(("{}", "cpu", on_fake(capability=75)))
    for options, device, environment in wanted:
        assert run_model(both, options, environment=environment) == [device, alone[device]], (options, environment)
    for options, environment, problem in [
        ("dict(device='cuda')", {}, "there is no CUDA driver on this machine"),
        ("dict(device='cuda')", on_fake(devices=0), "cannot be initialized"),
        # Who names a GPU wants that one.
        ("dict(device='cuda:1')", on_fake(), "there is no GPU number 1"),
    ]:
        status, message = run_model(both, options, environment=environment)
        assert status == "24" and problem in message, message
    for environment, target in (on_fake(), targets[0] if "cuda" in targets[0] else targets[1]), ({}, targets[0] if "x86" in targets[0] else targets[1]):
        info = programs.run("dlc-run", "info", both, environment=environment).stdout
        assert f"runs here {target}\n" in info and "target    " in info, info
    names = json.loads(programs.run("dlc-run", "info", "--json", both).stdout)["programs"]
    assert sorted(names) == sorted(targets) and names[0].startswith("cuda")


LOG = r"""
#include <dlc/runtime.h>
static void show(void *self, dlc_int32 level, const char *message) { (void)self; (void)level; puts(message); }
int main(int count, char **arguments) {
  dlc_error error;
  dlc_library *library;
  if (count != 2 || dlc_library_open(arguments[1], NULL, &error, &library)) return 1;
  dlc_context_options options = {.struct_bytes = sizeof options, .log = show};
  for (dlc_uint32 type = 0; type < 4; ++type) {
    dlc_context *context;
    options.device_type = type;
    if (dlc_context_create(library->model, &options, &error, &context)) {
      printf("error %d: %s\n", (int)error.status, error.message);
      continue;
    }
    dlc_int32 where, id;
    const char *target = dlc_context_program(context, &where, &id)->target;
    printf("%s %d %d\n", target, (int)where, (int)id);
    void *memory;
    dlc_int32 status = dlc_device_allocate(context, 1000, &memory);
    printf("%d %d\n", (int)status, memory != NULL);
    dlc_device_release(context, memory);
    dlc_context_release(context);
  }
  if (dlc_prepare(library->model, NULL, &error)) return 2;
  dlc_unprepare(library->model);
  dlc_unprepare(library->model);
  dlc_library_close(library);
  return 0;
}
"""


def test_contexts_say_where_they_run(programs):
    library = programs.compile(DIGITS, "digits.so", "--target=x86-64-v3,cuda")
    source, program = programs.folder / "log.c", programs.folder / "log"
    source.write_text(LOG)
    subprocess.run(["clang-22", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/runtime/include", source, "-o", program, "-ldl"], check=True)

    def run(environment):
        result = subprocess.run([program, library], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
        assert result.returncode == 0, result.stdout + result.stderr
        return [line for line in result.stdout.splitlines() if "grown" not in line]

    on_cpu = ["x86-64-v3 1 0", "15 0"]
    on_gpu = ["model 'digits' runs on GPU 0 (Fake GPU, 9.0)", "cuda 2 0", "0 1"]
    bad = "error 1: dlc_context_options.device_type is 3: 0, 1 (CPU) and 2 (GPU) are possible"
    lines = run(on_fake())
    name = re.search(r"GPU 0 \((.*)\)", lines[0]).group(1)
    on_gpu[0] = f"model 'digits' runs on GPU 0 ({name})"
    assert lines == [*on_gpu, "model 'digits' runs on the CPU", *on_cpu, *on_gpu, bad]
    lines = run({})
    assert lines[0].startswith("model 'digits' runs on the CPU: there is no CUDA driver on this machine (libcuda.so.1 cannot be opened)")
    assert lines[1:4] == [*on_cpu, "model 'digits' runs on the CPU"] and lines[6].startswith("error 24: there is no CUDA driver")


TRAIN = ["--data", EXAMPLES / "xor" / "xor.csv", "--epochs", "3", "--seed", "1"]


def test_training_and_checkpoints(programs):
    """Trained on either side, with the same losses; a checkpoint of one side goes on on the other."""
    library = programs.compile(EXAMPLES / "xor" / "xor_training.json", "xor.so", "--target=x86-64-v3,cuda", "--train")
    losses = []
    for device in "cuda", "cpu":
        result = programs.run("dlc-run", "train", library, *TRAIN, "--device", device, "--checkpoint", f"{device}.safetensors", environment=on_fake())
        assert result.returncode == 0, result.stderr
        losses.append([float(value) for value in re.findall(r"loss ([\d.e+-]+)", result.stdout)])
    assert len(losses[0]) >= 3
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    result = programs.run("dlc-run", "verify", library, "--reference", library, "--device", "cuda", "--reference-device", "cpu", "--entry", "train_step",
                          "--runs", "3", "--variables", "cuda.safetensors", environment=on_fake())  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_weights_in_files(programs):
    library = programs.compile(DIGITS, "digits.so", "--target=x86-64-v3,cuda", "--weights=file")
    assert {path.name for path in programs.folder.glob("*.weights")} == {"digits.weights", "digits.cuda.weights"}
    image = np.random.default_rng(1).random((3, 1, 8, 8), dtype=np.float32)
    results = [run_in(programs, environment, library, {"image": image}, ["probability"])["probability"] for environment in (on_fake(), {})]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5, atol=1e-6)


def test_states(programs):
    """A recurrent model that keeps its state, on both sides in one process."""
    write_char_lstm(programs.folder)
    library = programs.compile("model.json", "model.so", "--target=x86-64-v3,cuda")
    program = """
import sys
import dlc, numpy as np
models = [dlc.Model(sys.argv[1], device=device) for device in ("cuda", "cpu")]
entry = models[0].entry_points[0]
shape = [extent if isinstance(extent, int) else 1 for extent in entry.inputs[0].shape]
for step in range(5):
    token = np.full(shape, step % 3, {"i64": np.int64, "i32": np.int32, "f32": np.float32}[entry.inputs[0].type])
    results = [model.run({entry.inputs[0].name: token})[entry.outputs[0].name] for model in models]
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-6)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, library], capture_output=True, text=True, timeout=60, env={**os.environ, **on_fake()}
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "options, problem",
    [
        (["--target=x86-64,aarch64"], "a library is for one target, or for a CPU and a GPU, as in x86-64,cuda"),
        (["--target=x86-64,cuda", "--replaceable-weights"], "cannot share a block of variables; name one target"),
        (["--target=x86-64,cuda", "--report=page.html"], "is about one program"),
        (["--target=x86-64,cuda", "--compile-to=program", "-o", "m.mlir"], "is about one program"),
        (["--target=x86-64,cuda", "--check-bounds"], "--check-bounds checks kernels on the CPU"),
    ],
)
def test_what_cannot_be(programs, options, problem):
    output = [] if "-o" in options else ["-o", "m.so"]
    result = programs.run("dlc", DIGITS, *output, *options)
    assert result.returncode != 0 and result.stderr.count("error:") == 1 and problem in result.stderr, result.stderr
