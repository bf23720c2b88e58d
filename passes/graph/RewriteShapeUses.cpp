// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/ControlFlow.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-rewrite-shape-uses"

namespace dlc {
#define GEN_PASS_DEF_REWRITESHAPEUSES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class RewriteShapeUses final : public dlc::impl::RewriteShapeUsesBase<RewriteShapeUses> {
  void runOnOperation() override {
    FailureOr<dlc::SymbolicShapes> &analyzed = getAnalysis<dlc::SymbolicShapesAnalysis>().shapes;
    if (failed(analyzed))
      return signalPassFailure();
    shapes = &*analyzed;
    for (Block *block : dlc::getGraphBlocks(getOperation()))
      rewrite(*block);
  }

  void rewrite(Block &block) {
    collectShapes(block);
    for (Operation &op : block) {
      if (auto fill = llvm::dyn_cast<dlc::FillOp>(op))
        detachFill(fill);
      else if (auto extent = llvm::dyn_cast<dlc::ExtentOp>(op))
        detachExtent(extent);
      else if (auto index = llvm::dyn_cast<dlc::IndexOp>(op))
        detachIndex(index);
      else if (auto reshape = llvm::dyn_cast<dlc::ReshapeLikeOp>(op))
        detachWhole(reshape.getLikeMutable());
      else if (auto random = llvm::dyn_cast<dlc::RandomUniformOp>(op))
        detachWhole(random.getLikeMutable());
    }
  }

  /// Functions have many arguments (every variable is one) and few shapes: the first argument of each is enough.
  void collectShapes(Block &block) {
    arguments.clear();
    llvm::DenseSet<std::pair<Type, ArrayAttr>> known;
    for (BlockArgument argument : block.getArguments()) {
      auto type = llvm::dyn_cast<RankedTensorType>(argument.getType());
      if (!type)
        continue;
      llvm::SmallVector<Attribute> dims;
      for (AffineExpr dim : shapes->getDims(argument))
        dims.push_back(AffineMapAttr::get(AffineMap::get(0, shapes->getSymbols().size(), dim)));
      auto shape = RankedTensorType::get(type.getShape(), IntegerType::get(&getContext(), 1));
      if (known.insert({shape, ArrayAttr::get(&getContext(), dims)}).second)
        arguments.push_back(argument);
    }
  }

  /// An argument that has all of `extents`; its dimensions with these extents go to `dims`. Null if there is none, or
  /// if `asked` is an argument already.
  Value findArgument(Value asked, llvm::ArrayRef<AffineExpr> extents, llvm::SmallVectorImpl<int64_t> &dims) {
    if (llvm::isa<BlockArgument>(asked))
      return {};
    for (BlockArgument argument : arguments) {
      dims.clear();
      llvm::ArrayRef<AffineExpr> own = shapes->getDims(argument);
      for (AffineExpr extent : extents) {
        const AffineExpr *found = llvm::find(own, extent);
        if (found == own.end())
          break;
        dims.push_back(found - own.begin());
      }
      if (dims.size() == extents.size())
        return argument;
    }
    return {};
  }

  void detachFill(dlc::FillOp fill) {
    llvm::SmallVector<int64_t> shape(fill.getShape()), dims;
    llvm::SmallVector<AffineExpr> extents;
    for (int64_t extent : shape)
      if (extent < 0)
        extents.push_back(shapes->getDims(fill.getLike())[-2 - extent]);
    Value argument = findArgument(fill.getLike(), extents, dims);
    if (!argument)
      return;
    auto next = dims.begin();
    for (int64_t &extent : shape)
      if (extent < 0)
        extent = -2 - *next++;
    fill.getLikeMutable().set(argument);
    fill.setShape(shape);
  }

  void detachExtent(dlc::ExtentOp op) {
    llvm::SmallVector<int64_t> dims;
    llvm::SmallVector<AffineExpr> extents;
    for (int64_t axis : op.getAxes())
      extents.push_back(shapes->getDims(op.getX())[axis]);
    if (Value argument = findArgument(op.getX(), extents, dims)) {
      op.getXMutable().set(argument);
      op.setAxes(dims);
    }
  }

  void detachIndex(dlc::IndexOp op) {
    llvm::SmallVector<int64_t> dims;
    if (Value argument = findArgument(op.getX(), shapes->getDims(op.getX())[op.getAxis()], dims)) {
      auto type = llvm::cast<RankedTensorType>(argument.getType());
      if (type.isDynamicDim(dims.front()) !=
          llvm::cast<RankedTensorType>(op.getX().getType()).isDynamicDim(op.getAxis()))
        return;
      op.getXMutable().set(argument);
      op.setAxis(dims.front());
    }
  }

  /// An operand whose whole shape is asked for.
  void detachWhole(OpOperand &operand) {
    if (llvm::isa<BlockArgument>(operand.get()))
      return;
    for (BlockArgument argument : arguments)
      if (llvm::cast<RankedTensorType>(argument.getType()).getShape() ==
              llvm::cast<RankedTensorType>(operand.get().getType()).getShape() &&
          shapes->getDims(argument) == shapes->getDims(operand.get())) {
        operand.set(argument);
        return;
      }
  }

  const dlc::SymbolicShapes *shapes = nullptr;
  llvm::SmallVector<BlockArgument> arguments; ///< one per shape
};

} // namespace
