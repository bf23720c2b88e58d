// SPDX-License-Identifier: Apache-2.0
#include "data/Dataset.h"

#include "data/IdxFile.h"
#include "data/ImageFolder.h"
#include "data/NpyFile.h"
#include "data/NpzFile.h"
#include "data/Suggestion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>

using namespace dlc::data;

namespace {

std::string endingOf(const std::string &path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

bool isNumber(const std::string &text, double &value) {
  auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && last == text.data() + text.size() && std::isfinite(value);
}

/// The first names, for a message.
std::string listSome(const std::vector<std::string> &names) {
  constexpr size_t limit = 12;
  std::string text;
  for (size_t i = 0; i < names.size() && i < limit; ++i)
    text += (i ? ", '" : "'") + names[i] + "'";
  return text + (names.size() > limit ? ", ..." : "");
}

class DatasetReader {
public:
  DatasetReader(const DataOptions &options, std::vector<Target> &targets, DataDescription &description, DataRole role,
                const OptionNames &names)
      : options(options), targets(targets), description(description), classNames(description.classNames), role(role),
        names(names) {
    data.columns.resize(targets.size());
  }

  Dataset read() {
    for (const std::string &source : options.sources) {
      std::string path;
      std::optional<size_t> target = findTarget(source, path);
      if (std::filesystem::is_directory(path))
        takeImages(path, target);
      else if (isImage(path))
        singleImages[target ? *target : onlyTarget(false, path)].push_back(path);
      else if (endingOf(path) == ".csv" || endingOf(path) == ".tsv")
        takeTable(path, target);
      else if (endingOf(path) == ".npz")
        takeArchive(path, target);
      else
        takeArray(path, target);
    }
    for (const MemorySource &source : options.memory)
      takeMemory(source);
    for (auto &[input, files] : singleImages)
      put(input, std::make_unique<ImageColumn>(std::move(files), targets[input]));
    for (size_t i = 0; i < targets.size(); ++i)
      if (!data.columns[i])
        throw Failure("no data for " + describe(i) +
                      (options.memory.empty()
                           ? ": add " + names(options.option) + " " + targets[i].name + "=FILE"
                           : "; the model learns from " + listSome(targetNames()) + ", which may be given by name"));
    data.rows = data.columns[0]->rows();
    for (size_t i = 1; i < targets.size(); ++i)
      if (data.columns[i]->rows() != data.rows)
        throw Failure(describe(0) + " has " + std::to_string(data.rows) + " rows, and " + describe(i) + " has " +
                      std::to_string(data.columns[i]->rows()));
    if (role == DataRole::Training)
      describe();
    return std::move(data);
  }

private:
  std::string describe(size_t target) const {
    return (targets[target].isLabel ? "label '" : "input '") + targets[target].name + "'";
  }

  std::vector<std::string> targetNames() const {
    std::vector<std::string> names;
    for (const Target &target : targets)
      names.push_back(target.name);
    return names;
  }

  /// Splits "NAME=FILE"; a name is that of a target, or the whole is a file.
  std::optional<size_t> findTarget(const std::string &source, std::string &path) const {
    path = source;
    size_t equals = source.find('=');
    for (size_t i = 0; i < targets.size(); ++i)
      if (!source.compare(0, targets[i].name.size() + 1, targets[i].name + "=")) {
        path = source.substr(targets[i].name.size() + 1);
        return i;
      }
    if (equals != std::string::npos && !std::filesystem::exists(source))
      throw Failure("the model has no input or label '" + source.substr(0, equals) + "'" +
                    suggestion(source.substr(0, equals), targetNames()));
    return std::nullopt;
  }

  /// The only input or label of the model.
  size_t onlyTarget(bool isLabel, const std::string &path) const {
    std::optional<size_t> found;
    for (size_t i = 0; i < targets.size(); ++i)
      if (targets[i].isLabel == isLabel && !targets[i].isWeight) {
        if (found)
          throw Failure("the model has several " + std::string(isLabel ? "labels" : "inputs") + ": say which '" + path +
                        "' is, by " + names(options.option) + " NAME=" + path);
        found = i;
      }
    if (!found)
      throw Failure("the model has no " + std::string(isLabel ? "label" : "input") + " that '" + path + "' could be");
    return *found;
  }

  bool hasLabel() const {
    return std::any_of(targets.begin(), targets.end(), [](const Target &target) { return target.isLabel; });
  }

  void put(size_t target, std::unique_ptr<Column> column) {
    if (data.columns[target])
      throw Failure(describe(target) + " has two sources of data");
    data.columns[target] = std::move(column);
  }

  void putArray(size_t target, Array array, const std::string &path, std::vector<size_t> lines = {}) {
    put(target, std::make_unique<ArrayColumn>(std::move(array), targets[target], path, std::move(lines)));
  }

  /// Numbers for labels that are strings.
  Array numberLabels(const std::vector<std::string> &labels, const std::string &path,
                     const std::vector<size_t> &lines) {
    const Target &target = targets[onlyTarget(true, path)];
    // A row of numbers, one for each class, takes as many classes as it has elements.
    bool isRow = target.classes < 0 && target.isReal() && target.shape.size() == 1 && target.shape[0] > 1;
    dlc_int64 classes = isRow ? target.shape[0] : target.classes;
    Array array(DLC_F64, {static_cast<dlc_int64>(labels.size())});
    double value;
    auto text = std::find_if(labels.begin(), labels.end(), [&](const auto &label) { return !isNumber(label, value); });
    bool areNumbers = classNames.empty() && text == labels.end();
    auto describeLine = [&](size_t row) { return lines.empty() ? path : path + ":" + std::to_string(lines[row]); };
    if (!areNumbers && classNames.empty()) {
      std::string line = describeLine(static_cast<size_t>(text - labels.begin()));
      if (role == DataRole::Validation)
        throw Failure(line + ": label '" + *text + "' is not a number, as the labels that the model learns from are");
      if (std::any_of(labels.begin(), labels.end(), [&](const auto &label) { return isNumber(label, value); }))
        data.remarks.push_back(line + ": label '" + *text +
                               "' is not a number as others are: all labels are treated as class names");
      classNames = labels;
      std::sort(classNames.begin(), classNames.end());
      classNames.erase(std::unique(classNames.begin(), classNames.end()), classNames.end());
      if (classes >= 0 && static_cast<dlc_int64>(classNames.size()) > classes)
        throw Failure("'" + path + "' has " + std::to_string(classNames.size()) + " classes, and label '" +
                      target.name + "' takes " + std::to_string(classes) + ": " + listSome(classNames) +
                      (data.remarks.empty() ? "" : "; " + data.remarks.back()));
    }
    for (size_t i = 0; i < labels.size(); ++i) {
      if (areNumbers) {
        isNumber(labels[i], value);
      } else {
        auto found = std::find(classNames.begin(), classNames.end(), labels[i]);
        if (found == classNames.end())
          throw Failure(describeLine(i) + ": class '" + labels[i] + "' is not one of those that the model learns" +
                        suggestion(labels[i], classNames));
        value = static_cast<double>(found - classNames.begin());
      }
      std::memcpy(array.data() + i * sizeof value, &value, sizeof value);
    }
    return array;
  }

  void takeTable(const std::string &path, std::optional<size_t> target) {
    CsvOptions csv = options.csv;
    csv.hasLabel = !target && hasLabel();
    if (endingOf(path) == ".tsv")
      csv.delimiter = '\t';
    size_t input = target ? *target : onlyTarget(false, path);
    InputDescription *known = description.find(targets[input].name);
    const TableForm *form = role != DataRole::Training && known && !known->table.empty() ? &known->table : nullptr;
    std::string usualLabel = form && description.label ? description.label->column : "";
    CsvTable table = readCsv(path, csv, form, usualLabel, names);
    data.remarks.insert(data.remarks.end(), table.remarks.begin(), table.remarks.end());
    if (role == DataRole::Training)
      describeTable(input, table);
    dlc_int64 wanted = 1;
    bool isKnown = true;
    for (dlc_int64 extent : targets[input].shape) {
      isKnown &= extent >= 0;
      wanted *= extent;
    }
    if (table.columns.empty())
      throw Failure("'" + path +
                    "' has one column only: if its fields are not separated by commas, give the separator with " +
                    names("delimiter"));
    if (isKnown && wanted != static_cast<dlc_int64>(table.columns.size()))
      throw Failure("'" + path + "' has " + std::to_string(table.columns.size()) + " columns for " + describe(input) +
                    ", which needs " + std::to_string(wanted) + " (" + listSome(table.columns) +
                    (csv.hasLabel ? ", beside the label" : "") + "): leave columns out with " + names("ignore-column") +
                    (csv.hasLabel ? ", or name the label with " + names("label-column") : ""));
    putArray(input, std::move(table.features), path, table.lines);
    if (!csv.hasLabel)
      return;
    Array labels = numberLabels(table.labels, path, table.lines);
    putArray(onlyTarget(true, path), std::move(labels), path, std::move(table.lines));
  }

  void describeTable(size_t input, const CsvTable &table) {
    InputDescription *known = description.find(targets[input].name);
    if (!known)
      known = &description.inputs.emplace_back();
    known->name = targets[input].name;
    known->table = table.form;
    if (!table.labelColumn.empty() && table.form.areNamed)
      labelColumn = table.labelColumn;
  }

  /// What the data has turned out to be, beside its tables.
  void describe() {
    for (const Target &target : targets) {
      if (target.isLabel && !description.label)
        description.label = {target, labelColumn};
      if (target.isLabel || target.isWeight)
        continue;
      InputDescription *known = description.find(target.name);
      if (!known)
        known = &description.inputs.emplace_back();
      known->name = target.name;
      known->scale = target.scale;
    }
  }

  void takeImages(const std::string &path, std::optional<size_t> target) {
    ImageList list = listImages(path, role == DataRole::Prediction);
    size_t input = target ? *target : onlyTarget(false, path);
    put(input, std::make_unique<ImageColumn>(list.files, targets[input]));
    if (hasLabel() && !list.classes.empty()) {
      // Folders called 0, 1, ... are classes of these numbers, others are numbered in the order of their names.
      Array labels = numberLabels(list.classes, path, {});
      putArray(onlyTarget(true, path), std::move(labels), path);
    }
  }

  void takeArchive(const std::string &path, std::optional<size_t> target) {
    std::vector<std::string> arrays = listNpz(path);
    bool isFound = false;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (target && *target != i)
        continue;
      std::string name = targets[i].name;
      if (target && arrays.size() == 1)
        name = arrays[0];
      if (std::find(arrays.begin(), arrays.end(), name) == arrays.end())
        continue;
      isFound = true;
      putArray(i, readNpz(path, name), path + ":" + name);
    }
    if (!isFound)
      throw Failure("'" + path + "' holds no array that is called like an input or label of the model" +
                    suggestion(target ? targets[*target].name : targets[0].name, arrays));
  }

  void takeMemory(const MemorySource &source) {
    std::optional<size_t> target;
    std::vector<std::string> known = targetNames();
    for (size_t i = 0; i < known.size(); ++i)
      if (known[i] == source.target)
        target = i;
    if (!source.target.empty() && !target)
      throw Failure("the model has no input or label '" + source.target + "'" + suggestion(source.target, known));
    size_t index = target ? *target : onlyTarget(source.isLabel, source.name);
    if (source.array)
      putArray(index, source.array(), source.name);
    else
      putArray(index, numberLabels(source.labels, source.name, {}), source.name);
  }

  void takeArray(const std::string &path, std::optional<size_t> target) {
    if (endingOf(path) != ".npy" && std::filesystem::exists(path) && !isIdx(path) && endingOf(path) != ".gz")
      throw Failure("'" + path +
                    "' is not training data: .csv, .tsv, .npy, .npz and IDX files, PNG and JPEG files and folders of "
                    "them are supported");
    size_t index = target ? *target : onlyTarget(false, path);
    putArray(index, endingOf(path) == ".npy" ? readNpy(path, targets[index].type) : readIdx(path), path);
  }

  const DataOptions &options;
  std::vector<Target> &targets;
  DataDescription &description;
  std::vector<std::string> &classNames;
  DataRole role;
  const OptionNames &names;
  Dataset data;
  std::map<size_t, std::vector<std::string>> singleImages; ///< by target
  std::string labelColumn;
};

} // namespace

std::string Dataset::describeRow(size_t row, const std::vector<Target> &targets) const {
  for (size_t i = 0; i < targets.size(); ++i)
    if (targets[i].isLabel)
      return columns[i]->describeRow(row);
  return columns[0]->describeRow(row);
}

dlc_uint32 Dataset::checksum() const {
  dlc_uint32 sum = 0;
  for (const auto &column : columns)
    sum = column->checksum(sum);
  return sum;
}

Dataset dlc::data::readDataset(const DataOptions &options, std::vector<Target> &targets, DataDescription &description,
                               DataRole role, const OptionNames &names) {
  return DatasetReader(options, targets, description, role, names).read();
}
