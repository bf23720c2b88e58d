// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/GradientBuilder.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"
#include "passes/graph/EraseDeadOps.h"

#define DEBUG_TYPE "dlc-sink-reductions"

namespace dlc {
#define GEN_PASS_DEF_SINKREDUCTIONS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// Moves sums and products from one loop's steps after the loop.
class LoopSinker {
public:
  explicit LoopSinker(dlc::LoopOp loop) : loop(loop), body(*loop.getBody()), builder(loop.getContext()) {}

  void run() {
    if (loop.mayEndEarly() || dlc::decidesExtents(loop))
      return;
    loopCarried = loop.getInitialValues().size();
    returned.assign(loop.getNext().operand_begin(), loop.getNext().operand_end());
    llvm::SmallVector<Sum> sums;
    llvm::SmallVector<unsigned> products;
    for (unsigned i = 0; i < loopCarried; ++i)
      if (std::optional<Sum> sum = findSum(i))
        sums.push_back(*sum);
    for (unsigned i = loopCarried; i < returned.size(); ++i)
      if (isProductWithInvariant(returned[i]))
        products.push_back(i);
    if (!sums.empty() || !products.empty())
      sink(sums, products);
  }

private:
  /// A loop-carried value to which every step adds terms, and that steps use for nothing else.
  struct Sum {
    unsigned number;
    llvm::SmallVector<Operation *> terms;
  };

  bool isInvariant(Value value) { return loop.isDefinedOutsideOfLoop(value); }

  /// Whether the sum of a term over all steps is one op on scan outputs.
  static bool canSink(Operation *op) {
    if (auto product = llvm::dyn_cast_or_null<dlc::MatMulOp>(op))
      return product.getTransposeLhs() && !product.getTransposeRhs() && typeOf(product.getLhs()).getRank() == 2 &&
             typeOf(product.getRhs()).getRank() == 2;
    auto reduction = llvm::dyn_cast_or_null<dlc::ReduceOp>(op);
    return reduction && reduction.getKind() == dlc::ReductionKind::Sum;
  }

  std::optional<Sum> findSum(unsigned number) {
    Value argument = body.getArgument(1 + number);
    Sum sum{number, {}};
    unsigned arguments = 0;
    llvm::SmallVector<Value> values{returned[number]};
    while (!values.empty()) {
      Value value = values.pop_back_val();
      if (!value.hasOneUse())
        return std::nullopt;
      if (value == argument) {
        ++arguments;
        continue;
      }
      Operation *op = value.getDefiningOp();
      if (auto add = llvm::dyn_cast_or_null<dlc::AddOp>(op);
          add && add.getLhs().getType() == value.getType() && add.getRhs().getType() == value.getType()) {
        values.push_back(add.getRhs());
        values.push_back(add.getLhs());
        continue;
      }
      if (!canSink(op) || value.getType() != argument.getType())
        return std::nullopt;
      sum.terms.push_back(op);
    }
    return arguments == 1 && !sum.terms.empty() ? std::optional(sum) : std::nullopt;
  }

  bool isProductWithInvariant(Value value) {
    auto product = value.getDefiningOp<dlc::MatMulOp>();
    return product && value.hasOneUse() && !product.getTransposeLhs() && typeOf(product.getLhs()).getRank() == 2 &&
           typeOf(product.getRhs()).getRank() == 2 && isInvariant(product.getRhs()) && !isInvariant(product.getLhs());
  }

  /// Where after the loop the values of all steps of `value` are found: a scan input, or the scan output at the
  /// returned position.
  struct Source {
    Value scanInput;
    unsigned position = 0;
  };
  Source find(Value value) {
    if (auto argument = llvm::dyn_cast<BlockArgument>(value))
      if (argument.getOwner() == &body && argument.getArgNumber() > loopCarried)
        return {loop.getScanInputs()[argument.getArgNumber() - 1 - loopCarried], 0};
    auto [position, isNew] = positions.try_emplace(value, returned.size());
    if (isNew)
      returned.push_back(value);
    return {Value(), position->second};
  }

  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, loop.getLoc(), std::forward<Args>(args)...).getResult();
  }

  void sink(llvm::ArrayRef<Sum> sums, llvm::ArrayRef<unsigned> products) {
    // Everything needed is stored first, while positions are still those of `returned`.
    llvm::DenseMap<Value, Source> sources;
    for (unsigned i = loopCarried; i < returned.size(); ++i)
      positions.try_emplace(returned[i], i);
    auto note = [&](Value value) { sources.try_emplace(value, find(value)); };
    for (const Sum &sum : sums)
      for (Operation *term : sum.terms)
        for (Value operand : term->getOperands())
          note(operand);
    for (unsigned position : products)
      note(returned[position].getDefiningOp()->getOperand(0));

    // The loop without the sums and the products, with their operands.
    llvm::BitVector dropped(returned.size()), droppedArguments(body.getNumArguments());
    for (const Sum &sum : sums) {
      dropped.set(sum.number);
      droppedArguments.set(1 + sum.number);
    }
    for (unsigned position : products)
      dropped.set(position);
    llvm::SmallVector<Value> values, initial;
    llvm::SmallVector<Type> types;
    llvm::SmallVector<unsigned> newPositions(returned.size());
    for (unsigned i = 0; i < returned.size(); ++i) {
      if (dropped.test(i))
        continue;
      newPositions[i] = values.size();
      values.push_back(returned[i]);
      if (i < loopCarried)
        initial.push_back(loop.getInitialValues()[i]);
      if (i < loop->getNumResults()) {
        types.push_back(loop->getResultTypes()[i]);
        continue;
      }
      types.push_back(dlc::withSteps(returned[i].getType(), loop.getStaticStepCount()));
    }
    loop.getNext()->setOperands(values);
    auto shorter = dlc::rebuildLoop(builder, loop, types, initial, loop.getScanInputs());
    builder.setInsertionPoint(loop);
    for (unsigned i = 0; i < loop->getNumResults(); ++i)
      if (!dropped.test(i))
        loop->getResult(i).replaceAllUsesWith(shorter->getResult(newPositions[i]));
    auto allSteps = [&](Value value) {
      Source source = sources.lookup(value);
      return source.scanInput ? source.scanInput : Value(shorter->getResult(newPositions[source.position]));
    };
    for (const Sum &sum : sums) {
      Value total = loop.getInitialValues()[sum.number];
      // Sums begin with zeros, mostly.
      auto start = dlc::ConstantData::get(total);
      bool isZero = start && start->isSplat() && start->getDouble(0) == 0;
      for (Operation *term : sum.terms) {
        Value steps = sumOverSteps(term, allSteps);
        total = isZero ? steps : create<dlc::AddOp>(total, steps);
        isZero = false;
      }
      loop->getResult(sum.number).replaceAllUsesWith(total);
    }
    for (unsigned position : products) {
      auto product = returned[position].getDefiningOp<dlc::MatMulOp>();
      Value all = create<dlc::MatMulOp>(flatten(allSteps(product.getLhs())), product.getRhs(), false,
                                        product.getTransposeRhs());
      loop->getResult(position).replaceAllUsesWith(restore(all, loop->getResult(position), allSteps(product.getLhs())));
    }
    dlc::eraseDeadOps(body);
    body.eraseArguments(droppedArguments);
    loop.erase();
    loop = shorter;
  }

  /// The rows of all steps under one another.
  Value flatten(Value x) { return create<dlc::ReshapeOp>(x, llvm::ArrayRef<int64_t>{-1, typeOf(x).getDimSize(2)}); }

  /// Rows as steps again: `rows` in the shape of `result`, with the steps and rows of `like`.
  Value restore(Value rows, Value result, Value like) {
    RankedTensorType type = typeOf(result);
    llvm::SmallVector<int64_t> shape(type.getShape());
    if (type.getNumDynamicDims() < 2) {
      llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
      return create<dlc::ReshapeOp>(rows, shape);
    }
    Value shaped = create<dlc::FillOp>(like, llvm::ArrayRef<int64_t>{-2, -3, type.getDimSize(2)}, llvm::APFloat(0.0),
                                       type.getElementType());
    return create<dlc::ReshapeLikeOp>(rows, shaped);
  }

  /// `a^T b`; as the transpose of `b^T a` where the columns of `a` fill vectors and those of `b` do not: the sum over
  /// all steps is long, and the result short.
  Value multiplyRows(Value a, Value b) {
    constexpr int64_t vector = 16;
    auto fills = [](Value matrix) {
      int64_t columns = typeOf(matrix).getDimSize(1);
      return !ShapedType::isDynamic(columns) && columns % vector == 0;
    };
    if (!fills(a) || fills(b))
      return create<dlc::MatMulOp>(a, b, true, false);
    return create<dlc::TransposeOp>(create<dlc::MatMulOp>(b, a, true, false), llvm::ArrayRef<int64_t>{1, 0});
  }

  template <typename Function> Value sumOverSteps(Operation *term, Function allSteps) {
    if (auto product = llvm::dyn_cast<dlc::MatMulOp>(term))
      return multiplyRows(flatten(allSteps(product.getLhs())), flatten(allSteps(product.getRhs())));
    auto reduction = llvm::cast<dlc::ReduceOp>(term);
    llvm::SmallVector<int64_t> axes{0};
    for (int64_t axis : reduction.getAxes())
      axes.push_back(axis + 1);
    Value sum =
        create<dlc::ReduceOp>(dlc::ReductionKind::Sum, allSteps(reduction.getX()), axes, reduction.getKeepDims());
    // The dimension of the steps is removed in any case.
    if (!reduction.getKeepDims())
      return sum;
    llvm::SmallVector<int64_t> shape(typeOf(reduction.getResult()).getShape());
    llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
    return create<dlc::ReshapeOp>(sum, shape);
  }

  dlc::LoopOp loop;
  Block &body;
  OpBuilder builder;
  unsigned loopCarried = 0;
  llvm::DenseMap<Value, unsigned> positions; ///< among the scan outputs in `returned`
  llvm::SmallVector<Value> returned;         ///< by the step: loop-carried values, scan outputs, and new scan outputs
};

class SinkReductions final : public dlc::impl::SinkReductionsBase<SinkReductions> {
  void runOnOperation() override {
    llvm::SmallVector<dlc::LoopOp> loops;
    getOperation().walk([&](dlc::LoopOp loop) { loops.push_back(loop); });
    for (dlc::LoopOp loop : loops)
      LoopSinker(loop).run();
  }
};

} // namespace
