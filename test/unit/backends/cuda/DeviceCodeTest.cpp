// SPDX-License-Identifier: Apache-2.0
// The device's functions are the same bytes wherever dlc is built.
#include "backends/cuda/DeviceCode.h"
#include "llvm/IR/LLVMContext.h"
#include "gtest/gtest.h"

namespace {

// Clang takes the version of PTX from a CUDA toolkit if it finds one; without a toolkit it would refuse to compile
// them.
TEST(DeviceCode, NamesItsVersionOfPtx) {
  const std::pair<llvm::StringRef, llvm::StringRef> libraries[] = {{"ProductSm75", "+ptx65,+sm_75"},
                                                                   {"AttentionSm75", "+ptx65,+sm_75"},
                                                                   {"HalfProductSm80", "+ptx70,+sm_80"},
                                                                   {"HalfAttentionSm80", "+ptx70,+sm_80"}};
  for (auto [name, features] : libraries) {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> library = cantFail(dlc::cuda::readKernels(name, context));
    cantFail(library->materializeAll());
    int definitions = 0;
    for (const llvm::Function &function : *library) {
      if (function.isDeclaration())
        continue;
      ++definitions;
      EXPECT_EQ(function.getFnAttribute("target-features").getValueAsString(), features) << name.str();
    }
    EXPECT_GT(definitions, 0) << name.str();
  }
}

} // namespace
