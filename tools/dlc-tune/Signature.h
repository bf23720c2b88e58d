// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tensors of a library that is measured.
#ifndef DLC_TOOLS_DLC_TUNE_SIGNATURE_H
#define DLC_TOOLS_DLC_TUNE_SIGNATURE_H

#include "mlir/IR/Value.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace dlc::tune {

/// A tensor as it is in memory.
struct Buffer {
  uint32_t elementType = 0; ///< dlc_element_type
  std::vector<int64_t> dims;
  size_t bytes = 0; ///< with halo and blocks: more than its elements
  /// A weight: every run of the model reads it after all others, so it is rarely still in a near cache.
  bool isWeight = false;
};

/// What `value`, a tensor of static shape, is in memory.
Buffer describeBuffer(mlir::Value value);

/// Inputs and outputs of an entry point, in order.
struct Signature {
  std::vector<Buffer> inputs, outputs;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_SIGNATURE_H
