// SPDX-License-Identifier: Apache-2.0
/// \file
/// Functions of JSON models (docs/model-format.md): what calls them, and what can be made of them.
#ifndef DLC_TOOLS_DLC_REDUCE_JSONFUNCTIONS_H
#define DLC_TOOLS_DLC_REDUCE_JSONFUNCTIONS_H

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace dlc::reduce {

/// The names of the functions of a model, after "" for the model itself, which has layers or nodes of its own.
std::vector<std::string> listGraphs(const nlohmann::ordered_json &model);

/// The functions that nodes (`Call`, `If`, `Loop`) and the section `generate` name.
std::set<std::string> findCalledFunctions(const nlohmann::ordered_json &model);

/// Changes, each to be made alone: a function takes the place of the model; nodes of a function take that of the node
/// that calls it (of a branch, that of the If; of a step, that of the Loop); within a function that is called a node
/// gives its operand, and inputs and outputs that nothing reads are gone.
std::vector<std::function<void(nlohmann::ordered_json &model)>>
listFunctionChanges(const nlohmann::ordered_json &model);

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_JSONFUNCTIONS_H
