// SPDX-License-Identifier: Apache-2.0
#include "runtime/embedded/RuntimeBitcode.h"

#define DLC_RUNTIME(name)                                                                                              \
  extern const unsigned char runtimeBitcode_##name[];                                                                  \
  extern const unsigned long runtimeBitcodeSize_##name;                                                                \
  static std::string_view name() {                                                                                     \
    return {reinterpret_cast<const char *>(runtimeBitcode_##name), runtimeBitcodeSize_##name};                         \
  }
DLC_RUNTIME(x86_64)
DLC_RUNTIME(x86_64_thread)
DLC_RUNTIME(aarch64)
DLC_RUNTIME(aarch64_thread)
#undef DLC_RUNTIME

std::string_view dlc::runtimeBitcode(std::string_view architecture, bool forThreadSanitizer) {
  if (architecture == "x86_64")
    return forThreadSanitizer ? x86_64_thread() : x86_64();
  if (architecture == "aarch64")
    return forThreadSanitizer ? aarch64_thread() : aarch64();
  return {};
}
