// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentSign.h"
#include "ir/ExtentTerms.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

static constexpr int64_t farAway = beyondExtents;

static AffineExpr constant(int64_t value, AffineExpr like) { return getAffineConstantExpr(value, like.getContext()); }

AffineExpr matchSign(AffineExpr expr) {
  auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
  return binary && binary.getKind() == AffineExprKind::FloorDiv && constantDim(binary.getRHS()) == farAway
             ? binary.getLHS()
             : AffineExpr();
}

AffineExpr matchAtLeastZero(AffineExpr expr) {
  auto product = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
  if (!product || product.getKind() != AffineExprKind::Mul)
    return {};
  auto sum = llvm::dyn_cast<AffineBinaryOpExpr>(product.getRHS());
  if (!sum || sum.getKind() != AffineExprKind::Add || constantDim(sum.getRHS()) != 1)
    return {};
  return matchSign(sum.getLHS()) == product.getLHS() ? product.getLHS() : AffineExpr();
}

//===-- Sums ---------------------------------------------------------------===//

/// An order of expressions that depends on nothing but their structure.
static int compare(AffineExpr a, AffineExpr b) {
  if (a == b)
    return 0;
  auto rank = [](AffineExpr expr) { return llvm::isa<AffineSymbolExpr>(expr) ? -1 : static_cast<int>(expr.getKind()); };
  if (rank(a) != rank(b))
    return rank(a) < rank(b) ? -1 : 1;
  if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(a))
    return symbol.getPosition() < llvm::cast<AffineSymbolExpr>(b).getPosition() ? -1 : 1;
  if (auto dim = llvm::dyn_cast<AffineDimExpr>(a))
    return dim.getPosition() < llvm::cast<AffineDimExpr>(b).getPosition() ? -1 : 1;
  if (auto value = llvm::dyn_cast<AffineConstantExpr>(a))
    return value.getValue() < llvm::cast<AffineConstantExpr>(b).getValue() ? -1 : 1;
  auto left = llvm::cast<AffineBinaryOpExpr>(a), right = llvm::cast<AffineBinaryOpExpr>(b);
  int first = compare(left.getLHS(), right.getLHS());
  return first != 0 ? first : compare(left.getRHS(), right.getRHS());
}

namespace {
/// A sum of terms, each a number times an expression that is not a sum, and a number.
class Sum {
public:
  explicit Sum(MLIRContext *context) : context(context) {}

  /// Adds `factor` times `expr`, whose parts are normalized.
  void add(AffineExpr expr, int64_t factor) {
    visitTerms(expr, factor, [&](AffineExpr part, int64_t times) {
      auto *found = llvm::find_if(terms, [&](const Term &term) { return term.expr == part; });
      if (!part)
        number = addWrapped(number, times);
      else if (found == terms.end())
        terms.push_back({part, times});
      else
        found->factor = addWrapped(found->factor, times);
    });
  }

  AffineExpr build() {
    mergeDivisions();
    llvm::erase_if(terms, [](const Term &term) { return term.factor == 0; });
    llvm::stable_sort(terms, [](const Term &a, const Term &b) { return compare(a.expr, b.expr) < 0; });
    AffineExpr result;
    for (const Term &term : terms) {
      AffineExpr scaled = term.expr * term.factor;
      result = result ? result + scaled : scaled;
    }
    AffineExpr rest = getAffineConstantExpr(number, context);
    return !result ? rest : number == 0 ? result : result + rest;
  }

  /// Takes away the terms that `divisor` divides, and returns their quotients.
  Sum divide(int64_t divisor) {
    Sum quotient(context);
    for (Term &term : terms)
      if (term.factor % divisor == 0) {
        quotient.terms.push_back({term.expr, term.factor / divisor});
        term.factor = 0;
      }
    quotient.number = llvm::divideFloorSigned(number, divisor);
    number -= quotient.number * divisor;
    return quotient;
  }

private:
  struct Term {
    AffineExpr expr;
    int64_t factor;
  };

  /// Whether `factor` times `expr` would take away its terms from this sum.
  bool isCancelledBy(AffineExpr expr, int64_t factor) const {
    Sum part(context);
    part.add(expr, factor);
    return !part.terms.empty() && llvm::all_of(part.terms, [&](const Term &term) {
      return llvm::any_of(terms, [&](const Term &own) { return own.expr == term.expr && own.factor == -term.factor; });
    });
  }

  /// Uses x = c * (x floordiv c) + x mod c where two of the three are in the sum, which leaves one: what padding to a
  /// multiple of c adds is less than c, and what it gives is a multiple of c. Without that, sizes that each depend on
  /// the one before several times grow exponentially.
  void mergeDivisions() {
    for (size_t i = 0; i < terms.size(); ++i) {
      auto [expr, factor] = terms[i];
      auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
      std::optional<int64_t> divisor = binary && factor != 0 ? constantDim(binary.getRHS()) : std::nullopt;
      if (!divisor || *divisor <= 1 || *divisor == farAway)
        continue;
      AffineExpr x = binary.getLHS();
      if (binary.getKind() == AffineExprKind::FloorDiv && factor % *divisor == 0 &&
          isCancelledBy(x, factor / *divisor)) {
        int64_t multiple = factor / *divisor;
        terms[i].factor = 0;
        add(x, multiple);
        add(getRemainder(x, binary.getRHS()), -multiple);
      } else if (binary.getKind() == AffineExprKind::Mod && isCancelledBy(x, factor)) {
        terms[i].factor = 0;
        add(x, factor);
        add(divideExtents(x, binary.getRHS()), multiplyWrapped(-factor, *divisor));
      } else {
        continue;
      }
      llvm::erase_if(terms, [](const Term &term) { return term.factor == 0; });
      i = static_cast<size_t>(-1); // other terms may match now
    }
  }

  MLIRContext *context;
  llvm::SmallVector<Term, 4> terms;
  int64_t number = 0;
};
} // namespace

/// `factors`, which are normalized, as one product: its number is outside, and sums are not multiplied out.
static AffineExpr multiplyFactors(AffineExpr a, AffineExpr b) {
  llvm::SmallVector<AffineExpr> factors, pending{b, a};
  int64_t number = 1;
  while (!pending.empty()) {
    AffineExpr factor = pending.pop_back_val();
    auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(factor);
    if (auto value = llvm::dyn_cast<AffineConstantExpr>(factor)) {
      number = multiplyWrapped(number, value.getValue());
    } else if (binary && binary.getKind() == AffineExprKind::Mul && !matchAtLeastZero(factor)) {
      pending.push_back(binary.getRHS());
      pending.push_back(binary.getLHS());
    } else {
      factors.push_back(factor);
    }
  }
  if (factors.empty() || number == 0)
    return constant(number, a);
  llvm::stable_sort(factors, [](AffineExpr x, AffineExpr y) { return compare(x, y) < 0; });
  AffineExpr product = factors.front();
  for (AffineExpr factor : llvm::drop_begin(factors))
    product = product * factor;
  // A number times a sum is a sum.
  Sum sum(a.getContext());
  sum.add(product, number);
  return sum.build();
}

AffineExpr addExtents(AffineExpr a, AffineExpr b) {
  Sum sum(a.getContext());
  sum.add(a, 1);
  sum.add(b, 1);
  return sum.build();
}

AffineExpr subtractExtents(AffineExpr a, AffineExpr b) {
  Sum sum(a.getContext());
  sum.add(a, 1);
  sum.add(b, -1);
  return sum.build();
}

AffineExpr multiplyExtents(AffineExpr a, AffineExpr b) { return multiplyFactors(a, b); }

AffineExpr normalizeExtent(AffineExpr expr) {
  auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return expr;
  if (AffineExpr x = matchAtLeastZero(expr))
    return atLeastZero(normalizeExtent(x));
  if (expr.getKind() == AffineExprKind::Add) {
    // All terms at once: term by term, the time would grow with the third power of their number.
    Sum sum(expr.getContext());
    visitTerms(expr, 1, [&](AffineExpr term, int64_t factor) {
      sum.add(term ? normalizeExtent(term) : constant(1, expr), factor);
    });
    return sum.build();
  }
  AffineExpr lhs = normalizeExtent(binary.getLHS()), rhs = normalizeExtent(binary.getRHS());
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    return multiplyExtents(lhs, rhs);
  case AffineExprKind::FloorDiv:
    return divideExtents(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return divideExtentsUp(lhs, rhs);
  default:
    return getRemainder(lhs, rhs);
  }
}

//===-- Quotients ----------------------------------------------------------===//

AffineExpr divideExtents(AffineExpr a, AffineExpr b) {
  std::optional<int64_t> divisor = constantDim(b);
  if (divisor == 1)
    return a;
  if (divisor == farAway) {
    ExtentRange range = getExtentRange(a);
    return range.low >= 0 ? constant(0, a) : range.high < 0 ? constant(-1, a) : a.floorDiv(b);
  }
  if (divisor && *divisor > 0) {
    Sum rest(a.getContext());
    rest.add(a, 1);
    Sum whole = rest.divide(*divisor);
    AffineExpr left = rest.build();
    ExtentRange range = getExtentRange(left);
    if (range.low < 0 || range.high >= *divisor)
      whole.add(left.floorDiv(*divisor), 1);
    return whole.build();
  }
  // What is divided by itself is 1, or 0 by 0, which is asked for by nobody.
  return a == b ? constant(1, a) : divideExactly(a, b);
}

AffineExpr divideExtentsUp(AffineExpr a, AffineExpr b) {
  return divideExtents(addExtents(a, addExtents(b, constant(-1, a))), b);
}

AffineExpr truncateQuotient(AffineExpr a, AffineExpr b) {
  AffineExpr down = divideExtents(a, b);
  if (getExtentRange(a).low >= 0)
    return down;
  AffineExpr zero = constant(0, a);
  return chooseExtent(isLessExtent(a, zero), divideExtentsUp(a, b), down);
}

AffineExpr getRemainder(AffineExpr a, AffineExpr b) {
  if (std::optional<int64_t> divisor = constantDim(b); divisor && *divisor > 0) {
    Sum rest(a.getContext());
    rest.add(a, 1);
    rest.divide(*divisor);
    AffineExpr left = rest.build();
    ExtentRange range = getExtentRange(left);
    return range.low >= 0 && range.high < *divisor ? left : left % *divisor;
  }
  return a == b ? constant(0, a) : a % b;
}

//===-- Comparisons --------------------------------------------------------===//

AffineExpr atLeastZero(AffineExpr x) {
  ExtentRange range = getExtentRange(x);
  if (range.low >= 0)
    return x;
  if (range.high <= 0)
    return constant(0, x);
  return writeAtLeastZero(x);
}

AffineExpr minimumExtent(AffineExpr a, AffineExpr b) {
  // One form for both orders.
  if (compare(a, b) > 0)
    std::swap(a, b);
  return subtractExtents(a, atLeastZero(subtractExtents(a, b)));
}

AffineExpr maximumExtent(AffineExpr a, AffineExpr b) {
  if (compare(a, b) > 0)
    std::swap(a, b);
  return addExtents(b, atLeastZero(subtractExtents(a, b)));
}

AffineExpr isLessExtent(AffineExpr a, AffineExpr b) {
  AffineExpr sign = divideExtents(subtractExtents(a, b), constant(farAway, a));
  return multiplyExtents(sign, constant(-1, a));
}

AffineExpr isEqualExtent(AffineExpr a, AffineExpr b) {
  return subtractExtents(constant(1, a), addExtents(isLessExtent(a, b), isLessExtent(b, a)));
}

AffineExpr chooseExtent(AffineExpr condition, AffineExpr a, AffineExpr b) {
  if (std::optional<int64_t> value = constantDim(condition))
    return *value != 0 ? a : b;
  return addExtents(b, multiplyExtents(condition, subtractExtents(a, b)));
}

} // namespace dlc
