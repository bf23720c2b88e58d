// SPDX-License-Identifier: Apache-2.0
#include "training/EvaluationReport.h"

#include "training/History.h"

#include <algorithm>

using namespace dlc::training;

namespace {

/// Columns of text; the first one is aligned on the left, the others on the right.
class TextTable {
public:
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }

  std::string text() const {
    std::vector<size_t> widths;
    for (const std::vector<std::string> &row : rows)
      for (size_t i = 0; i < row.size(); ++i) {
        widths.resize(std::max(widths.size(), i + 1));
        widths[i] = std::max(widths[i], widthOf(row[i]));
      }
    std::string text;
    for (const std::vector<std::string> &row : rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        std::string blanks(widths[i] - widthOf(row[i]), ' ');
        text += i ? "  " + blanks + row[i] : row[i] + blanks;
      }
      text += "\n";
    }
    return text;
  }

private:
  /// Characters of UTF-8.
  static size_t widthOf(const std::string &text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }

  std::vector<std::vector<std::string>> rows;
};

} // namespace

std::string EvaluationReport::toText() const {
  TextTable metrics;
  for (const auto &[name, value] : evaluation.metrics)
    metrics.add({name, formatNumber("%.5g", value)});
  std::string text = model + ": " + std::to_string(rows) + (rows == 1 ? " row\n" : " rows\n") + metrics.text();
  if (!evaluation.confusion)
    return text;
  const Confusion &confusion = *evaluation.confusion;
  constexpr size_t widest = 20;
  if (confusion.size() <= widest) {
    text += "\nconfusion matrix: actual classes in rows, predicted ones in columns\n";
    TextTable matrix;
    std::vector<std::string> head = {""};
    for (size_t c = 0; c < confusion.size(); ++c)
      head.push_back(nameOfClass(c, classNames));
    matrix.add(head);
    for (size_t label = 0; label < confusion.size(); ++label) {
      std::vector<std::string> row = {nameOfClass(label, classNames)};
      for (size_t c = 0; c < confusion.size(); ++c)
        row.push_back(std::to_string(confusion.at(label, c)));
      matrix.add(row);
    }
    text += matrix.text();
  }
  TextTable classes;
  classes.add({"class", "precision", "recall", "f1", "rows"});
  for (size_t label = 0; label < confusion.size(); ++label) {
    Confusion::ClassMetrics metrics = confusion.metricsOf(label);
    classes.add({nameOfClass(label, classNames), formatNumber("%.3f", metrics.precision),
                 formatNumber("%.3f", metrics.recall), formatNumber("%.3f", metrics.f1),
                 std::to_string(metrics.labelled)});
  }
  return text + "\n" + classes.text();
}

nlohmann::ordered_json EvaluationReport::toJson() const {
  nlohmann::ordered_json json = {
      {"model", model}, {"rows", rows}, {"metrics", dlc::training::toJson(evaluation.metrics)}};
  if (evaluation.confusion) {
    json["classes"] = classNames;
    json["confusion"] = dlc::training::toJson(*evaluation.confusion);
  }
  return json;
}

std::string EvaluationReport::toHtml() const {
  std::string content = "<h2>Metrics</h2>\n<table>\n";
  for (const auto &[name, value] : evaluation.metrics)
    content += "<tr><td>" + escapeHtml(name) + "<td class='number'>" + formatNumber("%.5g", value) + "</tr>\n";
  content += "</table>\n";
  if (evaluation.confusion)
    content += "<h2>Confusion matrix</h2>\n" + drawConfusion(*evaluation.confusion, classNames);
  return writePage(model + ": evaluation", facts, content);
}
