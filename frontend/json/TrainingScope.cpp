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

void TrainingScope::update(OpContext &, StringRef name, Value value) {
  if (value)
    updates.emplace_back(name.str(), value);
}
