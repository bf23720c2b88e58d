// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ArenaTimeline.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace dlc;

/// An index computed from constants and symbols, which count as 1. None for anything else.
static std::optional<int64_t> evaluateIndex(mlir::Value value) {
  if (llvm::isa<mlir::BlockArgument>(value))
    return 1;
  mlir::Operation *op = value.getDefiningOp();
  if (auto constant = llvm::dyn_cast<mlir::arith::ConstantIndexOp>(op))
    return constant.value();
  llvm::SmallVector<int64_t> operands;
  for (mlir::Value operand : op->getOperands()) {
    std::optional<int64_t> number = evaluateIndex(operand);
    if (!number)
      return std::nullopt;
    operands.push_back(*number);
  }
  if (auto apply = llvm::dyn_cast<mlir::affine::AffineApplyOp>(op)) {
    mlir::Builder builder(op->getContext());
    llvm::SmallVector<mlir::Attribute> constants, results;
    for (int64_t operand : operands)
      constants.push_back(builder.getIndexAttr(operand));
    if (mlir::failed(apply.getAffineMap().constantFold(constants, results)))
      return std::nullopt;
    return llvm::cast<mlir::IntegerAttr>(results.front()).getInt();
  }
  if (llvm::isa<mlir::arith::MulIOp>(op))
    return operands[0] * operands[1];
  if (llvm::isa<mlir::arith::AddIOp>(op))
    return operands[0] + operands[1];
  return std::nullopt;
}

std::vector<ArenaSpan> dlc::traceArena(mlir::func::FuncOp entry, int64_t &launchCount) {
  mlir::Value workspace;
  for (unsigned index = 0; index < entry.getNumArguments(); ++index)
    if (ProgramBlockAttr block = annotation::block.getOfArgument(entry, index);
        block && block.getValue() == ProgramBlock::Workspace)
      workspace = entry.getArgument(index);

  std::vector<ArenaSpan> spans;
  llvm::DenseMap<mlir::Value, size_t> spanOf;
  launchCount = 0;
  entry.walk([&](LaunchOp launch) {
    for (mlir::Value buffer : launch.getOperands()) {
      auto view = buffer.getDefiningOp<mlir::memref::ViewOp>();
      if (!view || view.getSource() != workspace)
        continue;
      auto [found, isNew] = spanOf.try_emplace(buffer, spans.size());
      if (!isNew) {
        spans[found->second].last = launchCount;
        continue;
      }
      auto offset = evaluateIndex(view.getByteShift());
      auto bytes = view.getSizes().empty() ? std::nullopt : evaluateIndex(view.getSizes().front());
      if (!offset || !bytes) {
        spanOf.erase(found);
        continue;
      }
      spans.push_back({*offset, *bytes, launchCount, launchCount, launch.getName().str()});
    }
    ++launchCount;
  });
  return spans;
}
