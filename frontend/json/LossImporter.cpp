// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/LossImporter.h"
#include "frontend/json/Elements.h"
#include "frontend/json/ModelRules.h"
#include "frontend/json/TrainingOptions.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc::json;

LossImporter::LossImporter(OpContext &context, const JsonValue &training, TrainingBatch &batch)
    : context(context), training(training), batch(batch) {
  readLoss();
}

void LossImporter::readLoss() {
  const JsonValue &value = *training.find("loss");
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

Value LossImporter::import(Value ofModel) {
  predictions = ofModel;
  RankedTensorType type = typeOf(predictions);
  classAxis = loss.classAxis < 0 ? loss.classAxis + type.getRank() : loss.classAxis;
  if (loss.isOverClasses() && (classAxis < 0 || classAxis >= type.getRank() || type.isDynamicDim(classAxis)))
    return context.error("is over classes, and its predictions " + describeType(type) +
                         " have no dimension of a known number of classes at 'axis' " + Twine(loss.classAxis));
  label = addLabel();
  if (!label)
    return {};
  context.builder.setInsertionPointToEnd(&batch.function.getBody().front());
  Value losses = dlc::buildLoss(context.builder, context.location, loss, predictions, label);
  if (ignored)
    losses = ignoreLabels(losses);
  if (!addWeights(losses))
    return {};
  Value result = isSum ? sum(weigh(losses)) : average(losses);
  const JsonValue *metrics = training.find("metrics");
  for (const JsonValue &metric : metrics ? ArrayRef(metrics->elements) : ArrayRef<JsonValue>()) {
    Value values = buildMetric(metric), figure = values ? average(values) : Value();
    if (!figure)
      return {};
    batch.metrics.emplace_back(metric.string, figure);
  }
  return result;
}

//===-- Inputs ------------------------------------------------------------===//

std::optional<LossImporter::Shape> LossImporter::describeShape(Value value) {
  FailureOr<dlc::SymbolicShapes> shapes = failure();
  {
    // Shapes are read from a function that ends.
    OpBuilder::InsertionGuard guard(context.builder);
    context.builder.setInsertionPointToEnd(&batch.function.getBody().front());
    auto end = func::ReturnOp::create(context.builder, batch.function.getLoc(), ValueRange());
    shapes = dlc::SymbolicShapes::analyze(batch.function);
    end.erase();
  }
  if (failed(shapes))
    return std::nullopt;
  Shape shape;
  for (auto [dim, extent] : llvm::enumerate(shapes->getDims(value))) {
    if (std::optional<int64_t> known = dlc::constantDim(extent)) {
      shape.extents.push_back(*known);
      shape.dims.push_back(context.builder.getI64IntegerAttr(*known));
    } else if (auto symbol = dyn_cast<AffineSymbolExpr>(extent)) {
      shape.extents.push_back(ShapedType::kDynamic);
      shape.dims.push_back(context.builder.getStringAttr(shapes->getSymbols()[symbol.getPosition()]));
    } else {
      context.error("looks at predictions whose dimension " + Twine(dim) +
                    " is neither a number nor a dimension of an input");
      return std::nullopt;
    }
  }
  return shape;
}

Value LossImporter::addInput(StringRef name, const Shape &shape, Type elementType, ArrayAttr checks) {
  Builder &builder = context.builder;
  func::FuncOp function = batch.function;
  StringAttr nameAttr = builder.getStringAttr(name);
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), "dlc.name") == nameAttr)
      return context.error("needs an input '" + name +
                           "', and the model has one of this name: call that, or the "
                           "label (by its 'name'), something else");
  SmallVector<NamedAttribute> attributes = {builder.getNamedAttr("dlc.name", nameAttr),
                                            builder.getNamedAttr("dlc.dims", builder.getArrayAttr(shape.dims)),
                                            builder.getNamedAttr("dlc.label", builder.getUnitAttr())};
  if (checks)
    attributes.push_back(builder.getNamedAttr("dlc.checks", checks));
  if (failed(function.insertArgument(function.getNumArguments(), RankedTensorType::get(shape.extents, elementType),
                                     builder.getDictionaryAttr(attributes), context.location)))
    return {};
  return function.getArguments().back();
}

/// Whether integers of `type` can be `value`.
static bool fits(int64_t value, Type type) {
  auto integer = cast<IntegerType>(type);
  return integer.isUnsigned() || integer.getWidth() == 1
             ? value >= 0 && llvm::isUIntN(integer.getWidth(), static_cast<uint64_t>(value))
             : llvm::isIntN(integer.getWidth(), value);
}

/// The input that predictions are compared with: class numbers or numbers in the shape of the predictions.
Value LossImporter::addLabel() {
  Builder &builder = context.builder;
  const JsonValue *given = training.find("label");
  const JsonValue *type = given ? given->find("type") : nullptr;
  bool takesClasses = loss.kind == dlc::LossKind::CrossEntropy || loss.kind == dlc::LossKind::LogLikelihood ||
                      loss.kind == dlc::LossKind::MulticlassHinge;
  Type elementType = type           ? getElementType(type->string, builder.getContext())
                     : takesClasses ? Type(builder.getI64Type())
                                    : typeOf(predictions).getElementType();
  hasClassNumbers = takesClasses && !isa<FloatType>(elementType);
  std::optional<Shape> needed = describeShape(predictions);
  if (!needed)
    return {};
  if (hasClassNumbers) {
    needed->extents.erase(needed->extents.begin() + classAxis);
    needed->dims.erase(needed->dims.begin() + classAxis);
  }
  ArrayRef<Attribute> dims = needed->dims;
  if (ignored && !hasClassNumbers)
    return context.error("has 'ignore_index', which is a class number, and labels of the type " +
                         describeType(elementType) + ": give the label an integer 'type'");
  if (ignored && !fits(*ignored, elementType))
    return context.error("ignores the label " + Twine(*ignored) + ", which is not in the range of their type " +
                         describeType(elementType));
  if (const JsonValue *shape = given ? given->find("shape") : nullptr) {
    bool fits = shape->elements.size() == dims.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      auto known = dyn_cast<IntegerAttr>(dims[i]);
      fits = known ? !shape->elements[i].isString() && shape->elements[i].integer == known.getInt()
                   : shape->elements[i].isString() && shape->elements[i].string == cast<StringAttr>(dims[i]).getValue();
    }
    if (!fits) {
      context.reporter.error(shape->position, "the label has another shape than this loss of predictions " +
                                                  describeType(predictions.getType()) + " needs: leave 'shape' out");
      return {};
    }
  }
  const JsonValue *name = given ? given->find("name") : nullptr;
  return addInput(name ? StringRef(name->string) : "label", *needed, elementType,
                  hasClassNumbers ? describeClasses() : ArrayAttr());
}

/// What the runtime checks labels for.
ArrayAttr LossImporter::describeClasses() {
  Builder &builder = context.builder;
  SmallVector<NamedAttribute> check = {
      builder.getNamedAttr("what", builder.getStringAttr("the classes of the loss")),
      builder.getNamedAttr("kind", builder.getStringAttr("index")),
      builder.getNamedAttr("extent", builder.getI64IntegerAttr(typeOf(predictions).getDimSize(classAxis)))};
  if (ignored)
    check.push_back(builder.getNamedAttr("exception", builder.getI64IntegerAttr(*ignored)));
  return builder.getArrayAttr(builder.getDictionaryAttr(check));
}

/// Losses without those of labels that are ignored, which get the weight 0.
Value LossImporter::ignoreLabels(Value losses) {
  Value number = context.constant(static_cast<double>(*ignored), typeOf(label).getElementType()),
        isKept = context.create<dlc::NotOp>(context.create<dlc::EqualOp>(label, number));
  Type elementType = typeOf(losses).getElementType();
  weights = context.create<dlc::CastOp>(isKept, elementType);
  return context.create<dlc::WhereOp>(isKept, losses, context.constant(0, elementType));
}

/// An input with one weight for all that a sample has, or for each of its losses, if the model says so.
bool LossImporter::addWeights(Value losses) {
  const JsonValue *weighs = training.find("sample_weights");
  if (!weighs || (!weighs->isString() && !weighs->boolean))
    return true;
  bool isPerElement = weighs->isString() && weighs->string == "element";
  RankedTensorType type = typeOf(losses);
  if (type.getRank() == 0) {
    context.error("has no samples that could be weighed");
    return false;
  }
  std::optional<Shape> shape = describeShape(losses);
  if (!shape)
    return false;
  if (!isPerElement) {
    shape->extents.resize(1);
    shape->dims.resize(1);
  }
  Value given = addInput("sample_weight", *shape, type.getElementType());
  if (!given)
    return false;
  if (!isPerElement) {
    SmallVector<int64_t> column(type.getRank(), 1);
    column[0] = -2;
    given = context.reshape(given, column);
  }
  weights = weights ? context.create<dlc::MulOp>(weights, given) : given;
  return weights != nullptr;
}

//===-- Means -------------------------------------------------------------===//

static SmallVector<int64_t> allAxes(Value x) { return llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank())); }

Value LossImporter::sum(Value values) {
  return context.create<dlc::ReduceOp>(dlc::ReductionKind::Sum, values, ArrayRef<int64_t>(allAxes(values)), false);
}

/// `values` times the weights of the losses that they belong to.
Value LossImporter::weigh(Value values) {
  return weights ? context.create<dlc::MulOp>(values, weightsOf(values)) : values;
}

/// The weights as they broadcast against `values`, which may have the dimension of the classes that losses lack.
Value LossImporter::weightsOf(Value values) {
  RankedTensorType type = typeOf(weights);
  if (typeOf(values).getRank() == type.getRank())
    return weights;
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(type.isDynamicDim(dim) ? -2 - dim : type.getDimSize(dim));
  shape.insert(shape.begin() + classAxis, 1);
  return context.reshape(weights, shape);
}

/// The mean; with weights, the weighted one.
Value LossImporter::average(Value values) {
  if (!weights)
    return context.create<dlc::ReduceOp>(dlc::ReductionKind::Mean, values, ArrayRef<int64_t>(allAxes(values)), false);
  Value own = weightsOf(values), share = sum(own);
  RankedTensorType type = typeOf(values);
  SmallVector<int64_t> shared; // dimensions along which a weight stands for all
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (typeOf(own).getDimSize(dim) == 1 && type.getDimSize(dim) != 1)
      shared.push_back(dim);
  if (!shared.empty())
    share = context.create<dlc::MulOp>(
        share, context.create<dlc::ExtentOp>(values, ArrayRef<int64_t>(shared), type.getElementType()));
  // Where nothing counts, the mean is 0.
  Value isNothing = context.create<dlc::EqualOp>(share, context.constant(0, type.getElementType()));
  share = context.create<dlc::WhereOp>(isNothing, context.constant(1, type.getElementType()), share);
  return context.create<dlc::DivOp>(sum(weigh(values)), share);
}

//===-- Metrics -----------------------------------------------------------===//

/// Whether each prediction is right, as 0 or 1.
Value LossImporter::buildAccuracy(const JsonValue &metric) {
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
    context.reporter.error(metric.position, "the metric 'accuracy' needs a loss of classes");
    return {};
  }
  return context.create<dlc::CastOp>(isRight, elementType);
}

Value LossImporter::buildMetric(const JsonValue &metric) {
  if (metric.string == "accuracy")
    return buildAccuracy(metric);
  if (hasClassNumbers) {
    context.reporter.error(metric.position,
                           "the metric '" + metric.string + "' compares numbers, and the labels are classes");
    return {};
  }
  dlc::LossDescription error;
  error.kind = metric.string == "mean_squared_error" ? dlc::LossKind::SquaredError : dlc::LossKind::AbsoluteError;
  return dlc::buildLoss(context.builder, context.location, error, predictions, label);
}
