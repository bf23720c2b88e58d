// SPDX-License-Identifier: Apache-2.0
#include "ContextMessage.h"

#include "Text.h"

void dlcContextLog(Context *context, dlc_int32 level, const char *format, ...) {
  if (!context->log)
    return;
  char message[256];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(message, sizeof message, format, arguments);
  __builtin_va_end(arguments);
  context->log(context->logSelf, level, message);
}

dlc_int32 dlcContextFail(Context *context, dlc_int32 status, const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(context->message, sizeof context->message, format, arguments);
  __builtin_va_end(arguments);
  return status;
}

void dlcContextKernelMessage(Context *context, const char *message) {
  if (!__atomic_exchange_n(&context->hasMessage, 1, __ATOMIC_RELAXED))
    dlcFormat(context->message, sizeof context->message, "%s", message);
}
