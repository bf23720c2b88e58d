// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ProgramDescription.h"
#include "dlc/abi.h"

using namespace dlc;
using mlir::failure;
using mlir::FailureOr;

std::optional<uint32_t> dlc::getElementTypeCode(mlir::Type type) {
  if (type.isF32())
    return DLC_F32;
  if (type.isF64())
    return DLC_F64;
  if (type.isF16())
    return DLC_F16;
  if (type.isBF16())
    return DLC_BF16;
  auto integer = llvm::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return std::nullopt;
  unsigned width = integer.getWidth();
  if (width == 1)
    return DLC_BOOL;
  if (width != 8 && width != 16 && width != 32 && width != 64)
    return std::nullopt;
  return (integer.isUnsigned() ? 0x0100u : 0x0000u) | width;
}

/// The tensor that argument `index` of `function` stands for.
static FailureOr<TensorDescription> describeTensor(mlir::func::FuncOp function, unsigned index, llvm::StringRef name) {
  TensorDescription tensor;
  tensor.name = name.str();
  auto typeAttr = function.getArgAttrOfType<mlir::TypeAttr>(index, "dlc.tensor");
  auto dims = function.getArgAttrOfType<mlir::AffineMapAttr>(index, "dlc.dims");
  auto type = typeAttr ? llvm::dyn_cast<mlir::RankedTensorType>(typeAttr.getValue()) : mlir::RankedTensorType();
  if (!type || !dims || static_cast<int64_t>(dims.getValue().getNumResults()) != type.getRank())
    return function.emitError("tensor '") << name << "' needs the attributes dlc.tensor and dlc.dims";
  std::optional<uint32_t> code = getElementTypeCode(type.getElementType());
  if (!code)
    return function.emitError("tensor '") << name << "': the ABI has no element type " << type.getElementType();
  tensor.elementType = *code;
  tensor.dims.assign(dims.getValue().getResults().begin(), dims.getValue().getResults().end());
  tensor.isKept = function.getArgAttr(index, "dlc.kept") != nullptr;
  return tensor;
}

static FailureOr<EntryDescription> describeEntry(mlir::func::FuncOp function, llvm::StringRef name) {
  EntryDescription entry;
  entry.name = name.str();
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    if (auto symbol = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.symbol")) {
      auto bound = [&](llvm::StringRef attribute, int64_t otherwise) {
        auto value = function.getArgAttrOfType<mlir::IntegerAttr>(index, attribute);
        return value ? value.getInt() : otherwise;
      };
      entry.symbols.push_back({symbol.str(), bound("dlc.minimum", 0), bound("dlc.maximum", (int64_t(1) << 31) - 1)});
      continue;
    }
    auto input = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.input");
    auto output = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.output");
    if (!input && !output)
      continue;
    auto tensor = describeTensor(function, index, (input ? input : output).getValue());
    if (mlir::failed(tensor))
      return failure();
    if (input)
      for (mlir::AffineExpr dim : tensor->dims)
        if (!llvm::isa<mlir::AffineConstantExpr, mlir::AffineSymbolExpr>(dim))
          return function.emitError("input '") << tensor->name << "' has an extent that is neither a number nor a name";
    (input ? entry.inputs : entry.outputs).push_back(std::move(*tensor));
  }
  if (auto bytes = function->getAttrOfType<mlir::AffineMapAttr>("dlc.workspace_bytes"))
    entry.workspaceBytes = bytes.getValue();
  else
    entry.workspaceBytes = mlir::AffineMap::getConstantMap(0, function.getContext());
  return entry;
}

FailureOr<ProgramDescription> dlc::describeProgram(mlir::ModuleOp module) {
  ProgramDescription program;
  if (auto bytes = module->getAttrOfType<mlir::IntegerAttr>("dlc.prepared_bytes"))
    program.preparedBytes = bytes.getInt();
  for (WeightsOp weights : module.getOps<WeightsOp>())
    program.constantBytes = weights.getSize();
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>()) {
    auto name = function->getAttrOfType<mlir::StringAttr>("dlc.entry");
    if (!name)
      continue;
    if (name.getValue() == "prepare") {
      program.hasPrepare = true;
      continue;
    }
    auto entry = describeEntry(function, name.getValue());
    if (mlir::failed(entry))
      return failure();
    program.entries.push_back(std::move(*entry));
  }
  if (program.entries.empty())
    return module.emitError("the program has no entry point");
  return program;
}
