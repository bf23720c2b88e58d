// SPDX-License-Identifier: Apache-2.0
#include "runtime/embedded/RuntimeBitcode.h"

extern const unsigned char runtimeBitcode_x86_64[];
extern const unsigned long runtimeBitcodeSize_x86_64;
extern const unsigned char runtimeBitcode_aarch64[];
extern const unsigned long runtimeBitcodeSize_aarch64;

std::string_view dlc::runtimeBitcode(std::string_view architecture) {
  if (architecture == "x86_64")
    return {reinterpret_cast<const char *>(runtimeBitcode_x86_64), runtimeBitcodeSize_x86_64};
  if (architecture == "aarch64")
    return {reinterpret_cast<const char *>(runtimeBitcode_aarch64), runtimeBitcodeSize_aarch64};
  return {};
}
