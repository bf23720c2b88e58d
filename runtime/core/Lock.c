// SPDX-License-Identifier: Apache-2.0
#include "Lock.h"

#if defined(__x86_64__)
#define PAGE_BYTES 4096
#else
#define PAGE_BYTES 65536 // the largest that AArch64 has
#endif

/// A page of these is not shared: the kernel fills it with zeros in a child
/// (MADV_WIPEONFORK, Linux 4.14), so that asking costs one load. Twice its size
/// rather than aligned, which would pad the library's file.
static dlc_uint32 pages[(size_t)2 * PAGE_BYTES / sizeof(dlc_uint32)];

/// The generation of this process; 0 if it has not been asked for.
static inline dlc_uint32 *generationWord(void) {
  return (dlc_uint32 *)(((dlc_uint64)pages + PAGE_BYTES - 1) & ~(dlc_uint64)(PAGE_BYTES - 1));
}

static int isWiped;
/// The last generation of this process or one that it stems from.
static dlc_uint32 lastGeneration;
/// Without such a page: the generation, and below it the number of the process that it belongs to.
static dlc_uint64 numbered;

__attribute__((constructor(101))) static void wipeOnFork(void) {
  // Emulators that ignore what they do not know take the first advice, which nobody knows.
  isWiped = madvise(generationWord(), PAGE_BYTES, -1) && !madvise(generationWord(), PAGE_BYTES, DLC_MADV_WIPEONFORK);
}

static dlc_uint32 findGeneration(void) {
  if (isWiped) {
    // Counted before it is published: a child that is forked in between counts on.
    dlc_uint32 next = __atomic_add_fetch(&lastGeneration, 1, __ATOMIC_RELAXED), seen = 0;
    return __atomic_compare_exchange_n(generationWord(), &seen, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? next
                                                                                                             : seen;
  }
  dlc_uint32 process = (dlc_uint32)getpid();
  dlc_uint64 seen = __atomic_load_n(&numbered, __ATOMIC_RELAXED);
  while ((dlc_uint32)seen != process) {
    dlc_uint64 next = ((seen >> 32) + 1) << 32 | process;
    if (__atomic_compare_exchange_n(&numbered, &seen, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      seen = next;
  }
  return (dlc_uint32)(seen >> 32);
}

dlc_uint32 dlcGeneration(void) {
  dlc_uint32 generation = __atomic_load_n(generationWord(), __ATOMIC_RELAXED);
  return __builtin_expect(generation != 0, 1) ? generation : findGeneration();
}

// A lock that is taken holds twice the holder's generation, and one more if others may sleep.

void dlcLock(dlc_uint32 *lock) {
  dlc_uint32 mine = dlcGeneration() * 2, seen = 0, taken = mine;
  for (;;) {
    if (seen >> 1 != mine >> 1) {
      // Free, or held in a process that this one stems from.
      if (__atomic_compare_exchange_n(lock, &seen, taken, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
      continue;
    }
    // Who has slept cannot tell whether others sleep still.
    taken = mine | 1;
    if (seen == taken || __atomic_compare_exchange_n(lock, &seen, taken, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      dlcFutexWait(lock, taken);
      seen = __atomic_load_n(lock, __ATOMIC_RELAXED);
    }
  }
}

void dlcUnlock(dlc_uint32 *lock) {
  if (__atomic_exchange_n(lock, 0u, __ATOMIC_RELEASE) & 1)
    dlcFutexWake(lock, 1);
}
