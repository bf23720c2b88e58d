// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/StateScope.h"
#include "ir/Annotations.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/SymbolicShapes.h"

using namespace mlir;
using namespace dlc::json;

Value dlc::json::createZeroState(OpContext &context, const StateRequest &request) {
  if (request.initial)
    return request.initial;
  return context.create<dlc::FillOp>(request.like, request.shape, llvm::APFloat(0.0), request.elementType);
}

void EntryStates::reset(func::FuncOp newFunction) {
  function = newFunction;
  shapes.emplace(function);
  entries.clear();
  indices.clear();
}

Value EntryStates::begin(OpContext &context, const StateRequest &request) {
  if (request.initial)
    return context.error("stateful", "cannot take an initial state: its state is what the previous run has left");
  // The caller sees extents by name, and the context keeps them from run to run: they are numbers or names of inputs'.
  FailureOr<ArrayRef<AffineExpr>> like = shapes->infer(request.like);
  if (failed(like))
    return {};
  SmallVector<int64_t> extents;
  SmallVector<Attribute> dims;
  dlc::Dims symbolic;
  for (int64_t extent : request.shape) {
    AffineExpr dim = extent < 0 ? (*like)[-2 - extent] : getAffineConstantExpr(extent, context.builder.getContext());
    symbolic.push_back(dim);
    if (auto symbol = dyn_cast<AffineSymbolExpr>(dim); symbol && !dlc::isDerived(dim, shapes->getBounds())) {
      extents.push_back(ShapedType::kDynamic);
      dims.push_back(context.builder.getStringAttr(shapes->getSymbols()[symbol.getPosition()]));
    } else if (std::optional<int64_t> known = dlc::constantDim(dim)) {
      extents.push_back(*known);
      dims.push_back(context.builder.getI64IntegerAttr(*known));
    } else {
      return context.error("stateful", "cannot keep its state '" + request.role +
                                           "', whose extents are neither numbers nor names of an input's dimensions");
    }
  }
  std::string name = context.name + "." + request.role.str();
  bool isNew = indices.try_emplace(name, entries.size()).second;
  assert(isNew && "a layer asks once for each of its states");
  (void)isNew;
  BlockArgument argument =
      function.getBody().front().addArgument(RankedTensorType::get(extents, request.elementType), context.location);
  shapes->bind(argument, std::move(symbolic));
  entries.push_back({name, context.builder.getArrayAttr(dims), {}, Value()});
  return argument;
}

void EntryStates::declare(dlc::SignatureBuilder &signature) const {
  Builder builder(function->getContext());
  for (const Entry &entry : entries) {
    StringAttr name = builder.getStringAttr(entry.name);
    SmallVector<NamedAttribute> attributes{dlc::annotation::name.with(name), dlc::annotation::dims.with(entry.dims),
                                           dlc::annotation::state.with(name)};
    if (!entry.checks.empty())
      attributes.push_back(dlc::annotation::checks.with(builder.getArrayAttr(entry.checks)));
    signature.declareArgument(builder.getDictionaryAttr(attributes));
  }
}

void EntryStates::limit(OpContext &context, StringRef role, int64_t most, Value like, int64_t dim) {
  FailureOr<ArrayRef<AffineExpr>> extents = shapes->infer(like);
  if (failed(extents))
    return;
  Builder &builder = context.builder;
  AffineExpr extent = (*extents)[dim];
  Attribute steps;
  if (auto symbol = dyn_cast<AffineSymbolExpr>(extent); symbol && !dlc::isDerived(extent, shapes->getBounds()))
    steps = builder.getStringAttr(shapes->getSymbols()[symbol.getPosition()]);
  else if (std::optional<int64_t> known = dlc::constantDim(extent))
    steps = builder.getI64IntegerAttr(*known);
  if (!steps) {
    context.error("stateful", "cannot count its steps, which are neither a number nor a dimension of an input");
    return;
  }
  Entry &entry = entries[indices.at((context.name + "." + role).str())];
  auto check = dlc::ElementCheckAttr::get(builder.getContext(), dlc::ElementCheckKind::Room,
                                          builder.getStringAttr("layer '" + context.name + "'"),
                                          builder.getI64IntegerAttr(most), steps);
  if (!llvm::is_contained(entry.checks, check))
    entry.checks.push_back(check);
}

void EntryStates::end(OpContext &context, StringRef role, Value value) {
  // A state that could not begin has none.
  if (auto found = indices.find((context.name + "." + role).str()); found != indices.end())
    entries[found->second].last = value;
}

Value LoopStates::begin(OpContext &context, const StateRequest &request) {
  Entry entry;
  entry.name = context.name + "." + request.role.str();
  SmallVector<int64_t> extents;
  for (auto [position, extent] : llvm::enumerate(request.shape)) {
    extents.push_back(extent < 0 ? typeOf(request.like).getDimSize(-2 - extent) : extent);
    if (extent == -2)
      entry.batchDim = position;
    if (ShapedType::isDynamic(extents.back()))
      return context.error("keeps a state '" + request.role + "' of unknown extents, and a loop needs to know them");
  }
  entry.type = RankedTensorType::get(extents, request.elementType);
  entry.initial = request.initial;
  Value initial = request.initial;
  bool isInside = initial && loop.getBlock().getParent()->isAncestor(initial.getParentRegion());
  if (initial && (isInside || initial.getType() != entry.type))
    return context.error("expects an initial state of type " + describeTensor(request.initial) +
                         ", and decoding takes it from the encoder as it is, " + describeType(entry.type));
  Value state = loop.insertLoopCarried(first + entries.size(), entry.type);
  if (parents && entry.batchDim >= 0)
    state = context.create<dlc::GatherOp>(state, parents, static_cast<uint64_t>(entry.batchDim));
  entries.push_back(std::move(entry));
  return state;
}

void LoopStates::limit(OpContext &, StringRef, int64_t most, Value, int64_t) {
  mostSteps = std::min(mostSteps.value_or(most), most);
}

void LoopStates::end(OpContext &context, StringRef role, Value value) {
  std::string name = context.name + "." + role.str();
  for (Entry &entry : entries)
    if (entry.name == name)
      entry.last = value;
}
