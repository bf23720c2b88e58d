/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// What the interfaces of models share, whatever device their programs are for.
#ifndef DLC_RUNTIME_APITABLE_H
#define DLC_RUNTIME_APITABLE_H

#include "../cpu/Features.h"
#include "Api.h"
#include "Cancel.h"
#include "Checkpoint.h"
#include "ContextLifetime.h"
#include "Model.h"
#include "Pool.h"
#include "Prepare.h"
#include "Recorder.h"
#include "Run.h"
#include "StateAccess.h"
#include "Variables.h"

/// The fields of a dlc_runtime_api that are the same for all devices.
#define DLC_DEVICE_INDEPENDENT_API                                                                                     \
  .abi_version = DLC_ABI_VERSION, .struct_bytes = sizeof(dlc_runtime_api), .unprepare = dlcModelUnprepare,             \
  .context_set_threads = dlcContextSetThreads, .context_reserve = dlcContextReserve, .context_bytes = dlcContextBytes, \
  .context_message = dlcContextMessage, .state_shape = dlcStateShape, .metadata_read = dlcMetadataRead,                \
  .infer_symbols = dlcInferSymbols, .output_shapes = dlcOutputShapes, .run = dlcRun, .pool_create = dlcPoolApiCreate,  \
  .pool_retain = dlcPoolApiRetain, .pool_release = dlcPoolApiRelease, .cpu_features = dlcCpuFeatures,                  \
  .result_shapes = dlcResultShapes, .result_data = dlcResultData, .context_record = dlcContextRecord,                  \
  .context_cancel = dlcContextCancel, .context_program = dlcContextProgram

#endif /* DLC_RUNTIME_APITABLE_H */
