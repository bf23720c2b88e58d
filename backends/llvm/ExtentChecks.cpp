// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentChecks.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HostEmitter.h"
#include "dlc/abi.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;

/// The runtime's function that says what does not hold.
static constexpr llvm::StringLiteral failName = "dlcFailExtent";

namespace {
/// A relation: the runtime's number of it (its ExtentRelation) and the comparison.
struct Relation {
  ExtentRelation relation;
  int32_t number;
  arith::CmpIPredicate predicate;
};
constexpr Relation relations[] = {{ExtentRelation::Equal, 0, arith::CmpIPredicate::eq},
                                  {ExtentRelation::AtLeast, 1, arith::CmpIPredicate::sge},
                                  {ExtentRelation::OtherThan, 2, arith::CmpIPredicate::ne}};
} // namespace

static LLVM::LLVMFuncOp declareFailure(mlir::ModuleOp module, HostEmitter emit) {
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(failName))
    return known;
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type();
  return LLVM::LLVMFuncOp::create(
      builder, emit.location, failName,
      LLVM::LLVMFunctionType::get(builder.getI32Type(), {pointer, pointer, builder.getI32Type(), i64, i64}));
}

/// The address of `text`, a constant of the library that ends with 0.
static Value addText(mlir::ModuleOp module, HostEmitter emit, const std::string &name, llvm::StringRef text) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  std::string bytes = text.str() + '\0';
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  auto global = LLVM::GlobalOp::create(builder, emit.location, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                       builder.getStringAttr(bytes));
  return LLVM::AddressOfOp::create(emit.builder, emit.location, global);
}

/// Emits `checks` over `symbols` at the end of the builder's block, which is then the one that a run is in which all
/// hold; `fail` ends the block of a run in which one does not, with the status.
static void emitChecks(mlir::func::FuncOp function, HostEmitter emit, Value call, mlir::ArrayAttr checks,
                       llvm::ArrayRef<Value> symbols, llvm::StringRef name,
                       llvm::function_ref<void(Value status)> fail) {
  mlir::OpBuilder &builder = emit.builder;
  auto module = function->getParentOfType<mlir::ModuleOp>();
  for (auto [number, check] : llvm::enumerate(checks.getAsRange<ExtentCheckAttr>())) {
    mlir::AffineMap values = check.getValues().getValue();
    ExtentArithmetic arithmetic(builder, emit.location, symbols);
    Value lhs = arithmetic.emit(values.getResult(0)), rhs = arithmetic.emit(values.getResult(1));
    const Relation *relation =
        llvm::find_if(relations, [&](const Relation &known) { return known.relation == check.getRelation(); });
    assert(relation != std::end(relations) && "every relation has a comparison");
    Value holds = arith::CmpIOp::create(builder, emit.location, relation->predicate, lhs, rhs);
    mlir::Block *failure = function.addBlock(), *next = function.addBlock();
    mlir::cf::CondBranchOp::create(builder, emit.location, holds, next, failure);
    builder.setInsertionPointToStart(failure);
    Value text = addText(module, emit, (name + llvm::Twine(number)).str(), check.getWhat().getValue());
    Value status = LLVM::CallOp::create(builder, emit.location, declareFailure(module, emit),
                                        mlir::ValueRange{call, text, emit.i32(relation->number), lhs, rhs})
                       .getResult();
    fail(status);
    builder.setInsertionPointToStart(next);
  }
}

void dlc::emitExtentChecks(mlir::func::FuncOp function, Value call) {
  ExtentChecksAttr all = annotation::extentChecks.get(function);
  if (!all)
    return;
  annotation::extentChecks.remove(function);
  mlir::Block *body = &function.front();
  // The checks are before everything, with blocks of their own.
  mlir::Block *rest = body->splitBlock(body->begin());
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(body);
  HostEmitter emit{builder, function.getLoc()};
  Value table = emit.load(emit.pointerType(), call, offsetof(dlc_call, symbols));
  unsigned count = 0;
  for (auto check : all.getChecks().getAsRange<ExtentCheckAttr>())
    count = std::max(count, check.getValues().getValue().getNumSymbols());
  llvm::SmallVector<Value> symbols;
  for (unsigned number = 0; number < count; ++number)
    symbols.push_back(emit.load(builder.getI64Type(), table, 8 * static_cast<int64_t>(number)));
  emitChecks(function, emit, call, all.getChecks(), symbols, (function.getName() + ".check").str(),
             [&](Value status) { mlir::func::ReturnOp::create(builder, emit.location, status); });
  mlir::cf::BranchOp::create(builder, emit.location, rest);
}

void dlc::lowerExtentChecks(CheckExtentsOp op, Value call, mlir::Block *leave) {
  auto function = op->getParentOfType<mlir::func::FuncOp>();
  mlir::Block *block = op->getBlock(), *rest = block->splitBlock(std::next(op->getIterator()));
  mlir::OpBuilder builder(op);
  HostEmitter emit{builder, op.getLoc()};
  llvm::SmallVector<Value> symbols;
  for (Value symbol : op.getSymbols())
    symbols.push_back(arith::IndexCastOp::create(builder, op.getLoc(), builder.getI64Type(), symbol));
  // Texts of several ops need different names.
  unsigned number = 0;
  auto module = function->getParentOfType<mlir::ModuleOp>();
  std::string prefix;
  do
    prefix = (function.getName() + ".branch" + llvm::Twine(number++) + ".check").str();
  while (module.lookupSymbol(prefix + "0"));
  emitChecks(function, emit, call, op.getChecks(), symbols, prefix,
             [&](Value status) { mlir::cf::BranchOp::create(builder, emit.location, leave, status); });
  mlir::cf::BranchOp::create(builder, emit.location, rest);
  op.erase();
}
