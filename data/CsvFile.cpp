// SPDX-License-Identifier: Apache-2.0
#include "data/CsvFile.h"

#include "data/Suggestion.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <csv.h>
#include <fstream>

using namespace dlc::data;

namespace {

enum class Spelling { Number, NotFinite, TooLarge, Other };

/// Reads a number; one that is too small for a double is 0. Infinity and NaN, as programs write them, are not names of
/// classes.
Spelling parseNumber(const std::string &text, double &value) {
  const char *begin = text.data(), *end = begin + text.size();
  begin += begin != end && *begin == '+';
  auto [last, error] = std::from_chars(begin, end, value);
  if (last != end || begin == end || (error != std::errc() && error != std::errc::result_out_of_range))
    return Spelling::Other;
  if (error == std::errc())
    return std::isfinite(value) ? Spelling::Number : Spelling::NotFinite;
  value = std::strtod(begin, nullptr);
  return std::isfinite(value) ? Spelling::Number : Spelling::TooLarge;
}

bool isNumber(const std::string &text) {
  double value;
  return parseNumber(text, value) == Spelling::Number;
}

/// "2019" and the like may well be the name of a column; "5.1" and "-3" are not.
bool couldBeName(const std::string &text) { return text.find_first_not_of("0123456789") == std::string::npos; }

std::string countFields(size_t count) { return std::to_string(count) + (count == 1 ? " field" : " fields"); }

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
    // Fed a line at a time, so that what a row calls back belongs to a known line. Lines end in "\n", "\r\n" or "\r".
    for (std::string text; std::getline(file, text);) {
      if (!line && !text.compare(0, 3, "\xef\xbb\xbf"))
        text.erase(0, 3);
      if (!line && (!text.compare(0, 2, "\xff\xfe") || !text.compare(0, 2, "\xfe\xff")))
        throw Failure("'" + path + "' is in UTF-16: save it as UTF-8");
      if (text.find('\0') != std::string::npos)
        fail(line + 1, "a byte is 0: this is not a text file");
      text += '\n';
      for (size_t begin = 0; begin < text.size();) {
        size_t end = text.find('\r', begin);
        end = end == std::string::npos || end + 2 >= text.size() ? text.size() : end + 1;
        takeLine(parser, text.substr(begin, end - begin));
        begin = end;
      }
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

  void takeLine(csv_parser &parser, const std::string &text) {
    ++line;
    // The parser says nothing about empty lines, which belong to no row unless they are in quotes.
    if (firstLine == line && text.find_first_not_of(" \t\r\n") == std::string::npos) {
      ++firstLine;
      return;
    }
    if (csv_parse(&parser, text.data(), text.size(), onField, onRow, this) != text.size())
      fail(line, csv_strerror(csv_error(&parser)));
    if (failure)
      std::rethrow_exception(failure);
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
    if (std::find(found + 1, names.end(), name) != names.end())
      fail(firstLine, "there are several columns '" + name + "'");
    return static_cast<size_t>(found - names.begin());
  }

  /// Fails if a first row that should hold names is rather one of numbers with a mistake in it, and says so if it may
  /// be one.
  void checkNames() {
    const std::string *number = nullptr, *text = nullptr;
    for (size_t i = 0; i < fields.size(); ++i)
      if (i != label && !isIgnored[i]) {
        bool isName = !isNumber(fields[i]);
        const std::string *&found = isName ? text : number;
        if (!found || (!isName && couldBeName(*found)))
          found = &fields[i];
      }
    if (!number || !text)
      return;
    if (!couldBeName(*number))
      fail(firstLine, "the first row holds either names of columns or numbers, and this one has '" + *text + "' and '" +
                          *number + "'");
    table.remarks.push_back(path + ":" + std::to_string(firstLine) + ": treated as names of columns, because '" +
                            *text + "' is not a number");
  }

  void takeHeader() {
    size_t last = fields.size() - 1;
    bool areNumbers = true;
    for (size_t i = 0; i < fields.size(); ++i) {
      std::string number = std::to_string(i + 1);
      bool isLabel = options.hasLabel && (options.label.empty() ? i == last : options.label == number);
      bool isLeftOut = std::find(options.ignored.begin(), options.ignored.end(), number) != options.ignored.end();
      areNumbers &= isLabel || isLeftOut || isNumber(fields[i]);
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
    if (areNumbers)
      takeRow();
    else
      checkNames();
  }

  void takeRow() {
    if (names.empty())
      return takeHeader();
    if (fields.size() != names.size())
      fail(firstLine,
           "the row has " + countFields(fields.size()) + ", and the first one has " + std::to_string(names.size()));
    for (size_t i = 0; i < fields.size(); ++i) {
      double value;
      if (!isIgnored[i] && fields[i].empty())
        fail(firstLine, (i == label ? "the label in column '" : "the field in column '") + names[i] + "' is empty");
      Spelling spelling = parseNumber(fields[i], value);
      if (i == label) {
        if (spelling == Spelling::NotFinite)
          fail(firstLine, "the label '" + fields[i] + "' in column '" + names[i] + "' is not a number");
        table.labels.push_back(fields[i]);
      } else if (!isIgnored[i]) {
        if (spelling != Spelling::Number)
          fail(firstLine, "'" + fields[i] + "' in column '" + names[i] + "' is " +
                              (spelling == Spelling::TooLarge ? "too large" : "not a number"));
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

CsvTable dlc::data::readCsv(const std::string &path, const CsvOptions &options) {
  CsvTable table;
  Reader reader(path, options, table);
  reader.read();
  table.features =
      Array(DLC_F64, {static_cast<dlc_int64>(table.lines.size()), static_cast<dlc_int64>(table.columns.size())});
  if (!reader.numbers.empty())
    std::memcpy(table.features.data(), reader.numbers.data(), reader.numbers.size() * sizeof(double));
  return table;
}
