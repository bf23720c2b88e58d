// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

void importPadBy(NodeImporter &node, ArrayRef<int64_t> pads, ArrayRef<int64_t> axes, Value value) {
  int64_t rank = node.getRank(0), count = axes.size();
  if (static_cast<int64_t>(pads.size()) != 2 * count) {
    node.error() << "has " << pads.size() << " pads for " << count << " dimensions";
    return;
  }
  std::string name = node.getString("mode", "constant");
  std::optional<PadMode> mode = symbolizePadMode(name);
  if (!mode)
    node.error() << "mode '" << name << "' is not one of constant, edge, reflect and wrap";
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (int64_t i = 0; i < count && !node.hasFailed(); ++i) {
    if (!llvm::isInt<32>(pads[i]) || !llvm::isInt<32>(pads[i + count]))
      node.error() << "pads by more than 2147483647 elements";
    low[axes[i]] = pads[i];
    high[axes[i]] = pads[i + count];
  }
  if (node.hasFailed())
    return;
  node.setResult(0, node.create<PadOp>(node.getOperand(0), value, node.integers(low), node.integers(high),
                                       PadModeAttr::get(node.getContext(), *mode)));
}

/// Pads by amounts of which some depend on extents; what is negative crops first.
void importSymbolicPad(NodeImporter &node, ArrayRef<AffineExpr> pads, ArrayRef<int64_t> axes, Value value) {
  size_t count = axes.size();
  std::optional<PadMode> mode = symbolizePadMode(node.getString("mode", "constant"));
  if (pads.size() != 2 * count || !mode) {
    node.error() << "has " << pads.size() << " pads for " << count
                 << " dimensions, or a mode that is not one of constant, edge, reflect and wrap";
    return;
  }
  AffineExpr minus = node.extent(-1);
  Dims left(node.getDims(0)), starts(left.size(), node.extent(0)), low = starts, sizes = left;
  for (size_t i = 0; i < count; ++i) {
    int64_t axis = axes[i];
    AffineExpr cutAfter = atLeastZero(multiplyExtents(pads[i + count], minus));
    starts[axis] = atLeastZero(multiplyExtents(pads[i], minus));
    left[axis] = atLeastZero(subtractExtents(left[axis], addExtents(starts[axis], cutAfter)));
    low[axis] = atLeastZero(pads[i]);
    sizes[axis] = addExtents(addExtents(low[axis], left[axis]), atLeastZero(pads[i + count]));
  }
  Value x = node.slice(node.getOperand(0), starts, left, SmallVector<int64_t>(left.size(), 1));
  node.setResult(0, node.create<PadLikeOp>(x, value, node.createShape(low), node.createShape(sizes), *mode));
}

/// Pads by twice as many amounts as there are axes, first all that are before the elements.
void importPads(NodeImporter &node, ArrayRef<AffineExpr> pads, ArrayRef<int64_t> axes, Value value) {
  SmallVector<int64_t> known;
  for (AffineExpr pad : pads)
    if (std::optional<int64_t> number = constantDim(pad))
      known.push_back(*number);
  if (known.size() == pads.size())
    importPadBy(node, known, axes, value);
  else
    importSymbolicPad(node, pads, axes, value);
}

void importPadAttributes(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  auto pads = node.getIntegers(node.hasAttribute("paddings") ? "paddings" : "pads");
  double number = node.getReal("value", 0);
  Value value = number == 0 || node.hasFailed() ? Value() : node.createScalar(node.getElementType(0), number);
  importPadBy(node, pads.value_or(SmallVector<int64_t>()), llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0))),
              value);
}

void importPad(NodeImporter &node) {
  if (!node.expectOperands(2, 4))
    return;
  std::optional<Dims> pads = node.getKnownExtents(1, "pads");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0)));
  std::optional<Dims> open = node.hasOperand(3) ? getOpenAxes(node, 3) : std::nullopt;
  if (open && pads && pads->size() != 2 * open->size())
    node.error() << "has " << pads->size() << " pads for " << open->size() << " dimensions";
  if (open && pads && !node.hasFailed()) {
    // Each dimension has the pads of its axis, if there is one.
    Dims chosen = findAxes(node, *open, node.getRank(0)), all;
    expectAxes(node, chosen, open->size());
    for (size_t side : {0, 1})
      for (int64_t dim : axes) {
        AffineExpr pad = node.extent(0);
        for (auto [i, axis] : llvm::enumerate(*open))
          pad = addExtents(pad,
                           multiplyExtents(findAxes(node, axis, axes.size())[dim], (*pads)[i + side * open->size()]));
        all.push_back(pad);
      }
    pads = all;
  } else if (node.hasOperand(3))
    if (auto given = node.getKnownIntegers(3, "axes")) {
      node.normalizeAxes(*given, axes.size()); // reports repeated ones
      SmallVector<int64_t> normalized;
      for (int64_t axis : *given)
        normalized.push_back(node.hasFailed() ? 0 : node.normalizeAxis(axis, node.getRank(0)));
      axes = normalized;
    }
  Value value = node.hasOperand(2) ? node.getOperand(2) : Value();
  if (value && node.getElementType(2) != node.getElementType(0))
    node.error() << "the padding value has another element type than the operand";
  if (value && !node.hasFailed())
    value = node.reshape(value, {});
  if (node.hasFailed())
    return;
  importPads(node, *pads, axes, value);
}

/// Pads both sides alike, or crops them; what is odd is added or taken after the elements.
void importCenterCropPad(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  std::optional<Dims> shape = node.getKnownExtents(1, "shape");
  int64_t rank = node.getRank(0);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (std::optional<SmallVector<int64_t>> given = node.getIntegers("axes")) {
    axes.clear();
    for (int64_t axis : *given)
      axes.push_back(node.normalizeAxis(axis, rank));
  }
  if (!shape || node.hasFailed())
    return;
  if (shape->size() != axes.size() ||
      llvm::any_of(*shape, [](AffineExpr wanted) { return getExtentRange(wanted).high < 0; })) {
    node.error() << "expects " << axes.size() << " extents of at least 0";
    return;
  }
  AffineExpr zero = node.extent(0), two = node.extent(2);
  Dims before, after;
  for (auto [axis, wanted] : llvm::zip(axes, *shape)) {
    if (getExtentRange(wanted).low < 0)
      node.expectInRun(ExtentRelation::AtLeast, wanted, zero);
    AffineExpr extent = node.getDims(0)[axis], missing = subtractExtents(wanted, extent);
    before.push_back(subtractExtents(divideExtents(atLeastZero(missing), two),
                                     divideExtents(atLeastZero(subtractExtents(extent, wanted)), two)));
    after.push_back(subtractExtents(missing, before.back()));
  }
  llvm::append_range(before, after);
  importPads(node, before, axes, Value());
}

} // namespace

void registerPadding(OpRegistry &registry) {
  registry.add("CenterCropPad", 18, importCenterCropPad);
  registry.add("Pad", 1, importPadAttributes);
  registry.add("Pad", 11, importPad);
}

} // namespace dlc::onnx_import
