// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentDescription.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

static bool hasNames(AffineExpr expr, llvm::ArrayRef<std::string> names) {
  bool known = true;
  expr.walk([&](AffineExpr part) {
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part);
    known &= !llvm::isa<AffineDimExpr>(part) &&
             (!symbol || (symbol.getPosition() < names.size() && !names[symbol.getPosition()].empty()));
  });
  return known;
}

static std::string print(AffineExpr expr, llvm::ArrayRef<std::string> names, int strength = 0);

/// A sum that is a minimum or maximum; empty if it is none.
static std::string printBound(AffineExpr expr, llvm::ArrayRef<std::string> names) {
  if (expr.getKind() != AffineExprKind::Add)
    return "";
  AffineExpr bound, x;
  bool isMinimum = false;
  for (llvm::SmallVector<AffineExpr> terms{expr}; !terms.empty() && !bound;) {
    auto term = llvm::dyn_cast<AffineBinaryOpExpr>(terms.pop_back_val());
    if (!term)
      continue;
    if (term.getKind() == AffineExprKind::Add) {
      terms.push_back(term.getRHS());
      terms.push_back(term.getLHS());
      continue;
    }
    isMinimum = term.getKind() == AffineExprKind::Mul && constantDim(term.getRHS()) == -1;
    AffineExpr candidate = isMinimum ? term.getLHS() : AffineExpr(term);
    x = matchAtLeastZero(candidate);
    bound = x ? candidate : AffineExpr();
  }
  if (!bound)
    return "";
  // min(a, b) is a - max(a - b, 0), and max(a, b) is b + max(a - b, 0).
  AffineExpr rest = isMinimum ? addExtents(expr, bound) : subtractExtents(expr, bound);
  AffineExpr other = isMinimum ? subtractExtents(rest, x) : addExtents(rest, x);
  return (isMinimum ? "min(" : "max(") + print(rest, names) + ", " + print(other, names) + ")";
}

/// An expression as programmers write it; in parentheses if it binds less tightly than `strength`.
static std::string print(AffineExpr expr, llvm::ArrayRef<std::string> names, int strength) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  if (!hasNames(expr, names))
    return "?";
  if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(expr))
    return names[symbol.getPosition()];
  if (AffineExpr x = matchAtLeastZero(expr))
    return "max(" + print(x, names) + ", 0)";
  if (AffineExpr x = matchSign(expr))
    return "-(" + print(x, names, 1) + " < 0)";
  if (std::string text = printBound(expr, names); !text.empty())
    return text;
  auto binary = llvm::cast<AffineBinaryOpExpr>(expr);
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  if (expr.getKind() == AffineExprKind::CeilDiv)
    return "ceil(" + print(lhs, names, 2) + " / " + print(rhs, names, 3) + ")";
  bool isSum = expr.getKind() == AffineExprKind::Add;
  int own = isSum ? 1 : 2;
  std::string text = print(lhs, names, own);
  if (auto number = llvm::dyn_cast<AffineConstantExpr>(rhs); isSum && number && number.getValue() < 0)
    text += " - " + std::to_string(-number.getValue());
  else
    text += (isSum                                        ? " + "
             : expr.getKind() == AffineExprKind::Mul      ? " * "
             : expr.getKind() == AffineExprKind::FloorDiv ? " / "
                                                          : " % ") +
            print(rhs, names, own + 1);
  return own < strength ? "(" + text + ")" : text;
}

std::string describeExtent(AffineExpr extent, llvm::ArrayRef<std::string> names) { return print(extent, names); }

std::string describeExtents(llvm::ArrayRef<AffineExpr> extents, llvm::ArrayRef<std::string> names) {
  return "[" + llvm::join(llvm::map_range(extents, [&](AffineExpr extent) { return print(extent, names); }), ", ") +
         "]";
}

} // namespace dlc
