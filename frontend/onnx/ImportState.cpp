// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportState.h"
#include "ir/ConstantData.h"
#include "ir/Names.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc::onnx_import {

Tensor *ImportState::createTensor(StringRef name) {
  Tensor &tensor = tensors.emplace_back();
  tensor.name = name.str();
  return &tensor;
}

void ImportState::addSymbolInput(Value value, const Dims &extents) {
  dims[value] = extents;
  for (AffineExpr extent : extents)
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(extent)) {
      symbolInputs.resize(std::max<size_t>(symbolInputs.size(), symbol.getPosition() + 1));
      if (Value &input = symbolInputs[symbol.getPosition()]; !input)
        input = value;
    }
}

std::pair<SmallVector<Value>, AffineMap> ImportState::expressByInputs(ArrayRef<AffineExpr> exprs) {
  SmallVector<Value> inputs;
  SmallVector<AffineExpr> replacements(symbols.size(), builder.getAffineConstantExpr(0));
  int64_t count = 0; // extents of the inputs so far
  for (AffineExpr expr : exprs)
    expr.walk([&](AffineExpr part) {
      auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part);
      Value input = symbol ? symbolInputs[symbol.getPosition()] : Value();
      if (!input || llvm::is_contained(inputs, input))
        return;
      inputs.push_back(input);
      for (AffineExpr extent : getDims(input)) {
        if (auto own = llvm::dyn_cast<AffineSymbolExpr>(extent);
            own && llvm::isa<AffineConstantExpr>(replacements[own.getPosition()]))
          replacements[own.getPosition()] = builder.getAffineSymbolExpr(count);
        ++count;
      }
    });
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : exprs)
    results.push_back(expr.replaceSymbols(replacements));
  return {inputs, AffineMap::get(0, count, results, getContext())};
}

void ImportState::noteKeptBySqueeze(AffineExpr extent) {
  auto symbol = llvm::dyn_cast<AffineSymbolExpr>(extent);
  if (!symbol || readsElements(extent))
    return;
  std::string name = getSymbolNames()[symbol.getPosition()];
  if (!llvm::is_contained(keptBySqueeze, name))
    keptBySqueeze.push_back(std::move(name));
}

void ImportState::addExtentCheck(ExtentRelation relation, AffineExpr extent, AffineExpr other, Location location) {
  extentChecks.push_back({relation, getLayerName(location), extent, other});
}

bool ImportState::isDecidedIn(AffineExpr expr, Region &region) {
  bool isInside = false;
  expr.walk([&](AffineExpr part) {
    auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part);
    Value source = symbol ? symbolInputs[symbol.getPosition()] : Value();
    isInside |= source && region.isAncestor(source.getParentRegion());
  });
  return isInside;
}

void ImportState::forget(Region &region) {
  auto erase = [&](Value value) {
    dims.erase(value);
    readbacks.erase(value);
    foundPositions.erase(value);
  };
  region.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), erase);
    for (Region &inner : op->getRegions())
      llvm::for_each(inner.getArguments(), erase);
  });
  llvm::for_each(region.getArguments(), erase);
  // The symbols stay, and nothing uses them.
  for (Value &source : symbolInputs)
    if (source && region.isAncestor(source.getParentRegion()))
      source = {};
}

ExtentChecksAttr ImportState::takeExtentChecks(size_t count, Region *branch) {
  auto isLeft = [&](const ExtentCheck &check) {
    return branch && (isDecidedIn(check.extent, *branch) || isDecidedIn(check.other, *branch));
  };
  auto *own = extentChecks.begin() + count;
  auto *taken = std::stable_partition(own, extentChecks.end(), isLeft);
  if (taken == extentChecks.end())
    return {};
  std::vector<std::string> names = getSymbolNames();
  SmallVector<Attribute> checks;
  for (const ExtentCheck &check : llvm::make_range(taken, extentChecks.end())) {
    auto map = AffineMap::get(0, names.size(), {check.extent, check.other}, getContext());
    checks.push_back(
        ExtentCheckAttr::get(getContext(), check.relation, AffineMapAttr::get(map), builder.getStringAttr(check.what)));
  }
  SmallVector<StringRef> symbols(names.begin(), names.end());
  extentChecks.truncate(taken - extentChecks.begin());
  return ExtentChecksAttr::get(getContext(), builder.getStrArrayAttr(symbols), builder.getArrayAttr(checks));
}

bool ImportState::isVisible(Value value) {
  Region *region = value.getParentRegion();
  return region->isAncestor(builder.getInsertionBlock()->getParent());
}

void ImportState::leaveControlFlow(ValueRange read) {
  // From the graph inward: the first block in which all of it is known.
  SmallVector<Block *> around{builder.getInsertionBlock()};
  while (around.back() != &entry.front())
    around.push_back(around.back()->getParentOp()->getBlock());
  Block *inner = around.front();
  for (Block *block : llvm::reverse(ArrayRef(around).drop_front())) {
    bool isKnown =
        llvm::all_of(read, [&](Value value) { return value.getParentRegion()->isAncestor(block->getParent()); });
    if (!isKnown)
      continue;
    builder.setInsertionPoint(block->findAncestorOpInBlock(*inner->getParentOp()));
    return;
  }
}

AffineExpr ImportState::readBack(Value count, AffineExpr bound, Location location, StringRef given) {
  if (AffineExpr known = readbacks.lookup(count))
    return known;
  auto [inputs, map] = expressByInputs(bound ? ArrayRef(bound) : ArrayRef<AffineExpr>());
  // Where the count is known, so that whoever sees it may see the extent.
  OpBuilder::InsertionGuard atCount(builder);
  SmallVector<Value> read(inputs);
  read.push_back(count);
  leaveControlFlow(read);
  std::string base = given.empty() ? getLayerName(location) : given.str(), name = base.empty() ? "count" : base;
  // An input's elements may become symbols of its name later.
  auto isTaken = [&](StringRef candidate) {
    return symbols.contains(candidate) ||
           llvm::any_of(llvm::seq<unsigned>(0, entry.getNumArguments()), [&](unsigned i) {
             StringAttr input = annotation::name.getOfArgument(entry, i);
             return input && input.getValue() == candidate;
           });
  };
  for (int number = 2; isTaken(name); ++number)
    name = (base.empty() ? "count" : base) + "." + std::to_string(number);
  AffineExpr extent = getAffineSymbolExpr(symbols.size(), getContext());
  symbols[name] = extent;
  auto type = RankedTensorType::get({ShapedType::kDynamic}, builder.getI1Type());
  Value shape = ReadbackOp::create(builder, location, type, count, inputs, name, map);
  addSymbolInput(shape, {extent});
  return readbacks[count] = extent;
}

/// Whether `expr` has more parts than extents that a model computes by few steps.
static bool isLarge(AffineExpr expr) {
  constexpr unsigned mostParts = 2000;
  unsigned parts = 0;
  return expr.walk([&](AffineExpr) { return ++parts > mostParts ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

AffineExpr ImportState::nameIfLarge(AffineExpr extent, Location location) {
  if (!isLarge(extent))
    return extent;
  AffineExpr &name = names[extent];
  if (!name)
    name = readBack(computeElements({builder.getI64Type(), {}, {KnownElement(extent)}}, location), {}, location);
  return name;
}

Value ImportState::createShape(ArrayRef<AffineExpr> given, Location location) {
  // An extent that follows from another in many steps, each of which repeats it, grows exponentially.
  Dims extents;
  for (AffineExpr extent : given)
    extents.push_back(nameIfLarge(extent, location));
  auto [inputs, map] = expressByInputs(extents);
  OpBuilder::InsertionGuard atGraph(builder);
  leaveControlFlow(inputs);
  Value shape = ShapeOp::create(builder, location, inputs, map);
  dims[shape] = extents;
  return shape;
}

/// The elements of a value that is not constant, as integers that are converted and reshaped.
Value ImportState::computeElements(const KnownValue &value, Location location) {
  SmallVector<AffineExpr> numerators;
  SmallVector<double> divisors;
  for (const KnownElement &element : value.elements) {
    std::optional<KnownElement> fraction = asFraction(element, getContext());
    if (!fraction)
      return {};
    numerators.push_back(fraction->expression);
    divisors.push_back(static_cast<double>(fraction->divisor));
  }
  auto [inputs, map] = expressByInputs(numerators);
  OpBuilder::InsertionGuard atGraph(builder);
  leaveControlFlow(inputs);
  Value result = IntegersOp::create(builder, location, inputs, map, value.elementType);
  if (!llvm::all_of(divisors, [](double divisor) { return divisor == 1; })) {
    auto type = llvm::cast<RankedTensorType>(result.getType());
    Value by = ConstantOp::create(builder, location, type, makeConstantFromDoubles(type, divisors));
    result = DivOp::create(builder, location, result, by);
  }
  if (value.rank() != 1)
    result = ReshapeOp::create(builder, location, result, value.shape);
  dims[result] = staticDims(llvm::cast<RankedTensorType>(result.getType()));
  return result;
}

Value ImportState::materialize(Tensor &tensor, Location location) {
  if (tensor.value)
    return tensor.value;
  if (!tensor.constant) {
    if (!tensor.known)
      return {};
    if (!tensor.known->isConstant())
      return tensor.value = computeElements(*tensor.known, location);
    auto type = RankedTensorType::get(tensor.known->shape, tensor.elementType);
    MutableArrayRef<char> bytes = file->allocate(type.getNumElements() * getElementSize(tensor.elementType));
    tensor.known->write(bytes);
    tensor.constant = {type, bytes};
  }
  ElementsAttr elements = borrowConstant(tensor.constant.type, tensor.constant.bytes, tensor.name);
  // In the step of a loop, too, a tensor belongs to the graph, where others may read it later.
  OpBuilder::InsertionGuard atGraph(builder);
  leaveControlFlow({});
  Location named = NameLoc::get(builder.getStringAttr(tensor.name), file->getLocation());
  if (tensor.isInitializer && llvm::isa<FloatType>(tensor.elementType)) {
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(entry);
      ParameterOp::create(builder, named, tensor.name, tensor.constant.type, elements, DictionaryAttr());
    }
    tensor.value = LoadParameterOp::create(builder, named, tensor.constant.type, tensor.name);
  } else {
    tensor.value = ConstantOp::create(builder, named, tensor.constant.type, elements);
  }
  dims[tensor.value] = tensor.dims;
  return tensor.value;
}

const KnownValue *ImportState::getKnown(Tensor &tensor) {
  if (!tensor.known && tensor.constant && tensor.constant.type.getNumElements() <= KnownValue::maxElements)
    if (std::optional<KnownValue> known = KnownValue::read(tensor.constant))
      tensor.known = std::make_shared<KnownValue>(std::move(*known));
  return tensor.known.get();
}

std::vector<std::string> ImportState::getSymbolNames() const {
  std::vector<std::string> names(symbols.size());
  for (const auto &symbol : symbols)
    names[llvm::cast<AffineSymbolExpr>(symbol.getValue()).getPosition()] = symbol.getKey().str();
  return names;
}

} // namespace dlc::onnx_import
