// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/LayerKinds.h"

using namespace mlir;
using namespace dlc::json;

ArrayRef<LayerKind> dlc::json::getLayerKinds() {
  static const std::vector<LayerKind> kinds = [] {
    std::vector<LayerKind> result;
    RulePtr anyLayer = deferred(getLayerRule);
    addLinearLayers(result);
    addConvolutionLayers(result);
    addPoolingLayers(result);
    addNormalizationLayers(result);
    addActivationLayers(result);
    addShapeLayers(result);
    addAttentionLayers(result);
    addMergeLayers(result);
    addRecurrentLayers(result, anyLayer);
    addSequenceLayers(result, anyLayer);
    addPreprocessingLayers(result);
    addAugmentationLayers(result);
    for (LayerKind &kind : result) {
      kind.fields.insert(kind.fields.begin(),
                         optional("name", string(), "", "Name of the layer, its parameters and its result"));
      if (llvm::any_of(kind.fields, [](const Field &field) { return field.name == "inputs"; }))
        continue;
      kind.fields.push_back(
          kind.takesSeveralInputs
              ? required("inputs", list(string(), 1), "Names of the layers or model inputs that are combined")
              : optional("input", string(), "",
                         "Name of the layer or model input it takes; the layer before if missing"));
    }
    return result;
  }();
  return kinds;
}

RulePtr dlc::json::getLayerRule() {
  static const RulePtr rule = [] {
    Rule result;
    result.kind = Rule::Kind::Variant;
    result.tag = "op";
    result.noun = "layer";
    for (const LayerKind &kind : getLayerKinds())
      result.variants.push_back({kind.name, kind.summary, kind.fields});
    return defined("layer", std::make_shared<Rule>(std::move(result)));
  }();
  return rule;
}
