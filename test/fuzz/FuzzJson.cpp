// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/ImportJson.h"
#include "test/fuzz/FuzzImport.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::import(dlc::importJson, data, size);
  return 0;
}
