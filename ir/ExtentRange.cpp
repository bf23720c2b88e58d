// SPDX-License-Identifier: Apache-2.0
// What extents can be: interval arithmetic that knows minima.
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentSign.h"
#include "ir/ExtentTerms.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {
namespace {

int64_t saturate(__int128 value) {
  return static_cast<int64_t>(std::clamp<__int128>(value, -beyondExtents, beyondExtents));
}

/// A sum as its terms with their factors, and a number.
struct Terms {
  llvm::MapVector<AffineExpr, int64_t> factors;
  int64_t number = 0;

  void add(AffineExpr expr, int64_t factor) {
    visitTerms(expr, factor, [&](AffineExpr term, int64_t times) { (term ? factors[term] : number) += times; });
  }
};

/// Whether a sum has `part` and maybe more of the same sign.
bool contains(int64_t sum, int64_t part) { return part > 0 ? sum >= part : sum <= part; }

/// The ranges of the parts of one expression, each computed once: parts are shared.
class Ranges {
public:
  ExtentRange find(AffineExpr expr) {
    if (std::optional<int64_t> value = constantDim(expr))
      return {saturate(*value), saturate(*value)};
    if (llvm::isa<AffineSymbolExpr, AffineDimExpr>(expr))
      return {0, INT32_MAX};
    if (auto found = known.find(expr); found != known.end())
      return found->second;
    ExtentRange range = compute(expr);
    known[expr] = range;
    return range;
  }

private:
  ExtentRange compute(AffineExpr expr) {
    if (AffineExpr x = matchAtLeastZero(expr)) {
      ExtentRange range = find(x);
      return {std::max<int64_t>(range.low, 0), std::max<int64_t>(range.high, 0)};
    }
    if (expr.getKind() == AffineExprKind::Add)
      return findSum(expr);
    auto binary = llvm::cast<AffineBinaryOpExpr>(expr);
    ExtentRange a = find(binary.getLHS()), b = find(binary.getRHS());
    if (expr.getKind() == AffineExprKind::Mul) {
      __int128 corners[] = {__int128(a.low) * b.low, __int128(a.low) * b.high, __int128(a.high) * b.low,
                            __int128(a.high) * b.high};
      return {saturate(*std::min_element(corners, corners + 4)), saturate(*std::max_element(corners, corners + 4))};
    }
    if (expr.getKind() == AffineExprKind::Mod)
      return {b.low > 0 ? 0 : saturate(-__int128(b.high)), std::max<int64_t>(b.high - 1, 0)};
    // Divisors are positive, or 0, by which nothing is divided.
    int64_t least = std::max<int64_t>(b.low, 1), most = std::max<int64_t>(b.high, 1);
    int64_t slack = expr.getKind() == AffineExprKind::CeilDiv ? 1 : 0;
    return {std::min(llvm::divideFloorSigned(a.low, least), llvm::divideFloorSigned(a.low, most)),
            std::max(llvm::divideFloorSigned(a.high, least), llvm::divideFloorSigned(a.high, most)) + slack};
  }

  /// A term -f * max(y, 0), and y.
  struct Minimum {
    AffineExpr positive;
    Terms y;
  };

  /// x - max(y, 0) is the minimum of x and x - y, as `minimumExtent` writes it: takes for x what the sum has of y.
  ExtentRange findSum(AffineExpr expr) {
    Terms sum;
    sum.add(expr, 1);
    llvm::SmallVector<Minimum> minima;
    for (auto [term, factor] : sum.factors)
      if (AffineExpr y = factor < 0 ? matchAtLeastZero(term) : AffineExpr()) {
        minima.push_back({term, {}});
        minima.back().y.add(y, 1);
      }
    __int128 low = 0, high = 0;
    while (!minima.empty()) {
      // One that is in no other: of the minimum of a minimum, the outer one.
      auto *outer = llvm::find_if(minima, [&](const Minimum &own) {
        return llvm::none_of(minima, [&](const Minimum &other) { return other.y.factors.contains(own.positive); });
      });
      Minimum minimum = std::move(*outer);
      minima.erase(outer);
      int64_t times = -sum.factors.lookup(minimum.positive);
      if (times <= 0)
        continue;
      AffineExpr taken = getAffineConstantExpr(0, expr.getContext()), rest = taken;
      bool takesAny = false;
      auto share = [&](int64_t &has, AffineExpr term, int64_t factor) {
        if (factor == 0)
          return;
        AffineExpr scaled = multiplyExtents(term, getAffineConstantExpr(factor, expr.getContext()));
        if (!contains(has, factor * times)) {
          rest = subtractExtents(rest, scaled);
          return;
        }
        has -= factor * times;
        taken = addExtents(taken, scaled);
        takesAny = true;
      };
      Terms before = sum;
      for (auto [term, factor] : minimum.y.factors)
        share(sum.factors[term], term, factor);
      share(sum.number, getAffineConstantExpr(1, expr.getContext()), minimum.y.number);
      if (!takesAny) {
        sum = std::move(before);
        continue;
      }
      sum.factors[minimum.positive] = 0;
      ExtentRange a = find(taken), b = find(rest);
      low += __int128(times) * std::min(a.low, b.low);
      high += __int128(times) * std::min(a.high, b.high);
    }
    for (auto [term, factor] : sum.factors) {
      if (factor == 0)
        continue;
      ExtentRange range = find(term);
      low += __int128(factor) * (factor > 0 ? range.low : range.high);
      high += __int128(factor) * (factor > 0 ? range.high : range.low);
    }
    return {saturate(low + sum.number), saturate(high + sum.number)};
  }

  llvm::DenseMap<AffineExpr, ExtentRange> known;
};

} // namespace

ExtentRange getExtentRange(AffineExpr expr) { return Ranges().find(expr); }

} // namespace dlc
