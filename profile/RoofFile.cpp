// SPDX-License-Identifier: Apache-2.0
#include "data/Failure.h"
#include "profile/Roof.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace dlc::profile;
using dlc::data::Failure;
using Json = nlohmann::ordered_json;

/// Of the form of the file; one of a later version may have more fields.
static constexpr int fileVersion = 1;

std::string dlc::profile::cpuName() {
  std::ifstream info("/proc/cpuinfo");
  std::string name, family, model;
  auto value = [](const std::string &line) {
    size_t colon = line.find(':');
    return colon == std::string::npos ? std::string() : line.substr(std::min(colon + 2, line.size()));
  };
  for (std::string line; std::getline(info, line) && !line.empty();) {
    if (line.rfind("model name", 0) == 0)
      name = value(line);
    else if (line.rfind("cpu family", 0) == 0 || line.rfind("CPU part", 0) == 0)
      family = value(line);
    else if (line.rfind("model\t", 0) == 0 || line.rfind("CPU implementer", 0) == 0)
      model = value(line);
  }
  // Virtual machines hide names, but not numbers, by which compilers select instructions.
  return (name.empty() ? "CPU" : name) + " (family " + family + ", model " + model + ")";
}

std::string dlc::profile::roofPath() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  std::filesystem::path folder;
  if (cache && *cache)
    folder = cache;
  else if (home && *home)
    folder = std::filesystem::path(home) / ".cache";
  else
    return "";
  return (folder / "dlc" / "roof.json").string();
}

static Json toJson(const Rate &rate) { return {{"one", rate.one}, {"all", rate.all}}; }
static Rate toRate(const Json &json) { return {json.at("one").get<double>(), json.at("all").get<double>()}; }

std::string dlc::profile::printRoof(const Roof &roof) {
  Json json = {{"dlc_roof", fileVersion},
               {"cpu", roof.cpu},
               {"cores", roof.cores},
               {"gigaops", Json::object()},
               {"memory", Json::array()}};
  for (const auto &[type, rate] : roof.gigaops)
    json["gigaops"][type] = toJson(rate);
  for (const MemoryLevel &level : roof.memory)
    json["memory"].push_back({{"level", level.name}, {"bytes", level.bytes}, {"gigabytes", toJson(level.gigabytes)}});
  return json.dump(2);
}

void dlc::profile::writeRoof(const Roof &roof, const std::string &path) {
  std::error_code ignored;
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty())
    std::filesystem::create_directories(folder, ignored);
  std::ofstream file(path);
  file << printRoof(roof) << '\n';
  if (!file.flush())
    throw Failure("cannot write '" + path + "'");
}

static Roof toRoof(const Json &json) {
  Roof roof;
  roof.cpu = json.at("cpu");
  roof.cores = json.at("cores");
  for (const auto &[type, rate] : json.at("gigaops").items())
    roof.gigaops[type] = toRate(rate);
  for (const Json &level : json.at("memory"))
    roof.memory.push_back({level.at("level"), level.at("bytes"), toRate(level.at("gigabytes"))});
  return roof;
}

Roof dlc::profile::parseRoof(const std::string &text) {
  try {
    return toRoof(Json::parse(text));
  } catch (const Json::exception &problem) {
    throw Failure(std::string("this is not a roof: ") + problem.what());
  }
}

std::optional<Roof> dlc::profile::readRoof(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return std::nullopt;
  try {
    Json json = Json::parse(file);
    if (json.at("dlc_roof") != fileVersion)
      return std::nullopt;
    Roof roof = toRoof(json);
    return roof.cpu == cpuName() ? std::optional(roof) : std::nullopt;
  } catch (const Json::exception &problem) {
    throw Failure("'" + path + "' is not a roof: " + problem.what() + ". Measure it again by 'dlc-run roof'");
  }
}
