// SPDX-License-Identifier: Apache-2.0
#include "ir/ShapeInference.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"

using namespace mlir;

namespace dlc {

std::optional<int64_t> constantDim(AffineExpr dim) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(dim))
    return constant.getValue();
  return std::nullopt;
}

bool mayBeEqual(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> a = constantDim(lhs), b = constantDim(rhs);
  return !a || !b || *a == *b;
}

AffineExpr elementCount(llvm::ArrayRef<AffineExpr> dims, MLIRContext *context) {
  AffineExpr product = getAffineConstantExpr(1, context);
  for (AffineExpr dim : dims)
    product = product * dim;
  return product;
}

/// Splits a product into its factors that are not constants and the product of those that are.
static int64_t splitFactors(AffineExpr expr, llvm::SmallVectorImpl<AffineExpr> &factors) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr); binary && binary.getKind() == AffineExprKind::Mul)
    return splitFactors(binary.getLHS(), factors) * splitFactors(binary.getRHS(), factors);
  factors.push_back(expr);
  return 1;
}

AffineExpr divideExactly(AffineExpr numerator, AffineExpr denominator) {
  llvm::SmallVector<AffineExpr> above, below;
  int64_t aboveConstant = splitFactors(numerator, above), belowConstant = splitFactors(denominator, below);
  for (auto *factor = below.begin(); factor != below.end();) {
    auto *same = llvm::find(above, *factor);
    if (same == above.end()) {
      ++factor;
      continue;
    }
    above.erase(same);
    factor = below.erase(factor);
  }
  MLIRContext *context = numerator.getContext();
  if (belowConstant != 0 && aboveConstant % belowConstant == 0) {
    aboveConstant /= belowConstant;
    belowConstant = 1;
  }
  AffineExpr result = getAffineConstantExpr(aboveConstant, context);
  for (AffineExpr factor : above)
    result = result * factor;
  AffineExpr rest = getAffineConstantExpr(belowConstant, context);
  for (AffineExpr factor : below)
    rest = rest * factor;
  return constantDim(rest) == 1 ? result : result.floorDiv(rest);
}

LogicalResult copyDims(llvm::ArrayRef<AffineExpr> operand, Dims &result) {
  result.assign(operand.begin(), operand.end());
  return success();
}

LogicalResult broadcastDims(std::optional<Location> location, llvm::ArrayRef<Dims> operands, Dims &result) {
  size_t rank = 0;
  for (const Dims &dims : operands)
    rank = std::max(rank, dims.size());
  result.assign(rank, nullptr);
  for (const Dims &dims : operands)
    for (size_t i = 0; i < dims.size(); ++i) {
      AffineExpr &extent = result[rank - dims.size() + i];
      std::optional<int64_t> known = extent ? constantDim(extent) : std::nullopt, other = constantDim(dims[i]);
      if (known && *known != 1 && other && *other != 1 && *other != *known)
        return emitOptionalError(location, "operands do not broadcast: extents ", *known, " and ", *other,
                                 " of dimension ", rank - dims.size() + i, " differ");
      if (!extent || known == 1 || (!known && other && *other != 1))
        extent = dims[i];
    }
  return success();
}

/// Whether the value of `expr` depends on a symbol.
static bool mentionsSymbol(AffineExpr expr) {
  bool found = false;
  expr.walk([&](AffineExpr part) { found |= llvm::isa<AffineSymbolExpr>(part); });
  return found;
}

LogicalResult inferReturnType(MLIRContext *context, std::optional<Location> location, TypeRange operandTypes,
                              llvm::function_ref<LogicalResult(llvm::ArrayRef<Dims>, Dims &)> shape,
                              llvm::function_ref<Type()> elementType, llvm::SmallVectorImpl<Type> &types) {
  llvm::SmallVector<Dims> operandDims;
  unsigned symbols = 0;
  for (Type type : operandTypes) {
    Dims dims;
    auto tensor = llvm::dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return emitOptionalError(location, "expects ranked tensors, got ", type);
    for (int64_t extent : tensor.getShape())
      dims.push_back(ShapedType::isDynamic(extent) ? getAffineSymbolExpr(symbols++, context)
                                                   : getAffineConstantExpr(extent, context));
    operandDims.push_back(std::move(dims));
  }
  Dims result;
  if (failed(shape(operandDims, result)))
    return failure();
  constexpr int64_t maxElements = int64_t(1) << 40;
  int64_t elements = 1;
  llvm::SmallVector<int64_t> extents;
  for (AffineExpr dim : result) {
    std::optional<int64_t> constant = constantDim(dim);
    extents.push_back(constant ? *constant : ShapedType::kDynamic);
    // Affine expressions leave a sum or product of constants as it is where it overflows.
    if (!constant && dim.isSymbolicOrConstant() && !mentionsSymbol(dim))
      return emitOptionalError(location, "the result would have an extent of 2^63 or more");
    if (!constant)
      continue;
    if (*constant < 0)
      return emitOptionalError(location, "the result would have the extent ", *constant);
    int64_t factor = std::max<int64_t>(*constant, 1);
    if (factor > (maxElements - 1) / elements)
      return emitOptionalError(location, "the result would have 2^40 elements or more");
    elements *= factor;
  }
  types.push_back(RankedTensorType::get(extents, elementType()));
  return success();
}

bool areCompatibleIgnoringLayout(TypeRange inferred, TypeRange actual) {
  if (inferred.size() != actual.size())
    return false;
  for (auto [expected, given] : llvm::zip(inferred, actual))
    if (getElementTypeOrSelf(expected) != getElementTypeOrSelf(given) || failed(verifyCompatibleShape(expected, given)))
      return false;
  return true;
}

Dims staticDims(RankedTensorType type) {
  Dims dims;
  for (int64_t extent : type.getShape()) {
    assert(!ShapedType::isDynamic(extent) && "the caller knows that the shape is static");
    dims.push_back(getAffineConstantExpr(extent, type.getContext()));
  }
  return dims;
}

llvm::ArrayRef<AffineExpr> SymbolicShapes::getDims(Value value) const {
  auto found = dims.find(value);
  assert(found != dims.end() && "every tensor of the analyzed function has extents");
  return found->second;
}

/// Extents of a loop's results: those of the loop-carried operands, and the steps with the extents of what the body
/// returns.
LogicalResult SymbolicShapes::inferLoop(LoopOp loop) {
  for (auto [result, value] : llvm::zip(loop.getFinals(), loop.getCarried()))
    dims[result] = Dims(getDims(value));
  if (Value count = loop.getStepCount())
    dims[count] = {};
  bool isStatic = llvm::all_of(
      loop.getStacked(), [](Value value) { return llvm::cast<RankedTensorType>(value.getType()).hasStaticShape(); });
  AffineExpr steps = getStepCount(loop);
  if (isStatic) {
    for (Value result : loop.getStacked())
      dims[result] = staticDims(llvm::cast<RankedTensorType>(result.getType()));
    return success();
  }
  func::FuncOp body = loop.getBodyFunction();
  if (!body)
    return loop.emitOpError("has no body");
  SymbolicShapes inner;
  inner.symbols = symbols;
  for (auto [argument, extents] : llvm::zip(body.getArguments(), getBodyArgumentDims(loop)))
    inner.dims[argument] = extents;
  if (failed(inner.walk(body)))
    return failure();
  auto returned = body.getBody().front().getTerminator()->getOperands().drop_front(loop.getCarried().size());
  for (auto [result, value] : llvm::zip(loop.getStacked(), returned)) {
    Dims &extents = dims[result];
    extents.assign(1, steps);
    llvm::append_range(extents, inner.getDims(value));
  }
  return success();
}

llvm::SmallVector<Dims> SymbolicShapes::getBodyArgumentDims(LoopOp loop) const {
  llvm::SmallVector<Dims> arguments(1); // the step's number
  for (Value value : loop.getCarried())
    arguments.push_back(Dims(getDims(value)));
  for (Value value : loop.getScanned())
    arguments.push_back(Dims(getDims(value).drop_front()));
  for (Value value : loop.getInvariants())
    arguments.push_back(Dims(getDims(value)));
  return arguments;
}

AffineExpr SymbolicShapes::getStepCount(LoopOp loop) const {
  if (loop.getTripCount())
    return getAffineConstantExpr(*loop.getTripCount(), loop.getContext());
  // Where extents known only at run time meet one that is known, the known one is right.
  for (Value value : loop.getScanned())
    if (constantDim(getDims(value)[0]))
      return getDims(value)[0];
  return getDims(loop.getScanned().front())[0];
}

FailureOr<SymbolicShapes> SymbolicShapes::analyze(FunctionOpInterface function) {
  SymbolicShapes shapes;
  MLIRContext *context = function.getContext();
  auto symbolOf = [&](llvm::StringRef name) {
    auto *found = llvm::find(shapes.symbols, name);
    unsigned index = found - shapes.symbols.begin();
    if (found == shapes.symbols.end())
      shapes.symbols.push_back(name.str());
    return getAffineSymbolExpr(index, context);
  };
  for (BlockArgument argument : function.getArguments()) {
    auto type = llvm::dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "dlc.dims");
    Dims &dims = shapes.dims[argument];
    // The arguments of a loop's body have the extents that the loop's operands have: expressions.
    if (auto map = function.getArgAttrOfType<AffineMapAttr>(argument.getArgNumber(), "dlc.dims")) {
      llvm::SmallVector<AffineExpr> own;
      if (auto symbols = function->getAttrOfType<ArrayAttr>("dlc.symbols"))
        for (auto name : symbols.getAsRange<StringAttr>())
          own.push_back(symbolOf(name));
      for (AffineExpr dim : map.getValue().getResults())
        dims.push_back(dim.replaceSymbols(own));
      continue;
    }
    for (auto [i, extent] : llvm::enumerate(type.getShape())) {
      auto name = names && i < names.size() ? llvm::dyn_cast<StringAttr>(names[i]) : StringAttr();
      if (!ShapedType::isDynamic(extent))
        dims.push_back(getAffineConstantExpr(extent, context));
      else if (name)
        dims.push_back(symbolOf(name));
      else
        dims.push_back(symbolOf(("d" + llvm::Twine(argument.getArgNumber()) + "_" + llvm::Twine(i)).str()));
    }
  }
  if (failed(shapes.walk(function)))
    return failure();
  return shapes;
}

LogicalResult SymbolicShapes::walk(FunctionOpInterface function) {
  WalkResult walked = function.getFunctionBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    // A kernel's body is isolated: its arguments have the extents of the inputs.
    if (auto kernel = llvm::dyn_cast<KernelOp>(op)) {
      for (auto [argument, input] : llvm::zip(kernel.getBody().getArguments(), kernel.getInputs()))
        dims[argument] = Dims(getDims(input));
      return WalkResult::advance();
    }
    if (auto yield = llvm::dyn_cast<YieldOp>(op)) {
      for (auto [result, value] : llvm::zip(yield->getParentOp()->getResults(), yield.getValues()))
        dims[result] = Dims(getDims(value));
      return WalkResult::advance();
    }
    if (auto loop = llvm::dyn_cast<LoopOp>(op))
      return failed(inferLoop(loop)) ? WalkResult::interrupt() : WalkResult::advance();
    if (op->getNumResults() != 1)
      return WalkResult::advance();
    auto type = llvm::dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type)
      return WalkResult::advance();
    Dims result;
    if (type.hasStaticShape()) {
      result = staticDims(type);
    } else if (auto interface = llvm::dyn_cast<DimensionOpInterface>(op)) {
      llvm::SmallVector<Dims> operandDims;
      for (Value operand : op->getOperands())
        operandDims.push_back(Dims(getDims(operand)));
      if (failed(interface.inferDims(operandDims, result)))
        return WalkResult::interrupt();
    } else {
      op->emitOpError("has dynamic extents that cannot be inferred");
      return WalkResult::interrupt();
    }
    dims[op->getResult(0)] = std::move(result);
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

} // namespace dlc
