// SPDX-License-Identifier: Apache-2.0
// The interface of models that are compiled for CUDA: the core's, with a device for each context.
#include "../core/Api.h"
#include "../core/Checkpoint.h"
#include "../core/ContextLifetime.h"
#include "../core/Model.h"
#include "../core/Pool.h"
#include "../core/Prepare.h"
#include "../core/Recorder.h"
#include "../core/Run.h"
#include "../core/StateAccess.h"
#include "../core/Variables.h"
#include "../cpu/Features.h"
#include "Device.h"

extern const dlc_runtime_api dlc_rt_cuda_api;

static dlc_int32 createContext(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                               dlc_context **result) {
  // Without a device the reason is the driver's, whatever else may be wrong.
  const Driver *driver;
  dlc_int32 status = dlcDriverOpen(&driver, error);
  if (result)
    *result = (dlc_context *)0;
  if (!status)
    status = dlcContextCreate(model, options, error, result);
  if (status)
    return status;
  Context *context = (Context *)*result;
  context->face.api = &dlc_rt_cuda_api;
  Device *device;
  status = dlcDeviceAcquire(context, error, &device);
  if (status) {
    dlcContextRelease(*result);
    *result = (dlc_context *)0;
  }
  return status;
}

static void retainContext(dlc_context *context) {
  if (!context)
    return;
  dlcDeviceRetain((Context *)context);
  dlcContextRetain(context);
}

static void releaseContext(dlc_context *context) {
  if (!context)
    return;
  dlcDeviceRelease((Context *)context);
  dlcContextRelease(context);
}

static dlc_int32 prepareModel(const dlc_model *model, const dlc_context_options *options, dlc_error *error) {
  const Driver *driver;
  dlc_int32 status = dlcDriverOpen(&driver, error);
  return status ? status : dlcModelPrepare(model, options, error);
}

const dlc_runtime_api dlc_rt_cuda_api = {
    .abi_version = DLC_ABI_VERSION,
    .struct_bytes = sizeof(dlc_runtime_api),
    .prepare = prepareModel,
    .unprepare = dlcModelUnprepare,
    .context_create = createContext,
    .context_retain = retainContext,
    .context_release = releaseContext,
    .context_set_threads = dlcContextSetThreads,
    .context_reserve = dlcContextReserve,
    .context_bytes = dlcContextBytes,
    .context_message = dlcContextMessage,
    .context_reset = dlcContextReset,
    .state_shape = dlcStateShape,
    .state_read = dlcStateRead,
    .state_write = dlcStateWrite,
    .variables_allocate = dlcVariablesAllocate,
    .variables_bind = dlcVariablesBind,
    .variables_save = dlcVariablesSave,
    .variables_load = dlcVariablesLoad,
    .metadata_read = dlcMetadataRead,
    .infer_symbols = dlcInferSymbols,
    .output_shapes = dlcOutputShapes,
    .run = dlcRun,
    .pool_create = dlcPoolApiCreate,
    .pool_retain = dlcPoolApiRetain,
    .pool_release = dlcPoolApiRelease,
    .cpu_features = dlcCpuFeatures,
    .choose_program = dlcModelProgram,
    .result_shapes = dlcResultShapes,
    .result_data = dlcResultData,
    .context_record = dlcContextRecord,
};
