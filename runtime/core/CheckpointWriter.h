// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writes variables as a safetensors file.
#ifndef DLC_CORE_CHECKPOINTWRITER_H
#define DLC_CORE_CHECKPOINTWRITER_H

#include "Base.h"

/// Whether a checkpoint holds the variable: what is derived is not worth its room.
static inline int dlcIsInCheckpoint(const dlc_variable_info *variable) {
  return variable->kind != DLC_VARIABLE_DERIVED && variable->kind != DLC_VARIABLE_STAMP;
}

dlc_uint64 dlcVariableBytes(const dlc_variable_info *variable);

/// Writes everything to `file`; returns whether it is on the disk. errno says why it is not.
int dlcCheckpointWrite(int file, const dlc_model *model, const dlc_byte *block, const dlc_metadata *metadata,
                       dlc_uint32 count);

#endif // DLC_CORE_CHECKPOINTWRITER_H
