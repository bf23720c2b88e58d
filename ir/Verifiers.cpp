// SPDX-License-Identifier: Apache-2.0
// Verifiers look at one op alone; what shape inference checks is not repeated here.
#include "ir/DlcDialect.h"
#include "ir/Layout.h"

using namespace mlir;

namespace dlc {

static LogicalResult verifySameTensor(Operation *op, Value from, Value to) {
  auto source = llvm::cast<RankedTensorType>(from.getType()), target = llvm::cast<RankedTensorType>(to.getType());
  if (source.getElementType() != target.getElementType() || failed(verifyCompatibleShape(source, target)))
    return op->emitOpError("changes the layout only, not ") << source << " to " << target;
  for (RankedTensorType type : {source, target})
    if (LayoutAttr layout = getLayout(type); layout && layout.getOrder().size() != type.getRank())
      return op->emitOpError("has a layout of another rank than its tensor ") << type;
  return success();
}

LogicalResult PackOp::verify() { return verifySameTensor(*this, getX(), getResult()); }

LogicalResult UnpackOp::verify() {
  if (getLayout(getResult().getType()))
    return emitOpError("gives a tensor without layout");
  return verifySameTensor(*this, getX(), getResult());
}

LogicalResult KernelOp::verify() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("body takes ") << body.getArgumentTypes() << " but the inputs are " << getInputs().getTypes();
  if (!body.mightHaveTerminator() || !llvm::isa<YieldOp>(body.getTerminator()))
    return emitOpError("body ends in 'dlc.yield'");
  if (getYielded().getType() != getResult().getType())
    return emitOpError("yields ") << getYielded().getType() << " but gives " << getResult().getType();
  if (!getRootOp() && !llvm::isa<BlockArgument>(getYielded()))
    return emitOpError("has no op of the family '") << stringifyKernelRoot(getRoot()) << "'";
  if (getInputDims() && getInputDims()->size() != getInputs().size())
    return emitOpError("has ") << getInputDims()->size() << " input_dims for " << getInputs().size() << " inputs";
  return success();
}

} // namespace dlc
