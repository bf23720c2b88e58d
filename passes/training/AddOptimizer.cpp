// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsParameter.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTraining.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Passes.h"
#include "passes/training/OptimizerUpdate.h"

#define DEBUG_TYPE "dlc-add-optimizer"

namespace dlc {
#define GEN_PASS_DEF_ADDOPTIMIZER
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Parameters of kind "slot" beside one parameter. With `isUpdate` (i1, rank 0) they keep what they are where that is
/// false.
class SlotParameters final : public dlc::OptimizerSlots {
public:
  SlotParameters(OpBuilder &builder, SymbolTable &symbols, llvm::StringRef scope, dlc::ParameterOp parameter,
                 Value isUpdate)
      : builder(builder), symbols(symbols), scope(scope), parameter(parameter), isUpdate(isUpdate) {}

  Value load(llvm::StringRef role) override {
    std::string name = getName(role);
    auto type = llvm::cast<RankedTensorType>(parameter.getType());
    if (!symbols.lookup(name)) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(parameter);
      auto zeros = DenseElementsAttr::get(type, builder.getZeroAttr(type.getElementType()));
      symbols.insert(
          dlc::ParameterOp::create(builder, parameter.getLoc(), name, type, zeros, DictionaryAttr(), "slot"));
    }
    return dlc::LoadParameterOp::create(builder, parameter.getLoc(), type, name);
  }
  Value store(llvm::StringRef role, Value value) override {
    if (isUpdate)
      value = dlc::WhereOp::create(builder, parameter.getLoc(), isUpdate, value, load(role));
    dlc::AssignOp::create(builder, parameter.getLoc(), getName(role), value);
    return value;
  }

private:
  std::string getName(llvm::StringRef role) { return (scope + "." + role + "." + parameter.getSymName()).str(); }

  OpBuilder &builder;
  SymbolTable &symbols;
  llvm::StringRef scope;
  dlc::ParameterOp parameter;
  Value isUpdate;
};

/// Gradients of several runs that become one step: their mean so far is kept in slots called
/// `SCOPE.gradient.PARAMETER`, and how many runs it is of in the counter `SCOPE.accumulated`.
class Accumulation {
public:
  Accumulation(dlc::ApplyGradientsOp op, OpBuilder &builder, SymbolTable &symbols, int64_t runs);

  /// Adds the gradient of this run; returns the mean, which is whole where isLast.
  Value add(dlc::ParameterOp parameter, Value gradient);
  Value getIsLast() const { return isLast; }

private:
  dlc::ApplyGradientsOp op;
  OpBuilder &builder;
  SymbolTable &symbols;
  int64_t runs;
  Value isFirst, isLast;
};

/// The counter called `name` of the module, which starts from 0.
Value loadCounter(dlc::ApplyGradientsOp op, OpBuilder &builder, SymbolTable &symbols, const std::string &name) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  if (!symbols.lookup(name)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op->getParentOfType<func::FuncOp>());
    symbols.insert(dlc::ParameterOp::create(builder, op.getLoc(), name, type,
                                            DenseElementsAttr::get(type, builder.getI64IntegerAttr(0)),
                                            DictionaryAttr(), "counter"));
  }
  return dlc::LoadParameterOp::create(builder, op.getLoc(), type, name);
}

Value createInteger(OpBuilder &builder, Location location, int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return dlc::ConstantOp::create(builder, location, type,
                                 DenseElementsAttr::get(type, builder.getI64IntegerAttr(value)));
}

Accumulation::Accumulation(dlc::ApplyGradientsOp op, OpBuilder &builder, SymbolTable &symbols, int64_t runs)
    : op(op), builder(builder), symbols(symbols), runs(runs) {
  Location location = op.getLoc();
  std::string name = (op.getScope() + ".accumulated").str();
  Value before = loadCounter(op, builder, symbols, name),
        now = dlc::AddOp::create(builder, location, before, createInteger(builder, location, 1)),
        zero = createInteger(builder, location, 0);
  isFirst = dlc::EqualOp::create(builder, location, before, zero);
  isLast = dlc::EqualOp::create(builder, location, now, createInteger(builder, location, runs));
  dlc::AssignOp::create(builder, location, name, dlc::WhereOp::create(builder, location, isLast, zero, now));
}

Value Accumulation::add(dlc::ParameterOp parameter, Value gradient) {
  Location location = op.getLoc();
  Type elementType = getElementTypeOrSelf(gradient.getType());
  SlotParameters slots(builder, symbols, op.getScope(), parameter, Value());
  // The gradients of the last step are cleared at the beginning of the next, so that the mean itself is what is
  // stored.
  Value others = dlc::WhereOp::create(builder, location, isFirst, dlc::createScalar(builder, location, 0, elementType),
                                      slots.load("gradient")),
        share = dlc::MulOp::create(builder, location, gradient,
                                   dlc::createScalar(builder, location, 1.0 / static_cast<double>(runs), elementType));
  return slots.store("gradient", dlc::AddOp::create(builder, location, others, share));
}

class AddOptimizer final : public dlc::impl::AddOptimizerBase<AddOptimizer> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (auto op : llvm::make_early_inc_range(function.getOps<dlc::ApplyGradientsOp>())) {
        if (failed(expand(op, symbols)))
          return signalPassFailure();
        op.erase();
      }
  }

  LogicalResult expand(dlc::ApplyGradientsOp op, SymbolTable &symbols) {
    DictionaryAttr optimizer = op.getOptimizer();
    auto name = optimizer.getAs<StringAttr>("name");
    if (!name || !dlc::OptimizerUpdate::isKnown(name.getValue()))
      return op.emitOpError("has an optimizer of no known name");
    if (op.getParameters().size() != op.getGradients().size())
      return op.emitOpError("has ") << op.getGradients().size() << " gradients for " << op.getParameters().size()
                                    << " parameters";
    llvm::SmallVector<dlc::ParameterOp> parameters;
    for (auto [reference, gradient] : llvm::zip(op.getParameters(), op.getGradients())) {
      auto symbol = llvm::dyn_cast<FlatSymbolRefAttr>(reference);
      auto parameter = symbol ? symbols.lookup<dlc::ParameterOp>(symbol.getValue()) : dlc::ParameterOp();
      if (!parameter || parameter.getType() != gradient.getType())
        return op.emitOpError("names the parameter ")
               << reference << ", which does not exist or is not of its gradient's type";
      parameters.push_back(parameter);
    }
    OpBuilder builder(op);
    llvm::SmallVector<Value> gradients(op.getGradients());
    Value isUpdate; // null: in every run
    IntegerAttr runs = op.getAccumulateAttr();
    if (runs && runs.getInt() < 1)
      return op.emitOpError("accumulates the gradients of ") << runs.getInt() << " runs";
    if (runs && runs.getInt() > 1) {
      Accumulation accumulation(op, builder, symbols, runs.getInt());
      isUpdate = accumulation.getIsLast();
      for (auto [parameter, gradient] : llvm::zip(parameters, gradients))
        gradient = accumulation.add(parameter, gradient);
    }
    gradients = clip(op, gradients, builder);
    Value step = dlc::OptimizerUpdate::usesStep(optimizer) ? countStep(op, builder, symbols, isUpdate) : Value();
    struct TypeUpdate {
      Value rate;
      dlc::OptimizerUpdate update;
    };
    llvm::DenseMap<Type, std::unique_ptr<TypeUpdate>> updates;
    auto getUpdate = [&](Type elementType) -> TypeUpdate & {
      std::unique_ptr<TypeUpdate> &known = updates[elementType];
      auto castTo = [&](Value x) {
        return getElementTypeOrSelf(x.getType()) == elementType
                   ? x
                   : dlc::CastOp::create(builder, op.getLoc(), x, elementType).getResult();
      };
      if (!known) {
        dlc::OptimizerUpdate update(builder, op.getLoc(), optimizer, step ? castTo(step) : step);
        known = std::make_unique<TypeUpdate>(TypeUpdate{castTo(op.getRate()), std::move(update)});
      }
      return *known;
    };
    for (auto [number, parameter] : llvm::enumerate(parameters)) {
      auto type = llvm::cast<RankedTensorType>(parameter.getType());
      auto &[rate, update] = getUpdate(type.getElementType());
      SlotParameters slots(builder, symbols, op.getScope(), parameter, isUpdate);
      double factor = getOwn(op.getRatesAttr(), number, 1),
             decay = getOwn(op.getWeightDecaysAttr(), number, update.getNumber("weight_decay", 0));
      Value ownRate = rate;
      if (factor != 1)
        ownRate = dlc::MulOp::create(builder, op.getLoc(), rate,
                                     dlc::createScalar(builder, op.getLoc(), factor, type.getElementType()));
      Value old = dlc::LoadParameterOp::create(builder, op.getLoc(), type, parameter.getSymName());
      Value next = update.apply(old, gradients[number], ownRate, decay, slots);
      if (double limit = getOwn(op.getMaxNormsAttr(), number, 0); limit > 0)
        next = limitNorms(next, limit, builder);
      if (isUpdate)
        next = dlc::WhereOp::create(builder, op.getLoc(), isUpdate, next, old);
      dlc::AssignOp::create(builder, op.getLoc(), parameter.getSymName(), next);
    }
    return success();
  }

  /// Number `number` of a list with one entry per parameter, if the op has such a list.
  static double getOwn(DenseF64ArrayAttr numbers, size_t number, double otherwise) {
    return numbers && number < static_cast<size_t>(numbers.size()) ? numbers[number] : otherwise;
  }

  /// Gradients, each element within `clip_value` of 0, or all together scaled so that the norm of their concatenation
  /// is at most `clip_norm`.
  static llvm::SmallVector<Value> clip(dlc::ApplyGradientsOp op, llvm::SmallVector<Value> gradients,
                                       OpBuilder &builder) {
    Location location = op.getLoc();
    if (auto limit = op.getOptimizer().getAs<FloatAttr>("clip_value"))
      for (Value &gradient : gradients)
        gradient = dlc::ClampOp::create(builder, location, gradient, builder.getF64FloatAttr(-limit.getValueAsDouble()),
                                        builder.getF64FloatAttr(limit.getValueAsDouble()));
    auto limit = op.getOptimizer().getAs<FloatAttr>("clip_norm");
    if (!limit || gradients.empty())
      return gradients;
    Value sum;
    Type elementType = getElementTypeOrSelf(gradients.front().getType());
    for (Value gradient : gradients) {
      llvm::SmallVector<int64_t> axes =
          llvm::to_vector(llvm::seq<int64_t>(0, llvm::cast<RankedTensorType>(gradient.getType()).getRank()));
      Value squares = dlc::ReduceOp::create(builder, location, dlc::ReductionKind::SumSquare, gradient, axes, false);
      if (getElementTypeOrSelf(squares.getType()) != elementType)
        squares = dlc::CastOp::create(builder, location, squares, elementType);
      sum = sum ? dlc::AddOp::create(builder, location, sum, squares).getResult() : squares;
    }
    // As torch.nn.utils.clip_grad_norm_ does it.
    Value norm = dlc::SqrtOp::create(builder, location, sum),
          divisor =
              dlc::AddOp::create(builder, location, norm, dlc::createScalar(builder, location, 1e-6, elementType)),
          factor = dlc::MinOp::create(
              builder, location, dlc::createScalar(builder, location, 1, elementType),
              dlc::DivOp::create(builder, location,
                                 dlc::createScalar(builder, location, limit.getValueAsDouble(), elementType), divisor));
    for (Value &gradient : gradients) {
      Type own = getElementTypeOrSelf(gradient.getType());
      Value scale = own == elementType ? factor : dlc::CastOp::create(builder, location, factor, own).getResult();
      gradient = dlc::MulOp::create(builder, location, gradient, scale);
    }
    return gradients;
  }

  /// Max-norm: the weights of each output (dimension 0) scaled so that their norm is at most `limit`.
  static Value limitNorms(Value weights, double limit, OpBuilder &builder) {
    Location location = weights.getLoc();
    auto type = llvm::cast<RankedTensorType>(weights.getType());
    if (type.getRank() < 2)
      return weights;
    llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(1, type.getRank()));
    Value norm = dlc::ReduceOp::create(builder, location, dlc::ReductionKind::L2, weights, axes, true),
          most = dlc::createScalar(builder, location, limit, type.getElementType()),
          factor = dlc::DivOp::create(builder, location, most, dlc::MaxOp::create(builder, location, norm, most));
    return dlc::MulOp::create(builder, location, weights, factor);
  }

  /// The number of this step of the op's scope, from 1, as f64. Without an update it is kept.
  static Value countStep(dlc::ApplyGradientsOp op, OpBuilder &builder, SymbolTable &symbols, Value isUpdate) {
    std::string name = (op.getScope() + ".step").str();
    Value before = loadCounter(op, builder, symbols, name),
          now = dlc::AddOp::create(builder, op.getLoc(), before, createInteger(builder, op.getLoc(), 1));
    dlc::AssignOp::create(builder, op.getLoc(), name,
                          isUpdate ? dlc::WhereOp::create(builder, op.getLoc(), isUpdate, now, before).getResult()
                                   : now);
    return dlc::CastOp::create(builder, op.getLoc(), now, builder.getF64Type());
  }
};

} // namespace
