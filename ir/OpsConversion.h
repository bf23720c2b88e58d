// SPDX-License-Identifier: Apache-2.0
/// \file
/// Conversions between element types.
#ifndef DLC_IR_OPSCONVERSION_H
#define DLC_IR_OPSCONVERSION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsConversion.h.inc"

#endif // DLC_IR_OPSCONVERSION_H
