// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ResizedStates.h"
#include "frontend/onnx/DecidedBounds.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc::onnx_import {

const ResizedStates::ResizedDim *ResizedStates::find(size_t state, int64_t dim) const {
  const auto *found =
      llvm::find_if(resized, [&](const ResizedDim &resize) { return resize.state == state && resize.dim == dim; });
  return found == resized.end() ? nullptr : found;
}

/// Replaces what was assumed of a dimension.
void ResizedStates::note(ResizedDim resize) {
  llvm::erase_if(resized,
                 [&](const ResizedDim &known) { return known.state == resize.state && known.dim == resize.dim; });
  resized.push_back(resize);
}

AffineExpr ResizedStates::getCapacity(const ResizedDim &resize) {
  return resize.most
             ? resize.most
             : normalizeExtent(addExtents(getInitialExtent(resize), multiplyExtents(mostSteps, resize.perStep)));
}

Dims ResizedStates::getCapacities(size_t state) {
  Dims extents(node.getDims(initial[state]));
  for (const ResizedDim &resize : resized)
    if (resize.state == state)
      extents[resize.dim] = getCapacity(resize);
  return extents;
}

/// `value` at its state's capacities.
Value ResizedStates::pad(Value value, size_t state) {
  Dims extents = getCapacities(state);
  if (node.hasFailed() || llvm::equal(extents, node.getDims(value)))
    return value;
  return node.padTo(value, extents);
}

SmallVector<Value> ResizedStates::getStates(ValueRange carried, Value count) {
  for (Value extent : carried.drop_front(initial.size()))
    node.getImporter().setDims(extent, {});
  auto getExtent = [&](const ResizedDim &resize) {
    if (resize.isCarried)
      return node.readBack(carried[resize.position], getCapacity(resize));
    if (!count)
      return getCapacity(resize);
    return addExtents(getInitialExtent(resize), multiplyExtents(node.readBack(count, mostSteps), resize.perStep));
  };
  SmallVector<Value> states;
  for (size_t state = 0; state < initial.size(); ++state) {
    Dims capacities = getCapacities(state), extents = capacities;
    node.getImporter().setDims(carried[state], capacities);
    for (const ResizedDim &resize : resized)
      if (resize.state == state)
        extents[resize.dim] = getExtent(resize);
    bool isWhole = node.hasFailed() || extents == capacities;
    states.push_back(isWhole ? Value(carried[state]) : node.cutTo(carried[state], extents));
  }
  return states;
}

SmallVector<Value> ResizedStates::makeCarried(AffineExpr steps) {
  mostSteps = steps;
  SmallVector<Value> carried;
  for (size_t state = 0; state < initial.size(); ++state)
    carried.push_back(pad(initial[state], state));
  for (ResizedDim &resize : resized)
    if (resize.isCarried) {
      resize.position = carried.size();
      carried.push_back(node.createInteger(node.getBuilder().getI64Type(), getInitialExtent(resize)));
    }
  return carried;
}

SmallVector<Value> ResizedStates::takeOut(Value step, ValueRange carried) {
  SmallVector<Value> states = getStates(carried, step);
  taken.clear();
  for (Value state : states)
    taken.push_back(Dims(node.getDims(state)));
  return states;
}

/// Whether the extent that the loop carries and a step makes `after` stays within the capacity; in the first attempt
/// `before` is the initial extent.
ResizedStates::Finding ResizedStates::learnCarried(ResizedDim resize, AffineExpr before, AffineExpr after) {
  Region &step = *node.getBuilder().getInsertionBlock()->getParent();
  bool isCarried = resize.isCarried;
  AffineExpr bound = boundAround(node, after, step, isCarried ? ArrayRef(before) : ArrayRef<AffineExpr>());
  if (!bound)
    return Finding::Unbounded;
  auto dependsOnBefore = [&](AffineExpr expr) {
    return expr.isFunctionOfSymbol(llvm::cast<AffineSymbolExpr>(before).getPosition());
  };
  ResizedDim found{resize.state, resize.dim, {}, {}, /*isCarried=*/true};
  if (isCarried && !dependsOnBefore(bound)) {
    found.most = normalizeExtent(maximumExtent(getInitialExtent(resize), bound));
  } else {
    found.perStep = normalizeExtent(atLeastZero(subtractExtents(bound, before)));
    if (isCarried && dependsOnBefore(found.perStep)) {
      // Perhaps it is at most a number, whatever the extent was before.
      AffineExpr added = boundAround(node, subtractExtents(after, before), step);
      if (!added || !constantDim(normalizeExtent(added)))
        return Finding::Unbounded;
      found.perStep = normalizeExtent(atLeastZero(added));
    }
    if (constantDim(found.perStep) == 0) {
      found.perStep = {};
      found.most = getInitialExtent(resize);
    }
  }
  if (isCarried && found.perStep == resize.perStep && found.most == resize.most)
    return Finding::AsAssumed;
  note(found);
  return Finding::Changed;
}

ResizedStates::Finding ResizedStates::learnDim(ResizedDim resize, AffineExpr before, AffineExpr after,
                                               bool countIsRead) {
  if (resize.isCarried)
    return learnCarried(resize, before, after);
  AffineExpr added = normalizeExtent(subtractExtents(after, before)), assumed = resize.perStep;
  if (assumed ? added == assumed : constantDim(added) == 0)
    return Finding::AsAssumed;
  if (assumed) { // not the same in all steps
    resize.isCarried = true;
    note(resize);
    return Finding::Changed;
  }
  Region &step = *node.getBuilder().getInsertionBlock()->getParent();
  if (!countIsRead || node.getImporter().isDecidedIn(added, step) || getExtentRange(added).low < 0)
    return learnCarried(resize, before, after);
  resize.perStep = added;
  note(resize);
  return Finding::Changed;
}

ResizedStates::Finding ResizedStates::learn(ValueRange given, bool countIsRead,
                                            llvm::function_ref<bool(size_t, int64_t)> isFixed) {
  Finding finding = Finding::AsAssumed;
  for (auto [state, value] : llvm::enumerate(given)) {
    Dims after(node.getDims(value));
    for (size_t dim = 0; dim < after.size() && after.size() == taken[state].size(); ++dim) {
      const ResizedDim *known = find(state, dim);
      if (!known && isFixed(state, dim))
        continue;
      ResizedDim resize = known ? *known : ResizedDim{state, static_cast<int64_t>(dim), {}, {}};
      Finding found = learnDim(resize, taken[state][dim], after[dim], countIsRead);
      // What is not resized yet may have an extent that each step checks.
      if (found == Finding::Unbounded && known)
        return found;
      if (found == Finding::Changed)
        finding = found;
    }
  }
  return finding;
}

Dims ResizedStates::inFirstStep(ArrayRef<AffineExpr> extents) {
  llvm::DenseMap<AffineExpr, AffineExpr> first;
  for (const ResizedDim &resize : resized)
    if (resize.isCarried)
      first[taken[resize.state][resize.dim]] = getInitialExtent(resize);
  Dims result;
  for (AffineExpr extent : extents)
    result.push_back(normalizeExtent(extent.replace(first)));
  return result;
}

SmallVector<Value> ResizedStates::putBack(ValueRange given) {
  SmallVector<Value> carried;
  for (auto [state, value] : llvm::enumerate(given)) {
    bool isResized = llvm::any_of(resized, [state = state](const ResizedDim &resize) { return resize.state == state; });
    carried.push_back(isResized ? pad(value, state) : value);
  }
  for (const ResizedDim &resize : resized)
    if (resize.isCarried)
      carried.push_back(
          node.createInteger(node.getBuilder().getI64Type(), node.getDims(given[resize.state])[resize.dim]));
  return carried;
}

} // namespace dlc::onnx_import
