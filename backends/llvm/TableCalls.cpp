// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/TableCalls.h"
#include "backends/llvm/PoolCalls.h"
#include "ir/OpsProgram.h"

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;

/// The runtime's function that runs tables of launches.
static constexpr llvm::StringLiteral runLaunchesName = "dlcRunLaunches";

/// A constant of the library that holds `numbers`; its address.
template <typename Number>
static Value addNumbers(HostEmitter emit, mlir::ModuleOp module, const std::string &name,
                        llvm::ArrayRef<Number> numbers) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Type element = builder.getIntegerType(8 * sizeof(Number));
  auto shape = mlir::RankedTensorType::get(static_cast<int64_t>(numbers.size()), element);
  auto global = LLVM::GlobalOp::create(builder, emit.location, LLVM::LLVMArrayType::get(element, numbers.size()),
                                       /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                       mlir::DenseElementsAttr::get(shape, numbers), /*alignment=*/8);
  return LLVM::AddressOfOp::create(emit.builder, emit.location, global);
}

/// Memory for `count` words in the frame of the function around the emitter's position.
static Value reserve(HostEmitter emit, size_t count) {
  mlir::OpBuilder::InsertionGuard guard(emit.builder);
  auto function = emit.builder.getBlock()->getParent()->getParentOfType<mlir::func::FuncOp>();
  emit.builder.setInsertionPointToStart(&function.front());
  return LLVM::AllocaOp::create(emit.builder, emit.location, emit.pointerType(), emit.builder.getI64Type(),
                                emit.i64(static_cast<int64_t>(std::max<size_t>(count, 1))), /*alignment=*/8);
}

Value dlc::callTable(HostEmitter emit, LaunchTableOp table, Value call, llvm::ArrayRef<mlir::func::FuncOp> functions,
                     const std::string &name) {
  auto module = table->getParentOfType<mlir::ModuleOp>();
  Value addresses = reserve(emit, functions.size());
  for (auto [number, function] : llvm::enumerate(functions))
    emit.store(takeAddress(emit, function), addresses, 8 * static_cast<int64_t>(number));
  // Values without a term refer to the first one, too.
  Value terms = reserve(emit, table.getTerms().size());
  if (table.getTerms().empty())
    emit.store(emit.i64(0), terms, 0);
  for (auto [number, term] : llvm::enumerate(table.getTerms()))
    storeArgument(emit, term, terms, 8 * static_cast<int64_t>(number));
  Value arguments = reserve(emit, table.getLargest());

  Value words = addNumbers(emit, module, name, table.getWords()),
        values = addNumbers(emit, module, name + ".values", table.getValues());
  mlir::Type pointer = emit.pointerType(), i32 = emit.builder.getI32Type(), i64 = emit.builder.getI64Type();
  if (!module.lookupSymbol(runLaunchesName)) {
    mlir::OpBuilder declaration = mlir::OpBuilder::atBlockEnd(module.getBody());
    LLVM::LLVMFuncOp::create(
        declaration, emit.location, runLaunchesName,
        LLVM::LLVMFunctionType::get(i32, {pointer, i64, pointer, pointer, pointer, pointer, pointer, pointer}));
  }
  auto inRanges = module.lookupSymbol<mlir::func::FuncOp>(inRangesName);
  return LLVM::CallOp::create(emit.builder, emit.location, mlir::TypeRange{i32}, runLaunchesName,
                              mlir::ValueRange{call, emit.i64(static_cast<int64_t>(table.getCount())), words, values,
                                               addresses, terms, arguments, takeAddress(emit, inRanges)})
      .getResult();
}
