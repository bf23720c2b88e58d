// SPDX-License-Identifier: Apache-2.0
// cuTensorMapEncodeTiled, with what the driver refuses.
#include "test/fake_cuda/driver/State.h"
#include "test/fake_cuda/machine/TensorMap.h"
#include <cstring>

using namespace fake_cuda;

namespace {
/// Bytes of the types in the order of CUtensorMapDataType: U8, U16, U32, S32, U64, S64, F16, F32, F64, BF16, F32 with
/// subnormals flushed, TF32, TF32 with subnormals flushed.
constexpr uint8_t typeBytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
constexpr unsigned swizzleBytes[] = {0, 32, 64, 128};
} // namespace

extern "C" {

CUresult cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *address, const uint64_t *extents,
                                const uint64_t *strides, const uint32_t *box, const uint32_t *steps, int interleave,
                                int swizzle, int, int fill) {
  Call call("cuTensorMapEncodeTiled", Needs::Nothing);
  if (call.error)
    return call.error;
  auto refuse = [](const char *why) {
    report(std::string("cuTensorMapEncodeTiled: ") + why);
    return InvalidValue;
  };
  if (Environment::capability() < 90)
    return NotSupported;
  if (reinterpret_cast<uint64_t>(map) % 64)
    return refuse("the map is not at a multiple of 64 bytes");
  if (type < 0 || type >= static_cast<int>(sizeof typeBytes) || swizzle < 0 || swizzle > 3 || rank < 1 || rank > 5)
    return refuse("type, swizzle or rank");
  if (interleave)
    return refuse("interleaved layouts are not supported");
  if (reinterpret_cast<uint64_t>(address) % 16)
    return refuse("the tensor is not at a multiple of 16 bytes");
  TensorMap result;
  result.magic = TensorMap::expectedMagic;
  result.address = reinterpret_cast<uint64_t>(address);
  result.elementBytes = typeBytes[type];
  result.rank = static_cast<uint8_t>(rank);
  result.swizzle = static_cast<uint8_t>(swizzle);
  result.fillsNan = static_cast<uint8_t>(fill);
  result.type = static_cast<uint8_t>(type);
  for (uint32_t d = 0; d < rank; ++d) {
    if (extents[d] == 0 || extents[d] > 1ull << 32)
      return refuse("an extent is 0 or above 2^32");
    if (box[d] == 0 || box[d] > 256)
      return refuse("an extent of the box is 0 or above 256");
    if (steps[d] == 0 || steps[d] > 8)
      return refuse("an element stride is 0 or above 8");
    if (d > 0 && (strides[d - 1] % 16 || strides[d - 1] >= 1ull << 40))
      return refuse("a stride is not a multiple of 16 bytes or is above 2^40");
    result.extents[d] = static_cast<uint32_t>(extents[d]);
    result.box[d] = static_cast<uint16_t>(box[d]);
    result.steps[d] = steps[d];
    if (d > 0)
      result.strides[d - 1] = strides[d - 1];
  }
  unsigned inner = box[0] * result.elementBytes;
  if (inner % 16)
    return refuse("the box's innermost row is not a multiple of 16 bytes");
  if (swizzle && inner > swizzleBytes[swizzle])
    return refuse("the box's innermost row is longer than the swizzle");
  memcpy(map, &result, sizeof result);
  return Success;
}

} // extern "C"
