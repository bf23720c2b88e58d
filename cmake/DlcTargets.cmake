# SPDX-License-Identifier: Apache-2.0
# How a room becomes a CMake target.

# Headers of LLVM and MLIR are parsed once, for all rooms that use them.
add_library(dlc_mlir_headers INTERFACE)
target_include_directories(dlc_mlir_headers SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${LLD_INCLUDE_DIRS})
target_include_directories(dlc_mlir_headers INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}/runtime/include")
target_compile_options(dlc_mlir_headers INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wno-unused-parameter -fno-semantic-interposition>)

# dlc_library(NAME SOURCES... [LINK libs...]): a static library of one room (or one folder of a room).
function(dlc_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC dlc_mlir_headers ${arg_LINK})
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
endfunction()

# The MLIR headers that many files of the compiler's rooms include, precompiled once for all targets. A file that needs few of them
# pays little: what it does not name is not read.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/dlc_mlir_precompiled.cpp" CONTENT "// Contains the precompiled header.\n")
add_library(dlc_mlir_precompiled OBJECT "${CMAKE_BINARY_DIR}/dlc_mlir_precompiled.cpp")
target_link_libraries(dlc_mlir_precompiled PRIVATE dlc_mlir_headers)
target_precompile_headers(dlc_mlir_precompiled PRIVATE
  "<mlir/IR/Builders.h>" "<mlir/IR/BuiltinOps.h>" "<mlir/IR/BuiltinTypes.h>" "<mlir/IR/PatternMatch.h>"
  "<mlir/Pass/Pass.h>" "<mlir/Dialect/Affine/IR/AffineOps.h>" "<mlir/Dialect/Arith/IR/Arith.h>" "<mlir/Dialect/Func/IR/FuncOps.h>"
  "<mlir/Dialect/LLVMIR/LLVMDialect.h>" "<mlir/Dialect/MemRef/IR/MemRef.h>" "<mlir/Dialect/SCF/IR/SCF.h>" "<llvm/ADT/TypeSwitch.h>")
# ccache reuses results of a precompiled header only if it has no time stamp.
target_compile_options(dlc_mlir_precompiled PRIVATE -Xclang -fno-pch-timestamp)

# dlc_precompile_mlir(TARGET): TARGET's files start from the precompiled MLIR headers. For targets whose flags are those of
# dlc_library; clang refuses the header where a macro or a language option differs.
function(dlc_precompile_mlir target)
  target_precompile_headers(${target} REUSE_FROM dlc_mlir_precompiled)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Xclang$<SEMICOLON>-fno-pch-timestamp>)
endfunction()
