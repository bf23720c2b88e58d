// SPDX-License-Identifier: Apache-2.0
/// \file
/// Variables on the device. The caller's block in the host's memory has one copy on each GPU whose contexts have bound
/// it; runs read and write that copy. It is made before the first run that needs it and again after the caller has
/// changed the block (dlc_variables_push), and is copied to the block where the caller asks for that
/// (dlc_variables_pull, dlc_variables_save). Of all copies, one at most has what the block lacks.
#ifndef DLC_DEVICE_RESIDENTVARIABLES_H
#define DLC_DEVICE_RESIDENTVARIABLES_H

#include "Device.h"

/// Makes the copy of the bound block current and sets `*variables` to its address.
dlc_int32 dlcResidentVariablesBegin(Device *device, dlc_byte **variables);

/// After a run of `entry`: notes what it has written.
void dlcResidentVariablesEnd(Device *device, const dlc_entry_point *entry, int ok);

/// Functions of the interface. Without a path, saving only makes the block hold what runs have written, and loading
/// only lets runs read the block anew.
void *dlcResidentVariablesAllocate(const dlc_model *model, dlc_error *error);
dlc_int32 dlcResidentVariablesBind(dlc_context *context, void *block, dlc_uint64 bytes);
dlc_int32 dlcResidentVariablesSave(const dlc_model *model, const void *block, const char *path,
                                   const dlc_metadata *metadata, dlc_uint32 count, dlc_error *error);
dlc_int32 dlcResidentVariablesLoad(const dlc_model *model, void *block, const char *path,
                                   const dlc_load_options *options, dlc_error *error);

#endif // DLC_DEVICE_RESIDENTVARIABLES_H
