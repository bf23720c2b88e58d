// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/DecidedBounds.h"
#include "ir/ExtentBounds.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc::onnx_import {

AffineExpr boundAround(NodeImporter &node, AffineExpr extent, Region &region, ArrayRef<AffineExpr> kept) {
  std::vector<std::string> names = node.getImporter().getSymbolNames();
  SmallVector<AffineExpr> bounds(names.size());
  region.walk([&](ReadbackOp readback) {
    size_t position = llvm::find(names, readback.getSymbol()) - names.begin();
    AffineExpr symbol = getAffineSymbolExpr(position, node.getContext());
    if (llvm::is_contained(kept, symbol))
      return;
    bounds[position] = symbol;
    if (readback.getBound().getNumResults() == 0)
      return;
    Dims extents;
    for (Value operand : readback.getExtentsOf())
      llvm::append_range(extents, node.getDims(operand));
    bounds[position] = boundAbove(readback.getBound().getResult(0).replaceSymbols(extents), bounds);
  });
  AffineExpr bound = boundAbove(extent, bounds);
  return isDerived(bound, bounds) ? AffineExpr() : bound;
}

} // namespace dlc::onnx_import
