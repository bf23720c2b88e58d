// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/Epilogue.h"
#include "ir/ConstantData.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Layout.h"
#include "ir/OpsActivation.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "mlir/IR/TypeUtilities.h"

using llvm::Value;

namespace dlc::cuda {

static std::string getFunctionName(mlir::Operation *op) { return ("dlcOp_" + op->getName().stripDialect()).str(); }

/// Numbers that the op's function takes after its operands.
static llvm::SmallVector<double> getParameters(mlir::Operation *op) {
  if (auto leaky = llvm::dyn_cast<LeakyReluOp>(op))
    return {leaky.getAlpha().convertToDouble()};
  if (auto swish = llvm::dyn_cast<SwishOp>(op))
    return {swish.getAlpha().convertToDouble()};
  if (auto gelu = llvm::dyn_cast<GeluOp>(op))
    return {gelu.getTanhApproximation() ? 1.0 : 0.0};
  if (auto sigmoid = llvm::dyn_cast<HardSigmoidOp>(op))
    return {sigmoid.getAlpha().convertToDouble(), sigmoid.getBeta().convertToDouble()};
  return {};
}

static bool isPlain(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  mlir::Type element = tensor.getElementType();
  return (element.isF32() || element.isF16() || element.isBF16()) && !getLayout(tensor);
}

mlir::Operation *Epilogue::findUnknown(KernelFuncOp kernel, mlir::Value product, const KernelShapes &shapes,
                                       const llvm::Module &library) {
  for (mlir::Operation &op : kernel.getBody().front().without_terminator()) {
    if (&op == product.getDefiningOp())
      continue;
    mlir::Value result = op.getResult(0);
    if (!isPlain(result.getType()))
      return &op;
    if (llvm::isa<ConstantOp>(op)) {
      if (!getUniformConstant(result))
        return &op;
      continue;
    }
    bool isKnown = llvm::isa<ClampOp, CastOp>(op) || library.getFunction(getFunctionName(&op));
    if (!isKnown || !op.hasTrait<Elementwise>() || shapes.getDims(result) != shapes.getDims(product) ||
        !llvm::all_of(op.getOperandTypes(), isPlain))
      return &op;
  }
  return nullptr;
}

llvm::Type *Epilogue::getStoredType(llvm::LLVMContext &context, mlir::Type tensor) {
  mlir::Type element = mlir::getElementTypeOrSelf(tensor);
  return element.isF16()    ? llvm::Type::getHalfTy(context)
         : element.isBF16() ? llvm::Type::getBFloatTy(context)
                            : llvm::Type::getFloatTy(context);
}

Value *Epilogue::roundTo(mlir::Type tensor, Value *element) {
  llvm::Type *stored = getStoredType(builder.getContext(), tensor);
  return builder.CreateFPExt(builder.CreateFPTrunc(element, stored), builder.getFloatTy());
}

Value *Epilogue::emit(mlir::Value value) {
  if (Value *element = elements.lookup(value))
    return element;
  Value *element = emitNew(value);
  elements[value] = element;
  return element;
}

Value *Epilogue::emitNew(mlir::Value value) {
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(value)) {
    llvm::ArrayRef<mlir::AffineExpr> dims = shapes.getDims(value);
    llvm::SmallVector<Value *> own;
    for (auto [dim, extent] : llvm::enumerate(dims))
      own.push_back(constantDim(extent) == 1 ? builder.getInt32(0) : index[index.size() - dims.size() + dim]);
    Value *address = getAddress(argument.getArgNumber(), extents.linearize(own, dims));
    Value *stored = builder.CreateLoad(getStoredType(builder.getContext(), value.getType()), address);
    return builder.CreateFPExt(stored, builder.getFloatTy());
  }
  mlir::Operation *op = value.getDefiningOp();
  if (llvm::isa<ConstantOp>(op))
    return llvm::ConstantFP::get(builder.getFloatTy(), *getUniformConstant(value));
  llvm::SmallVector<Value *> operands;
  for (mlir::Value operand : op->getOperands())
    operands.push_back(emit(operand));
  return roundTo(value.getType(), llvm::isa<CastOp>(op) ? operands.front() : call(op, operands));
}

Value *Epilogue::call(mlir::Operation *op, llvm::SmallVector<Value *> operands) {
  llvm::Type *type = builder.getFloatTy();
  if (auto clamp = llvm::dyn_cast<ClampOp>(op)) {
    // As Halide's kernels: NaN stays, and the high limit wins where the limits cross.
    Value *x = operands.front();
    if (auto limit = clamp.getLow()) {
      Value *low = llvm::ConstantFP::get(type, limit->convertToDouble());
      x = builder.CreateSelect(builder.CreateFCmpOLT(x, low), low, x);
    }
    if (auto limit = clamp.getHigh()) {
      Value *high = llvm::ConstantFP::get(type, limit->convertToDouble());
      x = builder.CreateSelect(builder.CreateFCmpOGT(x, high), high, x);
    }
    return x;
  }
  for (double parameter : getParameters(op))
    operands.push_back(llvm::ConstantFP::get(type, parameter));
  llvm::SmallVector<llvm::Type *> types(operands.size(), type);
  auto callee =
      module.getOrInsertFunction(getFunctionName(op), llvm::FunctionType::get(type, types, /*isVarArg=*/false));
  return builder.CreateCall(callee, operands);
}

} // namespace dlc::cuda
