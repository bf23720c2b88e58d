// SPDX-License-Identifier: Apache-2.0
// Verifiers look at one op alone; what shape inference checks is not repeated here.
#include "ir/DlcDialect.h"
#include "ir/Layout.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsTraining.h"

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
    return emitOpError("returns a tensor without layout");
  return verifySameTensor(*this, getX(), getResult());
}

LogicalResult RandomUniformOp::verify() {
  for (Value number : {getSeed(), getCounter()}) {
    auto type = llvm::cast<RankedTensorType>(number.getType());
    if (type.getRank() != 0 || !type.getElementType().isSignlessInteger(64))
      return emitOpError("expects seed and counter of type tensor<i64>, got ") << type;
  }
  return success();
}

LogicalResult LeastSquaresOp::verify() {
  if (getElementTypeOrSelf(getA().getType()) != getElementTypeOrSelf(getB().getType()))
    return emitOpError("has operands of different element types, ") << getA().getType() << " and " << getB().getType();
  return success();
}

LogicalResult GradientOp::inferReturnTypes(MLIRContext *, std::optional<Location>, ValueRange operands, DictionaryAttr,
                                           OpaqueProperties, RegionRange, llvm::SmallVectorImpl<Type> &types) {
  for (Value operand : operands.drop_front())
    types.push_back(operand.getType());
  return success();
}

LogicalResult GradientOp::verify() {
  for (Value value : getOperands())
    if (Type type = getElementTypeOrSelf(value.getType()); !llvm::isa<FloatType>(type))
      return emitOpError("expects floating-point tensors, got ") << value.getType();
  return success();
}

LogicalResult KernelOp::verify() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("body takes ") << body.getArgumentTypes() << " but the inputs are " << getInputs().getTypes();
  if (!body.mightHaveTerminator() || !llvm::isa<YieldOp>(body.getTerminator()))
    return emitOpError("body ends in 'dlc.yield'");
  if (getOutputs().empty())
    return emitOpError("has no result");
  if (getYieldedValues().getTypes() != getOutputs().getTypes())
    return emitOpError("yields ") << getYieldedValues().getTypes() << " but returns " << getOutputs().getTypes();
  auto first = llvm::cast<RankedTensorType>(getResult().getType());
  for (Value output : getOutputs().drop_front()) {
    auto other = llvm::cast<RankedTensorType>(output.getType());
    if (other.getShape() != first.getShape() || other.getEncoding() != first.getEncoding())
      return emitOpError("has results of different shapes or layouts, ") << first << " and " << other;
  }
  if (!getAnchorOp() && !llvm::isa<BlockArgument>(getYielded()))
    return emitOpError("has no anchor op of the kind '") << stringifyKernelKind(getKind()) << "'";
  if (getInputDims() && getInputDims()->size() != getInputs().size())
    return emitOpError("has ") << getInputDims()->size() << " input_dims for " << getInputs().size() << " inputs";
  return success();
}

LogicalResult LoopOp::verify() {
  if (getOutputs().size() < getCarried().size() + (getStops() ? 1 : 0))
    return emitOpError("has fewer results than loop-carried values");
  for (auto [value, result] : llvm::zip(getCarried(), getFinals()))
    if (value.getType() != result.getType())
      return emitOpError("carries ") << value.getType() << " but returns " << result.getType();
  if (getScanned().empty() && !getTripCount())
    return emitOpError("needs a trip_count, because it has no scan inputs");
  if (!getScanned().empty() && getTripCount())
    return emitOpError("has both a trip_count and scan inputs, which determine the number of steps");
  if (getTripCount() && static_cast<int64_t>(*getTripCount()) < 0)
    return emitOpError("has a negative trip_count");
  if (getReverse() && getStops())
    return emitOpError("cannot both run in reverse and stop early");
  int64_t steps = ShapedType::kDynamic;
  auto checkSteps = [&](Type type, llvm::StringRef what) -> LogicalResult {
    auto tensor = llvm::cast<RankedTensorType>(type);
    if (tensor.getRank() == 0)
      return emitOpError() << what << " a tensor without dimensions";
    int64_t own = tensor.getDimSize(0);
    if (!ShapedType::isDynamic(own) && !ShapedType::isDynamic(steps) && own != steps)
      return emitOpError() << what << " tensors of " << steps << " and of " << own << " steps";
    steps = ShapedType::isDynamic(own) ? steps : own;
    return success();
  };
  for (Type type : getScanned().getTypes())
    if (failed(checkSteps(type, "scans")))
      return failure();
  for (Value stacked : getStacked())
    if (failed(checkSteps(stacked.getType(), "stacks")))
      return failure();
  if (Value count = getStepCount()) {
    auto type = llvm::cast<RankedTensorType>(count.getType());
    if (type.getRank() != 0 || !type.getElementType().isSignlessInteger(64))
      return emitOpError("returns the number of steps as ") << type << ", expected tensor<i64>";
  }
  return success();
}

/// The type of one step of `type`.
static RankedTensorType dropSteps(Type type) {
  auto tensor = llvm::cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType());
}

LogicalResult LoopOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto function = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getBodyAttr());
  if (!function)
    return emitOpError("has no body: there is no function ") << getBodyAttr();
  Builder builder(getContext());
  llvm::SmallVector<Type> arguments{RankedTensorType::get({}, builder.getI64Type())}, results;
  llvm::append_range(arguments, getCarried().getTypes());
  for (Type type : getScanned().getTypes())
    arguments.push_back(dropSteps(type));
  llvm::append_range(arguments, getInvariants().getTypes());
  llvm::append_range(results, getCarried().getTypes());
  for (Value stacked : getStacked())
    results.push_back(dropSteps(stacked.getType()));
  if (getStops())
    results.push_back(RankedTensorType::get({}, builder.getI1Type()));
  auto expected = builder.getFunctionType(arguments, results);
  if (!areCompatibleIgnoringLayout(expected.getInputs(), function.getArgumentTypes()) ||
      !areCompatibleIgnoringLayout(expected.getResults(), function.getResultTypes()))
    return emitOpError("has a body of type ") << function.getFunctionType() << ", expected " << expected;
  return success();
}

} // namespace dlc
