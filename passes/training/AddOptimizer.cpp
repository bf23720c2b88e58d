// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
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

/// Parameters of kind "slot" beside one parameter.
class SlotParameters final : public dlc::OptimizerSlots {
public:
  SlotParameters(OpBuilder &builder, SymbolTable &symbols, llvm::StringRef scope, dlc::ParameterOp parameter)
      : builder(builder), symbols(symbols), scope(scope), parameter(parameter) {}

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
  void store(llvm::StringRef role, Value value) override {
    dlc::AssignOp::create(builder, parameter.getLoc(), getName(role), value);
  }

private:
  std::string getName(llvm::StringRef role) { return (scope + "." + role + "." + parameter.getSymName()).str(); }

  OpBuilder &builder;
  SymbolTable &symbols;
  llvm::StringRef scope;
  dlc::ParameterOp parameter;
};

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
    llvm::SmallVector<Value> gradients = clip(op, builder);
    Value step = dlc::OptimizerUpdate::usesStep(optimizer) ? countStep(op, builder, symbols) : Value();
    for (auto [number, parameter] : llvm::enumerate(parameters)) {
      auto type = llvm::cast<RankedTensorType>(parameter.getType());
      auto castTo = [&](Value x) {
        return getElementTypeOrSelf(x.getType()) == type.getElementType()
                   ? x
                   : dlc::CastOp::create(builder, op.getLoc(), x, type.getElementType()).getResult();
      };
      dlc::OptimizerUpdate update(builder, op.getLoc(), optimizer, step ? castTo(step) : step);
      SlotParameters slots(builder, symbols, op.getScope(), parameter);
      Value rate = castTo(op.getRate());
      double factor = getOwn(op, "rates", number, 1),
             decay = getOwn(op, "weight_decays", number, update.getNumber("weight_decay", 0));
      if (factor != 1)
        rate = dlc::MulOp::create(builder, op.getLoc(), rate,
                                  dlc::createScalar(builder, op.getLoc(), factor, type.getElementType()));
      Value old = dlc::LoadParameterOp::create(builder, op.getLoc(), type, parameter.getSymName());
      Value next = update.apply(old, gradients[number], rate, decay, slots);
      if (double limit = getOwn(op, "max_norms", number, 0); limit > 0)
        next = limitNorms(next, limit, builder);
      dlc::AssignOp::create(builder, op.getLoc(), parameter.getSymName(), next);
    }
    return success();
  }

  /// Number `number` of a list with one entry a parameter, if the op has such a list.
  static double getOwn(dlc::ApplyGradientsOp op, llvm::StringRef list, size_t number, double otherwise) {
    auto numbers = op->getAttrOfType<DenseF64ArrayAttr>(list);
    return numbers && number < static_cast<size_t>(numbers.size()) ? numbers[number] : otherwise;
  }

  /// Gradients, each element within `clip_value` of 0, or all together scaled so that the norm of their concatenation
  /// is at most `clip_norm`.
  static llvm::SmallVector<Value> clip(dlc::ApplyGradientsOp op, OpBuilder &builder) {
    llvm::SmallVector<Value> gradients(op.getGradients());
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

  /// The number of this step of the op's scope, from 1, as f64.
  static Value countStep(dlc::ApplyGradientsOp op, OpBuilder &builder, SymbolTable &symbols) {
    std::string name = (op.getScope() + ".step").str();
    auto type = RankedTensorType::get({}, builder.getI64Type());
    if (!symbols.lookup(name)) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(op->getParentOfType<func::FuncOp>());
      symbols.insert(dlc::ParameterOp::create(builder, op.getLoc(), name, type,
                                              DenseElementsAttr::get(type, builder.getI64IntegerAttr(0)),
                                              DictionaryAttr(), "counter"));
    }
    Value one = dlc::ConstantOp::create(builder, op.getLoc(), type,
                                        DenseElementsAttr::get(type, builder.getI64IntegerAttr(1))),
          before = dlc::LoadParameterOp::create(builder, op.getLoc(), type, name),
          now = dlc::AddOp::create(builder, op.getLoc(), before, one);
    dlc::AssignOp::create(builder, op.getLoc(), name, now);
    return dlc::CastOp::create(builder, op.getLoc(), now, builder.getF64Type());
  }
};

} // namespace
