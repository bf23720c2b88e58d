// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/DeviceProgram.h"
#include "backends/llvm/EntryArguments.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/ExtentChecks.h"
#include "backends/llvm/LaunchCost.h"
#include "backends/llvm/LaunchFunctions.h"
#include "backends/llvm/Passes.h"
#include "backends/llvm/PoolCalls.h"
#include "backends/llvm/ProgramDescription.h"
#include "backends/llvm/SizeFunctions.h"
#include "backends/llvm/TableCalls.h"
#include "dlc/abi.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/Matchers.h"
#include <cstddef>
#include <map>

#define DEBUG_TYPE "dlc-lower-entry-points"

namespace dlc {
#define GEN_PASS_DEF_LOWERENTRYPOINTS
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace dlc;
using mlir::LogicalResult;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;

/// The runtime's function that makes a run complete.
static constexpr llvm::StringLiteral commitRunName = "dlcCommitRun";

namespace {
class LowerEntryPointsPass : public dlc::impl::LowerEntryPointsBase<LowerEntryPointsPass> {
public:
  using LowerEntryPointsBase::LowerEntryPointsBase;

private:
  void runOnOperation() override;
  LogicalResult lowerEntry(mlir::func::FuncOp function);
  LogicalResult lowerPart(mlir::func::FuncOp function);
  LogicalResult lowerTask(mlir::func::FuncOp function);
  LogicalResult lowerBody(mlir::func::FuncOp function);
  LogicalResult lowerLaunch(LaunchOp launch, mlir::Block *exitBlock);
  LogicalResult lowerTable(LaunchTableOp table, mlir::Block *exitBlock);
  void lowerCommit(CommitOp commit);
  Value findAddress(HostEmitter emit, Value buffer);
  void callPart(mlir::func::CallOp whole, mlir::func::FuncOp part, mlir::Block *exitBlock);
  void lowerRanges(mlir::func::CallOp ranges, mlir::func::FuncOp task, mlir::Block *exitBlock);
  void exitUnlessOk(HostEmitter emit, Value status, mlir::Operation *done, mlir::Block *exitBlock);
  void countLaunches(HostEmitter emit, mlir::func::FuncOp function, int64_t offset);

  llvm::StringMap<KernelInterface> kernels;
  std::optional<LaunchFunctions> launchFunctions;
  unsigned tableCount = 0;
  llvm::StringMap<mlir::func::FuncOp> outlinedFunctions; ///< tasks and parts
  Value call;                                            ///< the dlc_call of the current entry point; null in a task
  /// Of the current task: where its range begins and ends, and the scratch of the thread that runs it. Null in an
  /// entry point.
  Value begin, end, scratch;
  Value argumentBlock;                         ///< where its launches put their arguments
  llvm::DenseMap<Value, Value> blockAddresses; ///< of the buffers that a part of an entry point is given
};
} // namespace

void LowerEntryPointsPass::runOnOperation() {
  kernels.clear();
  tableCount = 0;
  outlinedFunctions.clear();
  mlir::ModuleOp module = getOperation();
  launchFunctions.emplace(module);
  auto description = describeProgram(module);
  if (mlir::failed(description))
    return signalPassFailure();
  for (KernelFuncOp kernel : module.getOps<KernelFuncOp>()) {
    auto interface = KernelInterface::analyze(kernel);
    if (mlir::failed(interface))
      return signalPassFailure();
    kernels.try_emplace(kernel.getSymName(), std::move(*interface));
  }

  createInRanges(module);
  llvm::SmallVector<mlir::func::FuncOp> functions(module.getOps<mlir::func::FuncOp>());
  for (mlir::func::FuncOp function : functions)
    if (annotation::rangeGrain.get(function) || annotation::part.get(function))
      outlinedFunctions[function.getName()] = function;
  // LLVM's inliner would inspect all its calls at each of them, which are thousands where there are parts.
  if (llvm::any_of(functions, [](mlir::func::FuncOp function) { return annotation::part.get(function) != nullptr; }))
    module.lookupSymbol(inRangesName)
        ->setAttr("passthrough", mlir::Builder(&getContext()).getStrArrayAttr({"noinline"}));
  for (mlir::func::FuncOp function : functions)
    if (annotation::rangeGrain.get(function) && mlir::failed(lowerTask(function)))
      return signalPassFailure();
  for (mlir::func::FuncOp function : functions)
    if (annotation::part.get(function) && mlir::failed(lowerPart(function)))
      return signalPassFailure();
  for (mlir::func::FuncOp function : functions)
    if (annotation::entry.get(function) && mlir::failed(lowerEntry(function)))
      return signalPassFailure();
  for (const EntryDescription &entry : description->entries)
    createSizeFunctions(module, entry, module.getLoc());
  if (device)
    for (auto [number, entry] : llvm::enumerate(description->entries))
      executeOnDevice(module, entry.name, static_cast<int32_t>(number));
  if (device && description->hasPrepare)
    executeOnDevice(module, "prepare", -1);

  // What is left of a kernel is its name and its C signature.
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Type pointer = LLVM::LLVMPointerType::get(&getContext());
  for (KernelFuncOp kernel : llvm::make_early_inc_range(module.getOps<KernelFuncOp>())) {
    llvm::SmallVector<mlir::Type> types(kernel.getBody().front().getNumArguments() + 1, pointer);
    types.append(kernel.getSymbols() ? kernel.getSymbols()->size() : 0, builder.getI32Type());
    types.append(kernel.getYieldedValues().size(), pointer);
    LLVM::LLVMFuncOp::create(builder, kernel.getLoc(), getKernelSymbol(kernel.getSymName()),
                             LLVM::LLVMFunctionType::get(builder.getI32Type(), types));
    kernel.erase();
  }
  for (WeightsOp weights : llvm::make_early_inc_range(module.getOps<WeightsOp>()))
    weights.erase();
  for (VariablesOp variables : llvm::make_early_inc_range(module.getOps<VariablesOp>()))
    variables.erase();
}

LogicalResult LowerEntryPointsPass::lowerEntry(mlir::func::FuncOp function) {
  llvm::StringRef entryName = annotation::entry.get(function).getName();
  mlir::FailureOr<Value> argument = replaceArguments(function);
  if (mlir::failed(argument))
    return mlir::failure();
  call = *argument;
  annotation::entry.remove(function);
  function.setName((entryName + ".execute").str());
  begin = end = scratch = Value();
  if (mlir::failed(lowerBody(function)))
    return mlir::failure();
  lowerExtents(function, call, device);
  return mlir::success();
}

/// The address that `HostEmitter::toBuffer` has put into a descriptor.
static Value getAddress(LLVM::InsertValueOp descriptor) {
  while (descriptor.getPosition() != llvm::ArrayRef<int64_t>{0})
    descriptor = descriptor.getContainer().getDefiningOp<LLVM::InsertValueOp>();
  return descriptor.getValue();
}

/// Makes a function of `--dlc-outline-launches` take the dlc_call and give a status, as its entry point does.
LogicalResult LowerEntryPointsPass::lowerPart(mlir::func::FuncOp function) {
  llvm::StringRef entryName = annotation::part.get(function).getValue();
  mlir::FailureOr<Value> argument = replaceArguments(function);
  if (mlir::failed(argument))
    return mlir::failure();
  call = *argument;
  annotation::part.remove(function);
  // It exists to be small; having only one caller would make LLVM weigh each of its instructions.
  function->setAttr("passthrough", mlir::Builder(&getContext()).getStrArrayAttr({"noinline"}));
  function.setName((entryName + ".execute" + function.getName().drop_front(entryName.size())).str());
  begin = end = scratch = Value();
  for (auto cast : function.getOps<mlir::UnrealizedConversionCastOp>())
    if (auto descriptor = cast.getOperand(0).getDefiningOp<LLVM::InsertValueOp>())
      blockAddresses[cast.getResult(0)] = getAddress(descriptor);
  LogicalResult result = lowerBody(function);
  blockAddresses.clear();
  return result;
}

/// Makes a function of `--dlc-outline-ranges` a dlc_task: `(arguments, begin, end, scratch) -> status`.
LogicalResult LowerEntryPointsPass::lowerTask(mlir::func::FuncOp function) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&function.front());
  HostEmitter emit{builder, function.getLoc()};
  mlir::Block &body = function.front();
  unsigned count = body.getNumArguments();
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type();
  call = Value();
  Value block = body.addArgument(pointer, function.getLoc());
  begin = body.addArgument(i64, function.getLoc());
  end = body.addArgument(i64, function.getLoc());
  scratch = body.addArgument(pointer, function.getLoc());
  for (unsigned index = 0; index < count; ++index) {
    Value argument = body.getArgument(index);
    if (llvm::isa<mlir::MemRefType>(argument.getType())) {
      argument.replaceAllUsesWith(emit.toBuffer(emit.load(pointer, block, int64_t{8} * index), argument.getType()));
      continue;
    }
    Value number = index + 2 == count ? begin : index + 1 == count ? end : emit.load(i64, block, int64_t{8} * index);
    argument.replaceAllUsesWith(arith::IndexCastOp::create(builder, function.getLoc(), builder.getIndexType(), number));
  }
  body.eraseArguments(0, count);
  function.setType(builder.getFunctionType({pointer, i64, i64, pointer}, builder.getI32Type()));
  return lowerBody(function);
}

/// Lowers what launches kernels in `function`, whose arguments are lowered.
LogicalResult LowerEntryPointsPass::lowerBody(mlir::func::FuncOp function) {
  mlir::OpBuilder builder(&getContext());
  mlir::Location location = function.getLoc();
  function.walk([&](mlir::func::ReturnOp op) {
    builder.setInsertionPoint(op);
    mlir::func::ReturnOp::create(builder, location, HostEmitter{builder, location}.i32(DLC_OK));
    op.erase();
  });
  // The way out for a launch that failed.
  mlir::Block *exitBlock = function.addBlock();
  exitBlock->addArgument(builder.getI32Type(), location);
  builder.setInsertionPointToEnd(exitBlock);
  mlir::func::ReturnOp::create(builder, location, exitBlock->getArgument(0));

  if (device)
    lowerDeviceMemory(function, call);
  llvm::SmallVector<LaunchOp> launches;
  size_t largest = 0;
  function.walk([&](LaunchOp launch) {
    launches.push_back(launch);
    // Two more for the number of launches before and the launch's own.
    largest = std::max<size_t>(largest,
                               launch.getInputs().size() + launch.getOutputs().size() + launch.getSymbols().size() + 2);
  });
  builder.setInsertionPointToStart(&function.front());
  // One block serves all launches: each is over before the next begins.
  argumentBlock =
      LLVM::AllocaOp::create(builder, location, HostEmitter{builder, location}.pointerType(), builder.getI64Type(),
                             HostEmitter{builder, location}.i64(largest), /*alignment=*/8);
  for (LaunchOp launch : launches)
    if (mlir::failed(lowerLaunch(launch, exitBlock)))
      return mlir::failure();
  llvm::SmallVector<LaunchTableOp> launchTables(function.getOps<LaunchTableOp>());
  for (LaunchTableOp table : launchTables)
    if (mlir::failed(lowerTable(table, exitBlock)))
      return mlir::failure();
  for (CommitOp commit : llvm::make_early_inc_range(function.getOps<CommitOp>()))
    lowerCommit(commit);
  llvm::SmallVector<CheckExtentsOp> checks;
  function.walk([&](CheckExtentsOp op) { checks.push_back(op); });
  for (CheckExtentsOp op : checks)
    lowerExtentChecks(op, call, exitBlock);
  llvm::SmallVector<std::pair<mlir::func::CallOp, mlir::func::FuncOp>> calls;
  function.walk([&](mlir::func::CallOp op) {
    if (mlir::func::FuncOp callee = outlinedFunctions.lookup(op.getCallee()))
      calls.push_back({op, callee});
  });
  for (auto [op, callee] : calls) {
    if (annotation::rangeGrain.get(callee))
      lowerRanges(op, callee, exitBlock);
    else
      callPart(op, callee, exitBlock);
  }
  if (exitBlock->use_empty())
    exitBlock->erase();
  if (!blockAddresses.empty())
    for (mlir::Block &block : function)
      for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
        if (llvm::isa<mlir::memref::ViewOp>(op) && op.use_empty())
          op.erase();
  return mlir::success();
}

/// Puts the number of times that this point was reached in this run into the arguments of a launch.
void LowerEntryPointsPass::countLaunches(HostEmitter emit, mlir::func::FuncOp function, int64_t offset) {
  Value counter;
  {
    mlir::OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(&function.front());
    counter = LLVM::AllocaOp::create(emit.builder, emit.location, emit.pointerType(), emit.builder.getI64Type(),
                                     emit.i64(1), /*alignment=*/8);
    emit.store(emit.i64(0), counter, 0);
  }
  Value count = emit.load(emit.builder.getI64Type(), counter, 0);
  emit.store(count, argumentBlock, offset);
  emit.store(arith::AddIOp::create(emit.builder, emit.location, count, emit.i64(1)), counter, 0);
}

/// The address of `buffer`, a block of memory that a part of an entry point is given or a view of one; null for others.
Value LowerEntryPointsPass::findAddress(HostEmitter emit, Value buffer) {
  if (Value address = blockAddresses.lookup(buffer))
    return address;
  auto view = buffer.getDefiningOp<mlir::memref::ViewOp>();
  Value block = view ? blockAddresses.lookup(view.getSource()) : Value();
  if (!block)
    return {};
  llvm::APInt known;
  Value offset =
      mlir::matchPattern(view.getByteShift(), mlir::m_ConstantInt(&known))
          ? emit.i64(known.getSExtValue())
          : arith::IndexCastOp::create(emit.builder, emit.location, emit.builder.getI64Type(), view.getByteShift());
  return LLVM::GEPOp::create(emit.builder, emit.location, emit.pointerType(), emit.builder.getI8Type(), block,
                             llvm::ArrayRef<LLVM::GEPArg>{offset});
}

LogicalResult LowerEntryPointsPass::lowerLaunch(LaunchOp launch, mlir::Block *exitBlock) {
  auto found = kernels.find(launch.getKernel());
  if (found == kernels.end())
    return launch.emitError("launches '") << launch.getKernel() << "', which is not a dlc.kernel_func";
  KernelInterface &kernel = found->second;
  if (!kernel.fits(launch))
    return launch.emitError("passes ") << launch.getInputs().size() << " inputs, " << launch.getOutputs().size()
                                       << " outputs and " << launch.getSymbols().size()
                                       << " symbols to a kernel that takes "
                                       << kernel.kernel.getBody().front().getNumArguments() << ", "
                                       << kernel.kernel.getYieldedValues().size() << " and " << kernel.getNumSymbols();
  mlir::func::FuncOp task = launchFunctions->get(launch, kernel);

  mlir::OpBuilder builder(launch);
  HostEmitter emit{builder, launch.getLoc()};
  int64_t offset = 0;
  llvm::SmallVector<Value> buffers(launch.getInputs()), symbols;
  llvm::append_range(buffers, launch.getOutputs());
  for (Value buffer : buffers) {
    // The many launches of a part would be tens of ops each if every address went through a memref.
    if (Value address = findAddress(emit, buffer))
      emit.store(address, argumentBlock, offset);
    else
      storeArgument(emit, buffer, argumentBlock, offset);
    offset += 8;
  }
  for (Value symbol : launch.getSymbols()) {
    symbols.push_back(storeArgument(emit, symbol, argumentBlock, offset));
    offset += 8;
  }
  if (kernel.alternatingPart > 0)
    countLaunches(emit, launch->getParentOfType<mlir::func::FuncOp>(), offset);
  if (mlir::IntegerAttr number = annotation::launchNumber.get(launch); number && launchFunctions->isShared(launch))
    emit.store(emit.i64(static_cast<int64_t>(kernel.getSite(number.getInt()))), argumentBlock,
               8 * static_cast<int64_t>(kernel.getSitePosition()));

  ExtentArithmetic arithmetic(builder, launch.getLoc(), symbols);
  if (begin && kernel.splitDim < 0)
    return launch.emitError("is for rows of '") << launch.getKernel() << "', whose schedules do not agree on a split";
  bool isSplit = !begin && kernel.mayBeSplit(kernel.nanoseconds);
  Value extent = kernel.splitDim >= 0 ? arithmetic.emit(kernel.getResultDims()[kernel.splitDim]) : emit.i64(1);
  Value status;
  if (isSplit) {
    Value taskAddress = takeAddress(emit, task);
    status = mlir::func::CallOp::create(builder, launch.getLoc(), inRangesName, builder.getI32Type(),
                                        mlir::ValueRange{call, taskAddress, argumentBlock, extent,
                                                         emit.i64(kernel.grain), arithmetic.emit(kernel.nanoseconds)})
                 .getResult(0);
  } else {
    Value own = scratch ? scratch : emit.load(emit.pointerType(), call, offsetof(dlc_call, scratch));
    status = mlir::func::CallOp::create(
                 builder, launch.getLoc(), task,
                 mlir::ValueRange{argumentBlock, begin ? begin : emit.i64(0), begin ? end : extent, own})
                 .getResult(0);
  }
  exitUnlessOk(emit, status, launch, exitBlock);
  return mlir::success();
}

/// Tells the runtime that the run can no longer be cancelled.
void LowerEntryPointsPass::lowerCommit(CommitOp commit) {
  mlir::OpBuilder builder(commit);
  mlir::ModuleOp module = getOperation();
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(commitRunName);
  if (!callee) {
    mlir::OpBuilder atEnd = mlir::OpBuilder::atBlockEnd(module.getBody());
    mlir::Type pointer = LLVM::LLVMPointerType::get(&getContext());
    callee = LLVM::LLVMFuncOp::create(atEnd, commit.getLoc(), commitRunName,
                                      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer}));
  }
  LLVM::CallOp::create(builder, commit.getLoc(), callee, call);
  commit.erase();
}

/// Hands a table of launches to the runtime.
LogicalResult LowerEntryPointsPass::lowerTable(LaunchTableOp table, mlir::Block *exitBlock) {
  llvm::SmallVector<mlir::func::FuncOp> functions;
  for (auto name : table.getKernels().getAsRange<mlir::FlatSymbolRefAttr>()) {
    auto kernel = kernels.find(name.getValue());
    if (kernel == kernels.end())
      return table.emitError("launches '") << name.getValue() << "', which is not a dlc.kernel_func";
    functions.push_back(launchFunctions->getShared(kernel->second, /*isNumbered=*/false));
  }
  mlir::OpBuilder builder(table);
  HostEmitter emit{builder, table.getLoc()};
  Value status = callTable(emit, table, call, functions, ("dlc.launch_table" + llvm::Twine(tableCount++)).str());
  exitUnlessOk(emit, status, table, exitBlock);
  return mlir::success();
}

/// Calls `part`, which is lowered, instead of `whole`.
void LowerEntryPointsPass::callPart(mlir::func::CallOp whole, mlir::func::FuncOp part, mlir::Block *exitBlock) {
  mlir::OpBuilder builder(whole);
  HostEmitter emit{builder, whole.getLoc()};
  Value status = mlir::func::CallOp::create(builder, whole.getLoc(), part, call).getResult(0);
  exitUnlessOk(emit, status, whole, exitBlock);
}

/// Runs the task behind `ranges` through the pool: one range per thread, in whole grains.
void LowerEntryPointsPass::lowerRanges(mlir::func::CallOp ranges, mlir::func::FuncOp task, mlir::Block *exitBlock) {
  mlir::OpBuilder builder(ranges);
  mlir::Location location = ranges.getLoc();
  HostEmitter emit{builder, location};
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type(), i32 = builder.getI32Type();
  auto operands = ranges.getOperands().drop_back(2);
  Value block;
  {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&ranges->getParentOfType<mlir::func::FuncOp>().front());
    block = LLVM::AllocaOp::create(builder, location, pointer, i64, emit.i64(std::max<size_t>(operands.size(), 1)),
                                   /*alignment=*/8);
  }
  for (auto [number, operand] : llvm::enumerate(operands))
    storeArgument(emit, operand, block, 8 * static_cast<int64_t>(number));
  Value extent = arith::IndexCastOp::create(builder, location, i64, ranges.getOperands().back());
  int64_t grain = annotation::rangeGrain.get(task).getInt();
  Value threads = arith::ExtUIOp::create(builder, location, i64, emit.load(i32, call, offsetof(dlc_call, threads)));
  // A range for each thread, rounded up to grains: what is read once per range is read as seldom as can be.
  Value shares = arith::MulIOp::create(builder, location, threads, emit.i64(grain));
  Value rounded =
      arith::AddIOp::create(builder, location, extent, arith::SubIOp::create(builder, location, shares, emit.i64(1)));
  Value range = arith::MulIOp::create(builder, location, arith::DivUIOp::create(builder, location, rounded, shares),
                                      emit.i64(grain));
  Value least = arith::MaxSIOp::create(builder, location, range, emit.i64(grain));
  exitUnlessOk(emit, runInPool(emit, call, takeAddress(emit, task), block, extent, least), ranges, exitBlock);
}

/// Continues after `done`, which is erased, if `status` is ok.
void LowerEntryPointsPass::exitUnlessOk(HostEmitter emit, Value status, mlir::Operation *done, mlir::Block *exitBlock) {
  Value ok = arith::CmpIOp::create(emit.builder, emit.location, arith::CmpIPredicate::eq, status, emit.i32(DLC_OK));
  mlir::Block *block = done->getBlock();
  mlir::Block *rest = block->splitBlock(std::next(done->getIterator()));
  emit.builder.setInsertionPointToEnd(block);
  mlir::cf::CondBranchOp::create(emit.builder, emit.location, ok, rest, mlir::ValueRange{}, exitBlock,
                                 mlir::ValueRange{status});
  done->erase();
}
