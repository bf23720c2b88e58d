// SPDX-License-Identifier: Apache-2.0
/// \file
/// Chooses the program of a model that this machine runs, and keeps what its contexts share.
#ifndef DLC_CORE_MODEL_H
#define DLC_CORE_MODEL_H

#include "ModelState.h"

struct Context;

/// Sets `*program` to the first program of `model` that can run on this machine (ABI, CPU), of those for devices of
/// `type` (dlc_device_type; 0: of all).
dlc_int32 dlcModelChooseProgram(const dlc_model *model, dlc_uint32 type, dlc_error *error, const dlc_program **program);

/// Whether the kernels of `program` run on a GPU.
int dlcIsForDevice(const dlc_program *program);

/// The same for applications: null, with an error, if there is none.
const dlc_program *dlcModelProgram(const dlc_model *model, dlc_error *error);

/// Shares the state of context's model; the first caller maps and prepares on
/// the threads of `context`, others wait for it. On failure nothing is held.
dlc_int32 dlcModelAcquire(struct Context *context, const char *weightsFolder, dlc_error *error, ModelState **state);

void dlcModelRelease(ModelState *state);

/// A reference for dlc_prepare, until dlcModelUnprepare.
void dlcModelHold(ModelState *state);
void dlcModelUnprepare(const dlc_model *model);

#endif // DLC_CORE_MODEL_H
