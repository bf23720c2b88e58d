// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors in this program's memory.
#ifndef DLC_DATA_ARRAY_H
#define DLC_DATA_ARRAY_H

#include "data/Failure.h"
#include "dlc/runtime.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace dlc::data {

/// A compact row-major tensor that owns its elements, 64-byte aligned.
class Array {
public:
  Array() = default;
  /// Elements are zero. Throws Failure if the size does not fit memory.
  Array(dlc_uint32 elementType, std::vector<dlc_int64> shape);

  dlc_uint32 elementType() const { return type; }
  const std::vector<dlc_int64> &shape() const { return extents; }
  size_t count() const { return elements; }
  size_t bytes() const { return elements * dlc_element_bytes(type); }
  unsigned char *data() { return memory.get(); }
  const unsigned char *data() const { return memory.get(); }

  /// A view for the runtime; valid as long as the array.
  dlc_tensor view();

  /// Element `index` (row-major) as a number; exact but for 64-bit integers beyond 2^53.
  double at(size_t index) const;

  /// "f32[1, 10]"
  std::string describe() const;

private:
  struct Free {
    void operator()(unsigned char *pointer) const { std::free(pointer); }
  };
  dlc_uint32 type = DLC_F32;
  std::vector<dlc_int64> extents;
  size_t elements = 0;
  std::unique_ptr<unsigned char, Free> memory;
};

/// Stores a number as an element of `type`. Throws Failure("3.5 is not an integer"), or one that says that it does not
/// fit.
void storeNumber(double value, dlc_uint32 type, unsigned char *to);

/// "0.1", for messages.
std::string describeNumber(double value);

/// "[1, 10]"
std::string describeShape(const std::vector<dlc_int64> &shape);

} // namespace dlc::data

#endif // DLC_DATA_ARRAY_H
