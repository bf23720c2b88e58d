// SPDX-License-Identifier: Apache-2.0
#include "Prepare.h"

#include "Context.h"
#include "ContextLifetime.h"
#include "Model.h"

dlc_int32 dlcModelPrepare(const dlc_model *model, const dlc_context_options *options, dlc_error *error) {
  // A context for a moment brings the threads and the scratch that preparation needs; the reference stays.
  dlc_context *context;
  dlc_int32 status = dlcContextCreate(model, options, error, &context);
  if (status)
    return status;
  dlcModelHold(((Context *)context)->state);
  dlcContextRelease(context);
  return DLC_OK;
}
