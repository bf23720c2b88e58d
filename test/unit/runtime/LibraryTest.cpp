// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <algorithm>
#include <chrono>
#include <cstring>
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

/// The threads once none of them is about to end: a listing during which one ends may skip others.
std::set<std::string> listLastingThreads() {
  std::set<std::string> threads = listThreads(), again;
  for (int repeats = 0; repeats < 3;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    again = listThreads();
    repeats = again == threads ? repeats + 1 : 0;
    threads = again;
  }
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

/// A copy of the test's library in a folder of its own.
class RuntimeBrokenLibrary : public testing::Test {
protected:
  RuntimeBrokenLibrary() {
    folder = std::filesystem::temp_directory_path() / "dlc-library-XXXXXX";
    EXPECT_TRUE(mkdtemp(folder.data())) << folder;
    path = folder + "/broken.so";
    std::ifstream file(libraryPath, std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(file), {});
  }
  ~RuntimeBrokenLibrary() override { std::filesystem::remove_all(folder); }

  /// The message of an attempt to open it, which must fail.
  std::string open(const std::string &bytes) {
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary) << bytes;
    dlc_library *library = nullptr;
    EXPECT_NE(dlc_library_open(path.c_str(), nullptr, &error, &library), DLC_OK);
    EXPECT_EQ(library, nullptr);
    return error.message;
  }

  std::string folder, path, whole;
  dlc_error error = {};
};

TEST_F(RuntimeBrokenLibrary, CutShortIsAnErrorAndNoSignal) {
  // The loaded part ends before the tables for debuggers do, which nobody needs.
  size_t loaded = 0;
  ElfW(Ehdr) header;
  std::memcpy(&header, whole.data(), sizeof header);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    std::memcpy(&segment, whole.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type == PT_LOAD)
      loaded = std::max<size_t>(loaded, segment.p_offset + segment.p_filesz);
  }
  std::vector<size_t> cuts = {0, 1, 16, 63, 64, 65, 200, loaded - 1};
  for (size_t offset = 4096; offset < loaded; offset += std::max<size_t>(loaded / 4096 / 40 * 4096, 4096))
    cuts.insert(cuts.end(), {offset - 1, offset, offset + 1});
  for (size_t cut : cuts) {
    std::string message = open(whole.substr(0, cut));
    if (cut > sizeof header)
      EXPECT_NE(message.find("truncated: it has " + std::to_string(cut) + " bytes of"), std::string::npos) << message;
    if (cut > sizeof header)
      EXPECT_EQ(error.status, DLC_ERROR_FILE);
  }
}

TEST_F(RuntimeBrokenLibrary, ForAnotherArchitecture) {
  ElfW(Ehdr) header;
  std::string bytes = whole;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.e_machine = header.e_machine == EM_X86_64 ? EM_AARCH64 : EM_X86_64;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::string message = open(bytes);
  EXPECT_NE(message.find("it is for another architecture"), std::string::npos) << message;
  EXPECT_EQ(error.status, DLC_ERROR_FILE);
}

TEST(RuntimeLibrary, DefaultEntryPointIsNeverTheFirstOfSeveral) {
  auto find = [](const std::vector<const char *> &names) -> std::string {
    std::vector<dlc_entry_point> entries;
    for (const char *name : names) {
      entries.push_back({});
      entries.back().name = name;
    }
    dlc_model model = fakeModel;
    model.entries = entries.data();
    model.entry_count = static_cast<dlc_uint32>(entries.size());
    const dlc_entry_point *found = dlc_default_entry(&model);
    return found ? found->name : "none";
  };
  EXPECT_EQ(find({"init", "train_step", "predict"}), "predict");
  EXPECT_EQ(find({"predict", "run"}), "run");
  EXPECT_EQ(find({"forward"}), "forward");
  EXPECT_EQ(find({"init", "train_step"}), "none");
  EXPECT_EQ(find({}), "none");
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
  // The first thread of a process brings one of the thread sanitizer's along, which stays.
  std::thread([] {}).join();
  dlc_error error = {};
  for (bool isReleased : {true, false, true, false}) {
    std::set<std::string> before = listLastingThreads(), started;
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
    program = *fakeModel.programs[0];
    program.constants = nullptr;
    program.weights_file = "fake.weights";
    program.weights_hash = 0x0123456789abcdef;
    model.programs = programs;
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
  dlc_program program;
  const dlc_program *const programs[1] = {&program};
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

TEST_F(RuntimeSidecar, IsCutShortWhileItIsInUse) {
  write("DLCWGHT1\xef\xcd\xab\x89\x67\x45\x23\x01");
  ASSERT_EQ(create(), DLC_OK) << error.message;
  dlc_context *first = context;
  ASSERT_EQ(truncate((folder + "/fake.weights").c_str(), 3), 0);
  EXPECT_EQ(create(), DLC_ERROR_FILE);
  EXPECT_NE(std::string(error.message).find("truncated"), std::string::npos) << error.message;
  // Whole again, it serves.
  write("DLCWGHT1\xef\xcd\xab\x89\x67\x45\x23\x01");
  ASSERT_EQ(create(), DLC_OK) << error.message;
  unlink((folder + "/fake.weights").c_str());
  dlc_context *third = nullptr;
  std::swap(third, context);
  ASSERT_EQ(create(), DLC_OK) << error.message;
  for (dlc_context *made : {first, third, context}) {
    Rows data(3);
    EXPECT_EQ(data.run(made), DLC_OK);
    dlc_context_release(made);
  }
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
