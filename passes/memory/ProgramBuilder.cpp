// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramBuilder.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsProgram.h"
#include "ir/OpsSlicing.h"
#include "ir/RowRange.h"
#include "ir/SharedMemory.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/memory/ProgramSignature.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace {

/// The buffers of a loop's step, or of a branch, as the program knows them.
struct StepBuffers {
  llvm::SmallVector<Value> carried, next, scanned, stacked;
  llvm::SmallVector<Value> results; ///< of a branch
};

/// Turns one entry point of kernels, loops and choices into a program.
class ProgramBuilder {
public:
  ProgramBuilder(func::FuncOp graph, dlc::ProgramTables &tables, dlc::PrepareProgram &prepare, dlc::MemoryPlan &memory)
      : graph(graph), tables(tables), prepare(prepare), memory(memory), context(graph.getContext()),
        symbolNames(memory.getEntry().shapes.getSymbols()), preparedOffset(prepare.bytes) {}

  func::FuncOp run(bool shareMemory) {
    this->shareMemory = shareMemory;
    plan = memory.planSegment(dlc::workspaceSegment, shareMemory, context);
    for (dlc::UpdateSliceOp update : memory.getUpdatesInPlace())
      update.setInPlace(true);
    for (dlc::ConstantOp constant : memory.getConstants())
      constantOffsets.push_back(tables.weights.place(constant));
    prepare.bytes += memory.getPreparedBytes();
    program = dlc::createProgram(graph, memory, tables.variables, plan.bytes);
    llvm::append_range(symbolValues, program.function.getArguments().take_back(symbolNames.size()));
    entryValues = symbolValues;
    OpBuilder builder = OpBuilder::atBlockEnd(&program.function.getBody().front());
    emitFrame(memory.getEntry(), StepBuffers(), builder);
    for (auto [value, variable] : memory.getEntry().copiedVariables) {
      AffineExpr bytes = memory.getEntry().getBytes(value);
      Value from = getBuffer(memory.getEntry(), StepBuffers(), value, builder, false),
            to = view(builder, value.getLoc(), getBlock(3),
                      arith::ConstantIndexOp::create(builder, value.getLoc(), getVariableOffset(variable)), bytes);
      memref::CopyOp::create(
          builder, value.getLoc(),
          view(builder, value.getLoc(), from, arith::ConstantIndexOp::create(builder, value.getLoc(), 0), bytes), to);
    }
    func::ReturnOp::create(builder, graph.getLoc());
    return program.function;
  }

private:
  AffineMap makeMap(llvm::ArrayRef<AffineExpr> exprs) { return AffineMap::get(0, symbolNames.size(), exprs, context); }

  Value makeIndex(OpBuilder &builder, Location location, AffineExpr expr) {
    if (auto constant = dlc::constantDim(expr))
      return arith::ConstantIndexOp::create(builder, location, *constant);
    return affine::AffineApplyOp::create(builder, location, makeMap({expr}), symbolValues);
  }

  /// The program's arguments after inputs and outputs: workspace, constants, prepacked data, and variables if it has
  /// any.
  Value getBlock(unsigned number) { return program.function.getArgument(program.firstBlock + number); }

  /// Of variable `number` of the plan, in the block of variables.
  int64_t getVariableOffset(int64_t number) const { return tables.variables.getOffset(memory.getVariables()[number]); }

  /// Of memory that has a place of its own, in its block.
  AffineExpr getOffset(dlc::Place place) const {
    if (place.kind == dlc::Place::Arena)
      return getPlan(place.index).offsets[place.index];
    return getAffineConstantExpr(place.kind == dlc::Place::Constant   ? constantOffsets[place.index]
                                 : place.kind == dlc::Place::Variable ? getVariableOffset(place.index)
                                                                      : preparedOffset + place.index,
                                 context);
  }

  /// The plan and the block that buffer `number` of the arena is in.
  int64_t getSegment(int64_t number) const { return memory.getSegment(memory.getBuffers()[number].bytes); }
  const dlc::ArenaPlan &getPlan(int64_t number) const {
    int64_t segment = getSegment(number);
    return segment == dlc::workspaceSegment ? plan : segments.find(segment)->second.plan;
  }
  Value getArena(int64_t number) {
    int64_t segment = getSegment(number);
    return segment == dlc::workspaceSegment ? getBlock(0) : segments.find(segment)->second.block;
  }

  Value view(OpBuilder &builder, Location location, Value block, Value offset, AffineExpr bytes) {
    return memref::ViewOp::create(builder, location, llvm::cast<MemRefType>(block.getType()), block, offset,
                                  makeIndex(builder, location, bytes));
  }

  Value getBuffer(dlc::Frame &frame, const StepBuffers &step, Value value, OpBuilder &builder, bool isPrepared);
  void emitFrame(dlc::Frame &frame, const StepBuffers &step, OpBuilder &builder);
  void emitKernel(dlc::Frame &frame, const StepBuffers &step, dlc::KernelOp kernel, OpBuilder &runBuilder);
  void emitReadback(dlc::Frame &frame, const StepBuffers &step, dlc::ReadbackOp readback, OpBuilder &builder);
  void reserveSegment(dlc::Frame &frame, int64_t symbol, OpBuilder &builder, Location location);
  /// Whether `expr` depends on an extent that has been read back inside a loop or branch.
  bool isDecidedInside(AffineExpr expr) const {
    return llvm::any_of(decidedInside, [&](unsigned symbol) { return expr.isFunctionOfSymbol(symbol); });
  }
  void emitLoop(dlc::Frame &frame, const StepBuffers &step, dlc::OutlinedLoopOp loop, OpBuilder &builder);
  void emitIf(dlc::Frame &frame, const StepBuffers &step, dlc::OutlinedIfOp op, OpBuilder &builder);
  static Value loadFlag(OpBuilder &builder, Location location, Value buffer);
  llvm::SmallVector<Value> emitStep(dlc::Frame &body, Value iteration, Value steps, ValueRange state,
                                    ValueRange scanned, ValueRange stacked, OpBuilder &builder);
  scf::ForOp emitSteps(dlc::Frame &body, Value steps, ValueRange state, ValueRange scanned, ValueRange stacked,
                       OpBuilder &builder);
  llvm::SmallVector<Value> emitRanges(dlc::Frame &body, Value steps, ValueRange state, ValueRange scanned,
                                      ValueRange stacked, OpBuilder &builder);
  static Value loadNumber(OpBuilder &builder, Location location, Value buffer);
  void storeNumber(OpBuilder &builder, Location location, Value buffer, Value number);
  void clearAfter(OpBuilder &builder, dlc::Frame &frame, Value stacked, Value buffer, Value steps);

  func::FuncOp graph;
  dlc::ProgramTables &tables;
  dlc::PrepareProgram &prepare;
  dlc::MemoryPlan &memory;
  MLIRContext *context;
  llvm::ArrayRef<std::string> symbolNames;
  llvm::SmallVector<int64_t> constantOffsets; ///< of the plan's constants, in the block of constants
  int64_t preparedOffset;                     ///< of the plan's prepacked data, in the block of all entry points'
  bool shareMemory = true;
  dlc::ArenaPlan plan; ///< of the workspace
  struct Segment {
    dlc::ArenaPlan plan;
    Value block;
  };
  llvm::DenseMap<int64_t, Segment> segments;    ///< by the symbols whose readbacks begin them
  llvm::DenseMap<Value, Value> reservedOutputs; ///< memory of outputs that the context keeps
  int64_t segmentCount = 0;                     ///< of the blocks that are reserved
  dlc::ProgramSignature program;
  llvm::SmallVector<Value> symbolValues;                  ///< arguments, or what has been read back
  llvm::SmallVector<Value> entryValues;                   ///< the same before the loops and branches
  Operation *outermostLoop = nullptr;                     ///< of the loops and branches that are being emitted
  llvm::SmallVector<unsigned> decidedInside;              ///< symbols that these have read back
  llvm::DenseMap<Value, Value> fixedViews, preparedViews; ///< of buffers at fixed offsets, and as `prepare` sees them
};

} // namespace

/// The buffer of `value`, a tensor of `frame`.
Value ProgramBuilder::getBuffer(dlc::Frame &frame, const StepBuffers &step, Value value, OpBuilder &builder,
                                bool isPrepared) {
  value = dlc::getMemory(value);
  dlc::Place place = frame.places.lookup(value);
  switch (place.kind) {
  case dlc::Place::Output:
    if (Value reserved = reservedOutputs.lookup(value))
      return reserved;
    [[fallthrough]];
  case dlc::Place::Input:
    return program.function.getArgument(program.tensorNumbers[place.index]);
  case dlc::Place::Nowhere: // no kernel reads it
    return view(builder, value.getLoc(), getBlock(0), arith::ConstantIndexOp::create(builder, value.getLoc(), 0),
                getAffineConstantExpr(0, context));
  case dlc::Place::Outer: // who emits the function has noted it
    return fixedViews.lookup(value);
  case dlc::Place::Carried:
    return step.carried[place.index];
  case dlc::Place::Next:
    return step.next[place.index];
  case dlc::Place::Scanned:
    return step.scanned[place.index];
  case dlc::Place::Stacked:
    return step.stacked[place.index];
  case dlc::Place::Result:
    return step.results[place.index];
  default:
    break;
  }
  Value &buffer = (isPrepared ? preparedViews : fixedViews)[value];
  if (buffer)
    return buffer;
  // The same address in every step: it is computed before all loops, unless these decide it.
  OpBuilder::InsertionGuard guard(builder);
  bool isFixed = !isDecidedInside(frame.getBytes(value)) &&
                 (place.kind != dlc::Place::Arena || !isDecidedInside(memory.getBuffers()[place.index].bytes));
  bool leaves = outermostLoop && !isPrepared && isFixed;
  if (leaves) {
    builder.setInsertionPoint(outermostLoop);
    std::swap(symbolValues, entryValues);
  }
  llvm::scope_exit back([&] {
    if (leaves)
      std::swap(symbolValues, entryValues);
  });
  Value block = place.kind == dlc::Place::Arena      ? getArena(place.index)
                : place.kind == dlc::Place::Variable ? getBlock(3)
                : place.kind == dlc::Place::Constant ? (isPrepared ? prepare.constants : getBlock(1))
                                                     : (isPrepared ? prepare.prepared : getBlock(2));
  return buffer = view(builder, value.getLoc(), block, makeIndex(builder, value.getLoc(), getOffset(place)),
                       frame.getBytes(value));
}

void ProgramBuilder::emitFrame(dlc::Frame &frame, const StepBuffers &step, OpBuilder &builder) {
  llvm::SmallVector<Value> valuesOutside(symbolValues);
  size_t decidedOutside = decidedInside.size();
  for (Operation *op : frame.order) {
    if (auto kernel = llvm::dyn_cast<dlc::KernelOp>(op))
      emitKernel(frame, step, kernel, builder);
    else if (auto loop = llvm::dyn_cast<dlc::OutlinedLoopOp>(op))
      emitLoop(frame, step, loop, builder);
    else if (auto readback = llvm::dyn_cast<dlc::ReadbackOp>(op))
      emitReadback(frame, step, readback, builder);
    else
      emitIf(frame, step, llvm::cast<dlc::OutlinedIfOp>(op), builder);
  }
  if (frame.isEntry())
    return;
  symbolValues = std::move(valuesOutside);
  decidedInside.truncate(decidedOutside);
}

/// From here on the symbol has the value that data gives it.
void ProgramBuilder::emitReadback(dlc::Frame &frame, const StepBuffers &step, dlc::ReadbackOp readback,
                                  OpBuilder &builder) {
  Location location = readback.getLoc();
  auto number = llvm::find(symbolNames, readback.getSymbol()) - symbolNames.begin();
  Value count = getBuffer(frame, step, readback.getCount(), builder, false);
  bool hasBound = readback.getBound().getNumResults() > 0;
  AffineExpr largest = memory.getEntry().shapes.getBounds()[number];
  Value bound = hasBound ? makeIndex(builder, location, largest) : Value();
  std::string layer = dlc::getLayerName(location);
  symbolValues[number] = dlc::ReadExtentOp::create(builder, location, builder.getIndexType(), number,
                                                   layer.empty() ? readback.getSymbol().str() : layer, count, bound);
  if (frame.isEntry())
    entryValues[number] = symbolValues[number];
  else
    decidedInside.push_back(number);
  if (!hasBound)
    reserveSegment(frame, number, builder, location);
}

/// Memory for what depends on the extent `symbol`, which has no bound, and on none that comes later.
void ProgramBuilder::reserveSegment(dlc::Frame &frame, int64_t symbol, OpBuilder &builder, Location location) {
  auto reserve = [&](AffineExpr bytes, IntegerAttr output) {
    return dlc::ReserveOp::create(builder, location, getBlock(0).getType(), segmentCount++, makeMap({bytes}), output,
                                  symbolValues);
  };
  dlc::ArenaPlan own = memory.planSegment(symbol, shareMemory, context);
  if (dlc::constantDim(own.bytes) != 0) {
    Segment &segment = segments[symbol];
    segment.block = reserve(own.bytes, IntegerAttr());
    segment.plan = std::move(own);
  }
  for (OpOperand &result : frame.getReturn()->getOpOperands()) {
    Value value = dlc::getMemory(result.get());
    AffineExpr bytes = dlc::boundAbove(frame.getBytes(value), memory.getEntry().shapes.getBounds());
    if (frame.places.lookup(value).kind != dlc::Place::Output || memory.getSegment(bytes) != symbol)
      continue;
    // Its number among the tensors of a call: inputs, then outputs.
    unsigned argument = program.tensorNumbers[graph.getNumArguments() + result.getOperandNumber()];
    int64_t number = 0;
    for (unsigned i = 0; i < program.function.getNumArguments(); ++i)
      if (dlc::ProgramTensorAttr tensor = dlc::annotation::tensor.getOfArgument(program.function, i))
        number +=
            tensor.getRole() == dlc::TensorRole::Input || (i < argument && tensor.getRole() == dlc::TensorRole::Output);
    reservedOutputs[value] = reserve(bytes, builder.getI64IntegerAttr(number));
  }
  dlc::EntryPointAttr entryPoint = dlc::annotation::entry.get(program.function);
  dlc::annotation::entry.set(program.function,
                             dlc::EntryPointAttr::get(builder.getContext(), entryPoint.getName(),
                                                      entryPoint.getWorkspaceBytes(), entryPoint.getReadsVariables(),
                                                      entryPoint.getWritesVariables(), entryPoint.getReadsDerived(),
                                                      segmentCount));
}

void ProgramBuilder::emitKernel(dlc::Frame &frame, const StepBuffers &step, dlc::KernelOp kernel,
                                OpBuilder &runBuilder) {
  bool isPrepared = frame.getPlace(kernel.getResult()).kind == dlc::Place::Prepared;
  OpBuilder &builder = isPrepared ? prepare.builder : runBuilder;
  llvm::SmallVector<Value> inputs, outputs, symbols;
  for (Value input : kernel.getInputs())
    inputs.push_back(getBuffer(frame, step, input, builder, isPrepared));
  for (Value output : kernel.getOutputs()) {
    outputs.push_back(getBuffer(frame, step, output, builder, isPrepared));
    auto type = llvm::cast<RankedTensorType>(output.getType());
    if (dlc::LayoutAttr layout = dlc::getLayout(type); layout && layout.getHaloLow() && !isPrepared)
      dlc::FillHaloOp::create(builder, kernel.getLoc(), outputs.back(), type, makeMap(frame.getDims(output)),
                              symbolValues);
  }
  if (ArrayAttr names = kernel.getSymbolsAttr())
    for (auto name : names.getAsRange<StringAttr>())
      symbols.push_back(symbolValues[llvm::find(symbolNames, name.getValue()) - symbolNames.begin()]);
  std::string name = kernel.getKernelName().str();
  Location location = kernel.getLoc();
  FlatSymbolRefAttr symbol = tables.kernels.outline(kernel);
  dlc::LaunchOp::create(builder, location, symbol, builder.getStringAttr(name), inputs, outputs, symbols);
}

/// What is carried from step to step is the buffers of the loop-carried values: where a value alternates between two,
/// also the one that comes next and the other. So no state is ever copied, and the first step reads the operand where
/// it is.
void ProgramBuilder::emitLoop(dlc::Frame &frame, const StepBuffers &step, dlc::OutlinedLoopOp loop,
                              OpBuilder &builder) {
  dlc::Frame &body = *frame.bodies[loop];
  Location location = loop.getLoc();
  // Addresses that do not change are computed before the outermost loop, which does not exist before its operands do.
  llvm::SmallVector<Value> operands, results;
  for (Value operand : loop.getOperands())
    operands.push_back(getBuffer(frame, step, operand, builder, false));
  for (Value result : loop.getOutputs())
    results.push_back(frame.places.count(result) ? getBuffer(frame, step, result, builder, false) : Value());
  size_t carried = loop.getInitialValues().size(), scanned = loop.getScanInputs().size();
  for (BlockArgument argument : body.function.getArguments().drop_front())
    if (body.places.lookup(argument).kind == dlc::Place::Outer)
      fixedViews[argument] = operands[argument.getArgNumber() - 1];
  llvm::SmallVector<Value> state;
  for (auto [number, place] : llvm::enumerate(body.carried)) {
    state.push_back(operands[number]);
    for (int64_t buffer : place.buffers)
      if (buffer >= 0)
        state.push_back(view(builder, location, getArena(buffer),
                             makeIndex(builder, location, getPlan(buffer).offsets[buffer]),
                             frame.getBytes(loop.getInitialValues()[number])));
    if (place.isInPlace) {
      // Steps change the buffer itself, not what the loop has been given.
      Value buffer = state.pop_back_val(),
            from = view(builder, location, state.pop_back_val(), arith::ConstantIndexOp::create(builder, location, 0),
                        frame.getBytes(loop.getInitialValues()[number]));
      memref::CopyOp::create(builder, location, from, buffer);
      state.push_back(buffer);
    }
  }
  Value steps = makeIndex(builder, location, frame.shapes.getStepCount(loop).replaceSymbols(frame.symbols));
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  if (Value limit = loop.getLimit()) {
    Value most = loadNumber(builder, location, getBuffer(frame, step, limit, builder, false));
    steps = arith::MinSIOp::create(builder, location, steps, arith::MaxSIOp::create(builder, location, most, zero));
  }
  auto scannedBuffers = llvm::ArrayRef(operands).slice(carried, scanned);
  auto stackedBuffers = llvm::ArrayRef(results).slice(carried, loop.getScanOutputs().size());

  Operation *outer = outermostLoop;
  llvm::SmallVector<Value> last;
  Value count;
  if (dlc::getRowRange(loop)) {
    last = emitRanges(body, steps, state, scannedBuffers, stackedBuffers, builder);
  } else if (!loop.getStops()) {
    auto forOp = emitSteps(body, steps, state, scannedBuffers, stackedBuffers, builder);
    last.assign(forOp.getResults().begin(), forOp.getResults().end());
    count = steps;
  } else {
    llvm::SmallVector<Value> initial{zero, arith::ConstantIntOp::create(builder, location, 0, 1)};
    llvm::append_range(initial, state);
    llvm::SmallVector<Type> types(ValueRange(initial).getTypes());
    auto whileOp = scf::WhileOp::create(builder, location, types, initial);
    outermostLoop = outer ? outer : whileOp;
    llvm::SmallVector<Location> locations(types.size(), location);
    {
      OpBuilder inner(context);
      Block *before = inner.createBlock(&whileOp.getBefore(), {}, types, locations);
      Value isLeft = arith::CmpIOp::create(inner, location, arith::CmpIPredicate::slt, before->getArgument(0), steps);
      Value goesOn = arith::XOrIOp::create(inner, location, before->getArgument(1),
                                           arith::ConstantIntOp::create(inner, location, 1, 1));
      scf::ConditionOp::create(inner, location, arith::AndIOp::create(inner, location, isLeft, goesOn),
                               before->getArguments());
    }
    OpBuilder inner(context);
    Block *after = inner.createBlock(&whileOp.getAfter(), {}, types, locations);
    llvm::SmallVector<Value> next = emitStep(body, after->getArgument(0), steps, after->getArguments().drop_front(2),
                                             scannedBuffers, stackedBuffers, inner);
    llvm::SmallVector<Value> values{arith::AddIOp::create(inner, location, after->getArgument(0), one)};
    Value stop = getBuffer(body, StepBuffers(), body.getReturn().getOperands().back(), inner, false);
    Value byte = memref::LoadOp::create(inner, location, stop, zero);
    values.push_back(arith::CmpIOp::create(inner, location, arith::CmpIPredicate::ne, byte,
                                           arith::ConstantIntOp::create(inner, location, 0, 8)));
    llvm::append_range(values, next);
    scf::YieldOp::create(inner, location, values);
    last.assign(whileOp.getResults().begin() + 2, whileOp.getResults().end());
    count = whileOp.getResult(0);
  }
  outermostLoop = outer;

  // Final values move to where the loop's users look for them.
  size_t number = 0;
  for (auto [place, value, buffer] : llvm::zip(body.carried, loop.getFinalValues(), results)) {
    Value current = last[number];
    number += place.alternates() ? 3 : 1;
    if (!buffer)
      continue;
    Value from = view(builder, location, current, zero, frame.getBytes(value)),
          to = view(builder, location, buffer, zero, frame.getBytes(value));
    memref::CopyOp::create(builder, location, from, to);
  }
  if (loop.mayEndEarly()) {
    for (auto [value, buffer] : llvm::zip(loop.getScanOutputs(), stackedBuffers))
      clearAfter(builder, frame, value, buffer, count);
    if (results.back())
      storeNumber(builder, location, results.back(), count);
  }
}

/// The element of a `tensor<i1>`: the low bit, which is all that counts of an input.
Value ProgramBuilder::loadFlag(OpBuilder &builder, Location location, Value buffer) {
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        byte = memref::LoadOp::create(builder, location, buffer, zero);
  return arith::TruncIOp::create(builder, location, builder.getI1Type(), byte);
}

/// Both branches write to the buffers of the op's results.
void ProgramBuilder::emitIf(dlc::Frame &frame, const StepBuffers &step, dlc::OutlinedIfOp op, OpBuilder &builder) {
  llvm::SmallVector<Value> captures;
  StepBuffers inner;
  for (Value capture : op.getCaptures())
    captures.push_back(getBuffer(frame, step, capture, builder, false));
  for (Value result : op.getOutputs())
    inner.results.push_back(getBuffer(frame, step, result, builder, false));
  Value condition = loadFlag(builder, op.getLoc(), getBuffer(frame, step, op.getCondition(), builder, false));
  auto choice = scf::IfOp::create(builder, op.getLoc(), condition, /*withElseRegion=*/true);
  Operation *outer = outermostLoop;
  outermostLoop = outer ? outer : choice;
  for (unsigned branch : {0, 1}) {
    dlc::Frame &body = *frame.branches[op][branch];
    for (auto [argument, capture] : llvm::zip(body.function.getArguments(), captures))
      fixedViews[argument] = capture;
    OpBuilder inside = branch == 0 ? choice.getThenBodyBuilder() : choice.getElseBodyBuilder();
    if (dlc::ExtentChecksAttr checks = branch == 0 ? op.getThenChecksAttr() : op.getElseChecksAttr())
      dlc::CheckExtentsOp::create(inside, op.getLoc(), dlc::bindExtentChecks(checks, symbolNames), symbolValues);
    emitFrame(body, inner, inside);
  }
  outermostLoop = outer;
}

/// All steps of a loop, one after the other, from the buffers `state` on.
scf::ForOp ProgramBuilder::emitSteps(dlc::Frame &body, Value steps, ValueRange state, ValueRange scanned,
                                     ValueRange stacked, OpBuilder &builder) {
  Location location = body.loop.getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  auto forOp = scf::ForOp::create(builder, location, zero, steps, one, state);
  if (!outermostLoop)
    outermostLoop = forOp;
  // A loop without loop-carried values is created with its terminator.
  forOp.getBody()->clear();
  OpBuilder inner = OpBuilder::atBlockEnd(forOp.getBody());
  llvm::SmallVector<Value> next =
      emitStep(body, forOp.getInductionVar(), steps, forOp.getRegionIterArgs(), scanned, stacked, inner);
  scf::YieldOp::create(inner, location, next);
  return forOp;
}

/// All steps of a loop for ranges of rows: launches inside `scf.parallel` are for the rows of its iteration. Gives
/// the buffers that hold the state after the last one.
llvm::SmallVector<Value> ProgramBuilder::emitRanges(dlc::Frame &body, Value steps, ValueRange state, ValueRange scanned,
                                                    ValueRange stacked, OpBuilder &builder) {
  dlc::OutlinedLoopOp loop = body.loop;
  Location location = loop.getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  Value rows = makeIndex(builder, location, body.getDims(body.getReturn().getOperand(0)).front());
  Value range = arith::ConstantIndexOp::create(builder, location, dlc::getRowRange(loop));
  auto ranges = scf::ParallelOp::create(builder, location, zero, rows, range);
  Operation *outer = outermostLoop;
  outermostLoop = outer ? outer : ranges;
  OpBuilder inside = OpBuilder::atBlockBegin(ranges.getBody());
  emitSteps(body, steps, state, scanned, stacked, inside);
  outermostLoop = outer;

  // The buffers have alternated inside the ranges.
  Value isEmpty = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, steps, zero);
  Value isOdd = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne,
                                      arith::AndIOp::create(builder, location, steps, one), zero);
  llvm::SmallVector<Value> last;
  size_t number = 0;
  for (const dlc::CarriedPlace &carried : body.carried) {
    Value final = state[number];
    if (carried.stacked >= 0) {
      AffineExpr bytes = body.getBytes(body.getReturn().getOperand(body.carried.size() + carried.stacked));
      Value place = loop.getReverse() ? zero : arith::SubIOp::create(builder, location, steps, one).getResult();
      final = view(builder, location, stacked[carried.stacked],
                   arith::MulIOp::create(builder, location, place, makeIndex(builder, location, bytes)), bytes);
    } else if (carried.alternates()) {
      final = arith::SelectOp::create(builder, location, isOdd, state[number + 1], state[number + 2]);
    }
    last.push_back(arith::SelectOp::create(builder, location, isEmpty, state[number], final));
    if (carried.alternates())
      last.append({Value(), Value()});
    number += carried.alternates() ? 3 : 1;
  }
  return last;
}

/// One step of a loop; gives the buffers that the next one starts from.
llvm::SmallVector<Value> ProgramBuilder::emitStep(dlc::Frame &body, Value iteration, Value steps, ValueRange state,
                                                  ValueRange scanned, ValueRange stacked, OpBuilder &builder) {
  dlc::OutlinedLoopOp loop = body.loop;
  Location location = loop.getLoc();
  Value place = iteration;
  if (loop.getReverse()) {
    Value one = arith::ConstantIndexOp::create(builder, location, 1);
    place = arith::SubIOp::create(builder, location, arith::SubIOp::create(builder, location, steps, one), iteration);
  }
  // This step's part of a tensor with the steps as dimension 0.
  auto slice = [&](Value buffer, Value part) {
    AffineExpr bytes = body.getBytes(part);
    Value offset = arith::MulIOp::create(builder, location, place, makeIndex(builder, location, bytes));
    return view(builder, location, buffer, offset, bytes);
  };
  StepBuffers step;
  llvm::SmallVector<Value> next;
  auto scannedArguments = body.function.getArguments().slice(1 + body.carried.size(), scanned.size());
  for (auto [buffer, argument] : llvm::zip(scanned, scannedArguments))
    step.scanned.push_back(slice(buffer, argument));
  auto stackedValues = body.getReturn().getOperands().slice(body.carried.size(), stacked.size());
  for (auto [buffer, value] : llvm::zip(stacked, stackedValues))
    step.stacked.push_back(slice(buffer, value));
  size_t number = 0;
  for (const dlc::CarriedPlace &carried : body.carried) {
    step.carried.push_back(state[number]);
    if (carried.isInPlace) {
      step.next.push_back(state[number]);
      next.push_back(state[number]);
      ++number;
      continue;
    }
    if (carried.stacked >= 0) {
      step.next.push_back(step.stacked[carried.stacked]);
      next.push_back(step.next.back());
      ++number;
      continue;
    }
    step.next.push_back(state[number + 1]);
    next.append({state[number + 1], state[number + 2], state[number + 1]});
    number += 3;
  }
  if (body.stepBuffer >= 0)
    storeNumber(builder, location, getBuffer(body, step, body.function.getArgument(0), builder, false), iteration);
  emitFrame(body, step, builder);
  return next;
}

/// The element of a `tensor<i64>`, as an index.
Value ProgramBuilder::loadNumber(OpBuilder &builder, Location location, Value buffer) {
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  auto type = MemRefType::get({1}, builder.getI64Type());
  Value source = memref::ViewOp::create(builder, location, type, buffer, zero, ValueRange());
  return arith::IndexCastOp::create(builder, location, builder.getIndexType(),
                                    memref::LoadOp::create(builder, location, source, zero).getResult());
}

/// Writes an index to a `tensor<i64>`.
void ProgramBuilder::storeNumber(OpBuilder &builder, Location location, Value buffer, Value number) {
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  auto type = MemRefType::get({1}, builder.getI64Type());
  Value target = memref::ViewOp::create(builder, location, type, buffer, zero, ValueRange());
  memref::StoreOp::create(builder, location,
                          arith::IndexCastOp::create(builder, location, builder.getI64Type(), number), target, zero);
}

/// Writes zeros to the part of a scan output that no step has written.
void ProgramBuilder::clearAfter(OpBuilder &builder, dlc::Frame &frame, Value stacked, Value buffer, Value steps) {
  Location location = stacked.getLoc();
  dlc::Dims dims = frame.getDims(stacked);
  auto type = llvm::cast<RankedTensorType>(stacked.getType());
  auto stepType = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  Value stepBytes =
      makeIndex(builder, location, dlc::getBufferBytes(stepType, llvm::ArrayRef<AffineExpr>(dims).drop_front()));
  Value begin = arith::MulIOp::create(builder, location, steps, stepBytes),
        end = makeIndex(builder, location, frame.getBytes(stacked)),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  auto loop = scf::ForOp::create(builder, location, begin, end, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  memref::StoreOp::create(inner, location, arith::ConstantIntOp::create(inner, location, 0, 8), buffer,
                          loop.getInductionVar());
}

func::FuncOp dlc::buildProgram(func::FuncOp graph, MemoryPlan &memory, ProgramTables &tables, PrepareProgram &prepare,
                               bool shareMemory) {
  return ProgramBuilder(graph, tables, prepare, memory).run(shareMemory);
}
