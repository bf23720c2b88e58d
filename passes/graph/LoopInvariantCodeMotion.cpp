// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/Layout.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsControl.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "passes/Passes.h"
#include "passes/graph/EraseDeadOps.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-loop-invariant-code-motion"

namespace dlc {
#define GEN_PASS_DEF_LOOPINVARIANTCODEMOTION
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// Moves work out of one loop.
class LoopHoister {
public:
  explicit LoopHoister(dlc::LoopOp loop) : loop(loop), body(*loop.getBody()), builder(loop) {}

  /// Products that do not depend on the steps before run over all steps at once.
  void run() {
    // A loop that stops early may need few of its steps.
    if (loop.mayEndEarly() || loop.getScanInputs().empty() || dlc::decidesExtents(loop))
      return;
    classify();
    llvm::SetVector<Value> hoisted;
    for (auto product : body.getOps<dlc::MatMulOp>())
      if (getKind(product.getResult()) == Kind::OfStep && canLift(product.getResult()))
        hoisted.insert(followUsers(product.getResult()));
    if (hoisted.empty())
      return;
    scanInstead(hoisted.getArrayRef());
    eraseDeadOps();
  }

private:
  enum class Kind {
    Invariant, ///< the same in every step
    OfStep,    ///< known for every step before the loop runs
    Varying,   ///< depends on the steps before
  };

  /// Values from outside the loop are invariant.
  Kind getKind(Value value) const { return kinds.lookup(value); }
  /// Whether `value` can be computed for all steps at once, with the steps as dimension 0.
  bool canLift(Value value) { return loop.isDefinedOutsideOfLoop(value) || liftable.contains(value); }

  /// Finds the kind of every value, and what can be lifted, operands first.
  void classify() {
    for (BlockArgument argument : body.getArguments())
      kinds[argument] = Kind::Varying;
    for (BlockArgument argument : loop.getScanSlices()) {
      kinds[argument] = Kind::OfStep;
      liftable.insert(argument);
    }
    for (Operation &op : body.without_terminator()) {
      Kind kind = Kind::Invariant;
      for (Value operand : op.getOperands())
        kind = std::max(kind, getKind(operand));
      bool isGraphOp = llvm::isa<dlc::DimensionOpInterface>(op) || op.hasTrait<dlc::WeightSource>();
      for (Value result : op.getResults()) {
        kinds[result] = isGraphOp ? kind : Kind::Varying;
        if (kinds[result] == Kind::Invariant || (kinds[result] == Kind::OfStep && canLiftOp(&op)))
          liftable.insert(result);
      }
    }
  }

  /// Whether the result of `op`, which is known for every step, can be lifted.
  bool canLiftOp(Operation *op) {
    if (!llvm::all_of(op->getOperands(), [&](Value operand) { return canLift(operand); }))
      return false;
    if (auto product = llvm::dyn_cast<dlc::MatMulOp>(op))
      return typeOf(product.getLhs()).getRank() == 2 && !product.getTransposeLhs() &&
             typeOf(product.getRhs()).getRank() == 2 && getKind(product.getRhs()) == Kind::Invariant;
    if (auto gather = llvm::dyn_cast<dlc::GatherOp>(op))
      return gather.getAxis() == 0 && getKind(gather.getX()) == Kind::Invariant;
    if (llvm::isa<dlc::SliceOp>(op))
      return true;
    // Shapes are aligned at their ends, so the steps must come before the longest.
    return op->hasTrait<dlc::Elementwise>() && llvm::all_of(op->getOperands(), [&](Value operand) {
             return getKind(operand) == Kind::Invariant ||
                    typeOf(operand).getRank() == typeOf(op->getResult(0)).getRank();
           });
  }

  /// The last of the elementwise ops that alone use `value` and can be computed with it, without more to store.
  Value followUsers(Value value) {
    while (value.hasOneUse()) {
      Operation *user = *value.user_begin();
      if (!user->hasTrait<dlc::Elementwise>() || !canLift(user->getResult(0)) ||
          user->getResult(0).getType() != value.getType())
        break;
      value = user->getResult(0);
    }
    return value;
  }

  /// Computes `value` before the loop, and first its operands. Chains are as long as models are deep, so what waits for
  /// its operands waits in a list.
  Value lift(Value value) {
    llvm::SmallVector<Value> pending{value};
    while (!pending.empty()) {
      Value next = pending.back();
      if (lifted.contains(next)) {
        pending.pop_back();
        continue;
      }
      size_t count = pending.size();
      if (Operation *op = next.getDefiningOp(); op && op->getBlock() == &body)
        for (Value operand : llvm::reverse(op->getOperands()))
          if (!lifted.contains(operand))
            pending.push_back(operand);
      if (pending.size() == count)
        lifted[next] = liftAlone(next);
    }
    return lifted.lookup(value);
  }

  /// Computes `value`, whose operands are lifted.
  Value liftAlone(Value value) {
    if (value.getParentBlock() != &body)
      return value;
    auto slice = llvm::dyn_cast<BlockArgument>(value);
    return slice ? loop.getScanInputs()[slice.getArgNumber() - 1 - loop.getInitialValues().size()]
                 : liftOp(value.getDefiningOp(), getKind(value) == Kind::Invariant);
  }

  Value liftOp(Operation *op, bool isInvariant) {
    IRMapping mapping;
    int64_t steps = ShapedType::kDynamic;
    for (Value operand : op->getOperands()) {
      mapping.map(operand, lifted.lookup(operand));
      if (getKind(operand) == Kind::OfStep && ShapedType::isDynamic(steps))
        steps = typeOf(mapping.lookup(operand)).getDimSize(0);
    }
    if (isInvariant)
      return builder.clone(*op, mapping)->getResult(0);
    RankedTensorType type = dlc::withSteps(op->getResult(0).getType(), steps);
    if (auto product = llvm::dyn_cast<dlc::MatMulOp>(op))
      return liftProduct(product, mapping.lookup(product.getLhs()), mapping.lookup(product.getRhs()), type);
    Operation *copy = builder.clone(*op, mapping);
    copy->getResult(0).setType(type);
    if (auto slice = llvm::dyn_cast<dlc::SliceOp>(copy)) {
      auto prepend = [](int64_t first, llvm::ArrayRef<int64_t> rest) {
        llvm::SmallVector<int64_t> all{first};
        llvm::append_range(all, rest);
        return all;
      };
      slice.setStarts(prepend(0, slice.getStarts()));
      slice.setSizes(prepend(-1, slice.getSizes()));
      slice.setSteps(prepend(1, slice.getSteps()));
    }
    return copy->getResult(0);
  }

  /// The rows of all steps are the rows of one matrix, if its shape can be said: at most one extent may be unknown.
  Value liftProduct(dlc::MatMulOp product, Value lhs, Value rhs, RankedTensorType type) {
    Location location = product.getLoc();
    auto create = [&](RankedTensorType result, Value left) -> Value {
      return dlc::MatMulOp::create(builder, location, result, left, rhs, product.getTransposeLhsAttr(),
                                   product.getTransposeRhsAttr());
    };
    RankedTensorType all = typeOf(lhs);
    bool isKnown = !all.isDynamicDim(0) && !all.isDynamicDim(1);
    if ((all.isDynamicDim(0) && all.isDynamicDim(1)) || all.isDynamicDim(2) || all.getDimSize(2) == 0 ||
        type.getDimSize(2) == 0)
      return create(type, lhs);
    int64_t rows = isKnown ? all.getDimSize(0) * all.getDimSize(1) : ShapedType::kDynamic;
    auto reshape = [&](Value value, RankedTensorType to) -> Value {
      llvm::SmallVector<int64_t> shape(to.getShape());
      for (int64_t &extent : shape)
        extent = ShapedType::isDynamic(extent) ? -1 : extent;
      return dlc::ReshapeOp::create(builder, location, to, value, builder.getDenseI64ArrayAttr(shape));
    };
    Value flat = reshape(lhs, RankedTensorType::get({rows, all.getDimSize(2)}, all.getElementType()));
    Value result = create(RankedTensorType::get({rows, type.getDimSize(2)}, type.getElementType()), flat);
    return reshape(result, type);
  }

  /// Computes `values` before the loop and makes them scan inputs.
  void scanInstead(llvm::ArrayRef<Value> values) {
    llvm::SmallVector<Value> all;
    for (Value value : values)
      all.push_back(lift(value));
    loop.getScanInputsMutable().append(all);
    for (Value value : values)
      value.replaceAllUsesWith(body.addArgument(value.getType(), value.getLoc()));
  }

  void eraseDeadOps() {
    dlc::eraseDeadOps(body);
    // Scan inputs that nobody reads any more are dropped.
    unsigned first = 1 + loop.getInitialValues().size();
    llvm::BitVector unread(body.getNumArguments());
    for (unsigned number = 0; number < loop.getScanInputs().size(); ++number)
      if (body.getArgument(first + number).use_empty())
        unread.set(first + number);
    // One says how many steps there are.
    if (unread.count() == loop.getScanInputs().size())
      unread.reset(first);
    llvm::SmallVector<Value> read;
    for (auto [number, value] : llvm::enumerate(loop.getScanInputs()))
      if (!unread.test(first + number))
        read.push_back(value);
    body.eraseArguments(unread);
    loop.getScanInputsMutable().assign(read);
  }

  dlc::LoopOp loop;
  Block &body;
  OpBuilder builder;
  llvm::DenseMap<Value, Kind> kinds;
  llvm::DenseSet<Value> liftable;
  llvm::DenseMap<Value, Value> lifted;
};

/// Moves what is the same in every step before the loop. Ops that kernels repeat for next to nothing stay with what
/// reads them, unless they read what has moved.
void moveInvariantOps(dlc::LoopOp loop) {
  llvm::DenseSet<Value> moved;
  moveLoopInvariantCode(
      loop.getLoopRegions(), [&](Value value, Region *) { return loop.isDefinedOutsideOfLoop(value); },
      [&](Operation *op, Region *) {
        return isMemoryEffectFree(op) && isSpeculatable(op) &&
               (!op->hasTrait<dlc::Recomputable>() ||
                llvm::any_of(op->getOperands(), [&](Value operand) { return moved.contains(operand); }));
      },
      [&](Operation *op, Region *) {
        loop.moveOutOfLoop(op);
        moved.insert(op->result_begin(), op->result_end());
      });
}

class LoopInvariantCodeMotion final : public dlc::impl::LoopInvariantCodeMotionBase<LoopInvariantCodeMotion> {
  void runOnOperation() override {
    // What leaves an inner loop may leave the outer one too, so the innermost come first.
    llvm::SmallVector<dlc::LoopOp> loops;
    getOperation().walk([&](dlc::LoopOp loop) { loops.push_back(loop); });
    for (dlc::LoopOp loop : loops) {
      moveInvariantOps(loop);
      LoopHoister(loop).run();
    }
  }
};

} // namespace
