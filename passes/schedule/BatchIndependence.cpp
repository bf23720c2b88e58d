// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/BatchIndependence.h"
#include "ir/KernelShapes.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsKernel.h"
#include "ir/OpsTransposition.h"
#include "ir/SymbolicShapes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

static bool hasLayout(Value value) {
  return static_cast<bool>(getLayout(llvm::cast<RankedTensorType>(value.getType())));
}

namespace {

/// Follows rows through the ops of one kernel. A value is "computed" if it depends on what steps compute; all else is
/// there before the loop begins and may be read at any index.
class KernelRows {
public:
  KernelRows(KernelOp kernel, const KernelShapes &shapes) : kernel(kernel), shapes(shapes) {}

  /// Whether row i of the results depends only on row i of the inputs that `isComputed` names.
  bool run(llvm::function_ref<bool(Value input)> isComputed) {
    switch (kernel.getKind()) {
    case KernelKind::Elementwise:
    case KernelKind::Movement:
    case KernelKind::Contraction:
    case KernelKind::Reduction:
    case KernelKind::Normalization:
      break;
    default:
      return false;
    }
    llvm::ArrayRef<AffineExpr> result = shapes.getDims(kernel.getYielded());
    if (result.empty() || llvm::any_of(kernel.getYieldedValues(), hasLayout))
      return false;
    rows = result.front();
    for (auto [input, argument] : llvm::zip(kernel.getInputs(), kernel.getBody().getArguments())) {
      if (!isComputed(input))
        continue;
      if (!hasRows(argument))
        return false;
      computed.insert(argument);
    }
    return llvm::all_of(kernel.getBody().front().without_terminator(), [&](Operation &op) {
      // Neither reads elements.
      if (llvm::isa<ConstantOp, FillOp>(op))
        return true;
      auto rows = llvm::dyn_cast<BatchOpInterface>(op);
      return rows && follow(rows);
    });
  }

private:
  bool hasRows(Value value) {
    llvm::ArrayRef<AffineExpr> dims = shapes.getDims(value);
    return !dims.empty() && dims.front() == rows && !hasLayout(value);
  }

  /// Notes that the result of `op` is computed if an operand is; its rows are then those of the kernel.
  bool follow(BatchOpInterface op) {
    auto isComputed = [&](Value value) { return computed.contains(value); };
    if (!op.keepsRows(isComputed, [&](Value value) { return shapes.getDims(value); }))
      return false;
    if (llvm::none_of(op->getOperands(), isComputed))
      return true;
    if (!hasRows(op->getResult(0)))
      return false;
    computed.insert(op->getResult(0));
    return true;
  }

  KernelOp kernel;
  const KernelShapes &shapes;
  AffineExpr rows;
  llvm::DenseSet<Value> computed;
};

} // namespace

AffineExpr findIndependentRows(OutlinedLoopOp loop, func::FuncOp body) {
  if (loop.mayEndEarly() || !body.getArgument(0).use_empty())
    return {};
  FailureOr<SymbolicShapes> shapes = SymbolicShapes::analyze(body);
  if (failed(shapes))
    return {};
  auto results = body.getBody().front().getTerminator()->getOperands();
  if (results.empty() || shapes->getDims(results.front()).empty())
    return {};
  AffineExpr rows = shapes->getDims(results.front()).front();
  auto hasRows = [&](Value value) {
    llvm::ArrayRef<AffineExpr> dims = shapes->getDims(value);
    return !dims.empty() && dims.front() == rows && !hasLayout(value);
  };
  llvm::DenseSet<Value> computed;
  for (BlockArgument argument : body.getArguments().slice(1, loop.getInitialValues().size())) {
    if (!hasRows(argument))
      return {};
    computed.insert(argument);
  }
  for (Operation &op : body.getBody().front().without_terminator()) {
    if (llvm::isa<ConstantOp>(op))
      continue;
    if (isAlias(&op)) {
      if (!computed.contains(op.getOperand(0)))
        continue;
      auto transpose = llvm::dyn_cast<TransposeOp>(op);
      if (!hasRows(op.getResult(0)) || (transpose && transpose.getPermutation()[0] != 0))
        return {};
      computed.insert(op.getResult(0));
      continue;
    }
    auto kernel = llvm::dyn_cast<KernelOp>(op);
    if (!kernel)
      return {};
    FailureOr<KernelShapes> inside = KernelShapes::analyze(kernel);
    if (failed(inside) || !llvm::all_of(kernel.getOutputs(), hasRows) ||
        !KernelRows(kernel, *inside).run([&](Value input) { return computed.contains(input); }))
      return {};
    for (Value output : kernel.getOutputs())
      computed.insert(output);
  }
  if (!llvm::all_of(results, [&](Value result) { return computed.contains(result); }))
    return {};
  return rows;
}

} // namespace dlc
