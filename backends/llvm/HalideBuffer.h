// SPDX-License-Identifier: Apache-2.0
/// \file
/// halide_buffer_t and halide_dimension_t (HalideRuntime.h) in bytes, on targets with 64-bit pointers: how kernels of
/// every kind receive tensors.
#ifndef DLC_BACKENDS_LLVM_HALIDEBUFFER_H
#define DLC_BACKENDS_LLVM_HALIDEBUFFER_H

namespace dlc::halideBuffer {

enum {
  Device = 0,
  Interface = 8,
  Host = 16,
  Flags = 24,
  Type = 32,
  Dimensions = 36,
  Dim = 40,
  Padding = 48,
  Size = 56
};
enum { Min = 0, Extent = 4, Stride = 8, DimFlags = 12, DimSize = 16 };

} // namespace dlc::halideBuffer

#endif // DLC_BACKENDS_LLVM_HALIDEBUFFER_H
