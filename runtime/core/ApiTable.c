// SPDX-License-Identifier: Apache-2.0
#include "ApiTable.h"

const dlc_runtime_api dlc_rt_api = {
    DLC_COMMON_API,
    .prepare = dlcModelPrepare,
    .context_create = dlcContextCreate,
    .context_retain = dlcContextRetain,
    .context_release = dlcContextRelease,
};
