// SPDX-License-Identifier: Apache-2.0
// How decoding chooses the next tokens from their scores.
#include "frontend/json/GenerateImporter.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "ir/OpsSlicing.h"
#include <cmath>

using namespace mlir;
using namespace dlc::json;

/// i1[count]: whether each token ends its sequence; null if none does.
Value GenerateImporter::isStop(OpContext &context, Value tokens) {
  if (!stopToken)
    return {};
  return context.create<dlc::EqualOp>(tokens, context.constant(*stopToken, builder.getI64Type()));
}

/// What a method carries before the first step, beside scores and states.
SmallVector<Value> GenerateImporter::makeInitialValues(OpContext &context) {
  if (method != "beam")
    return {};
  Type i64 = builder.getI64Type();
  auto zeros = [&](ArrayRef<int64_t> shape) {
    return context.constant(
        cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get(shape, i64), builder.getI64IntegerAttr(0))));
  };
  // All beams are equal at first: only the first one may grow.
  SmallVector<float> scores(beams, -INFINITY);
  scores.front() = 0;
  Value first = context.constant(cast<ElementsAttr>(
      DenseElementsAttr::get(RankedTensorType::get({beams}, builder.getF32Type()), ArrayRef<float>(scores))));
  // Scores, lengths, whether finished, and the tokens so far.
  return {first, zeros({beams}), zeros({beams}), zeros({beams, maxTokens})};
}

GenerateImporter::Choice GenerateImporter::chooseGreedily(OpContext &context, const Step &step) {
  Choice choice;
  choice.tokens = context.create<dlc::ArgExtremeOp>(step.logits, uint64_t(1), false, false, false);
  if (stopToken)
    choice.stop = context.reshape(isStop(context, choice.tokens), {});
  return choice;
}

/// Draws by the largest of score / temperature + Gumbel noise, which is a draw by softmax(score / temperature). The
/// noise is a function of the seed and the step's number alone.
GenerateImporter::Choice GenerateImporter::sample(OpContext &context, const Step &step) {
  Type f32 = builder.getF32Type();
  Value scores = step.logits, positions;
  if (const JsonValue *topK = context.attributes.find("top_k")) {
    if (topK->integer > vocabulary) {
      context.error("top_k",
                    "draws among " + Twine(topK->integer) + " tokens, but the vocabulary has " + Twine(vocabulary));
      return {};
    }
    uint64_t k = topK->integer;
    scores = context.create<dlc::TopKOp>(step.logits, OptionalOperand{}, k, uint64_t(1), false);
    Value indices = context.create<dlc::TopKIndicesOp>(step.logits, k, uint64_t(1), false);
    positions = context.reshape(indices, {topK->integer});
  }
  auto chooseLargest = [&](Value values) {
    Value position = context.create<dlc::ArgExtremeOp>(values, uint64_t(1), false, false, false);
    return positions ? context.create<dlc::GatherOp>(positions, position, uint64_t(0)) : position;
  };
  const JsonValue *fixed = context.attributes.find("temperature");
  double fixedTemperature = fixed ? context.attributes.number("temperature") : 1;
  Choice choice;
  if (fixedTemperature == 0) {
    choice.tokens = chooseLargest(scores);
  } else {
    Value heat = fixed ? context.constant(fixedTemperature, f32) : temperature;
    Value uniform = context.create<dlc::RandomUniformOp>(seed, step.number, scores);
    Value inner = context.create<dlc::NegOp>(context.create<dlc::LogOp>(uniform));
    Value noise = context.create<dlc::NegOp>(context.create<dlc::LogOp>(inner));
    Value zero = context.constant(0.0, f32);
    Value isHot = fixed ? Value() : context.create<dlc::GreaterOp>(heat, zero);
    if (isHot)
      heat = context.create<dlc::WhereOp>(isHot, heat, context.constant(1.0, f32));
    Value noisy = context.add(context.divide(scores, heat), noise);
    choice.tokens = chooseLargest(isHot ? context.create<dlc::WhereOp>(isHot, noisy, scores) : noisy);
  }
  if (stopToken)
    choice.stop = context.reshape(isStop(context, choice.tokens), {});
  return choice;
}

/// Of all continuations of all beams the most likely become the next beams. A finished sequence has one continuation,
/// itself, so that it stays as long as it is good enough.
GenerateImporter::Choice GenerateImporter::searchBeams(OpContext &context, const Step &step) {
  Type i64 = builder.getI64Type(), f32 = builder.getF32Type();
  Value scores = step.loopCarried[0], lengths = step.loopCarried[1], finished = step.loopCarried[2],
        history = step.loopCarried[3];
  Value one = context.constant(1, i64), size = context.constant(vocabulary, i64);
  Value steps = context.create<dlc::LogSoftmaxOp>(step.logits, ArrayRef<int64_t>{1});
  if (stopToken) {
    Value positions =
        context.create<dlc::IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), static_cast<uint64_t>(vocabulary), i64);
    Value stays = context.create<dlc::WhereOp>(isStop(context, positions), context.constant(0.0, f32),
                                               context.constant(-INFINITY, f32));
    Value isFinished = context.create<dlc::EqualOp>(context.reshape(finished, {beams, 1}), one);
    steps = context.create<dlc::WhereOp>(isFinished, stays, steps);
  }
  Value all = context.add(steps, context.reshape(scores, {beams, 1}));
  all = context.reshape(all, {1, beams * vocabulary});
  if (beams > beams * vocabulary)
    context.error("beams", "keeps more sequences than there are");
  Value best = context.create<dlc::TopKOp>(all, OptionalOperand{}, static_cast<uint64_t>(beams), uint64_t(1), false);
  Value positions = context.create<dlc::TopKIndicesOp>(all, static_cast<uint64_t>(beams), uint64_t(1), false);
  positions = context.reshape(positions, {beams});
  Choice choice;
  choice.parents = context.divide(positions, size);
  choice.tokens = context.create<dlc::ModOp>(positions, size, /*fmod=*/false);
  Value wasFinished = context.create<dlc::GatherOp>(finished, choice.parents, uint64_t(0));
  Value grown = context.subtract(one, wasFinished);
  Value length = context.add(context.create<dlc::GatherOp>(lengths, choice.parents, uint64_t(0)), grown);
  Value isFinished = wasFinished;
  if (stopToken)
    isFinished =
        context.create<dlc::MaxOp>(wasFinished, context.create<dlc::CastOp>(isStop(context, choice.tokens), i64));
  Value tokens =
      context.create<dlc::UpdateSliceOp>(context.create<dlc::GatherOp>(history, choice.parents, uint64_t(0)),
                                         context.reshape(choice.tokens, {beams, 1}), step.number, uint64_t(1), false);
  choice.loopCarried = {context.reshape(best, {beams}), length, isFinished, tokens};
  if (stopToken) {
    Value least = context.create<dlc::ReduceOp>(dlc::ReductionKind::Min, isFinished, ArrayRef<int64_t>{0}, false);
    choice.stop = context.create<dlc::EqualOp>(least, one);
  }
  return choice;
}

void GenerateImporter::returnBestBeam(OpContext &context, ValueRange loopCarried) {
  Type i64 = builder.getI64Type(), f32 = builder.getF32Type();
  Value scores = loopCarried[0], lengths = loopCarried[1], history = loopCarried[3];
  if (double penalty = context.attributes.number("length_penalty")) {
    Value length = context.create<dlc::CastOp>(lengths, f32);
    scores = context.divide(scores, context.create<dlc::PowOp>(length, context.constant(penalty, f32)));
  }
  Value best = context.create<dlc::ArgExtremeOp>(scores, uint64_t(0), false, false, false);
  Value count = context.create<dlc::GatherOp>(lengths, best, uint64_t(0));
  Value tokens = context.create<dlc::GatherOp>(history, best, uint64_t(0));
  Value positions =
      context.create<dlc::IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), static_cast<uint64_t>(maxTokens), i64);
  Value isInside = context.create<dlc::LessOp>(positions, count);
  tokens = context.create<dlc::WhereOp>(isInside, tokens, context.constant(0, i64));
  finish(entry, {tokens, count, context.create<dlc::GatherOp>(scores, best, uint64_t(0))});
}
