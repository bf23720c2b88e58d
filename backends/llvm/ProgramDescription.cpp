// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ProgramDescription.h"
#include "dlc/abi.h"
#include "ir/Annotations.h"
#include "ir/ExtentBounds.h"
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

bool EntryDescription::computesShapes() const {
  llvm::SmallVector<mlir::AffineExpr> bounds = getBounds();
  return llvm::any_of(outputs, [&](const TensorDescription &output) {
    return llvm::any_of(output.dims, [&](mlir::AffineExpr dim) {
      return !llvm::isa<mlir::AffineConstantExpr, mlir::AffineSymbolExpr>(dim) || isDerived(dim, bounds);
    });
  });
}

/// The tensor that an argument of `function` is.
static FailureOr<TensorDescription> describeTensor(mlir::func::FuncOp function, ProgramTensorAttr attribute) {
  TensorDescription tensor;
  tensor.name = attribute.getName().str();
  mlir::Type elementType = attribute.getTensor().getElementType();
  std::optional<uint32_t> code = getElementTypeCode(elementType);
  if (!code)
    return function.emitError("tensor '") << tensor.name << "': the ABI has no element type " << elementType;
  tensor.elementType = *code;
  llvm::append_range(tensor.dims, attribute.getDims().getValue().getResults());
  bool isOutput = attribute.getRole() == TensorRole::Output;
  for (mlir::AffineExpr dim : tensor.dims)
    if (!isOutput && !llvm::isa<mlir::AffineConstantExpr, mlir::AffineSymbolExpr>(dim))
      return function.emitError(attribute.getRole() == TensorRole::Input ? "input '" : "state '")
             << tensor.name << "' has an extent that is neither a number nor a name";
  tensor.isKept = attribute.getKept();
  tensor.isLabel = attribute.getLabel();
  tensor.isInPlace = attribute.getInPlace();
  if (mlir::FloatAttr value = attribute.getHyperparameter())
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

static uint32_t getCheckFlags(ElementCheckKind kind) {
  switch (kind) {
  case ElementCheckKind::Index:
    return 0;
  case ElementCheckKind::IndexFromEnd:
    return DLC_CHECK_FROM_END;
  case ElementCheckKind::Length:
    return DLC_CHECK_LENGTHS;
  case ElementCheckKind::Room:
    return DLC_CHECK_ROOM;
  case ElementCheckKind::Probability:
    return DLC_CHECK_PROBABILITY;
  }
  llvm_unreachable("every kind has flags");
}

/// Reads `checks`, those of `tensor` of the inputs or states.
static mlir::LogicalResult describeChecks(mlir::func::FuncOp function, mlir::ArrayAttr checks, uint32_t tensor,
                                          EntryDescription &entry) {
  for (auto check : checks.getAsRange<ElementCheckAttr>()) {
    IndexCheckDescription result;
    result.what = check.getWhat().str();
    result.tensor = tensor;
    result.flags = getCheckFlags(check.getKind());
    auto extent = describeCheckExtent(function, check.getExtent(), entry);
    if (mlir::failed(extent))
      return failure();
    result.extent = *extent;
    if (check.getSteps()) {
      auto steps = describeCheckExtent(function, check.getSteps(), entry);
      if (mlir::failed(steps))
        return failure();
      result.steps = *steps;
    }
    if (mlir::IntegerAttr exception = check.getException()) {
      result.flags |= DLC_CHECK_EXCEPTION;
      result.exception = exception.getInt();
    }
    if (check.getSizes()) {
      llvm::append_range(result.starts, check.getStarts().asArrayRef());
      llvm::append_range(result.sizes, check.getSizes().asArrayRef());
    }
    entry.checks.push_back(std::move(result));
  }
  return mlir::success();
}

static FailureOr<EntryDescription> describeEntry(mlir::func::FuncOp function, EntryPointAttr attribute) {
  EntryDescription entry;
  entry.name = attribute.getName().str();
  // What is checked may depend on symbols, which come last.
  llvm::SmallVector<std::pair<mlir::ArrayAttr, uint32_t>> checked;
  llvm::SmallVector<std::pair<size_t, ElementSourceAttr>> elements;
  llvm::SmallDenseMap<int64_t, uint32_t> inputNumbers; ///< of arguments that are inputs
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    if (ProgramSymbolAttr symbol = annotation::symbol.getOfArgument(function, index)) {
      entry.symbols.push_back({symbol.getName().str(), symbol.getMinimum(), symbol.getMaximum()});
      if (symbol.getElement())
        elements.push_back({entry.symbols.size() - 1, symbol.getElement()});
      if (mlir::AffineMapAttr bound = symbol.getBound()) {
        entry.symbols.back().source = DLC_SYMBOL_COMPUTED;
        entry.symbols.back().bound = bound.getValue().getResult(0);
      }
      continue;
    }
    ProgramTensorAttr described = annotation::tensor.getOfArgument(function, index);
    if (!described || described.getRole() == TensorRole::NextState)
      continue;
    auto tensor = describeTensor(function, described);
    if (mlir::failed(tensor))
      return failure();
    bool isInput = described.getRole() == TensorRole::Input;
    auto &tensors = isInput ? entry.inputs : described.getRole() == TensorRole::Output ? entry.outputs : entry.states;
    if (isInput)
      inputNumbers[index] = tensors.size();
    if (described.getChecks())
      checked.push_back({described.getChecks(), static_cast<uint32_t>(tensors.size())});
    tensors.push_back(std::move(*tensor));
  }
  for (auto [number, element] : elements) {
    SymbolDescription &symbol = entry.symbols[number];
    auto found = inputNumbers.find(element.getArgument());
    if (found == inputNumbers.end())
      return function.emitError("symbol '") << symbol.name << "' is an element of what is not an input";
    symbol.source = element.getNegative() ? DLC_SYMBOL_NEGATIVE : DLC_SYMBOL_ELEMENT;
    symbol.input = found->second;
    symbol.element = static_cast<uint64_t>(element.getPosition());
  }
  for (auto [checks, tensor] : checked)
    if (mlir::failed(describeChecks(function, checks, tensor, entry)))
      return failure();
  entry.flags = (attribute.getReadsVariables() ? DLC_ENTRY_READS_VARIABLES : 0) |
                (attribute.getWritesVariables() ? DLC_ENTRY_WRITES_VARIABLES : 0) |
                (attribute.getReadsDerived() ? DLC_ENTRY_READS_DERIVED : 0);
  entry.segments = attribute.getSegments();
  mlir::AffineMapAttr bytes = attribute.getWorkspaceBytes();
  entry.workspaceBytes = bytes ? bytes.getValue() : mlir::AffineMap::getConstantMap(0, function.getContext());
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
  if (ProgramMemoryAttr memory = annotation::memory.get(module))
    program.prepackedBytes = memory.getPrepackedBytes();
  for (WeightsOp weights : module.getOps<WeightsOp>())
    program.constantBytes = weights.getSize();
  for (VariablesOp variables : module.getOps<VariablesOp>())
    if (mlir::failed(describeVariables(variables, program)))
      return failure();
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>()) {
    EntryPointAttr attribute = annotation::entry.get(function);
    if (!attribute)
      continue;
    if (attribute.getName() == "prepare") {
      program.hasPrepare = true;
      continue;
    }
    auto entry = describeEntry(function, attribute);
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
