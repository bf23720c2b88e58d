// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsControl.h"
#include "ir/TensorDescription.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc::onnx_export {

/// The attribute of the node that is `attribute` of the op.
static NodeAttribute toNodeAttribute(mlir::Operation *op, const onnx_format::OpAttribute &attribute) {
  mlir::Attribute value = op->getAttr(attribute.property);
  if (attribute.kind == onnx_format::OpAttribute::Kind::Number)
    return static_cast<float>(llvm::cast<mlir::FloatAttr>(value).getValueAsDouble());
  bool isTrue = llvm::cast<mlir::BoolAttr>(value).getValue();
  if (attribute.kind == onnx_format::OpAttribute::Kind::Flag)
    return int64_t(isTrue);
  return attribute.choices[(attribute.choices[0] == attribute.isTrue) != isTrue].str();
}

void OpEmitters::addRow(const onnx_format::OpRow &row) {
  if (!row.isWritten)
    return;
  table[row.op] = row.emit ? row.emit : [&row](mlir::Operation *op, GraphWriter &writer) {
    Names inputs;
    for (mlir::Value operand : op->getOperands())
      inputs.push_back(writer.getName(operand));
    NodeAttributes attributes;
    for (const onnx_format::OpAttribute &attribute : row.attributes)
      attributes.emplace_back(attribute.name.data(), toNodeAttribute(op, attribute));
    return mlir::FailureOr<std::string>(writer.add(row.name, inputs, attributes));
  };
}

OpEmitters::OpEmitters() {
  for (const onnx_format::OpRow &row : onnx_format::getOpTable())
    addRow(row);
  registerElementwise(*this);
  registerLinear(*this);
  registerAttention(*this);
  registerWindows(*this);
  registerNormalization(*this);
  registerReduction(*this);
  registerMovement(*this);
  registerSampling(*this);
  registerSelection(*this);
  registerSize(*this);
  registerQuantization(*this);
  registerOpsWithoutForm(*this);
}

const OpEmitters &OpEmitters::get() {
  static const OpEmitters emitters;
  return emitters;
}

const OpEmitter *OpEmitters::find(llvm::StringRef op) {
  auto found = get().table.find(op);
  return found == get().table.end() ? nullptr : &found->second;
}

llvm::StringRef OpEmitters::findReasonForNone(llvm::StringRef op) { return get().reasons.lookup(op); }

static mlir::LogicalResult writeOp(mlir::Operation &op, GraphWriter &writer) {
  writer.begin(op);
  if (auto loop = llvm::dyn_cast<LoopOp>(op))
    return emitLoop(loop, writer);
  if (auto branches = llvm::dyn_cast<IfOp>(op))
    return emitIf(branches, writer);
  const OpEmitter *emitter = OpEmitters::find(op.getName().getStringRef());
  if (!emitter) {
    llvm::StringRef why = OpEmitters::findReasonForNone(op.getName().getStringRef());
    return op.emitError("op '") << op.getName().stripDialect()
                                << "' has no form in ONNX, so that a graph with it cannot be an .onnx file"
                                << (why.empty() ? "" : ": ") << why;
  }
  for (mlir::Value operand : op.getOperands())
    if (!getOnnxType(mlir::getElementTypeOrSelf(operand.getType())))
      return op.emitError("op '") << op.getName().stripDialect() << "' has an operand of a type that ONNX lacks, "
                                  << describeTensor(operand);
  for (mlir::Value result : op.getResults())
    writer.requireOpset(getOpsetOf(mlir::getElementTypeOrSelf(result.getType())));
  mlir::FailureOr<std::string> name = (*emitter)(&op, writer);
  if (mlir::failed(name))
    return mlir::failure();
  writer.finish(op.getResult(0), *name);
  return mlir::success();
}

mlir::LogicalResult writeOps(GraphWriter &writer) {
  mlir::LogicalResult result = mlir::success();
  for (mlir::Operation &op : writer.getBlock().without_terminator()) {
    if (op.hasTrait<WeightSource>() || mlir::isOpTriviallyDead(&op) || mlir::succeeded(writeOp(op, writer)))
      continue;
    result = mlir::failure();
    // Its readers are looked at, too, so that all that is wrong is reported at once.
    for (mlir::Value unwritten : op.getResults())
      writer.leaveOut(unwritten);
  }
  return result;
}

} // namespace dlc::onnx_export
