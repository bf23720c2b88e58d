// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/ImportJson.h"
#include "formats/safetensors/DataDescription.h"
#include "frontend/CustomOps.h"
#include "frontend/json/FunctionImporter.h"
#include "frontend/json/GenerateImporter.h"
#include "frontend/json/ImportTraining.h"
#include "frontend/json/ModelRules.h"
#include "frontend/json/TrainingImporter.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace dlc::json;

/// Whether a function of the model changes parameters.
static bool hasLearningFunction(const JsonValue &model) {
  const JsonValue *functions = model.find("functions");
  return functions &&
         llvm::any_of(functions->members, [](const Member &function) { return assignsParameters(function.value); });
}

/// Adds what the file at `path` says of training.
static void addTraining(StringRef path, ModuleOp module, DescribedGraph &graph, Reporter &reporter) {
  Reporter ofFile(module.getContext(), path);
  if (std::optional<JsonValue> document = readTrainingFile(path, ofFile))
    TrainingImporter(module, *document->find("training"), graph, ofFile).import();
  if (ofFile.hasErrors())
    reporter.noteError();
}

/// Reads all sections of a checked document into `module`.
static void importModel(const JsonValue &model, StringRef path, ModuleOp module, Reporter &reporter,
                        dlc::ImportOptions options) {
  auto customOps = std::make_shared<dlc::CustomOps>();
  if (const JsonValue *section = model.find("ops"))
    customOps->read(*section,
                    [&](Position position, const std::string &message) { reporter.error(position, message); });
  if (options.customOps)
    customOps->merge(*options.customOps);
  options.customOps = customOps;
  WeightSource source(model, path, reporter);
  if (const dlc::Safetensors *file = source.getFile())
    noteLearnedData(module, *file);
  bool isTrained = options.isTrained || hasLearningFunction(model);
  Parameters parameters(module, source, reporter, isTrained);
  FunctionImporter importer(module, model, parameters, reporter, options);
  const JsonValue *functions = model.find("functions");
  if (model.find("layers") || model.find("nodes") || !functions)
    importer.import(isTrained ? "predict" : "run", model);
  if (functions)
    for (const Member &function : functions->members)
      if (function.value.isObject())
        importer.import(function.key, function.value);
  if (const JsonValue *generate = model.find("generate"); generate && !reporter.hasErrors()) {
    GenerateImporter decoding(module, model, importer, reporter);
    for (const JsonValue &section : generate->isList() ? ArrayRef(generate->elements) : ArrayRef(*generate))
      decoding.import(section);
  }

  if (options.isTrained && !reporter.hasErrors()) {
    const JsonValue *training = model.find("training");
    DescribedGraph graph(model, importer, reporter);
    if (training && !options.training.empty())
      reporter.error(training->position, "the model says itself how it is trained: leave out '" + options.training +
                                             "' (--train alone), or this section");
    else if (!options.training.empty())
      addTraining(options.training, module, graph, reporter);
    else if (training)
      TrainingImporter(module, *training, graph, reporter).import();
    else if (!hasLearningFunction(model))
      reporter.error({},
                     "the model has no 'training' section that says how to train it: add one, such as \"training\": "
                     "{ \"loss\": \"cross_entropy\", \"optimizer\": \"adam\" }, or to a file of its own and name it, "
                     "--train=FILE.json, or leave out --train");
  }

  for (const dlc::ShapeOverride &shape : options.shapes) {
    SmallVector<StringRef> names(importer.getInputNames().begin(), importer.getInputNames().end());
    if (llvm::is_contained(names, shape.input) || names.empty())
      continue;
    bool isDimension = importer.getDimensionNames().contains(shape.input);
    reporter.error({}, "--shape names '" + shape.input + "', which is " +
                           (isDimension ? "a dimension: give the extents of the inputs that have it, NAME=AxBxC"
                                        : "not an input of the model" + suggest(shape.input, names)));
  }
  SmallVector<StringRef> layers(importer.getLayerNames().begin(), importer.getLayerNames().end());
  if (!reporter.hasErrors())
    source.reportUnused(layers);
}

FailureOr<dlc::ImportedModel> dlc::importJson(StringRef path, MLIRContext *context, const ImportOptions &options) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  Reporter reporter(context, path);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) {
    reporter.error({}, "cannot read the model: " + file.getError().message());
    return failure();
  }
  std::optional<JsonValue> model = parseDocument(
      (*file)->getBuffer(), [&](Position position, const std::string &message) { reporter.error(position, message); });
  if (!model)
    return failure();
  // Parts that are wrong are left out of the import that follows, so that problems of the other parts are shown in the
  // same run.
  validate(*getModelRule(), *model, "the model", reporter);
  if (!model->isObject())
    return failure();

  ImportedModel module = ModuleOp::create(FileLineColLoc::get(context, path, 0, 0));
  importModel(*model, path, *module, reporter, options);
  if (reporter.hasErrors() || failed(verify(*module)))
    return failure();
  return std::move(module);
}
