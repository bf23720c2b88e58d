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
#include "ir/Names.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/training/ReverseMode.h"

using namespace mlir;

namespace dlc {

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// `FUNCTION` and `ending`, with a number if the module has such a function already.
std::string makeName(func::FuncOp function, llvm::StringRef ending) {
  return makeSymbolName(function->getParentOp(), (function.getName() + ending).str());
}

class LoopDifferentiation {
public:
  LoopDifferentiation(OpBuilder &builder, OutlinedLoopOp loop, ValueRange resultGradients,
                      llvm::ArrayRef<bool> isWanted, Location askedAt)
      : builder(builder), loop(loop), body(loop.getBodyFunction()), resultGradients(resultGradients),
        isWanted(isWanted), askedAt(askedAt), carried(loop.getInitialValues().size()),
        scanned(loop.getScanInputs().size()), invariants(loop.getCaptures().size()) {}

  FailureOr<llvm::SmallVector<Value>> run() {
    if (loop.getStops())
      return loop.emitOpError("has no gradient rule: it may end early");
    findActive();
    createBackwardStep();
    if (failed(sweep()))
      return failure();
    chooseStacked();
    replaceForward();
    return createBackwardLoop();
  }

  OutlinedLoopOp getLoop() const { return loop; }

private:
  func::ReturnOp getReturn(func::FuncOp function) {
    return llvm::cast<func::ReturnOp>(function.getBody().front().getTerminator());
  }

  /// Carried values that gradients flow through: a step computes them from what gradients are taken with respect to.
  void findActive() {
    isActive.assign(isWanted.begin(), isWanted.begin() + carried);
    for (bool hasChanged = true; hasChanged;) {
      hasChanged = false;
      OpBuilder inner(getReturn(body));
      ReverseMode influence(inner, getVariables(body), askedAt);
      for (size_t i = 0; i < carried; ++i) {
        Value next = getReturn(body).getOperand(i);
        if (!isActive[i] && isDifferentiable(next) && influence.isInfluenced(next))
          isActive[i] = hasChanged = true;
      }
    }
  }

  /// Arguments of a step that gradients are taken with respect to.
  llvm::SmallVector<Value> getVariables(func::FuncOp function) {
    llvm::SmallVector<Value> variables;
    for (size_t i = 0; i < carried + scanned + invariants; ++i)
      if (i < carried ? isActive[i] : isWanted[i])
        variables.push_back(function.getArgument(1 + i));
    return variables;
  }

  /// A function with the arguments of the forward step and a copy of its ops, to which those of the reverse pass are
  /// added.
  void createBackwardStep() {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(body);
    step = func::FuncOp::create(builder, loop.getLoc(), makeName(body, ".backward"), body.getFunctionType());
    step.setPrivate();
    builder.setInsertionPointToEnd(step.addEntryBlock());
    for (auto [from, to] : llvm::zip(body.getArguments(), step.getArguments()))
      copies.map(from, to);
    for (Operation &op : body.getBody().front().without_terminator()) {
      Operation *copy = builder.clone(op, copies);
      // A body belongs to one loop.
      if (auto inner = llvm::dyn_cast<OutlinedLoopOp>(copy))
        copyBody(inner);
      copied.push_back(copy);
    }
  }

  void copyBody(OutlinedLoopOp inner) {
    func::FuncOp original = inner.getBodyFunction();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(original);
    auto copy = llvm::cast<func::FuncOp>(builder.clone(*original));
    std::string name = makeName(original, ".again");
    copy.setName(name);
    inner.setBody(name);
    for (auto deeper : copy.getOps<OutlinedLoopOp>())
      copyBody(deeper);
  }

  Value zeros(OpBuilder &at, Value like) {
    return FillOp::create(at, loop.getLoc(), like, getShapeFrom(like), llvm::APFloat(0.0),
                          typeOf(like).getElementType());
  }

  Value addArgument(Type type) {
    Block &block = step.getBody().front();
    return block.addArgument(type, loop.getLoc());
  }

  /// Differentiates the copied ops. Arguments are added behind the forward ones and put in order later.
  LogicalResult sweep() {
    OpBuilder inner = OpBuilder::atBlockEnd(&step.getBody().front());
    ReverseMode gradients(inner, getVariables(step), askedAt);
    func::ReturnOp end = getReturn(body);
    for (size_t i = 0; i < carried; ++i) {
      carriedGradients.push_back(isActive[i] ? addArgument(step.getArgument(1 + i).getType()) : Value());
      if (isActive[i])
        gradients.add(copies.lookup(end.getOperand(i)), carriedGradients.back());
    }
    for (size_t i = 0; i < loop.getScanOutputs().size(); ++i) {
      Value value = copies.lookup(end.getOperand(carried + i)), gradient = resultGradients[carried + i];
      bool isUseful = gradient && gradients.isInfluenced(value);
      stackedGradients.push_back(isUseful ? addArgument(value.getType()) : Value());
      if (isUseful)
        gradients.add(value, stackedGradients.back());
    }
    if (failed(gradients.run()))
      return failure();
    for (size_t i = 0; i < carried + scanned + invariants; ++i) {
      Value argument = step.getArgument(1 + i);
      operandGradients.push_back((i < carried ? isActive[i] : isWanted[i]) ? gradients.getGradient(argument) : Value());
    }
    for (size_t i = 0; i < carried; ++i)
      if (isActive[i] && !operandGradients[i])
        operandGradients[i] = zeros(inner, step.getArgument(1 + i));
    return success();
  }

  /// Whether computing `op` again is cheaper than storing what it gives.
  static bool isCheap(Operation *op) { return op->hasTrait<Recomputable>(); }

  /// The values of the forward step that are scan outputs of the forward loop; the backward step gets them as
  /// arguments.
  void chooseStacked() {
    llvm::SmallPtrSet<Operation *, 16> forward(copied.begin(), copied.end());
    llvm::DenseSet<Value> available;
    for (BlockArgument argument : step.getArguments())
      available.insert(argument);
    llvm::DenseSet<Value> returned(operandGradients.begin(), operandGradients.end());
    auto isNeeded = [&](Value value) {
      return returned.contains(value) ||
             llvm::any_of(value.getUsers(), [&](Operation *user) { return !forward.contains(user); });
    };
    llvm::DenseMap<Value, Value> stacked;
    auto originals = body.getBody().front().without_terminator();
    for (auto [copy, original] : llvm::zip(copied, originals)) {
      bool isAvailable =
          isCheap(copy) && llvm::all_of(copy->getOperands(), [&](Value x) { return available.contains(x); });
      for (auto [value, before] : llvm::zip(copy->getResults(), original.getResults())) {
        if (!isAvailable && !isNeeded(value))
          continue;
        available.insert(value);
        if (isAvailable)
          continue;
        Value argument = addArgument(value.getType());
        value.replaceUsesWithIf(argument, [&](OpOperand &use) { return use.getOwner() != copy; });
        stacked[value] = argument;
        available.insert(argument);
        kept.push_back({before, argument});
      }
    }
    for (Value &gradient : operandGradients)
      if (Value argument = stacked.lookup(gradient))
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
    func::ReturnOp end = getReturn(body);
    // The position among the scan outputs of a value of the forward step.
    llvm::DenseMap<Value, unsigned> places;
    for (unsigned i = carried; i < end.getNumOperands(); ++i)
      places.try_emplace(end.getOperand(i), i);
    auto stack = [&](Value value) -> unsigned {
      auto [place, isNew] = places.try_emplace(value, end.getNumOperands());
      if (isNew)
        end->insertOperands(end.getNumOperands(), value);
      return place->second;
    };
    for (auto &[value, argument] : kept)
      keptPlaces.push_back(stack(value));
    for (size_t i = 0; i < carried; ++i)
      carriedPlaces.push_back(isUsed(step.getArgument(1 + i)) ? stack(end.getOperand(i)) : 0);
    if (end.getNumOperands() == loop->getNumResults())
      return;
    body.setType(builder.getFunctionType(body.getArgumentTypes(), end.getOperandTypes()));
    int64_t steps = getStepCount();
    llvm::SmallVector<Type> types(loop->getResultTypes());
    for (unsigned i = types.size(); i < end.getNumOperands(); ++i)
      types.push_back(withSteps(end.getOperand(i), steps));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop);
    auto longer = OutlinedLoopOp::create(builder, loop.getLoc(), types, loop->getOperands(), loop.getProperties(),
                                         llvm::to_vector(loop->getDiscardableAttrs()));
    for (auto [before, after] : llvm::zip(loop->getResults(), longer->getResults()))
      before.replaceAllUsesWith(after);
    loop.erase();
    loop = longer;
  }

  int64_t getStepCount() {
    if (loop.getTripCount())
      return *loop.getTripCount();
    for (Value value : loop.getScanInputs())
      if (!typeOf(value).isDynamicDim(0))
        return typeOf(value).getDimSize(0);
    return ShapedType::kDynamic;
  }

  static RankedTensorType withSteps(Value step, int64_t steps) {
    llvm::SmallVector<int64_t> shape{steps};
    llvm::append_range(shape, typeOf(step).getShape());
    return RankedTensorType::get(shape, typeOf(step).getElementType());
  }

  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, loop.getLoc(), std::forward<Args>(args)...).getResult();
  }

  /// What each step started from: `initial`, then all but the last of what steps left, in the order of the steps.
  Value shift(Value initial, Value stacked) {
    RankedTensorType type = typeOf(stacked);
    llvm::SmallVector<int64_t> shape{1}, low(type.getRank(), 0), high(type.getRank(), 0);
    llvm::append_range(shape, getShapeFrom(initial));
    Value first = create<ReshapeOp>(initial, shape);
    bool isReverse = loop.getReverse();
    Value all = create<ConcatOp>(isReverse ? ValueRange{stacked, first} : ValueRange{first, stacked}, uint64_t(0));
    // The last step's result starts no step.
    (isReverse ? low : high)[0] = -1;
    return create<PadOp>(all, Value(), low, high, PadMode::Constant);
  }

  /// The number of the forward step at each position.
  Value numberSteps(Value stacked) {
    Value numbers;
    if (typeOf(stacked).isDynamicDim(0))
      numbers = create<IndexOp>(stacked, uint64_t(0));
    else
      numbers = create<IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), uint64_t(typeOf(stacked).getDimSize(0)),
                               builder.getI64Type());
    if (!loop.getReverse())
      return numbers;
    Value last = create<ReduceOp>(ReductionKind::Max, numbers, llvm::ArrayRef<int64_t>{0}, true);
    return create<SubOp>(last, numbers);
  }

  FailureOr<llvm::SmallVector<Value>> createBackwardLoop() {
    struct Entry {
      Value argument, operand;
    };
    llvm::SmallVector<Entry> carriedEntries, scannedEntries, invariantEntries;
    llvm::SmallVector<Value> next, stacked;
    llvm::SmallVector<int64_t> sums(carried + scanned + invariants, -1), places(carried + scanned + invariants, -1);

    for (size_t i = 0; i < carried; ++i)
      if (isActive[i]) {
        Value gradient = resultGradients[i] ? resultGradients[i] : zeros(builder, loop.getInitialValues()[i]);
        sums[i] = next.size();
        carriedEntries.push_back({carriedGradients[i], gradient});
        next.push_back(operandGradients[i]);
      }
    OpBuilder inner = OpBuilder::atBlockEnd(&step.getBody().front());
    for (size_t i = carried + scanned; i < operandGradients.size(); ++i)
      if (Value gradient = operandGradients[i]) {
        sums[i] = next.size();
        Value sum = addArgument(gradient.getType());
        carriedEntries.push_back({sum, zeros(builder, loop->getOperand(i))});
        next.push_back(AddOp::create(inner, loop.getLoc(), sum, gradient));
      }
    for (size_t i = carried; i < carried + scanned; ++i)
      if (operandGradients[i]) {
        places[i] = stacked.size();
        stacked.push_back(operandGradients[i]);
      }
    func::ReturnOp::create(inner, loop.getLoc(), llvm::to_vector(llvm::concat<Value>(next, stacked)));

    for (auto [i, gradient] : llvm::enumerate(stackedGradients))
      if (gradient)
        scannedEntries.push_back({gradient, resultGradients[carried + i]});
    for (auto [entry, place] : llvm::zip(kept, keptPlaces))
      scannedEntries.push_back({entry.second, loop->getResult(place)});
    for (size_t i = 0; i < carried; ++i)
      if (Value argument = step.getArgument(1 + i); !argument.use_empty())
        scannedEntries.push_back({argument, shift(loop.getInitialValues()[i], loop->getResult(carriedPlaces[i]))});
    for (size_t i = 0; i < scanned; ++i)
      if (Value argument = step.getArgument(1 + carried + i); !argument.use_empty())
        scannedEntries.push_back({argument, loop.getScanInputs()[i]});
    for (size_t i = 0; i < invariants; ++i)
      if (Value argument = step.getArgument(1 + carried + scanned + i); !argument.use_empty())
        invariantEntries.push_back({argument, loop.getCaptures()[i]});

    int64_t count = getStepCount();
    Value number = step.getArgument(0);
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
      scannedEntries.push_back({addArgument(body.getArgument(1 + carried).getType()), loop.getScanInputs().front()});
    else if (scannedEntries.empty())
      tripCount = builder.getI64IntegerAttr(count);

    // Arguments in the order of a step: its number, loop-carried values, scan inputs, captures.
    Block &block = step.getBody().front();
    unsigned oldCount = block.getNumArguments();
    llvm::SmallVector<Value> operands[3];
    block.addArgument(number.getType(), loop.getLoc());
    auto order = [&](llvm::MutableArrayRef<Entry> entries, llvm::SmallVector<Value> &values) {
      for (Entry &entry : entries) {
        entry.argument.replaceAllUsesWith(block.addArgument(entry.argument.getType(), loop.getLoc()));
        values.push_back(entry.operand);
      }
    };
    order(carriedEntries, operands[0]);
    order(scannedEntries, operands[1]);
    order(invariantEntries, operands[2]);
    block.eraseArguments(0, oldCount);
    step.setType(builder.getFunctionType(block.getArgumentTypes(), getReturn(step).getOperandTypes()));

    llvm::SmallVector<Type> types;
    for (const Entry &entry : carriedEntries)
      types.push_back(entry.operand.getType());
    // What is returned, not `stacked`: arguments among them have been replaced.
    for (Value value : getReturn(step).getOperands().drop_front(next.size()))
      types.push_back(withSteps(value, count));
    auto backward = OutlinedLoopOp::create(builder, loop.getLoc(), types, step.getName(), operands[0], operands[1],
                                           operands[2], tripCount, !loop.getReverse(), false);
    llvm::SmallVector<Value> gradients(operandGradients.size());
    for (size_t i = 0; i < gradients.size(); ++i)
      if (isWanted[i] && (sums[i] >= 0 || places[i] >= 0))
        gradients[i] = backward->getResult(sums[i] >= 0 ? sums[i] : next.size() + places[i]);
    return gradients;
  }

  OpBuilder &builder;
  OutlinedLoopOp loop;
  func::FuncOp body, step;
  ValueRange resultGradients;
  llvm::ArrayRef<bool> isWanted; ///< one entry per operand
  Location askedAt;
  size_t carried, scanned, invariants;
  llvm::SmallVector<bool> isActive;
  IRMapping copies;
  llvm::SmallVector<Operation *> copied;
  llvm::SmallVector<Value> carriedGradients, stackedGradients; ///< arguments of the backward step
  llvm::SmallVector<Value> operandGradients;                   ///< values of it, one per operand of the loop
  llvm::SmallVector<std::pair<Value, Value>>
      kept; ///< values of the forward step that are stored; the arguments for them
  llvm::SmallVector<unsigned> keptPlaces, carriedPlaces; ///< results of the forward loop
};

} // namespace

FailureOr<llvm::SmallVector<Value>> differentiateLoop(OpBuilder &builder, OutlinedLoopOp &loop,
                                                      ValueRange resultGradients, llvm::ArrayRef<bool> isWanted,
                                                      Location askedAt) {
  LoopDifferentiation differentiation(builder, loop, resultGradients, isWanted, askedAt);
  FailureOr<llvm::SmallVector<Value>> gradients = differentiation.run();
  loop = differentiation.getLoop();
  return gradients;
}

} // namespace dlc
