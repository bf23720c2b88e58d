// SPDX-License-Identifier: Apache-2.0
/// \file
/// What becomes of a kernel.
#ifndef DLC_BACKENDS_HALIDE_COMPILEDKERNEL_H
#define DLC_BACKENDS_HALIDE_COMPILEDKERNEL_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace dlc::halide {

/// One kernel for one instruction set.
struct CompiledKernel {
  /// A module that defines `int kernel(void *scratch, halide_buffer_t *input..., int32_t symbol..., halide_buffer_t
  /// *result)` and may call libm, memcpy and memset, nothing else; but for one that allocates itself.
  std::string bitcode;
  /// Bytes that `scratch` points to, 64-byte aligned.
  int64_t scratchBytes = 0;
  /// In place of `scratchBytes`, of a kernel whose buffers have sizes that a run computes: `scratch` is the thread's
  /// dlc_scratch, which the kernel hands to halide_malloc and halide_free.
  static constexpr int64_t allocatesItself = -1;
  /// In place of the bitcode: an object file that defines `kernel`.
  std::string object = {};

  /// Bytes for a file, and back; nothing if `serialize` has not made them.
  std::string serialize() const;
  static std::optional<CompiledKernel> deserialize(llvm::StringRef bytes);
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_COMPILEDKERNEL_H
