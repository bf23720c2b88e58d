// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainedGraph.h"
#include "ir/SignatureBuilder.h"

using namespace mlir;
using namespace dlc::json;

bool DescribedGraph::write(TrainingBatch &batch, TrainingScope *scope) {
  llvm::StringMap<Value> inputs;
  dlc::SignatureBuilder signature(batch.function);
  importer.addInputs(signature, model, [](StringRef) { return true; }, {}, inputs);
  signature.finish();
  ZeroStates states;
  batch.tensors = importer.importInto(batch.function.getBody().front(), model, inputs, states, scope);
  if (reporter.hasErrors())
    return false;
  for (const std::string &output : importer.getOutputNames(model)) {
    batch.outputNames.push_back(output);
    batch.outputs.push_back(batch.tensors.lookup(output));
  }
  return true;
}
