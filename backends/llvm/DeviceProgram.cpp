// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/DeviceProgram.h"
#include "backends/llvm/PoolCalls.h"
#include "dlc/abi.h"
#include "ir/Layout.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;
namespace memref = mlir::memref;

/// Calls `name` of the runtime with the scratch of the call and `operands`, all of them i64; `result` may be void.
static LLVM::CallOp callRuntime(HostEmitter emit, llvm::StringRef name, Value call, llvm::ArrayRef<Value> operands,
                                mlir::Type result) {
  auto module = emit.builder.getInsertionBlock()->getParentOp()->getParentOfType<mlir::ModuleOp>();
  if (!module.lookupSymbol(name)) {
    mlir::OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToEnd(module.getBody());
    llvm::SmallVector<mlir::Type> types(operands.size() + 1, emit.builder.getI64Type());
    types.front() = emit.pointerType();
    LLVM::LLVMFuncOp::create(emit.builder, emit.location, name, LLVM::LLVMFunctionType::get(result, types));
  }
  llvm::SmallVector<Value> all{emit.load(emit.pointerType(), call, offsetof(dlc_call, scratch))};
  all.append(operands.begin(), operands.end());
  bool isVoid = llvm::isa<LLVM::LLVMVoidType>(result);
  return LLVM::CallOp::create(emit.builder, emit.location, isVoid ? mlir::TypeRange() : mlir::TypeRange(result), name,
                              all);
}

static Value toInteger(HostEmitter emit, Value index) {
  return arith::IndexCastOp::create(emit.builder, emit.location, emit.builder.getI64Type(), index);
}

/// The address of element `index` of `buffer`, whose elements take `bytes` bytes; without `index` that of the first.
static Value getAddress(HostEmitter emit, Value buffer, Value index = {}, int64_t bytes = 1) {
  Value first =
      toInteger(emit, memref::ExtractAlignedPointerAsIndexOp::create(emit.builder, emit.location, buffer).getResult());
  if (!index)
    return first;
  Value offset = arith::MulIOp::create(emit.builder, emit.location, toInteger(emit, index), emit.i64(bytes));
  return arith::AddIOp::create(emit.builder, emit.location, first, offset);
}

static int64_t getBytes(memref::LoadOp load) { return getElementBytes(load.getMemRefType().getElementType()); }
static int64_t getBytes(memref::StoreOp store) { return getElementBytes(store.getMemRefType().getElementType()); }

Value dlc::loadFromDevice(HostEmitter emit, Value call, Value address, int64_t bytes) {
  return callRuntime(emit, "dlcDeviceLoad", call, {address, emit.i64(bytes)}, emit.builder.getI64Type()).getResult();
}

void dlc::lowerDeviceMemory(mlir::func::FuncOp function, Value call) {
  mlir::OpBuilder builder(function.getContext());
  mlir::Type nothing = LLVM::LLVMVoidType::get(builder.getContext()), i64 = builder.getI64Type();
  llvm::SmallVector<mlir::Operation *> accesses;
  function.walk([&](mlir::Operation *op) {
    if (llvm::isa<memref::CopyOp, memref::LoadOp, memref::StoreOp>(op))
      accesses.push_back(op);
  });
  for (mlir::Operation *op : accesses) {
    builder.setInsertionPoint(op);
    HostEmitter emit{builder, op->getLoc()};
    if (auto copy = llvm::dyn_cast<memref::CopyOp>(op)) {
      Value zero = arith::ConstantIndexOp::create(builder, op->getLoc(), 0);
      Value bytes = memref::DimOp::create(builder, op->getLoc(), copy.getSource(), zero);
      callRuntime(emit, "dlcDeviceCopy", call,
                  {getAddress(emit, copy.getTarget()), getAddress(emit, copy.getSource()), toInteger(emit, bytes)},
                  nothing);
    } else if (auto store = llvm::dyn_cast<memref::StoreOp>(op)) {
      Value value = store.getValueToStore(),
            address = getAddress(emit, store.getMemRef(), store.getIndices().front(), getBytes(store));
      if (value.getType() != i64)
        value = arith::ExtUIOp::create(builder, op->getLoc(), i64, value);
      callRuntime(emit, "dlcDeviceStore", call, {address, value, emit.i64(getBytes(store))}, nothing);
    } else {
      auto load = llvm::cast<memref::LoadOp>(op);
      Value value = loadFromDevice(
          emit, call, getAddress(emit, load.getMemRef(), load.getIndices().front(), getBytes(load)), getBytes(load));
      if (load.getType() != i64)
        value = arith::TruncIOp::create(builder, op->getLoc(), load.getType(), value);
      load.replaceAllUsesWith(value);
    }
    op->erase();
  }
}

void dlc::executeOnDevice(mlir::ModuleOp module, llvm::StringRef entry, int32_t number) {
  std::string name = (entry + ".execute").str();
  auto program = module.lookupSymbol<mlir::func::FuncOp>(name);
  assert(program && "every entry point has code");
  program.setName(name + ".device");
  program.setPrivate();
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  HostEmitter emit{builder, program.getLoc()};
  mlir::Type pointer = emit.pointerType(), i32 = builder.getI32Type();
  constexpr llvm::StringLiteral runtimeName = "dlcDeviceExecute";
  if (!module.lookupSymbol(runtimeName))
    LLVM::LLVMFuncOp::create(builder, emit.location, runtimeName,
                             LLVM::LLVMFunctionType::get(i32, {pointer, i32, pointer}));
  auto execute = mlir::func::FuncOp::create(builder, emit.location, name, builder.getFunctionType({pointer}, {i32}));
  builder.setInsertionPointToStart(execute.addEntryBlock());
  Value status =
      LLVM::CallOp::create(builder, emit.location, mlir::TypeRange{i32}, runtimeName,
                           mlir::ValueRange{execute.getArgument(0), emit.i32(number), takeAddress(emit, program)})
          .getResult();
  mlir::func::ReturnOp::create(builder, emit.location, status);
}
