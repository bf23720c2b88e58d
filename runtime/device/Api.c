// SPDX-License-Identifier: Apache-2.0
// The interface of models that are compiled for CUDA: the core's, with a device for each context on a GPU.
#include "../core/ApiTable.h"
#include "../core/ContextMessage.h"
#include "../core/Options.h"
#include "../core/Text.h"
#include "CallerMemory.h"
#include "ResidentStates.h"
#include "ResidentVariables.h"
#include "Selection.h"
#include "Transfer.h"

extern const dlc_runtime_api dlc_rt_cuda_api;

/// Makes `*options` say which device a context runs on, in a copy, `settled`. `reason` says why not on a GPU, where the
/// choice was left.
static dlc_int32 settleDevice(const dlc_model *model, const dlc_context_options **options, dlc_context_options *settled,
                              dlc_error *error, dlc_error *reason) {
  reason->message[0] = 0;
  // Options that cannot be read are reported by the core.
  if (!model || dlcReadOptions(settled, sizeof *settled, DLC_LEAST_CONTEXT_OPTIONS, *options))
    return DLC_OK;
  *options = settled;
  settled->struct_bytes = sizeof *settled;
  dlc_int32 status = dlcDeviceChoose(model, settled->device_type, settled->device_id, reason, &settled->device_type);
  return status ? dlcFail(error, status, "%s", reason->message) : DLC_OK;
}

static void logDevice(Context *context, const dlc_error *reason) {
  char name[64] = "";
  Device *device = context->device ? dlcDeviceFind(context) : (Device *)0;
  if (device) {
    device->driver->cuDeviceGetName(name, sizeof name, device->ordinal);
    dlcContextLog(context, DLC_LOG_INFO, "model '%s' runs on GPU %d (%s)", context->face.model->name,
                  (dlc_int64)context->deviceId, name);
  } else {
    dlcContextLog(context, DLC_LOG_INFO, "model '%s' runs on the CPU%s%s", context->face.model->name,
                  reason->message[0] ? ": " : "", reason->message);
  }
}

static dlc_int32 createContext(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                               dlc_context **result) {
  if (result)
    *result = (dlc_context *)0;
  dlc_context_options settled;
  dlc_error reason;
  dlc_int32 status = settleDevice(model, &options, &settled, error, &reason);
  if (!status)
    status = dlcContextCreate(model, options, error, result);
  if (status)
    return status;
  Context *context = (Context *)*result;
  if (dlcIsForDevice(context->program)) {
    context->face.api = &dlc_rt_cuda_api;
    context->device = &dlcContextDevice;
    Device *device;
    status = dlcDeviceAcquire(context, error, &device);
  }
  if (status) {
    dlcContextRelease(*result);
    *result = (dlc_context *)0;
    return status;
  }
  logDevice(context, &reason);
  return DLC_OK;
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
  dlc_context_options settled;
  dlc_error reason;
  dlc_int32 status = settleDevice(model, &options, &settled, error, &reason);
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
    .choose_program = dlcDeviceProgram,
    .context_create = createContext,
    .context_retain = retainContext,
    .context_release = releaseContext,
    .device_allocate = dlcDeviceMemoryAllocate,
    .device_release = dlcDeviceMemoryRelease,
    .device_write = dlcDeviceMemoryWrite,
    .device_read = dlcDeviceMemoryRead,
};
