// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <gtest/gtest.h>
#include <string>

namespace {

/// Tensors that `mix` takes; each test spoils one thing.
class RuntimeTensorCheck : public testing::Test {
protected:
  void SetUp() override {
    scratchDemand = 16;
    ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, nullptr, &context), DLC_OK);
    mix = dlc_find_entry(&fakeModel, "mix");
  }
  void TearDown() override { dlc_context_release(context); }

  /// Runs and expects `status` with `text` in the message, and no output written.
  void expect(dlc_int32 status, const std::string &text, const dlc_uint64 *capacities = nullptr) {
    s = -5;
    EXPECT_EQ(dlc_run_sized(context, mix, inputs, 4, outputs, 2, capacities), status) << dlc_context_message(context);
    EXPECT_NE(std::string(dlc_context_message(context)).find(text), std::string::npos) << dlc_context_message(context);
    EXPECT_EQ(s, -5);
  }

  dlc_context *context = nullptr;
  const dlc_entry_point *mix = nullptr;
  signed char a[3] = {1, 2, 3};
  double n = 4, s = -5;
  float b[8] = {}, c[4] = {};
  uint16_t t[9] = {};
  dlc_int64 aShape[1] = {3}, bShape[2] = {2, 2}, cShape[1] = {2}, tShape[1] = {5};
  dlc_tensor inputs[4] = {dlc_tensor_of(a, DLC_I8, 1, aShape), dlc_tensor_of(&n, DLC_F64, 0, nullptr),
                          dlc_tensor_of(b, DLC_F32, 2, bShape), dlc_tensor_of(c, DLC_F32, 1, cShape)};
  dlc_tensor outputs[2] = {dlc_tensor_of(&s, DLC_F64, 0, nullptr), dlc_tensor_of(t, DLC_BF16, 1, tShape)};
};

TEST_F(RuntimeTensorCheck, Correct) {
  dlc_int64 strides[] = {2, 1}, byteOffset[] = {5};
  inputs[2].strides = strides;
  outputs[1].data = t + 1;
  outputs[1].byte_offset = 4;
  outputs[1].shape = byteOffset;
  ASSERT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK) << dlc_context_message(context);
  EXPECT_EQ(s, 7);
  const uint16_t expected[9] = {0, 0, 0, 0x3f80, 0x3f80, 0x3f80, 0x3f80, 0x3f80, 0};
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(t[i], expected[i]) << i;
}

TEST_F(RuntimeTensorCheck, Count) {
  EXPECT_EQ(dlc_run(context, mix, inputs, 3, outputs, 2), DLC_ERROR_COUNT);
  EXPECT_STREQ(dlc_context_message(context), "'mix' takes 4 inputs, not 3");
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 0), DLC_ERROR_COUNT);
  EXPECT_STREQ(dlc_context_message(context), "'mix' takes 2 outputs, not 0");
}

TEST_F(RuntimeTensorCheck, Argument) {
  EXPECT_EQ(dlc_run(context, mix, nullptr, 4, outputs, 2), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, nullptr, 2), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_run(context, nullptr, inputs, 4, outputs, 2), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_run(nullptr, mix, inputs, 4, outputs, 2), DLC_ERROR_ARGUMENT);
  inputs[2].shape = nullptr;
  expect(DLC_ERROR_ARGUMENT, "input 'b' of 'mix' has no shape");
}

TEST_F(RuntimeTensorCheck, Type) {
  inputs[1].dtype.bits = 32;
  expect(DLC_ERROR_TYPE, "input 'n' of 'mix' has elements of type f32 (DLPack code 2, 32 bits), expected f64");
  inputs[1].dtype.bits = 64;
  inputs[1].dtype.lanes = 4;
  expect(DLC_ERROR_TYPE, "4 lanes");
  inputs[1].dtype.lanes = 1;
  outputs[1].dtype.code = 2;
  expect(DLC_ERROR_TYPE, "output 't' of 'mix' has elements of type f16");
}

TEST_F(RuntimeTensorCheck, Rank) {
  inputs[0].ndim = 2;
  expect(DLC_ERROR_RANK, "input 'a' of 'mix' has 2 dimensions, expected 1");
  inputs[0].ndim = -1;
  expect(DLC_ERROR_RANK, "-1 dimensions");
}

TEST_F(RuntimeTensorCheck, Shape) {
  aShape[0] = 4;
  expect(DLC_ERROR_SHAPE, "input 'a' of 'mix' has shape [4], expected [3]");
  aShape[0] = 3;
  bShape[1] = 3;
  expect(DLC_ERROR_SHAPE, "input 'b' of 'mix' has shape [2, 3], expected [M, 2]");
  bShape[1] = 2;
  tShape[0] = 4;
  expect(DLC_ERROR_SHAPE, "output 't' of 'mix' has shape [4], and these inputs give [5]");
}

TEST_F(RuntimeTensorCheck, Symbol) {
  cShape[0] = 3;
  expect(DLC_ERROR_SYMBOL, "input 'c' of 'mix' has M = 3 (dimension 0), but an earlier dimension has M = 2");
  bShape[0] = 0;
  expect(DLC_ERROR_SYMBOL, "input 'b' of 'mix' has M = 0 (dimension 0), which is not within 1 to");
  bShape[0] = -2;
  expect(DLC_ERROR_SYMBOL, "M = -2");
  dlc_int64 zero = 0, dims[2];
  EXPECT_EQ(dlc_context_reserve(context, mix, &zero), DLC_ERROR_SYMBOL);
  EXPECT_EQ(dlc_output_shapes(context, mix, &zero, dims), DLC_ERROR_SYMBOL);
  EXPECT_STREQ(dlc_context_message(context), "M = 0 is not within its bounds, 1 to 9223372036854775807");
}

TEST_F(RuntimeTensorCheck, Strides) {
  dlc_int64 strides[] = {1, 2};
  inputs[2].strides = strides;
  expect(DLC_ERROR_STRIDES, "input 'b' of 'mix' has strides [1, 2]");
}

TEST_F(RuntimeTensorCheck, StridesOfSingleElementsDoNotMatter) {
  dlc_int64 strides[] = {77, 1};
  bShape[0] = cShape[0] = 1;
  tShape[0] = 3;
  inputs[2].strides = strides;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK) << dlc_context_message(context);
}

TEST_F(RuntimeTensorCheck, Device) {
  inputs[3].device.type = DLC_DEVICE_CUDA;
  expect(DLC_ERROR_DEVICE, "input 'c' of 'mix' is on a device of DLPack type 2");
}

TEST_F(RuntimeTensorCheck, NullData) {
  inputs[0].data = nullptr;
  expect(DLC_ERROR_NULL_DATA, "input 'a' of 'mix' has no data");
  inputs[0].data = a;
  outputs[1].data = nullptr;
  expect(DLC_ERROR_NULL_DATA, "output 't' of 'mix' has no data");
}

TEST_F(RuntimeTensorCheck, Alignment) {
  inputs[2].byte_offset = 2;
  expect(DLC_ERROR_ALIGNMENT,
         "input 'b' of 'mix' starts at an address that is not a multiple of its element's 4 bytes");
  inputs[2].byte_offset = 4;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK);
}

TEST_F(RuntimeTensorCheck, TooSmall) {
  dlc_uint64 capacities[] = {3, 8, 16, 8, 8, 10};
  ASSERT_EQ(dlc_run_sized(context, mix, inputs, 4, outputs, 2, capacities), DLC_OK);
  capacities[5] = 9;
  expect(DLC_ERROR_TOO_SMALL, "output 't' of 'mix' needs 10 bytes, and its buffer has 9", capacities);
  capacities[0] = 0;
  expect(DLC_ERROR_TOO_SMALL, "input 'a' of 'mix' needs 3 bytes", capacities);
}

TEST_F(RuntimeTensorCheck, Overlap) {
  outputs[0].data = b + 2;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_ERROR_OVERLAP);
  EXPECT_STREQ(dlc_context_message(context), "output 's' of 'mix' shares memory with 'b'");
  outputs[0].data = b + 4;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK) << "side by side is not an overlap";
  double both[2];
  outputs[0].data = both + 1;
  outputs[1].data = both;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_ERROR_OVERLAP);
  EXPECT_STREQ(dlc_context_message(context), "output 't' of 'mix' shares memory with 's'");
}

TEST_F(RuntimeTensorCheck, Overflow) {
  bShape[0] = cShape[0] = INT64_MAX / 2;
  expect(DLC_ERROR_OVERFLOW, "input 'b' of 'mix' has shape [4611686018427387903, 2]");
  bShape[0] = cShape[0] = 2;
  inputs[2].byte_offset = UINT64_MAX - 8;
  expect(DLC_ERROR_OVERFLOW, "beyond the address space");
  dlc_int64 huge = dlc_int64(1) << 40;
  EXPECT_EQ(dlc_context_reserve(context, mix, &huge), DLC_ERROR_OVERFLOW);
  EXPECT_NE(std::string(dlc_context_message(context)).find("does not fit 64 bits"), std::string::npos);
}

TEST_F(RuntimeTensorCheck, SymbolsAndShapesWithoutARun) {
  dlc_int64 symbols[1] = {}, dims[1] = {};
  inputs[0].data = nullptr; // not looked at
  ASSERT_EQ(dlc_infer_symbols(context, mix, inputs, 4, symbols), DLC_OK);
  EXPECT_EQ(symbols[0], 2);
  ASSERT_EQ(dlc_output_shapes(context, mix, symbols, dims), DLC_OK);
  EXPECT_EQ(dims[0], 5);
  EXPECT_EQ(dlc_infer_symbols(context, mix, inputs, 4, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_output_shapes(context, mix, symbols, nullptr), DLC_ERROR_ARGUMENT);
}

TEST(RuntimeTensorCheckNarrow, ElementsNarrowerThanAByteTakeOne) {
  const dlc_int64 dims[] = {3};
  const dlc_tensor_info x = {"x", DLC_U4, 1, dims}, y = {"y", DLC_U4, 1, dims};
  dlc_entry_point entry = {"run", 1, 1, 0, 0, &x, &y};
  dlc_entry_code code = {[](const dlc_int64 *) -> dlc_uint64 { return 0; }, nullptr,
                         [](const dlc_call *call) {
                           for (int i = 0; i < 3; ++i)
                             static_cast<char *>(call->tensors[1])[i] = static_cast<const char *>(call->tensors[0])[i];
                           return dlc_int32(DLC_OK);
                         }};
  dlc_program program = *fakeModel.programs[0];
  program.entries = &code;
  program.prepare = nullptr;
  program.prepared_bytes = 0;
  const dlc_program *programs[] = {&program};
  dlc_model model = fakeModel;
  model.entry_count = 1;
  model.entries = &entry;
  model.programs = programs;
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(&model, nullptr, nullptr, &context), DLC_OK);
  char from[4] = {1, 2, 3, 4}, to[4] = {9, 9, 9, 9};
  dlc_int64 shape[] = {3};
  dlc_tensor input = dlc_tensor_of(from, DLC_U4, 1, shape), output = dlc_tensor_of(to, DLC_U4, 1, shape);
  EXPECT_EQ(dlc_run(context, &entry, &input, 1, &output, 1), DLC_OK) << dlc_context_message(context);
  EXPECT_EQ(to[2], 3);
  EXPECT_EQ(to[3], 9);
  dlc_uint64 capacities[] = {3, 2};
  EXPECT_EQ(dlc_run_sized(context, &entry, &input, 1, &output, 1, capacities), DLC_ERROR_TOO_SMALL);
  output.data = from + 2;
  EXPECT_EQ(dlc_run(context, &entry, &input, 1, &output, 1), DLC_ERROR_OVERLAP);
  output.data = nullptr;
  EXPECT_EQ(dlc_run(context, &entry, &input, 1, &output, 1), DLC_ERROR_NULL_DATA);
  dlc_context_release(context);
}

} // namespace
