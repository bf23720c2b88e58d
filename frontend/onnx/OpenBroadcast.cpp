// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpenBroadcast.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSize.h"
#include <map>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Given numbers that meet in a dimension, by their symbols.
using Meeting = std::map<unsigned, AffineExpr>;

/// What `numbers` broadcast to: the first that is not 1, or the last one.
AffineExpr broadcast(const Meeting &numbers, MLIRContext *context) {
  AffineExpr result, one = getAffineConstantExpr(1, context);
  for (AffineExpr number : llvm::make_second_range(llvm::reverse(numbers)))
    result = result ? chooseExtent(isEqualExtent(number, one), result, number) : number;
  return result;
}

/// The given numbers that `extent` is the broadcast of. Nothing if it is something else.
Meeting findMeeting(NodeImporter &node, AffineExpr extent) {
  Meeting numbers = node.getImporter().findGivenNumbers(extent);
  bool isBroadcast = !numbers.empty() && broadcast(numbers, node.getContext()) == normalizeExtent(extent);
  return isBroadcast ? numbers : Meeting();
}

/// The extent at `fromEnd`, the last one being 1; null if there are not so many.
AffineExpr getFromEnd(ArrayRef<AffineExpr> dims, size_t fromEnd) {
  return fromEnd <= dims.size() ? dims[dims.size() - fromEnd] : AffineExpr();
}

/// What the extent `own` broadcasts to where it meets `target`, if one of them may be 1 in a run only; else null.
AffineExpr broadcastTo(NodeImporter &node, AffineExpr own, AffineExpr target) {
  if (own == target || constantDim(own) == 1 || (constantDim(own) && constantDim(target)))
    return {};
  Meeting all = findMeeting(node, own), other = findMeeting(node, target);
  if (constantDim(own) && !other.empty())
    return own;
  if (constantDim(target))
    return constantDim(target) == 1 ? own : !all.empty() ? target : AffineExpr();
  if (!all.empty() && !other.empty()) {
    if (all == other)
      return {};
    all.insert(other.begin(), other.end());
    return broadcast(all, node.getContext());
  }
  // An element may be any number; other extents that are computed count as equal to what they meet.
  return node.getImporter().readsElements(target) ? chooseExtent(isEqualExtent(own, node.extent(1)), target, own)
                                                  : AffineExpr();
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
    AffineExpr known;
    bool meetsOther = false, differ = false;
    for (const Dims &dims : targets) {
      AffineExpr extent = getFromEnd(dims, i);
      if (!extent || constantDim(extent) == 1)
        continue;
      if (constantDim(extent)) {
        known = extent;
        continue;
      }
      Meeting own = findMeeting(node, extent);
      meetsOther |= own.empty();
      differ |= !all.empty() && own != all;
      all.insert(own.begin(), own.end());
    }
    if (meetsOther || !(differ || (known && !all.empty())))
      continue;
    AffineExpr whole = known ? known : broadcast(all, node.getContext());
    for (Dims &dims : targets)
      if (AffineExpr extent = getFromEnd(dims, i); extent && constantDim(extent) != 1)
        dims[dims.size() - i] = whole;
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
  if (source.size() > target.size())
    target.insert(target.begin(), source.begin(), source.end() - target.size());
  SmallVector<int64_t> open;
  for (size_t i = source.size(); i >= 1; --i) {
    AffineExpr &extent = target[target.size() - i], own = source[source.size() - i];
    AffineExpr whole = broadcastTo(node, own, extent);
    if (!whole)
      continue;
    if (!constantDim(extent))
      node.expectInRun(ExtentRelation::Equal, whole,
                       chooseExtent(isEqualExtent(extent, node.extent(1)), whole, extent));
    extent = whole;
    if (extent != own)
      open.push_back(source.size() - i);
  }
  if (open.empty())
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
