// SPDX-License-Identifier: Apache-2.0
// All passes, declared in the folder of each; their order is in Pipelines.cpp.
#ifndef DLC_PASSES
#define DLC_PASSES

include "passes/fusion/Passes.td"
include "passes/graph/Passes.td"
include "passes/layout/Passes.td"
include "passes/memory/Passes.td"
include "passes/schedule/Passes.td"
include "passes/training/Passes.td"

#endif // DLC_PASSES
