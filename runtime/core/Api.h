// SPDX-License-Identifier: Apache-2.0
/// \file
/// The names that generated code refers to; see the end of dlc/abi.h.
#ifndef DLC_CORE_API_H
#define DLC_CORE_API_H

#include "dlc/runtime_api.h"

extern const dlc_runtime_api dlc_rt_api;
extern dlc_uint64 dlc_rt_cpu_features;

#endif // DLC_CORE_API_H
