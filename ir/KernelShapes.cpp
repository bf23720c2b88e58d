// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelShapes.h"
#include "ir/KernelInterface.h"

using namespace mlir;

namespace dlc {

llvm::ArrayRef<AffineExpr> KernelShapes::getDims(Value value) const {
  auto found = dims.find(value);
  assert(found != dims.end() && "every tensor of the analyzed kernel has extents");
  return found->second;
}

FailureOr<KernelShapes> KernelShapes::analyze(Operation *op) {
  auto kernel = llvm::cast<KernelLikeOpInterface>(op);
  KernelShapes shapes;
  Block &body = kernel.getBody().front();
  ArrayAttr inputDims = kernel.getInputDimsAttr();
  for (BlockArgument argument : body.getArguments()) {
    auto type = llvm::cast<RankedTensorType>(argument.getType());
    auto map = inputDims && argument.getArgNumber() < inputDims.size()
                   ? llvm::dyn_cast<AffineMapAttr>(inputDims[argument.getArgNumber()])
                   : AffineMapAttr();
    if (map && map.getValue().getNumResults() == static_cast<unsigned>(type.getRank()))
      shapes.dims[argument] = Dims(map.getValue().getResults());
    else if (type.hasStaticShape())
      shapes.dims[argument] = staticDims(type);
    else
      return kernel->emitError("extents of input ") << argument.getArgNumber() << " of the kernel are unknown";
  }
  for (Operation &op : body.without_terminator()) {
    Dims result;
    auto type = llvm::cast<RankedTensorType>(op.getResult(0).getType());
    if (type.hasStaticShape()) {
      result = staticDims(type);
    } else if (auto interface = llvm::dyn_cast<DimensionOpInterface>(op)) {
      llvm::SmallVector<Dims> operandDims;
      for (Value operand : op.getOperands())
        operandDims.push_back(Dims(shapes.getDims(operand)));
      if (failed(interface.inferDims(operandDims, result)))
        return failure();
    } else {
      return op.emitOpError("has dynamic extents that cannot be inferred");
    }
    shapes.dims[op.getResult(0)] = std::move(result);
  }
  return shapes;
}

} // namespace dlc
