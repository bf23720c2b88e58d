// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/ImportTraining.h"
#include "frontend/json/TrainingImporter.h"
#include "frontend/json/TrainingRules.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace dlc::json;

std::optional<JsonValue> dlc::json::readTrainingFile(StringRef path, Reporter &reporter) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) {
    reporter.error({}, "cannot read how to train the model: " + file.getError().message());
    return std::nullopt;
  }
  std::optional<JsonValue> document = parseDocument(
      (*file)->getBuffer(), [&](Position position, const std::string &message) { reporter.error(position, message); });
  if (!document)
    return std::nullopt;
  if (document->isObject() && !document->find("training") && document->find("loss")) {
    reporter.error(document->position,
                   "the file describes training without a section of that name: write { \"training\": "
                   "{ \"loss\": ... } }");
    return std::nullopt;
  }
  if (!validate(*getTrainingFileRule(), *document, "the file", reporter))
    return std::nullopt;
  return document;
}

LogicalResult dlc::importTraining(StringRef path, ModuleOp module) {
  Reporter reporter(module.getContext(), path);
  std::optional<JsonValue> document = readTrainingFile(path, reporter);
  if (!document)
    return failure();
  const JsonValue &training = *document->find("training");
  const JsonValue *output = training.find("output");
  ImportedGraph graph(module, output ? StringRef(output->string) : StringRef(), reporter);
  TrainingImporter(module, training, graph, reporter).import();
  return failure(reporter.hasErrors());
}
