# SPDX-License-Identifier: Apache-2.0
# The compiler's external dependencies.

execute_process(
  COMMAND "${DLC_PYTHON}" -c "import halide, onnx, os; print(os.path.dirname(halide.__file__)); print(os.path.dirname(onnx.__file__))"
  OUTPUT_VARIABLE dlc_python_packages OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE dlc_python_status)
if(NOT dlc_python_status EQUAL 0)
  message(FATAL_ERROR "${DLC_PYTHON} lacks the packages 'halide' and 'onnx': run scripts/setup.sh, or set DLC_PYTHON")
endif()
string(REPLACE "\n" ";" dlc_python_packages "${dlc_python_packages}")
list(GET dlc_python_packages 0 DLC_HALIDE_ROOT)
list(GET dlc_python_packages 1 DLC_ONNX_ROOT)

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
find_package(LLD 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/lld)
set(HalideHelpers_DIR "${DLC_HALIDE_ROOT}/lib64/cmake/HalideHelpers")
set(Halide_DIR "${DLC_HALIDE_ROOT}/lib64/cmake/Halide")
find_package(HalideHelpers REQUIRED CONFIG)
find_package(Halide 21 REQUIRED CONFIG)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(dlc_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_compile_definitions(${dlc_llvm_definitions})
