// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/OutlinedFunction.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsSize.h"
#include "ir/SignatureBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

ConstantWork::ConstantWork(func::FuncOp function) {
  function.walk<WalkOrder::PreOrder>([&](Operation *op) { numbers.try_emplace(op, numbers.size()); });
}

static LogicalResult collect(Value value, llvm::SetVector<Operation *> &work) {
  llvm::SmallVector<Value> pending{value};
  llvm::SmallPtrSet<Operation *, 8> entered;
  while (!pending.empty()) {
    Operation *op = pending.back().getDefiningOp();
    if (!op)
      return failure();
    bool isSource = op->hasTrait<WeightSource>();
    if (!isSource && !(llvm::isa<DimensionOpInterface>(op) && op->getNumOperands() > 0 && isMemoryEffectFree(op)))
      return failure();
    if (!isSource && entered.insert(op).second) {
      llvm::append_range(pending, llvm::reverse(op->getOperands()));
      continue;
    }
    work.insert(op);
    pending.pop_back();
  }
  return success();
}

llvm::ArrayRef<Operation *> ConstantWork::find(Value value) {
  auto [found, isNew] = known.try_emplace(value);
  if (isNew) {
    llvm::SetVector<Operation *> work;
    if (succeeded(collect(value, work)))
      known[value] = work.takeVector();
  }
  return known[value];
}

OutlinedNames::OutlinedNames(ModuleOp module) {
  for (auto symbol : module.getOps<SymbolOpInterface>())
    taken.insert(symbol.getName());
}

std::string OutlinedNames::make(func::FuncOp function, Location location, llvm::StringRef otherwise,
                                llvm::StringRef suffix) {
  std::string layer = getLayerName(location), wanted = (function.getName() + ".").str();
  for (char c : layer.empty() ? otherwise : llvm::StringRef(layer))
    wanted += llvm::isAlnum(c) || c == '.' ? c : '_';
  std::string name = names.make(wanted + suffix.str(), [&](llvm::StringRef tried) { return taken.contains(tried); });
  taken.insert(name);
  return name;
}

/// A private function before `function` with the region's block, which then ends in a return.
static func::FuncOp outlineRegion(func::FuncOp function, Region &region, llvm::StringRef name) {
  OpBuilder builder(function);
  Location location = region.getLoc();
  auto outlined = func::FuncOp::create(builder, location, name, builder.getFunctionType({}, {}));
  outlined.setPrivate();
  outlined.getBody().takeBody(region);
  Operation *end = outlined.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  func::ReturnOp::create(builder, end->getLoc(), end->getOperands());
  end->erase();
  return outlined;
}

/// Calls `visit` with every operand in `function` that is a value of the code around it.
static void forEachOuterUse(func::FuncOp function, llvm::function_ref<void(OpOperand &)> visit) {
  Region *region = &function.getBody();
  function.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (!region->isAncestor(operand.get().getParentRegion()))
        visit(operand);
  });
}

/// Ops that `function` repeats, and the values that it captures, which are appended to `captures`.
static llvm::SetVector<Operation *> findRepeated(func::FuncOp function, ConstantWork &constants,
                                                 llvm::SetVector<Value> &captures) {
  llvm::SetVector<Operation *> repeated;
  forEachOuterUse(function, [&](OpOperand &use) {
    llvm::SmallVector<Value> pending{use.get()};
    while (!pending.empty()) {
      Value outer = pending.pop_back_val();
      llvm::ArrayRef<Operation *> work = constants.find(outer);
      repeated.insert(work.begin(), work.end());
      if (!work.empty())
        continue;
      // A shape has no memory that a function could read; its operands have.
      auto shape = outer.getDefiningOp<ShapeOp>();
      if (!shape)
        captures.insert(outer);
      else if (repeated.insert(shape))
        llvm::append_range(pending, llvm::reverse(shape.getOperands()));
    }
  });
  return repeated;
}

/// Replaces outer values in `function` by new arguments, one for each of `captures`, or copies of constant work.
static void bindCaptures(func::FuncOp function, ConstantWork &constants, const llvm::SetVector<Value> &captures) {
  Block &block = function.getBody().front();
  llvm::SetVector<Value> own;
  // In the order that they have around the op.
  llvm::SmallVector<Operation *> work = findRepeated(function, constants, own).takeVector();
  llvm::sort(work, [&](Operation *a, Operation *b) { return constants.isBefore(a, b); });
  IRMapping inside;
  for (Value outer : captures)
    inside.map(outer, block.addArgument(outer.getType(), outer.getLoc()));
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  for (Operation *op : work)
    builder.clone(*op, inside);
  forEachOuterUse(function, [&](OpOperand &use) { use.set(inside.lookupOrDefault(use.get())); });
}

ArrayAttr makeSymbolNames(const SymbolicShapes &shapes, Builder &builder) {
  llvm::SmallVector<StringRef> symbols(shapes.getSymbols().begin(), shapes.getSymbols().end());
  return builder.getStrArrayAttr(symbols);
}

/// Gives `function`, the last of whose arguments are `captures`, its type and the extents of its arguments.
static void describeOutlined(func::FuncOp function, llvm::ArrayRef<Value> captures, const SymbolicShapes &shapes) {
  Builder builder(function.getContext());
  Block &block = function.getBody().front();
  function.setType(builder.getFunctionType(block.getArgumentTypes(), block.getTerminator()->getOperandTypes()));
  unsigned firstCapture = block.getNumArguments() - captures.size();
  SignatureBuilder signature(function);
  for (BlockArgument argument : block.getArguments()) {
    unsigned number = argument.getArgNumber();
    Value described = number < firstCapture ? Value(argument) : captures[number - firstCapture];
    AffineMap dims = AffineMap::get(0, shapes.getSymbols().size(), shapes.getDims(described), function.getContext());
    annotation::extents.setOfArgument(signature, number, AffineMapAttr::get(dims));
  }
  signature.finish();
}

OutlinedRegions outlineRegions(func::FuncOp function, Operation *op, llvm::ArrayRef<std::string> names,
                               ConstantWork &constants, const SymbolicShapes &shapes) {
  OutlinedRegions outlined;
  llvm::SetVector<Value> captures;
  for (auto [region, name] : llvm::zip_equal(op->getRegions(), names)) {
    outlined.functions.push_back(outlineRegion(function, region, name));
    findRepeated(outlined.functions.back(), constants, captures);
  }
  for (func::FuncOp body : outlined.functions) {
    bindCaptures(body, constants, captures);
    describeOutlined(body, captures.getArrayRef(), shapes);
  }
  outlined.captures = captures.takeVector();
  return outlined;
}

/// Notes on `op`, which runs outlined functions, the extents of each of `values`, `dropped` leading ones left out.
static void noteDims(Operation *op, ResultRange values, unsigned dropped, const SymbolicShapes &shapes) {
  llvm::SmallVector<Attribute> noted;
  for (Value value : values) {
    llvm::ArrayRef<AffineExpr> dims = shapes.getDims(value).drop_front(dropped);
    noted.push_back(AffineMapAttr::get(AffineMap::get(0, shapes.getSymbols().size(), dims, op->getContext())));
  }
  if (noted.empty())
    return;
  Builder builder(op->getContext());
  annotation::resultExtents.set(
      op, ResultExtentsAttr::get(op->getContext(), makeSymbolNames(shapes, builder), builder.getArrayAttr(noted)));
}

void replaceByOutlined(Operation *op, Operation *outlined, ResultRange values, unsigned dropped,
                       const SymbolicShapes &shapes) {
  outlined->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  noteDims(outlined, values, dropped, shapes);
  op->replaceAllUsesWith(outlined);
  op->erase();
}

} // namespace dlc
