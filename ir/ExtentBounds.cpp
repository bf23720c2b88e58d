// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentBounds.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentMinima.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace dlc {

/// Whether `expr` depends on a symbol that `accepts` takes, with its bound.
static bool dependsOn(AffineExpr expr, SymbolBounds bounds, llvm::function_ref<bool(AffineExpr, AffineExpr)> accepts) {
  bool found = false;
  expr.walk([&](AffineExpr part) {
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part);
    AffineExpr bound = symbol && symbol.getPosition() < bounds.size() ? bounds[symbol.getPosition()] : AffineExpr();
    found |= bound && accepts(part, bound);
  });
  return found;
}

bool isDerived(AffineExpr expr, SymbolBounds bounds) {
  return dependsOn(expr, bounds, [](AffineExpr, AffineExpr) { return true; });
}

bool isUnbounded(AffineExpr expr, SymbolBounds bounds) {
  return dependsOn(expr, bounds,
                   [&](AffineExpr symbol, AffineExpr bound) { return symbol == bound || isUnbounded(bound, bounds); });
}

static bool isBounded(AffineExpr expr, SymbolBounds bounds) {
  return dependsOn(expr, bounds, [](AffineExpr symbol, AffineExpr bound) { return symbol != bound; });
}

namespace {

/// Interval arithmetic on expressions, of which one end is asked for at a time.
class Bounder {
public:
  explicit Bounder(SymbolBounds bounds) : bounds(bounds) {}

  AffineExpr above(AffineExpr expr) { return bound(expr, true); }
  AffineExpr below(AffineExpr expr) { return bound(expr, false); }

private:
  /// Each minimum or maximum in a sum doubles the work; where there are more, each is bounded by itself.
  static constexpr unsigned mostAlternatives = 6;

  static AffineExpr number(int64_t value, AffineExpr like) { return getAffineConstantExpr(value, like.getContext()); }
  static AffineExpr pick(bool largest, AffineExpr a, AffineExpr b) {
    return largest ? maximumExtent(a, b) : minimumExtent(a, b);
  }

  AffineExpr bound(AffineExpr expr, bool largest) {
    if (!isBounded(expr, bounds))
      return expr;
    // Parts are shared, and a result found with more alternatives left is at least as tight.
    auto found = known.find({expr, unsigned(largest)});
    if (found != known.end() && found->second.alternatives <= alternatives)
      return found->second.end;
    AffineExpr end = compute(expr, largest);
    known[{expr, unsigned(largest)}] = {end, alternatives};
    return end;
  }

  AffineExpr compute(AffineExpr expr, bool largest) {
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(expr))
      return largest ? bounds[symbol.getPosition()] : number(0, expr);
    if (AffineExpr x = matchAtLeastZero(expr))
      return atLeastZero(bound(x, largest));
    auto binary = llvm::cast<AffineBinaryOpExpr>(expr);
    AffineExpr a = binary.getLHS(), b = binary.getRHS();
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return boundSum(expr, largest);
    case AffineExprKind::Mul:
      return boundProduct(a, b, largest);
    case AffineExprKind::FloorDiv:
      return boundQuotient(a, b, largest);
    case AffineExprKind::CeilDiv:
      return boundQuotient(addExtents(a, addExtents(b, number(-1, a))), b, largest);
    default: // what is left of a division has the sign of the divisor, which is positive
      return largest ? addExtents(above(b), number(-1, b)) : number(0, expr);
    }
  }

  static void collectTerms(AffineExpr expr, llvm::SmallVectorImpl<AffineExpr> &terms) {
    auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary || binary.getKind() != AffineExprKind::Add) {
      terms.push_back(expr);
      return;
    }
    collectTerms(binary.getLHS(), terms);
    collectTerms(binary.getRHS(), terms);
  }

  AffineExpr boundSum(AffineExpr expr, bool largest) {
    llvm::SmallVector<AffineExpr> terms;
    collectTerms(expr, terms);
    // rest + c * max(x, 0) is the larger, for a negative c the smaller, of rest and rest + c * x: in min(n, k), which
    // is n - max(n - k, 0), the terms of n cancel.
    size_t chosen = terms.size(), largestSize = 0, count = 0;
    for (auto [i, term] : llvm::enumerate(terms)) {
      AffineExpr x = matchAtLeastZero(splitFactor(term).first);
      // What contains the others first: then these cancel, too.
      size_t size = x && isBounded(x, bounds) ? countParts(x) : 0;
      count += size > 0;
      if (size > largestSize) {
        largestSize = size;
        chosen = i;
      }
    }
    if (count > 0 && alternatives + count <= mostAlternatives) {
      auto [positive, factor] = splitFactor(terms[chosen]);
      AffineExpr x = matchAtLeastZero(positive), rest = number(0, expr);
      for (auto [i, term] : llvm::enumerate(terms))
        if (i != chosen)
          rest = addExtents(rest, term);
      AffineExpr other = addExtents(rest, multiplyExtents(x, number(factor, x)));
      ++alternatives;
      AffineExpr first = bound(rest, largest), second = bound(other, largest);
      --alternatives;
      return pick(factor > 0, first, second);
    }
    return boundApart(splitChoices(expr), expr, largest);
  }

  /// The minima, maxima and terms of a sum, each bounded by itself.
  AffineExpr boundApart(const ExtentChoices &sum, AffineExpr expr, bool largest) {
    AffineExpr result = number(sum.number, expr);
    for (const ExtentChoice &choice : sum.choices) {
      AffineExpr end = pick(choice.isMaximum, bound(choice.first, largest), bound(choice.second, largest));
      result = addExtents(result, multiplyExtents(end, number(choice.times, expr)));
    }
    for (auto [term, factor] : sum.terms)
      result = addExtents(result, multiplyExtents(bound(term, largest == (factor > 0)), number(factor, expr)));
    return result;
  }

  static size_t countParts(AffineExpr expr) {
    size_t count = 0;
    expr.walk([&](AffineExpr) { ++count; });
    return count;
  }

  /// A term as an expression and the number that it is multiplied with.
  static std::pair<AffineExpr, int64_t> splitFactor(AffineExpr term) {
    auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(term);
    if (binary && binary.getKind() == AffineExprKind::Mul)
      if (std::optional<int64_t> factor = constantDim(binary.getRHS()))
        return {binary.getLHS(), *factor};
    return {term, 1};
  }

  AffineExpr boundProduct(AffineExpr a, AffineExpr b, bool largest) {
    if (std::optional<int64_t> factor = constantDim(b))
      return multiplyExtents(bound(a, largest == (*factor > 0)), b);
    if (getExtentRange(a).low >= 0 && getExtentRange(b).low >= 0)
      return multiplyExtents(bound(a, largest), bound(b, largest));
    AffineExpr ends[] = {below(a), above(a)}, otherEnds[] = {below(b), above(b)}, result;
    for (AffineExpr end : ends)
      for (AffineExpr other : otherEnds) {
        AffineExpr corner = multiplyExtents(end, other);
        result = result ? pick(largest, result, corner) : corner;
      }
    return result;
  }

  /// Of a quotient rounded down by a divisor that is not negative; nothing is divided by 0.
  AffineExpr boundQuotient(AffineExpr a, AffineExpr b, bool largest) {
    AffineExpr end = bound(a, largest);
    if (constantDim(b))
      return divideExtents(end, b);
    AffineExpr one = number(1, a), small = maximumExtent(below(b), one), large = maximumExtent(above(b), one);
    AffineExpr bySmall = divideExtents(end, small), byLarge = divideExtents(end, large);
    return getExtentRange(end).low >= 0 ? (largest ? bySmall : byLarge) : pick(largest, bySmall, byLarge);
  }

  SymbolBounds bounds;
  unsigned alternatives = 0; ///< of the sums that are being bounded
  struct Known {
    AffineExpr end;
    unsigned alternatives; ///< when it was computed
  };
  llvm::DenseMap<std::pair<AffineExpr, unsigned>, Known>
      known; ///< by the expression and whether its largest value is bounded
};

} // namespace

AffineExpr boundAbove(AffineExpr expr, SymbolBounds bounds) {
  return isBounded(expr, bounds) ? Bounder(bounds).above(normalizeExtent(expr)) : expr;
}

AffineExpr boundBelow(AffineExpr expr, SymbolBounds bounds) {
  return isBounded(expr, bounds) ? Bounder(bounds).below(normalizeExtent(expr)) : expr;
}

} // namespace dlc
