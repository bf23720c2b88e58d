// SPDX-License-Identifier: Apache-2.0
/// \file
/// What all contexts that run one program of a model share: its constants, mapped from the sidecar
/// where they are not in the library, and what `prepare` computed from them. Exists
/// from the first context (or dlc_prepare) to the last release.
#ifndef DLC_CORE_MODELSTATE_H
#define DLC_CORE_MODELSTATE_H

#include "Base.h"

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

#endif // DLC_CORE_MODELSTATE_H
