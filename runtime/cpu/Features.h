// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the CPU can do and the operating system allows.
#ifndef DLC_CPU_FEATURES_H
#define DLC_CPU_FEATURES_H

#include "dlc/runtime_api.h"

/// dlc_cpu_feature bits; the same in every call.
dlc_uint64 dlcCpuFeatures(void);

/// The name of the lowest bit of `features` (not 0): "AVX-512 BF16".
const char *dlcCpuFeatureName(dlc_uint64 features);

#endif // DLC_CPU_FEATURES_H
