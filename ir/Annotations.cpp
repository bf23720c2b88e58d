// SPDX-License-Identifier: Apache-2.0
// Verifies that discardable attributes of the dialect are ones of Annotations.def, with a value of their type, where
// they may be.
#include "ir/Annotations.h"
#include "ir/Suggestion.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc;

//===-- The list ----------------------------------------------------------===//

template <typename Value> static std::string describeType() { return ("a #" + Value::name).str(); }
template <> std::string describeType<StringAttr>() { return "a string"; }
template <> std::string describeType<UnitAttr>() { return "a unit attribute"; }
template <> std::string describeType<IntegerAttr>() { return "an integer"; }
template <> std::string describeType<FloatAttr>() { return "a floating-point number"; }
template <> std::string describeType<ArrayAttr>() { return "a list"; }
template <> std::string describeType<DictionaryAttr>() { return "a dictionary"; }
template <> std::string describeType<AffineMapAttr>() { return "an affine map"; }

namespace {
struct AnnotationEntry {
  llvm::StringLiteral key;
  unsigned positions;
  bool (*hasType)(Attribute);
  std::string (*describe)();
};

constexpr AnnotationEntry entries[] = {
#define DLC_ANNOTATION(NAME, KEY, TYPE, POSITIONS)                                                                     \
  {KEY, POSITIONS, [](Attribute value) { return llvm::isa<TYPE>(value); }, describeType<TYPE>},
#include "ir/Annotations.def"
};
} // namespace

static std::string describePositions(unsigned positions) {
  llvm::SmallVector<llvm::StringRef> names;
  for (auto [position, text] :
       {std::pair(OnModule, "a module"), std::pair(OnFunction, "a function"), std::pair(OnOp, "an op"),
        std::pair(OnArgument, "an argument"), std::pair(OnResult, "a result")})
    if (positions & position)
      names.push_back(text);
  return llvm::join(names, " or ");
}

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult verifyEntry(NamedAttribute attribute, AnnotationPosition position, EmitError emitError) {
  llvm::StringRef key = attribute.getName();
  const auto *found = llvm::find_if(entries, [&](const AnnotationEntry &entry) { return entry.key == key; });
  if (found == std::end(entries)) {
    llvm::SmallVector<llvm::StringRef> known;
    for (const AnnotationEntry &entry : entries)
      known.push_back(entry.key);
    return emitError() << "attribute '" << key << "' is unknown" << suggest(key, known);
  }
  if (!(found->positions & position))
    return emitError() << "attribute '" << key << "' is for " << describePositions(found->positions) << ", not for "
                       << describePositions(position);
  if (!found->hasType(attribute.getValue()))
    return emitError() << "attribute '" << key << "' must be " << found->describe() << ", got " << attribute.getValue();
  return success();
}

//===-- Values of several elements ----------------------------------------===//

static LogicalResult verifyNames(ArrayAttr names, EmitError emitError) {
  if (!llvm::all_of(names, llvm::IsaPred<StringAttr>))
    return emitError() << "symbols must be strings, got " << names;
  return success();
}

/// `tensor` is the type of the argument that has these extents.
static LogicalResult verifyDims(ArrayAttr dims, Type tensor, EmitError emitError) {
  for (Attribute extent : dims) {
    auto number = llvm::dyn_cast<IntegerAttr>(extent);
    if (!llvm::isa<StringAttr>(extent) && (!number || !number.getType().isSignlessInteger(64)))
      return emitError() << "attribute 'dlc.dims' lists numbers and names of dimensions, got " << extent;
  }
  auto type = llvm::dyn_cast<RankedTensorType>(tensor);
  if (type && type.getRank() != static_cast<int64_t>(dims.size()))
    return emitError() << "attribute 'dlc.dims' has " << dims.size() << " extents for a tensor of rank "
                       << type.getRank();
  return success();
}

ArrayAttr dlc::getOutlinedSymbols(FunctionOpInterface function) {
  if (LoopStepAttr step = annotation::step.get(function))
    return step.getSymbols();
  return annotation::symbols.get(function);
}

/// `extents` are those of an argument of `function`.
static LogicalResult verifyExtents(AffineMap extents, FunctionOpInterface function, unsigned argument,
                                   EmitError emitError) {
  ArrayAttr symbols = getOutlinedSymbols(function);
  auto type = llvm::dyn_cast<RankedTensorType>(function.getArgumentTypes()[argument]);
  if (!symbols || !type || extents.getNumDims() != 0 || extents.getNumSymbols() != symbols.size() ||
      static_cast<int64_t>(extents.getNumResults()) != type.getRank())
    return emitError() << "attribute 'dlc.extents' must be the extents of a tensor over the symbols of 'dlc.step' or "
                          "'dlc.symbols', got "
                       << AffineMapAttr::get(extents);
  return success();
}

static LogicalResult verifyChecks(ArrayAttr checks, EmitError emitError) {
  if (!llvm::all_of(checks, llvm::IsaPred<ElementCheckAttr>))
    return emitError() << "checks must be a list of #dlc.element_check, got " << checks;
  return success();
}

//===-- The dialect's hooks -----------------------------------------------===//

LogicalResult DlcDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  AnnotationPosition position = llvm::isa<ModuleOp>(op)              ? OnModule
                                : llvm::isa<FunctionOpInterface>(op) ? OnFunction
                                                                     : OnOp;
  auto emitError = [&] { return op->emitOpError(); };
  if (failed(verifyEntry(attribute, position, emitError)))
    return failure();
  if (attribute.getName() == annotation::symbolBounds.getKey())
    for (NamedAttribute bounds : llvm::cast<DictionaryAttr>(attribute.getValue()))
      if (!llvm::isa<SymbolBoundsAttr>(bounds.getValue()))
        return emitError() << "the bounds of a symbol must be a #dlc.symbol_bounds, got " << bounds.getValue();
  return success();
}

LogicalResult DlcDialect::verifyRegionArgAttribute(Operation *op, unsigned /*region*/, unsigned argument,
                                                   NamedAttribute attribute) {
  auto emitError = [&] { return op->emitOpError() << "argument " << argument << ": "; };
  if (failed(verifyEntry(attribute, OnArgument, emitError)))
    return failure();
  if (attribute.getName() == annotation::checks.getKey())
    return verifyChecks(llvm::cast<ArrayAttr>(attribute.getValue()), emitError);
  auto function = llvm::dyn_cast<FunctionOpInterface>(op);
  if (function && attribute.getName() == annotation::extents.getKey())
    return verifyExtents(llvm::cast<AffineMapAttr>(attribute.getValue()).getValue(), function, argument, emitError);
  if (function && attribute.getName() == annotation::dims.getKey())
    return verifyDims(llvm::cast<ArrayAttr>(attribute.getValue()), function.getArgumentTypes()[argument], emitError);
  return success();
}

LogicalResult DlcDialect::verifyRegionResultAttribute(Operation *op, unsigned /*region*/, unsigned result,
                                                      NamedAttribute attribute) {
  return verifyEntry(attribute, OnResult, [&] { return op->emitOpError() << "result " << result << ": "; });
}

//===-- Attributes with fields --------------------------------------------===//

LogicalResult ElementCheckAttr::verify(EmitError emitError, ElementCheckKind kind, StringAttr /*what*/,
                                       Attribute extent, Attribute steps, IntegerAttr /*exception*/,
                                       DenseI64ArrayAttr starts, DenseI64ArrayAttr sizes) {
  for (Attribute value : {extent, steps})
    if (value && !llvm::isa<IntegerAttr, StringAttr>(value))
      return emitError() << "an extent is a number or the name of a symbol, got " << value;
  if (bool(steps) != (kind == ElementCheckKind::Room))
    return emitError() << "checks of the kind 'room', and no others, have steps";
  if (bool(starts) != bool(sizes) || (starts && starts.size() != sizes.size()))
    return emitError() << "starts and sizes are given together and have one entry per dimension";
  return success();
}

LogicalResult ExtentCheckAttr::verify(EmitError emitError, ExtentRelation /*relation*/, AffineMapAttr values,
                                      StringAttr /*what*/) {
  if (values.getValue().getNumDims() != 0 || values.getValue().getNumResults() != 2)
    return emitError() << "values must be two extents over symbols, got " << values;
  return success();
}

LogicalResult ExtentChecksAttr::verify(EmitError emitError, ArrayAttr symbols, ArrayAttr checks) {
  if (failed(verifyNames(symbols, emitError)))
    return failure();
  for (Attribute element : checks) {
    auto check = llvm::dyn_cast<ExtentCheckAttr>(element);
    if (!check)
      return emitError() << "checks must be a list of #dlc.extent_check, got " << element;
    if (check.getValues().getValue().getNumSymbols() != symbols.size())
      return emitError() << check << " is not over " << symbols.size() << " symbols";
  }
  return success();
}

static LogicalResult verifyBounds(EmitError emitError, int64_t minimum, int64_t maximum) {
  if (minimum < 0 || maximum > largestExtent || minimum > maximum)
    return emitError() << "a symbol has a minimum and a maximum from 0 to " << largestExtent << ", got " << minimum
                       << " and " << maximum;
  return success();
}

LogicalResult SymbolBoundsAttr::verify(EmitError emitError, int64_t minimum, int64_t maximum) {
  return verifyBounds(emitError, minimum, maximum);
}

LogicalResult LoopStepAttr::verify(EmitError emitError, ArrayAttr symbols, int64_t loopCarried, int64_t scanOutputs) {
  if (loopCarried < 0 || scanOutputs < 0)
    return emitError() << "a step returns no negative number of values";
  return verifyNames(symbols, emitError);
}

LogicalResult ResultExtentsAttr::verify(EmitError emitError, ArrayAttr symbols, ArrayAttr extents) {
  for (Attribute slice : extents) {
    auto map = llvm::dyn_cast<AffineMapAttr>(slice);
    if (!map || map.getValue().getNumDims() != 0 || map.getValue().getNumSymbols() != symbols.size())
      return emitError() << "extents must be affine maps over " << symbols.size() << " symbols, got " << slice;
  }
  return verifyNames(symbols, emitError);
}

LogicalResult EntryPointAttr::verify(EmitError emitError, StringAttr /*name*/, AffineMapAttr workspaceBytes,
                                     bool /*readsVariables*/, bool /*writesVariables*/, bool /*readsDerived*/,
                                     int64_t segments) {
  if (workspaceBytes && (workspaceBytes.getValue().getNumDims() != 0 || workspaceBytes.getValue().getNumResults() != 1))
    return emitError() << "workspace_bytes must be one expression of symbols, got " << workspaceBytes;
  if (segments < 0)
    return emitError() << "a number of segments is not negative";
  return success();
}

LogicalResult ProgramTensorAttr::verify(EmitError emitError, TensorRole role, StringAttr /*name*/,
                                        RankedTensorType tensor, AffineMapAttr dims, ArrayAttr checks,
                                        FloatAttr hyperparameter, bool label, bool inPlace, bool kept) {
  if (dims.getValue().getNumDims() != 0 || static_cast<int64_t>(dims.getValue().getNumResults()) != tensor.getRank())
    return emitError() << "dims must be the " << tensor.getRank() << " extents over symbols, got " << dims;
  if ((hyperparameter || label) && role != TensorRole::Input)
    return emitError() << "only an input can be a label or a hyperparameter";
  if (checks && role != TensorRole::Input && role != TensorRole::State)
    return emitError() << "only inputs and states are checked";
  if (inPlace && role != TensorRole::State)
    return emitError() << "only a state is changed in place";
  if (kept && role != TensorRole::Output)
    return emitError() << "only an output is kept";
  return checks ? verifyChecks(checks, emitError) : success();
}

LogicalResult ElementSourceAttr::verify(EmitError emitError, int64_t argument, int64_t position, bool /*negative*/) {
  if (argument < -1 || position < 0)
    return emitError() << "argument and position are numbers from 0, got " << argument << " and " << position;
  return success();
}

LogicalResult ProgramSymbolAttr::verify(EmitError emitError, StringAttr /*name*/, int64_t minimum, int64_t maximum,
                                        ElementSourceAttr element, AffineMapAttr bound) {
  if (bound && (element || bound.getValue().getNumDims() != 0 || bound.getValue().getNumResults() != 1))
    return emitError() << "bound must be one expression of symbols, of a symbol that no element decides, got " << bound;
  return verifyBounds(emitError, minimum, maximum);
}

LogicalResult MachineRatesAttr::verify(EmitError emitError, StringAttr, FloatAttr operations,
                                       DenseI64ArrayAttr cacheBytes, DenseF64ArrayAttr bandwidths) {
  constexpr int64_t levels = 3;
  if (cacheBytes.size() != levels || bandwidths.size() != levels + 1)
    return emitError() << "a machine has " << levels << " levels of the cache, and memory";
  auto isPositive = [](double rate) { return rate > 0; };
  if (!operations.getType().isF64() || !isPositive(operations.getValueAsDouble()) ||
      !llvm::all_of(bandwidths.asArrayRef(), isPositive))
    return emitError() << "rates are positive numbers of f64";
  if (llvm::any_of(cacheBytes.asArrayRef(), [](int64_t bytes) { return bytes < 0; }))
    return emitError() << "sizes are not negative";
  return success();
}

LogicalResult ProgramMemoryAttr::verify(EmitError emitError, int64_t arenaBytes, int64_t liveBytes,
                                        int64_t prepackedBytes) {
  if (arenaBytes < 0 || liveBytes < 0 || prepackedBytes < 0)
    return emitError() << "sizes are not negative";
  return success();
}
