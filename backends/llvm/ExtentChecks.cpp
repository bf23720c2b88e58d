// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentChecks.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HostEmitter.h"
#include "dlc/abi.h"
#include "ir/Annotations.h"
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

void dlc::emitExtentChecks(mlir::func::FuncOp function, Value call) {
  ExtentChecksAttr all = annotation::extentChecks.get(function);
  if (!all)
    return;
  annotation::extentChecks.remove(function);
  auto module = function->getParentOfType<mlir::ModuleOp>();
  mlir::Block *body = &function.front();
  // The checks are before everything, with blocks of their own.
  mlir::Block *rest = body->splitBlock(body->begin());
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(body);
  HostEmitter emit{builder, function.getLoc()};
  Value table = emit.load(emit.pointerType(), call, offsetof(dlc_call, symbols));
  llvm::SmallVector<Value> symbols;
  for (auto [number, check] : llvm::enumerate(all.getChecks().getAsRange<ExtentCheckAttr>())) {
    mlir::AffineMap values = check.getValues().getValue();
    while (symbols.size() < values.getNumSymbols())
      symbols.push_back(emit.load(builder.getI64Type(), table, 8 * static_cast<int64_t>(symbols.size())));
    ExtentArithmetic arithmetic(builder, emit.location, symbols);
    Value lhs = arithmetic.emit(values.getResult(0)), rhs = arithmetic.emit(values.getResult(1));
    const Relation *relation =
        llvm::find_if(relations, [&](const Relation &known) { return known.relation == check.getRelation(); });
    assert(relation != std::end(relations) && "every relation has a comparison");
    Value holds = arith::CmpIOp::create(builder, emit.location, relation->predicate, lhs, rhs);
    mlir::Block *fail = function.addBlock(), *next = function.addBlock();
    mlir::cf::CondBranchOp::create(builder, emit.location, holds, next, fail);
    builder.setInsertionPointToStart(fail);
    Value text =
        addText(module, emit, (function.getName() + ".check" + llvm::Twine(number)).str(), check.getWhat().getValue());
    Value status = LLVM::CallOp::create(builder, emit.location, declareFailure(module, emit),
                                        mlir::ValueRange{call, text, emit.i32(relation->number), lhs, rhs})
                       .getResult();
    mlir::func::ReturnOp::create(builder, emit.location, status);
    builder.setInsertionPointToStart(next);
  }
  mlir::cf::BranchOp::create(builder, emit.location, rest);
}
