// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace {

class RuntimeContext : public testing::Test {
protected:
  void SetUp() override {
    prepareCalls = 0;
    prepareStatus = 0;
    scratchDemand = 16;
  }
  void TearDown() override { EXPECT_EQ(allocator.alive, 0) << "the runtime leaks"; }

  dlc_context_options options(dlc_uint32 threads = 1) {
    dlc_context_options made = makeOptions(threads);
    made.allocator = allocator.interface();
    return made;
  }

  CountingAllocator allocator;
  dlc_error error = {};
  dlc_context *context = nullptr;
};

TEST_F(RuntimeContext, RunsAndReleases) {
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK) << error.message;
  Rows rows(7);
  EXPECT_EQ(rows.run(context), DLC_OK) << dlc_context_message(context);
  EXPECT_TRUE(rows.isRight());
  EXPECT_GT(dlc_context_bytes(context), 7u * 16);
  dlc_context_release(context);
}

TEST_F(RuntimeContext, EmptyBatch) {
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK);
  Rows rows(0);
  rows.input.data = rows.output.data = nullptr;
  EXPECT_EQ(rows.run(context), DLC_OK) << dlc_context_message(context);
  dlc_context_release(context);
}

TEST_F(RuntimeContext, RetainKeepsIt) {
  dlc_context_options asked = options();
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  dlc_context_retain(context);
  dlc_context_release(context);
  Rows rows(1);
  EXPECT_EQ(rows.run(context), DLC_OK);
  dlc_context_release(context);
  dlc_context_release(nullptr);
}

TEST_F(RuntimeContext, RunAllocatesNothing) {
  for (dlc_uint32 threads : {1u, 3u}) {
    dlc_context_options asked = options(threads);
    ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
    const dlc_entry_point *entry = dlc_find_entry(&fakeModel, "run");
    dlc_int64 largest = 50;
    ASSERT_EQ(dlc_context_reserve(context, entry, &largest), DLC_OK);
    int before = allocator.allocations;
    for (int n : {50, 1, 49, 50, 0}) {
      Rows rows(n);
      ASSERT_EQ(rows.run(context), DLC_OK);
      EXPECT_TRUE(rows.isRight());
    }
    EXPECT_EQ(allocator.allocations, before);
    Rows more(51);
    ASSERT_EQ(more.run(context), DLC_OK);
    EXPECT_EQ(allocator.allocations, before + 1) << "only the workspace grows";
    dlc_context_release(context);
    context = nullptr;
  }
}

TEST_F(RuntimeContext, PreparesOnceUnderContention) {
  constexpr int threadCount = 8;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  dlc_context *contexts[threadCount] = {};
  dlc_context_options asked = options();
  for (int i = 0; i < threadCount; ++i)
    threads.emplace_back([&, i] {
      failures += dlc_context_create(&fakeModel, &asked, nullptr, &contexts[i]) != DLC_OK;
      Rows rows(5);
      failures += rows.run(contexts[i]) != DLC_OK || !rows.isRight();
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(prepareCalls, 1);
  for (dlc_context *made : contexts)
    dlc_context_release(made);
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, nullptr, &context), DLC_OK);
  EXPECT_EQ(prepareCalls, 2) << "the last release frees what was prepared";
  dlc_context_release(context);
}

TEST_F(RuntimeContext, ExplicitPrepareOutlivesContexts) {
  dlc_context_options asked = options(2);
  ASSERT_EQ(dlc_prepare(&fakeModel, &asked, &error), DLC_OK) << error.message;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
    dlc_context_release(context);
  }
  EXPECT_EQ(prepareCalls, 1);
  dlc_unprepare(&fakeModel);
  dlc_unprepare(&fakeModel); // one too many is harmless
}

TEST_F(RuntimeContext, FailedPrepareLeavesNothing) {
  prepareStatus = DLC_ERROR_KERNEL;
  dlc_context_options asked = options();
  context = reinterpret_cast<dlc_context *>(this);
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_ERROR_KERNEL);
  EXPECT_EQ(context, nullptr);
  EXPECT_EQ(error.status, DLC_ERROR_KERNEL);
  EXPECT_NE(std::string(error.message).find("preparing model 'fake' failed"), std::string::npos) << error.message;
  prepareStatus = 0;
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  dlc_context_release(context);
}

TEST_F(RuntimeContext, EveryAllocationMayFail) {
  for (int allowed = 0;; ++allowed) {
    allocator.remaining = allowed;
    dlc_context_options asked = options(2);
    dlc_int32 status = dlc_context_create(&fakeModel, &asked, &error, &context);
    if (status == DLC_OK) {
      EXPECT_GE(allowed, 5);
      break;
    }
    ASSERT_EQ(status, DLC_ERROR_OUT_OF_MEMORY);
    ASSERT_EQ(context, nullptr);
    ASSERT_EQ(allocator.alive, 0) << "after " << allowed << " allocations";
  }
  allocator.remaining = 0;
  Rows rows(100);
  EXPECT_EQ(rows.run(context), DLC_ERROR_OUT_OF_MEMORY);
  EXPECT_NE(std::string(dlc_context_message(context)).find("1600 bytes of workspace"), std::string::npos)
      << dlc_context_message(context);
  EXPECT_EQ(dlc_context_set_threads(context, 5, nullptr), DLC_ERROR_OUT_OF_MEMORY);
  allocator.remaining = 1 << 30;
  EXPECT_EQ(rows.run(context), DLC_OK) << "the context is as it was";
  EXPECT_TRUE(rows.isRight());
  dlc_context_release(context);
}

TEST_F(RuntimeContext, RefusesBadOptions) {
  dlc_context_options asked = options();
  asked.struct_bytes = 8;
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_ERROR_ARGUMENT);
  asked = options(DLC_MAX_THREADS + 1);
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_ERROR_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("257 threads"), std::string::npos) << error.message;
  asked = options();
  asked.allocator.release = nullptr;
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_ERROR_ARGUMENT);
  dlc_executor executor = {};
  asked = options();
  asked.executor = &executor;
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_context_create(&fakeModel, nullptr, &error, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_context_create(nullptr, nullptr, &error, &context), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_context_create(nullptr, nullptr, nullptr, &context), DLC_ERROR_ARGUMENT);
}

TEST_F(RuntimeContext, TakesOptionsOfOtherVersions) {
  struct {
    dlc_context_options known;
    dlc_uint64 later[2];
  } asked = {options(), {0, 0}};
  asked.known.struct_bytes = sizeof asked;
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked.known, &error, &context), DLC_OK) << error.message;
  dlc_context_release(context);
  asked.later[1] = 1;
  EXPECT_EQ(dlc_context_create(&fakeModel, &asked.known, &error, &context), DLC_ERROR_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("which was compiled by by hand, does not support"), std::string::npos)
      << error.message;
}

TEST_F(RuntimeContext, RefusesOtherModels) {
  dlc_model model = fakeModel;
  model.abi_version = 77;
  EXPECT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_ERROR_ABI);
  EXPECT_NE(std::string(error.message).find("ABI version 77"), std::string::npos) << error.message;
  model = fakeModel;
  model.needs = uint64_t(DLC_MODEL_NEEDS_KNOWN) + 1;
  EXPECT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_ERROR_ABI);
  EXPECT_NE(std::string(error.message).find("uses features that this program's headers lack"), std::string::npos);
}

TEST_F(RuntimeContext, TakesTheFirstProgramThatRunsHere) {
  dlc_program device = *fakeModel.programs[0], wide = device, here = device;
  device.device_type = DLC_DEVICE_CUDA;
  wide.required_features = dlc_uint64(1) << 63;
  here.required_features = fakeModel.runtime->cpu_features();
  const dlc_program *const programs[] = {&device, &wide, &here, fakeModel.programs[0]};
  dlc_model model = fakeModel;
  model.programs = programs;
  model.program_count = 1;
  EXPECT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_ERROR_DEVICE);
  EXPECT_EQ(dlc_choose_program(&model, &error), nullptr);
  model.program_count = 2;
  EXPECT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_ERROR_UNSUPPORTED_CPU);
  EXPECT_NE(std::string(error.message).find("compile it with another --target"), std::string::npos) << error.message;
  model.program_count = 4;
  EXPECT_EQ(dlc_choose_program(&model, &error), &here);
  ASSERT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_OK) << error.message;
  dlc_context_release(context);
  model.program_count = 0;
  EXPECT_EQ(dlc_context_create(&model, nullptr, &error, &context), DLC_ERROR_ABI);
}

TEST_F(RuntimeContext, RefusesEntryPointsOfOtherModels) {
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK);
  // Of another library, with more of everything than the context's tables have room for.
  dlc_library *library = nullptr;
  ASSERT_EQ(dlc_library_open(DLC_RUNTIME_TEST_LIBRARY, nullptr, &error, &library), DLC_OK) << error.message;
  const dlc_symbol_info symbol = {"S", 0, 1000};
  std::vector<dlc_symbol_info> symbols(5000, symbol);
  const dlc_int64 dims[] = {-1};
  std::vector<dlc_tensor_info> infos(5000, dlc_tensor_info{"x", DLC_F32, 1, dims, 0, 0, 0});
  dlc_entry_point large = *dlc_find_entry(&fakeModel, "run");
  large.name = "large";
  large.symbols = symbols.data();
  large.inputs = large.outputs = infos.data();
  large.symbol_count = large.input_count = large.output_count = 5000;
  std::vector<dlc_int64> values(5000, 1), extents(5000);
  std::vector<float> element(1);
  std::vector<dlc_tensor> tensors(5000, dlc_tensor_of(element.data(), DLC_F32, 1, values.data()));
  const dlc_entry_point *theirs = dlc_find_entry(library->model, "run"), *own = dlc_find_entry(&fakeModel, "run");
  for (const dlc_entry_point *entry : {const_cast<const dlc_entry_point *>(&large), theirs}) {
    auto refused = [&](dlc_int32 status) {
      EXPECT_EQ(status, DLC_ERROR_ARGUMENT);
      std::string message = dlc_context_message(context);
      EXPECT_NE(message.find("is not one of the context's model 'fake'"), std::string::npos) << message;
      return status == DLC_ERROR_ARGUMENT;
    };
    ASSERT_TRUE(
        refused(dlc_run(context, entry, tensors.data(), entry->input_count, tensors.data(), entry->output_count)));
    std::vector<dlc_uint64> capacities(10000, 4);
    ASSERT_TRUE(refused(dlc_run_sized(context, entry, tensors.data(), entry->input_count, tensors.data(),
                                      entry->output_count, capacities.data())));
    ASSERT_TRUE(refused(dlc_context_reserve(context, entry, values.data())));
    ASSERT_TRUE(refused(dlc_infer_symbols(context, entry, tensors.data(), entry->input_count, values.data())));
    ASSERT_TRUE(refused(dlc_output_shapes(context, entry, values.data(), extents.data())));
  }
  Rows rows(3);
  EXPECT_EQ(dlc_run(context, own, &rows.input, 1, &rows.output, 1), DLC_OK);
  EXPECT_TRUE(rows.isRight());
  dlc_context_release(context);
  dlc_library_close(library);
}

TEST_F(RuntimeContext, UnprepareTakesNoContextsReference) {
  dlc_context_options asked = options();
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  // Nobody has prepared: what the context has stays.
  dlc_unprepare(&fakeModel);
  dlc_unprepare(&fakeModel);
  Rows rows(3);
  EXPECT_EQ(rows.run(context), DLC_OK);
  EXPECT_TRUE(rows.isRight());
  dlc_context *second = nullptr;
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &second), DLC_OK);
  EXPECT_EQ(prepareCalls, 1);
  dlc_context_release(second);
  dlc_context_release(context);
}

TEST_F(RuntimeContext, UnprepareFromManyThreads) {
  dlc_context_options asked = options();
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        failures += dlc_prepare(&fakeModel, &asked, nullptr) != DLC_OK;
        dlc_unprepare(&fakeModel);
        dlc_unprepare(&fakeModel); // one too many
      });
    for (std::thread &thread : threads)
      thread.join();
    EXPECT_EQ(failures, 0);
    while (allocator.alive)
      dlc_unprepare(&fakeModel); // one too many may have come before another thread's own
  }
}

TEST_F(RuntimeContext, RetainedWhileItsThreadsChange) {
  dlc_context_options asked = options();
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  std::atomic<bool> isOver{false};
  std::thread other([&] {
    while (!isOver) {
      dlc_context_retain(context);
      dlc_context_release(context);
    }
  });
  int failures = 0;
  for (dlc_uint32 i = 0; i < 100; ++i)
    failures += dlc_context_set_threads(context, 1 + i % 3, nullptr) != DLC_OK;
  isOver = true;
  other.join();
  EXPECT_EQ(failures, 0);
  dlc_context_release(context);
}

TEST_F(RuntimeContext, RefusesASecondThread) {
  static dlc_context *shared;
  static std::atomic<int> seen;
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK);
  shared = context;
  seen = DLC_OK;
  taskHook = [] {
    taskHook = nullptr;
    std::thread([] {
      Rows rows(1);
      seen = rows.run(shared);
    }).join();
  };
  Rows rows(3);
  EXPECT_EQ(rows.run(context), DLC_OK);
  EXPECT_EQ(seen, DLC_ERROR_BUSY);
  EXPECT_TRUE(rows.isRight());
  dlc_context_release(context);
}

TEST_F(RuntimeContext, LogsGrowth) {
  std::vector<std::string> messages;
  dlc_context_options asked = options();
  asked.log_self = &messages;
  asked.log = [](void *self, dlc_int32, const char *message) {
    static_cast<std::vector<std::string> *>(self)->push_back(message);
  };
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  Rows rows(10);
  ASSERT_EQ(rows.run(context), DLC_OK);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0], "workspace grown to 160 bytes");
  dlc_context_release(context);
}

TEST_F(RuntimeContext, ScratchGrowsOnce) {
  dlc_context_options asked = options();
  ASSERT_EQ(dlc_context_create(&fakeModel, &asked, &error, &context), DLC_OK);
  signed char a[3] = {1, 2, 3};
  double n = 4, s = 0;
  float b[2] = {}, c[1] = {};
  uint16_t t[3] = {};
  dlc_int64 three[] = {3}, pair[] = {1, 2}, one[] = {1};
  dlc_tensor inputs[] = {dlc_tensor_of(a, DLC_I8, 1, three), dlc_tensor_of(&n, DLC_F64, 0, nullptr),
                         dlc_tensor_of(b, DLC_F32, 2, pair), dlc_tensor_of(c, DLC_F32, 1, one)};
  dlc_tensor outputs[] = {dlc_tensor_of(&s, DLC_F64, 0, nullptr), dlc_tensor_of(t, DLC_BF16, 1, three)};
  const dlc_entry_point *mix = dlc_find_entry(&fakeModel, "mix");
  for (size_t demand : {size_t(64), size_t(1000), size_t(100000), size_t(100000), size_t(0)}) {
    scratchDemand = demand;
    s = 0;
    ASSERT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK) << dlc_context_message(context);
    EXPECT_EQ(s, 7) << "blocks of " << demand << " bytes overlap";
  }
  scratchDemand = 100000;
  ASSERT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK);
  int before = allocator.allocations;
  ASSERT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK);
  EXPECT_EQ(allocator.allocations, before) << "the scratch has grown to what was wanted";
  dlc_context_release(context);
}

TEST_F(RuntimeContext, KernelErrorsReachTheCaller) {
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK);
  signed char a[3] = {99, 2, 3};
  double n = 4, s = 0;
  float b[2] = {}, c[1] = {};
  uint16_t t[3] = {};
  dlc_int64 three[] = {3}, pair[] = {1, 2}, one[] = {1};
  dlc_tensor inputs[] = {dlc_tensor_of(a, DLC_I8, 1, three), dlc_tensor_of(&n, DLC_F64, 0, nullptr),
                         dlc_tensor_of(b, DLC_F32, 2, pair), dlc_tensor_of(c, DLC_F32, 1, one)};
  dlc_tensor outputs[] = {dlc_tensor_of(&s, DLC_F64, 0, nullptr), dlc_tensor_of(t, DLC_BF16, 1, three)};
  const dlc_entry_point *mix = dlc_find_entry(&fakeModel, "mix");
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_ERROR_KERNEL);
  EXPECT_STREQ(dlc_context_message(context),
               "kernel: 'weights' is accessed at 0 to 99 in dimension 1, which holds 0 to 9");
  a[0] = 98;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_ERROR_INDEX);
  EXPECT_STREQ(dlc_context_message(context), "'mix' failed in a kernel with status 21");
  a[0] = 0;
  EXPECT_EQ(dlc_run(context, mix, inputs, 4, outputs, 2), DLC_OK);
  dlc_context_release(context);
}

} // namespace
