// SPDX-License-Identifier: Apache-2.0
// What extents can be: interval arithmetic that knows minima.
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentMinima.h"
#include "ir/ExtentSign.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {
namespace {

int64_t saturate(__int128 value) {
  return static_cast<int64_t>(std::clamp<__int128>(value, -beyondExtents, beyondExtents));
}

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

  ExtentRange findSum(AffineExpr expr) {
    ExtentChoices sum = splitChoices(expr);
    __int128 low = sum.number, high = sum.number;
    for (const ExtentChoice &choice : sum.choices) {
      ExtentRange a = find(choice.first), b = find(choice.second);
      low += __int128(choice.times) * (choice.isMaximum ? std::max(a.low, b.low) : std::min(a.low, b.low));
      high += __int128(choice.times) * (choice.isMaximum ? std::max(a.high, b.high) : std::min(a.high, b.high));
    }
    for (auto [term, factor] : sum.terms) {
      ExtentRange range = find(term);
      low += __int128(factor) * (factor > 0 ? range.low : range.high);
      high += __int128(factor) * (factor > 0 ? range.high : range.low);
    }
    return {saturate(low), saturate(high)};
  }

  llvm::DenseMap<AffineExpr, ExtentRange> known;
};

} // namespace

ExtentRange getExtentRange(AffineExpr expr) { return Ranges().find(expr); }

} // namespace dlc
