// SPDX-License-Identifier: Apache-2.0
// The block that contains a model's variables.
#include "TrainableModel.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace {

TEST(RuntimeVariables, AreAllocatedZeroed) {
  dlc_model model = trainableModel;
  for (dlc_uint64 bytes : {dlc_uint64(0), dlc_uint64(1), model.variable_bytes, (dlc_uint64(2) << 20) + 1}) {
    model.variable_bytes = bytes;
    dlc_error error = {};
    std::unique_ptr<void, void (*)(void *)> block(dlc_variables_allocate(&model, &error), std::free);
    ASSERT_NE(block, nullptr) << error.message;
    const auto *begin = static_cast<const unsigned char *>(block.get());
    EXPECT_TRUE(std::all_of(begin, begin + bytes, [](unsigned char byte) { return byte == 0; }));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(begin) % (bytes < (2u << 20) ? 64 : 2u << 20), 0u) << bytes;
  }
}

TEST(RuntimeVariables, AreTooLarge) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "sanitizers end the program where there is no memory";
#endif
#endif
  dlc_model model = trainableModel;
  model.variable_bytes = dlc_uint64(1) << 62;
  dlc_error error = {};
  EXPECT_EQ(dlc_variables_allocate(&model, &error), nullptr);
  EXPECT_EQ(error.status, DLC_ERROR_OUT_OF_MEMORY);
  EXPECT_NE(std::string(error.message).find("no memory for the 4611686018427387904 bytes of the variables"),
            std::string::npos)
      << error.message;
  EXPECT_EQ(dlc_variables_allocate(&model, nullptr), nullptr);
  model.abi_version = 77;
  EXPECT_EQ(dlc_variables_allocate(&model, &error), nullptr);
  EXPECT_EQ(error.status, DLC_ERROR_ABI);
}

} // namespace
