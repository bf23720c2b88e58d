// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/PredictionWriter.h"

#include "data/ImageFolder.h"
#include "data/NpyFile.h"
#include "training/ReportPage.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace dlc::data;
using namespace dlc::training;
using namespace dlcrun;

namespace {

/// The fewest digits that give the same number of the element's type.
std::string formatElement(double value, dlc_uint32 type) {
  char text[64];
  bool isInteger = type < DLC_F16 || type == DLC_BOOL;
  std::to_chars_result end = isInteger         ? std::to_chars(text, text + sizeof text, std::llround(value))
                             : type == DLC_F64 ? std::to_chars(text, text + sizeof text, value)
                                               : std::to_chars(text, text + sizeof text, static_cast<float>(value));
  return {text, end.ptr};
}

/// An output whose first dimension counts rows.
struct RowOutput {
  dlc_uint32 index;
  std::string name;
  bool isPrediction;
  Question question; ///< of the prediction
  size_t count = 0;  ///< elements of one row
};

/// Rows of text, to a file that is there as a whole or not at all.
class TextWriter : public PredictionWriter {
public:
  TextWriter(const std::string &path, const Predictor &predictor) : predictor(predictor), path(path) {
    if (path.empty())
      return;
    partial = path + ".part";
    file = std::fopen(partial.c_str(), "w");
    if (!file)
      throw Failure("cannot write '" + path + "': " + std::strerror(errno));
  }
  ~TextWriter() override {
    if (file == stdout)
      return;
    std::fclose(file);
    std::error_code error;
    std::filesystem::remove(partial, error);
  }
  TextWriter(const TextWriter &) = delete;

  void take(const BatchFunction &function, size_t rows) override {
    if (outputs.empty())
      findOutputs(function);
    for (size_t row = 0; row < rows; ++row, ++next) {
      std::vector<PredictedRow> values;
      for (const RowOutput &output : outputs)
        values.push_back(read(function.output(output.index), output, row));
      std::string line = writeRow(values);
      if (std::fwrite(line.data(), 1, line.size(), file) != line.size())
        fail();
    }
  }

  void finish() override {
    if (std::fflush(file))
      fail();
    std::error_code error;
    if (file != stdout)
      std::filesystem::rename(partial, path, error);
    if (error)
      fail();
  }

protected:
  virtual std::string writeHead() { return ""; }
  virtual std::string writeRow(const std::vector<PredictedRow> &values) = 0;

  std::string nameOf(size_t label) const { return nameOfClass(label, predictor.description().classNames); }
  /// The file of a row, where rows are files.
  const std::string *fileOf() {
    for (const auto &column : predictor.data().columns)
      if (dynamic_cast<const ImageColumn *>(column.get()))
        return &(location = column->describeRow(predictor.rows()[next]));
    return nullptr;
  }

  const Predictor &predictor;
  std::vector<RowOutput> outputs;
  size_t next = 0; ///< row, in the order of the predictor

private:
  [[noreturn]] void fail() const {
    throw Failure("cannot write " + (path.empty() ? "to standard output" : "'" + path + "'") + ": " +
                  std::strerror(errno));
  }

  void findOutputs(const BatchFunction &function) {
    const dlc_entry_point &entry = predictor.entry();
    for (dlc_uint32 i = 0; i < entry.output_count; ++i) {
      const Array &array = function.output(i);
      if (array.shape().empty() || array.shape()[0] < 1 ||
          array.shape()[0] != static_cast<dlc_int64>(predictor.batchRows()))
        continue;
      RowOutput output{i, entry.outputs[i].name, i == predictor.predictionOutput(), {}, 0};
      output.count = array.count() / static_cast<size_t>(array.shape()[0]);
      if (output.isPrediction)
        output.question = ask(array);
      outputs.push_back(output);
    }
    if (outputs.empty())
      throw Failure("no output of the model has rows");
    std::string head = writeHead();
    if (std::fwrite(head.data(), 1, head.size(), file) != head.size())
      fail();
  }

  /// Whether a prediction says classes: as training has compared it with its label.
  Question ask(const Array &prediction) const {
    const DataDescription &known = predictor.description();
    if (known.label) {
      std::vector<dlc_int64> labels = {prediction.shape()[0]};
      labels.insert(labels.end(), known.label->target.shape.begin(), known.label->target.shape.end());
      return findQuestion(prediction.shape(), labels, !known.label->target.isReal(), known.label->target.isClass);
    }
    size_t classes = known.classNames.size();
    return classes > 1 && prediction.shape().size() == 2 && static_cast<size_t>(prediction.shape()[1]) == classes
               ? Question{Answer::OneHot, classes}
               : Question();
  }

  static PredictedRow read(const Array &array, const RowOutput &output, size_t row) {
    PredictedRow value;
    size_t begin = row * output.count;
    for (size_t i = begin; i < begin + output.count; ++i) {
      value.numbers.push_back(array.at(i));
      value.texts.push_back(formatElement(array.at(i), array.elementType()));
    }
    size_t classes = output.question.classes;
    if (output.question.answer == Answer::Threshold)
      for (double number : value.numbers)
        value.classes.push_back(number >= 0.5);
    else if (output.question.answer != Answer::Number)
      for (size_t i = begin; i + classes <= begin + output.count; i += classes)
        value.classes.push_back(findLargest(array, i, classes));
    return value;
  }

  std::string path, partial, location;
  std::FILE *file = stdout;
};

std::string quoteCsv(const std::string &field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos)
    return field;
  std::string quoted = "\"";
  for (char c : field)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

class CsvWriter final : public TextWriter {
public:
  using TextWriter::TextWriter;

private:
  /// Scores are written for one prediction per row, not for those of a sequence.
  static bool hasScores(const RowOutput &output) {
    return output.question.answer == Answer::Threshold || output.count == output.question.classes;
  }

  static void addNames(std::vector<std::string> &names, const std::string &name, size_t count) {
    for (size_t i = 0; i < count; ++i)
      names.push_back(count == 1 ? name : name + "_" + std::to_string(i));
  }

  std::string writeHead() override {
    std::vector<std::string> names;
    if (fileOf())
      names.push_back("file");
    for (const RowOutput &output : outputs) {
      bool isClass = output.question.answer != Answer::Number;
      size_t scores = output.question.answer == Answer::Threshold ? 1 : output.question.classes;
      addNames(names, output.isPrediction ? "prediction" : output.name, isClass ? output.count / scores : output.count);
      if (!isClass || !hasScores(output))
        continue;
      if (output.question.answer == Answer::Threshold)
        addNames(names, "score", output.count);
      else
        for (size_t c = 0; c < scores; ++c)
          names.push_back("score_" + nameOf(c));
    }
    return join(names);
  }

  std::string writeRow(const std::vector<PredictedRow> &values) override {
    std::vector<std::string> fields;
    if (const std::string *file = fileOf())
      fields.push_back(*file);
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t label : values[i].classes)
        fields.push_back(nameOf(label));
      if (outputs[i].question.answer == Answer::Number || hasScores(outputs[i]))
        fields.insert(fields.end(), values[i].texts.begin(), values[i].texts.end());
    }
    return join(fields);
  }

  static std::string join(const std::vector<std::string> &fields) {
    std::string line;
    for (size_t i = 0; i < fields.size(); ++i)
      line += (i ? "," : "") + quoteCsv(fields[i]);
    return line + "\n";
  }
};

class JsonWriter final : public TextWriter {
public:
  using TextWriter::TextWriter;

private:
  template <typename T> static nlohmann::ordered_json unwrap(std::vector<T> list) {
    return list.size() == 1 ? nlohmann::ordered_json(list[0]) : nlohmann::ordered_json(list);
  }

  /// Numbers with as few digits as in tables; NaN and infinities, which JSON lacks, are null.
  static nlohmann::ordered_json numbersOf(const PredictedRow &value) {
    std::vector<nlohmann::ordered_json> numbers;
    for (size_t i = 0; i < value.numbers.size(); ++i)
      numbers.push_back(std::isfinite(value.numbers[i]) ? nlohmann::ordered_json::parse(value.texts[i])
                                                        : nlohmann::ordered_json());
    return unwrap(numbers);
  }

  std::string writeRow(const std::vector<PredictedRow> &values) override {
    nlohmann::ordered_json line = nlohmann::ordered_json::object();
    if (const std::string *file = fileOf())
      line["file"] = *file;
    bool hasNames = !predictor.description().classNames.empty();
    for (size_t i = 0; i < values.size(); ++i) {
      const RowOutput &output = outputs[i];
      if (output.question.answer == Answer::Number) {
        line[output.isPrediction ? "prediction" : output.name] = numbersOf(values[i]);
        continue;
      }
      std::vector<nlohmann::ordered_json> names;
      for (size_t label : values[i].classes)
        names.push_back(hasNames ? nlohmann::ordered_json(nameOf(label)) : nlohmann::ordered_json(label));
      line["prediction"] = unwrap(names);
      nlohmann::ordered_json numbers = numbersOf(values[i]);
      if (hasNames && output.count == output.question.classes) {
        line["scores"] = nlohmann::ordered_json::object();
        for (size_t c = 0; c < output.count; ++c)
          line["scores"][nameOf(c)] = numbers[c];
      } else {
        line["scores"] = numbers;
      }
    }
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
};

/// The prediction as the model gives it, all rows in one array.
class NpyWriter final : public PredictionWriter {
public:
  NpyWriter(std::string path, const Predictor &predictor) : predictor(predictor), path(std::move(path)) {
    if (this->path.empty())
      throw Failure("an array cannot be printed: say which file to write, by --output FILE.npy");
  }

  void take(const BatchFunction &function, size_t rows) override {
    const Array &output = function.output(predictor.predictionOutput());
    size_t batch = predictor.batchRows();
    if (output.shape().empty() || output.shape()[0] < static_cast<dlc_int64>(rows))
      throw Failure("the first dimension of the prediction, " + output.describe() + ", does not count rows");
    if (!next) {
      std::vector<dlc_int64> shape = output.shape();
      shape[0] = static_cast<dlc_int64>(predictor.rows().size());
      all = Array(output.elementType(), shape);
      rowBytes = output.bytes() / batch;
    }
    if (output.elementType() != all.elementType() || next + rows > predictor.rows().size())
      throw Failure("the prediction changes its shape from batch to batch");
    std::memcpy(all.data() + next * rowBytes, output.data(), rows * rowBytes);
    next += rows;
  }

  void finish() override { writeNpy(path, all); }

private:
  const Predictor &predictor;
  std::string path;
  Array all;
  size_t next = 0, rowBytes = 0;
};

} // namespace

std::unique_ptr<PredictionWriter> PredictionWriter::make(const std::string &format, const std::string &path,
                                                         const Predictor &predictor) {
  if (format == "npy")
    return std::make_unique<NpyWriter>(path, predictor);
  if (format == "jsonl")
    return std::make_unique<JsonWriter>(path, predictor);
  return std::make_unique<CsvWriter>(path, predictor);
}
