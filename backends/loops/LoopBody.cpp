// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/LoopBody.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace dlc::loops {

LoopTensor::LoopTensor(LoopBody &body, Scalar constant, llvm::SmallVector<Scalar> extents)
    : body(&body), constant(constant), extents(std::move(extents)) {
  strides.assign(this->extents.size(), body.integer(0));
}

Scalar LoopTensor::getOffset(llvm::ArrayRef<Scalar> index) const {
  assert(index.size() == extents.size() && "one index per dimension");
  Scalar offset = body->integer(0);
  for (auto [position, extent, stride] : llvm::zip_equal(index, extents, strides))
    offset = offset + body->checkIndex(position, extent) * stride;
  return offset;
}

static Value toIndex(Scalar offset) {
  ImplicitLocOpBuilder &builder = offset.getBuilder();
  return arith::IndexCastOp::create(builder, builder.getIndexType(), offset.getValue());
}

Scalar LoopTensor::loadAt(Scalar offset) const {
  if (constant.getValue())
    return constant;
  Scalar element(body->getBuilder(), memref::LoadOp::create(body->getBuilder(), memory, toIndex(offset)),
                 elementType.isUnsignedInteger());
  return elementType.isInteger(1) ? element != 0 : element;
}

void LoopTensor::storeAt(Scalar offset, Scalar element) const {
  Type stored = llvm::cast<MemRefType>(memory.getType()).getElementType();
  Value value = element.getValue();
  if (llvm::isa<IntegerType>(value.getType()) && llvm::isa<FloatType>(stored) &&
      value.getType().getIntOrFloatBitWidth() == stored.getIntOrFloatBitWidth())
    value = arith::BitcastOp::create(body->getBuilder(), stored, value);
  else
    value = element.as(stored).getValue();
  memref::StoreOp::create(body->getBuilder(), value, memory, toIndex(offset));
}

Scalar Variable::get() const { return {*builder, memref::LoadOp::create(*builder, memory), unsignedInteger}; }
void Variable::set(Scalar value) const { memref::StoreOp::create(*builder, value.getValue(), memory); }

Scalar LoopBody::integer(int64_t value) {
  return {builder, arith::ConstantOp::create(builder, builder.getI64IntegerAttr(value))};
}

Variable LoopBody::variable(Scalar initial) {
  Value memory;
  {
    // One slot of the stack each, which LLVM turns into a register.
    OpBuilder::InsertionGuard guard(builder);
    auto function = builder.getInsertionBlock()->getParentOp();
    if (!llvm::isa<func::FuncOp>(function))
      function = function->getParentOfType<func::FuncOp>();
    builder.setInsertionPointToStart(&llvm::cast<func::FuncOp>(function).getBody().front());
    memory = memref::AllocaOp::create(builder, MemRefType::get({}, initial.getType()));
  }
  Variable variable(builder, memory, initial.isUnsigned());
  variable.set(initial);
  return variable;
}

void LoopBody::forRange(Scalar begin, Scalar end, llvm::function_ref<void(Scalar)> step) {
  auto loop = scf::ForOp::create(builder, begin.getValue(), end.getValue(), integer(1).getValue());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  step({builder, loop.getInductionVar()});
}

/// Loops of `run(dim, step)` for the dimensions from index.size() to `rank`, around `step`.
static void nest(int64_t rank, llvm::SmallVector<Scalar> &index,
                 llvm::function_ref<void(int64_t, llvm::function_ref<void(Scalar)>)> run,
                 llvm::function_ref<void(llvm::ArrayRef<Scalar>)> step) {
  auto dim = static_cast<int64_t>(index.size());
  if (dim == rank)
    return step(index);
  run(dim, [&](Scalar position) {
    index.push_back(position);
    nest(rank, index, run, step);
    index.pop_back();
  });
}

void LoopBody::forResult(int64_t rank, llvm::function_ref<void(llvm::ArrayRef<Scalar>)> step) {
  llvm::SmallVector<Scalar> index;
  nest(rank, index, [&](int64_t dim, llvm::function_ref<void(Scalar)> inner) { forDim(dim, inner); }, step);
}

void LoopBody::forBox(llvm::ArrayRef<Scalar> extents, llvm::function_ref<void(llvm::ArrayRef<Scalar>)> step) {
  llvm::SmallVector<Scalar> index;
  nest(
      static_cast<int64_t>(extents.size()), index,
      [&](int64_t dim, llvm::function_ref<void(Scalar)> inner) { forRange(integer(0), extents[dim], inner); }, step);
}

void LoopBody::ifTrue(Scalar condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto choice = scf::IfOp::create(builder, condition.getValue(), /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  then();
  if (otherwise) {
    builder.setInsertionPointToStart(choice.elseBlock());
    otherwise();
  }
}

} // namespace dlc::loops
