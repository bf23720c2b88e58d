// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelCost.h"
#include "analysis/MachineCost.h"
#include "ir/Layout.h"
#include <cmath>

using namespace dlc;
using mlir::AffineExpr;

static int64_t getOperationsPerElement(mlir::Operation *op) {
  auto computed = llvm::dyn_cast<KernelOpInterface>(op);
  return computed ? computed.getOperationsPerElement() : 5;
}

/// A product of constants, which stays a product where it exceeds 64 bits.
static double toNumber(AffineExpr expr) {
  if (auto constant = constantDim(expr))
    return static_cast<double>(*constant);
  auto product = llvm::cast<mlir::AffineBinaryOpExpr>(expr);
  assert(product.getKind() == mlir::AffineExprKind::Mul && "counts of operations are products");
  return toNumber(product.getLHS()) * toNumber(product.getRHS());
}

namespace {
/// Extents as expressions of the kernel's symbols.
struct SymbolicExtents {
  using Count = AffineExpr;
  const KernelShapes &shapes;
  mlir::MLIRContext *context;

  Count make(int64_t value) const { return mlir::getAffineConstantExpr(value, context); }
  llvm::SmallVector<Count> getDims(mlir::Value value) const { return llvm::to_vector(shapes.getDims(value)); }
  Dims getExpressions(mlir::Value value) const { return Dims(shapes.getDims(value)); }
  Count evaluate(const OperationCount &count) const {
    return count.divisor == 1 ? count.dividend : count.dividend.floorDiv(count.divisor);
  }
  /// The larger one; `first` if one of them is known at run time only.
  Count getLarger(Count first, Count second) const {
    auto known = constantDim(first), other = constantDim(second);
    return known && other && *other > *known ? second : first;
  }
};

/// Extents as types say them, dynamic ones taken as 1.
struct TypedExtents {
  using Count = double;
  llvm::function_ref<mlir::RankedTensorType(mlir::Value)> typeOf;

  Count make(int64_t value) const { return static_cast<double>(value); }
  llvm::SmallVector<Count> getDims(mlir::Value value) const {
    llvm::SmallVector<Count> dims;
    for (int64_t extent : typeOf(value).getShape())
      dims.push_back(mlir::ShapedType::isDynamic(extent) ? 1 : static_cast<double>(extent));
    return dims;
  }
  Dims getExpressions(mlir::Value value) const {
    Dims dims;
    for (double extent : getDims(value))
      dims.push_back(mlir::getAffineConstantExpr(static_cast<int64_t>(extent), value.getContext()));
    return dims;
  }
  Count evaluate(const OperationCount &count) const {
    return toNumber(count.dividend) / static_cast<double>(count.divisor);
  }
  Count getLarger(Count first, Count second) const { return std::max(first, second); }
};

/// Counts the work of one kernel.
template <typename Extents> class WorkCounter {
public:
  using Count = typename Extents::Count;
  explicit WorkCounter(const Extents &extents) : extents(extents) {}

  Count countElements(mlir::Value value) const { return product(extents.getDims(value)); }
  Count countBytes(mlir::Value value) const {
    return countElements(value) *
           extents.make(getElementBytes(llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType()));
  }

  Count countOperations(mlir::Operation *op) const {
    Count elements = countElements(op->getResult(0));
    if (auto sum = llvm::dyn_cast<ContractionOpInterface>(op)) {
      llvm::SmallVector<Dims, 2> operandDims;
      for (mlir::Value operand : op->getOperands())
        operandDims.push_back(extents.getExpressions(operand));
      return elements * extents.evaluate(sum.countOperationsPerElement(operandDims));
    }
    if (auto loops = llvm::dyn_cast<LoopOpInterface>(op))
      return elements * extents.make(loops.getScalarOperations());
    if (auto window = op->getAttrOfType<mlir::DenseI64ArrayAttr>("kernel"))
      for (int64_t extent : window.asArrayRef())
        elements = elements * extents.make(extent);
    // Reductions and the like do their work on what they read.
    for (mlir::Value operand : op->getOperands())
      elements = extents.getLarger(elements, countElements(operand));
    return elements * extents.make(getOperationsPerElement(op));
  }

private:
  Count product(llvm::ArrayRef<Count> dims) const {
    Count result = extents.make(1);
    for (Count dim : dims)
      result = result * dim;
    return result;
  }

  const Extents &extents;
};
} // namespace

/// Adds up the work of `body`.
template <typename Cost, typename Extents> static Cost addUp(mlir::Block &body, const Extents &extents) {
  WorkCounter<Extents> counter(extents);
  Cost cost{extents.make(0), extents.make(0)};
  for (mlir::BlockArgument argument : body.getArguments())
    cost.bytes = cost.bytes + counter.countBytes(argument);
  for (mlir::Value result : body.getTerminator()->getOperands())
    cost.bytes = cost.bytes + counter.countBytes(result);
  for (mlir::Operation &op : body.without_terminator())
    cost.operations = cost.operations + counter.countOperations(&op);
  return cost;
}

KernelCost dlc::estimateCost(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  return addUp<KernelCost>(kernel->getRegion(0).front(), SymbolicExtents{shapes, kernel->getContext()});
}

/// The operand of `op` that holds weights transformed for Winograd's algorithm; null if none does.
static mlir::Value findTransformedWeights(mlir::Operation &op) {
  for (mlir::Value operand : op.getOperands())
    if (LayoutAttr layout = getLayout(operand.getType()); layout && layout.getWinograd() > 0)
      return operand;
  return {};
}

ScheduledCost dlc::estimateScheduledCost(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  SymbolicExtents extents{shapes, kernel->getContext()};
  WorkCounter<SymbolicExtents> counter(extents);
  ScheduledCost cost{estimateCost(kernel, shapes), extents.make(0)};
  for (mlir::Operation &op : kernel.getBody().front().without_terminator()) {
    mlir::Value weights = findTransformedWeights(op);
    if (!weights)
      continue;
    auto type = llvm::cast<mlir::RankedTensorType>(weights.getType());
    int64_t m = getLayout(type).getWinograd(), values = (m + 2) * (m + 2);
    llvm::ArrayRef<AffineExpr> result = shapes.getDims(op.getResult(0)), input = shapes.getDims(op.getOperand(0));
    AffineExpr tiles = result[0] * result[2].ceilDiv(m) * result[3].ceilDiv(m);
    llvm::ArrayRef<AffineExpr> channels = shapes.getDims(weights).take_front(2);
    AffineExpr products = tiles * values * channels[0] * channels[1];
    cost.operations = cost.operations - counter.countOperations(&op) + products * 2;
    cost.bytes = cost.bytes - counter.countBytes(weights) + getBufferBytes(type, shapes.getDims(weights));
    cost.passedBytes =
        cost.passedBytes + tiles * (input[1] + result[1]) * (2 * values * getElementBytes(type.getElementType()));
  }
  return cost;
}

KernelWork dlc::estimateWork(mlir::Block &body, llvm::function_ref<mlir::RankedTensorType(mlir::Value)> typeOf) {
  return addUp<KernelWork>(body, TypedExtents{typeOf});
}

double dlc::estimateOperations(mlir::Operation *op) {
  auto typeOf = [](mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); };
  return WorkCounter<TypedExtents>({typeOf}).countOperations(op);
}

AffineExpr dlc::estimateNanoseconds(KernelLikeOpInterface kernel, const KernelCost &cost) {
  const Machine *machine = &getReferenceMachine();
  mlir::ArrayAttr schedules = kernel.getSchedulesAttr();
  double rate = schedules ? 0 : getOperationsPerNanosecond(*machine, machine->getLanes(4));
  if (schedules)
    for (auto schedule : schedules.getAsRange<ScheduleAttr>())
      if (const Machine *own = findMachine(schedule.getIsa().getValue())) {
        double ownRate = getOperationsPerNanosecond(*own, std::max<int64_t>(schedule.getVector(), 1));
        if (schedule.getAlgorithm() == "winograd")
          ownRate *= winogradFactor;
        if (ownRate > rate) {
          rate = ownRate;
          machine = own;
        }
      }
  // A cell reads the same weights in every step, so they come from a cache.
  double bytesPerNanosecond = kernel.getKind() == KernelKind::Recurrent ? machine->level3.bytesPerNanosecond
                                                                        : machine->memoryBytesPerNanosecond;
  // Expressions have integers, and rates are at least one.
  auto divide = [](AffineExpr amount, double perNanosecond) {
    return amount.floorDiv(std::max<int64_t>(std::llround(perNanosecond), 1));
  };
  return divide(cost.operations, rate) + divide(cost.bytes, bytesPerNanosecond);
}
