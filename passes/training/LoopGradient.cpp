// SPDX-License-Identifier: Apache-2.0
// Gradients through loops over time.
//
// The backward loop runs the steps in the other order. Its step is the forward step once more, followed by the reverse
// pass that differentiates it; its loop-carried values are the gradients of those of the forward loop and of the
// captures, its scan outputs the gradients of the scan inputs. What the reverse pass needs of the forward step is
// either a scan output of the forward loop or recomputed: recomputed if elementwise ops make it from available values,
// since a step's tensors cost more to store and load than such ops; stored if a product or a reduction comes before
// it. The values that a step starts from are what the step before it left, so the forward loop stores results, which it
// often does for others already, and the backward loop reads them shifted by one step.
#include "ir/IfBuilder.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "mlir/IR/IRMapping.h"
#include "passes/training/ReverseMode.h"

using namespace mlir;

namespace dlc {

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

class LoopDifferentiation {
public:
  LoopDifferentiation(OpBuilder &builder, LoopOp loop, ValueRange read, ValueRange resultGradients,
                      llvm::ArrayRef<bool> isWanted, Location askedAt)
      : builder(builder), loop(loop), body(loop.getBody()), resultGradients(resultGradients), isWanted(isWanted),
        askedAt(askedAt), loopCarried(loop.getInitialValues().size()), scanInputs(loop.getScanInputs().size()),
        captures(read.drop_front(loopCarried + scanInputs)) {}

  FailureOr<llvm::SmallVector<Value>> run() {
    if (loop.mayEndEarly() && loop.getTripCount() == uint64_t(INT64_MAX))
      return loop.emitOpError("has no gradient rule: nothing is known of how many steps it may run, and what each has "
                              "computed would have to be stored");
    if (decidesExtents(loop))
      return loop.emitOpError(
          "has no gradient rule: data decides extents in its steps, and what each has computed would "
          "have to be stored");
    findActive();
    createBackwardStep();
    if (failed(addGradients())) {
      backward.erase();
      return failure();
    }
    chooseScanOutputs();
    replaceForward();
    return createBackwardLoop();
  }

  LoopOp getLoop() const { return loop; }

private:
  /// Loop-carried values that gradients flow through: a step computes them from what gradients are taken with respect
  /// to.
  void findActive() {
    isActive.assign(isWanted.begin(), isWanted.begin() + loopCarried);
    for (bool hasChanged = true; hasChanged;) {
      hasChanged = false;
      OpBuilder inner(loop.getNext());
      ReverseMode influence(inner, getVariables(*body), askedAt);
      for (size_t i = 0; i < loopCarried; ++i) {
        Value next = loop.getNextValues()[i];
        if (!isActive[i] && isDifferentiable(next) && influence.isInfluenced(next))
          isActive[i] = hasChanged = true;
      }
    }
  }

  /// What a step reads that gradients are taken with respect to: arguments of its block, and captures.
  llvm::SmallVector<Value> getVariables(Block &block) {
    llvm::SmallVector<Value> variables;
    for (size_t i = 0; i < isWanted.size(); ++i)
      if (i < loopCarried ? isActive[i] : isWanted[i])
        variables.push_back(getRead(block, i));
    return variables;
  }

  /// Value `i` of those that a step reads from outside: loop-carried values, slices of scan inputs, captures.
  Value getRead(Block &block, size_t i) const {
    return i < loopCarried + scanInputs ? Value(block.getArgument(1 + i)) : captures[i - loopCarried - scanInputs];
  }

  /// A loop whose step takes the arguments of the forward step and has a copy of its ops, to which those of the reverse
  /// pass are added.
  void createBackwardStep() {
    backward = LoopOp::create(builder, loop.getLoc(), TypeRange(), ValueRange(), ValueRange(), Value(), IntegerAttr(),
                              !loop.getReverse(), /*stops=*/false);
    OpBuilder::InsertionGuard guard(builder);
    step = builder.createBlock(&backward.getRegion(), {}, body->getArgumentTypes(),
                               llvm::SmallVector<Location>(body->getNumArguments(), loop.getLoc()));
    for (auto [from, to] : llvm::zip(body->getArguments(), step->getArguments()))
      copies.map(from, to);
    for (Operation &op : body->without_terminator())
      builder.clone(op, copies);
  }

  Value zeros(OpBuilder &at, Value like) {
    return FillOp::create(at, loop.getLoc(), like, getShapeFrom(like), llvm::APFloat(0.0),
                          typeOf(like).getElementType());
  }

  Value addArgument(Type type) { return step->addArgument(type, loop.getLoc()); }

  /// Differentiates the copied ops. Arguments are added behind the forward ones and put in order later.
  LogicalResult addGradients() {
    OpBuilder inner = OpBuilder::atBlockEnd(step);
    ReverseMode gradients(inner, getVariables(*step), askedAt);
    NextOp end = loop.getNext();
    size_t forwardOps = llvm::range_size(step->getOperations());
    for (size_t i = 0; i < loopCarried; ++i) {
      loopCarriedGradients.push_back(isActive[i] ? addArgument(step->getArgument(1 + i).getType()) : Value());
      if (isActive[i])
        gradients.add(copies.lookupOrDefault(end.getOperand(i)), loopCarriedGradients.back());
    }
    for (size_t i = 0; i < loop.getScanOutputs().size(); ++i) {
      Value value = copies.lookupOrDefault(end.getOperand(loopCarried + i)),
            gradient = resultGradients[loopCarried + i];
      bool isUseful = gradient && gradients.isInfluenced(value);
      scanOutputGradients.push_back(isUseful ? addArgument(value.getType()) : Value());
      if (isUseful)
        gradients.add(value, scanOutputGradients.back());
    }
    if (failed(gradients.run()))
      return failure();
    // Loops among the ops may have been replaced, at their positions.
    for (Operation &op : llvm::make_range(step->begin(), std::next(step->begin(), forwardOps)))
      copied.push_back(&op);
    for (size_t i = 0; i < isWanted.size(); ++i)
      operandGradients.push_back(
          (i < loopCarried ? isActive[i] : isWanted[i]) ? gradients.getGradient(getRead(*step, i)) : Value());
    for (size_t i = 0; i < loopCarried; ++i)
      if (isActive[i] && !operandGradients[i])
        operandGradients[i] = zeros(inner, step->getArgument(1 + i));
    return success();
  }

  /// Whether computing `op` again is cheaper than storing what it gives.
  static bool isCheap(Operation *op) { return op->hasTrait<Recomputable>(); }

  /// The values of the forward step that are scan outputs of the forward loop; the backward step gets them as
  /// arguments.
  void chooseScanOutputs() {
    llvm::SmallPtrSet<Operation *, 16> forward(copied.begin(), copied.end());
    llvm::DenseSet<Value> available;
    for (BlockArgument argument : step->getArguments())
      available.insert(argument);
    auto isThere = [&](Value value) { return value.getParentBlock() != step || available.contains(value); };
    llvm::DenseSet<Value> returned(operandGradients.begin(), operandGradients.end());
    auto isNeeded = [&](Value value) {
      return returned.contains(value) || llvm::any_of(value.getUsers(), [&](Operation *user) {
               return !forward.contains(step->findAncestorOpInBlock(*user));
             });
    };
    llvm::DenseMap<Value, Value> scanOutputs;
    auto originals = body->without_terminator();
    for (auto [copy, original] : llvm::zip(copied, originals)) {
      bool isAvailable = isCheap(copy) && llvm::all_of(copy->getOperands(), isThere);
      for (auto [value, before] : llvm::zip(copy->getResults(), original.getResults())) {
        if (!isAvailable && !isNeeded(value))
          continue;
        available.insert(value);
        if (isAvailable)
          continue;
        Value argument = addArgument(value.getType());
        value.replaceUsesWithIf(argument, [&](OpOperand &use) { return use.getOwner() != copy; });
        scanOutputs[value] = argument;
        available.insert(argument);
        kept.push_back({before, argument});
      }
    }
    for (Value &gradient : operandGradients)
      if (Value argument = scanOutputs.lookup(gradient))
        gradient = argument;
    // Unused parts of the copy are erased.
    returned = llvm::DenseSet<Value>(operandGradients.begin(), operandGradients.end());
    for (Operation *op : llvm::reverse(copied))
      if (op->use_empty() && llvm::none_of(op->getResults(), [&](Value x) { return returned.contains(x); }))
        op->erase();
  }

  bool isUsed(Value argument) { return !argument.use_empty() || llvm::is_contained(operandGradients, argument); }

  /// Adds scan outputs to the forward loop.
  void replaceForward() {
    NextOp end = loop.getNext();
    // The position among the scan outputs of a value of the forward step.
    llvm::DenseMap<Value, unsigned> positions;
    unsigned known = loopCarried + loop.getScanOutputs().size(), count = known;
    for (unsigned i = loopCarried; i < known; ++i)
      positions.try_emplace(end.getOperand(i), i);
    auto stack = [&](Value value) -> unsigned {
      auto [position, isNew] = positions.try_emplace(value, count);
      if (isNew)
        end->insertOperands(count++, value);
      return position->second;
    };
    for (auto &[value, argument] : kept)
      keptPositions.push_back(stack(value));
    for (size_t i = 0; i < loopCarried; ++i)
      loopCarriedPositions.push_back(isUsed(step->getArgument(1 + i)) ? stack(end.getOperand(i)) : 0);
    if (count == known)
      return;
    llvm::SmallVector<Type> types(ValueRange(loop.getOutputs().take_front(known)).getTypes());
    for (unsigned i = known; i < count; ++i)
      types.push_back(withSteps(end.getOperand(i).getType(), loop.getStaticStepCount()));
    if (Value ran = loop.getStepCount())
      types.push_back(ran.getType());
    LoopOp longer = rebuildLoop(builder, loop, types, loop.getInitialValues(), loop.getScanInputs());
    for (auto [before, after] : llvm::zip(loop->getResults().take_front(known), longer->getResults()))
      before.replaceAllUsesWith(after);
    if (Value ran = loop.getStepCount())
      ran.replaceAllUsesWith(longer.getStepCount());
    loop.erase();
    loop = longer;
  }

  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, loop.getLoc(), std::forward<Args>(args)...).getResult();
  }

  /// What each step started from: `initial`, then all but the last of what steps left, in the order of the steps.
  Value shift(Value initial, Value scanOutput) {
    RankedTensorType type = typeOf(scanOutput);
    llvm::SmallVector<int64_t> shape{1}, low(type.getRank(), 0), high(type.getRank(), 0);
    llvm::append_range(shape, getShapeFrom(initial));
    Value first = create<ReshapeOp>(initial, shape);
    bool isReverse = loop.getReverse();
    Value all =
        create<ConcatOp>(isReverse ? ValueRange{scanOutput, first} : ValueRange{first, scanOutput}, uint64_t(0));
    // The last step's result starts no step.
    (isReverse ? low : high)[0] = -1;
    return create<PadOp>(all, Value(), low, high, PadMode::Constant);
  }

  /// The number of the forward step at each position.
  Value numberSteps(Value scanOutput) {
    Value numbers;
    if (typeOf(scanOutput).isDynamicDim(0))
      numbers = create<IndexOp>(scanOutput, uint64_t(0));
    else
      numbers = create<IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), uint64_t(typeOf(scanOutput).getDimSize(0)),
                               builder.getI64Type());
    if (!loop.getReverse())
      return numbers;
    Value last = create<ReduceOp>(ReductionKind::Max, numbers, llvm::ArrayRef<int64_t>{0}, true);
    return create<SubOp>(last, numbers);
  }

  /// Moves the ops of the backward step into the branch of those steps that the forward loop has run. In others
  /// gradients stay as they are (`before`), and scan inputs, whose parts are `slices`, get none.
  void skipStepsThatDidNotRun(llvm::ArrayRef<Value> before, llvm::ArrayRef<Value> slices,
                              llvm::SmallVector<Value> &next, llvm::SmallVector<Value> &scanOutputs) {
    Location location = loop.getLoc();
    llvm::SmallVector<Operation *> ops(llvm::make_pointer_range(*step));
    OpBuilder inner = OpBuilder::atBlockEnd(step);
    Value ran = LessOp::create(inner, location, step->getArgument(0), loop.getStepCount());
    IfBuilder branches(inner, location, ran);
    branches.enter(0);
    for (Operation *op : ops)
      op->moveBefore(inner.getInsertionBlock(), inner.getInsertionPoint());
    branches.endBranch(llvm::to_vector(llvm::concat<Value>(next, scanOutputs)));
    branches.enter(1);
    llvm::SmallVector<Value> unchanged(before);
    for (Value slice : slices)
      unchanged.push_back(zeros(inner, slice));
    branches.endBranch(unchanged);
    ResultRange made = branches.finish(ValueRange(llvm::to_vector(llvm::concat<Value>(next, scanOutputs))).getTypes());
    llvm::copy(made.take_front(next.size()), next.begin());
    llvm::copy(made.drop_front(next.size()), scanOutputs.begin());
  }

  FailureOr<llvm::SmallVector<Value>> createBackwardLoop() {
    struct Entry {
      Value argument, operand;
    };
    llvm::SmallVector<Entry> loopCarriedEntries, scannedEntries;
    llvm::SmallVector<Value> next, scanOutputs;
    llvm::SmallVector<int64_t> sums(isWanted.size(), -1), positions(isWanted.size(), -1);

    for (size_t i = 0; i < loopCarried; ++i)
      if (isActive[i]) {
        Value gradient = resultGradients[i] ? resultGradients[i] : zeros(builder, loop.getInitialValues()[i]);
        sums[i] = next.size();
        loopCarriedEntries.push_back({loopCarriedGradients[i], gradient});
        next.push_back(operandGradients[i]);
      }
    OpBuilder inner = OpBuilder::atBlockEnd(step);
    for (size_t i = loopCarried + scanInputs; i < operandGradients.size(); ++i)
      if (Value gradient = operandGradients[i]) {
        sums[i] = next.size();
        Value sum = addArgument(gradient.getType());
        loopCarriedEntries.push_back({sum, zeros(builder, captures[i - loopCarried - scanInputs])});
        next.push_back(AddOp::create(inner, loop.getLoc(), sum, gradient));
      }
    llvm::SmallVector<Value> slices;
    for (size_t i = loopCarried; i < loopCarried + scanInputs; ++i)
      if (operandGradients[i]) {
        positions[i] = scanOutputs.size();
        scanOutputs.push_back(operandGradients[i]);
        slices.push_back(step->getArgument(1 + i));
      }
    if (loop.mayEndEarly())
      skipStepsThatDidNotRun(llvm::map_to_vector(loopCarriedEntries, [](const Entry &entry) { return entry.argument; }),
                             slices, next, scanOutputs);
    auto end = NextOp::create(inner, loop.getLoc(), llvm::to_vector(llvm::concat<Value>(next, scanOutputs)));

    for (auto [i, gradient] : llvm::enumerate(scanOutputGradients))
      if (gradient)
        scannedEntries.push_back({gradient, resultGradients[loopCarried + i]});
    for (auto [entry, position] : llvm::zip(kept, keptPositions))
      scannedEntries.push_back({entry.second, loop->getResult(position)});
    for (size_t i = 0; i < loopCarried; ++i)
      if (Value argument = step->getArgument(1 + i); !argument.use_empty())
        scannedEntries.push_back(
            {argument, shift(loop.getInitialValues()[i], loop->getResult(loopCarriedPositions[i]))});
    for (size_t i = 0; i < scanInputs; ++i)
      if (Value argument = step->getArgument(1 + loopCarried + i); !argument.use_empty())
        scannedEntries.push_back({argument, loop.getScanInputs()[i]});
    int64_t count = loop.getStaticStepCount();
    Value number = step->getArgument(0);
    if (!number.use_empty()) {
      Value like;
      for (const Entry &entry : scannedEntries)
        like = entry.operand;
      if (!like && ShapedType::isDynamic(count))
        like = loop.getScanInputs().front();
      Value numbers =
          like ? numberSteps(like)
               : create<IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), uint64_t(count), builder.getI64Type());
      Value argument = addArgument(number.getType());
      number.replaceAllUsesWith(argument);
      scannedEntries.push_back({argument, numbers});
    }
    // Without a scan input a loop needs its number of steps.
    IntegerAttr tripCount;
    if (scannedEntries.empty() && ShapedType::isDynamic(count))
      scannedEntries.push_back({addArgument(loop.getScanSlices().front().getType()), loop.getScanInputs().front()});
    else if (scannedEntries.empty())
      tripCount = builder.getI64IntegerAttr(count);

    // Arguments in the order of a step: its number, loop-carried values, scan inputs.
    unsigned oldCount = step->getNumArguments();
    llvm::SmallVector<Value> operands[2];
    addArgument(number.getType());
    auto order = [&](llvm::MutableArrayRef<Entry> entries, llvm::SmallVector<Value> &values) {
      for (Entry &entry : entries) {
        entry.argument.replaceAllUsesWith(addArgument(entry.argument.getType()));
        values.push_back(entry.operand);
      }
    };
    order(loopCarriedEntries, operands[0]);
    order(scannedEntries, operands[1]);
    step->eraseArguments(0, oldCount);

    llvm::SmallVector<Type> types;
    for (const Entry &entry : loopCarriedEntries)
      types.push_back(entry.operand.getType());
    // What is returned, not `scanOutputs`: arguments among them have been replaced.
    for (Value value : end.getOperands().drop_front(next.size()))
      types.push_back(withSteps(value.getType(), count));
    if (tripCount)
      backward.setTripCountAttr(tripCount);
    LoopOp finished = rebuildLoop(builder, backward, types, operands[0], operands[1]);
    // What its operands are made of was written behind it.
    finished->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
    backward.erase();
    llvm::SmallVector<Value> gradients(operandGradients.size());
    for (size_t i = 0; i < gradients.size(); ++i)
      if (isWanted[i] && (sums[i] >= 0 || positions[i] >= 0))
        gradients[i] = finished->getResult(sums[i] >= 0 ? sums[i] : next.size() + positions[i]);
    return gradients;
  }

  OpBuilder &builder;
  LoopOp loop;
  Block *body, *step = nullptr;
  LoopOp backward; ///< until it is finished without operands and results
  ValueRange resultGradients;
  llvm::ArrayRef<bool> isWanted; ///< one entry per operand and capture
  Location askedAt;
  size_t loopCarried, scanInputs;
  llvm::SmallVector<Value> captures;
  llvm::SmallVector<bool> isActive;
  IRMapping copies;
  llvm::SmallVector<Operation *> copied;
  llvm::SmallVector<Value> loopCarriedGradients, scanOutputGradients; ///< arguments of the backward step
  llvm::SmallVector<Value> operandGradients;                          ///< values of it, one per entry of isWanted
  /// Values of the forward step that are stored, and the arguments of the backward step for them.
  llvm::SmallVector<std::pair<Value, Value>> kept;
  llvm::SmallVector<unsigned> keptPositions, loopCarriedPositions; ///< results of the forward loop
};

} // namespace

FailureOr<llvm::SmallVector<Value>> differentiateLoop(OpBuilder &builder, LoopOp &loop, ValueRange read,
                                                      ValueRange resultGradients, llvm::ArrayRef<bool> isWanted,
                                                      Location askedAt) {
  LoopDifferentiation differentiation(builder, loop, read, resultGradients, isWanted, askedAt);
  FailureOr<llvm::SmallVector<Value>> gradients = differentiation.run();
  loop = differentiation.getLoop();
  return gradients;
}

} // namespace dlc
