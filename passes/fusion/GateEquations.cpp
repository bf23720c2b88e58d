// SPDX-License-Identifier: Apache-2.0
#include "passes/fusion/GateEquations.h"
#include "ir/ConstantData.h"
#include "ir/Layout.h"
#include "ir/LoadTimeConstants.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "passes/fusion/WrapInKernel.h"

using namespace mlir;

namespace dlc {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

std::optional<KnownMatrix> KnownMatrix::getRight(MatMulOp product) {
  Value right = product.getRhs();
  bool isTransposed = product.getTransposeRhs();
  if (typeOf(right).getRank() != 2 || !typeOf(right).getElementType().isF32() || getLayout(right.getType()))
    return std::nullopt;
  if (auto transpose = right.getDefiningOp<TransposeOp>()) {
    isTransposed ^= transpose.getPermutation()[0] == 1;
    right = transpose.getX();
  }
  if (getLayout(right.getType()) || !(ConstantData::get(right) || dependsOnWeightsOnly(right)))
    return std::nullopt;
  return KnownMatrix{right, isTransposed};
}

int64_t GateProducts::countGates(int64_t units) const {
  int64_t columns = 0;
  for (MatMulOp product : products)
    columns += typeOf(product.getResult()).getDimSize(1);
  return columns / units;
}

/// The value that `value` is a reshape of.
static Value stripReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

namespace {

/// Finds the equations around the products of one state.
class Search {
public:
  Search(Block &block, Value state) : block(block), state(state), units(typeOf(state).getDimSize(1)) {}

  std::optional<GateEquations> run() {
    GateProducts first = findProducts(state);
    if (first.products.empty())
      return std::nullopt;
    llvm::SetVector<Operation *> all = grow(first.products);
    GateProducts second = findSecondProducts(all);
    GateEquations found;
    found.units = units;
    if (!second.products.empty()) {
      second.equations = grow(second.products);
      first.equations = leaveToSecond(all, second.equations);
      absorb(second, first.equations);
      if (!finish(second))
        return std::nullopt;
    } else {
      first.equations = all;
    }
    absorb(first, {});
    if (!finish(first))
      return std::nullopt;
    found.stages.push_back(first);
    if (!second.products.empty())
      found.stages.push_back(second);
    return found;
  }

private:
  /// Whole gates: the last dimension holds a multiple of the units, the first is the batch.
  bool isGates(Value value) const {
    RankedTensorType type = typeOf(value);
    return type.getRank() == 2 && !getLayout(type) && type.getDimSize(0) == typeOf(state).getDimSize(0) &&
           !type.isDynamicDim(1) && type.getDimSize(1) > 0 && type.getDimSize(1) % units == 0;
  }

  GateProducts findProducts(Value lhs) const {
    GateProducts found;
    found.state = lhs;
    for (Operation *user : lhs.getUsers()) {
      auto product = llvm::dyn_cast<MatMulOp>(user);
      if (product && product.getLhs() == lhs && product.getRhs() != lhs && !product.getTransposeLhs() &&
          user->getBlock() == &block && isGates(product.getResult()) && KnownMatrix::getRight(product))
        found.products.push_back(product);
    }
    llvm::sort(found.products, [](MatMulOp a, MatMulOp b) { return a->isBeforeInBlock(b); });
    return found;
  }

  /// Whether `op` computes each gate from the same gates of its operands.
  bool isEquation(Operation *op) const {
    if (op->getBlock() != &block)
      return false;
    if (auto slice = llvm::dyn_cast<SliceOp>(op))
      return isGates(slice.getX()) && isGates(slice.getResult()) && slice.getSizes()[1] >= 0 &&
             slice.getSteps()[1] == 1 && slice.getStarts()[1] % units == 0 && takesAllRows(slice);
    if (!op->hasTrait<Elementwise>() || !isGates(op->getResult(0)))
      return false;
    int64_t columns = typeOf(op->getResult(0)).getDimSize(1);
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      RankedTensorType type = typeOf(operand);
      int64_t own = type.getRank() == 0 ? 1 : type.getShape().back();
      return !getLayout(type) && (own == 1 || own == columns);
    });
  }

  static bool takesAllRows(SliceOp slice) {
    return slice.getSizes()[0] < 0 || (slice.getStarts()[0] == 0 && slice.getSteps()[0] == 1 &&
                                       slice.getSizes()[0] == typeOf(slice.getX()).getDimSize(0));
  }

  llvm::SetVector<Operation *> grow(llvm::ArrayRef<MatMulOp> products) const {
    llvm::SetVector<Operation *> equations;
    llvm::SmallVector<Operation *> work(products.begin(), products.end());
    while (!work.empty())
      for (Operation *user : work.pop_back_val()->getResult(0).getUsers())
        if (isEquation(user) && equations.insert(user))
          work.push_back(user);
    return equations;
  }

  GateProducts findSecondProducts(const llvm::SetVector<Operation *> &equations) const {
    for (Operation *op : equations)
      if (GateProducts found = findProducts(op->getResult(0)); !found.products.empty())
        return found;
    return {};
  }

  /// What of `all` the first kernel computes: nothing that needs the second product, and nothing cheap that only the
  /// second kernel reads.
  static llvm::SetVector<Operation *> leaveToSecond(const llvm::SetVector<Operation *> &all,
                                                    llvm::SetVector<Operation *> &second) {
    llvm::SmallVector<Operation *> rest;
    for (Operation *op : all)
      if (!second.contains(op))
        rest.push_back(op);
    llvm::sort(rest, [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
    llvm::SetVector<Operation *> first;
    for (Operation *op : rest) {
      bool isCheap = op->hasTrait<FewInstructions>();
      bool isReadThere = llvm::all_of(op->getUsers(), [&](Operation *user) { return second.contains(user); });
      // A gate before its activation would be stored instead of the gate.
      bool isMix = llvm::none_of(op->getOperands(), [](Value operand) {
        return operand.getDefiningOp<SliceOp>() || operand.getDefiningOp<MatMulOp>();
      });
      if (isCheap && isReadThere && isMix && !op->use_empty())
        second.insert(op);
      else
        first.insert(op);
    }
    return first;
  }

  /// Adds ops before the products that only the equations use: peepholes, the other half of a sum, slices of an input's
  /// gates.
  void absorb(GateProducts &stage, const llvm::SetVector<Operation *> &others) const {
    bool hasChanged = true;
    while (hasChanged) {
      hasChanged = false;
      for (Operation *op : stage.equations.getArrayRef().vec())
        for (Value operand : op->getOperands()) {
          Operation *definition = operand.getDefiningOp();
          if (!definition || stage.equations.contains(definition) || others.contains(definition) ||
              !isEquation(definition))
            continue;
          bool isOnlyUsedHere =
              llvm::all_of(definition->getUsers(), [&](Operation *user) { return stage.equations.contains(user); });
          if (isOnlyUsedHere)
            hasChanged |= stage.equations.insert(definition);
        }
    }
  }

  /// Finds the results; false if one kernel cannot give them.
  bool finish(GateProducts &stage) const {
    auto isInside = [&](Operation *op) {
      return stage.equations.contains(op) || llvm::is_contained(stage.products, op);
    };
    llvm::SmallVector<Operation *> ops(stage.products.begin(), stage.products.end());
    llvm::append_range(ops, stage.equations);
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : ops) {
      Value result = op->getResult(0);
      if (llvm::all_of(result.getUsers(), isInside))
        continue;
      if (typeOf(result).getDimSize(1) != units || !typeOf(result).getElementType().isF32())
        return false;
      stage.results.push_back(result);
    }
    return !stage.results.empty() && !isRoundTrip(ops, isInside);
  }

  /// Whether something outside depends on a result and is read inside: then there is no position for one kernel.
  bool isRoundTrip(llvm::ArrayRef<Operation *> ops, llvm::function_ref<bool(Operation *)> isInside) const {
    llvm::SmallPtrSet<Operation *, 16> after;
    for (Operation &op : block) {
      bool depends = llvm::any_of(op.getOperands(), [&](Value operand) {
        Operation *definition = operand.getDefiningOp();
        return definition && (after.contains(definition) || (isInside(definition) && !isInside(&op)));
      });
      if (!depends)
        continue;
      if (isInside(&op))
        return true;
      after.insert(&op);
    }
    return false;
  }

  Block &block;
  Value state;
  int64_t units;
};

/// Whether an argument of `type` other than `state` is read by the equations.
bool readsSecondState(const GateProducts &stage, Value state, Block &block) {
  Type type = stripReshapes(state).getType();
  for (Operation *op : stage.equations)
    for (Value operand : op->getOperands()) {
      auto argument = llvm::dyn_cast<BlockArgument>(stripReshapes(operand));
      if (argument && argument.getOwner() == &block && argument != stripReshapes(state) && argument.getType() == type)
        return true;
    }
  return false;
}

bool readsState(const GateProducts &stage, Value state) {
  return llvm::any_of(stage.equations, [&](Operation *op) { return llvm::is_contained(op->getOperands(), state); });
}

/// A result of the function has the state's type and is, but for its shape, one of the equations' results.
bool givesNextState(const GateEquations &equations, Value state, Block &block) {
  Type type = stripReshapes(state).getType();
  return llvm::any_of(block.getTerminator()->getOperands(), [&](Value returned) {
    return returned.getType() == type && llvm::is_contained(equations.stages.back().results, stripReshapes(returned));
  });
}

} // namespace

std::vector<GateEquations> GateEquations::findAll(Block &block) {
  std::vector<GateEquations> cells;
  llvm::SetVector<Value> states;
  for (auto product : block.getOps<MatMulOp>()) {
    Value lhs = product.getLhs();
    auto type = typeOf(lhs);
    if (llvm::isa<BlockArgument>(stripReshapes(lhs)) && type.getRank() == 2 && type.getElementType().isF32() &&
        !type.isDynamicDim(1) && type.getDimSize(1) > 0)
      states.insert(lhs);
  }
  llvm::SmallPtrSet<Operation *, 32> taken;
  for (Value state : states) {
    std::optional<GateEquations> found = Search(block, state).run();
    if (!found || !givesNextState(*found, state, block))
      continue;
    // Where two states feed the same equations, one of the products is an operand.
    bool isTaken = llvm::any_of(found->stages, [&](const GateProducts &stage) {
      return llvm::any_of(stage.equations, [&](Operation *op) { return taken.contains(op); });
    });
    if (isTaken)
      continue;
    for (const GateProducts &stage : found->stages)
      taken.insert(stage.equations.begin(), stage.equations.end());
    const GateProducts &last = found->stages.back();
    bool isGated = found->stages.size() > 1 || last.countGates(found->units) > 1;
    if (isGated && readsSecondState(last, state, block))
      found->kind = Kind::Lstm;
    else if (isGated && readsState(last, state))
      found->kind = Kind::Gru;
    cells.push_back(std::move(*found));
  }
  return cells;
}

/// Rows `first` to `first + count` of the right operand of `product`, as a constant in front of it.
static Value takeRows(OpBuilder &builder, MatMulOp product, const KnownMatrix &matrix, int64_t first, int64_t count) {
  RankedTensorType stored = typeOf(matrix.value);
  int64_t columns = stored.getDimSize(matrix.isTransposed ? 0 : 1), depth = stored.getDimSize(matrix.isTransposed);
  llvm::SmallVector<int64_t> shape =
      matrix.isTransposed ? llvm::SmallVector<int64_t>{columns, count} : llvm::SmallVector<int64_t>{count, columns};
  auto type = RankedTensorType::get(shape, stored.getElementType());
  if (dependsOnWeightsOnly(matrix.value)) {
    llvm::SmallVector<int64_t> starts(2, 0);
    starts[matrix.isTransposed] = first;
    return SliceOp::create(builder, product.getLoc(), type, matrix.value, builder.getDenseI64ArrayAttr(starts),
                           builder.getDenseI64ArrayAttr(shape), builder.getDenseI64ArrayAttr({1, 1}));
  }
  ConstantData data = *ConstantData::get(matrix.value);
  std::vector<char> bytes;
  bytes.reserve(count * columns * sizeof(float));
  llvm::ArrayRef<char> source = data.getBytes();
  auto append = [&](int64_t element, int64_t run) {
    for (int64_t i = 0; i < (data.isSplat() ? run : 1); ++i) {
      llvm::ArrayRef<char> part = data.isSplat() ? source : source.slice(element * sizeof(float), run * sizeof(float));
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
  };
  // Stored as the whole is, so that runs are long.
  if (matrix.isTransposed)
    for (int64_t column = 0; column < columns; ++column)
      append(column * depth + first, count);
  else
    append(first * columns, count * columns);
  return ConstantOp::create(builder, product.getLoc(), type, makeConstant(type, bytes));
}

void splitConcatenatedStates(Block &block) {
  for (auto product : llvm::make_early_inc_range(block.getOps<MatMulOp>())) {
    auto concat = product.getLhs().getDefiningOp<ConcatOp>();
    if (!concat || typeOf(concat.getResult()).getRank() != 2 || product.getTransposeLhs() || concat.getAxis() != 1 ||
        llvm::none_of(concat.getOperands(),
                      [](Value operand) { return llvm::isa<BlockArgument>(stripReshapes(operand)); }))
      continue;
    std::optional<KnownMatrix> matrix = KnownMatrix::getRight(product);
    if (!matrix || llvm::any_of(concat.getOperands(), [](Value operand) { return typeOf(operand).isDynamicDim(1); }))
      continue;
    OpBuilder builder(product);
    Value sum;
    int64_t row = 0;
    for (Value operand : concat.getOperands()) {
      int64_t count = typeOf(operand).getDimSize(1);
      if (count == 0)
        continue;
      Value part = MatMulOp::create(builder, product.getLoc(), product.getType(), operand,
                                    takeRows(builder, product, *matrix, row, count), builder.getBoolAttr(false),
                                    builder.getBoolAttr(matrix->isTransposed));
      sum = sum ? AddOp::create(builder, product.getLoc(), product.getType(), sum, part).getResult() : part;
      row += count;
    }
    if (!sum)
      continue;
    product.getResult().replaceAllUsesWith(sum);
    product.erase();
    if (concat->use_empty())
      concat.erase();
  }
}

} // namespace dlc
