// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which program of a model runs on this machine, and on which GPU.
#ifndef DLC_DEVICE_SELECTION_H
#define DLC_DEVICE_SELECTION_H

#include "Driver.h"

/// Finds GPU number `id` and checks that it can run the kernels of `program`, one of `model`. DLC_ERROR_NO_DEVICE or
/// DLC_ERROR_CAPABILITY, with a sentence, if it cannot.
dlc_int32 dlcDeviceSelect(const Driver *driver, const dlc_model *model, const dlc_program *program, dlc_int32 id,
                          dlc_error *error, CUdevice *ordinal);

/// Reports that `step` has failed at GPU `id`; the status.
dlc_int32 dlcDeviceRefuse(const Driver *driver, const dlc_model *model, dlc_int32 id, const char *step, CUresult result,
                          dlc_error *error);

/// What a context of `model` runs on: DLC_DEVICE_CUDA or DLC_DEVICE_CPU, as `wanted` (dlc_context_options.device_type)
/// asks for. Where it leaves the choice, and the model has programs for both, that is the CPU only if there is no GPU
/// for the model; `error` then says why not. On failure a status, with the reason.
dlc_int32 dlcDeviceChoose(const dlc_model *model, dlc_uint32 wanted, dlc_int32 id, dlc_error *error, dlc_uint32 *type);

/// dlc_runtime_api.choose_program.
const dlc_program *dlcDeviceProgram(const dlc_model *model, dlc_error *error);

#endif // DLC_DEVICE_SELECTION_H
