# SPDX-License-Identifier: Apache-2.0
# The settings that all rooms share: language, folders, flags, ccache, sanitizers.

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
foreach(flags CMAKE_C_FLAGS_RELEASE CMAKE_CXX_FLAGS_RELEASE CMAKE_C_FLAGS_RELWITHDEBINFO CMAKE_CXX_FLAGS_RELWITHDEBINFO)
  string(REPLACE "-DNDEBUG" "" ${flags} "${${flags}}")
  string(REPLACE "-O3" "-O2" ${flags} "${${flags}}")
endforeach()

# The build type of the preset `checked`: quick to build, and the C++ library checks indices, iterators and empty optionals.
set(CMAKE_C_FLAGS_CHECKED "-O1")
set(CMAKE_CXX_FLAGS_CHECKED "-O1 -D_GLIBCXX_ASSERTIONS")

find_program(DLC_CCACHE ccache)
if(DLC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${DLC_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DLC_CCACHE}")
endif()

# Sanitizers watch dlc's own code; LLVM's and Halide's libraries are not instrumented. A report stops the program.
if(DLC_SANITIZE STREQUAL "address")
  # Containers that cross into LLVM's library would be reported as overflowing, and its classes lack vptr records.
  set(dlc_sanitizer_flags -fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(DLC_SANITIZE STREQUAL "thread")
  set(dlc_sanitizer_flags -fsanitize=thread -fno-omit-frame-pointer)
elseif(DLC_SANITIZE)
  message(FATAL_ERROR "DLC_SANITIZE is '${DLC_SANITIZE}'; it may be empty, 'address' or 'thread'")
endif()
if(DLC_SANITIZE)
  # A report needs only line numbers; -O1 without other debug information halves the build time.
  list(APPEND dlc_sanitizer_flags -O1 -gline-tables-only)
  if(DLC_BUILD_FUZZERS)
    # Coverage of everything that a fuzzer links; the fuzzers themselves add libFuzzer's main function.
    list(APPEND dlc_sanitizer_flags -fsanitize=fuzzer-no-link)
  endif()
endif()
add_compile_options(${dlc_sanitizer_flags})
add_link_options(${dlc_sanitizer_flags})

# The Python environment that scripts/setup.sh creates contains CMake, Ninja, Halide, the ONNX schema and the tests' packages; so does the
# one in which pip builds a wheel (pyproject.toml).
if(SKBUILD AND Python_EXECUTABLE)
  set(dlc_default_python "${Python_EXECUTABLE}")
else()
  set(dlc_default_python "${CMAKE_SOURCE_DIR}/.venv/bin/python")
endif()
set(DLC_PYTHON "${dlc_default_python}" CACHE FILEPATH "Python with the packages of scripts/setup.sh")
