// SPDX-License-Identifier: Apache-2.0
/// \file
/// All kinds of layers.
#ifndef DLC_FRONTEND_JSON_LAYERKINDS_H
#define DLC_FRONTEND_JSON_LAYERKINDS_H

#include "frontend/json/LayerContext.h"

namespace dlc::json {

/// All kinds of layers, with the fields that all layers share.
llvm::ArrayRef<LayerKind> getLayerKinds();
/// One element of `layers`.
RulePtr getLayerRule();

// The families, each in its own file. `anyLayer` is the rule of a layer inside another one.
void addLinearLayers(std::vector<LayerKind> &kinds);
void addConvolutionLayers(std::vector<LayerKind> &kinds);
void addPoolingLayers(std::vector<LayerKind> &kinds);
void addNormalizationLayers(std::vector<LayerKind> &kinds);
void addActivationLayers(std::vector<LayerKind> &kinds);
void addShapeLayers(std::vector<LayerKind> &kinds);
void addAttentionLayers(std::vector<LayerKind> &kinds);
void addMergeLayers(std::vector<LayerKind> &kinds);
void addRecurrentLayers(std::vector<LayerKind> &kinds, const RulePtr &anyLayer);
void addSequenceLayers(std::vector<LayerKind> &kinds, const RulePtr &anyLayer);
void addPreprocessingLayers(std::vector<LayerKind> &kinds);
void addAugmentationLayers(std::vector<LayerKind> &kinds);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_LAYERKINDS_H
