// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsSize.h"
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

  llvm::DenseMap<Value, llvm::SmallVector<Operation *>> known;
};

class OutlineLoops final : public dlc::impl::OutlineLoopsBase<OutlineLoops> {
  void runOnOperation() override {
    dlc::UniqueNames names;
    llvm::StringSet<> taken;
    for (auto symbol : getOperation().getOps<SymbolOpInterface>())
      taken.insert(symbol.getName());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      ConstantWork constants;
      // Inner loops come first.
      function.walk([&](dlc::LoopOp loop) {
        std::string name =
            names.make(makeName(function, loop), [&](llvm::StringRef tried) { return taken.contains(tried); });
        taken.insert(name);
        outline(function, loop, name, constants);
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
  static void outline(func::FuncOp function, dlc::LoopOp loop, llvm::StringRef name, ConstantWork &constants) {
    OpBuilder builder(function);
    auto step = func::FuncOp::create(builder, loop.getLoc(), name, builder.getFunctionType({}, {}));
    step.setPrivate();
    step.getBody().takeBody(loop.getRegion());
    llvm::SmallVector<Value> captures = capture(step, constants);
    auto next = llvm::cast<dlc::NextOp>(step.getBody().front().getTerminator());
    step.setType(builder.getFunctionType(step.getBody().getArgumentTypes(), next.getOperandTypes()));
    builder.setInsertionPoint(next);
    func::ReturnOp::create(builder, next.getLoc(), next.getValues());
    next.erase();
    builder.setInsertionPoint(loop);
    auto outlined = dlc::OutlinedLoopOp::create(builder, loop.getLoc(), loop.getResultTypes(), name,
                                                loop.getInitialValues(), loop.getScanInputs(), captures,
                                                loop.getTripCountAttr(), loop.getReverse(), loop.getStops());
    outlined->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    loop->replaceAllUsesWith(outlined);
    loop.erase();
  }

  /// Replaces outer values in `step` by new arguments or copies of constant work; returns the values of the arguments.
  static llvm::SmallVector<Value> capture(func::FuncOp step, ConstantWork &constants) {
    Block &block = step.getBody().front();
    llvm::SmallVector<Value> captures;
    llvm::DenseMap<Value, Value> inside;
    // The copies that are inserted on the way read only each other.
    for (Operation &op : llvm::make_early_inc_range(block))
      for (OpOperand &operand : op.getOpOperands()) {
        Value outer = operand.get();
        if (outer.getParentBlock() == &block)
          continue;
        bring(outer, &op, block, constants, inside, captures);
        operand.set(inside.lookup(outer));
      }
    return captures;
  }

  /// Adds `outer`, which `user` reads, to what is inside.
  static void bring(Value outer, Operation *user, Block &block, ConstantWork &constants,
                    llvm::DenseMap<Value, Value> &inside, llvm::SmallVector<Value> &captures) {
    if (inside.contains(outer))
      return;
    llvm::ArrayRef<Operation *> work = constants.find(outer);
    if (!work.empty()) {
      repeat(work, user, inside);
    } else if (auto shape = outer.getDefiningOp<dlc::ShapeOp>()) {
      // A shape has no memory that a step could read; its operands have.
      for (Value operand : shape.getOperands())
        bring(operand, user, block, constants, inside, captures);
      repeat({shape.getOperation()}, user, inside);
    } else {
      captures.push_back(outer);
      inside[outer] = block.addArgument(outer.getType(), outer.getLoc());
    }
  }

  /// Copies `work` to where `user` is, but for what has been copied before.
  static void repeat(llvm::ArrayRef<Operation *> work, Operation *user, llvm::DenseMap<Value, Value> &inside) {
    OpBuilder builder(user);
    for (Operation *op : work) {
      if (inside.contains(op->getResult(0)))
        continue;
      IRMapping mapping;
      for (Value operand : op->getOperands())
        mapping.map(operand, inside.lookup(operand));
      inside[op->getResult(0)] = builder.clone(*op, mapping)->getResult(0);
    }
  }
};

} // namespace
