// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/KernelWriter.h"
#include "backends/llvm/ExtentArithmetic.h"
#include "backends/llvm/HalideBuffer.h"
#include "backends/loops/LoopBodyInterface.h"
#include "dlc/abi.h"
#include "ir/OpsConstant.h"
#include "ir/OpsCustom.h"
#include "ir/OpsSize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;

namespace dlc::loops {

/// How an element is stored: f32, f64 and integers as they are, i1 in a byte, other floating-point numbers as bits.
static Type getStoredType(Type elementType) {
  if (elementType.isF32() || elementType.isF64())
    return elementType;
  return IntegerType::get(elementType.getContext(), 8 * getElementBytes(elementType));
}

KernelWriter::KernelWriter(ImplicitLocOpBuilder &builder, ModuleOp module, KernelFuncOp kernel,
                           const KernelShapes &shapes, ScheduleAttr schedule, bool checkBounds)
    : LoopBody(builder), module(module), kernel(kernel), shapes(shapes), schedule(schedule), checkBounds(checkBounds),
      pointer(LLVM::LLVMPointerType::get(builder.getContext())) {}

/// Whether `other` is a further result of the function behind `op`.
static bool isResultOf(Operation *other, Operation *op) {
  auto further = llvm::dyn_cast<CustomResultOp>(other);
  return further && further.getFirst().getDefiningOp() == op;
}

LogicalResult KernelWriter::write() {
  Operation *op = kernel.getAnchorOp();
  if (!op || !llvm::isa<LoopBodyOpInterface>(op))
    return kernel.emitError("there are no loops for its op");
  for (Operation &other : kernel.getBody().front().without_terminator())
    if (&other != op && !llvm::isa<ConstantOp, ShapeOp>(other) && !isResultOf(&other, op))
      return other.emitOpError("is in a kernel of loops, which computes one op");
  writeEntry();
  return writeBody(op);
}

int64_t KernelWriter::findSplitDim(Value value) const {
  PhysicalShape shape = getPhysicalShape(llvm::cast<RankedTensorType>(value.getType()), shapes.getDims(value));
  for (auto [position, dim] : llvm::enumerate(shape.dims))
    if (dim.logical == schedule.getSplit())
      return static_cast<int64_t>(position);
  return -1;
}

void KernelWriter::writeEntry() {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  size_t inputCount = kernel.getBody().front().getNumArguments(), resultCount = kernel.getYieldedValues().size(),
         tensorCount = inputCount + resultCount, symbolCount = kernel.getSymbols() ? kernel.getSymbols()->size() : 0;
  llvm::SmallVector<Type> entryTypes(1 + inputCount, pointer), bodyTypes(1 + tensorCount, pointer);
  entryTypes.append(symbolCount, i32);
  entryTypes.append(resultCount, pointer);
  bodyTypes.append(2 + symbolCount, i64);
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, "body", builder.getFunctionType(bodyTypes, i32));
  function.setPrivate();
  for (size_t i = 0; i < tensorCount; ++i)
    function.setArgAttr(1 + i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());

  auto entry = func::FuncOp::create(builder, "kernel", builder.getFunctionType(entryTypes, i32));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  llvm::SmallVector<Value> buffers(entry.getArguments().slice(1, inputCount));
  llvm::append_range(buffers, entry.getArguments().take_back(resultCount));
  llvm::SmallVector<Value> arguments{entry.getArgument(0)};
  for (Value buffer : buffers)
    arguments.push_back(LLVM::LoadOp::create(builder, pointer, at(buffer, halideBuffer::Host)));

  Scalar begin = integer(0), end = integer(0);
  if (int64_t position = findSplitDim(kernel.getYielded()); position >= 0) {
    // The innermost dimension comes first there.
    auto rank = static_cast<int64_t>(llvm::cast<RankedTensorType>(kernel.getYielded().getType()).getRank());
    Value dims = LLVM::LoadOp::create(builder, pointer, at(buffers[inputCount], halideBuffer::Dim));
    auto read = [&](int64_t field) {
      int64_t offset = halideBuffer::DimSize * (rank - 1 - position) + field;
      Value number = LLVM::LoadOp::create(builder, i32, at(dims, offset));
      return Scalar(builder, arith::ExtSIOp::create(builder, i64, number));
    };
    begin = read(halideBuffer::Min);
    end = begin + read(halideBuffer::Extent);
  }
  arguments.append({begin.getValue(), end.getValue()});
  for (size_t i = 0; i < symbolCount; ++i)
    arguments.push_back(arith::ExtSIOp::create(builder, i64, entry.getArgument(1 + inputCount + i)));
  Value status = func::CallOp::create(builder, function, arguments).getResult(0);
  func::ReturnOp::create(builder, status);
}

LogicalResult KernelWriter::writeBody(Operation *op) {
  builder.setInsertionPointToStart(function.addEntryBlock());
  if (checkBounds)
    violations = variable(Scalar::constant(builder, DLC_OK, builder.getI32Type()));
  size_t inputCount = kernel.getBody().front().getNumArguments(),
         tensorCount = inputCount + kernel.getYieldedValues().size();
  rangeBegin = Scalar(builder, function.getArgument(1 + tensorCount));
  rangeEnd = Scalar(builder, function.getArgument(2 + tensorCount));
  llvm::append_range(symbols, function.getArguments().drop_front(3 + tensorCount));

  for (BlockArgument argument : kernel.getBody().front().getArguments()) {
    FailureOr<LoopTensor> tensor = describe(argument, function.getArgument(1 + argument.getArgNumber()));
    if (failed(tensor))
      return failure();
    tensors[argument] = *tensor;
  }
  for (auto [number, value] : llvm::enumerate(kernel.getYieldedValues())) {
    FailureOr<LoopTensor> tensor = describe(value, function.getArgument(1 + inputCount + number));
    if (failed(tensor))
      return failure();
    results.push_back(*tensor);
  }
  anchor = op;
  llvm::cast<LoopBodyOpInterface>(op).writeBody(*this);
  release();
  if (!status)
    status = checkBounds ? violations->get().getValue() : createStatus(DLC_OK);
  func::ReturnOp::create(builder, status);
  return success();
}

/// The tensor at `host`: all memory of an input, and of a result its first element to compute.
FailureOr<LoopTensor> KernelWriter::describe(Value value, Value host) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  PhysicalShape shape = getPhysicalShape(type, shapes.getDims(value));
  llvm::SmallVector<Scalar> extents = getExtents(value), strides(type.getRank());
  for (const PhysicalDim &dim : shape.dims) {
    if (dim.tile > 0 || strides[dim.logical].getValue())
      return kernel.emitError("loops do not take tensors in blocks");
    strides[dim.logical] = toScalar(dim.stride);
  }
  Scalar skipped = toScalar(shape.interiorOffset);
  if (llvm::is_contained(kernel.getYieldedValues(), value))
    skipped = schedule.getSplit() < 0 ? integer(0) : -(rangeBegin * strides[schedule.getSplit()]);
  Scalar bytes = skipped * static_cast<double>(getElementBytes(type.getElementType()));
  host =
      LLVM::GEPOp::create(builder, pointer, builder.getI8Type(), host, llvm::ArrayRef<LLVM::GEPArg>{bytes.getValue()});
  return LoopTensor(*this, toMemRef(host, getStoredType(type.getElementType())), type.getElementType(), extents,
                    strides, host);
}

/// A memref of all memory from `address` on.
Value KernelWriter::toMemRef(Value address, Type elementType) {
  constexpr int64_t all = int64_t(1) << 40;
  auto type = MemRefType::get({all}, elementType);
  auto pair = LLVM::LLVMArrayType::get(builder.getI64Type(), 1);
  auto structure =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), {pointer, pointer, builder.getI64Type(), pair, pair});
  Value descriptor = LLVM::PoisonOp::create(builder, structure);
  auto insert = [&](Value value, llvm::ArrayRef<int64_t> position) {
    descriptor = LLVM::InsertValueOp::create(builder, descriptor, value, position);
  };
  insert(address, {0});
  insert(address, {1});
  insert(integer(0).getValue(), {2});
  insert(integer(all).getValue(), {3, 0});
  insert(integer(1).getValue(), {4, 0});
  return UnrealizedConversionCastOp::create(builder, type, descriptor).getResult(0);
}

LoopTensor KernelWriter::getOperand(unsigned number) {
  Value operand = anchor->getOperand(number);
  if (auto found = tensors.find(operand); found != tensors.end())
    return found->second;
  if (auto constant = operand.getDefiningOp<ConstantOp>())
    return makeConstant(operand, constant.getValue().getSplatValue<Attribute>());
  return LoopTensor(*this, Scalar(), getExtents(operand)); // a shape
}

LoopTensor KernelWriter::makeConstant(Value operand, Attribute element) {
  auto type = llvm::cast<RankedTensorType>(operand.getType()).getElementType();
  TypedAttr value;
  if (auto integer = llvm::dyn_cast<IntegerAttr>(element))
    value =
        IntegerAttr::get(IntegerType::get(builder.getContext(), integer.getValue().getBitWidth()), integer.getValue());
  else if (Type stored = getStoredType(type); stored != type)
    value = IntegerAttr::get(stored, llvm::cast<FloatAttr>(element).getValue().bitcastToAPInt());
  else
    value = llvm::cast<FloatAttr>(element);
  return LoopTensor(*this, Scalar(builder, arith::ConstantOp::create(builder, value), type.isUnsignedInteger()),
                    getExtents(operand));
}

LoopTensor KernelWriter::allocate(Type elementType, llvm::ArrayRef<Scalar> extents) {
  assert(llvm::isa<func::FuncOp>(builder.getInsertionBlock()->getParentOp()) && "memory is allocated outside loops");
  llvm::SmallVector<Scalar> strides(extents);
  Scalar count = integer(1);
  for (size_t dim = extents.size(); dim-- > 0;) {
    strides[dim] = count;
    count = count * extents[dim];
  }
  Scalar bytes = count * static_cast<double>(getElementBytes(elementType));
  Value memory =
      LLVM::CallOp::create(builder, getAllocate(), ValueRange{function.getArgument(0), bytes.getValue()}).getResult();
  Block *full = function.addBlock(), *rest = function.addBlock();
  Value isNull = LLVM::ICmpOp::create(builder, LLVM::ICmpPredicate::eq, memory, LLVM::ZeroOp::create(builder, pointer));
  cf::CondBranchOp::create(builder, isNull, full, rest);
  builder.setInsertionPointToStart(full);
  release();
  func::ReturnOp::create(builder, createStatus(DLC_ERROR_OUT_OF_MEMORY));
  builder.setInsertionPointToStart(rest);
  allocations.push_back(memory);
  return LoopTensor(*this, toMemRef(memory, getStoredType(elementType)), elementType,
                    llvm::SmallVector<Scalar>(extents), strides);
}

void KernelWriter::forDim(int64_t dim, llvm::function_ref<void(Scalar)> step) {
  bool isSplit = dim == schedule.getSplit();
  forRange(isSplit ? rangeBegin : integer(0), isSplit ? rangeEnd : results.front().getExtent(dim), step);
}

Scalar KernelWriter::checkIndex(Scalar index, Scalar extent) {
  if (!checkBounds)
    return index;
  Scalar isInside = (index >= 0) & (index < extent);
  Scalar before = violations->get();
  violations->set(select(isInside, before, before.like(DLC_ERROR_SHAPE)));
  return select(isInside, index, index.like(0));
}

Value KernelWriter::at(Value base, int64_t bytes) {
  return LLVM::GEPOp::create(builder, pointer, builder.getI8Type(), base,
                             llvm::ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

Value KernelWriter::createStatus(int32_t status) {
  return arith::ConstantOp::create(builder, builder.getI32IntegerAttr(status));
}

Scalar KernelWriter::toScalar(AffineExpr expr) {
  return {builder, ExtentArithmetic(builder, builder.getLoc(), symbols).emit(expr)};
}

llvm::SmallVector<Scalar> KernelWriter::getExtents(Value value) {
  llvm::SmallVector<Scalar> extents;
  for (AffineExpr dim : shapes.getDims(value))
    extents.push_back(toScalar(dim));
  return extents;
}

LLVM::LLVMFuncOp KernelWriter::declare(llvm::StringRef name, Type resultType, llvm::ArrayRef<Type> arguments) {
  if (auto declared = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return declared;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  return LLVM::LLVMFuncOp::create(builder, name, LLVM::LLVMFunctionType::get(resultType, arguments));
}

LLVM::LLVMFuncOp KernelWriter::getAllocate() {
  LLVM::LLVMFuncOp allocate = declare("halide_malloc", pointer, {pointer, builder.getI64Type()});
  allocate.setResultAttr(0, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  return allocate;
}

void KernelWriter::release() {
  auto nothing = LLVM::LLVMVoidType::get(builder.getContext());
  for (Value memory : llvm::reverse(allocations))
    LLVM::CallOp::create(builder, declare("halide_free", nothing, {pointer, pointer}),
                         ValueRange{function.getArgument(0), memory});
}

} // namespace dlc::loops
