// SPDX-License-Identifier: Apache-2.0
#include "profile/MeasuredTimes.h"
#include "data/Failure.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace dlc::profile;
using dlc::data::Failure;
using Json = nlohmann::ordered_json;

/// JSON has no NaN; what is unknown is null or absent.
static double readNumber(const Json &json, const char *key) {
  auto found = json.find(key);
  return found == json.end() || found->is_null() ? NAN : found->get<double>();
}

MeasuredTimes MeasuredTimes::read(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw Failure("cannot read '" + path + "'");
  try {
    Json json = Json::parse(file);
    if (auto within = json.find("profile"); within != json.end())
      json = Json(*within);
    MeasuredTimes times;
    times.model = json.at("model");
    times.threads = json.at("threads");
    if (!json.at("roof").is_null())
      times.roof = parseRoof(json["roof"].dump());
    std::map<std::string, double> runs;
    for (const Json &entry : json.at("entries")) {
      std::string name = entry.at("name");
      runs[name] = entry.at("runs");
      times.entrySeconds[name] = entry.at("seconds").get<double>() / runs[name];
    }
    for (const Json &row : json.at("launches")) {
      std::string entry = row.at("entry");
      double count = runs.at(entry);
      // A kernel without operations of its own has a name all the same.
      times.launches[{entry, row.value("layer", ""), row.value("kernel", "")}] = {
          row.at("seconds").get<double>() / count, readNumber(row, "predicted_seconds") / count,
          readNumber(row, "operations") / count, readNumber(row, "bytes") / count};
    }
    return times;
  } catch (const std::exception &problem) {
    throw Failure("'" + path + "' is not a profile: " + problem.what() + ". 'dlc-run profile --json' prints one");
  }
}

const MeasuredLaunch *MeasuredTimes::find(const std::string &entry, const std::string &layer,
                                          const std::string &kernel) const {
  auto found = launches.find({entry, layer, kernel});
  return found == launches.end() ? nullptr : &found->second;
}
