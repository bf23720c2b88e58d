// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which function imports which ONNX op, by opset.
#ifndef DLC_FRONTEND_ONNX_OPREGISTRY_H
#define DLC_FRONTEND_ONNX_OPREGISTRY_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <functional>
#include <string>
#include <vector>

namespace dlc::onnx_import {

class NodeImporter;

/// Imports one node: reads its operands and attributes and sets its results. Problems are reported through the node,
/// which is then taken as failed whatever the function does afterwards.
using ImportFunction = std::function<void(NodeImporter &node)>;

/// The ops of ONNX's default domain; those of others by "DOMAIN.OP".
class OpRegistry {
public:
  static const OpRegistry &get();

  /// `function` imports `op` as opset `since` and later ones define it, up to the next version.
  void add(llvm::StringRef op, int64_t since, ImportFunction function);
  /// `function` may set the results of `op` from operands that are all known, the first `operands` of which are there;
  /// where it sets none, the op is imported as usual.
  void addEvaluator(llvm::StringRef op, int64_t operands, ImportFunction function);

  /// As `add`, for an op whose operands may be sequences and optional values.
  void addForSequences(llvm::StringRef op, int64_t since, ImportFunction function) {
    sequenceOps.insert(op);
    add(op, since, std::move(function));
  }
  bool takesSequences(llvm::StringRef op) const { return sequenceOps.contains(op); }
  /// `op` has graphs as attributes.
  void noteBody(llvm::StringRef op) { opsWithBody.insert(op); }
  /// All ops whose operands and results are tensors and whose attributes are numbers and strings.
  std::vector<std::string> getPlainOps() const;

  ImportFunction lookup(llvm::StringRef op, int64_t opset) const;
  /// Sets the results of `node`, of an `op` that `opset` has: by its evaluator where all operands are known and it
  /// does.
  void importNode(llvm::StringRef op, int64_t opset, NodeImporter &node) const;
  ImportFunction lookupEvaluator(llvm::StringRef op) const { return evaluators.lookup(op); }
  /// Whether any opset's form of `op` is known.
  bool contains(llvm::StringRef op) const { return versions.contains(op); }
  /// `; did you mean 'OP'?` for the end of a message about an op that is not known; empty if none is near.
  std::string suggest(llvm::StringRef op) const;

private:
  OpRegistry();
  struct Version {
    int64_t since;
    ImportFunction function;
  };
  llvm::StringMap<llvm::SmallVector<Version, 2>> versions; // ascending
  llvm::StringMap<ImportFunction> evaluators;
  llvm::StringSet<> sequenceOps, opsWithBody;
};

// One function per family, each in a file of its own.
void registerActivations(OpRegistry &registry);
void registerAttention(OpRegistry &registry);
void registerControl(OpRegistry &registry);
void registerColumns(OpRegistry &registry);
void registerConvolution(OpRegistry &registry);
void registerCumulative(OpRegistry &registry);
void registerDeformConv(OpRegistry &registry);
void registerElementwise(OpRegistry &registry);
void registerFeatures(OpRegistry &registry);
void registerFlexAttention(OpRegistry &registry);
void registerFusedAttention(OpRegistry &registry);
void registerGroupQueryAttention(OpRegistry &registry);
void registerFusedOps(OpRegistry &registry);
void registerIf(OpRegistry &registry);
void registerFound(OpRegistry &registry);
void registerSuppression(OpRegistry &registry);
void registerUnique(OpRegistry &registry);
void registerIndexing(OpRegistry &registry);
void registerLinear(OpRegistry &registry);
void registerLinearAttention(OpRegistry &registry);
void registerLinearModels(OpRegistry &registry);
void registerLoop(OpRegistry &registry);
void registerLosses(OpRegistry &registry);
void registerMovement(OpRegistry &registry);
void registerNormalization(OpRegistry &registry);
void registerPadding(OpRegistry &registry);
void registerPooling(OpRegistry &registry);
void registerQuantization(OpRegistry &registry);
void registerRandom(OpRegistry &registry);
void registerRecurrent(OpRegistry &registry);
void registerReduction(OpRegistry &registry);
void registerRegions(OpRegistry &registry);
void registerResize(OpRegistry &registry);
void registerRotaryEmbedding(OpRegistry &registry);
void registerSampling(OpRegistry &registry);
void registerScan(OpRegistry &registry);
void registerScatter(OpRegistry &registry);
void registerSequences(OpRegistry &registry);
void registerShape(OpRegistry &registry);
void registerSignal(OpRegistry &registry);
void registerSlicing(OpRegistry &registry);
void registerTraining(OpRegistry &registry);
void registerTrees(OpRegistry &registry);
void registerArithmeticEvaluators(OpRegistry &registry);
void registerMovementEvaluators(OpRegistry &registry);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_OPREGISTRY_H
