// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/train/CsvFile.h"

#include "tools/dlc-run/Session.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <csv.h>
#include <fstream>

using namespace dlcrun;

namespace {

bool parseNumber(const std::string &text, double &value) {
  const char *begin = text.data(), *end = begin + text.size();
  begin += begin != end && *begin == '+';
  auto [last, error] = std::from_chars(begin, end, value);
  return error == std::errc() && last == end && std::isfinite(value);
}

/// Whether a text stands for infinity or for what is no number, as programs write them: no name of a class.
bool isNotFinite(const std::string &text) {
  double value;
  const char *begin = text.data(), *end = begin + text.size();
  begin += begin != end && *begin == '+';
  auto [last, error] = std::from_chars(begin, end, value);
  return error == std::errc() && last == end && !std::isfinite(value);
}

/// Takes rows as libcsv finds them.
class Reader {
public:
  Reader(const std::string &path, const CsvOptions &options, CsvTable &table)
      : path(path), options(options), table(table) {}

  void read() {
    std::ifstream file(path, std::ios::binary);
    if (!file)
      throw Failure("cannot read '" + path + "': " + std::strerror(errno));
    csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI))
      throw Failure("no memory to read '" + path + "'");
    csv_set_delim(&parser, static_cast<unsigned char>(options.delimiter));
    std::unique_ptr<csv_parser, void (*)(csv_parser *)> closer(&parser, csv_free);
    // Fed a line at a time, so that what a row calls back belongs to a known line.
    for (std::string text; std::getline(file, text);) {
      ++line;
      if (line == 1 && !text.compare(0, 3, "\xef\xbb\xbf"))
        text.erase(0, 3);
      // The parser says nothing about empty lines, which belong to no row unless they stand in quotes.
      if (firstLine == line && text.find_first_not_of(" \t\r") == std::string::npos) {
        ++firstLine;
        continue;
      }
      text += '\n';
      if (csv_parse(&parser, text.data(), text.size(), onField, onRow, this) != text.size())
        fail(line, csv_strerror(csv_error(&parser)));
      if (failure)
        std::rethrow_exception(failure);
    }
    if (file.bad())
      throw Failure("cannot read '" + path + "'");
    if (csv_fini(&parser, onField, onRow, this))
      fail(firstLine, "a quoted field does not end");
    if (failure)
      std::rethrow_exception(failure);
    if (table.lines.empty())
      throw Failure("'" + path + "' holds no rows");
  }

  std::vector<double> numbers;

private:
  [[noreturn]] void fail(size_t where, const std::string &what) const {
    throw Failure(path + ":" + std::to_string(where) + ": " + what);
  }

  static void onField(void *text, size_t bytes, void *self) {
    static_cast<Reader *>(self)->fields.emplace_back(static_cast<const char *>(text), bytes);
  }

  static void onRow(int, void *self) {
    auto *reader = static_cast<Reader *>(self);
    bool isBlank = reader->fields.size() == 1 && reader->fields[0].empty();
    // Exceptions must not pass through the library's C.
    try {
      if (!isBlank && !reader->fields.empty() && !reader->failure)
        reader->takeRow();
    } catch (...) {
      reader->failure = std::current_exception();
    }
    reader->fields.clear();
    reader->firstLine = reader->line + 1;
  }

  /// The number of a column; its name, or its number from 1.
  size_t findColumn(const std::string &name) const {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Failure("'" + path + "' has no column '" + name + "'" + suggestion(name, names));
    return static_cast<size_t>(found - names.begin());
  }

  void takeHeader() {
    size_t last = fields.size() - 1;
    bool areNumbers = true;
    double value;
    for (size_t i = 0; i < fields.size(); ++i) {
      bool isLabel = options.hasLabel && (options.label.empty() ? i == last : options.label == std::to_string(i + 1));
      areNumbers &= isLabel || parseNumber(fields[i], value);
    }
    for (size_t i = 0; i < fields.size(); ++i)
      names.push_back(areNumbers ? std::to_string(i + 1) : fields[i]);
    label = !options.hasLabel ? names.size() : options.label.empty() ? last : findColumn(options.label);
    isIgnored.assign(names.size(), false);
    for (const std::string &name : options.ignored)
      isIgnored[findColumn(name)] = true;
    for (size_t i = 0; i < names.size(); ++i)
      if (i != label && !isIgnored[i])
        table.columns.push_back(names[i]);
    if (!areNumbers)
      return;
    takeRow();
  }

  void takeRow() {
    if (names.empty())
      return takeHeader();
    if (fields.size() != names.size())
      fail(firstLine, "the row has " + std::to_string(fields.size()) + " fields, and the first one has " +
                          std::to_string(names.size()));
    for (size_t i = 0; i < fields.size(); ++i) {
      double value;
      if (i == label) {
        if (fields[i].empty())
          fail(firstLine, "the label in column '" + names[i] + "' is empty");
        if (isNotFinite(fields[i]))
          fail(firstLine, "the label '" + fields[i] + "' in column '" + names[i] + "' is no number");
        table.labels.push_back(fields[i]);
      } else if (!isIgnored[i]) {
        if (!parseNumber(fields[i], value))
          fail(firstLine, "'" + fields[i] + "' in column '" + names[i] + "' is no number");
        numbers.push_back(value);
      }
    }
    table.lines.push_back(firstLine);
  }

  const std::string &path;
  const CsvOptions &options;
  CsvTable &table;
  std::vector<std::string> names, fields;
  std::vector<bool> isIgnored;
  std::exception_ptr failure;
  size_t label = 0, line = 0, firstLine = 1;
};

} // namespace

CsvTable dlcrun::readCsv(const std::string &path, const CsvOptions &options) {
  CsvTable table;
  Reader reader(path, options, table);
  reader.read();
  table.features =
      Array(DLC_F64, {static_cast<dlc_int64>(table.lines.size()), static_cast<dlc_int64>(table.columns.size())});
  if (!reader.numbers.empty())
    std::memcpy(table.features.data(), reader.numbers.data(), reader.numbers.size() * sizeof(double));
  return table;
}
