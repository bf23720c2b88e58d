// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ExtentChecks.h"
#include "backends/llvm/DeviceProgram.h"
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
                                  {ExtentRelation::OtherThan, 2, arith::CmpIPredicate::ne},
                                  {ExtentRelation::AtMost, 3, arith::CmpIPredicate::sle}};
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

static const Relation &getRelation(ExtentRelation relation) {
  const Relation *found = llvm::find_if(relations, [&](const Relation &known) { return known.relation == relation; });
  assert(found != std::end(relations) && "every relation has a comparison");
  return *found;
}

/// Emits what the failure of a relation between `lhs` and `rhs` that `what` needs makes of a run: the runtime's
/// message, whose text is the constant `name`, and its status, which is returned.
static Value emitFailure(mlir::ModuleOp module, HostEmitter emit, Value call, const Relation &relation, Value lhs,
                         Value rhs, const std::string &name, llvm::StringRef what) {
  Value text = addText(module, emit, name, what);
  return LLVM::CallOp::create(emit.builder, emit.location, declareFailure(module, emit),
                              mlir::ValueRange{call, text, emit.i32(relation.number), lhs, rhs})
      .getResult();
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
    const Relation &relation = getRelation(check.getRelation());
    Value holds = arith::CmpIOp::create(builder, emit.location, relation.predicate, lhs, rhs);
    mlir::Block *failure = function.addBlock(), *next = function.addBlock();
    mlir::cf::CondBranchOp::create(builder, emit.location, holds, next, failure);
    builder.setInsertionPointToStart(failure);
    fail(emitFailure(module, emit, call, relation, lhs, rhs, (name + llvm::Twine(number)).str(),
                     check.getWhat().getValue()));
    builder.setInsertionPointToStart(next);
  }
}

void dlc::lowerExtentChecks(CheckExtentsOp op, Value call, mlir::Block *exitBlock) {
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
             [&](Value status) { mlir::cf::BranchOp::create(builder, emit.location, exitBlock, status); });
  mlir::cf::BranchOp::create(builder, emit.location, rest);
  op.erase();
}

namespace {
/// Lowers the extents of one entry point.
class ExtentLowering {
public:
  ExtentLowering(mlir::func::FuncOp function, Value call, bool onDevice)
      : function(function), module(function->getParentOfType<mlir::ModuleOp>()), call(call), onDevice(onDevice) {
    function.walk([&](mlir::Operation *op) {
      if (auto read = llvm::dyn_cast<ReadExtentOp>(op))
        reads.push_back(read);
      else if (auto reserve = llvm::dyn_cast<ReserveOp>(op))
        reserves.push_back(reserve);
    });
    for (ReadExtentOp op : reads)
      unread.insert(op.getNumber());
    if (ExtentChecksAttr all = annotation::extentChecks.get(function))
      llvm::append_range(checks, all.getChecks().getAsRange<ExtentCheckAttr>());
    annotation::extentChecks.remove(function);
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
    llvm::SmallVector<ExtentCheckAttr> ready;
    llvm::erase_if(checks, [&](ExtentCheckAttr check) {
      bool waits = false;
      for (mlir::AffineExpr value : check.getValues().getValue().getResults())
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
    for (ExtentCheckAttr check : ready) {
      mlir::AffineMap map = check.getValues().getValue();
      Value lhs = values.emit(map.getResult(0)), rhs = values.emit(map.getResult(1));
      values.expect(getRelation(check.getRelation()), lhs, rhs, check.getWhat().getValue());
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
        onDevice
            ? loadFromDevice(emit, call, address, 8)
            : emit.load(i64, LLVM::IntToPtrOp::create(emit.builder, emit.location, emit.pointerType(), address), 0);
    Value bound = emit.i64(std::numeric_limits<int32_t>::max());
    if (op.getBound())
      bound = arith::IndexCastOp::create(emit.builder, emit.location, i64, op.getBound());
    values.expect(getRelation(ExtentRelation::AtLeast), extent, emit.i64(0), op.getName());
    values.expect(getRelation(ExtentRelation::AtMost), extent, bound, op.getName());
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
      std::string name = (function.getName() + ".check" + llvm::Twine(lowering.failures++)).str();
      mlir::func::ReturnOp::create(
          builder, location, emitFailure(lowering.module, getEmitter(), lowering.call, relation, lhs, rhs, name, what));
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
  bool onDevice;
  llvm::SmallVector<ReserveOp> reserves;
  llvm::SmallVector<ReadExtentOp> reads; ///< in the order of the program
  llvm::SmallDenseSet<int64_t> unread;   ///< numbers of symbols
  llvm::SmallVector<ExtentCheckAttr> checks;
  unsigned failures = 0;
};
} // namespace

void dlc::lowerExtents(mlir::func::FuncOp function, Value call, bool onDevice) {
  ExtentLowering(function, call, onDevice).run();
}
