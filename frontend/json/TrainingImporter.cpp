// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingImporter.h"
#include "frontend/json/Elements.h"
#include "frontend/json/TrainingOptions.h"
#include "frontend/json/TrainingRules.h"
#include "ir/Annotations.h"
#include "ir/OpsConversion.h"
#include "ir/OpsParameter.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTraining.h"
#include "ir/SignatureBuilder.h"

using namespace mlir;
using namespace dlc::json;

static constexpr llvm::StringLiteral scopeName = "optimizer";

void TrainingImporter::import() {
  std::optional<SmallVector<TrainedParameter>> chosen = TrainedParameters(module, training, graph, reporter).choose();
  if (!chosen)
    return;
  trained = std::move(*chosen);
  graph.prepare(llvm::map_to_vector(trained, [](const TrainedParameter &entry) { return entry.parameter; }));
  declareRandomness(module);
  using Results = SmallVector<std::pair<std::string, Value>>;
  if (std::optional<TrainingBatch> batch = importBatch("evaluate", false)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    for (auto [name, value] : llvm::zip(batch->outputNames, batch->outputs))
      results.emplace_back(name, value);
    dlc::SignatureBuilder signature(batch->function);
    finish(batch->function, signature, results);
  }
  if (std::optional<TrainingBatch> batch = importBatch("train_step", true)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    dlc::SignatureBuilder signature(batch->function);
    applyGradients(batch->function, signature, differentiate(*batch));
    for (auto &[name, value] : batch->updates)
      dlc::AssignOp::create(builder, value.getLoc(), name, value);
    finish(batch->function, signature, results);
  }
  if (std::optional<TrainingBatch> batch = importBatch("gradients", true)) {
    Results results{{"loss", batch->loss}};
    llvm::append_range(results, batch->metrics);
    for (auto [entry, gradient] : llvm::zip(trained, differentiate(*batch)))
      results.emplace_back(("gradient." + entry.parameter.getSymName()).str(), gradient);
    for (auto &[name, value] : batch->updates)
      dlc::AssignOp::create(builder, value.getLoc(), name, value);
    dlc::SignatureBuilder signature(batch->function);
    finish(batch->function, signature, results);
  }
  func::FuncOp apply = createFunction("apply_gradients");
  SmallVector<Value> gradients;
  dlc::SignatureBuilder signature(apply);
  for (const TrainedParameter &entry : trained) {
    dlc::ParameterOp parameter = entry.parameter;
    auto name = builder.getDictionaryAttr(
        dlc::annotation::name.with(builder.getStringAttr("gradient." + parameter.getSymName())));
    gradients.push_back(signature.addArgument(parameter.getType(), parameter.getLoc(), name));
  }
  applyGradients(apply, signature, gradients);
  finish(apply, signature, {});
}

func::FuncOp TrainingImporter::createFunction(StringRef name) {
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, reporter.at(training.position), name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  return function;
}

void TrainingImporter::finish(func::FuncOp function, dlc::SignatureBuilder &signature,
                              ArrayRef<std::pair<std::string, Value>> results) {
  SmallVector<Value> values;
  for (auto &[name, value] : results) {
    values.push_back(value);
    signature.addResult(value.getType(),
                        builder.getDictionaryAttr(dlc::annotation::name.with(builder.getStringAttr(name))));
  }
  func::ReturnOp::create(builder, function.getLoc(), values);
  signature.finish();
}

//===-- Batches -----------------------------------------------------------===//

std::optional<TrainingBatch> TrainingImporter::importBatch(StringRef name, bool isTraining) {
  TrainingBatch batch;
  batch.function = createFunction(name);
  std::optional<TrainingScope> scope;
  if (isTraining)
    scope.emplace(loadRandomness(builder, batch.function.getLoc()));
  if (!graph.write(batch, scope ? &*scope : nullptr))
    return std::nullopt;
  builder.setInsertionPointToEnd(&batch.function.getBody().front());
  Value predictions = batch.outputs.front();
  if (const JsonValue *output = training.find("output")) {
    predictions = batch.tensors.lookup(output->string);
    if (!predictions) {
      SmallVector<StringRef> names(batch.outputNames.begin(), batch.outputNames.end());
      reporter.error(output->position, "the loss looks at '" + output->string + "', which the model does not have" +
                                           suggest(output->string, names));
    }
  }
  OpContext context(builder, reporter, Attributes({}, nullptr), "loss", "the loss", training.find("loss")->position);
  if (!predictions || llvm::is_contained(batch.outputs, Value()))
    return std::nullopt;
  if (!isa<FloatType>(typeOf(predictions).getElementType())) {
    context.error("looks at '" + batch.outputNames.front() + "' of type " + describeTensor(predictions) +
                  ", which is not floating-point");
    return std::nullopt;
  }
  batch.loss = LossImporter(context, training, batch).import(predictions);
  if (batch.loss)
    batch.loss = regularize(context, batch.loss);
  if (!batch.loss)
    return std::nullopt;
  if (scope)
    batch.updates.assign(scope->getUpdates().begin(), scope->getUpdates().end());
  return batch;
}

/// Costs of large weights: l1 / T sum |w| + l2 / (2 T) sum w^2, over parameters of rank 2 and more.
Value TrainingImporter::regularize(OpContext &context, Value loss) {
  const JsonValue *section = training.find("regularization");
  auto number = [&](StringRef key, double otherwise) {
    const JsonValue *value = section ? section->find(key) : nullptr;
    return value ? value->number : otherwise;
  };
  double l1 = number("l1", 0), l2 = number("l2", 0), examples = number("examples", 1);
  for (const TrainedParameter &entry : trained) {
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
            cost = context.multiply(sum, context.constant(factor / examples, type.getElementType()));
      if (type.getElementType() != typeOf(loss).getElementType())
        cost = context.create<dlc::CastOp>(cost, typeOf(loss).getElementType());
      loss = context.add(loss, cost);
    };
    addCost(l1, dlc::ReductionKind::L1);
    addCost(l2 / 2, dlc::ReductionKind::SumSquare);
  }
  return loss;
}

//===-- Steps -------------------------------------------------------------===//

SmallVector<Value> TrainingImporter::differentiate(TrainingBatch &batch) {
  // The first load of a parameter represents all of them.
  SmallVector<Value> variables;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&batch.function.getBody().front());
    for (const TrainedParameter &entry : trained) {
      dlc::ParameterOp parameter = entry.parameter;
      variables.push_back(
          dlc::LoadParameterOp::create(builder, parameter.getLoc(), parameter.getType(), parameter.getSymName()));
    }
  }
  auto op = dlc::GradientOp::create(builder, batch.loss.getLoc(), batch.loss, variables);
  return SmallVector<Value>(op.getGradients());
}

Value TrainingImporter::addHyperparameter(dlc::SignatureBuilder &signature, Location location, StringRef name,
                                          double otherwise) {
  Type elementType = getElementTypeOrSelf(trained.front().parameter.getType());
  // Halves are too coarse for rates.
  if (elementType.getIntOrFloatBitWidth() < 32)
    elementType = builder.getF32Type();
  auto attributes =
      builder.getDictionaryAttr({dlc::annotation::name.with(builder.getStringAttr(name)),
                                 dlc::annotation::hyperparameter.with(builder.getF64FloatAttr(otherwise))});
  return signature.addArgument(RankedTensorType::get({}, elementType), location, attributes);
}

void TrainingImporter::applyGradients(func::FuncOp function, dlc::SignatureBuilder &signature, ValueRange gradients) {
  const JsonValue &optimizer = *training.find("optimizer");
  TrainingOptions options(*getOptimizerRule(), optimizer);
  Value rate = addHyperparameter(signature, function.getLoc(), "learning_rate", options.find("learning_rate")->number);
  SmallVector<NamedAttribute> entries(describeOptimizer(builder, optimizer).getValue());
  if (const JsonValue *clip = training.find("clip"))
    for (StringRef key : {"value", "norm"})
      if (const JsonValue *limit = clip->find(key))
        entries.push_back(builder.getNamedAttr(("clip_" + key).str(), builder.getF64FloatAttr(limit->number)));
  SmallVector<Attribute> parameters;
  SmallVector<double> rates, decays, norms;
  const JsonValue *decay = options.find("weight_decay");
  for (const TrainedParameter &entry : trained) {
    dlc::ParameterOp parameter = entry.parameter;
    parameters.push_back(FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
    rates.push_back(entry.rate);
    decays.push_back(entry.weightDecay.value_or(decay ? decay->number : 0));
    norms.push_back(entry.maxNorm.value_or(0));
  }
  const JsonValue *runs = training.find("gradient_accumulation_steps");
  dlc::ApplyGradientsOp::create(builder, function.getLoc(), builder.getArrayAttr(parameters), rate, gradients,
                                builder.getDictionaryAttr(entries), builder.getStringAttr(scopeName),
                                runs && runs->integer > 1 ? builder.getI64IntegerAttr(runs->integer) : IntegerAttr(),
                                builder.getDenseF64ArrayAttr(rates), builder.getDenseF64ArrayAttr(decays),
                                builder.getDenseF64ArrayAttr(norms));
  advanceSteps(builder, function.getLoc());
}
