// SPDX-License-Identifier: Apache-2.0
// Random numbers. Philox is integer arithmetic on the index of an element, so that they fuse like any elementwise op.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsGeneration.h"

using namespace mlir;
using Halide::Expr;

namespace dlc::halide {

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

void addRandomNumberEmitters(MLIRContext *context) { addEmitter<RandomUniformOp, &emitRandomUniform>(context); }

} // namespace dlc::halide
