// SPDX-License-Identifier: Apache-2.0
/// \file
/// How far outside its operand a transposed convolution reads.
#ifndef DLC_IR_CONVOLUTIONREACH_H
#define DLC_IR_CONVOLUTIONREACH_H

#include "ir/DlcDialect.h"

namespace dlc {
class ConvTransposeOp;

/// Elements before the first and after the last one; not below 0.
struct ConvTransposeReach {
  int64_t low, high;
};

/// What `op` reads along spatial dimension `dim`, when every phase is computed for as many positions as the longest.
ConvTransposeReach getConvTransposeReach(ConvTransposeOp op, size_t dim);

} // namespace dlc

#endif // DLC_IR_CONVOLUTIONREACH_H
