// SPDX-License-Identifier: Apache-2.0
#include "analysis/MergeableDims.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

namespace {

/// How one tensor of a kernel maps to the kernel's space of dimensions.
struct Placement {
  llvm::SmallVector<bool> isFull;      ///< per dimension of the space: the tensor has its extent (else 1)
  llvm::SmallVector<int64_t> physical; ///< the space's dimensions that it is full in, outermost in memory first
};

/// The dimensions that a kernel's loops run over: those of its result, or of what its anchor op reduces or normalizes.
class Space final : public MergeableDims {
public:
  Space(KernelLikeOpInterface kernel, const KernelShapes &shapes)
      : kernel(kernel), shapes(shapes), anchor(kernel.getAnchorOp()), reference(kernel.getYielded()) {}

  /// Whether the rule applies to the kernel.
  bool placeAll() { return chooseReference() && placeOps(); }

  DimGroups chooseGroups() const override;
  std::string findProblem(const DimGroups &groups) const override;
  llvm::MapVector<Value, CollapsedTensor> merge(const DimGroups &groups) const override;

private:
  bool chooseReference();
  bool place(Value value, llvm::ArrayRef<int64_t> positions);
  bool placeOps();
  bool canMerge(int64_t outer, int64_t inner) const;
  int64_t getSize(int64_t dim) const { return constantDim(extents[dim]).value_or(1); }
  bool mayDrop(int64_t dim) const { return !isFixed[dim] && constantDim(extents[dim]) == 1; }
  RankedTensorType mergedType(RankedTensorType type, const Placement &placement, const DimGroups &groups) const;

  KernelLikeOpInterface kernel;
  const KernelShapes &shapes;
  Operation *anchor;
  Value reference;
  llvm::SmallVector<AffineExpr> extents;
  llvm::SmallVector<bool> isNormalized; ///< reduced or normalized
  llvm::SmallVector<bool> isFixed;      ///< has a meaning for the anchor op: neither merged nor dropped
  llvm::MapVector<Value, Placement> placements;
};

} // namespace

/// Indices inside kernels have 32 bits.
static constexpr int64_t largestExtent = (int64_t(1) << 31) - 1;

/// Row-major order of a tensor's dimensions, outermost first, or that of its layout.
static llvm::SmallVector<int64_t> getOrder(RankedTensorType type) {
  llvm::SmallVector<int64_t> order = getDimsInnermostFirst(type);
  std::reverse(order.begin(), order.end());
  return order;
}

bool Space::chooseReference() {
  llvm::SmallVector<int64_t> axes, fixed;
  if (auto reduce = llvm::dyn_cast_or_null<ReduceOp>(anchor)) {
    reference = reduce.getX();
    axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
  } else if (llvm::isa_and_nonnull<SoftmaxOp, LogSoftmaxOp>(anchor)) {
    reference = anchor->getOperand(0);
    auto attribute = anchor->getAttrOfType<DenseI64ArrayAttr>("axes");
    axes.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  } else if (auto norm = llvm::dyn_cast_or_null<LayerNormOp>(anchor)) {
    reference = norm.getX();
    for (int64_t axis = norm.getAxis(); axis < llvm::cast<RankedTensorType>(norm.getX().getType()).getRank(); ++axis)
      axes.push_back(axis);
  } else if (auto group = llvm::dyn_cast_or_null<GroupNormOp>(anchor)) {
    reference = group.getX();
    fixed = {0, 1};
  } else if (anchor && !anchor->hasTrait<Elementwise>() && !anchor->hasTrait<ConvertsLayout>()) {
    return false;
  }
  extents.assign(shapes.getDims(reference).begin(), shapes.getDims(reference).end());
  isNormalized.assign(extents.size(), false);
  isFixed.assign(extents.size(), false);
  for (int64_t axis : axes)
    isNormalized[axis] = true;
  for (int64_t dim : fixed)
    isFixed[dim] = true;
  return !extents.empty();
}

bool Space::place(Value value, llvm::ArrayRef<int64_t> positions) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  if (!getPlainOrder(type) || static_cast<size_t>(type.getRank()) > positions.size())
    return false;
  positions = positions.take_back(type.getRank());
  Placement placement;
  placement.isFull.assign(extents.size(), false);
  llvm::ArrayRef<AffineExpr> dims = shapes.getDims(value);
  for (auto [dim, position] : llvm::zip(dims, positions)) {
    std::optional<int64_t> own = constantDim(dim), whole = constantDim(extents[position]);
    // Two dynamic extents that meet are equal.
    bool isFull = dim == extents[position] || (!own && !whole);
    if (!isFull && own != 1)
      return false;
    placement.isFull[position] = isFull && whole != 1;
  }
  for (int64_t dim : getOrder(type))
    if (placement.isFull[positions[dim]])
      placement.physical.push_back(positions[dim]);
  auto [found, isNew] = placements.insert({value, placement});
  return isNew || found->second.isFull == placement.isFull;
}

bool Space::placeOps() {
  llvm::SmallVector<int64_t> before, after;
  auto reduce = llvm::dyn_cast_or_null<ReduceOp>(anchor);
  for (int64_t dim = 0; dim < static_cast<int64_t>(extents.size()); ++dim) {
    before.push_back(dim);
    if (!reduce || reduce.getKeepDims() || !isNormalized[dim])
      after.push_back(dim);
  }
  // What comes after a reduction that drops its dimensions lives in the dimensions that are left.
  llvm::SmallPtrSet<Value, 8> results;
  for (Operation &op : kernel->getRegion(0).front().without_terminator()) {
    bool isAnchor = &op == anchor;
    if (!isAnchor && !op.hasTrait<Elementwise>() && !llvm::isa<ConstantOp>(op))
      return false;
    if (auto constant = llvm::dyn_cast<ConstantOp>(op)) {
      if (!llvm::isa<SplatElementsAttr>(constant.getValue()))
        return false;
      continue;
    }
    bool isAfter = llvm::any_of(op.getOperands(), [&](Value operand) { return results.contains(operand); });
    for (auto [number, operand] : llvm::enumerate(op.getOperands())) {
      // Parameters per channel keep their type.
      if (isAnchor && llvm::isa<GroupNormOp>(op) && number > 0)
        continue;
      if (!place(operand, isAfter ? after : before))
        return false;
    }
    if (isAnchor || isAfter)
      results.insert(op.getResult(0));
    if (!place(op.getResult(0), isAnchor || isAfter ? after : before))
      return false;
  }
  return place(kernel.getYielded(), results.empty() ? before : after);
}

bool Space::canMerge(int64_t outer, int64_t inner) const {
  if (isNormalized[outer] != isNormalized[inner] || isFixed[outer] || isFixed[inner])
    return false;
  for (const auto &[value, placement] : placements) {
    if (placement.isFull[outer] != placement.isFull[inner])
      return false;
    if (!placement.isFull[outer])
      continue;
    const auto *found = llvm::find(placement.physical, outer);
    if (found + 1 == placement.physical.end() || found[1] != inner)
      return false;
  }
  return true;
}

DimGroups Space::chooseGroups() const {
  DimGroups groups;
  int64_t size = 1;
  for (int64_t dim : getOrder(llvm::cast<RankedTensorType>(reference.getType()))) {
    if (mayDrop(dim))
      continue;
    bool isJoined = !groups.empty() && canMerge(groups.back().back(), dim) && size * getSize(dim) <= largestExtent;
    if (!isJoined) {
      groups.emplace_back();
      size = 1;
    }
    groups.back().push_back(dim);
    size *= getSize(dim);
  }
  llvm::stable_sort(groups, [](const auto &a, const auto &b) {
    return *std::min_element(a.begin(), a.end()) < *std::min_element(b.begin(), b.end());
  });
  if (groups.size() == extents.size())
    groups.clear();
  return groups;
}

std::string Space::findProblem(const DimGroups &groups) const {
  auto rank = static_cast<int64_t>(extents.size());
  llvm::SmallVector<bool> isListed(extents.size(), false);
  int64_t lowest = -1;
  for (llvm::ArrayRef<int64_t> group : groups) {
    for (int64_t dim : group) {
      if (dim < 0 || dim >= rank)
        return "there is no dimension " + std::to_string(dim) + "; they are 0 to " + std::to_string(rank - 1);
      if (isListed[dim])
        return "dimension " + std::to_string(dim) + " is listed twice";
      isListed[dim] = true;
    }
    if (*std::min_element(group.begin(), group.end()) < lowest)
      return "lists are ordered by the lowest dimension of each";
    lowest = *std::min_element(group.begin(), group.end());
    int64_t size = getSize(group.front());
    for (auto [outer, inner] : llvm::zip(group.drop_back(), group.drop_front())) {
      if (!canMerge(outer, inner))
        return "dimension " + std::to_string(inner) + " does not follow dimension " + std::to_string(outer) +
               " in the memory of every tensor that has one of them, or they are treated differently";
      if (size * getSize(inner) > largestExtent)
        return "a dimension has at most " + std::to_string(largestExtent) + " elements";
      size *= getSize(inner);
    }
  }
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!isListed[dim] && !mayDrop(dim))
      return "dimension " + std::to_string(dim) + " is missing; only an extent of 1 can be dropped";
  return "";
}

RankedTensorType Space::mergedType(RankedTensorType type, const Placement &placement, const DimGroups &groups) const {
  llvm::SmallVector<int64_t> shape, order;
  for (auto [number, group] : llvm::enumerate(groups)) {
    int64_t extent = 1;
    for (int64_t dim : group) {
      std::optional<int64_t> own = constantDim(extents[dim]);
      if (placement.isFull[dim])
        extent = own && !ShapedType::isDynamic(extent) ? extent * *own : ShapedType::kDynamic;
    }
    shape.push_back(extent);
    if (!placement.isFull[group.front()])
      order.push_back(static_cast<int64_t>(number));
  }
  for (int64_t dim : placement.physical)
    for (auto [number, group] : llvm::enumerate(groups))
      if (group.front() == dim)
        order.push_back(static_cast<int64_t>(number));
  // Dimensions of extent 1 may be anywhere; where that gives the row-major order no layout is needed.
  llvm::SmallVector<int64_t> proper;
  for (int64_t number : order)
    if (shape[number] != 1)
      proper.push_back(number);
  LayoutAttr layout;
  if (!llvm::is_sorted(proper)) {
    MLIRContext *context = type.getContext();
    layout = LayoutAttr::get(context, DenseI64ArrayAttr::get(context, order), {}, {}, {}, {}, 0);
  }
  return RankedTensorType::get(shape, type.getElementType(), layout);
}

llvm::MapVector<Value, CollapsedTensor> Space::merge(const DimGroups &groups) const {
  llvm::MapVector<Value, CollapsedTensor> tensors;
  for (const auto &[value, placement] : placements) {
    Dims dims;
    for (const auto &group : groups) {
      AffineExpr product = getAffineConstantExpr(1, kernel->getContext());
      for (int64_t dim : group)
        if (placement.isFull[dim])
          product = product * extents[dim];
      dims.push_back(product);
    }
    tensors[value] = {mergedType(llvm::cast<RankedTensorType>(value.getType()), placement, groups), dims};
  }
  return tensors;
}

std::unique_ptr<MergeableDims> findMergeableDims(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  auto space = std::make_unique<Space>(kernel, shapes);
  if (!space->placeAll())
    return nullptr;
  return space;
}

} // namespace dlc
