// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/NodeImporter.h"
#include "ir/Suggestion.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <cassert>

namespace dlc::onnx_import {

const OpRegistry &OpRegistry::get() {
  static const OpRegistry registry;
  return registry;
}

OpRegistry::OpRegistry() {
  for (auto registerFamily : {registerActivations,
                              registerAttention,
                              registerControl,
                              registerConvolution,
                              registerDeformConv,
                              registerElementwise,
                              registerFeatures,
                              registerFlexAttention,
                              registerFusedAttention,
                              registerGroupQueryAttention,
                              registerFusedOps,
                              registerCumulative,
                              registerFound,
                              registerSuppression,
                              registerUnique,
                              registerIf,
                              registerIndexing,
                              registerScatter,
                              registerSignal,
                              registerSampling,
                              registerColumns,
                              registerLinear,
                              registerLinearAttention,
                              registerLinearModels,
                              registerLoop,
                              registerLosses,
                              registerMovement,
                              registerNormalization,
                              registerPadding,
                              registerPooling,
                              registerRandom,
                              registerQuantization,
                              registerRecurrent,
                              registerReduction,
                              registerRegions,
                              registerResize,
                              registerRotaryEmbedding,
                              registerScan,
                              registerSequences,
                              registerShape,
                              registerSlicing,
                              registerTraining,
                              registerTrees,
                              registerArithmeticEvaluators,
                              registerMovementEvaluators})
    registerFamily(*this);
}

void OpRegistry::add(llvm::StringRef op, int64_t since, ImportFunction function) {
  auto &list = versions[op];
  auto *next = llvm::find_if(list, [&](const Version &version) { return version.since >= since; });
  assert((next == list.end() || next->since > since) && "each version of an op is added once");
  list.insert(next, {since, std::move(function)});
}

void OpRegistry::addEvaluator(llvm::StringRef op, int64_t operands, ImportFunction function) {
  evaluators[op] = [operands, function = std::move(function)](NodeImporter &node) {
    if (llvm::all_of(llvm::seq(operands), [&](int64_t i) { return node.hasOperand(i); }))
      function(node);
  };
}

void OpRegistry::importNode(llvm::StringRef op, int64_t opset, NodeImporter &node) const {
  ImportFunction evaluate = lookupEvaluator(op);
  if (evaluate && node.operandsAreKnown())
    evaluate(node);
  if (!node.hasFailed() && !node.hasAllResults())
    lookup(op, opset)(node);
}

std::vector<std::string> OpRegistry::getPlainOps() const {
  std::vector<std::string> ops;
  for (const auto &entry : versions)
    if (!sequenceOps.contains(entry.getKey()) && !opsWithBody.contains(entry.getKey()))
      ops.push_back(entry.getKey().str());
  llvm::sort(ops);
  return ops;
}

ImportFunction OpRegistry::lookup(llvm::StringRef op, int64_t opset) const {
  auto found = versions.find(op);
  ImportFunction function = nullptr;
  if (found != versions.end())
    for (const Version &version : found->second)
      if (version.since <= opset)
        function = version.function;
  return function;
}

std::string OpRegistry::suggest(llvm::StringRef op) const {
  llvm::SmallVector<llvm::StringRef> names(versions.keys());
  llvm::sort(names);
  return dlc::suggest(op, names);
}

} // namespace dlc::onnx_import
