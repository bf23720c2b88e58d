// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Predictions.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsParameter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc::json;

namespace {

/// What is known of predictions by the op that computes them.
enum class PredictionKind {
  Unknown,
  Softmax,    ///< probabilities that add up to 1
  LogSoftmax, ///< their logarithms
  Sigmoid,    ///< one probability each
  Scores,     ///< sums of products, which may be any numbers
  Activated   ///< what an activation makes that gives numbers below 0 or above 1
};

} // namespace

/// The tensor whose elements `value` has, perhaps in another order or not all of them.
static Value skipMovement(Value value) {
  while (Operation *op = value.getDefiningOp())
    if (op->hasTrait<dlc::MovesElements>() || llvm::isa<dlc::CastOp>(op))
      value = op->getOperand(0);
    else
      break;
  return value;
}

/// Whether `value` is a product with a parameter, or a sum or a constant multiple of such: what a layer gives that has
/// no activation.
static bool isScore(Value value) {
  value = skipMovement(value);
  auto isParameter = [](Value operand) {
    return skipMovement(operand).getDefiningOp<dlc::LoadParameterOp>() != nullptr;
  };
  auto isConstant = [](Value operand) { return skipMovement(operand).getDefiningOp<dlc::ConstantOp>() != nullptr; };
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (op->hasTrait<dlc::Contraction>())
    return llvm::any_of(op->getOperands(), isParameter);
  if (llvm::isa<dlc::BatchNormOp, dlc::LayerNormOp, dlc::GroupNormOp>(op))
    return true;
  if (llvm::isa<dlc::AddOp, dlc::SubOp>(op)) // a bias
    return isScore(op->getOperand(0)) && (isParameter(op->getOperand(1)) || isConstant(op->getOperand(1)));
  if (llvm::isa<dlc::MulOp, dlc::DivOp>(op)) // a temperature
    return isScore(op->getOperand(0)) && isConstant(op->getOperand(1));
  return false;
}

static PredictionKind classify(Operation *op, Value value) {
  if (!op)
    return PredictionKind::Unknown;
  return llvm::TypeSwitch<Operation *, PredictionKind>(op)
      .Case([](dlc::SoftmaxOp) { return PredictionKind::Softmax; })
      .Case([](dlc::LogSoftmaxOp) { return PredictionKind::LogSoftmax; })
      .Case<dlc::SigmoidOp, dlc::HardSigmoidOp>([](auto) { return PredictionKind::Sigmoid; })
      .Default([&](Operation *other) {
        if (other->hasTrait<dlc::Activation>())
          return PredictionKind::Activated;
        return isScore(value) ? PredictionKind::Scores : PredictionKind::Unknown;
      });
}

/// The number of elements that `softmax` normalizes together, if it is known.
static std::optional<int64_t> countClasses(dlc::SoftmaxOp softmax) {
  int64_t count = 1;
  for (int64_t axis : softmax.getAxes()) {
    if (typeOf(softmax.getX()).isDynamicDim(axis))
      return std::nullopt;
    count *= typeOf(softmax.getX()).getDimSize(axis);
  }
  return count;
}

/// How messages call what gives the predictions.
static std::string nameOf(Operation *op, PredictionKind kind) {
  if (kind == PredictionKind::Scores)
    return "scores without an activation";
  return "the results of '" + op->getName().stripDialect().str() + "'";
}

bool dlc::json::checkPredictions(OpContext &context, const LossDescription &loss, Value predictions,
                                 int64_t classAxis) {
  Value value = skipMovement(predictions);
  Operation *op = value.getDefiningOp();
  PredictionKind kind = classify(op, value);
  auto softmax = llvm::dyn_cast_or_null<dlc::SoftmaxOp>(op);
  auto fail = [&](const Twine &message) {
    context.error(message);
    return false;
  };
  auto warn = [&](const Twine &message) {
    context.reporter.warning(context.position, context.label + " " + message);
    return true;
  };

  bool isOverClasses = loss.isOverClasses();
  if (softmax && countClasses(softmax) == 1)
    return fail("is computed from a softmax over one element, which is always 1: give the last layer one unit "
                "for each class, or use \"sigmoid\" with the loss 'binary_cross_entropy'");
  if (isOverClasses && typeOf(predictions).getDimSize(classAxis) == 1)
    return fail("is over classes, and there is one: give the last layer one unit for each class, or use \"sigmoid\" "
                "with the loss 'binary_cross_entropy'");
  bool isUnbounded = kind == PredictionKind::Scores || kind == PredictionKind::Activated;

  switch (loss.kind) {
  case LossKind::CrossEntropy:
  case LossKind::KlDivergence:
    if (loss.fromLogits) {
      if (kind == PredictionKind::Softmax)
        return fail("expects logits ('from_logits'), and its predictions are probabilities already: leave out the "
                    "softmax or 'from_logits'");
      if (kind == PredictionKind::Sigmoid)
        return warn("expects logits ('from_logits'), and its predictions are the results of a sigmoid, from 0 to 1: "
                    "leave out the sigmoid, unless that is intended");
      return true;
    }
    if (kind == PredictionKind::LogSoftmax)
      return fail("expects probabilities, and its predictions are their logarithms: use the loss "
                  "'negative_log_likelihood', or 'softmax' instead of 'log_softmax'");
    if (isUnbounded)
      return fail(
          "expects probabilities, and its predictions are " + nameOf(op, kind) +
          ": end the model with a softmax (\"activation\": \"softmax\"), or give the loss \"from_logits\": true");
    if (kind == PredictionKind::Sigmoid)
      return warn("expects probabilities that add up to 1 over the classes, and its predictions are the results of a "
                  "sigmoid: use a softmax, or the loss 'binary_cross_entropy' for classes that do not exclude each "
                  "other");
    if (softmax && value == predictions && softmax.getAxes() != ArrayRef<int64_t>{classAxis})
      return fail("is over the classes of dimension " + Twine(classAxis) +
                  ", and the softmax before it is over another dimension: give both the same 'axis'");
    return true;
  case LossKind::LogLikelihood:
    if (kind == PredictionKind::Softmax || kind == PredictionKind::Sigmoid)
      return fail("expects logarithms of probabilities, and its predictions are probabilities: use the loss "
                  "'cross_entropy', or \"log_softmax\"");
    if (isUnbounded)
      return fail("expects logarithms of probabilities, and its predictions are " + nameOf(op, kind) +
                  ": end the model with \"log_softmax\", or use the loss 'cross_entropy' with \"from_logits\": true");
    return true;
  case LossKind::BinaryCrossEntropy:
    if (loss.fromLogits && (kind == PredictionKind::Sigmoid || kind == PredictionKind::Softmax))
      return fail("expects logits ('from_logits'), and its predictions are probabilities already: leave out the " +
                  Twine(kind == PredictionKind::Sigmoid ? "sigmoid" : "softmax") + " or 'from_logits'");
    if (!loss.fromLogits && (isUnbounded || kind == PredictionKind::LogSoftmax))
      return fail(
          "expects probabilities, and its predictions are " + nameOf(op, kind) +
          ": end the model with a sigmoid (\"activation\": \"sigmoid\"), or give the loss \"from_logits\": true");
    if (kind == PredictionKind::Softmax)
      return warn("judges each class by itself, and its predictions are a softmax, whose classes exclude each other: "
                  "use the loss 'cross_entropy', unless that is intended");
    return true;
  case LossKind::Hinge:
  case LossKind::MulticlassHinge:
    if (kind == PredictionKind::Softmax || kind == PredictionKind::Sigmoid)
      return warn("expects scores that may be any numbers, and its predictions are probabilities: leave out the " +
                  Twine(kind == PredictionKind::Sigmoid ? "sigmoid" : "softmax") + ", unless that is intended");
    return true;
  case LossKind::SquaredError:
  case LossKind::AbsoluteError:
  case LossKind::Huber:
    return true;
  }
  llvm_unreachable("all kinds are checked");
}
