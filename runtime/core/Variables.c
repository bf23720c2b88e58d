// SPDX-License-Identifier: Apache-2.0
#include "Variables.h"

#include "Text.h"

dlc_int32 dlcVariablesBind(dlc_context *face, void *block, dlc_uint64 bytes) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  const dlc_model *model = face->model;
  dlc_int32 status = DLC_OK;
  if (block && !model->variable_count)
    status = dlcContextFail(context, DLC_ERROR_VARIABLES, "model '%s' has no variables: compile it with --train",
                            model->name);
  else if (block && (dlc_uint64)block % DLC_CACHE_LINE)
    status =
        dlcContextFail(context, DLC_ERROR_ALIGNMENT, "the block of variables of model '%s' is not aligned to %u bytes",
                       model->name, (dlc_uint64)DLC_CACHE_LINE);
  else if (block && bytes < model->variable_bytes)
    status =
        dlcContextFail(context, DLC_ERROR_TOO_SMALL, "the variables of model '%s' take %u bytes, and the block has %u",
                       model->name, model->variable_bytes, bytes);
  if (!status)
    context->variables = block;
  dlcContextLeave(context);
  return status;
}
