// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramWriter.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsKernel.h"
#include "ir/OpsProgram.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "passes/memory/KernelSymbols.h"
#include "targets/Device.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace dlc;

func::FuncOp ProgramWriter::run(bool shareMemory) {
  this->shareMemory = shareMemory;
  plan = memory.planSegment(workspaceSegment, shareMemory, context);
  for (UpdateSliceOp update : memory.getUpdatesInPlace())
    update.setInPlace(true);
  for (ConstantOp constant : memory.getConstants())
    constantOffsets.push_back(tables.weights.place(constant));
  prepack.bytes += memory.getPrepackedBytes();
  program = createProgram(graph, memory, tables.variables, plan.bytes);
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

/// The buffer of `value`, a tensor of `frame`.
Value ProgramWriter::getBuffer(Frame &frame, const StepBuffers &step, Value value, OpBuilder &builder,
                               bool isPrepacked) {
  value = getMemory(value);
  Storage storage = frame.storage.lookup(value);
  switch (storage.kind) {
  case Storage::Output:
    if (Value reserved = reservedOutputs.lookup(value))
      return reserved;
    [[fallthrough]];
  case Storage::Input:
    return program.function.getArgument(program.tensorNumbers[storage.index]);
  case Storage::Nowhere: // no kernel reads it
    return view(builder, value.getLoc(), getBlock(0), arith::ConstantIndexOp::create(builder, value.getLoc(), 0),
                getAffineConstantExpr(0, context));
  case Storage::Outer: // who emits the function has noted it
    return fixedViews.lookup(value);
  case Storage::LoopCarried:
    return step.loopCarried[storage.index];
  case Storage::Next:
    return step.next[storage.index];
  case Storage::ScanInput:
    return step.scanInputs[storage.index];
  case Storage::ScanOutput:
    return step.scanOutputs[storage.index];
  case Storage::Result:
    return step.results[storage.index];
  default:
    break;
  }
  Value &buffer = (isPrepacked ? prepackedViews : fixedViews)[value];
  if (buffer)
    return buffer;
  // The same address in every step: it is computed before all loops, unless these decide it.
  OpBuilder::InsertionGuard guard(builder);
  bool isFixed = !isDecidedInside(frame.getBytes(value)) &&
                 (storage.kind != Storage::Arena || !isDecidedInside(memory.getBuffers()[storage.index].bytes));
  bool leaves = outermostLoop && !isPrepacked && isFixed;
  if (leaves) {
    builder.setInsertionPoint(outermostLoop);
    std::swap(symbolValues, entryValues);
  }
  llvm::scope_exit back([&] {
    if (leaves)
      std::swap(symbolValues, entryValues);
  });
  Value block = storage.kind == Storage::Arena      ? getArena(storage.index)
                : storage.kind == Storage::Variable ? getBlock(3)
                : storage.kind == Storage::Constant ? (isPrepacked ? prepack.constants : getBlock(1))
                                                    : (isPrepacked ? prepack.prepacked : getBlock(2));
  return buffer = view(builder, value.getLoc(), block, makeIndex(builder, value.getLoc(), getOffset(storage)),
                       frame.getBytes(value));
}

void ProgramWriter::emitFrame(Frame &frame, const StepBuffers &step, OpBuilder &builder) {
  llvm::SmallVector<Value> valuesOutside(symbolValues);
  size_t decidedOutside = decidedInside.size();
  Operation *overwrite = frame.isEntry() ? memory.getFirstOverwrite() : nullptr;
  for (Operation *op : frame.order) {
    if (op == overwrite)
      CommitOp::create(builder, op->getLoc());
    if (auto kernel = llvm::dyn_cast<KernelOp>(op))
      emitKernel(frame, step, kernel, builder);
    else if (auto loop = llvm::dyn_cast<OutlinedLoopOp>(op))
      emitLoop(frame, step, loop, builder);
    else if (auto readback = llvm::dyn_cast<ReadbackOp>(op))
      emitReadback(frame, step, readback, builder);
    else
      emitIf(frame, step, llvm::cast<OutlinedIfOp>(op), builder);
  }
  if (frame.isEntry())
    return;
  symbolValues = std::move(valuesOutside);
  decidedInside.truncate(decidedOutside);
}

/// From here on the symbol has the value that data gives it.
void ProgramWriter::emitReadback(Frame &frame, const StepBuffers &step, ReadbackOp readback, OpBuilder &builder) {
  Location location = readback.getLoc();
  auto number = llvm::find(symbolNames, readback.getSymbol()) - symbolNames.begin();
  Value count = getBuffer(frame, step, readback.getCount(), builder, false);
  bool hasBound = readback.getBound().getNumResults() > 0;
  AffineExpr largest = memory.getEntry().shapes.getBounds()[number];
  Value bound = hasBound ? makeIndex(builder, location, largest) : Value();
  std::string layer = getLayerName(location);
  symbolValues[number] = ReadExtentOp::create(builder, location, builder.getIndexType(), number,
                                              layer.empty() ? readback.getSymbol().str() : layer, count, bound);
  if (frame.isEntry())
    entryValues[number] = symbolValues[number];
  else
    decidedInside.push_back(number);
  if (!hasBound)
    reserveSegment(frame, number, builder, location);
}

/// Memory for what depends on the extent `symbol`, which has no bound, and on none that comes later.
void ProgramWriter::reserveSegment(Frame &frame, int64_t symbol, OpBuilder &builder, Location location) {
  auto reserve = [&](AffineExpr bytes, IntegerAttr output) {
    return ReserveOp::create(builder, location, getBlock(0).getType(), segmentCount++, makeMap({bytes}), output,
                             symbolValues);
  };
  ArenaPlan own = memory.planSegment(symbol, shareMemory, context);
  if (constantDim(own.bytes) != 0) {
    Segment &segment = segments[symbol];
    segment.block = reserve(own.bytes, IntegerAttr());
    segment.plan = std::move(own);
  }
  for (OpOperand &result : frame.getReturn()->getOpOperands()) {
    Value value = getMemory(result.get());
    AffineExpr bytes = boundAbove(frame.getBytes(value), memory.getEntry().shapes.getBounds());
    if (frame.storage.lookup(value).kind != Storage::Output || memory.getSegment(bytes) != symbol)
      continue;
    // Its number among the tensors of a call: inputs, then outputs.
    unsigned argument = program.tensorNumbers[graph.getNumArguments() + result.getOperandNumber()];
    int64_t number = 0;
    for (unsigned i = 0; i < program.function.getNumArguments(); ++i)
      if (ProgramTensorAttr tensor = annotation::tensor.getOfArgument(program.function, i))
        number += tensor.getRole() == TensorRole::Input || (i < argument && tensor.getRole() == TensorRole::Output);
    reservedOutputs[value] = reserve(bytes, builder.getI64IntegerAttr(number));
  }
  EntryPointAttr entryPoint = annotation::entry.get(program.function);
  annotation::entry.set(program.function,
                        EntryPointAttr::get(builder.getContext(), entryPoint.getName(), entryPoint.getWorkspaceBytes(),
                                            entryPoint.getReadsVariables(), entryPoint.getWritesVariables(),
                                            entryPoint.getReadsDerived(), segmentCount));
}

/// Whether the program itself writes numbers of this type: LLVM converts to others by calling a function.
static bool isHostNumber(Type type) {
  return (llvm::isa<IntegerType>(type) && type.getIntOrFloatBitWidth() >= 8) || type.isF32() || type.isF64();
}

/// The one op of a kernel that computes numbers from extents alone, which takes less time than a launch and far less
/// than compiling a kernel. Null for other kernels, and for those of a GPU, whose memory the program cannot write.
static Operation *findHostNumbers(KernelOp kernel) {
  Operation *op = kernel.getYielded().getDefiningOp();
  if (!op || !llvm::isa<IntegersOp, ExtentOp>(op) || op->getPrevNode() || kernel.getYieldedValues().size() != 1 ||
      !isHostNumber(getElementTypeOrSelf(op->getResult(0).getType())))
    return nullptr;
  if (ArrayAttr schedules = kernel.getSchedulesAttr())
    for (auto schedule : schedules.getAsRange<ScheduleAttr>())
      if (findDevice(schedule.getIsa().getValue()))
        return nullptr;
  return op;
}

/// What `op`, of findHostNumbers, computes from the extents `dims` of its operands.
static llvm::SmallVector<AffineExpr> getNumbers(Operation *op, llvm::ArrayRef<Dims> dims) {
  llvm::SmallVector<AffineExpr> numbers;
  if (auto extent = llvm::dyn_cast<ExtentOp>(op)) {
    numbers.push_back(getAffineConstantExpr(1, op->getContext()));
    for (int64_t axis : extent.getAxes())
      numbers.back() = numbers.back() * dims.front()[axis];
    return numbers;
  }
  llvm::SmallVector<AffineExpr> extents;
  for (const Dims &operand : dims)
    llvm::append_range(extents, operand);
  for (AffineExpr value : llvm::cast<IntegersOp>(op).getValues().getResults())
    numbers.push_back(value.replaceSymbols(extents));
  return numbers;
}

/// Writes what `op`, of findHostNumbers, computes in `kernel` to `buffer`.
void ProgramWriter::emitNumbers(Frame &frame, KernelOp kernel, Operation *op, Value buffer, OpBuilder &builder) {
  Location location = kernel.getLoc();
  llvm::SmallVector<Dims> dims;
  for (Value operand : op->getOperands())
    dims.push_back(Dims(frame.getDims(kernel.getInputs()[llvm::cast<BlockArgument>(operand).getArgNumber()])));
  llvm::SmallVector<Value> numbers;
  for (AffineExpr number : getNumbers(op, dims))
    numbers.push_back(makeIndex(builder, location, number));
  storeNumbers(builder, location, buffer, getElementTypeOrSelf(op->getResult(0).getType()), numbers);
}

/// Writes indices to a buffer of elements of type `element`, for which isHostNumber is true.
void ProgramWriter::storeNumbers(OpBuilder &builder, Location location, Value buffer, Type element,
                                 llvm::ArrayRef<Value> numbers) {
  if (auto integer = llvm::dyn_cast<IntegerType>(element))
    element = builder.getIntegerType(integer.getWidth());
  auto type = MemRefType::get({static_cast<int64_t>(numbers.size())}, element);
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  Value target = memref::ViewOp::create(builder, location, type, buffer, zero, ValueRange());
  for (auto [position, index] : llvm::enumerate(numbers)) {
    Value number = arith::IndexCastOp::create(builder, location, builder.getI64Type(), index);
    if (llvm::isa<FloatType>(element))
      number = arith::SIToFPOp::create(builder, location, element, number);
    else if (!element.isInteger(64))
      number = arith::TruncIOp::create(builder, location, element, number);
    memref::StoreOp::create(builder, location, number, target,
                            arith::ConstantIndexOp::create(builder, location, position).getResult());
  }
}

void ProgramWriter::emitKernel(Frame &frame, const StepBuffers &step, KernelOp kernel, OpBuilder &runBuilder) {
  bool isPrepacked = frame.getStorage(kernel.getResult()).kind == Storage::Prepacked;
  OpBuilder &builder = isPrepacked ? prepack.builder : runBuilder;
  if (Operation *numbers = findHostNumbers(kernel))
    return emitNumbers(frame, kernel, numbers, getBuffer(frame, step, kernel.getResult(), builder, isPrepacked),
                       builder);
  llvm::SmallVector<Value> inputs, outputs, symbols;
  for (Value input : kernel.getInputs())
    inputs.push_back(getBuffer(frame, step, input, builder, isPrepacked));
  for (Value output : kernel.getOutputs()) {
    outputs.push_back(getBuffer(frame, step, output, builder, isPrepacked));
    auto type = llvm::cast<RankedTensorType>(output.getType());
    if (LayoutAttr layout = getLayout(type); layout && layout.getHaloLow() && !isPrepacked)
      FillHaloOp::create(builder, kernel.getLoc(), outputs.back(), type, makeMap(frame.getDims(output)), symbolValues);
  }
  llvm::SmallVector<AffineExpr> kernelSymbols;
  if (ArrayAttr names = kernel.getSymbolsAttr())
    for (auto name : names.getAsRange<StringAttr>())
      kernelSymbols.push_back(
          getAffineSymbolExpr(llvm::find(symbolNames, name.getValue()) - symbolNames.begin(), context));
  for (AffineExpr extent : replaceExtentsBySymbols(kernel)) {
    extent = extent.replaceSymbols(kernelSymbols);
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(extent);
    symbols.push_back(symbol ? symbolValues[symbol.getPosition()] : makeIndex(builder, kernel.getLoc(), extent));
  }
  std::string name = kernel.getKernelName().str();
  Location location = kernel.getLoc();
  FlatSymbolRefAttr symbol = tables.kernels.outline(kernel);
  LaunchOp::create(builder, location, symbol, builder.getStringAttr(name), inputs, outputs, symbols);
}

/// The element of a `tensor<i64>`, as an index.
Value ProgramWriter::loadNumber(OpBuilder &builder, Location location, Value buffer) {
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  auto type = MemRefType::get({1}, builder.getI64Type());
  Value source = memref::ViewOp::create(builder, location, type, buffer, zero, ValueRange());
  return arith::IndexCastOp::create(builder, location, builder.getIndexType(),
                                    memref::LoadOp::create(builder, location, source, zero).getResult());
}

func::FuncOp dlc::buildProgram(func::FuncOp graph, MemoryPlan &memory, ProgramTables &tables, PrepackProgram &prepack,
                               bool shareMemory) {
  return ProgramWriter(graph, tables, prepack, memory).run(shareMemory);
}
