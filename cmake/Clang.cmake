# SPDX-License-Identifier: Apache-2.0
# The compiler of dlc itself. A toolchain file rather than cache variables of a preset: CMake compares those with what it found, and
# where the PATH has changed since, it throws the cache away, the compilers with it.
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_CXX_COMPILER clang++-22)
set(CMAKE_LINKER_TYPE LLD)
