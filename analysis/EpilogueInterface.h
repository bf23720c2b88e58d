// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which sums of products share their kernel with the ops behind them, which depends on the target: a backend attaches
/// EpilogueOpInterface to ops, and `--dlc-fuse-conv-relu-pool` asks it.
#ifndef DLC_ANALYSIS_EPILOGUEINTERFACE_H
#define DLC_ANALYSIS_EPILOGUEINTERFACE_H

#include "ir/DlcDialect.h"

#include "analysis/EpilogueInterface.h.inc"

#endif // DLC_ANALYSIS_EPILOGUEINTERFACE_H
