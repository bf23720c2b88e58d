// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsSize.h"
#include "ir/SignatureBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#define DEBUG_TYPE "dlc-outline-loops"

namespace dlc {
#define GEN_PASS_DEF_OUTLINELOOPS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Work on constants and parameters alone, which steps repeat instead of capturing its result: passes on a step's
/// function see it there, and it is done before any run.
class ConstantWork {
public:
  explicit ConstantWork(func::FuncOp function) {
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { numbers.try_emplace(op, numbers.size()); });
  }

  /// Whether `a` comes before `b` in the function, both as it was in the beginning.
  bool isBefore(Operation *a, Operation *b) const { return numbers.at(a) < numbers.at(b); }

  /// `value` and what it depends on, operands before users, if that is constant work; nothing otherwise.
  llvm::ArrayRef<Operation *> find(Value value) {
    auto [found, isNew] = known.try_emplace(value);
    if (isNew) {
      llvm::SetVector<Operation *> work;
      if (succeeded(collect(value, work)))
        known[value] = work.takeVector();
    }
    return known[value];
  }

private:
  static LogicalResult collect(Value value, llvm::SetVector<Operation *> &work) {
    llvm::SmallVector<Value> pending{value};
    llvm::SmallPtrSet<Operation *, 8> entered;
    while (!pending.empty()) {
      Operation *op = pending.back().getDefiningOp();
      if (!op)
        return failure();
      bool isSource = llvm::isa<dlc::ConstantOp, dlc::LoadParameterOp>(op);
      if (!isSource &&
          !(llvm::isa<dlc::DimensionOpInterface>(op) && op->getNumOperands() > 0 && isMemoryEffectFree(op)))
        return failure();
      if (!isSource && entered.insert(op).second) {
        llvm::append_range(pending, llvm::reverse(op->getOperands()));
        continue;
      }
      work.insert(op);
      pending.pop_back();
    }
    return success();
  }

  llvm::DenseMap<Operation *, size_t> numbers;
  llvm::DenseMap<Value, llvm::SmallVector<Operation *>> known;
};

class OutlineLoops final : public dlc::impl::OutlineLoopsBase<OutlineLoops> {
  void runOnOperation() override {
    dlc::UniqueNames names;
    llvm::StringSet<> taken;
    for (auto symbol : getOperation().getOps<SymbolOpInterface>())
      taken.insert(symbol.getName());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      FailureOr<dlc::SymbolicShapes> &shapes = getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
      if (failed(shapes))
        return signalPassFailure();
      ConstantWork constants(function);
      // Inner loops come first.
      function.walk([&](dlc::LoopOp loop) {
        std::string name =
            names.make(makeName(function, loop), [&](llvm::StringRef tried) { return taken.contains(tried); });
        taken.insert(name);
        outline(function, loop, name, constants, *shapes);
      });
    }
  }

  /// `FUNCTION.LAYER`, as an identifier.
  static std::string makeName(func::FuncOp function, dlc::LoopOp loop) {
    std::string layer = dlc::getLayerName(loop.getLoc()), name = (function.getName() + ".").str();
    for (char c : layer.empty() ? "loop" : layer)
      name += llvm::isAlnum(c) || c == '.' ? c : '_';
    return name;
  }

  /// Inner loops have been outlined before.
  static void outline(func::FuncOp function, dlc::LoopOp loop, llvm::StringRef name, ConstantWork &constants,
                      const dlc::SymbolicShapes &shapes) {
    OpBuilder builder(function);
    auto step = func::FuncOp::create(builder, loop.getLoc(), name, builder.getFunctionType({}, {}));
    step.setPrivate();
    step.getBody().takeBody(loop.getRegion());
    llvm::SmallVector<Value> captures = capture(step, constants);
    describe(step, loop, captures, shapes);
    auto next = llvm::cast<dlc::NextOp>(step.getBody().front().getTerminator());
    builder.setInsertionPoint(next);
    func::ReturnOp::create(builder, next.getLoc(), next.getValues());
    next.erase();
    builder.setInsertionPoint(loop);
    auto outlined = dlc::OutlinedLoopOp::create(builder, loop.getLoc(), loop.getResultTypes(), name,
                                                loop.getInitialValues(), loop.getScanInputs(), captures,
                                                loop.getTripCountAttr(), loop.getReverse(), loop.getStops());
    outlined->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    llvm::SmallVector<Attribute> slices;
    for (Value output : loop.getScanOutputs()) {
      llvm::ArrayRef<AffineExpr> dims = shapes.getDims(output).drop_front();
      slices.push_back(AffineMapAttr::get(AffineMap::get(0, shapes.getSymbols().size(), dims, step.getContext())));
    }
    if (!slices.empty()) {
      dlc::annotation::scanExtents.set(outlined, dlc::ScanExtentsAttr::get(step.getContext(),
                                                                           dlc::annotation::step.get(step).getSymbols(),
                                                                           builder.getArrayAttr(slices)));
    }
    loop->replaceAllUsesWith(outlined);
    loop.erase();
  }

  /// Gives `step` its type, the extents of its arguments, and the numbers of its kinds of results.
  static void describe(func::FuncOp step, dlc::LoopOp loop, llvm::ArrayRef<Value> captures,
                       const dlc::SymbolicShapes &shapes) {
    Builder builder(step.getContext());
    Block &block = step.getBody().front();
    step.setType(builder.getFunctionType(block.getArgumentTypes(), block.getTerminator()->getOperandTypes()));
    llvm::SmallVector<StringRef> symbols(shapes.getSymbols().begin(), shapes.getSymbols().end());
    dlc::annotation::step.set(step,
                              dlc::LoopStepAttr::get(step.getContext(), builder.getStrArrayAttr(symbols),
                                                     loop.getInitialValues().size(), loop.getScanOutputs().size()));
    unsigned firstCapture = block.getNumArguments() - captures.size();
    dlc::SignatureBuilder signature(step);
    for (BlockArgument argument : block.getArguments()) {
      unsigned number = argument.getArgNumber();
      Value described = number < firstCapture ? Value(argument) : captures[number - firstCapture];
      AffineMap dims = AffineMap::get(0, symbols.size(), shapes.getDims(described), step.getContext());
      dlc::annotation::extents.setOfArgument(signature, number, AffineMapAttr::get(dims));
    }
    signature.finish();
  }

  /// Replaces outer values in `step` by new arguments or copies of constant work; returns the values of the arguments.
  static llvm::SmallVector<Value> capture(func::FuncOp step, ConstantWork &constants) {
    Block &block = step.getBody().front();
    llvm::SetVector<Value> captures;
    llvm::SetVector<Operation *> repeated;
    for (Operation &op : block) {
      llvm::SmallVector<Value> pending(llvm::reverse(op.getOperands()));
      while (!pending.empty()) {
        Value outer = pending.pop_back_val();
        if (outer.getParentBlock() == &block)
          continue;
        llvm::ArrayRef<Operation *> work = constants.find(outer);
        repeated.insert(work.begin(), work.end());
        if (!work.empty())
          continue;
        // A shape has no memory that a step could read; its operands have.
        auto shape = outer.getDefiningOp<dlc::ShapeOp>();
        if (!shape)
          captures.insert(outer);
        else if (repeated.insert(shape))
          llvm::append_range(pending, llvm::reverse(shape.getOperands()));
      }
    }
    // In the order that they have around the loop.
    llvm::SmallVector<Operation *> work = repeated.takeVector();
    llvm::sort(work, [&](Operation *a, Operation *b) { return constants.isBefore(a, b); });
    IRMapping inside;
    for (Value outer : captures)
      inside.map(outer, block.addArgument(outer.getType(), outer.getLoc()));
    llvm::SmallVector<Operation *> ops(llvm::make_pointer_range(block));
    OpBuilder builder = OpBuilder::atBlockBegin(&block);
    for (Operation *op : work)
      builder.clone(*op, inside);
    for (Operation *op : ops)
      for (OpOperand &operand : op->getOpOperands())
        operand.set(inside.lookupOrDefault(operand.get()));
    return captures.takeVector();
  }
};

} // namespace
