// SPDX-License-Identifier: Apache-2.0
/// \file
/// Data a row at a time: where one tensor of a model gets its values from.
#ifndef DLC_DATA_COLUMN_H
#define DLC_DATA_COLUMN_H

#include "data/Array.h"

#include <optional>

namespace dlc::data {

/// An input or a label of `train_step`, without its first dimension, which counts rows.
struct Target {
  std::string name;
  dlc_uint32 type = DLC_F32;
  std::vector<dlc_int64> shape; ///< of one row; below 0: what the data has
  bool isLabel = false;
  dlc_int64 classes = -1;                ///< values are 0 to classes - 1; -1: any
  bool isClass = false;                  ///< of a label: says which class a row is of
  bool isWeight = false;                 ///< says how much samples count
  std::optional<dlc_int64> ignored = {}; ///< of a label: the class that does not count
  double scale = 1;                      ///< what numbers are multiplied with

  size_t count() const;
  size_t bytes() const { return count() * dlc_element_bytes(type); }
  bool isReal() const { return type == DLC_F32 || type == DLC_F64; }
};

/// The values of one target. Rows may be read from several threads at once.
class Column {
public:
  virtual ~Column() = default;
  virtual size_t rows() const = 0;
  /// Writes a row as the target wants it: target.bytes() bytes.
  virtual void read(size_t row, unsigned char *to) const = 0;
  /// "iris.csv:17": the location of a row, for messages.
  virtual std::string describeRow(size_t row) const = 0;
  /// Distinguishes other data: a checksum that continues from `before`.
  virtual dlc_uint32 checksum(dlc_uint32 before) const = 0;
};

/// Rows of an array whose first dimension counts them.
class ArrayColumn final : public Column {
public:
  /// Checks shapes, and the values of labels and integers. Extents of `target` that are below 0 become those of the
  /// array. A label of class numbers for a target of K real numbers per row becomes K numbers with a one among them.
  /// `target.isClass` is set if a label's rows are classes: integers, one-hot, or each 0 or 1.
  /// `source` is the file, for messages; `lines` the lines of its rows, if it has any.
  ArrayColumn(Array array, Target &target, std::string source, std::vector<size_t> lines = {});

  size_t rows() const override { return static_cast<size_t>(array.shape()[0]); }
  void read(size_t row, unsigned char *to) const override;
  std::string describeRow(size_t row) const override;
  dlc_uint32 checksum(dlc_uint32 before) const override;

private:
  void checkShape(Target &target);
  void checkValues() const;
  bool hasClassesOnly() const;

  Array array;
  Target target;
  std::string source;
  std::vector<size_t> lines;
  size_t perRow = 1;
  bool isOneHot = false;
};

} // namespace dlc::data

#endif // DLC_DATA_COLUMN_H
