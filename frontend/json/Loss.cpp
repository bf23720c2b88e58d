// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Loss.h"
#include "frontend/json/Predictions.h"
#include "frontend/json/TrainingOptions.h"
#include "frontend/json/TrainingRules.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc::json;

Loss::Loss(OpContext &context, const JsonValue &value) : context(context) {
  TrainingOptions options(*getLossRule(), value);
  loss.kind = llvm::StringSwitch<dlc::LossKind>(getChoice(value))
                  .Case("cross_entropy", dlc::LossKind::CrossEntropy)
                  .Case("binary_cross_entropy", dlc::LossKind::BinaryCrossEntropy)
                  .Case("negative_log_likelihood", dlc::LossKind::LogLikelihood)
                  .Case("kl_divergence", dlc::LossKind::KlDivergence)
                  .Case("mean_squared_error", dlc::LossKind::SquaredError)
                  .Case("mean_absolute_error", dlc::LossKind::AbsoluteError)
                  .Case("huber", dlc::LossKind::Huber)
                  .Case("hinge", dlc::LossKind::Hinge)
                  .Default(dlc::LossKind::MulticlassHinge);
  auto read = [&](StringRef key, auto &field) {
    if (const JsonValue *option = options.find(key)) {
      if constexpr (std::is_same_v<decltype(field), bool &>)
        field = option->boolean;
      else if constexpr (std::is_same_v<decltype(field), int64_t &>)
        field = option->integer;
      else
        field = option->number;
    }
  };
  read("from_logits", loss.fromLogits);
  read("label_smoothing", loss.labelSmoothing);
  read("delta", loss.delta);
  read("margin", loss.margin);
  read("axis", loss.classAxis);
  if (const JsonValue *value = options.find("ignore_index"))
    ignored = value->integer;
  isSum = options.find("reduction")->string == "sum";
}

bool Loss::setPredictions(Value value) {
  predictions = value;
  RankedTensorType type = typeOf(predictions);
  if (!isa<FloatType>(type.getElementType())) {
    context.error("is computed from predictions " + describeTensor(predictions) + ", which are not floating-point");
    return false;
  }
  classAxis = loss.classAxis < 0 ? loss.classAxis + type.getRank() : loss.classAxis;
  if (loss.isOverClasses() && (classAxis < 0 || classAxis >= type.getRank() || type.isDynamicDim(classAxis))) {
    context.error("is over classes, and its predictions " + describeTensor(predictions) +
                  " have no dimension of a known number of classes at 'axis' " + Twine(loss.classAxis));
    return false;
  }
  return checkPredictions(context, loss, predictions, classAxis);
}

//===-- Labels ------------------------------------------------------------===//

bool Loss::takesClassNumbers(Type elementType) const { return loss.isOverClasses() && !isa<FloatType>(elementType); }

Type Loss::getLabelType() const {
  return loss.isOverClasses() && loss.kind != dlc::LossKind::KlDivergence ? Type(context.builder.getI64Type())
                                                                          : typeOf(predictions).getElementType();
}

/// Whether integers of `type` can be `value`.
static bool fits(int64_t value, Type type) {
  auto integer = cast<IntegerType>(type);
  return integer.isUnsigned() || integer.getWidth() == 1
             ? value >= 0 && llvm::isUIntN(integer.getWidth(), static_cast<uint64_t>(value))
             : llvm::isIntN(integer.getWidth(), value);
}

bool Loss::acceptsLabels(Type elementType) const {
  if (ignored && !takesClassNumbers(elementType)) {
    context.error("has 'ignore_index', which is a class index, and labels of the type " + describeType(elementType) +
                  ": give the label an integer 'type'");
    return false;
  }
  if (ignored && !fits(*ignored, elementType)) {
    context.error("ignores the label " + Twine(*ignored) + ", which is not in the range of their type " +
                  describeType(elementType));
    return false;
  }
  return true;
}

std::string Loss::describeClassNumbers(Type elementType, int64_t rank) const {
  if (takesClassNumbers(elementType) || rank != typeOf(predictions).getRank() - 1)
    return "";
  return loss.isOverClasses() ? "; class indices are labels of an integer type"
                              : "; a loss over class indices is 'cross_entropy', this one compares numbers";
}

dlc::ElementCheckAttr Loss::describeCheck(Type elementType, bool hasWeights) const {
  Builder &builder = context.builder;
  bool isOfClasses = takesClassNumbers(elementType),
       isBinary = loss.kind == dlc::LossKind::BinaryCrossEntropy && !elementType.isInteger(1) && !hasWeights;
  if (!isOfClasses && !isBinary)
    return {};
  bool isProbability = isBinary && isa<FloatType>(elementType);
  StringRef what = isOfClasses ? "the classes of the loss" : isProbability ? "the loss" : "the labels of the loss";
  int64_t count = isOfClasses ? typeOf(predictions).getDimSize(classAxis) : int64_t(2);
  return dlc::ElementCheckAttr::get(
      builder.getContext(), isProbability ? dlc::ElementCheckKind::Probability : dlc::ElementCheckKind::Index,
      builder.getStringAttr(what), builder.getI64IntegerAttr(count), /*steps=*/{},
      ignored ? builder.getI64IntegerAttr(*ignored) : IntegerAttr(), /*starts=*/{}, /*sizes=*/{});
}

void Loss::compare(Value value) {
  label = value;
  hasClassNumbers = takesClassNumbers(typeOf(label).getElementType());
  losses = dlc::buildLoss(context.builder, context.location, loss, predictions, label);
  if (ignored)
    losses = ignoreLabels(losses);
}

/// Losses without those of labels that are ignored, which get the weight 0.
Value Loss::ignoreLabels(Value losses) {
  Value number = context.constant(static_cast<double>(*ignored), typeOf(label).getElementType()),
        isKept = context.create<dlc::NotOp>(context.create<dlc::EqualOp>(label, number));
  Type elementType = typeOf(losses).getElementType();
  weights = context.create<dlc::CastOp>(isKept, elementType);
  return context.create<dlc::WhereOp>(isKept, losses, context.constant(0, elementType));
}

//===-- Means -------------------------------------------------------------===//

bool Loss::addWeights(Value given) {
  RankedTensorType type = typeOf(losses);
  if (typeOf(given).getRank() < type.getRank()) {
    SmallVector<int64_t> column(type.getRank(), 1);
    column[0] = -2;
    given = context.reshape(given, column);
  }
  weights = weights ? context.multiply(weights, given) : given;
  return weights != nullptr;
}

static SmallVector<int64_t> allAxes(Value x) { return llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank())); }

Value Loss::sum(Value values) {
  return context.create<dlc::ReduceOp>(dlc::ReductionKind::Sum, values, ArrayRef<int64_t>(allAxes(values)), false);
}

/// `values` times the weights of the losses that they belong to.
Value Loss::weigh(Value values) { return weights ? context.multiply(values, weightsOf(values)) : values; }

/// The weights as they broadcast against `values`, which may have the dimension of the classes that losses lack.
Value Loss::weightsOf(Value values) {
  RankedTensorType type = typeOf(weights);
  if (typeOf(values).getRank() == type.getRank())
    return weights;
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(type.isDynamicDim(dim) ? -2 - dim : type.getDimSize(dim));
  shape.insert(shape.begin() + classAxis, 1);
  return context.reshape(weights, shape);
}

Value Loss::reduce() { return isSum ? sum(weigh(losses)) : average(losses); }

Value Loss::average(Value values) {
  if (!weights)
    return context.create<dlc::ReduceOp>(dlc::ReductionKind::Mean, values, ArrayRef<int64_t>(allAxes(values)), false);
  Value own = weightsOf(values), share = sum(own);
  RankedTensorType type = typeOf(values);
  SmallVector<int64_t> shared; // dimensions along which a weight is shared
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (typeOf(own).getDimSize(dim) == 1 && type.getDimSize(dim) != 1)
      shared.push_back(dim);
  if (!shared.empty())
    share = context.multiply(share,
                             context.create<dlc::ExtentOp>(values, ArrayRef<int64_t>(shared), type.getElementType()));
  // Where nothing counts, the mean is 0.
  Value isNothing = context.create<dlc::EqualOp>(share, context.constant(0, type.getElementType()));
  share = context.create<dlc::WhereOp>(isNothing, context.constant(1, type.getElementType()), share);
  return context.divide(sum(weigh(values)), share);
}

//===-- Metrics -----------------------------------------------------------===//

Value Loss::judge() {
  Type elementType = typeOf(predictions).getElementType();
  Value isRight;
  if (loss.isOverClasses()) {
    auto choose = [&](Value x) {
      return context.create<dlc::ArgExtremeOp>(x, static_cast<uint64_t>(classAxis), false, false, false);
    };
    Value expected = hasClassNumbers ? label : choose(label);
    if (expected && typeOf(expected).getElementType() != context.builder.getI64Type())
      expected = context.create<dlc::CastOp>(expected, context.builder.getI64Type());
    isRight = context.create<dlc::EqualOp>(choose(predictions), expected);
  } else if (loss.kind == dlc::LossKind::BinaryCrossEntropy || loss.kind == dlc::LossKind::Hinge) {
    // Probabilities are compared with 1/2; logits, and scores of -1 and 1, with 0.
    bool isHinge = loss.kind == dlc::LossKind::Hinge, isProbability = !isHinge && !loss.fromLogits;
    Value expected = label;
    if (typeOf(label).getElementType() != elementType)
      expected = context.create<dlc::CastOp>(label, elementType);
    auto isAbove = [&](Value x, double limit) {
      return context.create<dlc::GreaterOp>(x, context.constant(limit, elementType));
    };
    isRight = context.create<dlc::EqualOp>(isAbove(predictions, isProbability ? 0.5 : 0),
                                           isAbove(expected, isHinge ? 0 : 0.5));
  } else {
    return {};
  }
  return context.create<dlc::CastOp>(isRight, elementType);
}
