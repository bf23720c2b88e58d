// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentDescription.h"
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

/// An expression as programmers write it; in parentheses if it binds less tightly than `strength`.
static std::string print(AffineExpr expr, llvm::ArrayRef<std::string> names, int strength = 0) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  if (!hasNames(expr, names))
    return "?";
  if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(expr))
    return names[symbol.getPosition()];
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
