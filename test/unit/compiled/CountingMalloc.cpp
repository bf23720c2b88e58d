// SPDX-License-Identifier: Apache-2.0
#include "test/unit/compiled/CountingMalloc.h"

#include <atomic>
#include <cerrno>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DLC_TEST_SANITIZER 1
#endif
#endif

static std::atomic<size_t> calls{0};

size_t mallocCalls() { return calls; }

#ifdef DLC_TEST_SANITIZER

bool isMallocCounted() { return false; }

#else

bool isMallocCounted() { return true; }

// glibc lets a program replace malloc; these are the names under which its own stays reachable.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are the C library's.
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  ++calls;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  ++calls;
  return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) {
  ++calls;
  return __libc_realloc(memory, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  ++calls;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  ++calls;
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

#endif
