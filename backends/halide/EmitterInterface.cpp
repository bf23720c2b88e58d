// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/EmitterInterface.h"

#include "backends/halide/EmitterInterface.cpp.inc"
