// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/LossImporter.h"
#include "frontend/json/Elements.h"
#include "ir/Annotations.h"
#include "ir/SymbolicShapes.h"

using namespace mlir;
using namespace dlc::json;

LossImporter::LossImporter(OpContext &context, const JsonValue &training, TrainingBatch &batch)
    : context(context), training(training), batch(batch), shapes(batch.function), signature(batch.function),
      loss(context, *training.find("loss")) {}

Value LossImporter::import(Value predictions) {
  Value result = buildLoss(predictions);
  signature.finish();
  return result;
}

Value LossImporter::buildLoss(Value predictions) {
  Value label = loss.setPredictions(predictions) ? addLabel() : Value();
  if (!label)
    return {};
  context.builder.setInsertionPointToEnd(&batch.function.getBody().front());
  loss.compare(label);
  if (!addWeights())
    return {};
  Value result = loss.reduce();
  const JsonValue *metrics = training.find("metrics");
  for (const JsonValue &metric : metrics ? ArrayRef(metrics->elements) : ArrayRef<JsonValue>()) {
    Value values = buildMetric(metric), average = values ? loss.average(values) : Value();
    if (!average)
      return {};
    batch.metrics.emplace_back(metric.string, average);
  }
  return result;
}

//===-- Inputs ------------------------------------------------------------===//

std::optional<LossImporter::Shape> LossImporter::describeShape(Value value) {
  FailureOr<ArrayRef<AffineExpr>> inferred = shapes.infer(value);
  if (failed(inferred))
    return std::nullopt;
  Shape shape;
  shape.symbolic = dlc::Dims(*inferred);
  for (auto [dim, extent] : llvm::enumerate(shape.symbolic)) {
    if (std::optional<int64_t> known = dlc::constantDim(extent)) {
      shape.extents.push_back(*known);
      shape.dims.push_back(context.builder.getI64IntegerAttr(*known));
    } else if (auto symbol = dyn_cast<AffineSymbolExpr>(extent);
               symbol && !dlc::isDerived(extent, shapes.getBounds())) {
      shape.extents.push_back(ShapedType::kDynamic);
      shape.dims.push_back(context.builder.getStringAttr(shapes.getSymbols()[symbol.getPosition()]));
    } else {
      context.error("is computed from predictions whose dimension " + Twine(dim) +
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
  auto hasName = [&](unsigned number) { return dlc::annotation::name.getOfArgument(function, number) == nameAttr; };
  if (llvm::is_contained(added, nameAttr) ||
      llvm::any_of(llvm::seq(function.getFunctionType().getNumInputs()), hasName))
    return context.error("needs an input '" + name +
                         "', and the model has one of this name: call that, or the "
                         "label (by its 'name'), something else");
  SmallVector<NamedAttribute> attributes = {dlc::annotation::name.with(nameAttr),
                                            dlc::annotation::dims.with(builder.getArrayAttr(shape.dims)),
                                            dlc::annotation::label.with(builder.getUnitAttr())};
  if (checks)
    attributes.push_back(dlc::annotation::checks.with(checks));
  BlockArgument argument = signature.addArgument(RankedTensorType::get(shape.extents, elementType), context.location,
                                                 builder.getDictionaryAttr(attributes));
  shapes.bind(argument, shape.symbolic);
  added.push_back(nameAttr);
  return argument;
}

/// The input that predictions are compared with: class numbers or numbers in the shape of the predictions.
Value LossImporter::addLabel() {
  Builder &builder = context.builder;
  const JsonValue *given = training.find("label");
  const JsonValue *type = given ? given->find("type") : nullptr;
  Type elementType = type ? getElementType(type->string, builder.getContext()) : loss.getLabelType();
  bool hasClassNumbers = loss.takesClassNumbers(elementType);
  std::optional<Shape> needed = describeShape(loss.predictions);
  if (!needed)
    return {};
  if (hasClassNumbers) {
    needed->extents.erase(needed->extents.begin() + loss.getClassAxis());
    needed->dims.erase(needed->dims.begin() + loss.getClassAxis());
    needed->symbolic.erase(needed->symbolic.begin() + loss.getClassAxis());
  }
  ArrayRef<Attribute> dims = needed->dims;
  if (!loss.acceptsLabels(elementType))
    return {};
  if (const JsonValue *shape = given ? given->find("shape") : nullptr) {
    bool fits = shape->elements.size() == dims.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      auto known = dyn_cast<IntegerAttr>(dims[i]);
      fits = known ? !shape->elements[i].isString() && shape->elements[i].integer == known.getInt()
                   : shape->elements[i].isString() && shape->elements[i].string == cast<StringAttr>(dims[i]).getValue();
    }
    if (!fits) {
      context.reporter.error(shape->position, "the label has another shape than this loss of predictions " +
                                                  describeTensor(loss.predictions) + " needs: leave 'shape' out" +
                                                  loss.describeClassNumbers(elementType, shape->elements.size()));
      return {};
    }
  }
  const JsonValue *name = given ? given->find("name") : nullptr;
  dlc::ElementCheckAttr check = loss.describeCheck(elementType, hasWeights());
  return addInput(name ? StringRef(name->string) : "label", *needed, elementType,
                  check ? builder.getArrayAttr(check) : ArrayAttr());
}

bool LossImporter::hasWeights() const {
  const JsonValue *weighs = training.find("sample_weights");
  return weighs && (weighs->isString() || weighs->boolean);
}

/// An input with one weight for all that a sample has, or for each of its losses, if the model says so.
bool LossImporter::addWeights() {
  if (!hasWeights())
    return true;
  const JsonValue &weighs = *training.find("sample_weights");
  bool isPerElement = weighs.isString() && weighs.string == "element";
  RankedTensorType type = typeOf(loss.getLosses());
  if (type.getRank() == 0) {
    context.error("has no samples that could be weighted");
    return false;
  }
  std::optional<Shape> shape = describeShape(loss.getLosses());
  if (!shape)
    return false;
  if (!isPerElement) {
    shape->extents.resize(1);
    shape->dims.resize(1);
    shape->symbolic.resize(1);
  }
  Value given = addInput("sample_weight", *shape, type.getElementType());
  return given && loss.addWeights(given);
}

//===-- Metrics -----------------------------------------------------------===//

/// What `metric` says of each prediction.
Value LossImporter::buildMetric(const JsonValue &metric) {
  if (metric.string == "accuracy") {
    Value isRight = loss.judge();
    if (!isRight && !context.reporter.hasErrors())
      context.reporter.error(metric.position, "the metric 'accuracy' needs a loss of classes");
    return isRight;
  }
  if (loss.hasClassNumbers) {
    context.reporter.error(metric.position,
                           "the metric '" + metric.string + "' compares numbers, and the labels are classes");
    return {};
  }
  dlc::LossDescription error;
  error.kind = metric.string == "mean_squared_error" ? dlc::LossKind::SquaredError : dlc::LossKind::AbsoluteError;
  return dlc::buildLoss(context.builder, context.location, error, loss.predictions, loss.label);
}
