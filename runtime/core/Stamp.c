// SPDX-License-Identifier: Apache-2.0
#include "Stamp.h"

dlc_int64 *dlcVariablesStamp(const dlc_model *model, void *block) {
  for (dlc_uint32 i = 0; block && i < model->variable_count; ++i)
    if (model->variables[i].kind == DLC_VARIABLE_STAMP)
      return (dlc_int64 *)((dlc_byte *)block + model->variables[i].offset);
  return (dlc_int64 *)0;
}
