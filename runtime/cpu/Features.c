// SPDX-License-Identifier: Apache-2.0
#include "Features.h"

#include "../core/Api.h"
#include "../core/Base.h"

const char *dlcCpuFeatureName(dlc_uint64 features) {
  switch (features & (0 - features)) {
#define DLC_X86_FEATURE(ENUMERATOR, NAME, ...)                                                                         \
  case DLC_CPU_##ENUMERATOR:                                                                                           \
    return NAME;
#include "../../targets/CpuFeatures.def"
#undef DLC_X86_FEATURE
  default:
    return "an instruction set that this runtime does not support";
  }
}

dlc_uint64 dlc_rt_cpu_features;
dlc_uint64 dlcCpuFeatures(void) { return dlc_rt_cpu_features; }

#if defined(__x86_64__)

typedef struct Registers {
  dlc_uint32 a, b, c, d;
} Registers;

static Registers cpuid(dlc_uint32 leaf, dlc_uint32 subleaf) {
  Registers r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}

/// The columns of the table of features.
enum { Leaf1C, Leaf7B, Leaf7C, Leaf7D, Leaf7Sub1A, Extended1C, Xcr0, WORDS };

typedef struct Feature {
  dlc_uint64 bit, required;
  const char *name;
  dlc_uint32 words[WORDS];
} Feature;

#define BIT(n) (1u << (n))
static const Feature features[] = {
#define DLC_X86_FEATURE(ENUMERATOR, NAME, REQUIRES, LLVM, ...) {DLC_CPU_##ENUMERATOR, REQUIRES, NAME, {__VA_ARGS__}},
#include "../../targets/CpuFeatures.def"
#undef DLC_X86_FEATURE
};
enum { FEATURES = sizeof features / sizeof *features, OSXSAVE = BIT(27) };

static dlc_uint64 detect(void) {
  const dlc_uint32 lastLeaf = cpuid(0, 0).a, lastExtended = cpuid(0x80000000u, 0).a;
  const Registers none = {0, 0, 0, 0}, one = cpuid(1, 0), seven = lastLeaf >= 7 ? cpuid(7, 0) : none,
                  sevenOne = seven.a >= 1 ? cpuid(7, 1) : none,
                  extended = lastExtended >= 0x80000001u ? cpuid(0x80000001u, 0) : none;
  dlc_uint32 low = 0, high = 0;
  if (one.c & OSXSAVE)
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const dlc_uint32 words[WORDS] = {one.c, seven.b, seven.c, seven.d, sevenOne.a, extended.c, low};
  dlc_uint64 found = 0;
  for (int i = 0; i < FEATURES; ++i) {
    int isMissing = (features[i].required & ~found) != 0;
    for (int word = 0; word < WORDS; ++word)
      isMissing |= (features[i].words[word] & ~words[word]) != 0;
    if (!isMissing)
      found |= features[i].bit;
  }
  return found;
}

/// Whether the item at `list`, up to a comma or the end, is `name` up to a space.
static int isNamed(const char *list, const char *name) {
  while (*list && *list != ',' && *list == *name) {
    ++list;
    ++name;
  }
  return (!*list || *list == ',') && (!*name || *name == ' ');
}

/// The features of a list such as "x86-64-v3,avx-vnni", with the features that they require.
static dlc_uint64 parseList(const char *list) {
  dlc_uint64 named = 0;
  for (;;) {
    for (int i = 0; i < FEATURES; ++i)
      if (isNamed(list, features[i].name))
        named |= features[i].bit;
    while (*list && *list != ',')
      ++list;
    if (!*list)
      break;
    ++list;
  }
  // Rows come after those that they require.
  for (int i = FEATURES - 1; i >= 0; --i)
    if (named & features[i].bit)
      named |= features[i].required;
  return named;
}

/// A constructor: libraries may be used from constructors of C++ objects, and generated code reads the mask without a
/// call.
__attribute__((constructor(DLC_FEATURES_PRIORITY))) static void detectOnce(void) {
  dlc_rt_cpu_features = detect();
  // Lets one machine test the kernels of smaller ones.
  const char *allowed = getenv("DLC_CPU_FEATURES");
  if (allowed)
    dlc_rt_cpu_features &= parseList(allowed);
}

#endif
