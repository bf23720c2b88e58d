// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ProgramDescription.h"
#include "dlc/abi.h"
#include "ir/OpsProgram.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

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
  if (llvm::isa<mlir::FloatType>(type))
    return llvm::TypeSwitch<mlir::Type, std::optional<uint32_t>>(type)
        .Case([](mlir::Float8E4M3FNType) { return DLC_F8E4M3FN; })
        .Case([](mlir::Float8E4M3FNUZType) { return DLC_F8E4M3FNUZ; })
        .Case([](mlir::Float8E5M2Type) { return DLC_F8E5M2; })
        .Case([](mlir::Float8E5M2FNUZType) { return DLC_F8E5M2FNUZ; })
        .Case([](mlir::Float8E8M0FNUType) { return DLC_F8E8M0FNU; })
        .Case([](mlir::Float6E2M3FNType) { return DLC_F6E2M3FN; })
        .Case([](mlir::Float6E3M2FNType) { return DLC_F6E3M2FN; })
        .Case([](mlir::Float4E2M1FNType) { return DLC_F4E2M1FN; })
        .Default([](mlir::Type) { return std::nullopt; });
  auto integer = llvm::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return std::nullopt;
  unsigned width = integer.getWidth();
  if (width == 1)
    return DLC_BOOL;
  if (!llvm::is_contained({2u, 4u, 8u, 16u, 32u, 64u}, width))
    return std::nullopt;
  return (integer.isUnsigned() ? 0x0100u : 0x0000u) | width;
}

/// The tensor that argument `index` of `function` represents.
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
  tensor.isLabel = function.getArgAttr(index, "dlc.label") != nullptr;
  if (auto value = function.getArgAttrOfType<mlir::FloatAttr>(index, "dlc.hyperparameter"))
    tensor.hyperparameter = value.getValueAsDouble();
  return tensor;
}

/// The number or symbol that `value` of a check represents.
static FailureOr<int64_t> describeCheckExtent(mlir::func::FuncOp function, mlir::Attribute value,
                                              const EntryDescription &entry) {
  if (auto number = llvm::dyn_cast_or_null<mlir::IntegerAttr>(value))
    return number.getInt();
  if (auto name = llvm::dyn_cast_or_null<mlir::StringAttr>(value))
    for (size_t s = 0; s < entry.symbols.size(); ++s)
      if (entry.symbols[s].name == name.getValue())
        return -static_cast<int64_t>(s) - 1;
  return function.emitError("an index check refers to an extent that is neither a number nor a symbol of '")
         << entry.name << "'";
}

/// Reads the `dlc.checks` of argument `index`, which is `tensor` of the inputs or states.
static mlir::LogicalResult describeChecks(mlir::func::FuncOp function, unsigned index, uint32_t tensor,
                                          EntryDescription &entry) {
  auto checks = function.getArgAttrOfType<mlir::ArrayAttr>(index, "dlc.checks");
  for (auto check : checks ? checks.getAsRange<mlir::DictionaryAttr>()
                           : mlir::ArrayAttr::get(function.getContext(), {}).getAsRange<mlir::DictionaryAttr>()) {
    IndexCheckDescription result;
    auto what = check.getAs<mlir::StringAttr>("what"), kind = check.getAs<mlir::StringAttr>("kind");
    std::optional<uint32_t> flags;
    if (kind)
      flags = llvm::StringSwitch<std::optional<uint32_t>>(kind.getValue())
                  .Case("index", 0)
                  .Case("index_from_end", DLC_CHECK_FROM_END)
                  .Case("length", DLC_CHECK_LENGTHS)
                  .Case("room", DLC_CHECK_ROOM)
                  .Case("probability", DLC_CHECK_PROBABILITY)
                  .Default(std::nullopt);
    if (!what || !flags)
      return function.emitError("argument ") << index << " has an index check of no known kind";
    result.what = what.str();
    result.tensor = tensor;
    result.flags = *flags;
    auto extent = describeCheckExtent(function, check.get("extent"), entry);
    if (mlir::failed(extent))
      return failure();
    result.extent = *extent;
    if (result.flags & DLC_CHECK_ROOM) {
      auto steps = describeCheckExtent(function, check.get("steps"), entry);
      if (mlir::failed(steps))
        return failure();
      result.steps = *steps;
    }
    if (auto exception = check.getAs<mlir::IntegerAttr>("exception")) {
      result.flags |= DLC_CHECK_EXCEPTION;
      result.exception = exception.getInt();
    }
    if (auto sizes = check.getAs<mlir::DenseI64ArrayAttr>("sizes")) {
      auto starts = check.getAs<mlir::DenseI64ArrayAttr>("starts");
      if (!starts || starts.size() != sizes.size())
        return function.emitError("argument ") << index << " has an index check with sizes, but other starts";
      result.starts.assign(starts.asArrayRef().begin(), starts.asArrayRef().end());
      result.sizes.assign(sizes.asArrayRef().begin(), sizes.asArrayRef().end());
    }
    entry.checks.push_back(std::move(result));
  }
  return mlir::success();
}

static FailureOr<EntryDescription> describeEntry(mlir::func::FuncOp function, llvm::StringRef name) {
  EntryDescription entry;
  entry.name = name.str();
  // What is checked may depend on symbols, which come last.
  llvm::SmallVector<std::pair<unsigned, uint32_t>> checked;
  llvm::SmallVector<std::pair<size_t, mlir::DenseI64ArrayAttr>> elements;
  llvm::SmallDenseMap<int64_t, uint32_t> inputNumbers; ///< of arguments that are inputs
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    if (auto symbol = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.symbol")) {
      auto bound = [&](llvm::StringRef attribute, int64_t otherwise) {
        auto value = function.getArgAttrOfType<mlir::IntegerAttr>(index, attribute);
        return value ? value.getInt() : otherwise;
      };
      entry.symbols.push_back({symbol.str(), bound("dlc.minimum", 0), bound("dlc.maximum", (int64_t(1) << 31) - 1)});
      // The value of an element: an argument of the program, the element's position there, and its sign.
      if (auto element = function.getArgAttrOfType<mlir::DenseI64ArrayAttr>(index, "dlc.element"))
        elements.push_back({entry.symbols.size() - 1, element});
      if (auto most = function.getArgAttrOfType<mlir::AffineMapAttr>(index, "dlc.bound")) {
        entry.symbols.back().source = DLC_SYMBOL_COMPUTED;
        entry.symbols.back().bound = most.getValue().getResult(0);
      }
      continue;
    }
    auto input = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.input");
    auto output = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.output");
    auto state = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.state");
    if (!input && !output && !state)
      continue;
    auto tensor = describeTensor(function, index, (input ? input : output ? output : state).getValue());
    if (mlir::failed(tensor))
      return failure();
    if (!output)
      for (mlir::AffineExpr dim : tensor->dims)
        if (!llvm::isa<mlir::AffineConstantExpr, mlir::AffineSymbolExpr>(dim))
          return function.emitError(input ? "input '" : "state '")
                 << tensor->name << "' has an extent that is neither a number nor a name";
    tensor->isInPlace = function.getArgAttr(index, "dlc.in_place") != nullptr;
    auto &tensors = input ? entry.inputs : output ? entry.outputs : entry.states;
    if (input)
      inputNumbers[index] = tensors.size();
    if (!output)
      checked.push_back({index, static_cast<uint32_t>(tensors.size())});
    tensors.push_back(std::move(*tensor));
  }
  for (auto [number, element] : elements) {
    SymbolDescription &symbol = entry.symbols[number];
    auto found = element.size() == 3 ? inputNumbers.find(element[0]) : inputNumbers.end();
    if (found == inputNumbers.end())
      return function.emitError("symbol '") << symbol.name << "' is an element of what is not an input";
    symbol.source = element[2] < 0 ? DLC_SYMBOL_NEGATIVE : DLC_SYMBOL_ELEMENT;
    symbol.input = found->second;
    symbol.element = static_cast<uint64_t>(element[1]);
  }
  for (auto [index, tensor] : checked)
    if (mlir::failed(describeChecks(function, index, tensor, entry)))
      return failure();
  if (function->hasAttr("dlc.reads_variables"))
    entry.flags |= DLC_ENTRY_READS_VARIABLES;
  if (function->hasAttr("dlc.writes_variables"))
    entry.flags |= DLC_ENTRY_WRITES_VARIABLES;
  if (function->hasAttr("dlc.reads_derived"))
    entry.flags |= DLC_ENTRY_READS_DERIVED;
  if (auto segments = function->getAttrOfType<mlir::IntegerAttr>("dlc.segments"))
    entry.segments = segments.getInt();
  if (auto bytes = function->getAttrOfType<mlir::AffineMapAttr>("dlc.workspace_bytes"))
    entry.workspaceBytes = bytes.getValue();
  else
    entry.workspaceBytes = mlir::AffineMap::getConstantMap(0, function.getContext());
  return entry;
}

static mlir::LogicalResult describeVariables(VariablesOp variables, ProgramDescription &program) {
  program.variableBytes = variables.getSize();
  for (auto [name, type, kind, offset] :
       llvm::zip(variables.getNames().getAsValueRange<mlir::StringAttr>(),
                 variables.getTypes().getAsValueRange<mlir::TypeAttr>(),
                 variables.getKinds().getAsValueRange<mlir::StringAttr>(), variables.getOffsets())) {
    auto tensor = llvm::cast<mlir::RankedTensorType>(type);
    std::optional<uint32_t> code = getElementTypeCode(tensor.getElementType()),
                            kindCode = llvm::StringSwitch<std::optional<uint32_t>>(kind)
                                           .Case("weight", DLC_VARIABLE_WEIGHT)
                                           .Case("buffer", DLC_VARIABLE_BUFFER)
                                           .Case("slot", DLC_VARIABLE_SLOT)
                                           .Case("counter", DLC_VARIABLE_COUNTER)
                                           .Case("seed", DLC_VARIABLE_SEED)
                                           .Case("derived", DLC_VARIABLE_DERIVED)
                                           .Case("stamp", DLC_VARIABLE_STAMP)
                                           .Default(std::nullopt);
    if (!code || !kindCode)
      return variables.emitError("variable '") << name << "' has a type or a kind that the ABI does not know";
    program.variables.push_back(
        {name.str(), *code, *kindCode, llvm::SmallVector<int64_t>(tensor.getShape()), static_cast<uint64_t>(offset)});
  }
  return mlir::success();
}

/// Numbers the states of all entry points: those of one name are one.
static mlir::LogicalResult numberStates(mlir::ModuleOp module, ProgramDescription &program) {
  llvm::StringMap<std::pair<const TensorDescription *, const EntryDescription *>> first;
  for (EntryDescription &entry : program.entries)
    for (TensorDescription &state : entry.states) {
      auto [found, isNew] = first.try_emplace(state.name, &state, &entry);
      if (isNew) {
        state.slot = program.stateCount++;
        continue;
      }
      const TensorDescription &other = *found->second.first;
      bool isSame = state.elementType == other.elementType && state.dims.size() == other.dims.size();
      for (size_t d = 0; isSame && d < state.dims.size(); ++d) {
        auto extent = constantDim(state.dims[d]), otherExtent = constantDim(other.dims[d]);
        isSame = !extent || !otherExtent || *extent == *otherExtent;
      }
      if (!isSame)
        return module.emitError("state '") << state.name << "' has one type or shape in '" << found->second.second->name
                                           << "' and another one in '" << entry.name << "'";
      state.slot = other.slot;
    }
  return mlir::success();
}

FailureOr<ProgramDescription> dlc::describeProgram(mlir::ModuleOp module) {
  ProgramDescription program;
  if (auto bytes = module->getAttrOfType<mlir::IntegerAttr>("dlc.prepared_bytes"))
    program.preparedBytes = bytes.getInt();
  for (WeightsOp weights : module.getOps<WeightsOp>())
    program.constantBytes = weights.getSize();
  for (VariablesOp variables : module.getOps<VariablesOp>())
    if (mlir::failed(describeVariables(variables, program)))
      return failure();
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
  if (mlir::failed(numberStates(module, program)))
    return failure();
  return program;
}
