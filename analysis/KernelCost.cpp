// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelCost.h"
#include "analysis/MachineCost.h"
#include "ir/Layout.h"
#include "ir/OpsAttention.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace dlc;
using mlir::AffineExpr;

static int64_t getOperationsPerElement(mlir::Operation *op) {
  auto computed = llvm::dyn_cast<KernelOpInterface>(op);
  return computed ? computed.getOperationsPerElement() : 5;
}

namespace {
/// Extents as expressions of the kernel's symbols.
struct SymbolicExtents {
  using Count = AffineExpr;
  const KernelShapes &shapes;
  mlir::MLIRContext *context;

  Count make(int64_t value) const { return mlir::getAffineConstantExpr(value, context); }
  llvm::SmallVector<Count> getDims(mlir::Value value) const { return llvm::to_vector(shapes.getDims(value)); }
  Count divide(Count count, int64_t divisor) const { return count.floorDiv(divisor); }
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
  Count divide(Count count, int64_t divisor) const { return count / static_cast<double>(divisor); }
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
    if (std::optional<Count> terms = countTerms(op))
      return elements * *terms;
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

  /// Products and sums that an element of the result takes, if `op` is a sum of products.
  std::optional<Count> countTerms(mlir::Operation *op) const {
    Count two = extents.make(2);
    return llvm::TypeSwitch<mlir::Operation *, std::optional<Count>>(op)
        .template Case<ConvOp>([&](ConvOp conv) {
          // One product and one sum for every element of its filter.
          auto filter = extents.getDims(conv.getW());
          return product(llvm::ArrayRef(filter).drop_front()) * two;
        })
        .template Case<ConvTransposeOp>([&](ConvTransposeOp conv) {
          auto weights = extents.getDims(conv.getW());
          int64_t phases = 1;
          for (int64_t stride : conv.getStrides())
            phases *= stride;
          return extents.divide(weights[0] * product(llvm::ArrayRef(weights).drop_front(2)) * two, phases);
        })
        .template Case<ConvWeightGradientOp>([&](ConvWeightGradientOp gradient) {
          auto positions = extents.getDims(gradient.getYGradient());
          return positions[0] * product(llvm::ArrayRef(positions).drop_front(2)) * two;
        })
        .template Case<MatMulOp>([&](MatMulOp matmul) {
          auto lhs = extents.getDims(matmul.getLhs());
          bool takesFirst = matmul.getTransposeLhs() && lhs.size() > 1;
          return (takesFirst ? lhs[lhs.size() - 2] : lhs.back()) * two;
        })
        .template Case<AttentionOp>([&](AttentionOp attention) {
          // Two products per key, of about the same depth, and an exponential function that the head shares.
          return extents.getDims(attention.getKey())[2] * extents.make(5);
        })
        .template Case<EinsumOp>([&](EinsumOp einsum) {
          // The labels of operands are not distinguished here: an overestimate, which only decides about threads.
          Count largest = two;
          for (mlir::Value operand : einsum.getOperands())
            largest = largest * product(extents.getDims(operand));
          return largest;
        })
        .Default([](mlir::Operation *) { return std::optional<Count>(); });
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

KernelCost dlc::estimateCost(mlir::Operation *kernel, const KernelShapes &shapes) {
  return addUp<KernelCost>(kernel->getRegion(0).front(), SymbolicExtents{shapes, kernel->getContext()});
}

KernelWork dlc::estimateWork(mlir::Block &body, llvm::function_ref<mlir::RankedTensorType(mlir::Value)> typeOf) {
  return addUp<KernelWork>(body, TypedExtents{typeOf});
}

double dlc::estimateOperations(mlir::Operation *op) {
  auto typeOf = [](mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); };
  return WorkCounter<TypedExtents>({typeOf}).countOperations(op);
}

AffineExpr dlc::estimateNanoseconds(mlir::Operation *kernel, const KernelCost &cost) {
  const Machine *machine = &getReferenceMachine();
  auto schedules = kernel->getAttrOfType<mlir::ArrayAttr>("schedules");
  double rate = schedules ? 0 : getOperationsPerNanosecond(*machine, machine->getLanes(4));
  if (schedules)
    for (auto schedule : schedules.getAsRange<ScheduleAttr>())
      if (const Machine *own = findMachine(schedule.getIsa().getValue())) {
        double ownRate = getOperationsPerNanosecond(*own, std::max<int64_t>(schedule.getVector(), 1));
        if (schedule.getAlgorithm() == "winograd")
          ownRate *= 2.5;
        if (ownRate > rate) {
          rate = ownRate;
          machine = own;
        }
      }
  // A cell reads the same weights in every step, so they come from a cache.
  auto kind = kernel->getAttrOfType<KernelKindAttr>("kind");
  double bytesPerNanosecond = kind && kind.getValue() == KernelKind::Recurrent ? machine->level3.bytesPerNanosecond
                                                                               : machine->memoryBytesPerNanosecond;
  // Expressions have integers, and rates are at least one.
  auto divide = [](AffineExpr amount, double perNanosecond) {
    return amount.floorDiv(std::max<int64_t>(std::llround(perNanosecond), 1));
  };
  return divide(cost.operations, rate) + divide(cost.bytes, bytesPerNanosecond);
}
