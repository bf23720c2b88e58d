// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpenBroadcast.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSize.h"
#include <set>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Symbols that meet in a dimension, by their numbers.
using Meeting = std::set<unsigned>;

/// What `symbols` broadcast to: the first that is not 1, or the last one.
AffineExpr broadcast(const Meeting &symbols, MLIRContext *context) {
  AffineExpr result, one = getAffineConstantExpr(1, context);
  for (unsigned number : llvm::reverse(symbols)) {
    AffineExpr symbol = getAffineSymbolExpr(number, context);
    result = result ? chooseExtent(isEqualExtent(symbol, one), result, symbol) : symbol;
  }
  return result;
}

/// The symbols that `extent` is the broadcast of: extents of inputs. Nothing if it is something else.
Meeting findMeeting(NodeImporter &node, AffineExpr extent) {
  Meeting symbols;
  bool areInputs = true;
  extent.walk([&](AffineExpr part) {
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part)) {
      symbols.insert(symbol.getPosition());
      areInputs = areInputs && node.getImporter().isExtentOfInput(symbol);
    }
  });
  bool isBroadcast = areInputs && !symbols.empty() && broadcast(symbols, node.getContext()) == normalizeExtent(extent);
  return isBroadcast ? symbols : Meeting();
}

/// The extent at `fromEnd`, the last one being 1; null if there are not so many.
AffineExpr getFromEnd(ArrayRef<AffineExpr> dims, size_t fromEnd) {
  return fromEnd <= dims.size() ? dims[dims.size() - fromEnd] : AffineExpr();
}

} // namespace

void broadcastOpenExtents(NodeImporter &node, MutableArrayRef<Value> operands) {
  if (node.hasFailed() || llvm::is_contained(operands, Value()))
    return;
  size_t rank = 0;
  for (Value operand : operands)
    rank = std::max(rank, node.getDims(operand).size());
  SmallVector<Dims> targets;
  for (Value operand : operands)
    targets.emplace_back(node.getDims(operand));
  for (size_t i = 1; i <= rank; ++i) {
    Meeting all;
    bool meetsOther = false, differ = false;
    for (const Dims &dims : targets) {
      AffineExpr extent = getFromEnd(dims, i);
      if (!extent || constantDim(extent) == 1)
        continue;
      Meeting own = findMeeting(node, extent);
      meetsOther |= own.empty();
      differ |= !all.empty() && own != all;
      all.insert(own.begin(), own.end());
    }
    if (meetsOther || !differ)
      continue;
    for (Dims &dims : targets)
      if (AffineExpr extent = getFromEnd(dims, i); extent && constantDim(extent) != 1)
        dims[dims.size() - i] = broadcast(all, node.getContext());
  }
  for (auto [operand, target] : llvm::zip(operands, targets)) {
    SmallVector<int64_t> open;
    for (auto [dim, extent, own] : llvm::enumerate(target, node.getDims(operand)))
      if (extent != own)
        open.push_back(dim);
    if (!open.empty())
      operand = node.create<ExpandLikeOp>(operand, node.createShape(target), open);
  }
}

Value expandOpenExtents(NodeImporter &node, Value value, Dims target) {
  if (node.hasFailed())
    return {};
  ArrayRef<AffineExpr> source = node.getDims(value);
  SmallVector<int64_t> open;
  for (size_t i = std::min(source.size(), target.size()); i >= 1; --i) {
    AffineExpr &extent = target[target.size() - i], own = source[source.size() - i];
    Meeting all = findMeeting(node, own), other = findMeeting(node, extent);
    if (all.empty() || other.empty() || all == other)
      continue;
    all.insert(other.begin(), other.end());
    extent = broadcast(all, node.getContext());
    if (extent != own)
      open.push_back(source.size() - i);
  }
  if (open.empty() || source.size() > target.size())
    return node.expand(value, target);
  return node.create<ExpandLikeOp>(value, node.createShape(target), open);
}

void broadcastSingles(NodeImporter &node, Operation *op) {
  size_t rank = 0;
  for (Value operand : op->getOperands())
    rank = std::max(rank, node.getDims(operand).size());
  for (OpOperand &operand : op->getOpOperands()) {
    Dims own(node.getDims(operand.get())), target = own;
    size_t offset = rank - own.size();
    for (size_t i = 0; i < own.size(); ++i) {
      if (constantDim(own[i]) || getExtentRange(own[i]).high > 1)
        continue;
      bool meetsAnother = llvm::any_of(op->getOperands(), [&](Value other) {
        ArrayRef<AffineExpr> dims = node.getDims(other);
        size_t before = rank - dims.size();
        return offset + i >= before && dims[offset + i - before] != own[i] &&
               constantDim(dims[offset + i - before]) != 1;
      });
      if (!meetsAnother)
        continue;
      target[i] = node.extent(1);
      node.expectInRun(ExtentRelation::AtLeast, own[i], target[i]);
    }
    if (target == own)
      continue;
    OpBuilder::InsertionGuard before(node.getBuilder());
    node.getBuilder().setInsertionPoint(op);
    operand.set(node.reshape(operand.get(), target));
  }
}

} // namespace dlc::onnx_import
