// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/LaunchFunction.h"
#include "analysis/KernelTime.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HalideBuffer.h"
#include "backends/llvm/LaunchCost.h"
#include "backends/llvm/PoolCalls.h"
#include "dlc/abi.h"
#include "ir/Layout.h"
#include "ir/OpsCustom.h"
#include "ir/OpsProgram.h"
#include "targets/Device.h"
#include <numeric>

using namespace dlc;
using mlir::Value;
namespace LLVM = mlir::LLVM;
namespace arith = mlir::arith;

/// The runtime's function that runs a launch and writes down when.
static constexpr llvm::StringLiteral recordLaunchName = "dlcRecordLaunch";

/// Halide computes offsets in a buffer with 32 bits.
static constexpr int64_t maximumElements = std::numeric_limits<int32_t>::max();

mlir::RankedTensorType KernelInterface::getResultType() {
  return llvm::cast<mlir::RankedTensorType>(kernel.getYielded().getType());
}
llvm::ArrayRef<mlir::AffineExpr> KernelInterface::getResultDims() { return shapes.getDims(kernel.getYielded()); }

size_t KernelInterface::getNumSymbols() { return kernel.getSymbols() ? kernel.getSymbols()->size() : 0; }

bool KernelInterface::fits(LaunchOp launch) {
  return launch.getInputs().size() == kernel.getBody().front().getNumArguments() &&
         launch.getOutputs().size() == kernel.getYieldedValues().size() &&
         launch.getSymbols().size() == getNumSymbols();
}

bool KernelInterface::mayBeSplit(mlir::AffineExpr time) const {
  auto known = constantDim(time);
  return splitDim >= 0 && (!known || *known >= parallelThresholdNanoseconds);
}

int64_t KernelInterface::getSplitDim(KernelFuncOp kernel) {
  if (!kernel.getSchedules() || kernel.getSchedules()->empty())
    return -1;
  // All versions of a kernel are called with the same ranges.
  auto schedules = kernel.getSchedules()->getAsRange<ScheduleAttr>();
  int64_t first = (*schedules.begin()).getSplit();
  return llvm::all_of(schedules, [&](ScheduleAttr schedule) { return schedule.getSplit() == first; }) ? first : -1;
}

size_t KernelInterface::getNumBuffers() {
  return kernel.getBody().front().getNumArguments() + kernel.getYieldedValues().size();
}

uint64_t KernelInterface::getSite(int64_t number) {
  return static_cast<uint32_t>(number) | uint64_t{getNumBuffers()} << DLC_SITE_SYMBOLS |
         uint64_t{getNumSymbols()} << DLC_SITE_COUNT;
}

size_t KernelInterface::getSitePosition() {
  // Behind the number of launches before.
  return getNumBuffers() + getNumSymbols() + (alternatingPart > 0 ? 1 : 0);
}

std::string dlc::getKernelSymbol(llvm::StringRef name) { return (name + ".kernel").str(); }

mlir::FailureOr<KernelInterface> KernelInterface::analyze(KernelFuncOp kernel) {
  auto shapes = KernelShapes::analyze(kernel);
  if (mlir::failed(shapes))
    return mlir::failure();
  KernelInterface result{kernel, std::move(*shapes), -1, 1, false, 0, {}};
  result.nanoseconds = countNanoseconds(kernel, result.shapes);

  llvm::SmallVector<Value> buffers(kernel.getBody().front().getArguments());
  llvm::append_range(buffers, kernel.getYieldedValues());
  for (Value buffer : buffers) {
    auto type = llvm::cast<mlir::RankedTensorType>(buffer.getType());
    auto elements = constantDim(getPhysicalShape(type, result.shapes.getDims(buffer)).elements);
    if (elements && *elements > maximumElements)
      return kernel.emitError("a tensor of ")
             << *elements << " elements is too large for a kernel, which indexes with 32 bits: " << type;
  }

  result.splitDim = getSplitDim(kernel);
  if (kernel.getSchedules())
    for (auto schedule : kernel.getSchedules()->getAsRange<ScheduleAttr>()) {
      result.grain = std::lcm(result.grain, std::max<int64_t>(schedule.getGrain(), 1));
      result.alternatingPart = std::max(result.alternatingPart, schedule.getTile("alternating_units", 0));
      result.isOnDevice |= findDevice(schedule.getIsa().getValue()) != nullptr;
    }
  if (result.splitDim < 0 || result.alternatingPart % result.grain != 0)
    result.alternatingPart = 0;
  return result;
}

namespace {
/// Emits the body of one launch function.
class LaunchBody {
public:
  LaunchBody(mlir::OpBuilder &builder, mlir::Location location, mlir::func::FuncOp function, KernelInterface &kernel)
      : builder(builder), location(location), function(function), kernel(kernel),
        pointer(LLVM::LLVMPointerType::get(builder.getContext())), block(kernel.kernel.getBody().front()) {}

  void emit() {
    builder.setInsertionPointToStart(function.addEntryBlock());
    arguments = function.getArgument(0);
    begin = function.getArgument(1);
    end = function.getArgument(2);
    size_t bufferCount = block.getNumArguments() + kernel.kernel.getYieldedValues().size();
    size_t symbolCount = kernel.kernel.getSymbols() ? kernel.kernel.getSymbols()->size() : 0;
    for (size_t i = 0; i < symbolCount; ++i)
      symbols.push_back(load(builder.getI64Type(), arguments, 8 * (bufferCount + i)));
    ExtentArithmetic extents(builder, location, symbols);
    arithmetic = &extents;
    guardExtents();

    llvm::SmallVector<Value> operands = {function.getArgument(3)};
    for (mlir::BlockArgument argument : block.getArguments())
      operands.push_back(describeInput(argument));
    for (Value symbol : symbols)
      operands.push_back(arith::TruncIOp::create(builder, location, builder.getI32Type(), symbol));
    for (auto [number, value] : llvm::enumerate(kernel.kernel.getYieldedValues()))
      operands.push_back(describeOutput(value, number));

    auto call = LLVM::CallOp::create(builder, location, mlir::TypeRange{builder.getI32Type()},
                                     getKernelSymbol(kernel.kernel.getSymName()), operands);
    // Halide's own codes are not dlc_status; the message is the runtime's already.
    Value zero = i32(0);
    Value ok = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, call.getResult(), zero);
    Value status = arith::SelectOp::create(builder, location, ok, zero, i32(DLC_ERROR_KERNEL));
    mlir::func::ReturnOp::create(builder, location, status);
  }

private:
  Value i32(int32_t value) { return arith::ConstantOp::create(builder, location, builder.getI32IntegerAttr(value)); }
  Value i64(int64_t value) { return arith::ConstantOp::create(builder, location, builder.getI64IntegerAttr(value)); }
  Value at(Value base, int64_t bytes) {
    return LLVM::GEPOp::create(builder, location, pointer, builder.getI8Type(), base,
                               llvm::ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
  }
  Value load(mlir::Type type, Value base, int64_t bytes) {
    return LLVM::LoadOp::create(builder, location, type, at(base, bytes));
  }
  void store(Value value, Value base, int64_t bytes) {
    LLVM::StoreOp::create(builder, location, value, at(base, bytes));
  }
  Value truncate(Value value) { return arith::TruncIOp::create(builder, location, builder.getI32Type(), value); }

  /// Returns early where there is nothing to compute (kernels count on at least one element) or where a tensor has
  /// grown too large for 32-bit indices.
  void guardExtents() {
    // A function with several results may have one that is not empty.
    bool runsAlways = llvm::isa_and_present<CustomOp>(kernel.kernel.getAnchorOp());
    for (mlir::AffineExpr dim : runsAlways ? llvm::ArrayRef<mlir::AffineExpr>() : kernel.getResultDims()) {
      if (auto extent = constantDim(dim); extent && *extent > 0)
        continue;
      Value isEmpty =
          arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sle, arithmetic->emit(dim), i64(0));
      returnIf(isEmpty, DLC_OK);
    }
    llvm::SmallVector<Value> buffers(block.getArguments());
    llvm::append_range(buffers, kernel.kernel.getYieldedValues());
    for (Value buffer : buffers) {
      mlir::AffineExpr elements =
          getPhysicalShape(llvm::cast<mlir::RankedTensorType>(buffer.getType()), kernel.shapes.getDims(buffer))
              .elements;
      if (constantDim(elements))
        continue;
      Value isTooLarge = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sgt, arithmetic->emit(elements),
                                               i64(maximumElements));
      returnIf(isTooLarge, DLC_ERROR_OVERFLOW);
    }
  }

  void returnIf(Value condition, int32_t status) {
    mlir::Block *exitBlock = function.addBlock(), *stay = function.addBlock();
    mlir::cf::CondBranchOp::create(builder, location, condition, exitBlock, stay);
    builder.setInsertionPointToStart(exitBlock);
    mlir::func::ReturnOp::create(builder, location, i32(status));
    builder.setInsertionPointToStart(stay);
  }

  struct DimensionValues {
    Value min, extent, stride; ///< i64
  };

  /// A halide_buffer_t on the stack; `dims` innermost first.
  Value createBuffer(Value address, mlir::Type elementType, llvm::ArrayRef<DimensionValues> dims) {
    using namespace halideBuffer;
    Value buffer;
    {
      mlir::OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&function.front());
      buffer =
          LLVM::AllocaOp::create(builder, location, pointer, builder.getI8Type(), i64(Size + DimSize * dims.size()),
                                 /*alignment=*/8);
    }
    Value zero = i64(0);
    // The other address is null.
    store(kernel.isOnDevice ? address : zero, buffer, halideBuffer::Device);
    store(zero, buffer, Interface);
    store(kernel.isOnDevice ? zero : address, buffer, Host);
    store(zero, buffer, Flags);
    store(i32(encodeType(elementType)), buffer, Type);
    store(i32(dims.size()), buffer, Dimensions);
    store(at(buffer, Size), buffer, Dim);
    store(zero, buffer, Padding);
    for (auto [position, dim] : llvm::enumerate(dims)) {
      int64_t offset = Size + DimSize * position;
      store(truncate(dim.min), buffer, offset + Min);
      store(truncate(dim.extent), buffer, offset + Extent);
      store(truncate(dim.stride), buffer, offset + Stride);
      store(i32(0), buffer, offset + DimFlags);
    }
    return buffer;
  }

  /// halide_type_t: code (0 signed, 1 unsigned, 2 floating), bits, one lane. Kernels see floating point of 16 bits or
  /// fewer and i1 as unsigned integers.
  static int32_t encodeType(mlir::Type type) {
    int32_t bits = 8 * getElementBytes(type);
    int32_t code = 0;
    if (type.isF32() || type.isF64())
      code = 2;
    else if (type.isInteger(1) || type.isUnsignedInteger() || llvm::isa<mlir::FloatType>(type))
      code = 1;
    return code | bits << 8 | 1 << 16;
  }

  /// The whole buffer; its halo is at negative indices and beyond the extent.
  Value describeInput(mlir::BlockArgument argument) {
    auto type = llvm::cast<mlir::RankedTensorType>(argument.getType());
    PhysicalShape shape = getPhysicalShape(type, kernel.shapes.getDims(argument));
    llvm::SmallVector<DimensionValues> dims;
    for (const PhysicalDim &dim : llvm::reverse(shape.dims))
      dims.push_back({i64(-dim.haloLow), arithmetic->emit(dim.extent + (dim.haloLow + dim.haloHigh)),
                      arithmetic->emit(dim.stride)});
    Value address = load(pointer, arguments, int64_t{8} * argument.getArgNumber());
    // A tensor without elements may have no address, and kernels that check their bounds expect one.
    if (!kernel.isOnDevice && !constantDim(shape.elements))
      address = arith::SelectOp::create(builder, location,
                                        LLVM::ICmpOp::create(builder, location, LLVM::ICmpPredicate::eq, address,
                                                             LLVM::ZeroOp::create(builder, location, pointer)),
                                        arguments, address);
    return createBuffer(address, type.getElementType(), dims);
  }

  /// The range of the interior of result `number` that this call computes.
  Value describeOutput(Value value, size_t number) {
    auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
    PhysicalShape shape = getPhysicalShape(type, kernel.shapes.getDims(value));
    int64_t elementBytes = getElementBytes(type.getElementType());
    Value host = load(pointer, arguments, 8 * (block.getNumArguments() + number));
    Value offset = arithmetic->emit(shape.interiorOffset * elementBytes);
    llvm::SmallVector<DimensionValues> dims;
    for (const PhysicalDim &dim : llvm::reverse(shape.dims)) {
      DimensionValues values{i64(0), arithmetic->emit(dim.extent), arithmetic->emit(dim.stride)};
      if (dim.logical == kernel.splitDim && dim.tile == 0) {
        // Where the dimension is blocked, its outer part counts blocks; ranges start at whole ones.
        int64_t block = 1;
        for (const PhysicalDim &inner : shape.dims)
          if (inner.logical == kernel.splitDim && inner.tile > 0)
            block *= inner.tile;
        Value last = end;
        values.min = begin;
        if (block > 1) {
          values.min = arith::DivSIOp::create(builder, location, begin, i64(block));
          last = arith::AddIOp::create(builder, location, end, i64(block - 1));
          last = arith::DivSIOp::create(builder, location, last, i64(block));
        }
        values.extent = arith::SubIOp::create(builder, location, last, values.min);
        Value skipped =
            arith::MulIOp::create(builder, location, values.min, arithmetic->emit(dim.stride * elementBytes));
        offset = arith::AddIOp::create(builder, location, offset, skipped);
      }
      dims.push_back(values);
    }
    host = LLVM::GEPOp::create(builder, location, pointer, builder.getI8Type(), host,
                               llvm::ArrayRef<LLVM::GEPArg>{offset});
    return createBuffer(host, type.getElementType(), dims);
  }

  mlir::OpBuilder &builder;
  mlir::Location location;
  mlir::func::FuncOp function;
  KernelInterface &kernel;
  LLVM::LLVMPointerType pointer;
  mlir::Block &block;
  Value arguments, begin, end;
  llvm::SmallVector<Value> symbols;
  ExtentArithmetic *arithmetic = nullptr;
};
} // namespace

/// `name` as a symbol of an object file: '@' would start a version, and profilers end a name at a space.
static std::string toSymbol(llvm::StringRef name) {
  std::string symbol = name.empty() ? "launch" : name.str();
  for (char &c : symbol)
    if (c == '@' || !llvm::isPrint(c) || c == ' ' || c == '"')
      c = '_';
  return symbol;
}

/// `int32_t NAME.launch(arguments, begin, end, scratch)` that calls `part` for parts of the range, from its end in
/// every second launch. The order of parts changes no sum.
static void emitAlternatingParts(mlir::OpBuilder &builder, mlir::func::FuncOp function, mlir::func::FuncOp part,
                                 const KernelInterface &kernel, int64_t turnOffset) {
  mlir::Location location = function.getLoc();
  auto i64 = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, location, builder.getI64IntegerAttr(value));
  };
  mlir::Type word = builder.getI64Type(), status = builder.getI32Type();
  mlir::Block *entry = function.addEntryBlock(), *body = function.addBlock(), *exitBlock = function.addBlock();
  body->addArgument(word, location);
  exitBlock->addArgument(status, location);
  Value arguments = entry->getArgument(0), begin = entry->getArgument(1), end = entry->getArgument(2);

  builder.setInsertionPointToStart(entry);
  Value address = LLVM::GEPOp::create(builder, location, arguments.getType(), builder.getI8Type(), arguments,
                                      llvm::ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(turnOffset)});
  Value turn = LLVM::LoadOp::create(builder, location, word, address);
  Value isBackward = arith::TruncIOp::create(builder, location, builder.getI1Type(), turn);
  Value extent = arith::SubIOp::create(builder, location, end, begin);
  Value rounded = arith::AddIOp::create(builder, location, extent, i64(kernel.alternatingPart - 1));
  Value count = arith::DivSIOp::create(builder, location, rounded, i64(kernel.alternatingPart));
  Value last = arith::SubIOp::create(builder, location, count, i64(1));
  Value none = arith::ConstantOp::create(builder, location, builder.getI32IntegerAttr(DLC_OK));
  Value hasPart = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::sgt, count, i64(0));
  mlir::cf::CondBranchOp::create(builder, location, hasPart, body, mlir::ValueRange{i64(0)}, exitBlock,
                                 mlir::ValueRange{none});

  builder.setInsertionPointToStart(body);
  Value number = body->getArgument(0);
  Value mirrored = arith::SubIOp::create(builder, location, last, number);
  Value step = arith::SelectOp::create(builder, location, isBackward, mirrored, number);
  Value first = arith::AddIOp::create(builder, location, begin,
                                      arith::MulIOp::create(builder, location, step, i64(kernel.alternatingPart)));
  Value next = arith::AddIOp::create(builder, location, first, i64(kernel.alternatingPart));
  Value stop = arith::MinSIOp::create(builder, location, next, end);
  Value result = mlir::func::CallOp::create(builder, location, part,
                                            mlir::ValueRange{arguments, first, stop, entry->getArgument(3)})
                     .getResult(0);
  Value following = arith::AddIOp::create(builder, location, number, i64(1));
  Value ok = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, result, none);
  Value isMore = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::slt, following, count);
  mlir::cf::CondBranchOp::create(builder, location, arith::AndIOp::create(builder, location, ok, isMore), body,
                                 mlir::ValueRange{following}, exitBlock, mlir::ValueRange{result});

  builder.setInsertionPointToStart(exitBlock);
  mlir::func::ReturnOp::create(builder, location, exitBlock->getArgument(0));
}

/// Begins `function` with a branch to the runtime's recorder, for threads that have one, which calls it again without.
static void emitRecording(mlir::OpBuilder &builder, mlir::func::FuncOp function, KernelInterface &kernel,
                          LaunchSite siteKind, uint64_t site) {
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Location location = function.getLoc();
  HostEmitter emit{builder, location};
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type(), i32 = builder.getI32Type();
  auto module = function->getParentOfType<mlir::ModuleOp>();
  if (!module.lookupSymbol(recordLaunchName)) {
    builder.setInsertionPointToEnd(module.getBody());
    LLVM::LLVMFuncOp::create(builder, location, recordLaunchName,
                             LLVM::LLVMFunctionType::get(i32, {pointer, i64, i64, pointer, pointer, i64}));
  }
  mlir::Block *body = &function.front();
  mlir::Block *entry = new mlir::Block, *record = function.addBlock();
  function.getBody().push_front(entry);
  for (mlir::BlockArgument argument : body->getArguments())
    argument.replaceAllUsesWith(entry->addArgument(argument.getType(), location));
  body->eraseArguments(0, body->getNumArguments());

  // The frame is the entry block's.
  for (auto alloca : llvm::make_early_inc_range(body->getOps<LLVM::AllocaOp>())) {
    alloca.getArraySize().getDefiningOp()->moveBefore(entry, entry->end());
    alloca->moveBefore(entry, entry->end());
  }

  builder.setInsertionPointToEnd(entry);
  Value recorder = emit.load(pointer, entry->getArgument(3), 0);
  Value isRecorded = LLVM::ICmpOp::create(builder, location, LLVM::ICmpPredicate::ne, recorder,
                                          LLVM::ZeroOp::create(builder, location, pointer));
  mlir::cf::CondBranchOp::create(builder, location, isRecorded, record, body);

  builder.setInsertionPointToStart(record);
  Value number = siteKind == LaunchSite::Known
                     ? emit.i64(static_cast<int64_t>(site))
                     : emit.load(i64, entry->getArgument(0), 8 * static_cast<int64_t>(kernel.getSitePosition()));
  llvm::SmallVector<Value> operands(entry->getArguments());
  operands.append({takeAddress(emit, function), number});
  auto call = LLVM::CallOp::create(builder, location, mlir::TypeRange{i32}, recordLaunchName, operands);
  mlir::func::ReturnOp::create(builder, location, call.getResult());
}

mlir::func::FuncOp dlc::createLaunchFunction(mlir::ModuleOp module, KernelInterface &kernel, llvm::StringRef name,
                                             llvm::StringSet<> &usedNames, mlir::Location location, LaunchSite siteKind,
                                             uint64_t site) {
  std::string base = toSymbol(name), symbol = base + ".launch";
  for (int number = 2; !usedNames.insert(symbol).second; ++number)
    symbol = base + "." + std::to_string(number) + ".launch";

  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), i64 = builder.getI64Type();
  auto type = builder.getFunctionType({pointer, i64, i64, pointer}, builder.getI32Type());
  auto create = [&](llvm::StringRef functionName) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = mlir::func::FuncOp::create(builder, location, functionName, type);
    function.setPrivate();
    return function;
  };
  mlir::func::FuncOp function = create(symbol);
  // A frame of its own in profiles and backtraces, under the layer's name.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  auto allowRecording = [&] {
    if (siteKind != LaunchSite::None)
      emitRecording(builder, function, kernel, siteKind, site);
  };
  if (kernel.alternatingPart == 0) {
    LaunchBody(builder, location, function, kernel).emit();
    allowRecording();
    return function;
  }
  mlir::func::FuncOp part = create(symbol + ".part");
  LaunchBody(builder, location, part, kernel).emit();
  size_t before = kernel.getNumBuffers() + kernel.getNumSymbols();
  emitAlternatingParts(builder, function, part, kernel, 8 * static_cast<int64_t>(before));
  allowRecording();
  return function;
}
