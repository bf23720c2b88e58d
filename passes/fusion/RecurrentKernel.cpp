// SPDX-License-Identifier: Apache-2.0
#include "passes/fusion/RecurrentKernel.h"
#include "analysis/TargetInterface.h"
#include "ir/ConstantData.h"
#include "ir/ControlFlow.h"
#include "ir/Layout.h"
#include "ir/LoadTimeConstants.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include <cstring>

using namespace mlir;

namespace dlc {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// Copies columns `[first, first + count)` of `matrix` row by row: row k to `target + k * stride` (in elements).
static void copyColumns(const KnownMatrix &matrix, int64_t first, int64_t count, float *target, int64_t stride) {
  ConstantData data = *ConstantData::get(matrix.value);
  // A mapped file holds its tensors at any address.
  const char *source = data.getBytes().data();
  int64_t rows = data.getType().getDimSize(matrix.isTransposed ? 1 : 0);
  int64_t columns = data.getType().getDimSize(matrix.isTransposed ? 0 : 1);
  int64_t rowStep = data.isSplat() ? 0 : matrix.isTransposed ? 1 : columns;
  int64_t columnStep = data.isSplat() ? 0 : matrix.isTransposed ? rows : 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < count; ++column)
      std::memcpy(target + row * stride + column,
                  source + (row * rowStep + (first + column) * columnStep) * sizeof(float), sizeof(float));
}

/// Columns `[first, first + count)` of `matrix` as ops: [K, count].
static Value sliceColumns(OpBuilder &builder, Location location, const KnownMatrix &matrix, int64_t first,
                          int64_t count) {
  Value columns = matrix.value;
  if (matrix.isTransposed)
    columns = TransposeOp::create(builder, location, columns, llvm::ArrayRef<int64_t>{1, 0}).getResult();
  int64_t rows = typeOf(columns).getDimSize(0);
  return SliceOp::create(builder, location, RankedTensorType::get({rows, count}, builder.getF32Type()), columns,
                         builder.getDenseI64ArrayAttr({0, first}), builder.getDenseI64ArrayAttr({rows, count}),
                         builder.getDenseI64ArrayAttr({1, 1}));
}

static bool areConstant(llvm::ArrayRef<MatMulOp> products) {
  return llvm::all_of(
      products, [](MatMulOp product) { return ConstantData::get(KnownMatrix::getRight(product)->value).has_value(); });
}

static Value makeMatrix(OpBuilder &builder, Location location, llvm::ArrayRef<int64_t> shape,
                        llvm::ArrayRef<float> elements, LayoutAttr layout = {}) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float));
  return ConstantOp::create(builder, location, withLayout(type, layout), makeConstant(type, bytes));
}

namespace {

/// Rebuilds the equations of one stage in a kernel, gate by gate.
class StageBuilder {
public:
  StageBuilder(const GateEquations &cell, GateProducts cellStage)
      : stage(std::move(cellStage)), units(cell.units), kind(cell.kind), builder(stage.products.front().getContext()) {}

  void run() {
    mergeInputProducts();
    Operation *last = stage.products.back();
    for (Operation *op : stage.equations)
      if (last->isBeforeInBlock(op))
        last = op;
    builder.setInsertionPointAfter(last);
    Location location = getLocation();
    Value weights = packWeights(location);
    llvm::SmallVector<Type> types;
    for (Value result : stage.results)
      types.push_back(result.getType());
    std::string name = getLayerName(stage.products.front().getLoc());
    KernelOp kernel = KernelOp::create(builder, location, types, name.empty() ? getCellName().str() : name,
                                       KernelKind::Recurrent, ValueRange(), ArrayAttr(), ArrayAttr(), ArrayAttr());
    body = builder.createBlock(&kernel.getBody());
    builder.setInsertionPointToEnd(body);
    emitProduct(weights);
    llvm::SmallVector<Value> yielded;
    for (Value result : stage.results)
      yielded.push_back(getUnits(result, 0));
    YieldOp::create(builder, location, yielded);
    kernel.getInputsMutable().assign(inputs);
    for (auto [result, output] : llvm::zip(stage.results, kernel.getResults()))
      result.replaceUsesWithIf(output, [&](OpOperand &use) { return !isInside(use.getOwner()); });
    Block *outside = kernel->getBlock();
    eraseEquations();
    sortTopologically(outside);
  }

private:
  bool isInside(Operation *op) { return stage.equations.contains(op) || llvm::is_contained(stage.products, op); }

  llvm::StringRef getCellName() const {
    switch (kind) {
    case GateEquations::Kind::Lstm:
      return "lstm";
    case GateEquations::Kind::Gru:
      return "gru";
    case GateEquations::Kind::Elman:
      return "rnn";
    }
    llvm_unreachable("all kinds have a name");
  }

  Location getLocation() {
    llvm::SmallVector<Location> locations;
    for (MatMulOp product : stage.products)
      locations.push_back(product.getLoc());
    for (Operation *op : stage.equations)
      locations.push_back(op->getLoc());
    return FusedLoc::get(builder.getContext(), locations);
  }

  Value addInput(Value value) {
    for (auto [i, input] : llvm::enumerate(inputs))
      if (input == value)
        return body->getArgument(i);
    inputs.push_back(value);
    return body->addArgument(value.getType(), value.getLoc());
  }

  /// [G, K, H], stored in blocks of units.
  Value packWeights(Location location) {
    int64_t gates = stage.countGates(units), depth = typeOf(stage.state).getDimSize(1);
    LayoutAttr layout = TargetInterface::get(builder.getContext()).planRecurrentWeight(gates, units);
    if (!areConstant(stage.products))
      return packInRun(location, gates, depth, layout);
    std::vector<float> elements(gates * depth * units);
    int64_t gate = 0;
    for (MatMulOp product : stage.products)
      for (int64_t column = 0; column < typeOf(product.getResult()).getDimSize(1); column += units, ++gate)
        copyColumns(*KnownMatrix::getRight(product), column, units, elements.data() + gate * depth * units, units);
    return makeMatrix(builder, location, {gates, depth, units}, elements, layout);
  }

  /// The same as ops, for weights that may be replaced.
  Value packInRun(Location location, int64_t gates, int64_t depth, LayoutAttr layout) {
    llvm::SmallVector<Value> planes;
    auto plane = RankedTensorType::get({1, depth, units}, builder.getF32Type());
    for (MatMulOp product : stage.products)
      for (int64_t column = 0; column < typeOf(product.getResult()).getDimSize(1); column += units) {
        Value columns = sliceColumns(builder, location, *KnownMatrix::getRight(product), column, units);
        planes.push_back(
            ReshapeOp::create(builder, location, plane, columns, builder.getDenseI64ArrayAttr({1, depth, units})));
      }
    auto all = RankedTensorType::get({gates, depth, units}, builder.getF32Type());
    Value joined = planes.size() == 1
                       ? planes.front()
                       : ConcatOp::create(builder, location, all, planes, builder.getI64IntegerAttr(0)).getResult();
    return PackOp::create(builder, location, withLayout(all, layout), joined);
  }

  /// The sums of all gates, and each gate as [B, H].
  void emitProduct(Value weights) {
    Location location = stage.products.front().getLoc();
    Value state = addInput(stage.state), matrices = addInput(weights);
    int64_t rows = typeOf(state).getDimSize(0), gates = typeOf(weights).getDimSize(0);
    Type element = builder.getF32Type();
    Value sums = MatMulOp::create(builder, location, RankedTensorType::get({gates, rows, units}, element), state,
                                  matrices, builder.getBoolAttr(false), builder.getBoolAttr(false));
    int64_t gate = 0;
    for (MatMulOp product : stage.products)
      for (int64_t column = 0; column < typeOf(product.getResult()).getDimSize(1); column += units, ++gate) {
        Value plane =
            SliceOp::create(builder, location, RankedTensorType::get({1, rows, units}, element), sums,
                            builder.getDenseI64ArrayAttr({gate, 0, 0}), builder.getDenseI64ArrayAttr({1, -1, -1}),
                            builder.getDenseI64ArrayAttr({1, 1, 1}));
        // -2 - d is the operand's extent of dimension d.
        known[{product.getResult(), column}] =
            ReshapeOp::create(builder, location, RankedTensorType::get({rows, units}, element), plane,
                              builder.getDenseI64ArrayAttr({ShapedType::isDynamic(rows) ? -3 : rows, units}));
      }
  }

  /// Columns [start, start + units) of `value` inside the kernel; all of it if it has one column or none.
  Value getUnits(Value value, int64_t start) {
    if (auto found = known.find({value, start}); found != known.end())
      return found->second;
    Operation *definition = value.getDefiningOp();
    Value result;
    if (!definition || !stage.equations.contains(definition))
      result = readInput(value, start);
    else if (auto slice = llvm::dyn_cast<SliceOp>(definition))
      result = getUnits(slice.getX(), slice.getStarts()[1] + start);
    else
      result = cloneForUnits(definition, start);
    return known[{value, start}] = result;
  }

  Value cloneForUnits(Operation *op, int64_t start) {
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      RankedTensorType type = typeOf(operand);
      bool isWhole = type.getRank() == 0 || type.getShape().back() == 1;
      mapping.map(operand, getUnits(operand, isWhole ? 0 : start));
    }
    Operation *copy = builder.clone(*op, mapping);
    RankedTensorType type = typeOf(copy->getResult(0));
    copy->getResult(0).setType(RankedTensorType::get({type.getDimSize(0), units}, type.getElementType()));
    return copy->getResult(0);
  }

  Value readInput(Value value, int64_t start) {
    // A splat is cheaper as an immediate.
    if (auto constant = value.getDefiningOp<ConstantOp>())
      if (auto dense = llvm::dyn_cast<DenseElementsAttr>(constant.getValue());
          dense && dense.isSplat() && dense.getNumElements() > 0) {
        auto type = RankedTensorType::get({}, dense.getElementType());
        return ConstantOp::create(builder, constant.getLoc(), type,
                                  DenseElementsAttr::get(type, dense.getSplatValue<Attribute>()));
      }
    if (auto merged = mergedProducts.find(value); merged != mergedProducts.end()) {
      value = merged->second.first;
      start += merged->second.second;
    }
    Value input = addInput(value);
    RankedTensorType type = typeOf(value);
    int64_t columns = type.getRank() == 0 ? 1 : type.getShape().back();
    if (columns == 1 || columns == units)
      return input;
    llvm::SmallVector<int64_t> starts(type.getRank(), 0), sizes(type.getRank(), -1), steps(type.getRank(), 1);
    starts.back() = start;
    sizes.back() = units;
    llvm::SmallVector<int64_t> shape(type.getShape());
    shape.back() = units;
    return SliceOp::create(builder, value.getLoc(), RankedTensorType::get(shape, type.getElementType()), input,
                           builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(sizes),
                           builder.getDenseI64ArrayAttr(steps));
  }

  /// One product instead of one per gate: `x Wi`, `x Wf`, ... as `x [Wi | Wf | ...]`.
  void mergeInputProducts() {
    llvm::MapVector<Value, llvm::SmallVector<MatMulOp>> products;
    for (Operation *op : stage.equations)
      for (Value operand : op->getOperands()) {
        auto product = operand.getDefiningOp<MatMulOp>();
        if (!product || isInside(product) || product.getTransposeLhs() || typeOf(product.getLhs()).getRank() != 2 ||
            !KnownMatrix::getRight(product) || llvm::is_contained(products[product.getLhs()], product) ||
            !llvm::all_of(product->getUsers(), [&](Operation *user) { return isInside(user); }))
          continue;
        products[product.getLhs()].push_back(product);
      }
    for (auto &[input, group] : products) {
      if (group.size() < 2)
        continue;
      llvm::sort(group, [](MatMulOp a, MatMulOp b) { return a->isBeforeInBlock(b); });
      int64_t depth = typeOf(input).getDimSize(1), columns = 0, column = 0;
      for (MatMulOp product : group)
        columns += typeOf(product.getResult()).getDimSize(1);
      llvm::SmallVector<Location> locations;
      for (MatMulOp product : group)
        locations.push_back(product.getLoc());
      Location location = FusedLoc::get(builder.getContext(), locations);
      builder.setInsertionPoint(group.front());
      Value weights = joinColumns(location, group, depth, columns);
      auto type =
          RankedTensorType::get({typeOf(group.front().getResult()).getDimSize(0), columns}, builder.getF32Type());
      Value merged = MatMulOp::create(builder, location, type, input, weights, builder.getBoolAttr(false),
                                      builder.getBoolAttr(false));
      column = 0;
      for (MatMulOp product : group) {
        mergedProducts[product.getResult()] = {merged, column};
        column += typeOf(product.getResult()).getDimSize(1);
        replaced.push_back(product);
      }
    }
  }

  /// The matrices of `products` side by side: [depth, columns].
  Value joinColumns(Location location, llvm::ArrayRef<MatMulOp> products, int64_t depth, int64_t columns) {
    if (areConstant(products)) {
      std::vector<float> elements(depth * columns);
      int64_t column = 0;
      for (MatMulOp product : products) {
        int64_t own = typeOf(product.getResult()).getDimSize(1);
        copyColumns(*KnownMatrix::getRight(product), 0, own, elements.data() + column, columns);
        column += own;
      }
      return makeMatrix(builder, location, {depth, columns}, elements);
    }
    // Some may come later in the block, which is sorted at the end.
    llvm::SmallVector<Value> parts;
    for (MatMulOp product : products)
      parts.push_back(sliceColumns(builder, location, *KnownMatrix::getRight(product), 0,
                                   typeOf(product.getResult()).getDimSize(1)));
    return ConcatOp::create(builder, location, RankedTensorType::get({depth, columns}, builder.getF32Type()), parts,
                            builder.getI64IntegerAttr(1));
  }

  /// Takes the old ops away, users first.
  void eraseEquations() {
    llvm::SmallVector<Operation *> ops(stage.equations.begin(), stage.equations.end());
    llvm::append_range(ops, stage.products);
    llvm::append_range(ops, replaced);
    llvm::sort(ops, [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
    for (Operation *op : ops)
      op->erase();
  }

  GateProducts stage;
  int64_t units;
  GateEquations::Kind kind;
  OpBuilder builder;
  Block *body = nullptr;
  llvm::SmallVector<Value> inputs;
  llvm::DenseMap<std::pair<Value, int64_t>, Value> known;
  llvm::DenseMap<Value, std::pair<Value, int64_t>> mergedProducts;
  llvm::SmallVector<Operation *> replaced;
};

} // namespace

void formRecurrentKernels(const GateEquations &cell) {
  // From the last: the first one's results are operands of the second.
  for (const GateProducts &stage : llvm::reverse(cell.stages))
    StageBuilder(cell, stage).run();
}

void fuseGates(func::FuncOp function, GateEquations::Kind kind, bool mayReorderSums) {
  for (Block *block : getGraphBlocks(function)) {
    if (mayReorderSums)
      splitConcatenatedStates(*block);
    for (const GateEquations &cell : GateEquations::findAll(*block))
      if (cell.kind == kind)
        formRecurrentKernels(cell);
  }
}

} // namespace dlc
