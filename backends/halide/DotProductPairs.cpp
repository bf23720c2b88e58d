// SPDX-License-Identifier: Apache-2.0
// Weights have one layout for all machines of a library, with the four terms of a dot product of bytes together. Where
// there is no instruction for such a product, the even terms are one pair of 16 bits and the odd ones another. Shifts
// and masks widen bytes where they are; conversions would move them to two vectors.
#include "backends/halide/DotProductPairs.h"

using namespace Halide::Internal;
using Halide::Expr;
using Halide::Type;

namespace dlc::halide {

namespace {
class DotProductPairs final : public IRMutator {
  using IRMutator::visit;
  Expr visit(const VectorReduce *reduce) override;
};
} // namespace

/// The factors of a product of bytes in i32, u8 first; false if `product` is another expression.
static bool matchBytes(const Expr &product, Expr &u8, Expr &i8) {
  Expr a, b;
  const Cast *cast = product.as<Cast>();
  if (const Call *widened = cast ? Call::as_intrinsic(cast->value, {Call::widening_mul}) : nullptr) {
    a = widened->args[0];
    b = widened->args[1];
  } else if (const Mul *mul = product.as<Mul>()) {
    const Cast *left = mul->a.as<Cast>(), *right = mul->b.as<Cast>();
    if (!left || !right)
      return false;
    a = left->value;
    b = right->value;
  } else {
    return false;
  }
  if (!a.type().is_uint())
    std::swap(a, b);
  u8 = a;
  i8 = b;
  return a.type().element_of() == Halide::UInt(8) && b.type().element_of() == Halide::Int(8);
}

Expr DotProductPairs::visit(const VectorReduce *reduce) {
  constexpr int terms = 4;
  int lanes = reduce->type.lanes(), pairs = 2 * lanes;
  Expr u8, i8;
  if (reduce->op != VectorReduce::Add || reduce->type.element_of() != Halide::Int(32) ||
      reduce->value.type().lanes() != terms * lanes || !matchBytes(reduce->value, u8, i8))
    return IRMutator::visit(reduce);
  // Bytes are little-endian: the even ones are the lower halves.
  Type word = Halide::Int(16, pairs);
  Expr left = reinterpret(word.with_code(halide_type_uint), mutate(u8)), right = reinterpret(word, mutate(i8));
  auto sum = [&](const Expr &a, const Expr &b) {
    Expr products =
        Call::make(Halide::Int(32, pairs), Call::widening_mul, {reinterpret(word, a), b}, Call::PureIntrinsic);
    return VectorReduce::make(VectorReduce::Add, products, lanes);
  };
  Expr low = make_const(left.type(), 255), byte = make_const(left.type(), 8);
  auto shift = [&](Call::IntrinsicOp direction, const Expr &value) {
    return Call::make(value.type(), direction, {value, byte}, Call::PureIntrinsic);
  };
  Expr evenLeft = Call::make(left.type(), Call::bitwise_and, {left, low}, Call::PureIntrinsic),
       evenRight = shift(Call::shift_right, shift(Call::shift_left, right));
  return sum(evenLeft, evenRight) + sum(shift(Call::shift_right, left), shift(Call::shift_right, right));
}

std::unique_ptr<IRMutator> makeDotProductPairs() { return std::make_unique<DotProductPairs>(); }

} // namespace dlc::halide
