// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/AttentionCode.h"
#include "backends/cuda/Epilogue.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Layout.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using llvm::Value;

namespace dlc::cuda {

void AttentionCode::writeFunctions() {
  writeRow("dlcQuery", op.getQuery());
  writeRow("dlcKey", op.getKey());
  writeRow("dlcValue", op.getValue());
  writeRow("dlcResult", op.getResult());
  writeBounds();
  writeScore();
  writeStore();
}

Value *AttentionCode::getPosition(ExtentCode &extents, mlir::Value tensor, llvm::ArrayRef<Value *> index) {
  llvm::ArrayRef<mlir::AffineExpr> dims = shapes.getDims(tensor);
  llvm::SmallVector<Value *> inMemory;
  llvm::SmallVector<mlir::AffineExpr> extentsInMemory;
  for (int64_t dim : *getPlainOrder(llvm::cast<mlir::RankedTensorType>(tensor.getType()))) {
    auto logical = static_cast<size_t>(dim);
    bool broadcasts = constantDim(dims[logical]) == 1;
    inMemory.push_back(broadcasts ? builder.getInt32(0) : index[index.size() - dims.size() + logical]);
    extentsInMemory.push_back(dims[logical]);
  }
  return extents.linearize(inMemory, extentsInMemory);
}

void AttentionCode::writeRow(llvm::StringRef name, mlir::Value tensor) {
  llvm::Type *i32 = builder.getInt32Ty();
  llvm::Function *function = begin(name, builder.getPtrTy(), {i32, i32, i32});
  ExtentCode extents(builder, symbols);
  Value *position = getPosition(extents, tensor,
                                {function->getArg(1), function->getArg(2), function->getArg(3), builder.getInt32(0)});
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(tensor);
  builder.CreateRet(elementAt(argument ? argument.getArgNumber() : getResult(),
                              Epilogue::getStoredType(module.getContext(), tensor.getType()), position));
}

Value *AttentionCode::loadAt(ExtentCode &extents, mlir::Value tensor, llvm::Type *type, llvm::ArrayRef<Value *> index) {
  Value *position = getPosition(extents, tensor, index);
  return builder.CreateLoad(type, elementAt(llvm::cast<mlir::BlockArgument>(tensor).getArgNumber(), type, position));
}

Value *AttentionCode::countKeys(ExtentCode &extents, Value *sample) {
  Value *keys = builder.CreateZExt(extents.emit(shapes.getDims(op.getKey())[2]), builder.getInt64Ty());
  mlir::Value lengths = op.getLengths();
  if (!lengths)
    return keys;
  auto type = llvm::cast<mlir::IntegerType>(mlir::getElementTypeOrSelf(lengths));
  Value *length = loadAt(extents, lengths, builder.getIntNTy(type.getWidth()), sample);
  if (type.isUnsigned())
    return builder.CreateBinaryIntrinsic(llvm::Intrinsic::umin, builder.CreateZExt(length, keys->getType()), keys);
  length = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, builder.CreateSExt(length, keys->getType()),
                                         builder.getInt64(0));
  return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, length, keys);
}

/// Positions and distances are of 64 bits, and what comes of them is limited to the keys.
void AttentionCode::writeBounds() {
  llvm::Type *i32 = builder.getInt32Ty(), *i64 = builder.getInt64Ty();
  for (bool isEnd : {false, true}) {
    llvm::Function *function = begin(isEnd ? "dlcEndKey" : "dlcFirstKey", i32, {i32, i32});
    ExtentCode extents(builder, symbols);
    std::optional<int64_t> distance = isEnd ? op.getLastDistance() : op.getFirstDistance();
    Value *count = countKeys(extents, function->getArg(1)), *bound = isEnd ? count : builder.getInt64(0);
    if (distance) {
      Value *position = builder.CreateSExt(function->getArg(2), i64);
      if (op.getFromEnd()) {
        Value *queries = builder.CreateZExt(extents.emit(shapes.getDims(op.getQuery())[2]), i64);
        position = builder.CreateAdd(position, builder.CreateSub(count, queries));
      }
      bound = builder.CreateAdd(position, builder.getInt64(static_cast<uint64_t>(*distance + isEnd)));
      bound = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, bound, builder.getInt64(0));
      bound = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, bound, count);
    }
    builder.CreateRet(builder.CreateTrunc(bound, i32));
  }
}

/// An exponent that is neither 0 nor infinite in f32 is a factor that keeps infinite scores.
bool AttentionCode::areScoresPlain() {
  double scale = op.getScale().convertToDouble();
  return !op.getMask() && op.getSoftcap().isZero() && scale >= 1e-30 && scale <= 1e30;
}

double AttentionCode::getExponent() {
  return llvm::numbers::log2e * (areScoresPlain() ? op.getScale().convertToDouble() : 1);
}

void AttentionCode::writeScore() {
  llvm::Type *i32 = builder.getInt32Ty(), *f32 = builder.getFloatTy();
  llvm::Function *function = begin("dlcScore", f32, {i32, i32, i32, i32, f32});
  ExtentCode extents(builder, symbols);
  Value *score = function->getArg(5);
  auto constant = [&](double value) { return llvm::ConstantFP::get(f32, value); };
  if (areScoresPlain()) {
    builder.CreateRet(score);
    return;
  }
  score = builder.CreateFMul(score, constant(op.getScale().convertToDouble()));
  if (double cap = op.getSoftcap().convertToDouble(); cap > 0) {
    auto tanh = module.getOrInsertFunction("dlcOp_tanh", llvm::FunctionType::get(f32, {f32}, /*isVarArg=*/false));
    score = builder.CreateFMul(builder.CreateCall(tanh, {builder.CreateFDiv(score, constant(cap))}), constant(cap));
  }
  if (mlir::Value mask = op.getMask()) {
    // Queries and keys beyond the last repeat it: what they give is not used.
    auto upTo = [&](Value *index, mlir::AffineExpr extent) {
      return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, index, extents.emit(extent - 1));
    };
    llvm::SmallVector<Value *> index{function->getArg(1), function->getArg(2),
                                     upTo(function->getArg(3), shapes.getDims(op.getQuery())[2]),
                                     upTo(function->getArg(4), shapes.getDims(op.getKey())[2])};
    if (mlir::getElementTypeOrSelf(mask).isInteger(1)) {
      Value *isSeen = builder.CreateICmpNE(loadAt(extents, mask, builder.getInt8Ty(), index), builder.getInt8(0));
      score = builder.CreateSelect(isSeen, score, constant(-HUGE_VAL));
    } else {
      Value *added = loadAt(extents, mask, Epilogue::getStoredType(module.getContext(), mask.getType()), index);
      score = builder.CreateFAdd(score, builder.CreateFPExt(added, f32));
    }
  }
  builder.CreateRet(score);
}

void AttentionCode::writeStore() {
  llvm::Type *i32 = builder.getInt32Ty();
  llvm::Function *function = begin("dlcStore", builder.getVoidTy(), {i32, i32, i32, i32, builder.getFloatTy()});
  ExtentCode extents(builder, symbols);
  llvm::SmallVector<Value *> index;
  for (unsigned dim = 0; dim < 4; ++dim)
    index.push_back(function->getArg(1 + dim));
  mlir::Value result = op.getResult();
  llvm::Type *type = Epilogue::getStoredType(module.getContext(), result.getType());
  Value *element = builder.CreateFPTrunc(function->getArg(5), type);
  builder.CreateStore(element, elementAt(getResult(), type, getPosition(extents, result, index)));
  builder.CreateRetVoid();
}

} // namespace dlc::cuda
