// SPDX-License-Identifier: Apache-2.0
/// \file
/// What all contexts of a model share: its constants, mapped from the sidecar
/// where they are not in the library, and what `prepare` computed from them. Exists
/// from the first context (or dlc_prepare) to the last release.
#ifndef DLC_CORE_MODEL_H
#define DLC_CORE_MODEL_H

#include "Base.h"

struct Context;

typedef struct ModelState {
  struct ModelState *next;
  const dlc_model *model;
  const dlc_program *program;
  dlc_uint32 references;
  dlc_uint32 prepares; // of the references, those of dlc_prepare
  dlc_uint32 prepareLock;
  dlc_uint32 isReady; // what follows is set
  dlc_allocator allocator;
  const dlc_byte *constants;
  void *mapping; // of the sidecar; null if there is none
  int file;      // the sidecar, while it is mapped
  dlc_uint64 mappingBytes;
  dlc_byte *prepared;
} ModelState;

/// Sets `*program` to the first program of `model` that can run on this machine: ABI, device, CPU.
dlc_int32 dlcModelChooseProgram(const dlc_model *model, dlc_error *error, const dlc_program **program);

/// The same for applications: null, with an error, if there is none.
const dlc_program *dlcModelProgram(const dlc_model *model, dlc_error *error);

/// Shares the state of context's model; the first caller maps and prepares on
/// the threads of `context`, others wait for it. On failure nothing is held.
dlc_int32 dlcModelAcquire(struct Context *context, const char *weightsFolder, dlc_error *error, ModelState **state);

void dlcModelRelease(ModelState *state);

dlc_int32 dlcModelPrepare(const dlc_model *model, const dlc_context_options *options, dlc_error *error);
void dlcModelUnprepare(const dlc_model *model);

#endif // DLC_CORE_MODEL_H
