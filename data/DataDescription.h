// SPDX-License-Identifier: Apache-2.0
/// \file
/// How data became the tensors that a model has learned from: what its predictions on other data depend on.
#ifndef DLC_DATA_DATADESCRIPTION_H
#define DLC_DATA_DATADESCRIPTION_H

#include "data/Column.h"
#include "data/TableForm.h"

namespace dlc::data {

/// The metadata of a checkpoint that holds a description.
inline constexpr char dataDescriptionKey[] = "dlc.data";

struct InputDescription {
  std::string name;
  double scale = 1; ///< numbers of the data were multiplied by it
  TableForm table;  ///< without columns: the data was not a table
};

/// The label that predictions are compared with.
struct LabelDescription {
  Target target;
  std::string column; ///< of the table; empty: none, or without names
};

/// A checkpoint carries it (dlc.data), and so does a library that is compiled with the checkpoint's weights.
struct DataDescription {
  std::vector<InputDescription> inputs;
  std::optional<LabelDescription> label;
  std::vector<std::string> classNames; ///< empty: classes are numbers
  size_t batch = 0;                    ///< rows of a step; 0: not known

  /// The description of an input; null if there is none.
  const InputDescription *find(const std::string &input) const;
  InputDescription *find(const std::string &input);
  bool empty() const { return inputs.empty() && !label && classNames.empty(); }

  /// One JSON object.
  std::string toText() const;
  /// Throws Failure, in whose message `source` says where the text is from.
  static DataDescription fromText(const std::string &text, const std::string &source);
};

} // namespace dlc::data

#endif // DLC_DATA_DATADESCRIPTION_H
