// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/ReductionStages.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/Math.h"

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace dlc::halide {

Combiner makeSum(Halide::Type type) {
  return {Halide::Internal::make_zero(type),
          [](const Expr &a, const Expr &b) { return a.type().is_float() ? a + b : wrappingAdd(a, b); }};
}

Combiner makeProduct(Halide::Type type) {
  return {Halide::Internal::make_one(type),
          [](const Expr &a, const Expr &b) { return a.type().is_float() ? a * b : wrappingMul(a, b); }};
}

Combiner makeExtreme(Halide::Type type, bool minimum) {
  Expr identity;
  if (type.is_float())
    identity = Halide::Internal::make_const(type, minimum ? HUGE_VAL : -HUGE_VAL);
  else
    identity = minimum ? type.max() : type.min();
  if (minimum)
    return {identity, [](const Expr &a, const Expr &b) { return math::min(a, b); }};
  return {identity, [](const Expr &a, const Expr &b) { return math::max(a, b); }};
}

int chooseLanes(std::optional<int64_t> extent, int64_t vector, int64_t unroll) {
  int64_t lanes = vector * unroll;
  // Four rounds at least, or the first and the last step cost more than the ones between.
  while (extent && lanes > vector && *extent < 4 * lanes)
    lanes /= 2;
  while (extent && lanes > 1 && *extent < lanes)
    lanes /= 2;
  return static_cast<int>(lanes);
}

/// Combines `count` values in pairs, neighbours last: the way that depends least on where a vector is cut.
static Expr combineInPairs(const Combiner &combiner, llvm::SmallVector<Expr> values) {
  while (values.size() > 1) {
    size_t half = values.size() / 2;
    for (size_t i = 0; i < half; ++i)
      values[i] = combiner.combine(values[i], values[i + half]);
    values.resize(half);
  }
  return values.front();
}

ReductionStages buildReduction(llvm::StringRef name, const std::vector<Var> &outer, const ReducedBox &box,
                               const Combiner &combiner, int lanes, int vector) {
  ReductionStages stages;
  stages.lanes = lanes;
  stages.vector = std::min(vector, lanes);
  stages.total = Func(name.str());
  std::vector<Expr> outerIndex(outer.begin(), outer.end());
  auto positionsOf = [&](Halide::RDom &domain, Expr innermost) {
    llvm::SmallVector<Expr> position{innermost};
    for (int dim = 1; dim < domain.dimensions(); ++dim)
      position.push_back(domain[dim]);
    return position;
  };
  auto makeDomain = [&](const Expr &innermost, const char *domainName) {
    Halide::Region ranges{{0, innermost}};
    for (const Expr &extent : llvm::ArrayRef<Expr>(box.extents).drop_front())
      ranges.emplace_back(0, extent);
    return Halide::RDom(ranges, domainName);
  };
  if (lanes <= 1) {
    Halide::RDom domain = makeDomain(box.extents[0], "r");
    stages.total(outer) = combiner.identity;
    stages.total(outer) =
        Halide::strict_float(combiner.combine(stages.total(outerIndex), box.element(positionsOf(domain, domain[0]))));
    return stages;
  }

  Var lane("lane");
  stages.partial = Func(name.str() + "_lanes");
  std::vector<Var> arguments{lane};
  arguments.insert(arguments.end(), outer.begin(), outer.end());
  auto laneOf = [&](Func func, const Expr &number) {
    std::vector<Expr> position{number};
    position.insert(position.end(), outerIndex.begin(), outerIndex.end());
    return Halide::FuncRef(func(position));
  };
  Expr blocks = box.extents[0] / lanes, rest = box.extents[0] % lanes;
  stages.partial(arguments) = combiner.identity;
  Halide::RDom domain = makeDomain(blocks, "r");
  stages.partial(arguments) = Halide::strict_float(
      combiner.combine(laneOf(stages.partial, lane), box.element(positionsOf(domain, domain[0] * lanes + lane))));
  stages.hasTail = !Halide::Internal::is_const_zero(Halide::Internal::simplify(rest));
  if (stages.hasTail) {
    Halide::RDom tail = makeDomain(rest, "tail");
    laneOf(stages.partial, tail[0]) = Halide::strict_float(
        combiner.combine(laneOf(stages.partial, tail[0]), box.element(positionsOf(tail, blocks * lanes + tail[0]))));
  }

  Func last = stages.partial;
  if (lanes > stages.vector) {
    stages.folded = Func(name.str() + "_folded");
    llvm::SmallVector<Expr> vectors;
    for (int first = 0; first < lanes; first += stages.vector)
      vectors.push_back(laneOf(stages.partial, lane + first));
    stages.folded(arguments) = Halide::strict_float(combineInPairs(combiner, vectors));
    last = stages.folded;
  }
  llvm::SmallVector<Expr> values;
  for (int number = 0; number < stages.vector; ++number)
    values.push_back(laneOf(last, number));
  stages.total(outer) = Halide::strict_float(combineInPairs(combiner, values));
  return stages;
}

void ReductionStages::computeAt(Func consumer, const Var &at) {
  for (Func stage : {total, partial, folded})
    if (stage.defined())
      stage.compute_at(consumer, at);
  arrangeLanes();
}

void ReductionStages::computeRoot() {
  for (Func stage : {total, partial, folded})
    if (stage.defined())
      stage.compute_root();
  arrangeLanes();
}

void ReductionStages::vectorizeOuter(int width, Halide::TailStrategy tail) {
  assert(lanes == 1 && "lanes are vectors already");
  Var innermost = total.args()[0];
  total.vectorize(innermost, width, tail);
  std::vector<Halide::VarOrRVar> order{innermost};
  for (const Halide::RVar &variable : total.rvars(0))
    order.push_back(variable);
  total.update().reorder(order).vectorize(innermost, width, tail);
}

void ReductionStages::arrangeLanes() {
  if (lanes <= 1)
    return;
  Var lane = partial.args()[0];
  partial.bound(lane, 0, lanes).vectorize(lane, vector).unroll(lane);
  std::vector<Halide::VarOrRVar> order{lane};
  for (const Halide::RVar &variable : partial.rvars(0))
    order.push_back(variable);
  for (size_t i = 1; i < partial.args().size(); ++i)
    order.push_back(partial.args()[i]);
  partial.update(0).reorder(order).vectorize(lane, vector).unroll(lane);
  if (hasTail) {
    // Each lane gets one element at most.
    Halide::RVar first = partial.rvars(1)[0];
    partial.update(1).allow_race_conditions().vectorize(first, vector, Halide::TailStrategy::GuardWithIf);
  }
  if (folded.defined())
    folded.bound(folded.args()[0], 0, vector).vectorize(folded.args()[0], vector);
}

} // namespace dlc::halide
