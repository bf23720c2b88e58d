# SPDX-License-Identifier: Apache-2.0
"""An installed dlc: moved to another folder, found by CMake, used by somebody else's project."""
import os
import shutil
import subprocess

import pytest

from conftest import BIN, TOP

BUILD = BIN.parent
CMAKE = TOP / ".venv" / "bin" / "cmake"


def run(*command, cwd=None):
    result = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}:\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation that has been moved after it was made."""
    folder = tmp_path_factory.mktemp("install")
    run(CMAKE, "--install", BUILD, "--prefix", folder / "first")
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_programs_run(prefix):
    for program in ("dlc", "dlc-run", "dlc-tune"):
        assert run(prefix / "bin" / program, "--version").startswith("dlc 0.1.0" if program != "dlc-run" else "dlc-run")
    assert "LLVM version" in run(prefix / "bin" / "dlc-opt", "--version")
    for link in "dlc-opt", "dlc-tune":
        assert os.readlink(prefix / "bin" / link) == "dlc"


def test_commands_by_word(prefix, tmp_path):
    """`dlc tune` is dlc-tune; by any other name the program is the compiler."""
    dlc = prefix / "bin" / "dlc"
    assert run(dlc, "tune", "--help") == run(prefix / "bin" / "dlc-tune", "--help") != run(dlc, "--help")
    assert "LLVM version" in run(dlc, "opt", "--version")
    for name in "dlc-0.1", "compiler":
        (tmp_path / name).symlink_to(dlc)
        assert run(tmp_path / name, "--help") == run(dlc, "--help")
    # A word of dlc's is an argument as any other to the other commands.
    result = subprocess.run([prefix / "bin" / "dlc-tune", "diff"], capture_output=True, text=True)
    assert result.returncode != 0 and "--output is required" in result.stderr


def test_pkg_config(prefix, tmp_path):
    """A C program that opens a model, compiled by what pkg-config says of a folder that was moved."""
    environment = {**os.environ, "PKG_CONFIG_PATH": str(next(prefix.glob("lib*/**/pkgconfig")))}
    words = subprocess.run(["pkg-config", "--cflags", "--libs", "dlc"], env=environment, capture_output=True, text=True, check=True).stdout.split()
    (tmp_path / "a.c").write_text("""#include <dlc/runtime.h>
int main(int count, char **arguments) {
  dlc_error error = {0, ""};
  dlc_library *library;
  if (count != 2 || dlc_library_open(arguments[1], NULL, &error, &library))
    return puts(error.message), 1;
  puts(library->model->name);
  dlc_library_close(library);
}
""")
    run("clang-22", tmp_path / "a.c", *words, "-o", tmp_path / "a")
    run(prefix / "bin" / "dlc", TOP / "examples" / "iris" / "iris.json", "-o", tmp_path / "iris.so")
    assert run(tmp_path / "a", tmp_path / "iris.so") == "iris\n"


def test_runtime_without_the_compiler(tmp_path):
    """What a program with a model is compiled with can be installed alone."""
    run(CMAKE, "--install", BUILD, "--prefix", tmp_path / "prefix", "--component", "runtime")
    assert not (tmp_path / "prefix" / "bin").exists()
    for components, is_found in ("COMPONENTS runtime", True), ("COMPONENTS runtime compiler", False), ("", False):
        (tmp_path / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(app C)\n"
            f"find_package(dlc {components})\nif(dlc_FOUND)\nadd_executable(app app.c)\ntarget_link_libraries(app dlc::runtime)\nendif()\n"
        )
        (tmp_path / "app.c").write_text("#include <dlc/runtime.h>\nint main(void) { return dlc_status_text(0)[0] != 's'; }\n")
        build = tmp_path / f"build-{len(components)}"
        run(CMAKE, "-S", tmp_path, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}",
            f"-DCMAKE_MAKE_PROGRAM={TOP / '.venv/bin/ninja'}", "-DCMAKE_C_COMPILER=clang-22")  # fmt: skip
        run(CMAKE, "--build", build)
        assert (build / "app").exists() == is_found
        if is_found:
            run(build / "app")


def test_cmake_project(prefix, tmp_path):
    shutil.copytree(TOP / "examples" / "embed-cmake", tmp_path / "embed-cmake")
    shutil.copytree(TOP / "examples" / "digits", tmp_path / "digits")
    run(CMAKE, "-S", tmp_path / "embed-cmake", "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_MAKE_PROGRAM={TOP / '.venv/bin/ninja'}", "-DCMAKE_C_COMPILER=clang-22")  # fmt: skip
    run(CMAKE, "--build", tmp_path / "build")
    assert "is a 7" in run(tmp_path / "build" / "recognize")
    # A second build has nothing to do; a touched weights file compiles the model again.
    assert "no work to do" in run(CMAKE, "--build", tmp_path / "build")
    os.utime(tmp_path / "digits" / "digits.safetensors")
    assert "Compiling model digits" in run(CMAKE, "--build", tmp_path / "build")


@pytest.mark.parametrize(
    "call, message",
    [
        ("dlc_add_model(app)", "say which model"),
        ("dlc_add_model(app MODEL nowhere.json)", "there is no file"),
        ("dlc_add_model(nothing MODEL m.json)", "no target 'nothing'"),
        ("dlc_add_model(app MODEL m.json NMAE x)", "unknown arguments"),
    ],
)
def test_mistakes_are_told(prefix, tmp_path, call, message):
    (tmp_path / "m.json").write_text("{}")
    (tmp_path / "app.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C)\nfind_package(dlc REQUIRED)\nadd_executable(app app.c)\n{call}\n"
    )
    result = subprocess.run(
        [CMAKE, "-S", tmp_path, "-B", tmp_path / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_C_COMPILER=clang-22",
         f"-DCMAKE_MAKE_PROGRAM={TOP / '.venv/bin/ninja'}"], capture_output=True, text=True)  # fmt: skip
    assert result.returncode != 0 and message in " ".join(result.stderr.split())


# Two threads of the library's own pool, a profile, and what a program asks of the description.
STATIC = r"""#include "digits.h"
#include "dlc/profile.h"
int main(void) {
  dlc_error error;
  dlc_pool_options pool_options = {sizeof pool_options, 2, 0, 0, {NULL, NULL, NULL}};
  dlc_pool *pool;
  if (dlc_pool_create(&dlc_model_digits, &pool_options, &error, &pool))
    return puts(error.message), 1;
  dlc_context_options options = {0};
  options.struct_bytes = sizeof options;
  options.executor = &pool->executor;
  dlc_context *context;
  if (dlc_context_create(&dlc_model_digits, &options, &error, &context))
    return puts(error.message), 1;
  static float image[300 * 64], probability[300 * 10];
  double sum = 0;
  if (digits_run(context, 300, image, probability))
    return puts(dlc_context_message(context)), 1;
  for (int i = 0; i < 3000; ++i)
    sum += probability[i];
  dlc_context_release(context);
  dlc_pool_release(pool);
  return printf("%.2f\n", sum) < 0;
}
"""


@pytest.mark.parametrize("compiler", ["musl-gcc", "gcc"])
def test_static_program(prefix, tmp_path, compiler):
    """A program that is one file, with no dynamic linker, on either C library."""
    run(prefix / "bin" / "dlc", TOP / "examples" / "digits" / "digits.json", "-o", tmp_path / "digits.o", "--target=x86-64-v2")
    (tmp_path / "main.c").write_text(STATIC)
    includes = [f"-I{tmp_path}", f"-I{prefix / 'include'}"]
    # glibc warns that dlopen needs its libraries: no model is opened here.
    run(compiler, "-std=c99", "-O1", "-static", *includes, tmp_path / "main.c", tmp_path / "digits.o", "-lm", "-pthread", "-o", tmp_path / "main")
    assert run(tmp_path / "main") == "300.00\n"
    kind = run("readelf", "-l", tmp_path / "main")
    assert "INTERP" not in kind and "DYNAMIC" not in kind
