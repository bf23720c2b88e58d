// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelShapes.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"
#include "passes/schedule/CollapseProduct.h"
#include "passes/schedule/TileRules.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-collapse-kernels"

namespace dlc {
#define GEN_PASS_DEF_COLLAPSEKERNELS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// How one tensor of a kernel maps to the kernel's space of dimensions.
struct Placement {
  llvm::SmallVector<bool> isFull;      ///< per dimension of the space: the tensor has its extent (else 1)
  llvm::SmallVector<int64_t> physical; ///< the space's dimensions that it is full in, outermost in memory first
};

/// The dimensions that a kernel's loops run over: those of its result, or of what its anchor op reduces or normalizes.
class Space {
public:
  static std::optional<Space> analyze(dlc::KernelFuncOp kernel, const dlc::KernelShapes &shapes);

  /// Merges what can be merged; false if nothing can.
  bool merge();
  /// Gives every tensor of the kernel its merged type and renames the dimensions in the anchor op's attributes.
  void rewrite();

private:
  Space(dlc::KernelFuncOp kernel, const dlc::KernelShapes &shapes)
      : kernel(kernel), shapes(shapes), root(kernel.getRootOp()) {}

  bool chooseReference();
  bool place(Value value, llvm::ArrayRef<int64_t> positions);
  bool placeAll();
  bool canMerge(int64_t outer, int64_t inner) const;
  RankedTensorType mergedType(Value value) const;

  dlc::KernelFuncOp kernel;
  const dlc::KernelShapes &shapes;
  Operation *root;
  Value reference;
  llvm::SmallVector<AffineExpr> extents;
  llvm::SmallVector<bool> isNormalized; ///< reduced or normalized
  llvm::SmallVector<bool> isFixed;      ///< has a meaning for the anchor op: neither merged nor dropped
  llvm::MapVector<Value, Placement> placements;
  llvm::SmallVector<llvm::SmallVector<int64_t>> groups; ///< by the lowest dimension in each
};

/// Row-major order of a tensor's dimensions, outermost first, or that of its layout.
llvm::SmallVector<int64_t> getOrder(RankedTensorType type) {
  llvm::SmallVector<int64_t> order = dlc::getDimsInnermostFirst(type);
  std::reverse(order.begin(), order.end());
  return order;
}

bool Space::chooseReference() {
  llvm::SmallVector<int64_t> axes, fixed;
  reference = kernel.getYielded();
  if (!root)
    reference = kernel.getYielded();
  else if (auto reduce = llvm::dyn_cast<dlc::ReduceOp>(root)) {
    reference = reduce.getX();
    axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
  } else if (llvm::isa<dlc::SoftmaxOp, dlc::LogSoftmaxOp>(root)) {
    reference = root->getOperand(0);
    auto attribute = root->getAttrOfType<DenseI64ArrayAttr>("axes");
    axes.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  } else if (auto norm = llvm::dyn_cast<dlc::LayerNormOp>(root)) {
    reference = norm.getX();
    for (int64_t axis = norm.getAxis(); axis < llvm::cast<RankedTensorType>(norm.getX().getType()).getRank(); ++axis)
      axes.push_back(axis);
  } else if (auto group = llvm::dyn_cast<dlc::GroupNormOp>(root)) {
    reference = group.getX();
    fixed = {0, 1};
  } else if (!root->hasTrait<dlc::Elementwise>() && !llvm::isa<dlc::PackOp, dlc::UnpackOp>(root))
    return false;
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
  if (!dlc::getPlainOrder(type) || static_cast<size_t>(type.getRank()) > positions.size())
    return false;
  positions = positions.take_back(type.getRank());
  Placement placement;
  placement.isFull.assign(extents.size(), false);
  llvm::ArrayRef<AffineExpr> dims = shapes.getDims(value);
  for (auto [dim, position] : llvm::zip(dims, positions)) {
    std::optional<int64_t> own = dlc::constantDim(dim), whole = dlc::constantDim(extents[position]);
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

bool Space::placeAll() {
  llvm::SmallVector<int64_t> before, after;
  auto reduce = llvm::dyn_cast_or_null<dlc::ReduceOp>(root);
  for (int64_t dim = 0; dim < static_cast<int64_t>(extents.size()); ++dim) {
    before.push_back(dim);
    if (!reduce || reduce.getKeepDims() || !isNormalized[dim])
      after.push_back(dim);
  }
  // What comes after a reduction that drops its dimensions lives in the dimensions that are left.
  llvm::SmallPtrSet<Value, 8> results;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    bool isRoot = &op == root;
    if (!isRoot && !op.hasTrait<dlc::Elementwise>() && !llvm::isa<dlc::ConstantOp>(op))
      return false;
    if (auto constant = llvm::dyn_cast<dlc::ConstantOp>(op)) {
      if (!llvm::isa<SplatElementsAttr>(constant.getValue()))
        return false;
      continue;
    }
    bool isAfter = llvm::any_of(op.getOperands(), [&](Value operand) { return results.contains(operand); });
    for (auto [number, operand] : llvm::enumerate(op.getOperands())) {
      // Parameters per channel keep their type.
      if (isRoot && llvm::isa<dlc::GroupNormOp>(op) && number > 0)
        continue;
      if (!place(operand, isAfter ? after : before))
        return false;
    }
    if (isRoot || isAfter)
      results.insert(op.getResult(0));
    if (!place(op.getResult(0), isRoot || isAfter ? after : before))
      return false;
  }
  return place(kernel.getYielded(), results.empty() ? before : after);
}

std::optional<Space> Space::analyze(dlc::KernelFuncOp kernel, const dlc::KernelShapes &shapes) {
  Space space(kernel, shapes);
  if (!space.chooseReference() || !space.placeAll())
    return std::nullopt;
  return space;
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

bool Space::merge() {
  // Indices inside kernels have 32 bits.
  constexpr int64_t largest = (int64_t(1) << 31) - 1;
  llvm::SmallVector<int64_t> order;
  for (int64_t dim : getOrder(llvm::cast<RankedTensorType>(reference.getType())))
    if (isFixed[dim] || dlc::constantDim(extents[dim]) != 1)
      order.push_back(dim);
  int64_t size = 1;
  for (int64_t dim : order) {
    std::optional<int64_t> extent = dlc::constantDim(extents[dim]);
    bool isJoined = !groups.empty() && canMerge(groups.back().back(), dim) && size * extent.value_or(1) <= largest;
    if (!isJoined) {
      groups.emplace_back();
      size = 1;
    }
    groups.back().push_back(dim);
    size *= extent.value_or(1);
  }
  llvm::stable_sort(groups, [](const auto &a, const auto &b) {
    return *std::min_element(a.begin(), a.end()) < *std::min_element(b.begin(), b.end());
  });
  return groups.size() < extents.size() && !groups.empty();
}

RankedTensorType Space::mergedType(Value value) const {
  const Placement &placement = placements.find(value)->second;
  auto type = llvm::cast<RankedTensorType>(value.getType());
  llvm::SmallVector<int64_t> shape, order;
  for (auto [number, group] : llvm::enumerate(groups)) {
    int64_t extent = 1;
    for (int64_t dim : group) {
      std::optional<int64_t> own = dlc::constantDim(extents[dim]);
      if (placement.isFull[dim])
        extent = own && !ShapedType::isDynamic(extent) ? extent * *own : ShapedType::kDynamic;
    }
    shape.push_back(extent);
    if (!placement.isFull[group.front()])
      order.push_back(number);
  }
  for (int64_t dim : placement.physical)
    for (auto [number, group] : llvm::enumerate(groups))
      if (group.front() == dim)
        order.push_back(number);
  // Dimensions of extent 1 may be anywhere; where that gives the row-major order no layout is needed.
  llvm::SmallVector<int64_t> proper;
  for (int64_t number : order)
    if (shape[number] != 1)
      proper.push_back(number);
  dlc::LayoutAttr layout;
  if (!llvm::is_sorted(proper)) {
    MLIRContext *context = type.getContext();
    layout = dlc::LayoutAttr::get(context, DenseI64ArrayAttr::get(context, order), {}, {}, {}, {}, 0);
  }
  return RankedTensorType::get(shape, type.getElementType(), layout);
}

void Space::rewrite() {
  MLIRContext *context = kernel.getContext();
  llvm::SmallVector<int64_t> axes;
  for (auto [number, group] : llvm::enumerate(groups))
    if (isNormalized[group.front()])
      axes.push_back(number);
  llvm::SmallVector<Attribute> inputDims;
  unsigned symbols = kernel.getSymbols() ? kernel.getSymbols()->size() : 0;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    auto found = placements.find(argument);
    llvm::SmallVector<AffineExpr> dims;
    if (found == placements.end()) {
      dims.assign(shapes.getDims(argument).begin(), shapes.getDims(argument).end());
    } else {
      for (const auto &group : groups) {
        AffineExpr product = getAffineConstantExpr(1, context);
        for (int64_t dim : group)
          if (found->second.isFull[dim])
            product = product * extents[dim];
        dims.push_back(product);
      }
    }
    inputDims.push_back(AffineMapAttr::get(AffineMap::get(0, symbols, dims, context)));
  }
  llvm::SmallVector<std::pair<Value, RankedTensorType>> types;
  for (const auto &[value, placement] : placements)
    types.push_back({value, mergedType(value)});
  for (auto [value, type] : types) {
    value.setType(type);
    if (auto constant = value.getDefiningOp<dlc::ConstantOp>())
      constant.setValueAttr(llvm::cast<SplatElementsAttr>(constant.getValue()).resizeSplat(type));
  }
  kernel.setInputDimsAttr(ArrayAttr::get(context, inputDims));
  if (auto reduce = llvm::dyn_cast_or_null<dlc::ReduceOp>(root)) {
    reduce.setAxes(axes);
    reduce.setKeepDims(true);
  } else if (auto norm = llvm::dyn_cast_or_null<dlc::LayerNormOp>(root)) {
    norm.setAxis(axes.empty() ? static_cast<int64_t>(groups.size()) : axes.front());
  } else if (root && root->hasAttr("axes")) {
    root->setAttr("axes", DenseI64ArrayAttr::get(context, axes));
  }
}

class CollapseKernels final : public dlc::impl::CollapseKernelsBase<CollapseKernels> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<dlc::KernelFuncOp>())
      collapse(kernel);
  }

  void collapse(dlc::KernelFuncOp kernel) {
    ArrayAttr schedules = kernel.getSchedulesAttr();
    // Launches for ranges of rows count on dimension 0.
    if (!schedules || dlc::getRowRange(kernel) ||
        llvm::any_of(schedules.getAsRange<dlc::ScheduleAttr>(),
                     [](dlc::ScheduleAttr schedule) { return schedule.getAlgorithm() == "naive"; }))
      return;
    dlc::TileSubject before{kernel.getRootOp(), llvm::cast<RankedTensorType>(kernel.getYielded().getType()),
                            kernel.getRoot()};
    // A decision from outside refers to the current dimensions.
    if (llvm::any_of(schedules.getAsRange<dlc::ScheduleAttr>(), [&](dlc::ScheduleAttr schedule) {
          return schedule != dlc::tileKernel(before, *dlc::findMachine(schedule.getIsa()));
        }))
      return;
    FailureOr<dlc::KernelShapes> shapes = dlc::KernelShapes::analyze(kernel);
    if (failed(shapes))
      return signalPassFailure();
    if (!dlc::collapseProduct(kernel, *shapes)) {
      std::optional<Space> space = Space::analyze(kernel, *shapes);
      if (!space || !space->merge())
        return;
      space->rewrite();
    }
    // The schedules refer to dimensions that no longer exist.
    dlc::TileSubject subject{kernel.getRootOp(), llvm::cast<RankedTensorType>(kernel.getYielded().getType()),
                             kernel.getRoot()};
    llvm::SmallVector<Attribute> decided;
    for (auto schedule : schedules.getAsRange<dlc::ScheduleAttr>())
      decided.push_back(dlc::tileKernel(subject, *dlc::findMachine(schedule.getIsa())));
    kernel.setSchedulesAttr(ArrayAttr::get(&getContext(), decided));
  }
};

} // namespace
