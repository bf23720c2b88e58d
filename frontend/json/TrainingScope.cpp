// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingScope.h"

using namespace mlir;
using namespace dlc::json;

/// Random ops that one step can have.
static constexpr double streamsOfStep = 65536;

Value TrainingScope::createUniform(OpContext &context, Value like) {
  Type i64 = context.builder.getI64Type();
  Value first = context.create<dlc::MulOp>(step, context.constant(streamsOfStep, i64)),
        counter = context.create<dlc::AddOp>(first, context.constant(static_cast<double>(streams++), i64));
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
  Value radius = context.create<dlc::SqrtOp>(
            context.create<dlc::MulOp>(context.create<dlc::LogOp>(u), context.constant(-2, type))),
        angle = context.create<dlc::MulOp>(v, context.constant(2 * 3.14159265358979323846, type));
  return context.create<dlc::MulOp>(radius, context.create<dlc::CosOp>(angle));
}

void TrainingScope::update(StringRef name, Value value) {
  if (value)
    updates.emplace_back(name.str(), value);
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
