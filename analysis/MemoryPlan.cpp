// SPDX-License-Identifier: Apache-2.0
#include "analysis/MemoryPlan.h"
#include "ir/Annotations.h"
#include "ir/ControlFlow.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "ir/OpsKernel.h"
#include "ir/OpsSlicing.h"
#include "ir/RowRange.h"
#include "ir/SymbolicShapes.h"
#include "ir/Variables.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

func::ReturnOp Frame::getReturn() { return llvm::cast<func::ReturnOp>(function.getBody().front().getTerminator()); }

Dims Frame::getDims(Value value) const {
  Dims dims;
  for (AffineExpr dim : shapes.getDims(value))
    dims.push_back(dim.replaceSymbols(symbols));
  return dims;
}

AffineExpr Frame::getBytes(Value value) const { return getBufferBytes(getType(value), getDims(value)); }

FailureOr<MemoryPlan> MemoryPlan::make(func::FuncOp entry, bool shareMemory) {
  MemoryPlan plan(entry->getParentOfType<ModuleOp>(), shareMemory);
  FailureOr<std::unique_ptr<Frame>> frame = plan.makeFrame(entry, nullptr, nullptr);
  if (failed(frame))
    return failure();
  plan.entry = std::move(*frame);
  plan.placePrepacked();
  return plan;
}

FailureOr<std::unique_ptr<Frame>> MemoryPlan::makeFrame(func::FuncOp function, Operation *owner, Frame *outer) {
  FailureOr<SymbolicShapes> shapes = SymbolicShapes::analyze(function);
  if (failed(shapes))
    return failure();
  auto frame = std::make_unique<Frame>(function, owner, outer, std::move(*shapes));
  for (Operation &op : function.getBody().front())
    if (llvm::isa<KernelOp, ReadbackOp>(op) || op.hasTrait<RunsFunctions>())
      frame->order.push_back(&op);
  if (!outer)
    entryShapes = &frame->shapes;
  if (failed(bindSymbols(*frame, owner)))
    return failure();
  placeArguments(*frame);
  placeResults(*frame);
  placeConstants(*frame);
  for (Operation *op : frame->order) {
    LogicalResult placed = success();
    if (auto kernel = llvm::dyn_cast<KernelOp>(op))
      placeKernel(*frame, kernel);
    else if (auto inner = llvm::dyn_cast<OutlinedLoopOp>(op))
      placed = placeLoop(*frame, inner);
    else if (auto readback = llvm::dyn_cast<ReadbackOp>(op))
      placeReadback(*frame, readback);
    else
      placed = placeIf(*frame, llvm::cast<OutlinedIfOp>(op));
    if (failed(placed))
      return failure();
  }
  if (!outer && failed(checkFailures(*frame)))
    return failure();
  // The copies at the end read what was computed.
  for (auto [value, offset] : frame->copiedVariables)
    extendLife(*frame, value);
  return frame;
}

/// Whether an extent in the function depends on `symbol`.
static bool dependsOn(Frame &frame, AffineExpr symbol) {
  auto depends = [&](Value value) {
    return llvm::isa<RankedTensorType>(value.getType()) &&
           llvm::any_of(frame.shapes.getDims(value), [&](AffineExpr extent) {
             return extent.isFunctionOfSymbol(llvm::cast<AffineSymbolExpr>(symbol).getPosition());
           });
  };
  Block &block = frame.function.getBody().front();
  return llvm::any_of(block.getArguments(), depends) ||
         llvm::any_of(block, [&](Operation &op) { return llvm::any_of(op.getResults(), depends); });
}

/// The function's symbols as the entry point's; what a step or a branch reads back becomes one of these.
LogicalResult MemoryPlan::bindSymbols(Frame &frame, Operation *owner) {
  llvm::ArrayRef<std::string> names = frame.shapes.getSymbols();
  if (frame.isEntry()) {
    for (size_t number = 0; number < names.size(); ++number)
      frame.symbols.push_back(getAffineSymbolExpr(number, frame.function.getContext()));
    return success();
  }
  SymbolBounds bounds = frame.shapes.getBounds();
  for (auto [number, name] : llvm::enumerate(names)) {
    AffineExpr own = getAffineSymbolExpr(number, frame.function.getContext());
    if (number < bounds.size() && bounds[number]) {
      // A bound is over symbols that come before.
      AffineExpr bound = bounds[number] == own ? AffineExpr() : bounds[number].replaceSymbols(frame.symbols);
      frame.symbols.push_back(entryShapes->defineExtent(name, bound));
      continue;
    }
    llvm::ArrayRef<std::string> outer = frame.outer->shapes.getSymbols();
    size_t position = llvm::find(outer, name) - outer.begin();
    AffineExpr known = position < frame.outer->symbols.size() ? frame.outer->symbols[position] : AffineExpr();
    // What other steps and branches read back is listed, too.
    if (!known && dependsOn(frame, own))
      return owner->emitOpError("has a body that refers to the extent '")
             << name << "', which its function does not know";
    frame.symbols.push_back(known);
  }
  return success();
}

static bool dependsOn(Value value, BlockArgument argument) {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == argument)
      return true;
    if (Operation *op = values[i].getDefiningOp())
      values.insert(op->operand_begin(), op->operand_end());
  }
  return false;
}

/// Whether `kernel` reads its input only at the position where it writes that output, so that the output may
/// have the input's memory.
static bool readsInPlace(KernelOp kernel, unsigned input, unsigned output) {
  if (kernel.getKind() != KernelKind::Elementwise || !kernel.getSchedules() ||
      kernel.getInputs()[input].getType() != kernel.getOutputs()[output].getType())
    return false;
  // An element of each output is stored, one after the other.
  BlockArgument argument = kernel.getBody().getArgument(input);
  if (llvm::any_of(kernel.getYieldedValues().drop_front(output + 1),
                   [&](Value later) { return dependsOn(later, argument); }))
    return false;
  // Rows of vectors end with a mask: a last vector that overlapped the one before it would read what that has written.
  for (Attribute schedule : kernel.getSchedulesAttr())
    if (llvm::cast<ScheduleAttr>(schedule).getAlgorithm() != "rows")
      return false;
  return llvm::all_of(argument.getUsers(), [&](Operation *user) {
    return user->hasTrait<Elementwise>() &&
           getType(user->getResult(0)).getShape() == getType(kernel.getResult()).getShape();
  });
}

void MemoryPlan::placeArguments(Frame &frame) {
  if (frame.isEntry()) {
    for (BlockArgument argument : frame.function.getArguments()) {
      unsigned number = argument.getArgNumber();
      if (annotation::elementsOf.getOfArgument(frame.function, number))
        frame.storage[argument] = {Storage::Nowhere, 0};
      else if (StringAttr variable = getVariableOfArgument(frame.function, number))
        frame.storage[argument] = {Storage::Variable, addVariable(variable)};
      else
        frame.storage[argument] = {Storage::Input, number};
    }
    return;
  }
  if (!frame.loop) {
    for (BlockArgument argument : frame.function.getArguments())
      frame.storage[argument] = {Storage::Outer, argument.getArgNumber()};
    return;
  }
  auto arguments = llvm::ArrayRef(frame.function.getArguments().begin(), frame.function.getNumArguments());
  size_t loopCarried = frame.loop.getInitialValues().size(), scanInputs = frame.loop.getScanInputs().size();
  if (!arguments[0].use_empty()) {
    frame.stepBuffer = addBuffer(getAffineConstantExpr(sizeof(int64_t), frame.function.getContext()));
    frame.storage[arguments[0]] = {Storage::Arena, frame.stepBuffer};
  }
  for (auto [number, argument] : llvm::enumerate(arguments.drop_front())) {
    if (number < loopCarried)
      frame.storage[argument] = {Storage::LoopCarried, static_cast<int64_t>(number)};
    else if (number < loopCarried + scanInputs)
      frame.storage[argument] = {Storage::ScanInput, static_cast<int64_t>(number - loopCarried)};
    else
      frame.storage[argument] = {Storage::Outer, static_cast<int64_t>(number)};
  }
}

void MemoryPlan::placeResults(Frame &frame) {
  OperandRange results = frame.getReturn().getOperands();
  if (frame.isEntry()) {
    for (auto [number, value] : llvm::enumerate(results)) {
      if (StringAttr variable = getVariableOfResult(frame.function, number))
        placeVariable(frame, number, variable);
      else
        frame.storage[getMemory(value)] = {Storage::Output,
                                           static_cast<int64_t>(frame.function.getNumArguments() + number)};
    }
    noteStatesInPlace(frame);
    return;
  }
  if (!frame.loop) {
    for (auto [number, value] : llvm::enumerate(results))
      frame.storage[getMemory(value)] = {Storage::Result, static_cast<int64_t>(number)};
    return;
  }
  size_t loopCarried = frame.loop.getInitialValues().size(), scanOutputs = frame.loop.getScanOutputs().size();
  for (auto [number, value] : llvm::enumerate(results.slice(loopCarried, scanOutputs)))
    frame.storage[getMemory(value)] = {Storage::ScanOutput, static_cast<int64_t>(number)};
  for (auto [number, value] : llvm::enumerate(results.take_front(loopCarried))) {
    Value memory = getMemory(value);
    LoopCarriedStorage &storage = frame.loopCarried.emplace_back();
    auto found = frame.storage.find(memory);
    if (found != frame.storage.end() && found->second.kind == Storage::ScanOutput) {
      storage.scanOutput = found->second.index;
      continue;
    }
    frame.storage[memory] = {Storage::Next, static_cast<int64_t>(number)};
    storage.isInPlace = updateInPlace(frame, value, frame.function.getArgument(1 + number));
    for (int64_t &buffer : llvm::MutableArrayRef(storage.buffers).take_front(storage.isInPlace ? 1 : 2))
      buffer = addBuffer(frame.getBytes(value));
  }
  if (frame.loop.getStops())
    frame.storage[getMemory(results.back())] = {Storage::Arena, addBuffer(frame.getBytes(results.back()))};
}

/// Lets the kernel that computes result number `result`, the new value of the variable `name`, write it there, if
/// nobody reads the old one afterwards.
void MemoryPlan::placeVariable(Frame &frame, unsigned result, StringAttr name) {
  Value value = frame.getReturn().getOperand(result), memory = getMemory(value);
  auto kernel = memory.getDefiningOp<KernelOp>();
  bool isFree = kernel && shareMemory;
  BlockArgument old = frame.variables.getOldValue(name);
  if (isFree && old) {
    unsigned output = llvm::cast<OpResult>(memory).getResultNumber();
    for (auto [number, input] : llvm::enumerate(kernel.getInputs()))
      isFree &= getMemory(input) != old || readsInPlace(kernel, number, output);
    isFree = isFree && !frame.readers.isReadAfter(old, kernel);
  }
  if (isFree)
    frame.storage[memory] = {Storage::Variable, addVariable(name)};
  else
    frame.copiedVariables.push_back({value, addVariable(name)});
}

void MemoryPlan::noteStatesInPlace(Frame &frame) {
  func::FuncOp function = frame.function;
  llvm::DenseMap<StringAttr, llvm::SmallVector<BlockArgument, 1>> states;
  for (BlockArgument argument : function.getArguments())
    if (auto name = annotation::state.getOfArgument(function, argument.getArgNumber()))
      states[name].push_back(argument);
  if (states.empty())
    return;
  for (auto [number, value] : llvm::enumerate(frame.getReturn().getOperands())) {
    auto name = annotation::state.getOfResult(function, number);
    if (!name)
      continue;
    for (BlockArgument argument : states.lookup(name))
      if (updateInPlace(frame, value, argument))
        statesInPlace.push_back(argument);
  }
}

void MemoryPlan::placeConstants(Frame &frame) {
  frame.function.walk([&](ConstantOp constant) {
    bool isUsed = llvm::any_of(constant->getUsers(), [](Operation *user) { return !llvm::isa<ConstantOp>(user); });
    if (constant->getParentOp() != frame.function || !isUsed)
      return;
    frame.storage[constant] = {Storage::Constant, static_cast<int64_t>(constants.size())};
    constants.push_back(constant);
  });
}

/// A buffer that is written by the current kernel, as large as it can become.
int64_t MemoryPlan::addBuffer(AffineExpr bytes) {
  buffers.push_back({step, step, boundAbove(bytes, entryShapes->getBounds())});
  return buffers.size() - 1;
}

int64_t MemoryPlan::getSegment(AffineExpr bytes) const {
  SymbolBounds bounds = entry ? entry->shapes.getBounds() : entryShapes->getBounds();
  int64_t last = workspaceSegment;
  bytes.walk([&](AffineExpr part) {
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part); symbol && isUnbounded(part, bounds))
      last = std::max<int64_t>(last, symbol.getPosition());
  });
  return last;
}

ArenaPlan MemoryPlan::planSegment(int64_t segment, bool shareMemory, MLIRContext *context) const {
  llvm::SmallVector<ArenaBuffer> own(buffers);
  for (ArenaBuffer &buffer : own)
    if (getSegment(buffer.bytes) != segment)
      buffer.bytes = getAffineConstantExpr(0, context);
  return planArena(own, shareMemory, context);
}

int64_t MemoryPlan::addVariable(StringAttr name) {
  variables.push_back(name);
  return variables.size() - 1;
}

void MemoryPlan::extendLife(Frame &frame, Value value) {
  Storage storage = frame.getStorage(value);
  if (storage.kind == Storage::Arena)
    buffers[storage.index].last = step;
}

bool MemoryPlan::isLoadTimeConstant(Frame &frame, Value value) {
  auto storage = frame.storage.find(getMemory(value));
  return storage != frame.storage.end() &&
         (storage->second.kind == Storage::Constant || storage->second.kind == Storage::Prepacked);
}

void MemoryPlan::placeKernel(Frame &frame, KernelOp kernel) {
  bool hasStorage = llvm::any_of(kernel.getOutputs(), [&](Value output) { return frame.storage.count(output); });
  // A user's function says why it fails to whoever makes a run, not when a library is loaded.
  bool isConstant = !callsFunction(kernel) &&
                    llvm::all_of(kernel.getInputs(), [&](Value input) { return isLoadTimeConstant(frame, input); });
  if (!hasStorage && isConstant && getType(kernel.getResult()).hasStaticShape()) {
    for (Value output : kernel.getOutputs()) {
      frame.storage[output] = {Storage::Prepacked, 0};
      prepacked.emplace_back(&frame, output);
    }
    prepackingSteps[kernel] = static_cast<int64_t>(prepackingSteps.size());
    return;
  }
  for (Value input : kernel.getInputs())
    extendLife(frame, input);
  for (Value output : kernel.getOutputs()) {
    if (auto found = frame.storage.find(output); found != frame.storage.end()) {
      extendLife(frame, output);
      continue;
    }
    int64_t buffer = shareMemory ? findOperandToOverwrite(frame, kernel) : -1;
    frame.storage[output] = {Storage::Arena, buffer < 0 ? addBuffer(frame.getBytes(output)) : buffer};
  }
  frame.steps[kernel] = {step, step};
  ++step;
}

/// The host reads the count; what it defines is an extent, which takes no memory.
void MemoryPlan::placeReadback(Frame &frame, ReadbackOp readback) {
  extendLife(frame, readback.getCount());
  frame.storage[readback.getResult()] = {Storage::Nowhere, 0};
  frame.steps[readback] = {step, step};
  ++step;
}

LogicalResult MemoryPlan::placeLoop(Frame &frame, OutlinedLoopOp loop) {
  frame.steps[loop].first = step;
  // What the loop gives is written from its first step on.
  for (auto [number, result] : llvm::enumerate(loop.getOutputs())) {
    bool isScanOutput = number >= loop.getInitialValues().size();
    if (!frame.storage.count(result) && (isScanOutput || !result.use_empty()))
      frame.storage[result] = {Storage::Arena, addBuffer(frame.getBytes(result))};
  }
  auto body = symbols.lookup<func::FuncOp>(loop.getBody());
  int64_t firstStep = step;
  size_t firstBuffer = buffers.size();
  FailureOr<std::unique_ptr<Frame>> made = makeFrame(body, loop, &frame);
  if (failed(made))
    return failure();
  Frame &inner = **made;
  // Ranges of rows are at different steps at the same time: no tensor of a step may reuse the memory of another.
  if (getRowRange(loop))
    for (ArenaBuffer &buffer : llvm::MutableArrayRef(buffers).drop_front(firstBuffer)) {
      buffer.first = firstStep;
      buffer.last = step;
    }
  // What a later step reads again lives as long as the loop.
  for (const LoopCarriedStorage &storage : inner.loopCarried)
    for (int64_t buffer : storage.buffers)
      if (buffer >= 0)
        buffers[buffer].last = step;
  if (inner.stepBuffer >= 0)
    buffers[inner.stepBuffer].last = step;
  if (loop.getStops())
    extendLife(inner, inner.getReturn().getOperands().back());
  for (Value operand : loop.getOperands())
    extendLife(frame, operand);
  for (Value result : loop.getOutputs())
    if (frame.storage.count(result))
      extendLife(frame, result);
  frame.bodies[loop] = std::move(*made);
  // Final values are written when all steps are over.
  frame.steps[loop].last = step;
  ++step;
  return success();
}

/// Both branches write the same results. They do not run in the same run, so the one's tensors may have the other's
/// memory: their steps follow one another.
LogicalResult MemoryPlan::placeIf(Frame &frame, OutlinedIfOp op) {
  frame.steps[op].first = step;
  for (Value result : op.getOutputs())
    if (!frame.storage.count(result))
      frame.storage[result] = {Storage::Arena, addBuffer(frame.getBytes(result))};
  for (unsigned branch : {0, 1}) {
    auto body = symbols.lookup<func::FuncOp>(op.getBody(branch).getValue());
    FailureOr<std::unique_ptr<Frame>> made = makeFrame(body, op, &frame);
    if (failed(made))
      return failure();
    frame.branches[op][branch] = std::move(*made);
  }
  for (Value value : llvm::concat<Value>(op->getOperands(), op->getResults()))
    extendLife(frame, value);
  frame.steps[op].last = step;
  ++step;
  return success();
}

UpdateSliceOp getUpdate(KernelOp kernel) {
  auto update = kernel.getYielded().getDefiningOp<UpdateSliceOp>();
  bool isAlone = update && kernel.getOutputs().size() == 1 && llvm::isa<BlockArgument>(update.getX()) &&
                 update.getX().hasOneUse() && llvm::hasSingleElement(kernel.getBody().front().without_terminator());
  return isAlone ? update : UpdateSliceOp();
}

/// Whether the kernel that computes `result` may change rows of `operand` where they are: nobody reads that afterwards.
/// If so, it is noted that the kernel does it.
bool MemoryPlan::updateInPlace(Frame &frame, Value result, Value operand) {
  auto kernel = getMemory(result).getDefiningOp<KernelOp>();
  UpdateSliceOp update = kernel && shareMemory ? getUpdate(kernel) : UpdateSliceOp();
  if (!update)
    return false;
  Value updated = kernel.getInputs()[llvm::cast<BlockArgument>(update.getX()).getArgNumber()];
  if (getMemory(updated) != operand || llvm::count(kernel.getInputs(), updated) != 1 ||
      updated.getType() != kernel.getResult().getType())
    return false;
  if (frame.readers.isReadAfter(operand, kernel))
    return false;
  updatesInPlace.insert(update);
  return true;
}

/// The arena buffer of an operand that dies here and that an elementwise kernel may write its result over: same size,
/// same layout, read at the position that is written. -1 if there is none.
int64_t MemoryPlan::findOperandToOverwrite(Frame &frame, KernelOp kernel) {
  if (UpdateSliceOp update = getUpdate(kernel)) {
    Value operand = getMemory(kernel.getInputs()[llvm::cast<BlockArgument>(update.getX()).getArgNumber()]);
    Storage storage = frame.storage.lookup(operand);
    if (storage.kind != Storage::Arena || llvm::isa<BlockArgument>(operand) ||
        !updateInPlace(frame, kernel.getResult(), operand))
      return -1;
    buffers[storage.index].last = step;
    return storage.index;
  }
  for (auto [i, input] : llvm::enumerate(kernel.getInputs())) {
    auto storage = frame.storage.find(getMemory(input));
    if (storage == frame.storage.end() || storage->second.kind != Storage::Arena || llvm::isa<BlockArgument>(input))
      continue;
    // The kernel itself may read the same memory in another shape, and there elsewhere.
    bool isShared = llvm::count_if(kernel.getInputs(), [&](Value other) { return getMemory(other) == input; }) != 1;
    if (isShared || getMemory(input) != input || frame.readers.isReadAfter(input, kernel))
      continue;
    if (kernel.getOutputs().size() != 1 || !readsInPlace(kernel, i, 0))
      continue;
    buffers[storage->second.index].last = step;
    return storage->second.index;
  }
  return -1;
}

} // namespace dlc
