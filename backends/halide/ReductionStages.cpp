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

Combiner makeLargestNumber(Halide::Type type) {
  return {makeExtreme(type, false).identity,
          [](const Expr &largest, const Expr &next) { return select(next > largest, next, largest); }};
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

  Func last = stages.partial;
  if (lanes > stages.vector || stages.hasTail) {
    stages.folded = Func(name.str() + "_folded");
    llvm::SmallVector<Expr> vectors;
    for (int first = 0; first < lanes; first += stages.vector)
      vectors.push_back(laneOf(stages.partial, lane + first));
    stages.folded(arguments) = Halide::strict_float(combineInPairs(combiner, vectors));
    last = stages.folded;
  }
  Expr extent = box.extents[0], vectorExtent = stages.vector;
  if (stages.hasTail) {
    // Whole vectors, and then one that ends with the row, of which the elements that came before do not count: loads
    // and stores without masks, which leave sums in registers.
    auto addToFolded = [&](const Expr &element) {
      stages.folded(arguments) = Halide::strict_float(combiner.combine(laneOf(stages.folded, lane), element));
    };
    Halide::RDom whole = makeDomain(rest / vectorExtent, "whole");
    addToFolded(box.element(positionsOf(whole, blocks * lanes + whole[0] * vectorExtent + lane)));
    Expr left = extent % vectorExtent;
    Halide::RDom end = makeDomain(select(left != 0 && extent >= vectorExtent, 1, 0), "end");
    Expr position = Halide::unsafe_promise_clamped(extent - vectorExtent + lane + end[0], 0, extent - 1);
    addToFolded(select(lane >= vectorExtent - left, box.element(positionsOf(end, position)), combiner.identity));
  }
  llvm::SmallVector<Expr> values;
  for (int number = 0; number < stages.vector; ++number)
    values.push_back(laneOf(last, number));
  stages.total(outer) = Halide::strict_float(combineInPairs(combiner, values));
  if (stages.hasTail && !Halide::Internal::is_const_one(Halide::Internal::simplify(extent >= vectorExtent))) {
    // Rows that are shorter than a vector.
    Halide::RDom single = makeDomain(select(extent < vectorExtent, extent, 0), "single");
    stages.total(outer) =
        Halide::strict_float(combiner.combine(stages.total(outerIndex), box.element(positionsOf(single, single[0]))));
  }
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

/// Loops of an update: the first argument is the innermost one, around it are those over the reduced elements.
static std::vector<Halide::VarOrRVar> orderOf(const Func &stage, int update) {
  std::vector<Halide::VarOrRVar> order{stage.args()[0]};
  for (const Halide::RVar &variable : stage.rvars(update))
    order.push_back(variable);
  for (size_t i = 1; i < stage.args().size(); ++i)
    order.push_back(stage.args()[i]);
  return order;
}

void ReductionStages::vectorizeOuter(int width, Halide::TailStrategy tail) {
  assert(lanes == 1 && "lanes are vectors already");
  Var innermost = total.args()[0];
  total.vectorize(innermost, width, tail);
  total.update().reorder(orderOf(total, 0)).vectorize(innermost, width, tail);
}

void ReductionStages::arrangeLanes() {
  if (lanes <= 1)
    return;
  Var lane = partial.args()[0];
  partial.bound(lane, 0, lanes).vectorize(lane, vector).unroll(lane);
  partial.update(0).reorder(orderOf(partial, 0)).vectorize(lane, vector).unroll(lane);
  if (!folded.defined())
    return;
  Var own = folded.args()[0];
  folded.bound(own, 0, vector).vectorize(own, vector);
  for (int number = 0; number < folded.num_update_definitions(); ++number)
    folded.update(number).reorder(orderOf(folded, number)).vectorize(own, vector);
}

} // namespace dlc::halide
