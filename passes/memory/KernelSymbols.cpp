// SPDX-License-Identifier: Apache-2.0
// Expressions of extents have many parts in common: each part is visited once.
#include "passes/memory/KernelSymbols.h"
#include "ir/ExtentAlgebra.h"
#include "ir/KernelShapes.h"
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

  /// Turns every extent that is none yet into a symbol, whatever other extents depend on.
  void replaceEach(MLIRContext *context) {
    llvm::DenseMap<AffineExpr, AffineExpr> replaced;
    for (llvm::SmallVector<AffineExpr> &map : maps)
      for (AffineExpr &dim : map)
        dim = replaceWhole(dim, replaced, context);
  }

  bool hasExpressions() const {
    return llvm::any_of(maps, [](llvm::ArrayRef<AffineExpr> map) {
      return llvm::any_of(map, [](AffineExpr dim) { return llvm::isa<AffineBinaryOpExpr>(dim); });
    });
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
  /// The factor of a product with a constant, or 0.
  static int64_t getFactor(AffineExpr dim) {
    auto product = llvm::dyn_cast<AffineBinaryOpExpr>(dim);
    auto factor = product && product.getKind() == AffineExprKind::Mul
                      ? llvm::dyn_cast<AffineConstantExpr>(product.getRHS())
                      : AffineConstantExpr();
    return factor ? factor.getValue() : 0;
  }

  /// Whether the code should know of `dim`'s factor: vectors of as many elements then have no remainder.
  static bool keepsFactor(AffineExpr dim) {
    constexpr int64_t usefulFactor = 4;
    return getFactor(dim) != 0 && getFactor(dim) % usefulFactor == 0;
  }

  /// An extent that is not a symbol or constant, and the same without a constant factor.
  static void addCandidates(AffineExpr dim, llvm::SmallVectorImpl<AffineExpr> &candidates) {
    auto product = llvm::dyn_cast<AffineBinaryOpExpr>(dim);
    if (product && !keepsFactor(dim) && !llvm::is_contained(candidates, dim))
      candidates.push_back(dim);
    if (getFactor(dim) > 0)
      addCandidates(product.getLHS(), candidates);
  }

  AffineExpr replaceWhole(AffineExpr dim, llvm::DenseMap<AffineExpr, AffineExpr> &replaced, MLIRContext *context) {
    auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(dim);
    if (!binary)
      return dim;
    if (keepsFactor(dim) && getFactor(dim) > 0)
      return replaceWhole(binary.getLHS(), replaced, context) * binary.getRHS();
    AffineExpr &symbol = replaced[dim];
    if (!symbol) {
      symbol = getAffineSymbolExpr(values.size(), context);
      values.push_back(dim.replaceSymbols(values));
    }
    return symbol;
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

/// The extents of all tensors in `kernel`, and how many elements their innermost dimensions have together: what its
/// code may depend on being equal. Empty if they cannot be inferred.
static llvm::SmallVector<AffineExpr> listExtents(KernelOp kernel) {
  ScopedDiagnosticHandler silent(kernel.getContext(), [](Diagnostic &) { return success(); });
  llvm::SmallVector<AffineExpr> extents;
  FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (failed(shapes))
    return extents;
  auto add = [&](Value value) {
    AffineExpr elements = getAffineConstantExpr(1, kernel.getContext());
    for (AffineExpr dim : llvm::reverse(shapes->getDims(value))) {
      extents.push_back(normalizeExtent(dim));
      elements = normalizeExtent(elements * dim);
      extents.push_back(elements);
    }
  };
  llvm::for_each(kernel.getBody().getArguments(), add);
  for (Operation &op : kernel.getBody().front().without_terminator())
    add(op.getResult(0));
  return extents;
}

/// Whether the same of the extents `before` and `after` are equal, and the same constants.
static bool areEqualAlike(llvm::ArrayRef<AffineExpr> before, llvm::ArrayRef<AffineExpr> after) {
  llvm::DenseMap<AffineExpr, AffineExpr> forth, back;
  return before.size() == after.size() && llvm::all_of(llvm::zip(before, after), [&](auto pair) {
           auto [old, now] = pair;
           bool isConstant = llvm::isa<AffineConstantExpr>(old) || llvm::isa<AffineConstantExpr>(now);
           return forth.try_emplace(old, now).first->second == now && back.try_emplace(now, old).first->second == old &&
                  (!isConstant || old == now);
         });
}

/// Gives `kernel` what is in `extents`. Returns the values of its symbols.
static llvm::SmallVector<AffineExpr> setExtents(KernelOp kernel, KernelExtents extents, ArrayAttr names) {
  Builder builder(kernel.getContext());
  llvm::SmallVector<Attribute> newDims, newNames;
  llvm::SmallVector<AffineExpr> values = extents.renumber(newDims, kernel.getContext());
  for (auto [number, value] : llvm::enumerate(values)) {
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(value);
    newNames.push_back(symbol ? names[symbol.getPosition()] : builder.getStringAttr("extent" + llvm::Twine(number)));
  }
  kernel.setInputDimsAttr(builder.getArrayAttr(newDims));
  kernel.setSymbolsAttr(builder.getArrayAttr(newNames));
  return values;
}

llvm::SmallVector<AffineExpr> replaceExtentsBySymbols(KernelOp kernel) {
  ArrayAttr names = kernel.getSymbolsAttr(), inputDims = kernel.getInputDimsAttr();
  if (!names || !inputDims)
    return {};
  MLIRContext *context = kernel.getContext();
  KernelExtents extents(inputDims, names.size());
  extents.replaceAll(context);
  if (extents.hasExpressions()) {
    llvm::SmallVector<AffineExpr> before = listExtents(kernel);
    KernelExtents each = extents;
    each.replaceEach(context);
    llvm::SmallVector<AffineExpr> values = setExtents(kernel, std::move(each), names);
    if (!before.empty() && areEqualAlike(before, listExtents(kernel)))
      return values;
  }
  return setExtents(kernel, std::move(extents), names);
}

} // namespace dlc
