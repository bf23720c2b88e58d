// SPDX-License-Identifier: Apache-2.0
// Verifiers look at one op alone; what shape inference checks is not repeated here.
#include "ir/DlcDialect.h"
#include "ir/Layout.h"
#include "ir/OpsActivation.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsSelection.h"
#include "ir/OpsSize.h"
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

LogicalResult CeluOp::verify() {
  APFloat alpha = getAlpha();
  bool losesInfo = false;
  alpha.convert(llvm::cast<FloatType>(getElementTypeOrSelf(getType())).getFloatSemantics(),
                APFloat::rmNearestTiesToEven, &losesInfo);
  if (alpha.isZero())
    return emitOpError("divides by alpha, which is 0 in ")
           << getElementTypeOrSelf(getType()) << "; the function that it approaches then is relu";
  return success();
}

LogicalResult RandomUniformOp::verify() {
  for (Value number : {getSeed(), getCounter()}) {
    auto type = llvm::cast<RankedTensorType>(number.getType());
    if (type.getRank() != 0 || !type.getElementType().isSignlessInteger(64))
      return emitOpError("expects seed and counter of type tensor<i64>, got ") << type;
  }
  return success();
}

LogicalResult ReadbackOp::verify() {
  auto type = llvm::cast<RankedTensorType>(getCount().getType());
  if (type.getRank() != 0 || !type.getElementType().isSignlessInteger(64))
    return emitOpError("expects a count of type tensor<i64>, got ") << type;
  if (getBound().getNumResults() > 1)
    return emitOpError("expects one bound or none, got ") << getBound().getNumResults();
  if (getSymbol().empty())
    return emitOpError("has no name for the extent");
  return success();
}

LogicalResult RunningCountOp::verify() {
  if (int64_t rank = getMask().getType().getRank(); rank != 1)
    return emitOpError("expects a vector, got rank ") << rank;
  return success();
}

LogicalResult TruePositionsOp::verify() {
  if (getCounts().getType().getRank() != 1 || llvm::cast<RankedTensorType>(getLike().getType()).getRank() != 1)
    return emitOpError("expects vectors, got ") << getCounts().getType() << " and " << getLike().getType();
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
  bool mayDiffer = llvm::isa_and_present<CustomOp>(getAnchorOp());
  for (Value output : mayDiffer ? getOutputs().take_front(0) : getOutputs().drop_front()) {
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

/// What holds for loops whatever form their step has.
template <typename Loop> static LogicalResult verifyLoop(Loop loop) {
  if (loop.getOutputs().size() < loop.getInitialValues().size() + (loop.mayEndEarly() ? 1 : 0))
    return loop.emitOpError("has fewer results than loop-carried values");
  for (auto [value, result] : llvm::zip(loop.getInitialValues(), loop.getFinalValues()))
    if (value.getType() != result.getType())
      return loop.emitOpError("carries ") << value.getType() << " but returns " << result.getType();
  if (loop.getScanInputs().empty() && !loop.getTripCount())
    return loop.emitOpError("needs a trip_count, because it has no scan inputs");
  if (!loop.getScanInputs().empty() && loop.getTripCount())
    return loop.emitOpError("has both a trip_count and scan inputs, which determine the number of steps");
  if (loop.getTripCount() && static_cast<int64_t>(*loop.getTripCount()) < 0)
    return loop.emitOpError("has a negative trip_count");
  if (loop.getReverse() && loop.mayEndEarly())
    return loop.emitOpError("cannot both run in reverse and stop early");
  if (Value limit = loop.getLimit(); limit && llvm::cast<RankedTensorType>(limit.getType()).getRank() != 0)
    return loop.emitOpError("has a limit of type ") << limit.getType() << ", expected tensor<i64>";
  int64_t steps = ShapedType::kDynamic;
  auto checkSteps = [&](Type type, llvm::StringRef what) -> LogicalResult {
    auto tensor = llvm::cast<RankedTensorType>(type);
    if (tensor.getRank() == 0)
      return loop.emitOpError() << what << " a tensor without dimensions";
    int64_t own = tensor.getDimSize(0);
    if (!ShapedType::isDynamic(own) && !ShapedType::isDynamic(steps) && own != steps)
      return loop.emitOpError() << what << " tensors of " << steps << " and of " << own << " steps";
    steps = ShapedType::isDynamic(own) ? steps : own;
    return success();
  };
  for (Type type : loop.getScanInputs().getTypes())
    if (failed(checkSteps(type, "scans")))
      return failure();
  for (Value output : loop.getScanOutputs())
    if (failed(checkSteps(output.getType(), "stacks")))
      return failure();
  if (Value count = loop.getStepCount()) {
    auto type = llvm::cast<RankedTensorType>(count.getType());
    if (type.getRank() != 0 || !type.getElementType().isSignlessInteger(64))
      return loop.emitOpError("returns the number of steps as ") << type << ", expected tensor<i64>";
  }
  return success();
}

/// What holds for a choice of branches whatever form these have.
template <typename If> static LogicalResult verifyIf(If op) {
  if (auto type = llvm::cast<RankedTensorType>(op.getCondition().getType()); type.getRank() != 0)
    return op.emitOpError("needs a condition of rank 0, got ") << type;
  return success();
}

LogicalResult IfOp::verify() { return verifyIf(*this); }
LogicalResult OutlinedIfOp::verify() { return verifyIf(*this); }

LogicalResult IfOp::verifyRegions() {
  for (unsigned branch : {0, 1})
    if (TypeRange given = getEnd(branch).getOperandTypes();
        !areCompatibleIgnoringLayout(getOutputs().getTypes(), given))
      return emitOpError("has a branch that gives ") << given << ", expected " << getOutputs().getTypes();
  return success();
}

LogicalResult OutlinedIfOp::verifySymbolUses(SymbolTableCollection &symbols) {
  for (unsigned branch : {0, 1}) {
    auto function = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getBody(branch));
    if (!function)
      return emitOpError("has no branch: there is no function ") << getBody(branch);
    if (!areCompatibleIgnoringLayout(getCaptures().getTypes(), function.getArgumentTypes()) ||
        !areCompatibleIgnoringLayout(getOutputs().getTypes(), function.getResultTypes()))
      return emitOpError("has a branch of type ")
             << function.getFunctionType() << ", expected "
             << FunctionType::get(getContext(), getCaptures().getTypes(), getOutputs().getTypes());
  }
  return success();
}

LogicalResult LoopOp::verify() { return verifyLoop(*this); }
LogicalResult OutlinedLoopOp::verify() { return verifyLoop(*this); }

/// The types that a step takes (captures excepted) and gives.
template <typename Loop> static FunctionType getStepType(Loop loop) {
  Builder builder(loop.getContext());
  auto dropSteps = [](Type type) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    return RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType());
  };
  llvm::SmallVector<Type> arguments{RankedTensorType::get({}, builder.getI64Type())};
  llvm::append_range(arguments, loop.getInitialValues().getTypes());
  llvm::append_range(arguments, llvm::map_range(loop.getScanInputs().getTypes(), dropSteps));
  llvm::SmallVector<Type> results(loop.getInitialValues().getTypes());
  llvm::append_range(results, llvm::map_range(loop.getScanOutputs().getTypes(), dropSteps));
  if (loop.getStops())
    results.push_back(RankedTensorType::get({}, builder.getI1Type()));
  return builder.getFunctionType(arguments, results);
}

LogicalResult LoopOp::verifyRegions() {
  FunctionType expected = getStepType(*this);
  Block &body = *getBody();
  if (!areCompatibleIgnoringLayout(expected.getInputs(), body.getArgumentTypes()))
    return emitOpError("has a step that takes ") << body.getArgumentTypes() << ", expected " << expected.getInputs();
  if (TypeRange given = getNext().getOperandTypes(); !areCompatibleIgnoringLayout(expected.getResults(), given))
    return emitOpError("has a step that ends in ") << given << ", expected " << expected.getResults();
  return success();
}

LogicalResult OutlinedLoopOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto function = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getBodyAttr());
  if (!function)
    return emitOpError("has no body: there is no function ") << getBodyAttr();
  FunctionType step = getStepType(*this);
  llvm::SmallVector<Type> arguments(step.getInputs());
  llvm::append_range(arguments, getCaptures().getTypes());
  auto expected = FunctionType::get(getContext(), arguments, step.getResults());
  if (!areCompatibleIgnoringLayout(expected.getInputs(), function.getArgumentTypes()) ||
      !areCompatibleIgnoringLayout(expected.getResults(), function.getResultTypes()))
    return emitOpError("has a body of type ") << function.getFunctionType() << ", expected " << expected;
  return success();
}

} // namespace dlc
