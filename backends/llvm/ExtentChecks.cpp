// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentChecks.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HostEmitter.h"
#include "dlc/abi.h"
#include "ir/OpsProgram.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;

/// The runtime's function that says what does not hold.
static constexpr llvm::StringLiteral failName = "dlcFailExtent";

namespace {
/// A kind of check: the runtime's number of it (its ExtentRelation) and the comparison.
struct Relation {
  llvm::StringLiteral kind;
  int32_t number;
  arith::CmpIPredicate predicate;
};
constexpr Relation relations[] = {{"equal", 0, arith::CmpIPredicate::eq},
                                  {"at_least", 1, arith::CmpIPredicate::sge},
                                  {"other_than", 2, arith::CmpIPredicate::ne},
                                  {"at_most", 3, arith::CmpIPredicate::sle}};
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

namespace {
/// Lowers the extents of one entry point.
class ExtentLowering {
public:
  ExtentLowering(mlir::func::FuncOp function, Value call)
      : function(function), module(function->getParentOfType<mlir::ModuleOp>()), call(call) {
    function.walk([&](mlir::Operation *op) {
      if (auto read = llvm::dyn_cast<ReadExtentOp>(op))
        reads.push_back(read);
      else if (auto reserve = llvm::dyn_cast<ReserveOp>(op))
        reserves.push_back(reserve);
    });
    for (ReadExtentOp op : reads)
      unread.insert(op.getNumber());
    if (auto all = function->getAttrOfType<mlir::ArrayAttr>("dlc.extent_checks"))
      checks.assign(all.begin(), all.end());
    function->removeAttr("dlc.extent_checks");
  }

  void run() {
    if (!checks.empty())
      emitChecks(&function.front().front());
    for (ReadExtentOp op : reads)
      read(op);
    for (ReserveOp op : reserves)
      reserve(op);
  }

private:
  /// Emits, before `op`, those checks that depend on no extent that is unread, and drops them.
  void emitChecks(mlir::Operation *op) {
    llvm::SmallVector<mlir::DictionaryAttr> ready;
    llvm::erase_if(checks, [&](mlir::Attribute attribute) {
      auto check = llvm::cast<mlir::DictionaryAttr>(attribute);
      bool waits = false;
      for (mlir::AffineExpr value : check.getAs<mlir::AffineMapAttr>("values").getValue().getResults())
        value.walk([&](mlir::AffineExpr part) {
          auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(part);
          waits |= symbol && unread.contains(symbol.getPosition());
        });
      if (!waits)
        ready.push_back(check);
      return !waits;
    });
    if (ready.empty())
      return;
    Values values(*this, op);
    for (mlir::DictionaryAttr check : ready) {
      mlir::AffineMap map = check.getAs<mlir::AffineMapAttr>("values").getValue();
      Value lhs = values.emit(map.getResult(0)), rhs = values.emit(map.getResult(1));
      llvm::StringRef kind = check.getAs<mlir::StringAttr>("kind").getValue();
      const Relation *relation = llvm::find_if(relations, [&](const Relation &known) { return known.kind == kind; });
      assert(relation != std::end(relations) && "--dlc-check-extents writes no other kinds");
      values.expect(*relation, lhs, rhs, check.getAs<mlir::StringAttr>("what").getValue());
    }
  }

  /// Takes the extent from the buffer to the symbols of the call, from which `output_shapes` is computed after the run.
  void read(ReadExtentOp op) {
    Values values(*this, op);
    HostEmitter emit = values.getEmitter();
    mlir::Type i64 = emit.builder.getI64Type();
    Value address = arith::IndexCastOp::create(
        emit.builder, emit.location, i64,
        mlir::memref::ExtractAlignedPointerAsIndexOp::create(emit.builder, emit.location, op.getBuffer()));
    Value extent =
        emit.load(i64, LLVM::IntToPtrOp::create(emit.builder, emit.location, emit.pointerType(), address), 0);
    Value bound = emit.i64(std::numeric_limits<int32_t>::max());
    if (op.getBound())
      bound = arith::IndexCastOp::create(emit.builder, emit.location, i64, op.getBound());
    values.expect(getRelation("at_least"), extent, emit.i64(0), op.getName());
    values.expect(getRelation("at_most"), extent, bound, op.getName());
    Value symbols = values.getEmitter().load(emit.pointerType(), call, offsetof(dlc_call, symbols));
    values.getEmitter().store(extent, symbols, 8 * static_cast<int64_t>(op.getNumber()));
    op.getExtent().replaceAllUsesWith(
        arith::IndexCastOp::create(emit.builder, emit.location, emit.builder.getIndexType(), extent));
    unread.erase(op.getNumber());
    emitChecks(op);
    op.erase();
  }

  /// Asks the runtime for memory.
  void reserve(ReserveOp op) {
    mlir::OpBuilder builder(op);
    HostEmitter emit{builder, op.getLoc()};
    mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type(), i32 = builder.getI32Type();
    llvm::SmallVector<Value> symbols;
    for (Value symbol : op.getSymbols())
      symbols.push_back(arith::IndexCastOp::create(builder, op.getLoc(), i64, symbol));
    ExtentArithmetic arithmetic(builder, op.getLoc(), symbols);
    arithmetic.watchOverflow();
    Value bytes = arithmetic.emit(op.getBytes().getResult(0));
    bytes = arith::SelectOp::create(builder, op.getLoc(), arithmetic.overflowed(), emit.i64(-1), bytes);
    Value services = emit.load(pointer, call, offsetof(dlc_call, services)),
          reserve = emit.load(pointer, services, offsetof(dlc_services, reserve));
    auto type = LLVM::LLVMFunctionType::get(pointer, {pointer, i32, i64});
    Value memory =
        LLVM::CallOp::create(builder, op.getLoc(), type,
                             mlir::ValueRange{reserve, call, emit.i32(static_cast<int32_t>(op.getSegment())), bytes})
            .getResult();
    if (std::optional<uint64_t> output = op.getOutput()) {
      Value tensors = emit.load(pointer, call, offsetof(dlc_call, tensors));
      emit.store(memory, tensors, 8 * static_cast<int64_t>(*output));
    }
    op.getMemory().replaceAllUsesWith(emit.toBuffer(memory, op.getMemory().getType()));
    Value null = LLVM::ZeroOp::create(builder, op.getLoc(), pointer);
    Value isThere = LLVM::ICmpOp::create(builder, op.getLoc(), LLVM::ICmpPredicate::ne, memory, null);
    mlir::Block *before = op->getBlock(), *rest = before->splitBlock(op->getIterator()), *fail = function.addBlock();
    builder.setInsertionPointToEnd(before);
    mlir::cf::CondBranchOp::create(builder, op.getLoc(), isThere, rest, fail);
    builder.setInsertionPointToStart(fail);
    mlir::func::ReturnOp::create(builder, op.getLoc(), HostEmitter{builder, op.getLoc()}.i32(DLC_ERROR_OUT_OF_MEMORY));
    op.erase();
  }

  static const Relation &getRelation(llvm::StringRef kind) {
    return *llvm::find_if(relations, [&](const Relation &known) { return known.kind == kind; });
  }

  /// Numbers and conditions before an op, whose block they split.
  class Values {
  public:
    Values(ExtentLowering &lowering, mlir::Operation *op)
        : lowering(lowering), op(op), builder(op), location(op->getLoc()) {}

    HostEmitter getEmitter() { return {builder, location}; }

    Value emit(mlir::AffineExpr expr) {
      // Loads are where they are needed: an extent that is read back has no value before.
      llvm::SmallVector<Value> symbols;
      expr.walk([&](mlir::AffineExpr part) {
        auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(part);
        if (!symbol)
          return;
        symbols.resize(std::max<size_t>(symbols.size(), symbol.getPosition() + 1));
        if (Value &value = symbols[symbol.getPosition()]; !value) {
          if (!table)
            table = getEmitter().load(getEmitter().pointerType(), lowering.call, offsetof(dlc_call, symbols));
          Value &known = loaded[symbol.getPosition()];
          if (!known)
            known = getEmitter().load(builder.getI64Type(), table, 8 * static_cast<int64_t>(symbol.getPosition()));
          value = known;
        }
      });
      return ExtentArithmetic(builder, location, symbols).emit(expr);
    }

    /// What comes next runs only where the relation holds.
    void expect(const Relation &relation, Value lhs, Value rhs, llvm::StringRef what) {
      mlir::func::FuncOp function = lowering.function;
      Value holds = arith::CmpIOp::create(builder, location, relation.predicate, lhs, rhs);
      mlir::Block *before = op->getBlock(), *rest = before->splitBlock(op->getIterator()), *fail = function.addBlock();
      builder.setInsertionPointToEnd(before);
      mlir::cf::CondBranchOp::create(builder, location, holds, rest, fail);
      builder.setInsertionPointToStart(fail);
      HostEmitter emit = getEmitter();
      Value text = addText(lowering.module, emit,
                           (function.getName() + ".check" + llvm::Twine(lowering.failures++)).str(), what);
      Value status = LLVM::CallOp::create(builder, location, declareFailure(lowering.module, emit),
                                          mlir::ValueRange{lowering.call, text, emit.i32(relation.number), lhs, rhs})
                         .getResult();
      mlir::func::ReturnOp::create(builder, location, status);
      builder.setInsertionPoint(op);
    }

  private:
    ExtentLowering &lowering;
    mlir::Operation *op;
    mlir::OpBuilder builder;
    mlir::Location location;
    Value table;
    llvm::SmallDenseMap<unsigned, Value> loaded;
  };

  mlir::func::FuncOp function;
  mlir::ModuleOp module;
  Value call;
  llvm::SmallVector<ReserveOp> reserves;
  llvm::SmallVector<ReadExtentOp> reads; ///< in the order of the program
  llvm::SmallDenseSet<int64_t> unread;   ///< numbers of symbols
  llvm::SmallVector<mlir::Attribute> checks;
  unsigned failures = 0;
};
} // namespace

void dlc::lowerExtents(mlir::func::FuncOp function, Value call) { ExtentLowering(function, call).run(); }
