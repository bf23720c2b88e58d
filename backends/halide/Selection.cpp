// SPDX-License-Identifier: Apache-2.0
// The largest elements of rows, and random numbers.
//
// top_k makes k passes over a row, each for the largest element that comes after the one before it: for the few
// elements that decoding asks for this is less work than sorting, and needs no memory but the result. Philox is integer
// arithmetic on the index of an element, so that random numbers fuse like any elementwise op.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsSelection.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Whether `a` comes before `b` in the order of top_k, apart from ties.
static Expr isBefore(const Expr &a, const Expr &b, bool smallest) {
  Expr before = smallest ? a < b : a > b;
  if (!a.type().is_float())
    return before;
  // NaN is larger than every number.
  Expr isNan = Halide::is_nan(smallest ? b : a), isOtherNan = Halide::is_nan(smallest ? a : b);
  return before || (isNan && !isOtherNan);
}

template <typename OpTy> static FailureOr<TensorFunc> emitTopK(OpTy op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  int64_t axis = op.getAxis(), k = op.getK();
  bool smallest = op.getSmallest();
  RankedTensorType type = op.getType();
  Halide::Type valueType = getValueType(getElementTypeOrSelf(op.getX()));
  // Truth values are compared as numbers.
  bool isBoolean = valueType.is_bool();
  auto element = [&](llvm::ArrayRef<Expr> index) {
    Expr value = Halide::strict_float(x.at(index));
    return isBoolean ? Halide::cast<uint8_t>(value) : value;
  };
  Halide::Type compared = isBoolean ? Halide::UInt(8) : valueType;

  Func largest("largest");
  std::vector<Var> arguments;
  for (int64_t dim = type.getRank(); dim-- > 0;)
    arguments.emplace_back("d" + std::to_string(dim));
  auto toArguments = [&](llvm::ArrayRef<Expr> index) { return std::vector<Expr>(index.rbegin(), index.rend()); };
  // Nothing has been selected while the index is -1.
  largest(arguments) = Halide::Tuple(Halide::Internal::make_zero(compared), Expr(-1));
  Halide::RDom range(0, x.extents[axis], 0, k < 0 ? x.extents[axis] : Expr(static_cast<int>(k)), "row");
  Exprs index;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    index.push_back(arguments[type.getRank() - 1 - dim]);
  Exprs source(index), chosen(index), before(index);
  source[axis] = range.x;
  chosen[axis] = range.y;
  before[axis] = Halide::max(range.y - 1, 0);
  Expr candidate = element(source), position = range.x;
  Halide::Tuple best = largest(toArguments(chosen)), previous = largest(toArguments(before));
  Expr isLeft = range.y == 0 || isBefore(previous[0], candidate, smallest) ||
                (!isBefore(candidate, previous[0], smallest) && position > previous[1]);
  Expr isBetter = isLeft && (best[1] < 0 || isBefore(candidate, best[0], smallest));
  largest(toArguments(chosen)) =
      Halide::Tuple(select(isBetter, candidate, best[0]), select(isBetter, position, best[1]));
  builder.addStage(op, "largest", largest);
  return builder.define(op, [&](llvm::ArrayRef<Expr> at) -> Expr {
    Halide::Tuple result = largest(toArguments(at));
    if (std::is_same_v<OpTy, TopKIndicesOp>)
      return Halide::cast<int64_t>(result[1]);
    return isBoolean ? result[0] != Halide::cast<uint8_t>(0) : result[0];
  });
}

/// The first word of the block that Philox4x32-10 computes from a counter and a key, four and two words.
static Expr philox(std::array<Expr, 4> counter, std::array<Expr, 2> key) {
  auto word = [](uint32_t value) { return Halide::Internal::make_const(Halide::UInt(32), value); };
  constexpr uint32_t multipliers[] = {0xD2511F53, 0xCD9E8D57}, increments[] = {0x9E3779B9, 0xBB67AE85};
  auto high = [](const Expr &product) { return Halide::cast<uint32_t>(product >> Halide::cast<uint64_t>(32)); };
  for (int round = 0; round < 10; ++round) {
    Expr first = Halide::cast<uint64_t>(counter[0]) * Halide::cast<uint64_t>(word(multipliers[0]));
    Expr second = Halide::cast<uint64_t>(counter[2]) * Halide::cast<uint64_t>(word(multipliers[1]));
    counter = {high(second) ^ counter[1] ^ key[0], Halide::cast<uint32_t>(second), high(first) ^ counter[3] ^ key[1],
               Halide::cast<uint32_t>(first)};
    key = {key[0] + word(increments[0]), key[1] + word(increments[1])};
  }
  return counter[0];
}

static FailureOr<TensorFunc> emitRandomUniform(RandomUniformOp op, KernelBuilder &builder) {
  Expr seed = Halide::cast<uint64_t>(builder.get(op.getSeed()).at({})),
       counter = Halide::cast<uint64_t>(builder.get(op.getCounter()).at({}));
  auto low = [](const Expr &value) { return Halide::cast<uint32_t>(value); };
  auto high = [](const Expr &value) { return Halide::cast<uint32_t>(value >> Halide::cast<uint64_t>(32)); };
  Exprs extents = builder.getExtents(op.getResult());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr linear = Halide::cast<uint32_t>(0);
    for (size_t dim = 0; dim < index.size(); ++dim)
      linear = linear * Halide::cast<uint32_t>(extents[dim]) + Halide::cast<uint32_t>(index[dim]);
    Expr bits = philox({linear, Halide::cast<uint32_t>(0), low(counter), high(counter)}, {low(seed), high(seed)});
    return (Halide::cast<float>(bits >> Halide::cast<uint32_t>(9)) + 0.5f) * (1.0f / 8388608.0f);
  });
}

void addSelectionEmitters(MLIRContext *context) {
  addEmitter<TopKOp, &emitTopK<TopKOp>>(context);
  addEmitter<TopKIndicesOp, &emitTopK<TopKIndicesOp>>(context);
  addEmitter<RandomUniformOp, &emitRandomUniform>(context);
}

} // namespace dlc::halide
