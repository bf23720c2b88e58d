// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/PoolCalls.h"
#include "backends/llvm/LaunchCost.h"
#include "dlc/abi.h"
#include "ir/OpsConstant.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;

Value dlc::storeArgument(HostEmitter emit, Value value, Value block, int64_t position) {
  if (llvm::isa<mlir::MemRefType>(value.getType()))
    value = mlir::memref::ExtractAlignedPointerAsIndexOp::create(emit.builder, emit.location, value);
  Value number = arith::IndexCastOp::create(emit.builder, emit.location, emit.builder.getI64Type(), value);
  emit.store(number, block, position);
  return number;
}

Value dlc::takeAddress(HostEmitter emit, mlir::func::FuncOp task) {
  Value function =
      mlir::func::ConstantOp::create(emit.builder, emit.location, task.getFunctionType(), task.getSymName());
  return mlir::UnrealizedConversionCastOp::create(emit.builder, emit.location, emit.pointerType(), function)
      .getResult(0);
}

Value dlc::runInPool(HostEmitter emit, Value call, Value task, Value arguments, Value extent, Value range) {
  mlir::Type pointer = emit.pointerType(), i64 = emit.builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(emit.builder.getI32Type(), {pointer, pointer, pointer, i64, i64});
  Value services = emit.load(pointer, call, offsetof(dlc_call, services)),
        parallelFor = emit.load(pointer, services, offsetof(dlc_services, parallel_for));
  return LLVM::CallOp::create(emit.builder, emit.location, type,
                              mlir::ValueRange{parallelFor, call, task, arguments, extent, range})
      .getResult();
}

void dlc::createInRanges(mlir::ModuleOp module) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Location location = builder.getUnknownLoc();
  HostEmitter emit{builder, location};
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type(), i32 = builder.getI32Type();
  auto function = mlir::func::FuncOp::create(builder, location, inRangesName,
                                             builder.getFunctionType({pointer, pointer, pointer, i64, i64, i64}, i32));
  function.setPrivate();
  mlir::Block *entry = function.addEntryBlock(), *whole = function.addBlock(), *ranges = function.addBlock();
  Value theCall = entry->getArgument(0), task = entry->getArgument(1), arguments = entry->getArgument(2),
        extent = entry->getArgument(3), grain = entry->getArgument(4), nanoseconds = entry->getArgument(5);

  builder.setInsertionPointToStart(entry);
  Value isShort = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::slt, nanoseconds,
                                        emit.i64(parallelThresholdNanoseconds));
  Value isOneGrain = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sle, extent, grain);
  Value isAlone = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq,
                                        emit.load(i32, theCall, offsetof(dlc_call, threads)), emit.i32(1));
  Value isWhole =
      arith::OrIOp::create(builder, location, isShort, arith::OrIOp::create(builder, location, isOneGrain, isAlone));
  mlir::cf::CondBranchOp::create(builder, location, isWhole, whole, ranges);

  builder.setInsertionPointToStart(whole);
  auto taskType = LLVM::LLVMFunctionType::get(i32, {pointer, i64, i64, pointer});
  Value scratch = emit.load(pointer, theCall, offsetof(dlc_call, scratch));
  auto direct = LLVM::CallOp::create(builder, location, taskType,
                                     mlir::ValueRange{task, arguments, emit.i64(0), extent, scratch});
  mlir::func::ReturnOp::create(builder, location, direct.getResult());

  builder.setInsertionPointToStart(ranges);
  // nanoseconds >= threshold > grainNanoseconds here, so that there is at least one range.
  Value count = arith::DivSIOp::create(builder, location, nanoseconds, emit.i64(grainNanoseconds));
  Value length = arith::DivSIOp::create(builder, location, extent, count);
  Value grains =
      arith::AddIOp::create(builder, location, arith::DivSIOp::create(builder, location, length, grain), emit.i64(1));
  Value range = arith::MulIOp::create(builder, location, grains, grain);
  mlir::func::ReturnOp::create(builder, location, runInPool(emit, theCall, task, arguments, extent, range));
}
