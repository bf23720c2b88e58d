// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <algorithm>
#include <chrono>
#include <dirent.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

const char *const libraryPath = DLC_RUNTIME_TEST_LIBRARY;

/// The numbers of the threads that are there now.
std::set<std::string> listThreads() {
  std::set<std::string> threads;
  DIR *tasks = opendir("/proc/self/task");
  while (dirent *entry = readdir(tasks))
    if (entry->d_name[0] != '.')
      threads.insert(entry->d_name);
  closedir(tasks);
  return threads;
}

/// Whether `threads` end within ten seconds. One that has been joined may be listed a moment longer: the kernel wakes
/// whoever joins it before it takes the entry away.
bool areGone(const std::set<std::string> &threads) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    std::set<std::string> now = listThreads();
    if (std::none_of(threads.begin(), threads.end(), [&](const std::string &thread) { return now.count(thread); }))
      return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(RuntimeLibrary, OpensTheOnlyModelOrANamedOne) {
  dlc_error error = {};
  dlc_library *library = nullptr;
  ASSERT_EQ(dlc_library_open(libraryPath, nullptr, &error, &library), DLC_OK) << error.message;
  EXPECT_STREQ(library->model->name, "fake");
  EXPECT_NE(library->model, &fakeModel) << "the library has a runtime and a model of its own";
  dlc_library_close(library);
  ASSERT_EQ(dlc_library_open(libraryPath, "in_a_library", &error, &library), DLC_OK) << error.message;
  dlc_library_close(library);
  EXPECT_EQ(dlc_library_open(libraryPath, "other", &error, &library), DLC_ERROR_NOT_FOUND);
  EXPECT_EQ(library, nullptr);
  EXPECT_NE(std::string(error.message).find("holds no model called 'other'"), std::string::npos) << error.message;
}

TEST(RuntimeLibrary, RefusesWhatIsNoModel) {
  dlc_error error = {};
  dlc_library *library = nullptr;
  EXPECT_EQ(dlc_library_open("/nonexistent.so", nullptr, &error, &library), DLC_ERROR_NOT_FOUND);
  EXPECT_NE(std::string(error.message).find("cannot load '/nonexistent.so'"), std::string::npos) << error.message;
  EXPECT_EQ(dlc_library_open("/proc/self/exe", nullptr, &error, &library), DLC_ERROR_NOT_FOUND);
  EXPECT_EQ(dlc_library_open(nullptr, nullptr, &error, &library), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_library_open("", nullptr, &error, &library), DLC_ERROR_NOT_FOUND);
  EXPECT_EQ(dlc_library_open(libraryPath, nullptr, nullptr, nullptr), DLC_ERROR_ARGUMENT);
}

/// Memory that nobody has to give back.
struct Arena {
  alignas(64) char bytes[1 << 18];
  size_t used = 0;

  dlc_allocator interface() {
    return {[](void *self, dlc_uint64 bytes, dlc_uint64) -> void * {
              auto *arena = static_cast<Arena *>(self);
              arena->used += bytes;
              return arena->used <= sizeof arena->bytes ? arena->bytes + arena->used - bytes : nullptr;
            },
            [](void *, void *, dlc_uint64) {}, this};
  }
};

TEST(RuntimeLibrary, ClosingEndsItsThreads) {
  dlc_error error = {};
  for (bool isReleased : {true, false, true, false}) {
    std::set<std::string> before = listThreads(), started;
    auto arena = std::make_unique<Arena>();
    dlc_library *library = nullptr;
    ASSERT_EQ(dlc_library_open(libraryPath, nullptr, &error, &library), DLC_OK) << error.message;
    dlc_context_options options = makeOptions(3);
    options.allocator = arena->interface();
    dlc_context *context = nullptr;
    ASSERT_EQ(dlc_context_create(library->model, &options, &error, &context), DLC_OK) << error.message;
    Rows data(40);
    ASSERT_EQ(data.run(context), DLC_OK);
    EXPECT_TRUE(data.isRight());
    for (const std::string &thread : listThreads())
      if (!before.count(thread))
        started.insert(thread);
    EXPECT_FALSE(started.empty());
    // Without the release the library is closed too early; its threads end before their code goes nevertheless.
    if (isReleased)
      dlc_context_release(context);
    dlc_library_close(library);
    EXPECT_TRUE(areGone(started));
  }
}

TEST(RuntimeLibrary, FindsEntriesAndTensors) {
  EXPECT_EQ(dlc_find_entry(&fakeModel, "nothing"), nullptr);
  EXPECT_EQ(dlc_find_entry(&fakeModel, nullptr), nullptr);
  const dlc_entry_point *mix = dlc_find_entry(&fakeModel, "mix");
  ASSERT_NE(mix, nullptr);
  EXPECT_EQ(dlc_find_tensor(mix->inputs, mix->input_count, "b"), 2);
  EXPECT_EQ(dlc_find_tensor(mix->inputs, mix->input_count, "z"), -1);
  EXPECT_STREQ(dlc_element_name(DLC_BF16), "bf16");
  EXPECT_EQ(dlc_element_bytes(DLC_BOOL), 1u);
  EXPECT_STREQ(dlc_status_text(DLC_ERROR_INDEX), "index out of bounds");
  EXPECT_STREQ(dlc_status_text(1000), "unknown status");
}

/// A model whose constants are in a file.
class RuntimeSidecar : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / "dlc-sidecar-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data())) << folder;
    model = fakeModel;
    model.constants = nullptr;
    model.weights_file = "fake.weights";
    model.weights_hash = 0x0123456789abcdef;
  }
  void TearDown() override {
    unlink((folder + "/fake.weights").c_str());
    rmdir(folder.c_str());
  }
  void write(const std::string &trailer) {
    const float constants[4] = {1, 2, 3, 4};
    std::ofstream file(folder + "/fake.weights", std::ios::binary);
    file.write(reinterpret_cast<const char *>(constants), sizeof constants);
    file << trailer;
  }
  dlc_int32 create() {
    dlc_context_options options = makeOptions();
    options.weights_folder = folder.c_str();
    return dlc_context_create(&model, &options, &error, &context);
  }

  std::string folder;
  dlc_model model;
  dlc_error error = {};
  dlc_context *context = nullptr;
};

TEST_F(RuntimeSidecar, IsMapped) {
  write("DLCWGHT1\xef\xcd\xab\x89\x67\x45\x23\x01");
  ASSERT_EQ(create(), DLC_OK) << error.message;
  Rows data(3);
  EXPECT_EQ(data.run(context), DLC_OK);
  EXPECT_TRUE(data.isRight());
  dlc_context_release(context);
}

TEST_F(RuntimeSidecar, IsMissing) {
  EXPECT_EQ(create(), DLC_ERROR_NOT_FOUND);
  EXPECT_NE(std::string(error.message).find(folder + "/fake.weights"), std::string::npos) << error.message;
}

TEST_F(RuntimeSidecar, HasAnotherSize) {
  write("DLCWGHT1");
  EXPECT_EQ(create(), DLC_ERROR_FILE);
  EXPECT_NE(std::string(error.message).find("24 bytes instead of 32"), std::string::npos) << error.message;
}

TEST_F(RuntimeSidecar, IsOfAnotherModel) {
  write("DLCWGHT1\xee\xcd\xab\x89\x67\x45\x23\x01");
  EXPECT_EQ(create(), DLC_ERROR_FILE);
  write("DLCWGHT2\xef\xcd\xab\x89\x67\x45\x23\x01");
  EXPECT_EQ(create(), DLC_ERROR_FILE);
}

} // namespace
