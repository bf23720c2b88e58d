// SPDX-License-Identifier: Apache-2.0
#include "training/Schedule.h"

#include "data/Array.h"
#include "data/Suggestion.h"

#include <charconv>
#include <cmath>
#include <map>

using namespace dlc::data;
using namespace dlc::training;

namespace {

class Constant final : public Schedule {
public:
  double factor(const SchedulePoint &) const override { return 1; }
};

class Step final : public Schedule {
public:
  Step(double epochs, double scale) : every(epochs), scale(scale) {}
  double factor(const SchedulePoint &point) const override {
    return std::pow(scale, std::floor(static_cast<double>(point.epoch) / every));
  }

private:
  double every, scale;
};

class Exponential final : public Schedule {
public:
  explicit Exponential(double scale) : scale(scale) {}
  double factor(const SchedulePoint &point) const override { return std::pow(scale, point.elapsed()); }

private:
  double scale;
};

class Cosine final : public Schedule {
public:
  explicit Cosine(double least) : minimum(least) {}
  double factor(const SchedulePoint &point) const override {
    double part = std::min(1.0, point.elapsed() / static_cast<double>(point.epochs));
    return minimum + (1 - minimum) * (1 + std::cos(M_PI * part)) / 2;
  }

private:
  double minimum;
};

class Plateau final : public Schedule {
public:
  Plateau(double epochs, double scale, double least) : patience(epochs), scale(scale), minimum(least) {}
  double factor(const SchedulePoint &) const override { return current; }
  bool observe(double value) override {
    if (value < best) {
      best = value;
      waited = 0;
      return false;
    }
    if (++waited < patience || current <= minimum)
      return false;
    current = std::max(minimum, current * scale);
    waited = 0;
    return true;
  }
  nlohmann::json save() const override {
    return {{"best", std::isfinite(best) ? nlohmann::json(best) : nlohmann::json()},
            {"waited", waited},
            {"factor", current}};
  }
  void load(const nlohmann::json &state) override {
    best = state.at("best").is_null() ? INFINITY : state.at("best").get<double>();
    waited = state.at("waited");
    current = state.at("factor");
  }

private:
  double patience, scale, minimum;
  double best = INFINITY, current = 1, waited = 0;
};

class WarmUp final : public Schedule {
public:
  WarmUp(std::unique_ptr<Schedule> then, size_t steps) : inner(std::move(then)), steps(steps) {}
  double factor(const SchedulePoint &point) const override {
    double rise = std::min(1.0, static_cast<double>(point.steps() + 1) / static_cast<double>(steps));
    return rise * inner->factor(point);
  }
  bool observe(double value) override { return inner->observe(value); }
  nlohmann::json save() const override { return inner->save(); }
  void load(const nlohmann::json &state) override { inner->load(state); }

private:
  std::unique_ptr<Schedule> inner;
  size_t steps;
};

struct Setting {
  const char *name;
  double value;     // the default; below 0: must be given
  double low, high; // inclusive
};

/// What a kind of schedule takes, and how it is made.
struct Kind {
  const char *name;
  std::vector<Setting> settings;
  std::unique_ptr<Schedule> (*make)(const std::vector<double> &values);
};

const std::vector<Kind> &kinds() {
  static const std::vector<Kind> list = {
      {"constant",
       {},
       [](const std::vector<double> &) -> std::unique_ptr<Schedule> { return std::make_unique<Constant>(); }},
      {"step",
       {{"every", -1, 1, 1e9}, {"factor", 0.1, 1e-9, 10}},
       [](const std::vector<double> &v) -> std::unique_ptr<Schedule> { return std::make_unique<Step>(v[0], v[1]); }},
      {"exponential",
       {{"factor", -1, 1e-9, 10}},
       [](const std::vector<double> &v) -> std::unique_ptr<Schedule> { return std::make_unique<Exponential>(v[0]); }},
      {"cosine",
       {{"minimum", 0, 0, 1}},
       [](const std::vector<double> &v) -> std::unique_ptr<Schedule> { return std::make_unique<Cosine>(v[0]); }},
      {"plateau",
       {{"patience", 5, 1, 1e9}, {"factor", 0.1, 1e-9, 1}, {"minimum", 0, 0, 1}},
       [](const std::vector<double> &v) -> std::unique_ptr<Schedule> {
         return std::make_unique<Plateau>(v[0], v[1], v[2]);
       }},
  };
  return list;
}

/// Reads "KEY=VALUE,..." into the values of `kind`; `option` is what messages call the schedule's option.
std::vector<double> readSettings(const Kind &kind, const std::string &text, const std::string &option) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (const Setting &setting : kind.settings) {
    values.push_back(setting.value);
    names.push_back(setting.name);
  }
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(',', begin), text.size()), equals = text.find('=', begin);
    std::string item = text.substr(begin, end - begin);
    if (equals >= end)
      throw Failure(option + " " + kind.name + " takes KEY=VALUE, not '" + item + "'");
    std::string key = text.substr(begin, equals - begin);
    auto found = std::find(names.begin(), names.end(), key);
    if (found == names.end())
      throw Failure(option + " " + kind.name + " has no '" + key + "'" + suggestion(key, names));
    const Setting &setting = kind.settings[static_cast<size_t>(found - names.begin())];
    double value = 0;
    auto [last, error] = std::from_chars(text.data() + equals + 1, text.data() + end, value);
    if (error != std::errc() || last != text.data() + end || !(value >= setting.low && value <= setting.high))
      throw Failure(option + " " + kind.name + ": '" + key + "' is a number from " + describeNumber(setting.low) +
                    " to " + describeNumber(setting.high) + ", not '" + text.substr(equals + 1, end - equals - 1) +
                    "'");
    values[static_cast<size_t>(found - names.begin())] = value;
    begin = end + 1;
  }
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] < 0)
      throw Failure(option + " " + kind.name + " needs '" + names[i] + "': " + kind.name + ":" + names[i] + "=VALUE");
  return values;
}

} // namespace

std::unique_ptr<Schedule> dlc::training::makeSchedule(const std::string &text, size_t warmUpSteps,
                                                      const OptionNames &optionNames) {
  std::string name = text.substr(0, text.find(':'));
  std::vector<std::string> names;
  for (const Kind &kind : kinds()) {
    names.push_back(kind.name);
    if (name != kind.name)
      continue;
    std::string settings = name.size() < text.size() ? text.substr(name.size() + 1) : "";
    std::unique_ptr<Schedule> schedule = kind.make(readSettings(kind, settings, optionNames("schedule")));
    if (warmUpSteps)
      schedule = std::make_unique<WarmUp>(std::move(schedule), warmUpSteps);
    return schedule;
  }
  throw Failure("there is no schedule '" + name + "'" + suggestion(name, names));
}
