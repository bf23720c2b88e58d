// SPDX-License-Identifier: Apache-2.0
#include "frontend/CheckGraph.h"
#include "ir/Annotations.h"
#include "ir/TensorDescription.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

static LogicalResult checkTypes(func::FuncOp function, TypeRange types, llvm::StringRef role) {
  LogicalResult result = success();
  for (auto [i, type] : llvm::enumerate(types)) {
    auto tensor = llvm::dyn_cast<RankedTensorType>(type);
    if (!tensor || !llvm::isa<FloatType, IntegerType>(tensor.getElementType()))
      result = function.emitError("function '")
               << function.getName() << "' has as its " << role << " " << i << " a value of type "
               << dlc::describeType(type) << "; it must be a tensor of numbers with a known rank";
  }
  return result;
}

/// `attributes`: those of each input, or of each output.
static LogicalResult checkNames(func::FuncOp function, ArrayAttr attributes, llvm::StringRef role) {
  LogicalResult result = success();
  llvm::StringSet<> seen;
  if (!attributes)
    return result;
  for (auto entry : attributes.getAsRange<DictionaryAttr>())
    if (auto name = entry.getAs<StringAttr>(dlc::annotation::name.getKey());
        name && !seen.insert(name.getValue()).second)
      result = function.emitError("function '")
               << function.getName() << "' has two " << role << "s of the name '" << name.getValue() << "'";
  return result;
}

LogicalResult dlc::checkGraph(ModuleOp module) {
  LogicalResult result = success();
  auto keep = [&](LogicalResult step) {
    if (failed(step))
      result = failure();
  };
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function.getBody().hasOneBlock()) {
      result = function.emitError("function '")
               << function.getName() << "' has " << function.getBody().getBlocks().size()
               << " blocks; a function of a graph has one";
      continue;
    }
    keep(checkTypes(function, function.getArgumentTypes(), "input"));
    keep(checkTypes(function, function.getResultTypes(), "output"));
    keep(checkNames(function, function.getArgAttrsAttr(), "input"));
    keep(checkNames(function, function.getResAttrsAttr(), "output"));
  }
  return result;
}
