// SPDX-License-Identifier: Apache-2.0
// The interface of models that are compiled for CUDA: the core's, with a device for each context.
#include "../core/ApiTable.h"
#include "ResidentStates.h"
#include "ResidentVariables.h"

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
    DLC_DEVICE_INDEPENDENT_API,
    .context_reset = dlcResidentContextReset,
    .state_read = dlcResidentStateRead,
    .state_write = dlcResidentStateWrite,
    .variables_allocate = dlcResidentVariablesAllocate,
    .variables_bind = dlcResidentVariablesBind,
    .variables_save = dlcResidentVariablesSave,
    .variables_load = dlcResidentVariablesLoad,
    .prepare = prepareModel,
    .context_create = createContext,
    .context_retain = retainContext,
    .context_release = releaseContext,
};
