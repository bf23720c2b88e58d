// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentArithmetic.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace dlc;
using mlir::Value;

Value ExtentArithmetic::constant(int64_t value) {
  return mlir::arith::ConstantOp::create(builder, location, builder.getI64IntegerAttr(value));
}

Value ExtentArithmetic::overflowed() {
  return overflow ? overflow
                  : mlir::arith::ConstantOp::create(builder, location, builder.getBoolAttr(false)).getResult();
}

template <typename CheckedOp> Value ExtentArithmetic::emitChecked(Value lhs, Value rhs) {
  mlir::Type i64 = builder.getI64Type(), i1 = builder.getI1Type();
  auto pair = mlir::LLVM::LLVMStructType::getLiteral(builder.getContext(), {i64, i1});
  Value result = CheckedOp::create(builder, location, pair, lhs, rhs);
  Value failed = mlir::LLVM::ExtractValueOp::create(builder, location, result, 1);
  overflow = overflow ? mlir::arith::OrIOp::create(builder, location, overflow, failed).getResult() : failed;
  return mlir::LLVM::ExtractValueOp::create(builder, location, result, 0);
}

Value ExtentArithmetic::add(Value lhs, Value rhs) {
  return watches ? emitChecked<mlir::LLVM::SAddWithOverflowOp>(lhs, rhs)
                 : mlir::arith::AddIOp::create(builder, location, lhs, rhs).getResult();
}

Value ExtentArithmetic::multiply(Value lhs, Value rhs) {
  return watches ? emitChecked<mlir::LLVM::SMulWithOverflowOp>(lhs, rhs)
                 : mlir::arith::MulIOp::create(builder, location, lhs, rhs).getResult();
}

/// Rounds toward minus infinity, as affine expressions do; divisors are positive.
Value ExtentArithmetic::floorDivide(Value lhs, Value rhs) {
  Value quotient = mlir::arith::DivSIOp::create(builder, location, lhs, rhs);
  Value rest = mlir::arith::RemSIOp::create(builder, location, lhs, rhs);
  Value isBelow = mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::slt, rest, constant(0));
  Value one = mlir::arith::ExtUIOp::create(builder, location, builder.getI64Type(), isBelow);
  return mlir::arith::SubIOp::create(builder, location, quotient, one);
}

Value ExtentArithmetic::emit(mlir::AffineExpr expr) {
  if (builder.getInsertionBlock() != block) {
    block = builder.getInsertionBlock();
    emitted.clear();
  }
  if (Value value = emitted.lookup(expr))
    return value;
  Value value = emitNew(expr);
  emitted[expr] = value;
  return value;
}

Value ExtentArithmetic::emitNew(mlir::AffineExpr expr) {
  if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(expr))
    return constant(number.getValue());
  if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(expr)) {
    assert(symbol.getPosition() < symbols.size() && "extents refer to the symbols of their function");
    return symbols[symbol.getPosition()];
  }
  auto binary = llvm::cast<mlir::AffineBinaryOpExpr>(expr);
  Value lhs = emit(binary.getLHS()), rhs = emit(binary.getRHS());
  switch (expr.getKind()) {
  case mlir::AffineExprKind::Add:
    return add(lhs, rhs);
  case mlir::AffineExprKind::Mul:
    return multiply(lhs, rhs);
  case mlir::AffineExprKind::FloorDiv:
    return floorDivide(lhs, rhs);
  case mlir::AffineExprKind::CeilDiv: {
    Value negative = mlir::arith::SubIOp::create(builder, location, constant(0), lhs);
    return mlir::arith::SubIOp::create(builder, location, constant(0), floorDivide(negative, rhs));
  }
  case mlir::AffineExprKind::Mod: {
    Value whole = mlir::arith::MulIOp::create(builder, location, floorDivide(lhs, rhs), rhs);
    return mlir::arith::SubIOp::create(builder, location, lhs, whole);
  }
  default:
    llvm_unreachable("extents have no dimensions, only symbols");
  }
}
