// SPDX-License-Identifier: Apache-2.0
// Loops and choices of a program.
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsControl.h"
#include "ir/OpsProgram.h"
#include "ir/RowRange.h"
#include "passes/memory/ProgramWriter.h"

using namespace mlir;
using namespace dlc;

/// Steps hand on the buffers of the loop-carried values: where a value alternates between two,
/// also the one that comes next and the other. So no state is ever copied, and the first step reads the operand where
/// it is.
void ProgramWriter::emitLoop(Frame &frame, const StepBuffers &step, OutlinedLoopOp loop, OpBuilder &builder) {
  Frame &body = *frame.bodies[loop];
  Location location = loop.getLoc();
  // Addresses that do not change are computed before the outermost loop, which does not exist before its operands do.
  llvm::SmallVector<Value> operands, results;
  for (Value operand : loop.getOperands())
    operands.push_back(getBuffer(frame, step, operand, builder, false));
  for (Value result : loop.getOutputs())
    results.push_back(frame.storage.count(result) ? getBuffer(frame, step, result, builder, false) : Value());
  size_t loopCarried = loop.getInitialValues().size(), scanInputs = loop.getScanInputs().size();
  for (BlockArgument argument : body.function.getArguments().drop_front())
    if (body.storage.lookup(argument).kind == Storage::Outer)
      fixedViews[argument] = operands[argument.getArgNumber() - 1];
  llvm::SmallVector<Value> state;
  for (auto [number, storage] : llvm::enumerate(body.loopCarried)) {
    state.push_back(operands[number]);
    for (int64_t buffer : storage.buffers)
      if (buffer >= 0)
        state.push_back(view(builder, location, getArena(buffer),
                             makeIndex(builder, location, getPlan(buffer).offsets[buffer]),
                             frame.getBytes(loop.getInitialValues()[number])));
    if (storage.isInPlace) {
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
  auto scanInputBuffers = llvm::ArrayRef(operands).slice(loopCarried, scanInputs);
  auto scanOutputBuffers = llvm::ArrayRef(results).slice(loopCarried, loop.getScanOutputs().size());

  Operation *outer = outermostLoop;
  llvm::SmallVector<Value> last;
  Value count;
  if (getRowRange(loop)) {
    last = emitRanges(body, steps, state, scanInputBuffers, scanOutputBuffers, builder);
  } else if (!loop.getStops()) {
    auto forOp = emitSteps(body, steps, state, scanInputBuffers, scanOutputBuffers, builder);
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
                                             scanInputBuffers, scanOutputBuffers, inner);
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
  for (auto [storage, value, buffer] : llvm::zip(body.loopCarried, loop.getFinalValues(), results)) {
    Value current = last[number];
    number += storage.alternates() ? 3 : 1;
    if (!buffer)
      continue;
    Value from = view(builder, location, current, zero, frame.getBytes(value)),
          to = view(builder, location, buffer, zero, frame.getBytes(value));
    memref::CopyOp::create(builder, location, from, to);
  }
  if (loop.mayEndEarly()) {
    for (auto [value, buffer] : llvm::zip(loop.getScanOutputs(), scanOutputBuffers))
      clearAfter(builder, frame, value, buffer, count);
    if (results.back())
      storeNumbers(builder, location, results.back(), builder.getI64Type(), count);
  }
}

/// The element of a `tensor<i1>`: the low bit, which is all that counts of an input.
Value ProgramWriter::loadFlag(OpBuilder &builder, Location location, Value buffer) {
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        byte = memref::LoadOp::create(builder, location, buffer, zero);
  return arith::TruncIOp::create(builder, location, builder.getI1Type(), byte);
}

/// Both branches write to the buffers of the op's results.
void ProgramWriter::emitIf(Frame &frame, const StepBuffers &step, OutlinedIfOp op, OpBuilder &builder) {
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
    Frame &body = *frame.branches[op][branch];
    for (auto [argument, capture] : llvm::zip(body.function.getArguments(), captures))
      fixedViews[argument] = capture;
    OpBuilder inside = branch == 0 ? choice.getThenBodyBuilder() : choice.getElseBodyBuilder();
    if (ExtentChecksAttr checks = branch == 0 ? op.getThenChecksAttr() : op.getElseChecksAttr())
      CheckExtentsOp::create(inside, op.getLoc(), bindExtentChecks(checks, symbolNames), symbolValues);
    emitFrame(body, inner, inside);
  }
  outermostLoop = outer;
}

/// All steps of a loop, one after the other, from the buffers `state` on.
scf::ForOp ProgramWriter::emitSteps(Frame &body, Value steps, ValueRange state, ValueRange scanInputs,
                                    ValueRange scanOutputs, OpBuilder &builder) {
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
      emitStep(body, forOp.getInductionVar(), steps, forOp.getRegionIterArgs(), scanInputs, scanOutputs, inner);
  scf::YieldOp::create(inner, location, next);
  return forOp;
}

/// All steps of a loop for ranges of rows: launches inside `scf.parallel` are for the rows of its iteration. Gives
/// the buffers that hold the state after the last one.
llvm::SmallVector<Value> ProgramWriter::emitRanges(Frame &body, Value steps, ValueRange state, ValueRange scanInputs,
                                                   ValueRange scanOutputs, OpBuilder &builder) {
  OutlinedLoopOp loop = body.loop;
  Location location = loop.getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, location, 0),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  Value rows = makeIndex(builder, location, body.getDims(body.getReturn().getOperand(0)).front());
  Value range = arith::ConstantIndexOp::create(builder, location, getRowRange(loop));
  auto ranges = scf::ParallelOp::create(builder, location, zero, rows, range);
  Operation *outer = outermostLoop;
  outermostLoop = outer ? outer : ranges;
  OpBuilder inside = OpBuilder::atBlockBegin(ranges.getBody());
  emitSteps(body, steps, state, scanInputs, scanOutputs, inside);
  outermostLoop = outer;

  // The buffers have alternated inside the ranges.
  Value isEmpty = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, steps, zero);
  Value isOdd = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne,
                                      arith::AndIOp::create(builder, location, steps, one), zero);
  llvm::SmallVector<Value> last;
  size_t number = 0;
  for (const LoopCarriedStorage &storage : body.loopCarried) {
    Value final = state[number];
    if (storage.scanOutput >= 0) {
      AffineExpr bytes = body.getBytes(body.getReturn().getOperand(body.loopCarried.size() + storage.scanOutput));
      Value position = loop.getReverse() ? zero : arith::SubIOp::create(builder, location, steps, one).getResult();
      final = view(builder, location, scanOutputs[storage.scanOutput],
                   arith::MulIOp::create(builder, location, position, makeIndex(builder, location, bytes)), bytes);
    } else if (storage.alternates()) {
      final = arith::SelectOp::create(builder, location, isOdd, state[number + 1], state[number + 2]);
    }
    last.push_back(arith::SelectOp::create(builder, location, isEmpty, state[number], final));
    if (storage.alternates())
      last.append({Value(), Value()});
    number += storage.alternates() ? 3 : 1;
  }
  return last;
}

/// One step of a loop; gives the buffers that the next one starts from.
llvm::SmallVector<Value> ProgramWriter::emitStep(Frame &body, Value iteration, Value steps, ValueRange state,
                                                 ValueRange scanInputs, ValueRange scanOutputs, OpBuilder &builder) {
  OutlinedLoopOp loop = body.loop;
  Location location = loop.getLoc();
  Value position = iteration;
  if (loop.getReverse()) {
    Value one = arith::ConstantIndexOp::create(builder, location, 1);
    position =
        arith::SubIOp::create(builder, location, arith::SubIOp::create(builder, location, steps, one), iteration);
  }
  // This step's part of a tensor with the steps as dimension 0.
  auto slice = [&](Value buffer, Value part) {
    AffineExpr bytes = body.getBytes(part);
    Value offset = arith::MulIOp::create(builder, location, position, makeIndex(builder, location, bytes));
    return view(builder, location, buffer, offset, bytes);
  };
  StepBuffers step;
  llvm::SmallVector<Value> next;
  auto scanInputArguments = body.function.getArguments().slice(1 + body.loopCarried.size(), scanInputs.size());
  for (auto [buffer, argument] : llvm::zip(scanInputs, scanInputArguments))
    step.scanInputs.push_back(slice(buffer, argument));
  auto scanOutputValues = body.getReturn().getOperands().slice(body.loopCarried.size(), scanOutputs.size());
  for (auto [buffer, value] : llvm::zip(scanOutputs, scanOutputValues))
    step.scanOutputs.push_back(slice(buffer, value));
  size_t number = 0;
  for (const LoopCarriedStorage &storage : body.loopCarried) {
    step.loopCarried.push_back(state[number]);
    if (storage.isInPlace) {
      step.next.push_back(state[number]);
      next.push_back(state[number]);
      ++number;
      continue;
    }
    if (storage.scanOutput >= 0) {
      step.next.push_back(step.scanOutputs[storage.scanOutput]);
      next.push_back(step.next.back());
      ++number;
      continue;
    }
    step.next.push_back(state[number + 1]);
    next.append({state[number + 1], state[number + 2], state[number + 1]});
    number += 3;
  }
  if (body.stepBuffer >= 0)
    storeNumbers(builder, location, getBuffer(body, step, body.function.getArgument(0), builder, false),
                 builder.getI64Type(), iteration);
  emitFrame(body, step, builder);
  return next;
}

/// Writes zeros to the part of a scan output that no step has written.
void ProgramWriter::clearAfter(OpBuilder &builder, Frame &frame, Value scanOutput, Value buffer, Value steps) {
  Location location = scanOutput.getLoc();
  Dims dims = frame.getDims(scanOutput);
  auto type = llvm::cast<RankedTensorType>(scanOutput.getType());
  auto stepType = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  Value stepBytes =
      makeIndex(builder, location, getBufferBytes(stepType, llvm::ArrayRef<AffineExpr>(dims).drop_front()));
  Value begin = arith::MulIOp::create(builder, location, steps, stepBytes),
        end = makeIndex(builder, location, frame.getBytes(scanOutput)),
        one = arith::ConstantIndexOp::create(builder, location, 1);
  auto loop = scf::ForOp::create(builder, location, begin, end, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  memref::StoreOp::create(inner, location, arith::ConstantIntOp::create(inner, location, 0, 8), buffer,
                          loop.getInductionVar());
}
