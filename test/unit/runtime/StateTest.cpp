// SPDX-License-Identifier: Apache-2.0
// States that a context keeps, and indices that are checked before a run.
#include "FakeModel.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>

extern "C" const dlc_runtime_api dlc_rt_api;

namespace {

/// y = sum + x becomes the state; fails after it has written if an x is 99.
dlc_int32 executeAdd(const dlc_call *call) {
  auto *x = static_cast<const float *>(call->tensors[0]);
  auto *sum = reinterpret_cast<const float *>(call->states[0]);
  auto *next = reinterpret_cast<float *>(call->next_states[0]), *y = static_cast<float *>(call->tensors[1]);
  dlc_int32 status = DLC_OK;
  for (dlc_int64 i = 0; i < 2 * call->symbols[0]; ++i) {
    next[i] = y[i] = sum[i] + x[i];
    status = x[i] == 99 ? DLC_ERROR_KERNEL : status;
  }
  return status;
}

/// Appends tokens to a cache of 8, which is updated in place.
dlc_int32 executeAppend(const dlc_call *call) {
  auto *tokens = static_cast<const dlc_int64 *>(call->tensors[0]);
  auto *cache = reinterpret_cast<dlc_int64 *>(call->next_states[0]);
  dlc_int64 length = *reinterpret_cast<const dlc_int64 *>(call->states[1]);
  EXPECT_EQ(call->states[0], call->next_states[0]);
  EXPECT_NE(call->states[1], call->next_states[1]);
  for (dlc_int64 i = 0; i < call->symbols[0]; ++i)
    cache[length + i] = tokens[i];
  *reinterpret_cast<dlc_int64 *>(call->next_states[1]) = length + call->symbols[0];
  *static_cast<dlc_int64 *>(call->tensors[1]) = cache[0];
  return DLC_OK;
}

dlc_int32 executeLook(const dlc_call *) { return DLC_OK; }

const dlc_int64 rowDims[] = {-1, 2}, tokenDims[] = {-1}, cacheDims[] = {8}, gridDims[] = {2, -1}, fourDims[] = {4};
const dlc_symbol_info rowSymbols[] = {{"N", 0, 1000}}, tokenSymbols[] = {{"T", 0, 1000}};
const dlc_tensor_info addInputs[] = {{"x", DLC_F32, 2, rowDims, 0, 0}},
                      addOutputs[] = {{"y", DLC_F32, 2, rowDims, 0, 0}},
                      addStates[] = {{"add.sum", DLC_F32, 2, rowDims, 0, 0}};
const dlc_tensor_info appendInputs[] = {{"tokens", DLC_I64, 1, tokenDims, 0, 0}},
                      appendOutputs[] = {{"first", DLC_I64, 0, nullptr, 0, 0}},
                      appendStates[] = {{"cache.tokens", DLC_I64, 1, cacheDims, DLC_TENSOR_IN_PLACE, 1},
                                        {"cache.length", DLC_I64, 0, nullptr, 0, 2}};
const dlc_index_check appendChecks[] = {
    {"the vocabulary of 'embedding'", 0, 0, 65, 0, nullptr, nullptr},
    {"the cache 'cache'", 1, DLC_CHECK_ROOM, 8, -1, nullptr, nullptr},
};
const dlc_tensor_info lookInputs[] = {{"grid", DLC_I32, 2, gridDims, 0, 0}, {"lengths", DLC_U8, 1, fourDims, 0, 0}};
const dlc_int64 lookStarts[] = {1, 0}, lookSizes[] = {1, 2};
const dlc_index_check lookChecks[] = {
    {"the indices of 'part'", 0, DLC_CHECK_FROM_END, 3, 0, lookStarts, lookSizes},
    {"the lengths of 'lstm'", 1, DLC_CHECK_LENGTHS, -1, 0, nullptr, nullptr},
};

// One list of rows, of which there may be none, and three of numbers of these rows.
const dlc_tensor_info pickInputs[] = {{"rows", DLC_F32, 1, tokenDims, 0, 0},
                                      {"a", DLC_I64, 1, fourDims, 0, 0},
                                      {"b", DLC_I32, 1, fourDims, 0, 0},
                                      {"c", DLC_U8, 1, fourDims, 0, 0}};
const dlc_index_check pickChecks[] = {
    {"the list", 1, 0, -1, 0, nullptr, nullptr},
    {"the list", 2, DLC_CHECK_FROM_END, -1, 0, nullptr, nullptr},
    {"the list", 3, DLC_CHECK_EXCEPTION, -1, 0, nullptr, nullptr, 255},
};

dlc_uint64 noWorkspace(const dlc_int64 *) { return 0; }

const dlc_entry_point entries[] = {
    {"add", 1, 1, 1, 0, addInputs, addOutputs, rowSymbols, addStates, nullptr, 1, 0},
    {"append", 1, 1, 1, 0, appendInputs, appendOutputs, tokenSymbols, appendStates, appendChecks, 2, 2},
    {"look", 2, 0, 1, 0, lookInputs, nullptr, tokenSymbols, nullptr, lookChecks, 0, 2},
    {"pick", 4, 0, 1, 0, pickInputs, nullptr, tokenSymbols, nullptr, pickChecks, 0, 3},
};

const dlc_entry_code codes[] = {{noWorkspace, nullptr, executeAdd},
                                {noWorkspace, nullptr, executeAppend},
                                {noWorkspace, nullptr, executeLook},
                                {noWorkspace, nullptr, executeLook}};

const dlc_program program = {sizeof(dlc_program), DLC_DEVICE_CPU, "any", 0, codes};
const dlc_program *const programs[] = {&program};

dlc_model describe() {
  dlc_model model = {};
  model.abi_version = DLC_ABI_VERSION;
  model.struct_bytes = sizeof(dlc_model);
  model.name = "stateful";
  model.compiler = "by hand";
  model.target = "any";
  model.entry_count = 4;
  model.program_count = 1;
  model.programs = programs;
  model.entries = entries;
  model.runtime = &dlc_rt_api;
  model.state_count = 3;
  return model;
}
const dlc_model statefulModel = describe();

class StateTest : public testing::Test {
protected:
  StateTest() {
    dlc_context_options options = makeOptions();
    options.allocator = allocator.interface();
    EXPECT_EQ(dlc_context_create(&statefulModel, &options, nullptr, &context), DLC_OK);
  }
  ~StateTest() override {
    dlc_context_release(context);
    EXPECT_EQ(allocator.alive, 0);
  }

  dlc_int32 add(std::vector<float> x) {
    dlc_int64 shape[] = {static_cast<dlc_int64>(x.size() / 2), 2};
    y.assign(x.size(), -1);
    dlc_tensor input = dlc_tensor_of(x.data(), DLC_F32, 2, shape), output = dlc_tensor_of(y.data(), DLC_F32, 2, shape);
    return dlc_run(context, &entries[0], &input, 1, &output, 1);
  }
  dlc_int32 append(std::vector<dlc_int64> tokens) {
    dlc_int64 shape[] = {static_cast<dlc_int64>(tokens.size())};
    dlc_tensor input = dlc_tensor_of(tokens.data(), DLC_I64, 1, shape),
               output = dlc_tensor_of(&first, DLC_I64, 0, nullptr);
    return dlc_run(context, &entries[1], &input, 1, &output, 1);
  }
  dlc_int32 look(std::vector<dlc_int32> grid, std::vector<unsigned char> lengths) {
    dlc_int64 gridShape[] = {2, static_cast<dlc_int64>(grid.size() / 2)}, lengthShape[] = {4};
    dlc_tensor inputs[] = {dlc_tensor_of(grid.data(), DLC_I32, 2, gridShape),
                           dlc_tensor_of(lengths.data(), DLC_U8, 1, lengthShape)};
    return dlc_run(context, &entries[2], inputs, 2, nullptr, 0);
  }
  dlc_int32 pick(dlc_int64 rows, std::vector<dlc_int64> a, std::vector<dlc_int32> b, std::vector<unsigned char> c) {
    float row[8] = {};
    dlc_int64 four[] = {4};
    dlc_tensor inputs[] = {dlc_tensor_of(row, DLC_F32, 1, &rows), dlc_tensor_of(a.data(), DLC_I64, 1, four),
                           dlc_tensor_of(b.data(), DLC_I32, 1, four), dlc_tensor_of(c.data(), DLC_U8, 1, four)};
    return dlc_run(context, &entries[3], inputs, 4, nullptr, 0);
  }
  std::string message() const { return dlc_context_message(context); }

  CountingAllocator allocator;
  dlc_context *context = nullptr;
  std::vector<float> y;
  dlc_int64 first = -1;
};

TEST_F(StateTest, IsKeptFromRunToRun) {
  ASSERT_EQ(add({1, 2, 3, 4}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{1, 2, 3, 4}));
  ASSERT_EQ(add({1, 1, 1, 1}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{2, 3, 4, 5}));
  ASSERT_EQ(dlc_context_reset(context), DLC_OK);
  ASSERT_EQ(add({5, 6}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{5, 6}));
}

TEST_F(StateTest, KeepsItsMemory) {
  ASSERT_EQ(add({1, 2, 3, 4}), DLC_OK);
  int allocations = allocator.allocations;
  dlc_uint64 bytes = dlc_context_bytes(context);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(add({1, 2, 3, 4}), DLC_OK);
  ASSERT_EQ(dlc_context_reset(context), DLC_OK);
  ASSERT_EQ(add({1, 2}), DLC_OK);
  EXPECT_EQ(allocator.allocations, allocations);
  EXPECT_EQ(dlc_context_bytes(context), bytes);
}

TEST_F(StateTest, OtherBatchIsRefused) {
  ASSERT_EQ(add({1, 2, 3, 4}), DLC_OK);
  EXPECT_EQ(add({1, 2}), DLC_ERROR_STATE);
  EXPECT_EQ(message(), "state 'add.sum' has shape [2, 2] from earlier runs, and the inputs of 'add' need [1, 2]: reset "
                       "the context first, or use another one");
  ASSERT_EQ(add({0, 0, 0, 0}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(StateTest, FailedRunChangesNothing) {
  // Not even the shape, if it was the first.
  EXPECT_EQ(add({99, 1, 1, 1}), DLC_ERROR_KERNEL);
  ASSERT_EQ(add({1, 2}), DLC_OK);
  EXPECT_EQ(add({5, 99}), DLC_ERROR_KERNEL);
  ASSERT_EQ(add({0, 0}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{1, 2}));
}

TEST_F(StateTest, NoMemoryForIt) {
  allocator.remaining = 0;
  EXPECT_EQ(add({1, 2}), DLC_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(message(), "no memory for the 8 bytes of state 'add.sum'");
  allocator.remaining = 1000;
  ASSERT_EQ(add({1, 2, 3, 4}), DLC_OK);
  EXPECT_EQ(y, (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(StateTest, ReadAndWritten) {
  float values[6] = {1, 2, 3, 4, 5, 6};
  dlc_int64 shape[] = {3, 2}, dims[2];
  dlc_tensor tensor = dlc_tensor_of(values, DLC_F32, 2, shape);
  EXPECT_EQ(dlc_state_shape(context, "add.sum", dims), DLC_ERROR_STATE);
  EXPECT_EQ(message(), "state 'add.sum' has no shape yet: its first run determines dimension 0");
  EXPECT_EQ(dlc_state_read(context, "add.sum", &tensor), DLC_ERROR_STATE);
  ASSERT_EQ(dlc_state_write(context, "add.sum", &tensor), DLC_OK);
  ASSERT_EQ(dlc_state_shape(context, "add.sum", dims), DLC_OK);
  EXPECT_EQ(dims[0], 3);
  ASSERT_EQ(add({1, 1, 1, 1, 1, 1}), DLC_OK);
  ASSERT_EQ(dlc_state_read(context, "add.sum", &tensor), DLC_OK);
  EXPECT_EQ(values[5], 7);
  shape[0] = 2;
  EXPECT_EQ(dlc_state_write(context, "add.sum", &tensor), DLC_ERROR_SHAPE);
  EXPECT_EQ(message(), "the tensor has shape [2, 2], and dimension 0 of state 'add.sum' is 3");
  tensor.dtype.bits = 64;
  EXPECT_EQ(dlc_state_read(context, "add.sum", &tensor), DLC_ERROR_TYPE);
  EXPECT_EQ(dlc_state_read(context, "add.some", &tensor), DLC_ERROR_NOT_FOUND);
  EXPECT_EQ(message(), "model 'stateful' has no state 'add.some'");
}

TEST_F(StateTest, ShapeOfTheDeclarationIsKept) {
  float values[6] = {};
  dlc_int64 shape[] = {2, 3};
  dlc_tensor tensor = dlc_tensor_of(values, DLC_F32, 2, shape);
  EXPECT_EQ(dlc_state_write(context, "add.sum", &tensor), DLC_ERROR_SHAPE);
  ASSERT_EQ(add({1, 2}), DLC_OK);
}

TEST_F(StateTest, InPlaceWithRoom) {
  ASSERT_EQ(append({7, 1, 2}), DLC_OK);
  ASSERT_EQ(append({3, 4, 5}), DLC_OK);
  EXPECT_EQ(first, 7);
  dlc_int64 tokens[8], shape[] = {8}, length;
  dlc_tensor tensor = dlc_tensor_of(tokens, DLC_I64, 1, shape), number = dlc_tensor_of(&length, DLC_I64, 0, nullptr);
  ASSERT_EQ(dlc_state_read(context, "cache.tokens", &tensor), DLC_OK);
  EXPECT_EQ(std::vector<dlc_int64>(tokens, tokens + 8), (std::vector<dlc_int64>{7, 1, 2, 3, 4, 5, 0, 0}));
  EXPECT_EQ(append({1, 1, 1}), DLC_ERROR_STATE);
  EXPECT_EQ(message(), "the cache 'cache' holds 6 of at most 8 steps, and this run brings 3: reset the context first");
  ASSERT_EQ(append({6, 7}), DLC_OK);
  ASSERT_EQ(dlc_state_read(context, "cache.length", &number), DLC_OK);
  EXPECT_EQ(length, 8);
  ASSERT_EQ(dlc_context_reset(context), DLC_OK);
  ASSERT_EQ(append({1, 2, 3, 4, 5, 6, 7, 8}), DLC_OK);
}

TEST_F(StateTest, WrongIndices) {
  EXPECT_EQ(append({1, 65}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'tokens' holds 65 at [1], which is not in the vocabulary of 'embedding' (0 to 64)");
  EXPECT_EQ(append({-1}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'tokens' holds -1 at [0], which is not in the vocabulary of 'embedding' (0 to 64)");
  // Only row 1, columns 0 and 1 are used.
  ASSERT_EQ(look({9, 9, 9, -3, 2, 9}, {0, 1, 2, 3}), DLC_OK);
  EXPECT_EQ(look({9, 9, 9, -3, 3, 9}, {0, 1, 2, 3}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'grid' holds 3 at [1, 1], which is not in the indices of 'part' (-3 to 2)");
  EXPECT_EQ(look({0, 0, 0, 0, 0, 0}, {0, 1, 4, 3}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'lengths' holds 4 at [2], which is not in the lengths of 'lstm' (0 to 3)");
}

TEST_F(StateTest, IndicesOfNothing) {
  ASSERT_EQ(pick(2, {0, 1, 1, 0}, {-2, -1, 0, 1}, {0, 1, 255, 255}), DLC_OK);
  EXPECT_EQ(pick(0, {0, 1, 1, 0}, {-2, -1, 0, 1}, {0, 1, 255, 255}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'a' holds 0 at [0], but the list is empty");
  EXPECT_EQ(pick(1, {0, 0, 0, 0}, {-1, 0, 0, -1}, {0, 255, 0, 1}), DLC_ERROR_INDEX);
  EXPECT_EQ(message(), "input 'c' holds 1 at [3], which is not in the list (0 to 0, or 255)");
}

} // namespace
