// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the whole runtime is built on: the few functions of libc that it calls,
/// declared here instead of included, so that it compiles for any target
/// without a sysroot. The signatures are those of the LP64 ABIs of Linux.
#ifndef DLC_CORE_BASE_H
#define DLC_CORE_BASE_H

#include "dlc/runtime_api.h"

#include <stddef.h>

#define DLC_CACHE_LINE 64

/* Memory and strings. The compiler may emit calls of memcpy and memset for
 * plain C, too. */
int posix_memalign(void **memory, size_t alignment, size_t bytes);
void free(void *memory);
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

/* Threads. */
int pthread_create(unsigned long *thread, const void *attributes, void *(*body)(void *), void *argument);
int pthread_join(unsigned long thread, void **result);
int pthread_sigmask(int how, const void *set, void *old);
int sched_getaffinity(int pid, size_t bytes, void *mask);
int getpid(void);
long syscall(long number, ...);
struct dlcTimespec {
  long seconds, nanoseconds;
};
int clock_gettime(int clock, struct dlcTimespec *time);

/* Files, for the sidecar of weights and for checkpoints. */
int open(const char *path, int flags, ...);
int close(int file);
long pread(int file, void *memory, size_t bytes, long offset);
long write(int file, const void *memory, size_t bytes);
int fsync(int file);
int rename(const char *from, const char *to);
int unlink(const char *path);
int *__errno_location(void);
char *strerror(int error);
long lseek(int file, long offset, int whence);
void *mmap(void *address, size_t bytes, int protection, int flags, int file, long offset);
int munmap(void *address, size_t bytes);
int madvise(void *address, size_t bytes, int advice);
struct dlcDlInfo {
  const char *fileName;
  void *fileBase;
  const char *symbolName;
  void *symbolAddress;
};
int dladdr(const void *address, struct dlcDlInfo *info);
char *getenv(const char *name);
void *dlopen(const char *path, int flags);
void *dlsym(void *library, const char *name);

/* The constants of Linux that the functions above take, equal on all
 * architectures that dlc supports. */
enum {
  DLC_CLOCK_MONOTONIC = 1,
  DLC_DLOPEN_NOW = 2, /* RTLD_NOW | RTLD_LOCAL */
  DLC_EINTR = 4,
  DLC_EEXIST = 17,
  DLC_FUTEX_WAIT_PRIVATE = 128,
  DLC_FUTEX_WAKE_PRIVATE = 129,
  DLC_GRND_NONBLOCK = 1,
  DLC_MADV_HUGEPAGE = 14,
  DLC_MADV_WIPEONFORK = 18,
  DLC_MAP_PRIVATE = 2,
  DLC_OPEN_TO_READ = 02000000, /* O_RDONLY | O_CLOEXEC */
  DLC_PROT_READ = 1,
  DLC_PR_SET_NAME = 15,
  DLC_SEEK_END = 2,
  DLC_SIG_SETMASK = 2,
};

#if defined(__x86_64__)
#define DLC_SYS_FUTEX 202
#define DLC_SYS_PRCTL 157
#define DLC_SYS_GETRANDOM 318
#elif defined(__aarch64__)
#define DLC_SYS_FUTEX 98
#define DLC_SYS_PRCTL 167
#define DLC_SYS_GETRANDOM 278
#else
#error "the runtime supports the system calls of x86-64 and AArch64 Linux only"
#endif

/// Tells the core that this thread only waits for another one.
static inline void dlcRelax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// Nanoseconds of a clock that never goes back.
static inline dlc_uint64 dlcNow(void) {
  struct dlcTimespec time;
  clock_gettime(DLC_CLOCK_MONOTONIC, &time);
  return (dlc_uint64)time.seconds * 1000000000u + (dlc_uint64)time.nanoseconds;
}

/// Sleeps while `*word` is `expected`; may wake without a reason.
static inline void dlcFutexWait(dlc_uint32 *word, dlc_uint32 expected) {
  syscall(DLC_SYS_FUTEX, word, DLC_FUTEX_WAIT_PRIVATE, expected, (void *)0, (void *)0, 0);
}

static inline void dlcFutexWake(dlc_uint32 *word, dlc_uint32 threads) {
  syscall(DLC_SYS_FUTEX, word, DLC_FUTEX_WAKE_PRIVATE, threads, (void *)0, (void *)0, 0);
}

/// Adds or multiplies; returns nonzero if the result does not fit.
static inline int dlcAddOverflows(dlc_uint64 a, dlc_uint64 b, dlc_uint64 *sum) {
  return __builtin_add_overflow(a, b, sum);
}
static inline int dlcMultiplyOverflows(dlc_uint64 a, dlc_uint64 b, dlc_uint64 *product) {
  return __builtin_mul_overflow(a, b, product);
}

/// Bytes of an element, a power of two. What is narrower than a byte takes one.
static inline dlc_uint64 dlcElementBytes(dlc_uint32 elementType) { return ((elementType & 0xff) + 7) / 8; }

#define DLC_HUGE_PAGE ((dlc_uint64)2 << 20)

/// Memory from libc. Large blocks ask for huge pages: kernels stream through
/// workspace and weights, and would otherwise miss in the TLB every 4 KB.
static inline void *dlcAllocateFromLibc(dlc_uint64 bytes) {
  void *memory;
  if (posix_memalign(&memory, bytes < DLC_HUGE_PAGE ? DLC_CACHE_LINE : DLC_HUGE_PAGE, bytes))
    return (void *)0;
  if (bytes >= DLC_HUGE_PAGE)
    madvise(memory, bytes & ~(DLC_HUGE_PAGE - 1), DLC_MADV_HUGEPAGE);
  return memory;
}

/// Memory from the caller's allocator, or libc's when `allocate` is null.
/// Returns null if there is none; never called with 0 bytes.
static inline void *dlcAllocate(const dlc_allocator *allocator, dlc_uint64 bytes) {
  dlc_uint64 rounded;
  if (dlcAddOverflows(bytes, DLC_CACHE_LINE - 1, &rounded) || rounded > (dlc_uint64)INT64_MAX)
    return (void *)0;
  rounded &= ~(dlc_uint64)(DLC_CACHE_LINE - 1);
  if (allocator->allocate)
    return allocator->allocate(allocator->self, rounded, DLC_CACHE_LINE);
  return dlcAllocateFromLibc(rounded);
}

/// Gives back what dlcAllocate returned for `bytes`; null is fine.
static inline void dlcRelease(const dlc_allocator *allocator, void *memory, dlc_uint64 bytes) {
  if (!memory)
    return;
  bytes = (bytes + DLC_CACHE_LINE - 1) & ~(dlc_uint64)(DLC_CACHE_LINE - 1);
  if (allocator->allocate)
    allocator->release(allocator->self, memory, bytes);
  else
    free(memory);
}

#endif // DLC_CORE_BASE_H
