// SPDX-License-Identifier: Apache-2.0
/// \file
/// Contexts from their creation to their end, and what they reserve.
#ifndef DLC_CORE_CONTEXTLIFETIME_H
#define DLC_CORE_CONTEXTLIFETIME_H

#include "Context.h"

dlc_int32 dlcContextCreate(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                           dlc_context **context);
void dlcContextRetain(dlc_context *context);
void dlcContextRelease(dlc_context *context);
dlc_int32 dlcContextSetThreads(dlc_context *context, dlc_uint32 threads, const dlc_executor *executor);
dlc_int32 dlcContextReserve(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols);
dlc_uint64 dlcContextBytes(const dlc_context *context);
const char *dlcContextMessage(const dlc_context *context);

/// Grows the workspace to what `entry` needs for `symbols`.
dlc_int32 dlcContextGrow(Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols);

/// Makes room in the scratch of all threads for what kernels of the run that
/// has ended did not find any, so that a run like it allocates nothing.
void dlcContextGrowScratch(Context *context);

/// The program that the context runs, and the device.
const dlc_program *dlcContextProgram(const dlc_context *context, dlc_int32 *type, dlc_int32 *id);

#endif // DLC_CORE_CONTEXTLIFETIME_H
