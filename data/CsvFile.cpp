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
#include <iterator>

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

/// The number that replaces a column's missing ones.
double imputeFrom(std::vector<double> numbers, CsvOptions::Imputation imputation) {
  if (imputation == CsvOptions::Imputation::Zero)
    return 0;
  if (imputation == CsvOptions::Imputation::Median) {
    std::sort(numbers.begin(), numbers.end());
    size_t middle = numbers.size() / 2;
    // Halves, because their sum is finite.
    return numbers.size() % 2 ? numbers[middle] : numbers[middle - 1] / 2 + numbers[middle] / 2;
  }
  double mean = 0;
  for (size_t i = 0; i < numbers.size(); ++i)
    mean += numbers[i] / static_cast<double>(i + 1) - mean / static_cast<double>(i + 1);
  return mean;
}

std::string countFields(size_t count) { return std::to_string(count) + (count == 1 ? " field" : " fields"); }

/// Takes rows as libcsv finds them.
class Reader {
public:
  Reader(const std::string &path, const CsvOptions &options, const TableForm *known, const std::string &usualLabel,
         const OptionNames &optionNames, CsvTable &table)
      : path(path), options(options), known(known), usualLabel(usualLabel), optionNames(optionNames), table(table) {}

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
    if (!known)
      fitForm();
    table.columns = table.form.features();
    fillFeatures();
  }

private:
  /// Fills and categories, from what the table holds.
  void fitForm() {
    TableForm &form = table.form;
    size_t width = picked.size();
    for (size_t c = 0; c < width; ++c) {
      std::vector<std::string> &categories = texts[c];
      if (isCategory[c]) {
        std::vector<std::string> sorted = categories;
        std::sort(sorted.begin(), sorted.end());
        sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
        if (form.isImputed)
          sorted.erase(std::remove_if(sorted.begin(), sorted.end(), isMissing), sorted.end());
        form.categories[form.columns[c]] = sorted;
      } else if (form.isImputed) {
        std::vector<double> present;
        for (size_t i = c; i < numbers.size(); i += width)
          if (!std::isnan(numbers[i]))
            present.push_back(numbers[i]);
        if (present.empty() && options.imputation != CsvOptions::Imputation::Zero)
          throw Failure("'" + path + "': column '" + form.columns[c] +
                        "' holds no number to take its missing ones from: "
                        "leave it out with " +
                        optionNames("ignore-column"));
        form.fills[form.columns[c]] = imputeFrom(std::move(present), options.imputation);
      }
    }
  }

  void fillFeatures() {
    size_t width = picked.size(), rows = table.lines.size();
    const TableForm &form = table.form;
    table.features = Array(DLC_F64, {static_cast<dlc_int64>(rows), static_cast<dlc_int64>(table.columns.size())});
    auto *to = reinterpret_cast<double *>(table.features.data());
    for (size_t row = 0; row < rows; ++row)
      for (size_t c = 0; c < width; ++c) {
        double number = numbers[row * width + c];
        if (!isCategory[c]) {
          *to++ = std::isnan(number) ? form.fills.at(form.columns[c]) : number;
          continue;
        }
        // A missing category is a row of zeros.
        const std::vector<std::string> &categories = form.categories.at(form.columns[c]);
        const std::string &text = texts[c][row];
        auto found = std::lower_bound(categories.begin(), categories.end(), text);
        bool isKnown = found != categories.end() && *found == text;
        if (!isKnown && !canFill(text))
          fail(table.lines[row], "'" + text + "' in column '" + form.columns[c] +
                                     "' is not one of the categories that the model has learned" +
                                     suggestion(text, categories));
        if (isKnown)
          to[found - categories.begin()] = 1;
        to += categories.size();
      }
  }

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
    table.form.isImputed = known ? known->isImputed : options.imputation != CsvOptions::Imputation::None;
    bool areNumbers = true;
    auto has = [](const std::vector<std::string> &list, const std::string &name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    for (size_t i = 0; i < fields.size(); ++i) {
      std::string number = std::to_string(i + 1);
      bool isLabel = options.hasLabel && (options.label.empty() ? i == last : options.label == number);
      bool isText = known ? known->categories.count(number) : has(options.oneHot, number);
      areNumbers &= isLabel || isText || has(options.ignored, number) || isNumber(fields[i]) || canFill(fields[i]);
    }
    for (size_t i = 0; i < fields.size(); ++i)
      names.push_back(areNumbers ? std::to_string(i + 1) : fields[i]);
    bool isUsual = options.hasLabel && options.label.empty() && has(names, usualLabel);
    label = !options.hasLabel       ? names.size()
            : isUsual               ? findColumn(usualLabel)
            : options.label.empty() ? last
                                    : findColumn(options.label);
    table.labelColumn = options.hasLabel ? names[label] : "";
    isIgnored.assign(names.size(), false);
    if (!known)
      for (const auto &[name, unit] : options.units)
        table.form.units[names[findColumn(name)]] = unit;
    for (const std::string &name : options.ignored)
      if (!known || has(names, name))
        isIgnored[findColumn(name)] = true;
    for (size_t i = 0; i < names.size(); ++i)
      if (i != label && !isIgnored[i])
        picked.push_back(i);
    if (known) {
      pickKnown(areNumbers);
    } else {
      table.form.areNamed = !areNumbers;
      for (size_t i : picked)
        table.form.columns.push_back(names[i]);
      for (const std::string &name : options.oneHot)
        if (size_t column = findColumn(name); column == label || isIgnored[column])
          throw Failure("column '" + name + "' of '" + path + "' is " + (column == label ? "the label" : "left out") +
                        ", so that it cannot be " + optionNames("one-hot"));
    }
    for (const std::string &column : table.form.columns)
      isCategory.push_back(known ? known->categories.count(column) : has(options.oneHot, column));
    texts.resize(picked.size());
    if (areNumbers)
      takeRow();
    else
      checkNames();
  }

  /// The columns of the known form: by their names, or by their order if one of the tables has no names.
  void pickKnown(bool areNumbers) {
    std::vector<size_t> found;
    std::string missing;
    for (const std::string &column : known->columns)
      if (std::find(names.begin(), names.end(), column) != names.end())
        found.push_back(findColumn(column));
      else if (missing.empty())
        missing = column;
    table.form = *known;
    bool areBothNamed = known->areNamed && !areNumbers;
    if (missing.empty() && known->areNamed != areNumbers)
      picked = found;
    else if (areBothNamed)
      throw Failure("'" + path + "' has no column '" + missing + "', which the model has learned from" +
                    suggestion(missing, names));
    else if (picked.size() != known->columns.size())
      throw Failure("'" + path + "' has " + std::to_string(picked.size()) + " columns of features, and the model has " +
                    "learned from " + std::to_string(known->columns.size()) +
                    (areNumbers ? " (columns without names are taken in order)" : ""));
  }

  /// Whether a field is missing and replaced.
  bool canFill(const std::string &field) const { return table.form.isImputed && isMissing(field); }

  void takeRow() {
    if (names.empty())
      return takeHeader();
    if (fields.size() != names.size())
      fail(firstLine,
           "the row has " + countFields(fields.size()) + ", and the first one has " + std::to_string(names.size()));
    if (label < fields.size()) {
      double value;
      if (fields[label].empty())
        fail(firstLine, "the label in column '" + names[label] + "' is empty");
      if (parseNumber(fields[label], value) == Spelling::NotFinite)
        fail(firstLine, "the label '" + fields[label] + "' in column '" + names[label] + "' is not a number");
      table.labels.push_back(fields[label]);
    }
    for (size_t c = 0; c < picked.size(); ++c)
      takeField(c, fields[picked[c]]);
    table.lines.push_back(firstLine);
  }

  /// A field of the feature `c`.
  void takeField(size_t c, const std::string &field) {
    const std::string &name = names[picked[c]];
    double value = NAN;
    bool isFilled = canFill(field);
    auto reject = [&](const std::string &what, const char *remedy, const char *effect) {
      std::string waysOut = std::string(": ") + optionNames(remedy) + effect + ", " + optionNames("ignore-column") +
                            " leaves the column out";
      fail(firstLine, what + (known ? "" : waysOut));
    };
    const char *imputes = " fills in what is missing";
    if (field.empty() && !isFilled)
      reject("the field in column '" + name + "' is empty", "impute", imputes);
    if (isCategory[c]) {
      texts[c].push_back(field);
    } else if (!isFilled) {
      Spelling spelling = parseNumber(field, value);
      if (spelling == Spelling::TooLarge)
        fail(firstLine, "'" + field + "' in column '" + name + "' is too large");
      bool isAbsent = isMissing(field) || spelling == Spelling::NotFinite;
      if (spelling != Spelling::Number)
        reject("'" + field + "' in column '" + name + "' is not a number", isAbsent ? "impute" : "one-hot",
               isAbsent ? imputes : " makes a number of each category of a column");
    }
    numbers.push_back(value);
  }

  const std::string &path;
  const CsvOptions &options;
  const TableForm *known;
  const std::string &usualLabel;
  const OptionNames &optionNames;
  CsvTable &table;
  std::vector<size_t> picked;                  ///< columns that are features
  std::vector<bool> isCategory;                ///< of each of these
  std::vector<std::vector<std::string>> texts; ///< of those that are categories, one per row
  std::vector<double> numbers;                 ///< a row of features at a time; NaN: missing, or a category
  std::vector<std::string> names, fields;
  std::vector<bool> isIgnored;
  std::exception_ptr failure;
  size_t label = 0, line = 0, firstLine = 1;
};

} // namespace

bool dlc::data::isMissing(const std::string &field) {
  static const char *const words[] = {"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "?"};
  return std::find(std::begin(words), std::end(words), field) != std::end(words);
}

CsvTable dlc::data::readCsv(const std::string &path, const CsvOptions &options, const TableForm *form,
                            const std::string &usualLabel, const OptionNames &names) {
  CsvTable table;
  Reader(path, options, form, usualLabel, names, table).read();
  return table;
}
