// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a context tells its user: the message of its last failure, and the log.
#ifndef DLC_CORE_CONTEXTMESSAGE_H
#define DLC_CORE_CONTEXTMESSAGE_H

#include "Context.h"

/// Writes the context's message and returns `status`. Only while the context
/// is entered.
dlc_int32 dlcContextFail(Context *context, dlc_int32 status, const char *format, ...);

/// The same for kernels, which may fail on several threads: the first counts.
void dlcContextKernelMessage(Context *context, const char *message);

/// Hands a message to the log, if the context has one.
void dlcContextLog(Context *context, dlc_int32 level, const char *format, ...);

#endif // DLC_CORE_CONTEXTMESSAGE_H
