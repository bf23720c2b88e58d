// SPDX-License-Identifier: Apache-2.0
/// \file
/// halide_buffer_t: how kernels receive tensors.
#ifndef DLC_DEVICE_BUFFER_H
#define DLC_DEVICE_BUFFER_H

#include "../core/Base.h"

typedef struct BufferDimension {
  dlc_int32 min, extent, stride;
  dlc_uint32 flags;
} BufferDimension;

typedef struct Buffer {
  dlc_uint64 device; // of the element at the minima
  const void *interface;
  dlc_byte *host;
  dlc_uint64 flags;
  dlc_byte typeCode, bits;
  dlc_uint16 lanes;
  dlc_int32 dimensions;
  BufferDimension *dim;
  void *padding;
} Buffer;

/// Bytes from the first element to the end of the last one; strides are not negative.
static inline dlc_uint64 dlcBufferBytes(const Buffer *buffer) {
  dlc_uint64 last = 0;
  for (dlc_int32 d = 0; d < buffer->dimensions; ++d) {
    if (buffer->dim[d].extent <= 0)
      return 0;
    last += (dlc_uint64)(buffer->dim[d].extent - 1) * (dlc_uint64)buffer->dim[d].stride;
  }
  return (last + 1) * ((buffer->bits + 7u) / 8u);
}

#endif // DLC_DEVICE_BUFFER_H
