# SPDX-License-Identifier: Apache-2.0
"""dlc --sanitize=thread: programs under the thread sanitizer see how the library's threads wait for each other."""
import json
import subprocess

import pytest
from conftest import TOP

MODEL = {
    "dlc": 1,
    "name": "watched",
    "inputs": [{"name": "x", "shape": ["N"]}],
    "outputs": ["y"],
    "ops": {"twice": {"inputs": [["N"]], "outputs": [["N"]]}},
    "nodes": [
        {"op": "Exp", "inputs": ["x"], "outputs": ["e"]},
        {"op": "Custom", "inputs": ["e"], "outputs": ["t"], "attributes": {"op": "twice"}},
        {"op": "Custom", "inputs": ["t"], "outputs": ["y"], "attributes": {"op": "twice"}},
    ],
}

# Its parts run on all threads, and the sanitizer sees what they read and write: the parts of the second call read what others wrote.
FUNCTION = """
#include "dlc/custom_op.h"
static int32_t part(const dlc_op_call *call, void *data, int64_t begin, int64_t end) {
  const float *x = (const float *)call->inputs[0].data;
  float *y = (float *)call->outputs[0].data;
  int64_t last = dlc_op_elements(&call->inputs[0]) - 1;
  (void)data;
  for (int64_t i = begin; i < end; ++i)
    y[i] = 2 * x[last - i];
  return 0;
}
int32_t twice(const dlc_op_call *call) {
  return call->parallel_for(call, part, 0, dlc_op_elements(&call->inputs[0]), 16);
}
"""

PROGRAM = """
#include "dlc/runtime.hpp"
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

static volatile int unprotected; // or the compiler would make one access of a thousand, which may miss the other thread's
static std::atomic<int> racing;

// Both threads are here at once, and nothing orders what they do: the sanitizer may forget the accesses of a thread that has ended.
static void race() {
  racing.fetch_add(1, std::memory_order_relaxed);
  while (racing.load(std::memory_order_relaxed) < 2)
    std::this_thread::yield();
  for (int i = 0; i < 1000; ++i)
    unprotected = unprotected + 1;
}

static void work(const dlc_model *model) {
  dlc::Context context(model, dlc::contextOptions(4));
  for (int run = 0; run < 30; ++run) {
    std::vector<float> x(5000, 0.0f), y(5000);
    context.run("run", {dlc::Tensor(x, {5000})}, {dlc::Tensor(y, {5000})});
    for (float element : y)
      if (element != 4)
        std::printf("%g\\n", element);
    context.cancel();
    context.resume();
  }
}

int main(int argc, char **argv) {
  dlc::Library library(argv[1]);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      work(library.model());
      if (argc > 2)
        race();
    });
  for (std::thread &thread : threads)
    thread.join();
  std::puts("done");
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sanitize")
    (folder / "program.cpp").write_text(PROGRAM)
    (folder / "twice.c").write_text(FUNCTION)
    options = ["-O1", "-g", "-fsanitize=thread", "-fPIC", f"-I{TOP}/runtime/include"]
    subprocess.run(["clang-22", *options, "-c", folder / "twice.c", "-o", folder / "twice.o"], check=True)
    subprocess.run(["clang++-22", "-std=c++17", *options, folder / "program.cpp", "-o", folder / "program"], check=True)
    return folder / "program"


def test_threads_of_the_library_are_no_races(programs, program):
    (programs.folder / "m.json").write_text(json.dumps(MODEL))
    library = programs.compile("m.json", "m.so", "--sanitize=thread", "--op", "twice", "--link", program.parent / "twice.o")
    result = subprocess.run([program, library], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0 and result.stdout == "done\n" and not result.stderr, result.stdout + result.stderr[:3000]
    # The sanitizer is at work.
    result = subprocess.run([program, library, "race"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 66 and "data race" in result.stderr and "unprotected" in result.stderr, result.stderr[:3000]
    # Such a library is for such programs.
    result = programs.run("dlc-run", "info", library)
    assert result.returncode != 0 and "__tsan" in result.stderr


def test_other_sanitizers_need_no_library_of_their_own(programs):
    (programs.folder / "m.json").write_text(json.dumps(MODEL))
    result = programs.run("dlc", "m.json", "-o", "m.so", "--sanitize=address")
    assert result.returncode != 0 and "--sanitize: address not in {thread}" in result.stderr
