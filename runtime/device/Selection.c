// SPDX-License-Identifier: Apache-2.0
#include "Selection.h"

#include "../core/Model.h"
#include "../core/Text.h"

dlc_int32 dlcDeviceRefuse(const Driver *driver, const dlc_model *model, dlc_int32 id, const char *step, CUresult result,
                          dlc_error *error) {
  dlc_int32 status = result == CUDA_ERROR_OUT_OF_MEMORY ? DLC_ERROR_OUT_OF_MEMORY : DLC_ERROR_NO_DEVICE;
  return dlcFail(error, status, "model '%s' runs on an NVIDIA GPU, and GPU %d %s: %s", model->name, (dlc_int64)id, step,
                 dlcDriverText(driver, result));
}

dlc_int32 dlcDeviceSelect(const Driver *driver, const dlc_model *model, const dlc_program *program, dlc_int32 id,
                          dlc_error *error, CUdevice *ordinal) {
  dlc_int32 count = 0, major = 0, minor = 0;
  CUresult result = driver->cuDeviceGetCount(&count);
  if (result)
    return dlcDeviceRefuse(driver, model, id, "cannot be looked for", result, error);
  if (id < 0 || id >= count) {
    if (!count)
      return dlcFail(error, DLC_ERROR_NO_DEVICE,
                     "model '%s' runs on an NVIDIA GPU, and this machine has a driver but no GPU", model->name);
    return dlcFail(error, DLC_ERROR_NO_DEVICE, "there is no GPU number %d: this machine has %d, numbered from 0",
                   (dlc_int64)id, (dlc_int64)count);
  }
  result = driver->cuDeviceGet(ordinal, id);
  if (!result)
    result = driver->cuDeviceGetAttribute(&major, CU_ATTRIBUTE_CAPABILITY_MAJOR, *ordinal);
  if (!result)
    result = driver->cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_CAPABILITY_MINOR, *ordinal);
  if (result)
    return dlcDeviceRefuse(driver, model, id, "does not say what it is", result, error);
  dlc_int32 required = dlcIsForDevice(program) ? (dlc_int32)program->device_code->capability : 0;
  if (10 * major + minor >= required)
    return DLC_OK;
  char name[64] = "";
  driver->cuDeviceGetName(name, sizeof name, *ordinal);
  return dlcFail(error, DLC_ERROR_CAPABILITY,
                 "model '%s' was compiled for GPUs of compute capability %d.%d and newer, and GPU %d (%s) has %d.%d: "
                 "compile it with another --target",
                 model->name, (dlc_int64)(required / 10), (dlc_int64)(required % 10), (dlc_int64)id, name,
                 (dlc_int64)major, (dlc_int64)minor);
}

dlc_int32 dlcDeviceChoose(const dlc_model *model, dlc_uint32 wanted, dlc_int32 id, dlc_error *error, dlc_uint32 *type) {
  *type = wanted;
  if (wanted && wanted != DLC_DEVICE_CUDA)
    return DLC_OK;
  *type = DLC_DEVICE_CUDA;
  const dlc_program *program;
  dlc_int32 status = dlcModelChooseProgram(model, DLC_DEVICE_CUDA, error, &program);
  const Driver *driver;
  // Without a driver that is the reason, whatever else may be wrong.
  if (!status || status == DLC_ERROR_UNSUPPORTED_CPU) {
    dlc_error ofDriver;
    dlc_int32 outcome = dlcDriverOpen(&driver, &ofDriver);
    if (outcome)
      status = dlcFail(error, outcome, "%s", ofDriver.message);
  }
  CUdevice ordinal;
  if (!status)
    status = dlcDeviceSelect(driver, model, program, id, error, &ordinal);
  int mayFallBack = !wanted && !id && (status == DLC_ERROR_NO_DEVICE || status == DLC_ERROR_CAPABILITY);
  if (!mayFallBack || dlcModelChooseProgram(model, DLC_DEVICE_CPU, (dlc_error *)0, &program))
    return status;
  *type = DLC_DEVICE_CPU;
  return DLC_OK;
}

const dlc_program *dlcDeviceProgram(const dlc_model *model, dlc_error *error) {
  dlc_uint32 type = 0;
  dlc_error reason;
  const dlc_program *program;
  // A model for GPUs alone can be described on any machine.
  if (!dlcModelChooseProgram(model, DLC_DEVICE_CPU, (dlc_error *)0, &program) &&
      dlcDeviceChoose(model, 0, 0, &reason, &type))
    type = 0;
  dlcModelChooseProgram(model, type, error, &program);
  return program;
}
