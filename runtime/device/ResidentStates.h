// SPDX-License-Identifier: Apache-2.0
/// \file
/// States on the device. A state stays there from one run to the next; it is copied to the device after the caller has
/// written it, and to the host when the caller reads it, or after each run where the checks of a run read it.
///
/// The core has blocks of its own for a state, in the host's memory, and swaps them after a run. Here it is the same,
/// with a note of which side has the value.
#ifndef DLC_DEVICE_RESIDENTSTATES_H
#define DLC_DEVICE_RESIDENTSTATES_H

#include "Device.h"

/// Room for the states of `entry`, with their values there. Fills in the tables of addresses: what each state was
/// before the run, and what it becomes.
dlc_int32 dlcResidentStatesBegin(Device *device, const dlc_entry_point *entry, dlc_byte **states,
                                 dlc_byte **nextStates);

/// After a run: makes what it has written the states. If it failed, they are what they were.
void dlcResidentStatesEnd(Device *device, const dlc_entry_point *entry, int ok);

/// Functions of the interface.
dlc_int32 dlcResidentStateRead(dlc_context *context, const char *name, const dlc_tensor *tensor);
dlc_int32 dlcResidentStateWrite(dlc_context *context, const char *name, const dlc_tensor *tensor);
dlc_int32 dlcResidentContextReset(dlc_context *context);

#endif // DLC_DEVICE_RESIDENTSTATES_H
