// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOnnx.h"
#include "test/fuzz/FuzzModel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::compileModel(
      [](llvm::StringRef path, mlir::MLIRContext *context) { return dlc::importOnnx(path, context, {}); }, data, size);
  return 0;
}
