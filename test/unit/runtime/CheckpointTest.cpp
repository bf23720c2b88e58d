// SPDX-License-Identifier: Apache-2.0
// Variables saved and loaded, and files that are not checkpoints.
#include "TrainableModel.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// After so many reads the disk fails; -1: never.
static int readsLeft = -1;

/// What the runtime reads files with.
extern "C" ssize_t pread(int file, void *memory, size_t bytes, off_t offset) noexcept(false) {
  if (readsLeft == 0) {
    errno = EIO;
    return -1;
  }
  readsLeft -= readsLeft > 0;
  return syscall(SYS_pread64, file, memory, bytes, offset);
}

namespace {

namespace fs = std::filesystem;

class CheckpointTest : public testing::Test {
protected:
  CheckpointTest() : variables(&trainableModel) {
    std::string name = fs::temp_directory_path() / "dlc-checkpoint-XXXXXX";
    EXPECT_TRUE(mkdtemp(name.data())) << name;
    folder = name;
    path = folder / "state.safetensors";
    for (size_t i = 0; i < variables.bytes(); ++i)
      variables.data()[i] = static_cast<unsigned char>(i * 7 + 1);
  }
  ~CheckpointTest() override { fs::remove_all(folder); }

  std::string read() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string &bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
  /// A file with this header and so many bytes of data.
  void writeHeader(const std::string &header, size_t dataBytes) const {
    std::string bytes;
    for (int i = 0; i < 8; ++i)
      bytes += static_cast<char>(header.size() >> (8 * i));
    write(bytes + header + std::string(dataBytes, 'x'));
  }
  /// The message of a load that must fail and leave the block alone.
  std::string refuse(const dlc_model &model = trainableModel, dlc_uint32 flags = 0, const char *prefix = nullptr) {
    dlc::Variables target(&model);
    std::memset(target.data(), 0xee, target.bytes());
    dlc_load_options options = {sizeof options, flags, prefix};
    dlc_error error = {};
    EXPECT_NE(dlc_variables_load(&model, target.data(), path.c_str(), &options, &error), DLC_OK);
    for (size_t i = 0; i < target.bytes(); ++i)
      EXPECT_EQ(target.data()[i], 0xee) << "at " << i;
    return error.message;
  }
  static bool isSame(const dlc::Variables &a, const dlc::Variables &b, const char *name) {
    const dlc_variable_info &info = a.info(name);
    return !std::memcmp(a.data() + info.offset, b.data() + info.offset, dlc_variable_size(&info));
  }
  size_t filesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  fs::path folder;
  std::string path;
  dlc::Variables variables;
};

TEST_F(CheckpointTest, ComesBack) {
  variables.save(path);
  dlc::Variables loaded(&trainableModel);
  loaded.load(path);
  for (dlc_uint32 i = 0; i < trainableModel.variable_count; ++i)
    EXPECT_TRUE(isSame(variables, loaded, trainableModel.variables[i].name)) << trainableModel.variables[i].name;
  EXPECT_EQ(filesInFolder(), 1u);
  std::string first = read();
  loaded.save(path);
  EXPECT_EQ(read(), first);
}

TEST_F(CheckpointTest, IsSafetensors) {
  variables.save(path, {{"epoch", "3"}});
  std::string bytes = read(), wanted =
                                  R"({"__metadata__":{"epoch":"3"},)"
                                  R"("steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                                  R"("dense.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
                                  R"("dense.weight.velocity":{"dtype":"F32","shape":[2,3],"data_offsets":[32,56]},)"
                                  R"("dense.mean":{"dtype":"F16","shape":[3],"data_offsets":[56,62]},)"
                                  R"("flag":{"dtype":"BOOL","shape":[1],"data_offsets":[62,63]}})";
  EXPECT_EQ(bytes.substr(8, wanted.size()), wanted);
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
}

TEST_F(CheckpointTest, CarriesTexts) {
  std::string odd = "\"quoted\"\\ \n\t\x01 \xc3\xa4 \xf0\x9f\x99\x82";
  variables.save(path, {{"a", ""}, {odd, odd}});
  EXPECT_EQ(dlc::readMetadata(&trainableModel, path, "a"), "");
  EXPECT_EQ(dlc::readMetadata(&trainableModel, path, odd), odd);
  EXPECT_EQ(dlc::readMetadata(&trainableModel, path, "b"), std::nullopt);
  EXPECT_THROW(dlc::readMetadata(&trainableModel, path + "x", "a"), dlc::Error);
  EXPECT_THROW(variables.save(path, {{"a", "\xff"}}), dlc::Error);
  char little[2];
  size_t bytes = 0;
  EXPECT_EQ(dlc_metadata_read(&trainableModel, path.c_str(), odd.c_str(), little, 2, &bytes, nullptr),
            DLC_ERROR_TOO_SMALL);
  EXPECT_EQ(bytes, odd.size() + 1);
}

TEST_F(CheckpointTest, SaysWhatDiffers) {
  variables.save(path);
  EXPECT_EQ(refuse(transposedModel), "'" + path +
                                         "' is not a checkpoint of this model: 'dense.weight' is f32[2, 3] there and "
                                         "f32[3, 2] in model 'trainable'");
  EXPECT_NE(refuse(slotlessModel).find("it holds 'dense.weight.velocity', which model 'trainable' does not have"),
            std::string::npos);
  dlc::Variables(&slotlessModel).save(path);
  EXPECT_NE(refuse().find("it lacks 'dense.weight.velocity', which is f32[2, 3] in model 'trainable'"),
            std::string::npos);
}

TEST_F(CheckpointTest, LoadsAPart) {
  dlc::Variables(&slotlessModel).save(path);
  std::vector<unsigned char> before(variables.data(), variables.data() + variables.bytes());
  dlc::Variables kept(&trainableModel);
  std::memcpy(kept.data(), before.data(), before.size());
  variables.load(path, DLC_LOAD_PARTIAL);
  EXPECT_TRUE(isSame(variables, kept, "dense.weight.velocity"));
  EXPECT_EQ(variables.data()[0], 0);

  std::memcpy(variables.data(), before.data(), before.size());
  variables.load(path, DLC_LOAD_WEIGHTS_ONLY);
  EXPECT_TRUE(isSame(variables, kept, "steps"));
  EXPECT_FALSE(isSame(variables, kept, "dense.mean"));

  std::memcpy(variables.data(), before.data(), before.size());
  variables.load(path, 0, "dense.m");
  EXPECT_TRUE(isSame(variables, kept, "dense.weight"));
  EXPECT_FALSE(isSame(variables, kept, "dense.mean"));
  EXPECT_NE(refuse(trainableModel, 0, "conv").find("no variable whose name starts with 'conv'"), std::string::npos);
}

TEST_F(CheckpointTest, RefusesBrokenHeaders) {
  struct {
    const char *header;
    size_t dataBytes;
    const char *words;
  } cases[] = {
      {"", 0, "a '{' is missing"},
      {"{", 0, "quoted string"},
      {"{}", 1, "do not make up the whole file"},
      {"{}x", 0, "something follows"},
      {R"({"a")", 0, "colon"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3, "truncated"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5, "whole file"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "size of its shape"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "before it begins"},
      {R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}})", 4, "element type"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "integer"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "integer"},
      {R"({"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}})", 4, "integer"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})", 0, "size of its shape"},
      {R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})", 4, "64 bits"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4, "dimensions"},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "twice"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4, "lacks"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "overlap"},
      {R"({"__metadata__":{"a":1}})", 0, "quoted string"},
      {R"({"\ud800":{}})", 0, "escape"},
      {R"({"\u0000":{}})", 0, "escape"},
      {"{\"\xc0\x80\":{}}", 0, "UTF-8"},
      {"{\"a\n\":{}}", 0, "control"},
      {R"({"a)", 0, "does not end"},
  };
  for (const auto &broken : cases) {
    writeHeader(broken.header, broken.dataBytes);
    EXPECT_NE(refuse().find(broken.words), std::string::npos) << broken.header << "\n" << refuse();
  }
  write("short");
  EXPECT_NE(refuse().find("too short"), std::string::npos);
  write(std::string(8, '\xff') + "{}");
  EXPECT_NE(refuse().find("its header would have"), std::string::npos);
  fs::remove(path);
  EXPECT_NE(refuse().find("No such file"), std::string::npos);
}

TEST_F(CheckpointTest, RefusesTensorsThatOverlap) {
  auto tensor = [](const char *name, int begin, int end) {
    std::string extent = std::to_string(end - begin), from = std::to_string(begin), to = std::to_string(end);
    return '"' + std::string(name) + R"(":{"dtype":"U8","shape":[)" + extent + R"(],"data_offsets":[)" + from + "," +
           to + "]}";
  };
  // Their sizes add up to the file's, and bytes 8 to 12 are nobody's.
  writeHeader("{" + tensor("a", 0, 8) + "," + tensor("b", 4, 8) + "}", 12);
  EXPECT_NE(refuse().find("overlap"), std::string::npos) << refuse();
  writeHeader("{" + tensor("b", 6, 10) + "," + tensor("c", 8, 12) + "," + tensor("a", 0, 4) + "}", 12);
  EXPECT_NE(refuse().find("overlap"), std::string::npos) << refuse();
  // In any order, and with some that have no bytes, they are fine: what is wrong is only that it is another model's.
  std::vector<std::string> parts;
  for (int i = 0; i < 100; ++i)
    parts.push_back(tensor(("t" + std::to_string(i)).c_str(), 3 * i, 3 * i + 3));
  parts.push_back(tensor("empty", 150, 150));
  std::mt19937 generator(1);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::shuffle(parts.begin(), parts.end(), generator);
    std::string header;
    for (const std::string &part : parts)
      header += (header.empty() ? "{" : ",") + part;
    writeHeader(header + "}", 300);
    EXPECT_NE(refuse().find("is not a checkpoint of this model"), std::string::npos) << refuse();
  }
}

TEST_F(CheckpointTest, TakesNoMemoryForABraceEach) {
  // Five million braces would have made a table of 900 MB.
  writeHeader("{" + std::string(5000000, '{'), 0);
  // A process of its own, whose peak begins at what this one has by now.
  pid_t child = fork();
  if (!child) {
    auto getPeak = [] {
      rusage usage = {};
      getrusage(RUSAGE_SELF, &usage);
      return usage.ru_maxrss;
    };
    long before = getPeak();
    dlc_variables_load(&trainableModel, variables.data(), path.c_str(), nullptr, nullptr);
    constexpr long mostKilobytes = 400000;
    _exit(getPeak() - before < mostKilobytes ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(CheckpointTest, ALoadThatFailsMidwayChangesNothing) {
  variables.save(path);
  // The first two reads are the header's; one follows for each variable.
  for (int reads = 0; reads < 7; ++reads) {
    readsLeft = reads;
    std::string message = refuse();
    readsLeft = -1;
    EXPECT_NE(message.find("Input/output error"), std::string::npos) << message;
  }
  dlc::Variables loaded(&trainableModel);
  readsLeft = 7;
  dlc_int32 status = dlc_variables_load(&trainableModel, loaded.data(), path.c_str(), nullptr, nullptr);
  readsLeft = -1;
  EXPECT_EQ(status, DLC_OK);
  for (dlc_uint32 i = 0; i < trainableModel.variable_count; ++i)
    EXPECT_TRUE(isSame(variables, loaded, trainableModel.variables[i].name));
}

TEST_F(CheckpointTest, RefusesEveryCut) {
  variables.save(path, {{"epoch", "3"}});
  std::string whole = read();
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    write(whole.substr(0, bytes));
    refuse();
  }
}

TEST_F(CheckpointTest, SurvivesAnyBytes) {
  variables.save(path, {{"epoch", "3"}});
  std::string whole = read();
  std::mt19937 generator(1);
  dlc::Variables target(&trainableModel);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 3; ++i)
      bytes[generator() % (bytes.size() - 64)] = "{}[]:,\"\\u019azF\0\xff"[generator() % 17];
    write(bytes);
    dlc_variables_load(&trainableModel, target.data(), path.c_str(), nullptr, nullptr);
  }
}

TEST_F(CheckpointTest, NamesThePathWhereNoFileCanBe) {
  dlc_error error = {};
  EXPECT_EQ(dlc_variables_save(&trainableModel, variables.data(), "/nowhere/at/all.safetensors", nullptr, 0, &error),
            DLC_ERROR_FILE);
  EXPECT_STREQ(error.message, "cannot write '/nowhere/at/all.safetensors': No such file or directory");
}

TEST_F(CheckpointTest, KeepsTheOldFileOnAFullDisk) {
  variables.save(path);
  std::string whole = read();
  // A limit on the size of files fails the write as a full disk does.
  rlimit old, little;
  getrlimit(RLIMIT_FSIZE, &old);
  little = old;
  little.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &little);
  dlc_error error = {};
  dlc_int32 status = dlc_variables_save(&trainableModel, variables.data(), path.c_str(), nullptr, 0, &error);
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(status, DLC_ERROR_FILE);
  EXPECT_STREQ(error.message,
               ("cannot write '" + path + "': File too large; what was there before is unchanged").c_str());
  EXPECT_EQ(read(), whole);
  EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(CheckpointTest, TakesNoOtherWritersFile) {
  // One of this name is a killed process's, or one's in another container, which counts its processes anew.
  std::string other = path + "." + std::to_string(getpid()) + ".tmp";
  std::ofstream(other) << "half";
  variables.save(path);
  dlc::Variables(&trainableModel).load(path);
  EXPECT_EQ(fs::file_size(other), 4u);
  EXPECT_EQ(filesInFolder(), 2u);
}

TEST_F(CheckpointTest, SaysWhereItCannotWrite) {
  dlc_error error = {};
  std::string nowhere = folder / "no" / "where";
  EXPECT_EQ(dlc_variables_save(&trainableModel, variables.data(), nowhere.c_str(), nullptr, 0, &error), DLC_ERROR_FILE);
  EXPECT_NE(std::string(error.message).find("No such file"), std::string::npos);
  // A folder instead of the file.
  EXPECT_EQ(dlc_variables_save(&trainableModel, variables.data(), folder.c_str(), nullptr, 0, &error), DLC_ERROR_FILE);
  EXPECT_EQ(filesInFolder(), 0u);
  EXPECT_EQ(dlc_variables_save(&trainableModel, nullptr, path.c_str(), nullptr, 0, &error), DLC_ERROR_ARGUMENT);
}

} // namespace
