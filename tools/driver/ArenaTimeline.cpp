// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ArenaTimeline.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace dlc;

std::optional<int64_t> dlc::evaluateIndex(mlir::Value value) {
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

/// The outermost loop around `launch` that does not contain `view`; null if there is none.
static mlir::Operation *findLoopBehind(mlir::Operation *view, mlir::Operation *launch) {
  mlir::Operation *loop = nullptr;
  for (mlir::Operation *parent = launch->getParentOp(); parent && !parent->isAncestor(view);
       parent = parent->getParentOp())
    if (llvm::isa<mlir::LoopLikeOpInterface>(parent))
      loop = parent;
  return loop;
}

std::vector<ArenaSpan> dlc::traceArena(mlir::func::FuncOp entry, int64_t &launchCount) {
  mlir::Value workspace;
  for (unsigned index = 0; index < entry.getNumArguments(); ++index)
    if (ProgramBlockAttr block = annotation::block.getOfArgument(entry, index);
        block && block.getValue() == ProgramBlock::Workspace)
      workspace = entry.getArgument(index);

  llvm::DenseMap<mlir::Operation *, int64_t> numbers, lastOf; // of launches; of loops, their last launch
  launchCount = 0;
  entry.walk([&](LaunchOp launch) {
    for (mlir::Operation *parent = launch->getParentOp(); parent != entry; parent = parent->getParentOp())
      lastOf[parent] = launchCount;
    numbers[launch] = launchCount++;
  });

  std::vector<ArenaSpan> spans;
  struct Present {
    size_t span;
    bool isRead;
  };
  llvm::DenseMap<mlir::Value, Present> present;
  entry.walk([&](LaunchOp launch) {
    auto touch = [&](mlir::Value buffer, bool isWritten) {
      auto view = buffer.getDefiningOp<mlir::memref::ViewOp>();
      if (!view || view.getSource() != workspace)
        return;
      int64_t number = numbers[launch], last = number;
      if (mlir::Operation *loop = findLoopBehind(view, launch))
        last = lastOf[loop];
      auto found = present.find(buffer);
      // Tensors of one size at one offset are one view; after its readers the memory is written for another.
      bool isNew =
          found == present.end() || (isWritten && found->second.isRead && spans[found->second.span].last < number);
      if (!isNew) {
        ArenaSpan &span = spans[found->second.span];
        span.last = std::max(span.last, last);
        found->second.isRead |= !isWritten;
        return;
      }
      auto offset = evaluateIndex(view.getByteShift());
      auto bytes = view.getSizes().empty() ? std::nullopt : evaluateIndex(view.getSizes().front());
      if (!offset || !bytes)
        return;
      present[buffer] = {spans.size(), !isWritten};
      spans.push_back({*offset, *bytes, number, last, launch.getName().str()});
    };
    for (mlir::Value input : launch.getInputs())
      touch(input, /*isWritten=*/false);
    for (mlir::Value output : launch.getOutputs())
      touch(output, /*isWritten=*/true);
  });
  return spans;
}
