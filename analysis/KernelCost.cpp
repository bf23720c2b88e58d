// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelCost.h"
#include "ir/Layout.h"
#include "ir/OpsAttention.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "ir/OpsNormalization.h"
#include "targets/Machine.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace dlc;
using mlir::AffineExpr;

static AffineExpr product(llvm::ArrayRef<AffineExpr> dims, mlir::MLIRContext *context) {
  AffineExpr result = mlir::getAffineConstantExpr(1, context);
  for (AffineExpr dim : dims)
    result = result * dim;
  return result;
}

static int64_t product(llvm::ArrayRef<int64_t> values) {
  int64_t result = 1;
  for (int64_t value : values)
    result *= value;
  return result;
}

/// Operations per element of the result.
static AffineExpr operationsPerElement(mlir::Operation *op, const KernelShapes &shapes) {
  mlir::MLIRContext *context = op->getContext();
  auto constant = [&](int64_t value) { return mlir::getAffineConstantExpr(value, context); };
  return llvm::TypeSwitch<mlir::Operation *, AffineExpr>(op)
      .Case<ConvOp>([&](ConvOp conv) {
        // Each result element takes one product and one sum for every element of its filter.
        return product(shapes.getDims(conv.getW()).drop_front(), context) * 2;
      })
      .Case<ConvTransposeOp>([&](ConvTransposeOp conv) {
        llvm::ArrayRef<AffineExpr> weights = shapes.getDims(conv.getW());
        return (weights[0] * product(weights.drop_front(2), context) * 2).floorDiv(product(conv.getStrides()));
      })
      .Case<ConvWeightGradientOp>([&](ConvWeightGradientOp gradient) {
        llvm::ArrayRef<AffineExpr> places = shapes.getDims(gradient.getYGradient());
        return places[0] * product(places.drop_front(2), context) * 2;
      })
      .Case<MatMulOp>([&](MatMulOp matmul) {
        llvm::ArrayRef<AffineExpr> lhs = shapes.getDims(matmul.getLhs());
        bool takesFirst = matmul.getTransposeLhs() && lhs.size() > 1;
        return (takesFirst ? lhs[lhs.size() - 2] : lhs.back()) * 2;
      })
      .Case<AttentionOp>([&](AttentionOp attention) {
        // Two products per key, of about the same depth, and an exponential function that the head shares.
        return shapes.getDims(attention.getKey())[2] * 5;
      })
      .Case<EinsumOp>([&](EinsumOp einsum) {
        AffineExpr largest = constant(2);
        for (mlir::Value operand : einsum.getOperands())
          largest = largest * product(shapes.getDims(operand), context);
        // The labels of operands are not distinguished here: an overestimate, which only decides about threads.
        return largest;
      })
      .Default([&](mlir::Operation *other) {
        if (auto window = other->getAttrOfType<mlir::DenseI64ArrayAttr>("kernel"))
          return constant(product(window));
        bool isTranscendental = other->hasTrait<Transcendental>() || llvm::isa<SoftmaxOp, LogSoftmaxOp, LrnOp>(other);
        return constant(isTranscendental ? 40 : 2);
      });
}

KernelCost dlc::estimateCost(mlir::Operation *kernel, const KernelShapes &shapes) {
  mlir::MLIRContext *context = kernel->getContext();
  KernelCost cost{mlir::getAffineConstantExpr(0, context), mlir::getAffineConstantExpr(0, context)};
  auto bytesOf = [&](mlir::Value value) {
    auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
    return product(shapes.getDims(value), context) * getElementBytes(type.getElementType());
  };
  mlir::Block &body = kernel->getRegion(0).front();
  for (mlir::BlockArgument argument : body.getArguments())
    cost.bytes = cost.bytes + bytesOf(argument);
  for (mlir::Value result : body.getTerminator()->getOperands())
    cost.bytes = cost.bytes + bytesOf(result);
  for (mlir::Operation &op : body.without_terminator()) {
    // Reductions and the like do their work on what they read.
    AffineExpr elements = product(shapes.getDims(op.getResult(0)), context);
    if (!op.hasTrait<Contraction>())
      for (mlir::Value operand : op.getOperands()) {
        AffineExpr read = product(shapes.getDims(operand), context);
        auto known = constantDim(elements), knownRead = constantDim(read);
        if (known && knownRead && *knownRead > *known)
          elements = read;
      }
    cost.operations = cost.operations + elements * operationsPerElement(&op, shapes);
  }
  return cost;
}

AffineExpr dlc::estimateNanoseconds(mlir::Operation *kernel, const KernelCost &cost) {
  int64_t operationsPerNanosecond = 6;
  if (auto schedules = kernel->getAttrOfType<mlir::ArrayAttr>("schedules"))
    for (auto schedule : schedules.getAsRange<ScheduleAttr>()) {
      int64_t lanes = std::max<int64_t>(schedule.getVector(), 1);
      const Machine *machine = findMachine(schedule.getIsa().getValue());
      if (machine && machine->halvesAreAsFast && 2 * lanes == machine->getLanes(4))
        lanes *= 2;
      int64_t rate = 6 * lanes;
      if (schedule.getAlgorithm() == "winograd")
        rate = rate * 5 / 2;
      operationsPerNanosecond = std::max(operationsPerNanosecond, rate);
    }
  // A cell reads the same weights in every step, so they come from a cache.
  auto root = kernel->getAttrOfType<KernelRootAttr>("root");
  int64_t bytesPerNanosecond = root && root.getValue() == KernelRoot::Recurrent ? 40 : 12;
  return cost.operations.floorDiv(operationsPerNanosecond) + cost.bytes.floorDiv(bytesPerNanosecond);
}
