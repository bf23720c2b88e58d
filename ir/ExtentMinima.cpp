// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentMinima.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentTerms.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {
namespace {

/// A sum as its terms with their factors, and a number.
struct Terms {
  llvm::MapVector<AffineExpr, int64_t> factors;
  int64_t number = 0;

  explicit Terms(AffineExpr expr) {
    visitTerms(expr, 1, [&](AffineExpr term, int64_t times) {
      int64_t &sum = term ? factors[term] : number;
      sum = addWrapped(sum, times);
    });
  }
};

/// A term max(y, 0), and y.
struct Positive {
  AffineExpr term;
  Terms y;
};

/// Whether a sum has `part` and maybe more of the same sign.
bool contains(int64_t sum, int64_t part) { return part > 0 ? sum >= part : sum <= part; }

/// Takes one choice out of `sum`, if it has terms of `positive` that make it one.
/// x - max(y, 0) is the minimum of x and x - y, and x + max(y, 0) the maximum of x and x + y: takes for x what the sum
/// has of y, or of -y.
std::optional<ExtentChoice> takeChoice(Terms &sum, const Positive &positive) {
  int64_t factor = sum.factors.lookup(positive.term), times = std::abs(factor), sign = factor < 0 ? 1 : -1;
  AffineExpr zero = getAffineConstantExpr(0, positive.term.getContext());
  AffineExpr taken = zero, left = zero;
  bool takesAny = false;
  auto share = [&](int64_t has, AffineExpr term, int64_t part) {
    AffineExpr scaled = multiplyExtents(term, getAffineConstantExpr(part, term.getContext()));
    bool takes = contains(has, sign * part * times);
    (takes ? taken : left) = addExtents(takes ? taken : left, scaled);
    takesAny |= takes;
    return takes ? has - sign * part * times : has;
  };
  llvm::SmallVector<std::pair<AffineExpr, int64_t>> changed;
  for (auto [term, part] : positive.y.factors)
    if (part != 0)
      changed.push_back({term, share(sum.factors.lookup(term), term, part)});
  int64_t number = sum.number;
  if (positive.y.number != 0)
    number = share(sum.number, getAffineConstantExpr(1, positive.term.getContext()), positive.y.number);
  if (!takesAny)
    return std::nullopt;
  for (auto [term, has] : changed)
    sum.factors[term] = has;
  sum.number = number;
  sum.factors[positive.term] = 0;
  // y = taken + left: taken - max(y, 0) is min(taken, -left), and -taken + max(y, 0) is max(-taken, left).
  return sign > 0 ? ExtentChoice{false, times, taken, subtractExtents(zero, left)}
                  : ExtentChoice{true, times, subtractExtents(zero, taken), left};
}

} // namespace

ExtentChoices splitChoices(AffineExpr expr) {
  Terms sum(expr);
  llvm::SmallVector<Positive> positives;
  // Outer ones first, and minima before maxima, which would take from them what bounds them below.
  for (bool isMaximum : {false, true})
    for (auto [term, factor] : sum.factors)
      if (AffineExpr y = factor != 0 && (factor > 0) == isMaximum ? matchAtLeastZero(term) : AffineExpr())
        positives.push_back({term, Terms(y)});
  // Of each term, how many of those that are left contain it.
  llvm::DenseMap<AffineExpr, unsigned> users;
  for (const Positive &positive : positives)
    for (auto [term, factor] : positive.y.factors)
      ++users[term];
  ExtentChoices result;
  while (!positives.empty()) {
    auto *outer = llvm::find_if(positives, [&](const Positive &own) { return users.lookup(own.term) == 0; });
    assert(outer != positives.end() && "an expression contains none that contains it");
    Positive positive = std::move(*outer);
    positives.erase(outer);
    for (auto [term, factor] : positive.y.factors)
      --users[term];
    if (sum.factors.lookup(positive.term) != 0)
      if (std::optional<ExtentChoice> choice = takeChoice(sum, positive))
        result.choices.push_back(*choice);
  }
  for (auto [term, factor] : sum.factors)
    if (factor != 0)
      result.terms.push_back({term, factor});
  result.number = sum.number;
  return result;
}

} // namespace dlc
