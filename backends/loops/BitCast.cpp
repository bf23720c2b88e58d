// SPDX-License-Identifier: Apache-2.0
// The bits of elements as elements of another type: what is loaded, as an integer of its width, is stored.
#include "backends/loops/LoopBodyInterface.h"
#include "ir/OpsBits.h"

using namespace mlir;

namespace dlc::loops {

static void writeBitCast(BitCastOp op, LoopBody &body) {
  LoopTensor x = body.getOperand(0), result = body.getResult();
  Type to = op.getTo();
  body.forResult(result.getRank(), [&](llvm::ArrayRef<Scalar> index) {
    Scalar bits = x.load(index).asBits(8 * getElementBytes(to));
    result.store(index, to.isInteger(1) ? bits.as(body.getBuilder().getI1Type()) : bits);
  });
}

void addBits(MLIRContext *context) { addBody<BitCastOp, &writeBitCast>(context); }

} // namespace dlc::loops
