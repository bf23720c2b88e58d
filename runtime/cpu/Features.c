// SPDX-License-Identifier: Apache-2.0
#include "Features.h"

#include "../core/Api.h"
#include "../core/Base.h"

const char *dlcCpuFeatureName(dlc_uint64 features) {
  switch (features & (0 - features)) {
  case DLC_CPU_X86_64_V2:
    return "x86-64-v2 (SSE4.2)";
  case DLC_CPU_X86_64_V3:
    return "x86-64-v3 (AVX2, FMA)";
  case DLC_CPU_X86_64_V4:
    return "x86-64-v4 (AVX-512)";
  case DLC_CPU_AVX512_VNNI:
    return "AVX-512 VNNI";
  case DLC_CPU_AVX512_BF16:
    return "AVX-512 BF16";
  case DLC_CPU_AVX512_FP16:
    return "AVX-512 FP16";
  case DLC_CPU_AVX512_VBMI:
    return "AVX-512 VBMI";
  case DLC_CPU_AVX512_VBMI2:
    return "AVX-512 VBMI2";
  case DLC_CPU_AVX512_BITALG:
    return "AVX-512 BITALG";
  case DLC_CPU_AVX512_VPOPCNT:
    return "AVX-512 VPOPCNTDQ";
  case DLC_CPU_AVX512_IFMA:
    return "AVX-512 IFMA";
  case DLC_CPU_AVX_VNNI:
    return "AVX-VNNI";
  default:
    return "an instruction set that this runtime does not support";
  }
}

#if defined(__x86_64__)

typedef struct Registers {
  dlc_uint32 a, b, c, d;
} Registers;

static Registers cpuid(dlc_uint32 leaf, dlc_uint32 subleaf) {
  Registers r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}

static int hasAll(dlc_uint32 word, dlc_uint32 bits) { return (word & bits) == bits; }
#define BIT(n) (1u << (n))

static dlc_uint64 detect(void) {
  dlc_uint64 features = 0;
  dlc_uint32 lastLeaf = cpuid(0, 0).a, lastExtended = cpuid(0x80000000u, 0).a;
  Registers one = cpuid(1, 0);
  Registers extended = lastExtended >= 0x80000001u ? cpuid(0x80000001u, 0) : (Registers){0, 0, 0, 0};
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT and LAHF.
  if (!hasAll(one.c, BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23)) || !hasAll(extended.c, BIT(0)))
    return features;
  features |= DLC_CPU_X86_64_V2;

  // OSXSAVE, then the register state that the system saves: SSE and AVX.
  if (!hasAll(one.c, BIT(27)) || lastLeaf < 7)
    return features;
  dlc_uint32 low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  Registers seven = cpuid(7, 0);
  Registers sevenOne = seven.a >= 1 ? cpuid(7, 1) : (Registers){0, 0, 0, 0};
  // FMA, MOVBE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
  if (!hasAll(low, BIT(1) | BIT(2)) || !hasAll(one.c, BIT(12) | BIT(22) | BIT(28) | BIT(29)) ||
      !hasAll(seven.b, BIT(3) | BIT(5) | BIT(8)) || !hasAll(extended.c, BIT(5)))
    return features;
  features |= DLC_CPU_X86_64_V3;
  if (sevenOne.a & BIT(4))
    features |= DLC_CPU_AVX_VNNI;

  // Mask registers and the upper halves of the vectors; AVX-512 F, DQ, CD, BW, VL.
  if (!hasAll(low, BIT(5) | BIT(6) | BIT(7)) || !hasAll(seven.b, BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31)))
    return features;
  features |= DLC_CPU_X86_64_V4;
  if (seven.c & BIT(11))
    features |= DLC_CPU_AVX512_VNNI;
  if (sevenOne.a & BIT(5))
    features |= DLC_CPU_AVX512_BF16;
  if (seven.d & BIT(23))
    features |= DLC_CPU_AVX512_FP16;
  if (seven.c & BIT(1))
    features |= DLC_CPU_AVX512_VBMI;
  if (seven.c & BIT(6))
    features |= DLC_CPU_AVX512_VBMI2;
  if (seven.c & BIT(12))
    features |= DLC_CPU_AVX512_BITALG;
  if (seven.c & BIT(14))
    features |= DLC_CPU_AVX512_VPOPCNT;
  if (seven.b & BIT(21))
    features |= DLC_CPU_AVX512_IFMA;
  return features;
}

// Generated code indexes its tables with level - 2, so no value below 2 may be seen; a CPU below v2 is rejected when a
// context is made.
dlc_int32 dlc_rt_isa_level = 2;
static dlc_uint64 detectedFeatures;

/// A constructor: libraries may be used from constructors of C++ objects, and generated code reads without asking.
__attribute__((constructor(101))) static void detectOnce(void) {
  detectedFeatures = detect();
  dlc_int32 level = detectedFeatures & DLC_CPU_X86_64_V4 ? 4 : detectedFeatures & DLC_CPU_X86_64_V3 ? 3 : 2;
  // Lets one machine test the kernels of smaller ones.
  const char *limit = getenv("DLC_ISA_LEVEL");
  if (limit && limit[0] >= '2' && limit[0] <= '4' && !limit[1] && limit[0] - '0' < level)
    level = limit[0] - '0';
  dlc_rt_isa_level = level;
}

dlc_uint64 dlcCpuFeatures(void) { return detectedFeatures; }

#else

dlc_int32 dlc_rt_isa_level = 0;
dlc_uint64 dlcCpuFeatures(void) { return 0; }

#endif
