// SPDX-License-Identifier: Apache-2.0
/// \file
/// One run: checks the caller's tensors, finds the values of the symbols,
/// calls the generated code.
#ifndef DLC_CORE_RUN_H
#define DLC_CORE_RUN_H

#include "Base.h"

dlc_int32 dlcInferSymbols(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                          dlc_uint32 inputCount, dlc_int64 *symbols);

dlc_int32 dlcOutputShapes(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols,
                          dlc_int64 *dims);

dlc_int32 dlcRun(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 inputCount,
                 const dlc_tensor *outputs, dlc_uint32 outputCount, const dlc_uint64 *capacities);

const void *dlcResultData(dlc_context *context, const dlc_entry_point *entry, dlc_uint32 output);

dlc_int32 dlcResultShapes(dlc_context *context, const dlc_entry_point *entry, dlc_int64 *dims);

#endif // DLC_CORE_RUN_H
