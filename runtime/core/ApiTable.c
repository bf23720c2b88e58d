// SPDX-License-Identifier: Apache-2.0
#include "ApiTable.h"

const dlc_runtime_api dlc_rt_api = {
    DLC_DEVICE_INDEPENDENT_API,
    .context_reset = dlcContextReset,
    .state_read = dlcStateRead,
    .state_write = dlcStateWrite,
    .variables_allocate = dlcVariablesAllocate,
    .variables_bind = dlcVariablesBind,
    .variables_save = dlcVariablesSave,
    .variables_load = dlcVariablesLoad,
    .prepare = dlcModelPrepare,
    .choose_program = dlcModelProgram,
    .context_create = dlcContextCreate,
    .context_retain = dlcContextRetain,
    .context_release = dlcContextRelease,
};
