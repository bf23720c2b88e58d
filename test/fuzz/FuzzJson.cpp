// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/ImportJson.h"
#include "test/fuzz/FuzzModel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::compileModel(
      [](llvm::StringRef path, mlir::MLIRContext *context) { return dlc::importJson(path, context, {}); }, data, size);
  return 0;
}
