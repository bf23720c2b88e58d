// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/SignatureBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Passes.h"
#include "passes/graph/BindLoopShapes.h"
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
  explicit LoopHoister(dlc::OutlinedLoopOp loop) : loop(loop), body(loop.getBodyFunction()), builder(loop) {}

  /// Returns how many products now run over all steps at once.
  unsigned run() {
    // A loop that stops early may need few of its steps.
    if (loop.getStops() || loop.getScanInputs().empty())
      return 0;
    classify();
    llvm::SetVector<Value> hoisted;
    for (auto product : body.getBody().front().getOps<dlc::MatMulOp>())
      if (getKind(product.getResult()) == Kind::OfStep && canLift(product.getResult()))
        hoisted.insert(followUsers(product.getResult()));
    if (hoisted.empty())
      return 0;
    scanInstead(hoisted.getArrayRef());
    eraseDeadOps();
    return hoisted.size();
  }

private:
  enum class Kind {
    Invariant, ///< the same in every step
    OfStep,    ///< known for every step before the loop runs
    Varying,   ///< depends on the steps before
  };

  Kind getKind(Value value) const { return kinds.lookup(value); }
  /// Whether `value` can be computed for all steps at once, with the steps as dimension 0.
  bool canLift(Value value) const { return liftable.contains(value); }

  /// Finds the kind of every value, and what can be lifted, operands first.
  void classify() {
    unsigned carried = loop.getInitialValues().size(), scanned = loop.getScanInputs().size();
    for (BlockArgument argument : body.getArguments()) {
      unsigned number = argument.getArgNumber();
      kinds[argument] = number <= carried             ? Kind::Varying
                        : number <= carried + scanned ? Kind::OfStep
                                                      : Kind::Invariant;
      if (kinds[argument] != Kind::Varying)
        liftable.insert(argument);
    }
    for (Operation &op : body.getBody().front().without_terminator()) {
      Kind kind = Kind::Invariant;
      for (Value operand : op.getOperands())
        kind = std::max(kind, getKind(operand));
      bool isGraphOp = llvm::isa<dlc::DimensionOpInterface, dlc::ConstantOp, dlc::LoadParameterOp>(op);
      for (Value result : op.getResults()) {
        kinds[result] = isGraphOp ? kind : Kind::Varying;
        if (kinds[result] == Kind::Invariant || (kinds[result] == Kind::OfStep && canLiftOp(&op)))
          liftable.insert(result);
      }
    }
  }

  /// Whether the result of `op`, which is known for every step, can be lifted.
  bool canLiftOp(Operation *op) const {
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
  Value followUsers(Value value) const {
    while (value.hasOneUse()) {
      Operation *user = *value.user_begin();
      if (!user->hasTrait<dlc::Elementwise>() || !canLift(user->getResult(0)) ||
          user->getResult(0).getType() != value.getType())
        break;
      value = user->getResult(0);
    }
    return value;
  }

  RankedTensorType withSteps(RankedTensorType step, int64_t steps) const {
    llvm::SmallVector<int64_t> shape{steps};
    llvm::append_range(shape, step.getShape());
    return RankedTensorType::get(shape, step.getElementType());
  }

  /// Computes `value` before the loop, and first its operands. Chains are as long as models are deep, so what
  /// waits for its operands waits in a list.
  Value lift(Value value) {
    llvm::SmallVector<Value> pending{value};
    while (!pending.empty()) {
      Value next = pending.back();
      if (lifted.contains(next)) {
        pending.pop_back();
        continue;
      }
      size_t count = pending.size();
      if (Operation *op = next.getDefiningOp())
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
    auto argument = llvm::dyn_cast<BlockArgument>(value);
    if (!argument)
      return liftOp(value.getDefiningOp(), getKind(value) == Kind::Invariant);
    unsigned number = argument.getArgNumber() - 1 - loop.getInitialValues().size();
    unsigned scanned = loop.getScanInputs().size();
    return number < scanned ? loop.getScanInputs()[number] : loop.getCaptures()[number - scanned];
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
    RankedTensorType type = withSteps(typeOf(op->getResult(0)), steps);
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
    unsigned place = 1 + loop.getInitialValues().size() + loop.getScanInputs().size();
    loop.getScanInputsMutable().append(all);
    dlc::SignatureBuilder signature(body);
    for (Value value : values)
      value.replaceAllUsesWith(signature.insertArgument(place++, value.getType(), value.getLoc()));
    signature.finish();
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
    (void)body.eraseArguments(unread);
    loop.getScanInputsMutable().assign(read);
  }

  dlc::OutlinedLoopOp loop;
  func::FuncOp body;
  OpBuilder builder;
  llvm::DenseMap<Value, Kind> kinds;
  llvm::DenseSet<Value> liftable;
  llvm::DenseMap<Value, Value> lifted;
};

class LoopInvariantCodeMotion final : public dlc::impl::LoopInvariantCodeMotionBase<LoopInvariantCodeMotion> {
  void runOnOperation() override {
    llvm::SmallVector<dlc::OutlinedLoopOp> loops;
    getOperation().walk([&](dlc::OutlinedLoopOp loop) { loops.push_back(loop); });
    // What leaves an inner loop may leave the outer one too, so the innermost come first.
    llvm::DenseMap<Operation *, dlc::OutlinedLoopOp> loopOfBody;
    for (dlc::OutlinedLoopOp loop : loops)
      loopOfBody.try_emplace(loop.getBodyFunction(), loop);
    auto findOuter = [&](dlc::OutlinedLoopOp loop) { return loopOfBody.lookup(loop->getParentOfType<func::FuncOp>()); };
    llvm::SmallVector<std::pair<int64_t, dlc::OutlinedLoopOp>> ordered;
    for (dlc::OutlinedLoopOp loop : loops) {
      int64_t depth = 0;
      for (dlc::OutlinedLoopOp outer = findOuter(loop); outer; outer = findOuter(outer))
        --depth;
      ordered.push_back({depth, loop});
    }
    llvm::sort(ordered, llvm::less_first());
    unsigned count = 0;
    for (auto [depth, loop] : ordered)
      count += LoopHoister(loop).run();
    if (count && failed(dlc::bindLoopShapes(getOperation())))
      signalPassFailure();
  }
};

} // namespace
