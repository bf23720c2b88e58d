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
# Linked statically, so that the installed programs run on machines without these packages.
find_library(DLC_ZLIB NAMES libz.a REQUIRED)
find_library(DLC_ZSTD NAMES libzstd.a REQUIRED)
find_library(DLC_PROTOBUF NAMES libprotobuf-lite.a REQUIRED)
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

# LLVM, MLIR and LLD, linked statically: the programs start three times as fast as with the shared libraries, and run where LLVM is not
# installed. The archives rather than their targets: where a package also has libLLVM.so, the targets of MLIR and LLD refer to that.
# A linker takes from them only what it needs.
file(GLOB dlc_llvm_archives "${LLVM_LIBRARY_DIR}/libMLIR*.a" "${LLVM_LIBRARY_DIR}/libLLVM*.a")
if(NOT dlc_llvm_archives)
  message(FATAL_ERROR "${LLVM_LIBRARY_DIR} lacks the static libraries of LLVM and MLIR: install llvm-22-dev and libmlir-22-dev")
endif()
add_library(dlc_llvm INTERFACE)
target_link_libraries(dlc_llvm INTERFACE ${dlc_llvm_archives} "${DLC_ZLIB}" "${DLC_ZSTD}" Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(dlc_llvm INTERFACE -Wl,--gc-sections)

# LLD initializes every target of LLVM, and runs passes for link-time optimization; dlc gives it objects of two targets, and generates code for a third itself. Empty
# functions instead of the other targets' keep 20 code generators out of the programs.
set(dlc_other_targets ${LLVM_TARGETS_TO_BUILD})
list(REMOVE_ITEM dlc_other_targets X86 AArch64 NVPTX)
set(dlc_other_target_functions "")
foreach(target IN LISTS dlc_other_targets)
  foreach(part TargetInfo Target TargetMC AsmPrinter AsmParser)
    string(APPEND dlc_other_target_functions "void LLVMInitialize${target}${part}() {}\n")
  endforeach()
endforeach()
configure_file("${CMAKE_SOURCE_DIR}/cmake/OtherTargets.cpp.in" "${CMAKE_BINARY_DIR}/OtherTargets.cpp" @ONLY)
add_library(dlc_other_targets OBJECT "${CMAKE_BINARY_DIR}/OtherTargets.cpp")
target_include_directories(dlc_other_targets SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
add_library(dlc_lld INTERFACE)
target_link_libraries(dlc_lld INTERFACE $<TARGET_OBJECTS:dlc_other_targets> "${LLVM_LIBRARY_DIR}/liblldELF.a"
  "${LLVM_LIBRARY_DIR}/liblldCommon.a" dlc_llvm)
