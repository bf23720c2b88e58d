// SPDX-License-Identifier: Apache-2.0
/// \file
/// Convolutions over 1, 2 or 3 spatial dimensions.
#ifndef DLC_IR_OPSCONVOLUTION_H
#define DLC_IR_OPSCONVOLUTION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsConvolution.h.inc"

#endif // DLC_IR_OPSCONVOLUTION_H
