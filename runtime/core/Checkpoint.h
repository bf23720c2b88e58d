// SPDX-License-Identifier: Apache-2.0
/// \file
/// A block of variables as a file, and back.
#ifndef DLC_CORE_CHECKPOINT_H
#define DLC_CORE_CHECKPOINT_H

#include "Base.h"

dlc_int32 dlcVariablesSave(const dlc_model *model, const void *block, const char *path, const dlc_metadata *metadata,
                           dlc_uint32 count, dlc_error *error);

dlc_int32 dlcVariablesLoad(const dlc_model *model, void *block, const char *path, const dlc_load_options *options,
                           dlc_error *error);

dlc_int32 dlcMetadataRead(const char *path, const char *key, char *value, dlc_uint64 capacity, dlc_uint64 *bytes,
                          dlc_error *error);

#endif // DLC_CORE_CHECKPOINT_H
