# SPDX-License-Identifier: Apache-2.0
"""How lit runs the tests of test/ and of examples/.

Tools on the path: dlc, dlc-opt, dlc-run, FileCheck, not, count, split-file, mlir-opt and friends. Substitutions: %python (with
NumPy and ONNX), %cc and %cxx (C and C++ compiler), %cmake, %source (top of the tree), %runtime (include folder of the C ABI).
Each test starts with a kernel cache of its own suite, so that a user's cache neither helps nor hides a mistake.
"""
import os
import shutil

import lit.formats

config.name = f"dlc-{config.dlc_suite}"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["unit", "e2e", "fuzz", "project", "Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.dlc_source_dir, config.dlc_suite)
config.test_exec_root = os.path.join(config.dlc_build_dir, "lit", config.dlc_suite, "output")

config.environment["PATH"] = os.pathsep.join([config.dlc_tools_dir, config.llvm_tools_dir, os.environ["PATH"]])
config.environment["XDG_CACHE_HOME"] = os.path.join(config.dlc_build_dir, "lit", "cache")
config.environment["PYTHONPATH"] = os.path.join(config.dlc_build_dir, "python")
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "DLC_CPU_FEATURES"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%python", config.dlc_python),
    ("%cc", config.c_compiler),
    ("%cxx", config.cxx_compiler),
    ("%cmake", config.cmake_program),
    ("%source", config.dlc_source_dir),
    ("%runtime", os.path.join(config.dlc_source_dir, "runtime", "include")),
]

if shutil.which("qemu-aarch64-static"):
    config.available_features.add("qemu-aarch64")
    config.substitutions.append(("%qemu-aarch64", "qemu-aarch64-static -L /usr/aarch64-linux-gnu"))

# Languages of examples that few machines have; setup.sh does not install them.
for language in ("rustc", "go"):
    if shutil.which(language):
        config.available_features.add(language)
