// SPDX-License-Identifier: Apache-2.0
#include "backends/onnx/OpEmitters.h"
#include "ir/TensorDescription.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace dlc::onnx_export {

OpEmitters::OpEmitters() {
  registerElementwise(*this);
  registerLinear(*this);
  registerAttention(*this);
  registerWindows(*this);
  registerNormalization(*this);
  registerReduction(*this);
  registerMovement(*this);
  registerSelection(*this);
}

const OpEmitter *OpEmitters::find(mlir::Operation *op) {
  static const OpEmitters emitters;
  auto found = emitters.table.find(op->getName().getStringRef());
  return found == emitters.table.end() ? nullptr : &found->second;
}

static LogicalResult writeOp(Operation &op, GraphWriter &writer) {
  writer.begin(op);
  if (auto loop = llvm::dyn_cast<LoopOp>(op))
    return emitLoop(loop, writer);
  const OpEmitter *emitter = OpEmitters::find(&op);
  if (!emitter)
    return op.emitError("op '") << op.getName().stripDialect()
                                << "' has no form in ONNX, so that a graph with it cannot be an .onnx file";
  for (Value operand : op.getOperands())
    if (!getElementType(getElementTypeOrSelf(operand.getType())))
      return op.emitError("op '") << op.getName().stripDialect() << "' has an operand of a type that ONNX lacks, "
                                  << describeTensor(operand);
  FailureOr<std::string> name = (*emitter)(&op, writer);
  if (failed(name))
    return failure();
  writer.finish(op.getResult(0), *name);
  return success();
}

LogicalResult writeOps(GraphWriter &writer) {
  LogicalResult result = success();
  for (Operation &op : writer.getFunction().getBody().front().without_terminator()) {
    if (llvm::isa<LoadParameterOp, ConstantOp>(op) || isOpTriviallyDead(&op) || succeeded(writeOp(op, writer)))
      continue;
    result = failure();
    // Its readers are looked at, too, so that all that is wrong is reported at once.
    for (Value unwritten : op.getResults())
      writer.leaveOut(unwritten);
  }
  return result;
}

} // namespace dlc::onnx_export
