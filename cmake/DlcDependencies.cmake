# SPDX-License-Identifier: Apache-2.0
# Everything the build takes from outside, and the settings that all rooms share.

option(DLC_BUILD_TESTS "Build the unit tests and the targets that run all tests" ON)
set(DLC_SANITIZE "" CACHE STRING "Sanitizers for dlc itself: '', 'address' (with undefined) or 'thread'")

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Assertions stay on in every build: a compiler that stops is better than one that emits wrong code.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

find_program(DLC_CCACHE ccache)
if(DLC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${DLC_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DLC_CCACHE}")
endif()

# The Python environment that scripts/setup.sh makes carries CMake, Ninja, Halide and the ONNX schema.
set(DLC_PYTHON "${CMAKE_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH "Python with the packages of scripts/setup.sh")
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
