// SPDX-License-Identifier: Apache-2.0
#include "analysis/LayoutInterface.h"

#include "analysis/LayoutInterface.cpp.inc"
