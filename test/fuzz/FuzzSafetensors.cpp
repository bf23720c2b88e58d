// SPDX-License-Identifier: Apache-2.0
/// \file
/// Weights of a JSON model.
#include "formats/safetensors/Safetensors.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "test/fuzz/MemoryFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  bool isReported = false;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &) {
    isReported = true;
    return mlir::success();
  });
  std::optional<dlc::Safetensors> tensors = dlc::Safetensors::open(file.getPath(), &context);
  if (!tensors && !isReported)
    std::abort();
  // Every byte of every tensor can be read, and belongs to no other.
  size_t total = 0;
  [[maybe_unused]] volatile char last;
  for (llvm::StringRef name : tensors ? tensors->getNames() : llvm::SmallVector<llvm::StringRef>()) {
    for (char byte : tensors->find(name)->bytes)
      last = byte;
    total += tensors->find(name)->bytes.size();
  }
  if (total > size)
    std::abort();
  return 0;
}
