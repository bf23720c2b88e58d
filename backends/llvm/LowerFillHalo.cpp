// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/Passes.h"
#include "ir/Layout.h"
#include "ir/OpsProgram.h"

#define DEBUG_TYPE "dlc-lower-fill-halo"

namespace dlc {
#define GEN_PASS_DEF_LOWERFILLHALO
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;
using mlir::Value;

namespace {
/// Clears the halo of one buffer.
class HaloWriter {
public:
  HaloWriter(mlir::OpBuilder &builder, FillHaloOp op, llvm::ArrayRef<Value> symbols)
      : builder(builder), location(op.getLoc()), extents(builder, location, symbols) {
    auto tensor = llvm::cast<mlir::RankedTensorType>(op.getTensor());
    shape = getPhysicalShape(tensor, op.getDims().getResults());
    elementBytes = getElementBytes(tensor.getElementType());
    for (auto [position, dim] : llvm::enumerate(shape.dims))
      if (dim.haloLow || dim.haloHigh)
        innermostWithHalo = position;
    Value address = mlir::memref::ExtractAlignedPointerAsIndexOp::create(builder, location, op.getBuffer());
    address = mlir::arith::IndexCastOp::create(builder, location, builder.getI64Type(), address);
    base = mlir::LLVM::IntToPtrOp::create(builder, location, mlir::LLVM::LLVMPointerType::get(builder.getContext()),
                                          address);
  }

  void write() {
    if (innermostWithHalo)
      writeFrom(0, extents.constant(0));
  }

private:
  /// Clears `count` elements of dimension `position` from byte `offset` on.
  void clear(size_t position, Value offset, int64_t count) {
    if (count == 0)
      return;
    Value address = mlir::LLVM::GEPOp::create(builder, location, base.getType(), builder.getI8Type(), base,
                                              llvm::ArrayRef<mlir::LLVM::GEPArg>{offset});
    Value zero = mlir::LLVM::ConstantOp::create(builder, location, builder.getI8IntegerAttr(0));
    Value bytes = extents.emit(shape.dims[position].stride * (count * elementBytes));
    mlir::LLVM::MemsetOp::create(builder, location, address, zero, bytes, /*isVolatile=*/false);
  }

  /// Clears the halos of dimension `position` and of those inside it, in the part of the buffer at byte `offset`.
  void writeFrom(size_t position, Value offset) {
    const PhysicalDim &dim = shape.dims[position];
    Value stride = extents.emit(dim.stride * elementBytes);
    clear(position, offset, dim.haloLow);
    Value interior =
        mlir::arith::AddIOp::create(builder, location, offset, extents.emit(dim.stride * (dim.haloLow * elementBytes)));
    Value interiorBytes = extents.emit(dim.stride * dim.extent * elementBytes);
    Value end = mlir::arith::AddIOp::create(builder, location, interior, interiorBytes);
    clear(position, end, dim.haloHigh);
    if (position == *innermostWithHalo)
      return;
    auto loop = mlir::scf::ForOp::create(builder, location, interior, end, stride);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    writeFrom(position + 1, loop.getInductionVar());
  }

  mlir::OpBuilder &builder;
  mlir::Location location;
  ExtentArithmetic extents;
  PhysicalShape shape;
  int64_t elementBytes;
  std::optional<size_t> innermostWithHalo;
  Value base;
};

class LowerFillHaloPass : public dlc::impl::LowerFillHaloBase<LowerFillHaloPass> {
  void runOnOperation() override {
    getOperation().walk([](FillHaloOp op) {
      mlir::OpBuilder builder(op);
      llvm::SmallVector<Value> symbols;
      for (Value symbol : op.getSymbols())
        symbols.push_back(mlir::arith::IndexCastOp::create(builder, op.getLoc(), builder.getI64Type(), symbol));
      HaloWriter(builder, op, symbols).write();
      op.erase();
    });
  }
};
} // namespace
