// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/Scalar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace dlc::loops {

Scalar Scalar::constant(ImplicitLocOpBuilder &builder, double number, Type type, bool isUnsigned) {
  TypedAttr attribute;
  if (auto real = llvm::dyn_cast<FloatType>(type))
    attribute = builder.getFloatAttr(real, number);
  else
    attribute = builder.getIntegerAttr(type, static_cast<int64_t>(number));
  return {builder, arith::ConstantOp::create(builder, attribute), isUnsigned};
}

/// The op for a and b: one of three by what they are.
template <typename RealOp, typename SignedOp, typename UnsignedOp> static Scalar combine(Scalar a, Scalar b) {
  assert(a.getType() == b.getType() && "operands have one type");
  ImplicitLocOpBuilder &builder = a.getBuilder();
  Value result = a.isReal()       ? Value(RealOp::create(builder, a.getValue(), b.getValue()))
                 : a.isUnsigned() ? Value(UnsignedOp::create(builder, a.getValue(), b.getValue()))
                                  : Value(SignedOp::create(builder, a.getValue(), b.getValue()));
  return {builder, result, a.isUnsigned()};
}

Scalar operator+(Scalar a, Scalar b) { return combine<arith::AddFOp, arith::AddIOp, arith::AddIOp>(a, b); }
Scalar operator-(Scalar a, Scalar b) { return combine<arith::SubFOp, arith::SubIOp, arith::SubIOp>(a, b); }
Scalar operator*(Scalar a, Scalar b) { return combine<arith::MulFOp, arith::MulIOp, arith::MulIOp>(a, b); }
Scalar operator/(Scalar a, Scalar b) { return combine<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(a, b); }
Scalar operator%(Scalar a, Scalar b) { return combine<arith::RemFOp, arith::RemSIOp, arith::RemUIOp>(a, b); }
Scalar operator-(Scalar a) {
  // 0 - 0 would be +0.
  return a.isReal() ? Scalar(a.getBuilder(), arith::NegFOp::create(a.getBuilder(), a.getValue())) : 0.0 - a;
}

static Scalar compare(Scalar a, Scalar b, arith::CmpFPredicate real, arith::CmpIPredicate isSigned,
                      arith::CmpIPredicate isUnsigned) {
  assert(a.getType() == b.getType() && "operands have one type");
  ImplicitLocOpBuilder &builder = a.getBuilder();
  if (a.isReal())
    return {builder, arith::CmpFOp::create(builder, real, a.getValue(), b.getValue())};
  return {builder, arith::CmpIOp::create(builder, a.isUnsigned() ? isUnsigned : isSigned, a.getValue(), b.getValue())};
}
Scalar operator<(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}
Scalar operator<=(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}
Scalar operator==(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}
Scalar operator!=(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne, arith::CmpIPredicate::ne);
}

Scalar operator&(Scalar a, Scalar b) {
  return {a.getBuilder(), arith::AndIOp::create(a.getBuilder(), a.getValue(), b.getValue()), a.isUnsigned()};
}
Scalar operator|(Scalar a, Scalar b) {
  return {a.getBuilder(), arith::OrIOp::create(a.getBuilder(), a.getValue(), b.getValue()), a.isUnsigned()};
}
Scalar operator!(Scalar a) { return a == a.like(0); }

Scalar select(Scalar condition, Scalar a, Scalar b) {
  return {a.getBuilder(), arith::SelectOp::create(a.getBuilder(), condition.getValue(), a.getValue(), b.getValue()),
          a.isUnsigned()};
}
Scalar smaller(Scalar a, Scalar b) { return select(a < b, a, b); }
Scalar larger(Scalar a, Scalar b) { return select(a < b, b, a); }
Scalar magnitude(Scalar a) {
  ImplicitLocOpBuilder &builder = a.getBuilder();
  return a.isReal() ? Scalar(builder, math::AbsFOp::create(builder, a.getValue())) : select(a < 0, -a, a);
}
Scalar isNaN(Scalar a) { return a != a; }
Scalar floor(Scalar a) { return {a.getBuilder(), math::FloorOp::create(a.getBuilder(), a.getValue())}; }
Scalar ceil(Scalar a) { return {a.getBuilder(), math::CeilOp::create(a.getBuilder(), a.getValue())}; }
Scalar roundHalfAway(Scalar a) {
  // What is added to a number below one half must not carry it to 1: trunc and a comparison with the rest are exact.
  ImplicitLocOpBuilder &builder = a.getBuilder();
  Scalar whole(builder, math::TruncOp::create(builder, a.getValue()));
  Scalar step(builder, math::CopySignOp::create(builder, a.like(1).getValue(), a.getValue()));
  return select(magnitude(a - whole) >= 0.5, whole + step, whole);
}

Scalar Scalar::toPosition() const {
  Type i64 = builder->getI64Type();
  return {*builder,
          LLVM::CallIntrinsicOp::create(*builder, i64, builder->getStringAttr("llvm.fptosi.sat"), value)->getResult(0)};
}

Scalar Scalar::asBits(unsigned width) const {
  Type bits = builder->getIntegerType(width);
  if (!isReal())
    return as(bits);
  return {*builder, arith::BitcastOp::create(*builder, bits, value)};
}

Scalar Scalar::as(Type type) const {
  if (type == getType())
    return *this;
  bool toReal = llvm::isa<FloatType>(type);
  unsigned from = getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  // Truth values are 0 and 1.
  bool isZeroExtended = unsignedInteger || getType().isInteger(1);
  Value result;
  if (isReal() && toReal)
    result = from < to ? Value(arith::ExtFOp::create(*builder, type, value))
                       : Value(arith::TruncFOp::create(*builder, type, value));
  else if (isReal())
    result = arith::FPToSIOp::create(*builder, type, value);
  else if (toReal)
    result = isZeroExtended ? Value(arith::UIToFPOp::create(*builder, type, value))
                            : Value(arith::SIToFPOp::create(*builder, type, value));
  else if (from > to)
    result = arith::TruncIOp::create(*builder, type, value);
  else
    result = isZeroExtended ? Value(arith::ExtUIOp::create(*builder, type, value))
                            : Value(arith::ExtSIOp::create(*builder, type, value));
  return {*builder, result};
}

} // namespace dlc::loops
