// SPDX-License-Identifier: Apache-2.0
#include "data/DataDescription.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace dlc::data;
using Json = nlohmann::ordered_json;

std::vector<std::string> TableForm::features() const {
  std::vector<std::string> names;
  for (const std::string &column : columns) {
    auto found = categories.find(column);
    if (found == categories.end())
      names.push_back(column);
    else
      for (const std::string &category : found->second)
        names.push_back(column + "=" + category);
  }
  return names;
}

const InputDescription *DataDescription::find(const std::string &input) const {
  auto found = std::find_if(inputs.begin(), inputs.end(), [&](const auto &item) { return item.name == input; });
  return found == inputs.end() ? nullptr : &*found;
}

InputDescription *DataDescription::find(const std::string &input) {
  return const_cast<InputDescription *>(std::as_const(*this).find(input));
}

std::string DataDescription::toText() const {
  Json json = {{"version", 1}, {"inputs", Json::array()}};
  for (const InputDescription &input : inputs) {
    Json item = {{"name", input.name}, {"scale", input.scale}};
    if (!input.table.empty()) {
      item["columns"] = input.table.columns;
      item["named"] = input.table.areNamed;
    }
    if (input.table.isImputed)
      item["fills"] = input.table.fills;
    if (!input.table.categories.empty())
      item["categories"] = input.table.categories;
    if (!input.table.units.empty())
      item["units"] = input.table.units;
    json["inputs"].push_back(item);
  }
  if (label) {
    const Target &target = label->target;
    json["label"] = {{"name", target.name},   {"type", target.type},       {"shape", target.shape},
                     {"scale", target.scale}, {"classes", target.classes}, {"is_class", target.isClass}};
    if (target.ignored)
      json["label"]["ignored"] = *target.ignored;
    if (!label->column.empty())
      json["label"]["column"] = label->column;
  }
  if (!classNames.empty())
    json["classes"] = classNames;
  if (batch)
    json["batch"] = batch;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

DataDescription DataDescription::fromText(const std::string &text, const std::string &source) {
  DataDescription description;
  try {
    Json json = Json::parse(text);
    if (json.at("version") != 1)
      throw Failure("'" + source + "' describes its data as another version of dlc does");
    for (const Json &item : json.at("inputs")) {
      InputDescription &input = description.inputs.emplace_back();
      input.name = item.at("name");
      input.scale = item.at("scale");
      input.table.columns = item.value("columns", std::vector<std::string>());
      input.table.areNamed = item.value("named", false);
      input.table.isImputed = item.contains("fills");
      input.table.fills = item.value("fills", std::map<std::string, double>());
      input.table.categories = item.value("categories", std::map<std::string, std::vector<std::string>>());
      input.table.units = item.value("units", std::map<std::string, std::string>());
    }
    if (json.contains("label")) {
      const Json &item = json.at("label");
      LabelDescription &label = description.label.emplace();
      label.target.name = item.at("name");
      label.target.type = item.at("type");
      label.target.shape = item.at("shape").get<std::vector<dlc_int64>>();
      label.target.scale = item.at("scale");
      label.target.classes = item.at("classes");
      label.target.isClass = item.at("is_class");
      label.target.isLabel = true;
      if (item.contains("ignored"))
        label.target.ignored = item.at("ignored").get<dlc_int64>();
      label.column = item.value("column", "");
    }
    description.batch = json.value("batch", size_t(0));
    description.classNames = json.value("classes", std::vector<std::string>());
  } catch (const Json::exception &) {
    throw Failure("'" + source + "' describes its data in a way that this program does not understand");
  }
  return description;
}
