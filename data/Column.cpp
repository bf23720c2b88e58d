// SPDX-License-Identifier: Apache-2.0
#include "data/Column.h"

#include <cfloat>
#include <cmath>
#include <cstring>
#include <zlib.h>

using namespace dlc::data;

size_t Target::count() const {
  size_t count = 1;
  for (dlc_int64 extent : shape)
    count *= static_cast<size_t>(extent);
  return count;
}

namespace {

/// Shapes without extents of one, which do not matter for the order of elements.
std::vector<dlc_int64> squeeze(const std::vector<dlc_int64> &shape) {
  std::vector<dlc_int64> squeezed;
  for (dlc_int64 extent : shape)
    if (extent != 1)
      squeezed.push_back(extent);
  return squeezed;
}

} // namespace

ArrayColumn::ArrayColumn(Array values, Target &wanted, std::string from, std::vector<size_t> rowLines)
    : array(std::move(values)), source(std::move(from)), lines(std::move(rowLines)) {
  if (array.shape().empty())
    throw Failure("'" + source + "' holds one number: '" + wanted.name +
                  "' needs an array whose first dimension counts rows");
  checkShape(wanted);
  target = wanted;
  checkValues();
  wanted.isClass |= wanted.isLabel && (isOneHot || !wanted.isReal() || hasClassesOnly());
}

void ArrayColumn::checkShape(Target &wanted) {
  std::vector<dlc_int64> given(array.shape().begin() + 1, array.shape().end());
  for (dlc_int64 extent : given)
    perRow *= static_cast<size_t>(extent);
  if (wanted.shape.size() == given.size())
    for (size_t d = 0; d < given.size(); ++d)
      wanted.shape[d] = wanted.shape[d] < 0 ? given[d] : wanted.shape[d];
  for (dlc_int64 extent : wanted.shape)
    if (extent < 0)
      throw Failure("'" + source + "' has rows of shape " + describeShape(given) + ", and '" + wanted.name +
                    "' needs " + std::to_string(wanted.shape.size()) + " dimensions");
  bool isSame = squeeze(wanted.shape) == squeeze(given);
  // Flat rows, as tables have them, are a tensor's elements in order.
  bool isFlat = given.size() == 1 && perRow == wanted.count();
  isOneHot = !isSame && wanted.isLabel && wanted.isReal() && wanted.shape.size() == 1 && perRow == 1;
  if (!isSame && !isFlat && !isOneHot)
    throw Failure("'" + source + "' has rows of shape " + describeShape(given) + ", and '" + wanted.name + "' needs " +
                  describeShape(wanted.shape));
}

void ArrayColumn::checkValues() const {
  dlc_int64 classes = isOneHot ? target.shape[0] : target.classes;
  // Of numbers that are converted, those of fewer bits fit into every real type that a model has.
  bool isConverted = array.elementType() != target.type && (!target.isReal() || array.elementType() == DLC_F64),
       isChecked = classes >= 0 || isConverted;
  unsigned char element[8];
  for (size_t i = 0; isChecked && i < array.count(); ++i) {
    double value = array.at(i) * target.scale;
    if (classes >= 0 && !(target.ignored && value == static_cast<double>(*target.ignored)) &&
        !(value >= 0 && value < static_cast<double>(classes) && value == std::trunc(value)))
      throw Failure(describeRow(i / perRow) + ": " + (target.isLabel ? "label " : "value ") + describeNumber(value) +
                    " is out of range: '" + target.name + "' takes 0 to " + std::to_string(classes - 1) +
                    (target.ignored ? ", or " + std::to_string(*target.ignored) + " for none" : ""));
    if (target.type == DLC_F32 && std::abs(value) > FLT_MAX && std::isfinite(value))
      throw Failure(describeRow(i / perRow) + ": " + describeNumber(value) + " is too large for the numbers of '" +
                    target.name + "', which are f32");
    try {
      if (!isOneHot)
        storeNumber(value, target.type, element);
    } catch (const Failure &failure) {
      throw Failure(describeRow(i / perRow) + ": " + failure.what() + ", which '" + target.name + "' needs");
    }
  }
}

bool ArrayColumn::hasClassesOnly() const {
  for (size_t row = 0; row < rows(); ++row) {
    double sum = 0;
    for (size_t i = row * perRow; i < (row + 1) * perRow; ++i) {
      double value = array.at(i);
      if (value != 0 && value != 1)
        return false;
      sum += value;
    }
    if (perRow > 1 && sum != 1)
      return false;
  }
  return true;
}

void ArrayColumn::read(size_t row, unsigned char *to) const {
  if (isOneHot) {
    size_t width = dlc_element_bytes(target.type);
    for (size_t i = 0; i < target.count(); ++i)
      storeNumber(static_cast<double>(i) == array.at(row), target.type, to + i * width);
    return;
  }
  if (array.elementType() == target.type && target.scale == 1) {
    std::memcpy(to, array.data() + row * target.bytes(), target.bytes());
    return;
  }
  size_t width = dlc_element_bytes(target.type);
  for (size_t i = 0; i < perRow; ++i)
    storeNumber(array.at(row * perRow + i) * target.scale, target.type, to + i * width);
}

std::string ArrayColumn::describeRow(size_t row) const {
  return lines.empty() ? source + ", row " + std::to_string(row) : source + ":" + std::to_string(lines[row]);
}

dlc_uint32 ArrayColumn::checksum(dlc_uint32 before) const {
  std::string form = array.describe() + describeNumber(target.scale);
  uLong sum = crc32_z(before, reinterpret_cast<const Bytef *>(form.data()), form.size());
  return static_cast<dlc_uint32>(crc32_z(sum, array.data(), array.bytes()));
}
