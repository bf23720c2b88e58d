// SPDX-License-Identifier: Apache-2.0
#include "ir/SymbolicShapes.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc {

llvm::ArrayRef<AffineExpr> SymbolicShapes::getDims(Value value) const {
  auto found = dims.find(value);
  assert(found != dims.end() && "every tensor of the analyzed function has extents");
  return found->second;
}

/// Takes the extents of `results` that outlining has noted, which saves going through the functions; each begins with
/// `first`. False if a person has left them out.
bool SymbolicShapes::takeNotedDims(Operation *op, ResultRange results, llvm::ArrayRef<AffineExpr> first) {
  ResultExtentsAttr noted = annotation::resultExtents.get(op);
  if (!noted || noted.getExtents().size() != results.size())
    return false;
  llvm::SmallVector<AffineExpr> own;
  for (auto name : noted.getSymbols().getAsRange<StringAttr>())
    own.push_back(getSymbol(name));
  for (auto [result, map] : llvm::zip(results, noted.getExtents().getAsValueRange<AffineMapAttr>())) {
    if (map.getNumResults() + first.size() != llvm::cast<RankedTensorType>(result.getType()).getShape().size())
      return false;
    Dims extents(first);
    for (AffineExpr dim : map.getResults())
      extents.push_back(dim.replaceSymbols(own));
    dims[result] = std::move(extents);
  }
  return true;
}

/// Extents of what the function `body` of the outlined `op` returns for arguments of the extents `arguments`.
FailureOr<llvm::SmallVector<Dims>> SymbolicShapes::inferReturned(Operation *op, FlatSymbolRefAttr body,
                                                                 llvm::ArrayRef<Dims> arguments) {
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, body);
  if (!function)
    return op->emitOpError("has no body");
  SymbolicShapes inner(function);
  inner.symbols = symbols;
  for (auto [argument, extents] : llvm::zip(function.getArguments(), arguments))
    inner.dims[argument] = extents;
  if (failed(inner.walk(function)))
    return failure();
  llvm::SmallVector<Dims> returned;
  for (Value value : function.getBody().front().getTerminator()->getOperands())
    returned.push_back(Dims(inner.getDims(value)));
  return returned;
}

static bool areStatic(ResultRange results) {
  return llvm::all_of(results,
                      [](Value value) { return llvm::cast<RankedTensorType>(value.getType()).hasStaticShape(); });
}

/// Extents of a loop's results: those of the loop-carried operands, and the steps with the extents of what the body
/// returns.
LogicalResult SymbolicShapes::inferLoop(OutlinedLoopOp loop) {
  for (auto [result, value] : llvm::zip(loop.getFinalValues(), loop.getInitialValues()))
    dims[result] = Dims(getDims(value));
  if (Value count = loop.getStepCount())
    dims[count] = {};
  if (areStatic(loop.getScanOutputs())) {
    for (Value result : loop.getScanOutputs())
      dims[result] = staticDims(llvm::cast<RankedTensorType>(result.getType()));
    return success();
  }
  AffineExpr steps = getStepCount(loop);
  if (takeNotedDims(loop, loop.getScanOutputs(), steps))
    return success();
  FailureOr<llvm::SmallVector<Dims>> returned = inferReturned(loop, loop.getBodyAttr(), getBodyArgumentDims(loop));
  if (failed(returned))
    return failure();
  for (auto [result, slice] :
       llvm::zip(loop.getScanOutputs(), llvm::ArrayRef(*returned).drop_front(loop.getInitialValues().size()))) {
    Dims &extents = dims[result];
    extents.assign(1, steps);
    llvm::append_range(extents, slice);
  }
  return success();
}

/// Both branches give the same extents.
LogicalResult SymbolicShapes::inferIf(OutlinedIfOp op) {
  if (areStatic(op.getOutputs())) {
    for (Value result : op.getOutputs())
      dims[result] = staticDims(llvm::cast<RankedTensorType>(result.getType()));
    return success();
  }
  if (takeNotedDims(op, op.getOutputs(), {}))
    return success();
  llvm::SmallVector<Dims> arguments;
  for (Value value : op.getCaptures())
    arguments.push_back(Dims(getDims(value)));
  FailureOr<llvm::SmallVector<Dims>> returned = inferReturned(op, op.getThenBodyAttr(), arguments);
  if (failed(returned))
    return failure();
  for (auto [result, extents] : llvm::zip(op.getOutputs(), *returned))
    dims[result] = extents;
  return success();
}

llvm::SmallVector<Dims> SymbolicShapes::getBodyArgumentDims(OutlinedLoopOp loop) const {
  llvm::SmallVector<Dims> arguments(1); // the step's number
  for (Value value : loop.getInitialValues())
    arguments.push_back(Dims(getDims(value)));
  for (Value value : loop.getScanInputs())
    arguments.push_back(Dims(getDims(value).drop_front()));
  for (Value value : loop.getCaptures())
    arguments.push_back(Dims(getDims(value)));
  return arguments;
}

template <typename Loop> static AffineExpr countSteps(Loop loop, const SymbolicShapes &shapes) {
  if (loop.getTripCount())
    return getAffineConstantExpr(*loop.getTripCount(), loop.getContext());
  // Where extents known only at run time meet one that is known, the known one is right.
  for (Value value : loop.getScanInputs())
    if (constantDim(shapes.getDims(value)[0]))
      return shapes.getDims(value)[0];
  return shapes.getDims(loop.getScanInputs().front())[0];
}
AffineExpr SymbolicShapes::getStepCount(LoopOp loop) const { return countSteps(loop, *this); }
AffineExpr SymbolicShapes::getStepCount(OutlinedLoopOp loop) const { return countSteps(loop, *this); }

/// Gives the arguments of a step their extents, and the loop's results those that do not depend on the step.
void SymbolicShapes::bindStep(LoopOp loop) {
  dims[loop.getStepNumber()] = {};
  for (auto [argument, result, value] :
       llvm::zip(loop.getRegionIterArgs(), loop.getFinalValues(), loop.getInitialValues()))
    for (Value same : {Value(argument), Value(result)})
      dims[same] = Dims(getDims(value));
  for (auto [argument, value] : llvm::zip(loop.getScanSlices(), loop.getScanInputs()))
    dims[argument] = Dims(getDims(value).drop_front());
  if (Value count = loop.getStepCount())
    dims[count] = {};
}

AffineExpr SymbolicShapes::getSymbol(llvm::StringRef name) {
  auto *found = llvm::find(symbols, name);
  unsigned index = found - symbols.begin();
  if (found == symbols.end())
    symbols.push_back(name.str());
  return getAffineSymbolExpr(index, function.getContext());
}

void SymbolicShapes::bindArgument(BlockArgument argument) {
  auto type = llvm::dyn_cast<RankedTensorType>(argument.getType());
  if (!type)
    return;
  ArrayAttr names = annotation::dims.getOfArgument(function, argument.getArgNumber());
  Dims extents;
  // The arguments of an outlined step have the extents that the loop's operands have: expressions.
  if (AffineMapAttr map = annotation::extents.getOfArgument(function, argument.getArgNumber())) {
    llvm::SmallVector<AffineExpr> own;
    if (ArrayAttr symbols = getOutlinedSymbols(function))
      for (auto name : symbols.getAsRange<StringAttr>())
        own.push_back(getSymbol(name));
    for (AffineExpr dim : map.getValue().getResults())
      extents.push_back(dim.replaceSymbols(own));
    dims[argument] = std::move(extents);
    return;
  }
  for (auto [i, extent] : llvm::enumerate(type.getShape())) {
    auto name = names && i < names.size() ? llvm::dyn_cast<StringAttr>(names[i]) : StringAttr();
    if (!ShapedType::isDynamic(extent))
      extents.push_back(getAffineConstantExpr(extent, function.getContext()));
    else if (name)
      extents.push_back(getSymbol(name));
    else
      extents.push_back(getSymbol(("d" + llvm::Twine(argument.getArgNumber()) + "_" + llvm::Twine(i)).str()));
  }
  dims[argument] = std::move(extents);
}

FailureOr<SymbolicShapes> SymbolicShapes::analyze(FunctionOpInterface function) {
  SymbolicShapes shapes(function);
  for (BlockArgument argument : function.getArguments())
    shapes.bindArgument(argument);
  if (failed(shapes.walk(function)))
    return failure();
  return shapes;
}

FailureOr<llvm::ArrayRef<AffineExpr>> SymbolicShapes::infer(Value value) {
  llvm::SmallVector<Value> pending{value};
  // What `next` depends on comes first; chains are as long as models are deep.
  auto awaits = [&](ValueRange operands) {
    size_t count = pending.size();
    for (Value operand : operands)
      if (!dims.contains(operand))
        pending.push_back(operand);
    return pending.size() > count;
  };
  while (!pending.empty()) {
    Value next = pending.back();
    auto argument = llvm::dyn_cast<BlockArgument>(next);
    Operation *op = argument ? argument.getOwner()->getParentOp() : next.getDefiningOp();
    auto loop = llvm::dyn_cast<LoopOp>(op);
    auto branches = llvm::dyn_cast<IfOp>(op);
    if (dims.contains(next)) {
      pending.pop_back();
    } else if (branches) {
      Value value = branches.getEnd(0).getValues()[llvm::cast<OpResult>(next).getResultNumber()];
      if (!awaits(value))
        dims[next] = Dims(getDims(value));
    } else if (argument && op == function) {
      bindArgument(argument);
    } else if (loop) {
      if (awaits(loop->getOperands()))
        continue;
      bindStep(loop);
      if (!argument && !dims.contains(next)) {
        unsigned number = llvm::cast<OpResult>(next).getResultNumber();
        Value slice = loop.getNext().getValues()[number];
        if (awaits(slice))
          continue;
        Dims extents{getStepCount(loop)};
        llvm::append_range(extents, getDims(slice));
        dims[next] = std::move(extents);
      }
    } else if (argument || !awaits(op->getOperands())) {
      if (argument || failed(inferResult(op)) || !dims.contains(next))
        return failure();
    }
  }
  return getDims(value);
}

/// Gives the extent that `readback` defines its name and its bound.
LogicalResult SymbolicShapes::nameExtent(ReadbackOp readback) {
  // That it has a number says nothing: a loop before it may list all symbols of the function.
  // A copy of a step or a branch, as a gradient has it, reads the same extent again.
  auto reachesHere = [&](Operation *other) {
    return llvm::cast<ReadbackOp>(other).getSymbol() == readback.getSymbol() &&
           other->getParentRegion()->isAncestor(readback->getParentRegion());
  };
  bool isDefined = llvm::any_of(readbacks, reachesHere) ||
                   llvm::any_of(llvm::seq<unsigned>(0, function.getNumArguments()), [&](unsigned number) {
                     ArrayAttr names = annotation::dims.getOfArgument(function, number);
                     return names && llvm::is_contained(names, readback.getSymbolAttr());
                   });
  if (isDefined)
    return readback.emitOpError("defines the extent '") << readback.getSymbol() << "', which exists already";
  llvm::SmallVector<AffineExpr> extents;
  for (Value operand : readback.getExtentsOf())
    llvm::append_range(extents, getDims(operand));
  if (readback.getBound().getNumSymbols() != extents.size())
    return readback.emitOpError("has a bound over ")
           << readback.getBound().getNumSymbols() << " extents, not over the " << extents.size() << " of its operands";
  AffineExpr extent = getSymbol(readback.getSymbol()), bound = extent;
  if (readback.getBound().getNumResults() > 0)
    bound = boundAbove(readback.getBound().getResult(0).replaceSymbols(extents), bounds);
  bounds.resize(symbols.size());
  bounds[llvm::cast<AffineSymbolExpr>(extent).getPosition()] = bound;
  dims[readback.getResult()] = {extent};
  readbacks.push_back(readback);
  return success();
}

AffineExpr SymbolicShapes::defineExtent(llvm::StringRef name, AffineExpr bound) {
  AffineExpr extent = getSymbol(name);
  bounds.resize(symbols.size());
  bounds[llvm::cast<AffineSymbolExpr>(extent).getPosition()] = bound ? boundAbove(bound, bounds) : extent;
  return extent;
}

LogicalResult SymbolicShapes::inferResult(Operation *op) {
  if (op->getNumResults() != 1)
    return success();
  if (auto readback = llvm::dyn_cast<ReadbackOp>(op))
    return nameExtent(readback);
  auto type = llvm::dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type)
    return success();
  Dims result;
  if (type.hasStaticShape()) {
    result = staticDims(type);
  } else if (auto interface = llvm::dyn_cast<DimensionOpInterface>(op)) {
    llvm::SmallVector<Dims> operandDims;
    for (Value operand : op->getOperands())
      operandDims.push_back(Dims(getDims(operand)));
    if (failed(interface.inferDims(operandDims, result)))
      return failure();
  } else {
    return op->emitOpError("has dynamic extents that cannot be inferred");
  }
  dims[op->getResult(0)] = std::move(result);
  return success();
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
    if (auto loop = llvm::dyn_cast<LoopOp>(op)) {
      bindStep(loop);
      return WalkResult::advance();
    }
    if (auto next = llvm::dyn_cast<NextOp>(op)) {
      auto loop = llvm::cast<LoopOp>(next->getParentOp());
      for (auto [result, slice] : llvm::zip(loop.getScanOutputs(), loop.getOutputSlices())) {
        if (auto type = llvm::cast<RankedTensorType>(result.getType()); type.hasStaticShape()) {
          dims[result] = staticDims(type);
          continue;
        }
        Dims extents{getStepCount(loop)};
        llvm::append_range(extents, getDims(slice));
        dims[result] = std::move(extents);
      }
      return WalkResult::advance();
    }
    if (auto end = llvm::dyn_cast<EndIfOp>(op)) {
      // The branches agree.
      for (auto [result, value] : llvm::zip(end->getParentOp()->getResults(), end.getValues()))
        dims[result] = Dims(getDims(value));
      return WalkResult::advance();
    }
    if (llvm::isa<IfOp>(op))
      return WalkResult::advance();
    if (auto loop = llvm::dyn_cast<OutlinedLoopOp>(op))
      return failed(inferLoop(loop)) ? WalkResult::interrupt() : WalkResult::advance();
    if (auto branches = llvm::dyn_cast<OutlinedIfOp>(op))
      return failed(inferIf(branches)) ? WalkResult::interrupt() : WalkResult::advance();
    return failed(inferResult(op)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

} // namespace dlc
