// SPDX-License-Identifier: Apache-2.0
/// \file
/// How often this program has asked libc for memory.
#ifndef DLC_TEST_UNIT_COMPILED_COUNTINGMALLOC_H
#define DLC_TEST_UNIT_COMPILED_COUNTINGMALLOC_H

#include <cstddef>

/// Calls of malloc and its siblings so far, by all threads; always 0 under a sanitizer, which brings its own malloc.
size_t mallocCalls();
/// Whether calls are counted in this build.
bool isMallocCounted();

#endif // DLC_TEST_UNIT_COMPILED_COUNTINGMALLOC_H
