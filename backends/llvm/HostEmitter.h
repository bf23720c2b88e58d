// SPDX-License-Identifier: Apache-2.0
/// \file
/// Loads, stores and addresses of the host program.
#ifndef DLC_BACKENDS_LLVM_HOSTEMITTER_H
#define DLC_BACKENDS_LLVM_HOSTEMITTER_H

#include "backends/llvm/Passes.h"
#include <limits>

namespace dlc {

/// Emits loads and calls at one position.
struct HostEmitter {
  mlir::OpBuilder &builder;
  mlir::Location location;

  mlir::Type pointerType() { return mlir::LLVM::LLVMPointerType::get(builder.getContext()); }
  mlir::Value i64(int64_t value) {
    return mlir::arith::ConstantOp::create(builder, location, builder.getI64IntegerAttr(value));
  }
  mlir::Value i32(int32_t value) {
    return mlir::arith::ConstantOp::create(builder, location, builder.getI32IntegerAttr(value));
  }
  mlir::Value load(mlir::Type type, mlir::Value base, int64_t bytes) {
    return mlir::LLVM::LoadOp::create(builder, location, type, at(base, bytes));
  }
  void store(mlir::Value value, mlir::Value base, int64_t bytes) {
    mlir::LLVM::StoreOp::create(builder, location, value, at(base, bytes));
  }
  mlir::Value at(mlir::Value base, int64_t bytes) {
    return mlir::LLVM::GEPOp::create(builder, location, pointerType(), builder.getI8Type(), base,
                                     llvm::ArrayRef<mlir::LLVM::GEPArg>{static_cast<int32_t>(bytes)});
  }
  /// `address` as a memref<?xi8>, whose extent is not needed.
  mlir::Value toBuffer(mlir::Value address, mlir::Type type) {
    mlir::Type array = mlir::LLVM::LLVMArrayType::get(builder.getI64Type(), 1);
    auto structure = mlir::LLVM::LLVMStructType::getLiteral(
        builder.getContext(), {pointerType(), pointerType(), builder.getI64Type(), array, array});
    mlir::Value descriptor = mlir::LLVM::PoisonOp::create(builder, location, structure);
    auto insert = [&](mlir::Value value, llvm::ArrayRef<int64_t> position) {
      descriptor = mlir::LLVM::InsertValueOp::create(builder, location, descriptor, value, position);
    };
    insert(address, {0});
    insert(address, {1});
    insert(i64(0), {2});
    insert(i64(std::numeric_limits<int64_t>::max()), {3, 0});
    insert(i64(1), {4, 0});
    return mlir::UnrealizedConversionCastOp::create(builder, location, type, descriptor).getResult(0);
  }
};

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_HOSTEMITTER_H
