// SPDX-License-Identifier: Apache-2.0
#include "Variables.h"

#include "ContextEntry.h"
#include "ContextMessage.h"
#include "Stamp.h"
#include "Text.h"

void *dlcVariablesAllocate(const dlc_model *model, dlc_error *error) {
  dlc_uint64 bytes = model->variable_bytes ? model->variable_bytes : 1;
  void *block = dlcAllocateFromLibc(bytes);
  if (block)
    memset(block, 0, bytes);
  else
    dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for the %u bytes of the variables of model '%s'", bytes,
            model->name);
  return block;
}

dlc_int32 dlcVariablesBind(dlc_context *face, void *block, dlc_uint64 bytes) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  const dlc_model *model = face->model;
  if (block && !model->variable_count)
    status =
        dlcContextFail(context, DLC_ERROR_VARIABLES,
                       "model '%s' has no variables: compile it with --train or --replaceable-weights", model->name);
  else if (block && (dlc_uint64)block % DLC_CACHE_LINE)
    status =
        dlcContextFail(context, DLC_ERROR_ALIGNMENT, "the block of variables of model '%s' is not aligned to %u bytes",
                       model->name, (dlc_uint64)DLC_CACHE_LINE);
  else if (block && bytes < model->variable_bytes)
    status =
        dlcContextFail(context, DLC_ERROR_TOO_SMALL, "the variables of model '%s' take %u bytes, and the block has %u",
                       model->name, model->variable_bytes, bytes);
  if (!status) {
    context->variables = block;
    context->stamp = dlcVariablesStamp(model, block);
  }
  dlcContextLeave(context);
  return status;
}
