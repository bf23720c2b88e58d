// SPDX-License-Identifier: Apache-2.0
// Expressions of extents have many parts in common: each part is visited once.
#include "passes/memory/KernelSymbols.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

namespace {
/// The extents of all inputs of a kernel, while extents become symbols.
class KernelExtents {
public:
  KernelExtents(ArrayAttr inputDims, unsigned symbolCount) {
    for (auto map : inputDims.getAsRange<AffineMapAttr>())
      maps.emplace_back(map.getValue().getResults());
    for (unsigned i = 0; i < symbolCount; ++i)
      values.push_back(getAffineSymbolExpr(i, inputDims.getContext()));
  }

  /// Turns every extent that allows it into a symbol, the largest first.
  void replaceAll(MLIRContext *context) {
    llvm::SmallVector<AffineExpr> candidates;
    for (llvm::ArrayRef<AffineExpr> map : maps)
      for (AffineExpr dim : map)
        addCandidates(dim, candidates);
    llvm::stable_sort(candidates, [&](AffineExpr lhs, AffineExpr rhs) { return countParts(lhs) > countParts(rhs); });
    for (AffineExpr candidate : candidates)
      replace(candidate, context);
  }

  /// The extents with symbols numbered in the order of their occurrence, and the values of these in terms of those that
  /// the kernel had.
  llvm::SmallVector<AffineExpr> renumber(llvm::SmallVectorImpl<Attribute> &inputDims, MLIRContext *context) {
    llvm::SmallVector<AffineExpr> numbers(values.size(), getAffineConstantExpr(0, context)), used;
    llvm::DenseSet<AffineExpr> visited;
    for (llvm::ArrayRef<AffineExpr> map : maps)
      for (AffineExpr dim : map)
        forEachSymbol(dim, visited, [&](unsigned symbol) {
          numbers[symbol] = getAffineSymbolExpr(used.size(), context);
          used.push_back(values[symbol]);
        });
    for (llvm::ArrayRef<AffineExpr> map : maps) {
      llvm::SmallVector<AffineExpr> dims;
      for (AffineExpr dim : map)
        dims.push_back(dim.replaceSymbols(numbers));
      inputDims.push_back(AffineMapAttr::get(AffineMap::get(0, used.size(), dims, context)));
    }
    return used;
  }

private:
  /// An extent that is not a symbol or constant, and the same without a constant factor.
  static void addCandidates(AffineExpr dim, llvm::SmallVectorImpl<AffineExpr> &candidates) {
    // Vectors of as many elements then have no remainder.
    constexpr int64_t usefulFactor = 4;
    auto product = llvm::dyn_cast<AffineBinaryOpExpr>(dim);
    auto factor = product && product.getKind() == AffineExprKind::Mul
                      ? llvm::dyn_cast<AffineConstantExpr>(product.getRHS())
                      : AffineConstantExpr();
    bool isKept = factor && factor.getValue() % usefulFactor == 0;
    if (product && !isKept && !llvm::is_contained(candidates, dim))
      candidates.push_back(dim);
    if (factor && factor.getValue() > 0)
      addCandidates(product.getLHS(), candidates);
  }

  static size_t countParts(AffineExpr expr) {
    llvm::DenseSet<AffineExpr> visited;
    forEachSymbol(expr, visited, [](unsigned) {});
    return visited.size();
  }

  /// Calls `visit` with each symbol of `expr` at its first occurrence, and puts all parts into `visited`, where nothing
  /// below a part that was there is looked at.
  static void forEachSymbol(AffineExpr expr, llvm::DenseSet<AffineExpr> &visited,
                            llvm::function_ref<void(unsigned)> visit) {
    llvm::SmallVector<AffineExpr> pending{expr};
    while (!pending.empty()) {
      AffineExpr part = pending.pop_back_val();
      if (!visited.insert(part).second)
        continue;
      if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part)) {
        visit(symbol.getPosition());
      } else if (auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(part)) {
        pending.push_back(binary.getRHS());
        pending.push_back(binary.getLHS());
      }
    }
  }

  /// Makes `extent` a symbol if its symbols occur nowhere else.
  void replace(AffineExpr extent, MLIRContext *context) {
    llvm::BitVector inside(values.size()), outside(values.size());
    llvm::DenseSet<AffineExpr> ofExtent, others{extent};
    forEachSymbol(extent, ofExtent, [&](unsigned symbol) { inside.set(symbol); });
    for (llvm::ArrayRef<AffineExpr> map : maps)
      for (AffineExpr dim : map)
        forEachSymbol(dim, others, [&](unsigned symbol) { outside.set(symbol); });
    if (inside.anyCommon(outside))
      return;
    llvm::DenseMap<AffineExpr, AffineExpr> replaced{{extent, getAffineSymbolExpr(values.size(), context)}};
    values.push_back(extent);
    for (llvm::SmallVector<AffineExpr> &map : maps)
      for (AffineExpr &dim : map)
        dim = rewrite(dim, replaced);
  }

  static AffineExpr rewrite(AffineExpr expr, llvm::DenseMap<AffineExpr, AffineExpr> &replaced) {
    auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
    if (AffineExpr known = replaced.lookup(expr))
      return known;
    if (!binary)
      return expr;
    AffineExpr lhs = rewrite(binary.getLHS(), replaced), rhs = rewrite(binary.getRHS(), replaced);
    AffineExpr result =
        lhs == binary.getLHS() && rhs == binary.getRHS() ? expr : getAffineBinaryOpExpr(expr.getKind(), lhs, rhs);
    return replaced[expr] = result;
  }

  llvm::SmallVector<llvm::SmallVector<AffineExpr>> maps;
  llvm::SmallVector<AffineExpr> values; ///< by symbol; over those that the kernel had
};
} // namespace

llvm::SmallVector<AffineExpr> replaceExtentsBySymbols(KernelOp kernel) {
  ArrayAttr names = kernel.getSymbolsAttr(), inputDims = kernel.getInputDimsAttr();
  if (!names || !inputDims)
    return {};
  MLIRContext *context = kernel.getContext();
  KernelExtents extents(inputDims, names.size());
  extents.replaceAll(context);
  llvm::SmallVector<Attribute> newDims, newNames;
  llvm::SmallVector<AffineExpr> values = extents.renumber(newDims, context);
  Builder builder(context);
  for (auto [number, value] : llvm::enumerate(values)) {
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(value);
    newNames.push_back(symbol ? names[symbol.getPosition()] : builder.getStringAttr("extent" + llvm::Twine(number)));
  }
  kernel.setInputDimsAttr(builder.getArrayAttr(newDims));
  kernel.setSymbolsAttr(builder.getArrayAttr(newNames));
  return values;
}

} // namespace dlc
