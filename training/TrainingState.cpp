// SPDX-License-Identifier: Apache-2.0
#include "training/TrainingState.h"

#include "data/DataDescription.h"

#include <cmath>

using namespace dlc::data;
using namespace dlc::training;
using Json = nlohmann::ordered_json;

static const char *const metadataKey = "dlc.training";

/// Options have the names of a command line's: what checkpoints hold does not depend on who writes them.
static Json describe(const RunIdentity &identity) {
  return {{"--seed", identity.seed},
          {"--batch", identity.batch},
          {"number of training rows", identity.rows},
          {"number of validation rows", identity.validationRows},
          {"shuffling", identity.isShuffled},
          {"list of classes", identity.classNames},
          {"checksum of the data", identity.checksum}};
}

void TrainingState::save(const std::string &path, const dlc::Variables &variables, const RunIdentity &identity,
                         const Schedule &schedule) const {
  Json epochs = Json::array();
  for (const EpochRecord &record : history)
    epochs.push_back(toJson(record));
  Json json = {{"version", 1},
               {"run", describe(identity)},
               {"epoch", epoch},
               {"step", step},
               {"weight_seen", weightSeen},
               {"sums", toJson(sums)},
               {"is_stopped", isStopped},
               {"schedule", schedule.save()},
               {"early_stopping", stopping.save()},
               {"best", best.save()},
               {"history", epochs}};
  try {
    variables.save(path, {{metadataKey, json.dump(-1, ' ', false, Json::error_handler_t::replace)},
                          {dataDescriptionKey, identity.data}});
  } catch (const dlc::Error &error) {
    throw Failure(error.what());
  }
}

void TrainingState::load(const std::string &path, dlc::Variables &variables, const RunIdentity &identity,
                         Schedule &schedule, const OptionNames &names) {
  try {
    std::optional<std::string> text = dlc::readMetadata(variables.model(), path, metadataKey);
    if (!text)
      throw Failure("'" + path + "' holds variables, but no training run to continue: start one from it with " +
                    names("load"));
    Json json = Json::parse(*text);
    if (json.at("version") != 1)
      throw Failure("'" + path + "' was written by another version of dlc-run train");
    // First of all the variables: the run of another model differs in much that is not the reason.
    variables.load(path);
    Json mine = describe(identity);
    for (const auto &[name, value] : json.at("run").items())
      // Checkpoints may lack what later versions of dlc-run compare, and bring what they no longer do.
      if (mine.contains(name) && mine.at(name) != value)
        throw Failure("'" + path + "' belongs to another training run: its " +
                      (name.substr(0, 2) == "--" ? names(name.substr(2)) : name) + " is " + value.dump() +
                      ", and this one's is " + mine.at(name).dump());
    epoch = json.at("epoch");
    step = json.at("step");
    weightSeen = json.at("weight_seen");
    sums.clear();
    for (const auto &[name, value] : json.at("sums").items())
      sums.push_back({name, value.is_null() ? NAN : value.get<double>()});
    isStopped = json.at("is_stopped");
    schedule.load(json.at("schedule"));
    stopping.load(json.at("early_stopping"));
    best.load(json.at("best"));
    history.clear();
    for (const Json &record : json.at("history"))
      history.push_back(recordFromJson(record));
  } catch (const dlc::Error &error) {
    throw Failure(error.what());
  } catch (const Json::exception &) {
    throw Failure("'" + path + "' holds no training run that this dlc-run understands");
  }
}
