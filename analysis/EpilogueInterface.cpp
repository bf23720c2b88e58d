// SPDX-License-Identifier: Apache-2.0
#include "analysis/EpilogueInterface.h"

#include "analysis/EpilogueInterface.cpp.inc"
