// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a thread computes with floating-point numbers: rounding, denormal numbers
/// and traps. What a run gives must depend neither on what its caller has set nor
/// on what a thread of a pool has inherited.
#ifndef DLC_CORE_FLOATMODE_H
#define DLC_CORE_FLOATMODE_H

#include "Base.h"

#if defined(__x86_64__)
/// All bits of MXCSR but the flags of exceptions that have happened, which say nothing of the mode.
#define DLC_FLOAT_MODE 0xffc0u
/// To nearest, without traps; flush-to-zero and denormals-are-zero.
#define DLC_FLOAT_DEFAULT 0x1f80u
#define DLC_FLOAT_FLUSH 0x8040u
typedef dlc_uint32 dlcFloatMode;
static inline dlcFloatMode dlcReadFloatMode(void) { return __builtin_ia32_stmxcsr(); }
static inline void dlcWriteFloatMode(dlcFloatMode mode) { __builtin_ia32_ldmxcsr(mode); }
#else
#define DLC_FLOAT_MODE 0xffffffffu
#define DLC_FLOAT_DEFAULT 0u
#define DLC_FLOAT_FLUSH (1u << 24)
typedef dlc_uint64 dlcFloatMode;
static inline dlcFloatMode dlcReadFloatMode(void) {
  dlc_uint64 mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
static inline void dlcWriteFloatMode(dlcFloatMode mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory"); }
#endif

/// The mode of runs.
static inline dlcFloatMode dlcRunFloatMode(dlc_uint32 flushesDenormals) {
  return DLC_FLOAT_DEFAULT | (flushesDenormals ? DLC_FLOAT_FLUSH : 0);
}

/// Gives the thread the mode of runs, and returns the one that it had. Writing takes longer than reading, and few
/// programs set a mode.
static inline dlcFloatMode dlcEnterFloatMode(dlc_uint32 flushesDenormals) {
  dlcFloatMode before = dlcReadFloatMode(), mode = dlcRunFloatMode(flushesDenormals);
  if (__builtin_expect(((before ^ mode) & DLC_FLOAT_MODE) != 0, 0))
    dlcWriteFloatMode(mode);
  return before;
}

/// Undoes dlcEnterFloatMode, which has returned `before`.
static inline void dlcLeaveFloatMode(dlcFloatMode before, dlc_uint32 flushesDenormals) {
  if (__builtin_expect(((before ^ dlcRunFloatMode(flushesDenormals)) & DLC_FLOAT_MODE) != 0, 0))
    dlcWriteFloatMode(before);
}

#endif // DLC_CORE_FLOATMODE_H
