// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of the whole model format.
#ifndef DLC_FRONTEND_JSON_MODELRULES_H
#define DLC_FRONTEND_JSON_MODELRULES_H

#include "frontend/json/Rules.h"

namespace dlc::json {

/// A model file.
RulePtr getModelRule();
/// One element of `inputs`: name, type, shape.
/// An extent of an input: a number, or the name of one that is known only when the model runs.
RulePtr getExtentRule();
RulePtr getInputRule();
/// An initializer: a name, or an object with `name` and its options.
RulePtr getInitializerRule();
/// Where the values of parameters come from.
RulePtr getWeightsRule();
/// An activation: a name, or an object with `op` and its options.
RulePtr getActivationRule();
/// One element of `layers`.
RulePtr getLayerRule();
/// One element of `nodes`.
RulePtr getNodeRule();
/// A loss: a name, or an object with `name` and its options.
RulePtr getLossRule();
/// An optimizer: a name, or an object with `name` and its options.
RulePtr getOptimizerRule();
/// The `training` section.
RulePtr getTrainingRule();
/// The `generate` section: one way to decode, or a list of them.
RulePtr getGenerateRule();
/// The name of an element type.
RulePtr getElementTypeRule();

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_MODELRULES_H
