// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/SizeFunctions.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HostEmitter.h"
#include "ir/ExtentBounds.h"

using namespace dlc;
using mlir::Value;
namespace arith = mlir::arith;

void dlc::createSizeFunctions(mlir::ModuleOp module, const EntryDescription &entry, mlir::Location location) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  HostEmitter emit{builder, location};
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type();
  auto create = [&](llvm::StringRef suffix, mlir::FunctionType type, llvm::SmallVectorImpl<Value> &symbols) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = mlir::func::FuncOp::create(builder, location, entry.name + suffix.str(), type);
    builder.setInsertionPointToStart(function.addEntryBlock());
    for (size_t i = 0; i < entry.symbols.size(); ++i)
      symbols.push_back(emit.load(i64, function.getArgument(0), 8 * i));
    return function;
  };
  {
    llvm::SmallVector<Value> symbols;
    create(".workspace_bytes", builder.getFunctionType({pointer}, i64), symbols);
    ExtentArithmetic arithmetic(builder, location, symbols);
    arithmetic.watchOverflow();
    Value bytes = arithmetic.emit(entry.workspaceBytes.getResult(0));
    Value result = arith::SelectOp::create(builder, location, arithmetic.overflowed(), emit.i64(-1), bytes);
    mlir::func::ReturnOp::create(builder, location, result);
  }
  if (!entry.computesShapes())
    return;
  llvm::SmallVector<Value> symbols;
  auto shapes = create(".output_shapes", builder.getFunctionType({pointer, pointer}, {}), symbols);
  ExtentArithmetic arithmetic(builder, location, symbols);
  llvm::SmallVector<mlir::AffineExpr> bounds = entry.getBounds();
  // Before a run, what it will compute is -1, and an extent that depends on that is as large as it can become, or -1 if
  // it has no bound. What a branch computes that is not taken stays -1.
  auto isKnown = [&](mlir::AffineExpr dim) {
    Value known;
    for (auto [number, symbol, value] : llvm::enumerate(entry.symbols, symbols))
      if (symbol.bound && dim.isFunctionOfSymbol(number)) {
        Value own = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sge, value, emit.i64(0));
        known = known ? arith::AndIOp::create(builder, location, known, own).getResult() : own;
      }
    return known;
  };
  int64_t position = 0;
  for (const TensorDescription &output : entry.outputs)
    for (mlir::AffineExpr dim : output.dims) {
      Value extent = arithmetic.emit(dim);
      if (isDerived(dim, bounds)) {
        Value most = isUnbounded(dim, bounds) ? emit.i64(-1) : arithmetic.emit(boundAbove(dim, bounds));
        extent = arith::SelectOp::create(builder, location, isKnown(dim), extent, most);
      }
      emit.store(extent, shapes.getArgument(1), position);
      position += 8;
    }
  mlir::func::ReturnOp::create(builder, location);
}
