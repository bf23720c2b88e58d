// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingImporter.h"
#include "frontend/json/Elements.h"
#include "frontend/json/TrainingOptions.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc::json;

static constexpr llvm::StringLiteral scopeName = "optimizer";

void TrainingImporter::import() {
  if (!chooseParameters())
    return;
  declareRandomness(module);
  using Results = SmallVector<std::pair<std::string, Value>>;
  if (std::optional<Batch> batch = importBatch("evaluate", false)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    for (auto [name, value] : llvm::zip(batch->outputNames, batch->outputs))
      results.emplace_back(name, value);
    finish(batch->function, results);
  }
  if (std::optional<Batch> batch = importBatch("train_step", true)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    applyGradients(batch->function, differentiate(*batch));
    for (auto &[name, value] : batch->updates)
      dlc::AssignOp::create(builder, value.getLoc(), name, value);
    finish(batch->function, results);
  }
  if (std::optional<Batch> batch = importBatch("gradients", true)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    for (auto [entry, gradient] : llvm::zip(trained, differentiate(*batch)))
      results.emplace_back(("gradient." + entry.parameter.getSymName()).str(), gradient);
    for (auto &[name, value] : batch->updates)
      dlc::AssignOp::create(builder, value.getLoc(), name, value);
    finish(batch->function, results);
  }
  func::FuncOp apply = createFunction("apply_gradients");
  SmallVector<Value> gradients;
  for (const Trained &entry : trained) {
    dlc::ParameterOp parameter = entry.parameter;
    auto name = builder.getDictionaryAttr(
        builder.getNamedAttr("dlc.name", builder.getStringAttr("gradient." + parameter.getSymName())));
    if (failed(apply.insertArgument(apply.getNumArguments(), parameter.getType(), name, parameter.getLoc())))
      return;
    gradients.push_back(apply.getArguments().back());
  }
  applyGradients(apply, gradients);
  finish(apply, {});
}

func::FuncOp TrainingImporter::createFunction(StringRef name) {
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, reporter.at(training.position), name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  return function;
}

void TrainingImporter::finish(func::FuncOp function, ArrayRef<std::pair<std::string, Value>> results) {
  SmallVector<Value> values;
  for (auto &[name, value] : results)
    values.push_back(value);
  func::ReturnOp::create(builder, function.getLoc(), values);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [number, result] : llvm::enumerate(results))
    function.setResultAttr(number, "dlc.name", builder.getStringAttr(result.first));
}

//===-- Parameters --------------------------------------------------------===//

/// A group names parameters, or layers for all of theirs.
bool TrainingImporter::matches(const JsonValue &group, StringRef parameter) {
  for (const JsonValue &name : group.find("parameters")->elements)
    if (parameter == name.string || (parameter.starts_with(name.string) && parameter[name.string.size()] == '.'))
      return true;
  return false;
}

bool TrainingImporter::chooseParameters() {
  const JsonValue *groups = training.find("groups");
  SmallVector<StringRef> names;
  for (auto parameter : module.getOps<dlc::ParameterOp>())
    names.push_back(parameter.getSymName());
  for (const JsonValue &group : groups ? ArrayRef(groups->elements) : ArrayRef<JsonValue>())
    for (const JsonValue &name : group.find("parameters")->elements)
      if (llvm::none_of(names, [&](StringRef parameter) {
            return parameter == name.string || parameter.starts_with(name.string + ".");
          }))
        reporter.error(name.position, "there is no parameter or layer with parameters called '" + name.string + "'" +
                                          suggest(name.string, names));
  for (auto parameter : module.getOps<dlc::ParameterOp>()) {
    if (parameter.getKind() != "weight" || !isa<FloatType>(getElementTypeOrSelf(parameter.getType())))
      continue;
    Trained entry{parameter};
    bool isFrozen = false;
    for (const JsonValue &group : groups ? ArrayRef(groups->elements) : ArrayRef<JsonValue>()) {
      if (!matches(group, parameter.getSymName()))
        continue;
      if (const JsonValue *rate = group.find("rate"))
        entry.rate = rate->number;
      if (const JsonValue *decay = group.find("weight_decay"))
        entry.weightDecay = decay->number;
      if (const JsonValue *norm = group.find("max_norm"))
        entry.maxNorm = norm->number;
      if (const JsonValue *frozen = group.find("frozen"))
        isFrozen = frozen->boolean;
    }
    if (!isFrozen)
      trained.push_back(entry);
  }
  if (trained.empty() && !reporter.hasErrors())
    reporter.error(training.position, "the model has no parameters that training could change");
  return !reporter.hasErrors();
}

//===-- Batches -----------------------------------------------------------===//

dlc::LossDescription TrainingImporter::readLoss() {
  const JsonValue &value = *training.find("loss");
  TrainingOptions options(*getLossRule(), value);
  dlc::LossDescription loss;
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
  return loss;
}

std::optional<TrainingImporter::Batch> TrainingImporter::importBatch(StringRef name, bool isTraining) {
  Batch batch;
  batch.function = createFunction(name);
  llvm::StringMap<Value> inputs;
  if (!importer.addInputs(batch.function, model, [](StringRef) { return true; }, {}, inputs))
    return std::nullopt;
  std::optional<TrainingScope> scope;
  if (isTraining)
    scope.emplace(loadRandomness(builder, batch.function.getLoc()));
  ZeroStates states;
  llvm::StringMap<Value> tensors =
      importer.importInto(batch.function, model, inputs, states, scope ? &*scope : nullptr);
  builder.setInsertionPointToEnd(&batch.function.getBody().front());
  if (reporter.hasErrors())
    return std::nullopt;
  for (const std::string &output : importer.getOutputNames(model)) {
    batch.outputNames.push_back(output);
    batch.outputs.push_back(tensors.lookup(output));
  }
  Value predictions = batch.outputs.front();
  if (const JsonValue *output = training.find("output")) {
    predictions = tensors.lookup(output->string);
    if (!predictions)
      reporter.error(output->position, "the loss looks at '" + output->string + "', which the model does not have");
  }
  OpContext context(builder, reporter, Attributes({}, nullptr), "loss", "the loss", training.find("loss")->position);
  if (!predictions || llvm::is_contained(batch.outputs, Value()))
    return std::nullopt;
  if (!isa<FloatType>(typeOf(predictions).getElementType())) {
    context.error("looks at '" + batch.outputNames.front() + "' of type " + describeType(predictions.getType()) +
                  ", which is not of floating point");
    return std::nullopt;
  }
  dlc::LossDescription loss = readLoss();
  int64_t rank = typeOf(predictions).getRank();
  if (loss.isOverClasses() && (loss.classAxis < -rank || loss.classAxis >= rank ||
                               typeOf(predictions).isDynamicDim((loss.classAxis + rank) % rank))) {
    context.error("is over classes, and its predictions " + describeType(predictions.getType()) +
                  " have no dimension of a known number of classes at 'axis' " + Twine(loss.classAxis));
    return std::nullopt;
  }
  Value label = addLabel(context, batch.function, loss, predictions);
  if (!label)
    return std::nullopt;
  builder.setInsertionPointToEnd(&batch.function.getBody().front());
  Value losses = dlc::buildLoss(builder, context.location, loss, predictions, label);
  batch.loss = reduceLoss(context, batch.function, losses);
  if (batch.loss)
    batch.loss = regularize(context, batch.loss);
  if (!batch.loss || !addMetrics(context, loss, predictions, label, batch))
    return std::nullopt;
  if (scope)
    batch.updates.assign(scope->getUpdates().begin(), scope->getUpdates().end());
  return batch;
}

/// The input that predictions are compared with: class numbers or numbers in the shape of the predictions.
Value TrainingImporter::addLabel(OpContext &context, func::FuncOp function, const dlc::LossDescription &loss,
                                 Value predictions) {
  const JsonValue *given = training.find("label");
  FailureOr<dlc::SymbolicShapes> shapes = failure();
  {
    // Shapes are read from a function that ends.
    OpBuilder::InsertionGuard guard(builder);
    auto end = func::ReturnOp::create(builder, function.getLoc(), ValueRange());
    shapes = dlc::SymbolicShapes::analyze(function);
    end.erase();
  }
  if (failed(shapes))
    return {};
  const JsonValue *type = given ? given->find("type") : nullptr;
  bool takesClasses = loss.kind == dlc::LossKind::CrossEntropy || loss.kind == dlc::LossKind::LogLikelihood ||
                      loss.kind == dlc::LossKind::MulticlassHinge;
  Type elementType = type           ? getElementType(type->string, builder.getContext())
                     : takesClasses ? Type(builder.getI64Type())
                                    : typeOf(predictions).getElementType();
  bool isClassNumbers = takesClasses && !isa<FloatType>(elementType);
  int64_t rank = typeOf(predictions).getRank(), classAxis = loss.classAxis < 0 ? loss.classAxis + rank : loss.classAxis;
  SmallVector<int64_t> extents;
  SmallVector<Attribute> dims;
  for (auto [dim, extent] : llvm::enumerate(shapes->getDims(predictions))) {
    if (isClassNumbers && static_cast<int64_t>(dim) == classAxis)
      continue;
    if (std::optional<int64_t> known = dlc::constantDim(extent)) {
      extents.push_back(*known);
      dims.push_back(builder.getI64IntegerAttr(*known));
    } else if (auto symbol = dyn_cast<AffineSymbolExpr>(extent)) {
      extents.push_back(ShapedType::kDynamic);
      dims.push_back(builder.getStringAttr(shapes->getSymbols()[symbol.getPosition()]));
    } else {
      return context.error("looks at predictions whose dimension " + Twine(dim) +
                           " is neither a number nor a dimension of an input");
    }
  }
  if (const JsonValue *shape = given ? given->find("shape") : nullptr) {
    bool fits = shape->elements.size() == dims.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      auto known = dyn_cast<IntegerAttr>(dims[i]);
      fits = known ? !shape->elements[i].isString() && shape->elements[i].integer == known.getInt()
                   : shape->elements[i].isString() && shape->elements[i].string == cast<StringAttr>(dims[i]).getValue();
    }
    if (!fits) {
      reporter.error(shape->position, "the label has another shape than this loss of predictions " +
                                          describeType(predictions.getType()) + " needs: leave 'shape' out");
      return {};
    }
  }
  const JsonValue *name = given ? given->find("name") : nullptr;
  StringAttr nameAttr = builder.getStringAttr(name ? name->string : "label");
  for (BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), "dlc.name") == nameAttr)
      return context.error("needs a label, and an input is called '" + nameAttr.getValue() +
                           "', too: give the label a 'name'");
  SmallVector<NamedAttribute> attributes = {builder.getNamedAttr("dlc.name", nameAttr),
                                            builder.getNamedAttr("dlc.dims", builder.getArrayAttr(dims)),
                                            builder.getNamedAttr("dlc.label", builder.getUnitAttr())};
  if (isClassNumbers)
    attributes.push_back(builder.getNamedAttr(
        "dlc.checks",
        builder.getArrayAttr(builder.getDictionaryAttr(
            {builder.getNamedAttr("what", builder.getStringAttr("the classes of the loss")),
             builder.getNamedAttr("kind", builder.getStringAttr("index")),
             builder.getNamedAttr("extent", builder.getI64IntegerAttr(typeOf(predictions).getDimSize(classAxis)))}))));
  if (failed(function.insertArgument(function.getNumArguments(), RankedTensorType::get(extents, elementType),
                                     builder.getDictionaryAttr(attributes), context.location)))
    return {};
  return function.getArguments().back();
}

/// The mean (or sum) of the samples' losses; with weights, the weighted mean.
Value TrainingImporter::reduceLoss(OpContext &context, func::FuncOp function, Value losses) {
  bool isSum = TrainingOptions(*getLossRule(), *training.find("loss")).find("reduction")->string == "sum";
  RankedTensorType type = typeOf(losses);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  const JsonValue *weighs = training.find("sample_weights");
  if (!weighs || !weighs->boolean)
    return context.create<dlc::ReduceOp>(isSum ? dlc::ReductionKind::Sum : dlc::ReductionKind::Mean, losses,
                                         ArrayRef<int64_t>(axes), false);
  if (type.getRank() == 0)
    return context.error("has no samples that could be weighed");
  Attribute batch = function.getArgAttrOfType<ArrayAttr>(0, "dlc.dims")[0];
  auto attributes = builder.getDictionaryAttr({builder.getNamedAttr("dlc.name", builder.getStringAttr("sample_weight")),
                                               builder.getNamedAttr("dlc.dims", builder.getArrayAttr(batch)),
                                               builder.getNamedAttr("dlc.label", builder.getUnitAttr())});
  if (failed(function.insertArgument(function.getNumArguments(),
                                     RankedTensorType::get({type.getDimSize(0)}, type.getElementType()), attributes,
                                     context.location)))
    return {};
  // One weight for all that a sample has.
  SmallVector<int64_t> column(type.getRank(), 1);
  column[0] = -1;
  Value weights = context.reshape(function.getArguments().back(), column),
        weighted = context.create<dlc::MulOp>(losses, weights),
        sum = context.create<dlc::ReduceOp>(dlc::ReductionKind::Sum, weighted, ArrayRef<int64_t>(axes), false);
  if (isSum)
    return sum;
  Value share = context.create<dlc::ReduceOp>(dlc::ReductionKind::Sum, weights, ArrayRef<int64_t>(axes), false);
  int64_t others = 1;
  for (int64_t extent : type.getShape().drop_front()) {
    if (ShapedType::isDynamic(extent))
      return context.error("weighs samples, and needs to know how much a sample has, but losses are " +
                           describeType(type));
    others *= extent;
  }
  return context.create<dlc::DivOp>(
      sum, context.create<dlc::MulOp>(share, context.constant(static_cast<double>(others), type.getElementType())));
}

/// Costs of large weights: l1 / T sum |w| + l2 / (2 T) sum w^2, over parameters of rank 2 and more.
Value TrainingImporter::regularize(OpContext &context, Value loss) {
  const JsonValue *section = training.find("regularization");
  auto number = [&](StringRef key, double otherwise) {
    const JsonValue *value = section ? section->find(key) : nullptr;
    return value ? value->number : otherwise;
  };
  double l1 = number("l1", 0), l2 = number("l2", 0), examples = number("examples", 1);
  for (const Trained &entry : trained) {
    dlc::ParameterOp parameter = entry.parameter;
    auto type = cast<RankedTensorType>(parameter.getType());
    if (type.getRank() < 2)
      continue;
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    auto addCost = [&](double factor, dlc::ReductionKind kind) {
      if (factor == 0)
        return;
      Value weights = dlc::LoadParameterOp::create(builder, context.location, type, parameter.getSymName()),
            sum = context.create<dlc::ReduceOp>(kind, weights, ArrayRef<int64_t>(axes), false),
            cost = context.create<dlc::MulOp>(sum, context.constant(factor / examples, type.getElementType()));
      if (type.getElementType() != typeOf(loss).getElementType())
        cost = context.create<dlc::CastOp>(cost, typeOf(loss).getElementType());
      loss = context.create<dlc::AddOp>(loss, cost);
    };
    addCost(l1, dlc::ReductionKind::L1);
    addCost(l2 / 2, dlc::ReductionKind::SumSquare);
  }
  return loss;
}

bool TrainingImporter::addMetrics(OpContext &context, const dlc::LossDescription &loss, Value predictions, Value label,
                                  Batch &batch) {
  const JsonValue *metrics = training.find("metrics");
  RankedTensorType type = typeOf(predictions);
  Type elementType = type.getElementType();
  int64_t axis = loss.classAxis < 0 ? loss.classAxis + type.getRank() : loss.classAxis;
  bool hasClassNumbers = loss.isOverClasses() && !isa<FloatType>(typeOf(label).getElementType());
  for (const JsonValue &metric : metrics ? ArrayRef(metrics->elements) : ArrayRef<JsonValue>()) {
    Value values;
    if (metric.string == "accuracy") {
      Value isRight;
      auto choose = [&](Value x) {
        return context.create<dlc::ArgExtremeOp>(x, static_cast<uint64_t>(axis), false, false, false);
      };
      if (loss.isOverClasses()) {
        Value expected = hasClassNumbers ? label : choose(label);
        if (expected && typeOf(expected).getElementType() != builder.getI64Type())
          expected = context.create<dlc::CastOp>(expected, builder.getI64Type());
        isRight = context.create<dlc::EqualOp>(choose(predictions), expected);
      } else if (loss.kind == dlc::LossKind::BinaryCrossEntropy || loss.kind == dlc::LossKind::Hinge) {
        // Probabilities are compared with 1/2; logits, and scores of -1 and 1, with 0.
        bool isProbability = loss.kind == dlc::LossKind::BinaryCrossEntropy && !loss.fromLogits;
        Value expected = label;
        if (typeOf(label).getElementType() != elementType)
          expected = context.create<dlc::CastOp>(label, elementType);
        isRight = context.create<dlc::EqualOp>(
            context.create<dlc::GreaterOp>(predictions, context.constant(isProbability ? 0.5 : 0, elementType)),
            context.create<dlc::GreaterOp>(expected,
                                           context.constant(loss.kind == dlc::LossKind::Hinge ? 0 : 0.5, elementType)));
      } else {
        reporter.error(metric.position, "the metric 'accuracy' needs a loss of classes");
        return false;
      }
      values = context.create<dlc::CastOp>(isRight, elementType);
    } else {
      if (hasClassNumbers) {
        reporter.error(metric.position,
                       "the metric '" + metric.string + "' compares numbers, and the labels are classes");
        return false;
      }
      dlc::LossDescription error;
      error.kind = metric.string == "mean_squared_error" ? dlc::LossKind::SquaredError : dlc::LossKind::AbsoluteError;
      values = dlc::buildLoss(builder, context.location, error, predictions, label);
    }
    if (!values)
      return false;
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(values).getRank()));
    batch.metrics.emplace_back(
        metric.string, context.create<dlc::ReduceOp>(dlc::ReductionKind::Mean, values, ArrayRef<int64_t>(axes), false));
  }
  return true;
}

//===-- Steps -------------------------------------------------------------===//

SmallVector<Value> TrainingImporter::differentiate(Batch &batch) {
  // The first load of a parameter stands for all of them.
  SmallVector<Value> variables;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&batch.function.getBody().front());
    for (const Trained &entry : trained) {
      dlc::ParameterOp parameter = entry.parameter;
      variables.push_back(
          dlc::LoadParameterOp::create(builder, parameter.getLoc(), parameter.getType(), parameter.getSymName()));
    }
  }
  auto op = dlc::GradientOp::create(builder, batch.loss.getLoc(), batch.loss, variables);
  return SmallVector<Value>(op.getGradients());
}

Value TrainingImporter::addHyperparameter(func::FuncOp function, StringRef name, double otherwise) {
  Type elementType = getElementTypeOrSelf(trained.front().parameter.getType());
  // Halves are too coarse for rates.
  if (elementType.getIntOrFloatBitWidth() < 32)
    elementType = builder.getF32Type();
  auto attributes =
      builder.getDictionaryAttr({builder.getNamedAttr("dlc.name", builder.getStringAttr(name)),
                                 builder.getNamedAttr("dlc.hyperparameter", builder.getF64FloatAttr(otherwise))});
  if (failed(function.insertArgument(function.getNumArguments(), RankedTensorType::get({}, elementType), attributes,
                                     function.getLoc())))
    return {};
  return function.getArguments().back();
}

void TrainingImporter::applyGradients(func::FuncOp function, ValueRange gradients) {
  const JsonValue &optimizer = *training.find("optimizer");
  TrainingOptions options(*getOptimizerRule(), optimizer);
  Value rate = addHyperparameter(function, "learning_rate", options.find("learning_rate")->number);
  SmallVector<NamedAttribute> entries(describeOptimizer(builder, optimizer).getValue());
  if (const JsonValue *clip = training.find("clip"))
    for (StringRef key : {"value", "norm"})
      if (const JsonValue *limit = clip->find(key))
        entries.push_back(builder.getNamedAttr(("clip_" + key).str(), builder.getF64FloatAttr(limit->number)));
  SmallVector<Attribute> parameters;
  SmallVector<double> rates, decays, norms;
  const JsonValue *decay = options.find("weight_decay");
  for (const Trained &entry : trained) {
    dlc::ParameterOp parameter = entry.parameter;
    parameters.push_back(FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
    rates.push_back(entry.rate);
    decays.push_back(entry.weightDecay.value_or(decay ? decay->number : 0));
    norms.push_back(entry.maxNorm.value_or(0));
  }
  auto op = dlc::ApplyGradientsOp::create(builder, function.getLoc(), builder.getArrayAttr(parameters), rate, gradients,
                                          builder.getDictionaryAttr(entries), builder.getStringAttr(scopeName));
  op->setAttr("rates", builder.getDenseF64ArrayAttr(rates));
  op->setAttr("weight_decays", builder.getDenseF64ArrayAttr(decays));
  op->setAttr("max_norms", builder.getDenseF64ArrayAttr(norms));
  advanceSteps(builder, function.getLoc());
}
