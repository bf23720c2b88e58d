// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingScope.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsParameter.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTraining.h"

using namespace mlir;
using namespace dlc::json;

/// Random ops that one step can have.
static constexpr double streamsOfStep = 65536;

Value TrainingScope::createUniform(OpContext &context, Value like) {
  Type i64 = context.builder.getI64Type();
  Value first = context.multiply(step, context.constant(streamsOfStep, i64)),
        counter = context.add(first, context.constant(static_cast<double>(streams++), i64));
  return context.create<dlc::RandomUniformOp>(seed, counter, like);
}

Value TrainingScope::createUniformPerSample(OpContext &context, Value x) {
  if (!x)
    return {};
  SmallVector<int64_t> shape(typeOf(x).getRank(), 1);
  shape[0] = -2;
  return createUniform(context, context.create<dlc::FillOp>(x, ArrayRef<int64_t>(shape), llvm::APFloat(0.0),
                                                            context.builder.getF32Type()));
}

/// Box and Muller: a normal number of two uniform ones.
Value TrainingScope::createNormal(OpContext &context, Value like) {
  Type type = typeOf(like).getElementType();
  auto uniform = [&] {
    Value x = createUniform(context, like);
    return type.isF32() ? x : context.create<dlc::CastOp>(x, type);
  };
  Value u = uniform(), v = uniform();
  Value radius =
            context.create<dlc::SqrtOp>(context.multiply(context.create<dlc::LogOp>(u), context.constant(-2, type))),
        angle = context.multiply(v, context.constant(2 * 3.14159265358979323846, type));
  return context.multiply(radius, context.create<dlc::CosOp>(angle));
}

Value TrainingScope::drop(OpContext &context, Value x, double rate) {
  if (!x || rate == 0)
    return x;
  Type elementType = typeOf(x).getElementType();
  Value uniform = createUniform(context, x),
        survives = context.create<dlc::GreaterOrEqualOp>(uniform, context.constant(rate, context.builder.getF32Type())),
        factor = context.multiply(context.create<dlc::CastOp>(survives, elementType),
                                  context.constant(1 / (1 - rate), elementType));
  return context.multiply(x, factor);
}

Value TrainingScope::normalizeBatch(OpContext &context, Value x, Value scale, Value shift,
                                    std::array<std::string, 2> kept, std::array<Value, 2> keptValues, double momentum,
                                    double epsilon, bool isUnbiased) {
  RankedTensorType type = typeOf(x);
  Type elementType = type.getElementType();
  SmallVector<int64_t> axes, column(type.getRank() - 1, 1);
  column[0] = type.getDimSize(1);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != 1)
      axes.push_back(dim);
  auto meanOf = [&](Value values) {
    return context.create<dlc::ReduceOp>(dlc::ReductionKind::Mean, values, ArrayRef<int64_t>(axes), false);
  };
  Value mean = meanOf(x), difference = context.subtract(x, context.reshape(mean, column)),
        variance = meanOf(context.multiply(difference, difference));
  auto follow = [&](size_t number, Value now) {
    Value before = context.multiply(getCurrent(kept[number], keptValues[number]),
                                    context.constant(1 - momentum, elementType)),
          share = context.multiply(now, context.constant(momentum, elementType));
    update(kept[number], context.add(before, share));
  };
  Value observed = variance;
  if (isUnbiased) {
    Value count = context.create<dlc::ExtentOp>(x, ArrayRef<int64_t>(axes), elementType),
          one = context.constant(1, elementType),
          others = context.create<dlc::MaxOp>(context.subtract(count, one), one);
    observed = context.multiply(variance, context.divide(count, others));
  }
  follow(0, mean);
  follow(1, observed);
  return context.create<dlc::BatchNormOp>(x, scale, shift, mean, variance, llvm::APFloat(epsilon));
}

void TrainingScope::update(StringRef name, Value value) {
  if (!value)
    return;
  for (auto &[known, last] : updates)
    if (known == name) {
      last = value;
      return;
    }
  updates.emplace_back(name.str(), value);
}

Value TrainingScope::getCurrent(StringRef name, Value before) const {
  for (const auto &[known, last] : updates)
    if (known == name)
      return last;
  return before;
}

static constexpr llvm::StringLiteral seedName = "seed", stepName = "step";

void dlc::json::declareRandomness(ModuleOp module) {
  if (module.lookupSymbol(stepName))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto number = RankedTensorType::get({}, builder.getI64Type());
  dlc::ParameterOp::create(builder, module.getLoc(), seedName, number, ElementsAttr(), DictionaryAttr(), "seed");
  dlc::ParameterOp::create(builder, module.getLoc(), stepName, number,
                           DenseElementsAttr::get(number, builder.getI64IntegerAttr(0)), DictionaryAttr(), "counter");
}

std::pair<Value, Value> dlc::json::loadRandomness(OpBuilder &builder, Location location) {
  auto number = RankedTensorType::get({}, builder.getI64Type());
  Value seed = dlc::LoadParameterOp::create(builder, location, number, seedName),
        step = dlc::LoadParameterOp::create(builder, location, number, stepName);
  return {seed, step};
}

void dlc::json::advanceSteps(OpBuilder &builder, Location location) {
  auto number = RankedTensorType::get({}, builder.getI64Type());
  Value one = dlc::ConstantOp::create(builder, location, number,
                                      DenseElementsAttr::get(number, builder.getI64IntegerAttr(1))),
        step = dlc::LoadParameterOp::create(builder, location, number, stepName);
  dlc::AssignOp::create(builder, location, stepName, dlc::AddOp::create(builder, location, step, one));
}
