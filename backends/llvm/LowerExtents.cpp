// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-lower-extents"

namespace dlc {
#define GEN_PASS_DEF_LOWEREXTENTS
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;
using mlir::Value;

namespace {
/// The `affine.apply`s of one block that have the same operands.
class ExtentBlock {
public:
  ExtentBlock(mlir::OpBuilder &builder, mlir::affine::AffineApplyOp first)
      : builder(builder), location(first.getLoc()) {
    mlir::Type i64 = builder.getI64Type();
    for (Value operand : first.getMapOperands())
      symbols.push_back(mlir::arith::IndexCastOp::create(builder, location, i64, operand));
    arithmetic.emplace(builder, location, symbols);
  }

  void replace(mlir::affine::AffineApplyOp apply) {
    mlir::AffineMap map = apply.getAffineMap();
    // Dimensions and symbols are the same to arithmetic.
    llvm::SmallVector<mlir::AffineExpr> dims;
    for (unsigned i = 0; i < map.getNumDims(); ++i)
      dims.push_back(mlir::getAffineSymbolExpr(i, map.getContext()));
    mlir::AffineExpr expr = map.getResult(0).shiftSymbols(map.getNumSymbols(), map.getNumDims()).replaceDims(dims);
    Value result = arithmetic->emit(expr);
    apply.replaceAllUsesWith(
        mlir::arith::IndexCastOp::create(builder, location, builder.getIndexType(), result).getResult());
    apply.erase();
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location location;
  llvm::SmallVector<Value> symbols;
  std::optional<ExtentArithmetic> arithmetic;
};

class LowerExtents final : public impl::LowerExtentsBase<LowerExtents> {
  void runOnOperation() override {
    // A block's ops are visited in order, so that what is emitted for one is before the next.
    llvm::MapVector<mlir::Block *, llvm::SmallVector<mlir::affine::AffineApplyOp>> blocks;
    getOperation().walk([&](mlir::affine::AffineApplyOp apply) { blocks[apply->getBlock()].push_back(apply); });
    mlir::OpBuilder builder(&getContext());
    for (auto &[block, applies] : blocks) {
      llvm::SmallVector<std::pair<llvm::SmallVector<Value>, std::unique_ptr<ExtentBlock>>> known;
      for (mlir::affine::AffineApplyOp apply : applies) {
        builder.setInsertionPoint(apply);
        llvm::SmallVector<Value> operands(apply.getMapOperands());
        auto *same = llvm::find_if(known, [&](const auto &entry) { return entry.first == operands; });
        if (same == known.end()) {
          known.emplace_back(operands, std::make_unique<ExtentBlock>(builder, apply));
          same = &known.back();
        }
        same->second->replace(apply);
      }
    }
  }
};
} // namespace
