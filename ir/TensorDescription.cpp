// SPDX-License-Identifier: Apache-2.0
#include "ir/TensorDescription.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/ExtentDescription.h"
#include "ir/OpsControl.h"
#include "ir/OpsSize.h"
#include "ir/SymbolicShapes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

namespace {

/// The extents of one value. Unlike SymbolicShapes, which analyzes whole functions that are right, it looks only at
/// what the value depends on and treats what it cannot infer as unknown.
class ExtentFinder {
public:
  SmallVector<std::string> describe(Value value) {
    infer(value);
    return llvm::map_to_vector(dims[value], [&](AffineExpr extent) { return describeExtent(extent, names); });
  }

  SmallVector<Dims> find(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) {
      infer(value);
      return dims[value];
    });
  }
  llvm::ArrayRef<std::string> getNames() const { return names; }

private:
  /// A dynamic extent: `name` is empty if it has none.
  AffineExpr makeSymbol(StringRef name, MLIRContext *context) {
    auto *found = name.empty() ? names.end() : llvm::find(names, name);
    if (found == names.end())
      found = &names.emplace_back(name.str());
    return getAffineSymbolExpr(found - names.begin(), context);
  }

  Dims getNamedDims(RankedTensorType type, ArrayAttr given) {
    Dims result;
    for (auto [i, extent] : llvm::enumerate(type.getShape())) {
      auto name = given && i < given.size() ? llvm::dyn_cast<StringAttr>(given[i]) : StringAttr();
      result.push_back(ShapedType::isDynamic(extent) ? makeSymbol(name ? name.getValue() : "", type.getContext())
                                                     : getAffineConstantExpr(extent, type.getContext()));
    }
    return result;
  }

  ArrayAttr getGivenNames(Value value) {
    auto argument = llvm::dyn_cast<BlockArgument>(value);
    auto function = argument ? llvm::dyn_cast_or_null<FunctionOpInterface>(argument.getOwner()->getParentOp())
                             : FunctionOpInterface();
    return function ? annotation::dims.getOfArgument(function, argument.getArgNumber()) : ArrayAttr();
  }

  /// What a loop-carried value of a step is before the first step, which has the same extents; null for other values.
  static Value getInitialValue(Value value) {
    auto argument = llvm::dyn_cast<BlockArgument>(value);
    auto loop = argument ? llvm::dyn_cast_or_null<LoopOp>(argument.getOwner()->getParentOp()) : LoopOp();
    unsigned number = loop ? argument.getArgNumber() : 0;
    return loop && number > 0 && number <= loop.getInitialValues().size() ? loop.getInitialValues()[number - 1]
                                                                          : Value();
  }

  /// What the extents of `result` follow from: operands, or what the first branch gives (the other gives the same).
  static SmallVector<Value> getSources(OpResult result) {
    if (auto branches = llvm::dyn_cast<IfOp>(result.getOwner()))
      return {branches.getEnd(0).getValues()[result.getResultNumber()]};
    return SmallVector<Value>(result.getOwner()->getOperands());
  }

  /// The extents of an op's result whose operands' are known; none if they cannot be inferred from these.
  std::optional<Dims> inferResult(OpResult result) {
    Operation *op = result.getOwner();
    if (auto loop = llvm::dyn_cast<LoopOp>(op)) {
      if (result.getResultNumber() < loop.getInitialValues().size())
        return dims[loop.getInitialValues()[result.getResultNumber()]];
      return std::nullopt;
    }
    if (llvm::isa<IfOp>(op))
      return dims[getSources(result).front()];
    if (auto readback = llvm::dyn_cast<ReadbackOp>(op))
      return Dims{makeSymbol(readback.getSymbol(), op->getContext())};
    auto interface = llvm::dyn_cast<DimensionOpInterface>(op);
    if (!interface || op->getNumResults() != 1)
      return std::nullopt;
    SmallVector<Dims> operandDims;
    for (Value operand : op->getOperands())
      operandDims.push_back(dims[operand]);
    Dims inferred;
    ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
    if (failed(interface.inferDims(operandDims, inferred)))
      return std::nullopt;
    return inferred;
  }

  /// Fills `dims` for `value` and what it depends on, operands first; chains are as long as models are deep.
  void infer(Value root) {
    SmallVector<Value> stack{root};
    while (!stack.empty()) {
      Value value = stack.back();
      auto type = llvm::dyn_cast<RankedTensorType>(value.getType());
      if (dims.contains(value) || !type) {
        if (!type)
          dims[value] = {};
        stack.pop_back();
        continue;
      }
      auto result = llvm::dyn_cast<OpResult>(value);
      if (Value initial = getInitialValue(value); initial && !type.hasStaticShape()) {
        if (dims.contains(initial))
          dims[value] = dims[initial];
        else
          stack.push_back(initial);
        continue;
      }
      if (!result || type.hasStaticShape()) {
        dims[value] = getNamedDims(type, getGivenNames(value));
        stack.pop_back();
        continue;
      }
      size_t height = stack.size();
      for (Value operand : getSources(result))
        if (!dims.contains(operand))
          stack.push_back(operand);
      if (stack.size() > height)
        continue;
      stack.pop_back();
      std::optional<Dims> inferred = inferResult(result);
      dims[value] =
          inferred && inferred->size() == static_cast<size_t>(type.getRank()) ? *inferred : getNamedDims(type, nullptr);
    }
  }

  llvm::DenseMap<Value, Dims> dims;
  SmallVector<std::string> names;
};

} // namespace

SmallVector<std::string> describeExtents(Value value) { return ExtentFinder().describe(value); }

SmallVector<Dims> inferExtents(ValueRange values, SmallVectorImpl<std::string> &names) {
  ExtentFinder finder;
  SmallVector<Dims> extents = finder.find(values);
  names.assign(finder.getNames().begin(), finder.getNames().end());
  return extents;
}

std::string describeShape(Value value) { return "[" + llvm::join(describeExtents(value), ", ") + "]"; }

std::string describeTensor(Type elementType, llvm::ArrayRef<std::string> extents) {
  return describeType(elementType) + "[" + llvm::join(extents, ", ") + "]";
}

std::string describeTensor(Value value) {
  auto type = llvm::dyn_cast<RankedTensorType>(value.getType());
  return type ? describeType(type.getElementType()) + describeShape(value) : describeType(value.getType());
}

std::string describeType(Type type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  auto integer = llvm::dyn_cast<IntegerType>(type);
  if (auto tensor = llvm::dyn_cast<RankedTensorType>(type)) {
    stream << describeType(tensor.getElementType()) << '[';
    llvm::interleaveComma(tensor.getShape(), stream, [&](int64_t extent) {
      if (ShapedType::isDynamic(extent))
        stream << '?';
      else
        stream << extent;
    });
    stream << ']';
  } else if (integer && !integer.isSignless()) {
    stream << (integer.isUnsigned() ? 'u' : 'i') << integer.getWidth();
  } else {
    stream << type;
  }
  // "f8E4M3FN" is f8e4m3fn in models and descriptions.
  if (llvm::isa<FloatType>(type))
    return llvm::StringRef(text).lower();
  return text;
}

} // namespace dlc
