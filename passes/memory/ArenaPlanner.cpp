// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ArenaPlanner.h"
#include "ir/Layout.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

/// A size as a constant number of units; a unit is a product of extents known at run time only (null: a byte).
struct ScaledSize {
  int64_t count = 1;
  AffineExpr unit;
};

static ScaledSize splitSize(AffineExpr bytes) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(bytes))
    return {constant.getValue(), nullptr};
  auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(bytes);
  if (!binary || binary.getKind() != AffineExprKind::Mul)
    return {1, bytes};
  ScaledSize left = splitSize(binary.getLHS()), right = splitSize(binary.getRHS());
  AffineExpr unit = !left.unit ? right.unit : !right.unit ? left.unit : left.unit * right.unit;
  return {left.count * right.count, unit};
}

namespace {
/// Buffers of one unit.
class Region {
public:
  void add(size_t buffer, const ArenaBuffer &life, int64_t count) {
    entries.push_back({buffer, life.first, life.last, static_cast<int64_t>(llvm::alignTo(count, bufferAlignment)), 0});
  }

  /// Places all buffers; returns the region's extent in units.
  int64_t place(bool shareMemory) {
    llvm::stable_sort(entries, [](const Entry &a, const Entry &b) { return a.count > b.count; });
    int64_t extent = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      Entry &entry = entries[i];
      llvm::SmallVector<const Entry *> neighbours;
      for (const Entry &placed : llvm::ArrayRef(entries).take_front(i))
        if (!shareMemory || (placed.first <= entry.last && entry.first <= placed.last))
          neighbours.push_back(&placed);
      llvm::sort(neighbours, [](const Entry *a, const Entry *b) { return a->offset < b->offset; });
      for (const Entry *neighbour : neighbours) {
        if (entry.offset + entry.count <= neighbour->offset)
          break;
        entry.offset = std::max(entry.offset, neighbour->offset + neighbour->count);
      }
      extent = std::max(extent, entry.offset + entry.count);
    }
    return extent;
  }

  struct Entry {
    size_t buffer;
    int64_t first, last, count, offset;
  };
  llvm::SmallVector<Entry> entries;
};
} // namespace

ArenaPlan planArena(llvm::ArrayRef<ArenaBuffer> buffers, bool shareMemory, MLIRContext *context) {
  llvm::MapVector<AffineExpr, Region> regions;
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    ScaledSize size = splitSize(buffer.bytes);
    regions[size.unit ? size.unit : getAffineConstantExpr(1, context)].add(i, buffer, size.count);
  }
  ArenaPlan plan;
  plan.offsets.assign(buffers.size(), nullptr);
  plan.bytes = getAffineConstantExpr(0, context);
  for (auto &[unit, region] : regions) {
    int64_t extent = region.place(shareMemory);
    for (const Region::Entry &entry : region.entries)
      plan.offsets[entry.buffer] = plan.bytes + unit * entry.offset;
    plan.bytes = plan.bytes + unit * extent;
  }
  return plan;
}

int64_t evaluate(AffineExpr expr, int64_t symbolValue) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (llvm::isa<AffineSymbolExpr, AffineDimExpr>(expr))
    return symbolValue;
  auto binary = llvm::cast<AffineBinaryOpExpr>(expr);
  int64_t left = evaluate(binary.getLHS(), symbolValue), right = evaluate(binary.getRHS(), symbolValue);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return left + right;
  case AffineExprKind::Mul:
    return left * right;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(left, right);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(left, right);
  default:
    return llvm::mod(left, right);
  }
}

int64_t getLiveBytes(llvm::ArrayRef<ArenaBuffer> buffers, int64_t symbolValue) {
  int64_t most = 0;
  for (const ArenaBuffer &at : buffers) {
    int64_t live = 0;
    for (const ArenaBuffer &buffer : buffers)
      if (buffer.first <= at.first && at.first <= buffer.last)
        live += evaluate(buffer.bytes, symbolValue);
    most = std::max(most, live);
  }
  return most;
}

} // namespace dlc
