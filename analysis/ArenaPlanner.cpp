// SPDX-License-Identifier: Apache-2.0
#include "analysis/ArenaPlanner.h"
#include "ir/Layout.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"
#include <memory>
#include <numeric>

using namespace mlir;

namespace dlc {

namespace {
/// A size as a constant number of units; a unit is a product of extents known at run time only (null: a byte).
struct ScaledSize {
  int64_t count = 1;
  AffineExpr unit;
};
} // namespace

static ScaledSize splitSize(AffineExpr bytes) {
  // Counts are not negative: a product with a negative factor has a negative unit.
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(bytes))
    return constant.getValue() < 0 ? ScaledSize{-constant.getValue(), getAffineConstantExpr(-1, bytes.getContext())}
                                   : ScaledSize{constant.getValue(), nullptr};
  auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(bytes);
  if (!binary || binary.getKind() != AffineExprKind::Mul)
    return {1, bytes};
  ScaledSize left = splitSize(binary.getLHS()), right = splitSize(binary.getRHS());
  AffineExpr unit = !left.unit ? right.unit : !right.unit ? left.unit : left.unit * right.unit;
  return {left.count * right.count, unit};
}

namespace {
/// Buffers at one offset. They live one after another, or they would not be at one offset.
class Shelf {
public:
  explicit Shelf(int64_t offset) : offset(offset) {}

  int64_t getOffset() const { return offset; }

  void add(int64_t first, int64_t last, int64_t count) {
    auto *position = llvm::upper_bound(lives, first, [](int64_t step, const Life &life) { return step < life.first; });
    lives.insert(position, {first, last, count});
    earliest = std::min(earliest, first);
    latest = std::max(latest, last);
  }

  /// The extent of the largest buffer that lives at some step from `first` to `last`; 0 if there is none.
  int64_t findLargest(int64_t first, int64_t last) const {
    if (last < earliest || latest < first)
      return 0;
    int64_t largest = 0;
    const auto *end = llvm::upper_bound(lives, last, [](int64_t step, const Life &life) { return step < life.first; });
    for (; end != lives.begin() && end[-1].last >= first; --end)
      largest = std::max(largest, end[-1].count);
    return largest;
  }

private:
  struct Life {
    int64_t first, last, count;
  };
  int64_t offset, earliest = std::numeric_limits<int64_t>::max(), latest = -1;
  llvm::SmallVector<Life, 1> lives; ///< in order
};

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
    for (Entry &entry : entries) {
      entry.offset = shareMemory ? findOffset(entry) : extent;
      extent = std::max(extent, entry.offset + entry.count);
      if (shareMemory && entry.count > 0)
        putOnShelf(entry);
    }
    return extent;
  }

  struct Entry {
    size_t buffer;
    int64_t first, last, count, offset;
  };
  llvm::SmallVector<Entry> entries;

private:
  /// The lowest offset at which no buffer that lives at the same time is in the way. Shelves, unlike buffers, are few
  /// where tensors die soon, so that placing them takes a time that grows with their number and not with its square.
  int64_t findOffset(const Entry &entry) const {
    int64_t offset = 0;
    for (const std::unique_ptr<Shelf> &shelf : shelves) {
      if (offset + entry.count <= shelf->getOffset())
        break;
      if (int64_t count = shelf->findLargest(entry.first, entry.last))
        offset = std::max(offset, shelf->getOffset() + count);
    }
    return offset;
  }

  void putOnShelf(const Entry &entry) {
    auto *position = llvm::lower_bound(shelves, entry.offset,
                                       [](const auto &shelf, int64_t offset) { return shelf->getOffset() < offset; });
    if (position == shelves.end() || (*position)->getOffset() != entry.offset)
      position = shelves.insert(position, std::make_unique<Shelf>(entry.offset));
    (*position)->add(entry.first, entry.last, entry.count);
  }

  llvm::SmallVector<std::unique_ptr<Shelf>> shelves; ///< in the order of their offsets
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

llvm::SmallVector<int64_t> getLiveBytesOfSteps(llvm::ArrayRef<ArenaBuffer> buffers, int64_t symbolValue) {
  int64_t steps = 0;
  for (const ArenaBuffer &buffer : buffers)
    steps = std::max(steps, buffer.last + 1);
  // What each step has more than the one before it.
  llvm::SmallVector<int64_t> live(steps + 1, 0);
  for (const ArenaBuffer &buffer : buffers) {
    int64_t bytes = evaluate(buffer.bytes, symbolValue);
    live[buffer.first] += bytes;
    live[buffer.last + 1] -= bytes;
  }
  std::partial_sum(live.begin(), live.end(), live.begin());
  live.pop_back();
  return live;
}

int64_t getLiveBytes(llvm::ArrayRef<ArenaBuffer> buffers, int64_t symbolValue) {
  int64_t most = 0;
  for (int64_t bytes : getLiveBytesOfSteps(buffers, symbolValue))
    most = std::max(most, bytes);
  return most;
}

} // namespace dlc
