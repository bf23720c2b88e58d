// SPDX-License-Identifier: Apache-2.0
#include "backends/link/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <unistd.h>

using namespace dlc;

namespace {
class OutputFileTest : public testing::Test {
protected:
  OutputFileTest() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("dlc-output", folder)); }
  ~OutputFileTest() override { (void)llvm::sys::fs::remove_directories(folder); }
  std::string getPath(llvm::StringRef name) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  int countFiles() {
    int count = 0;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
      ++count;
    return count;
  }
  llvm::SmallString<128> folder;
  std::string error;
};
} // namespace

TEST_F(OutputFileTest, KeptFilesStay) {
  {
    OutputFile file(getPath("kept"));
    ASSERT_TRUE(mlir::succeeded(file.write("text", error))) << error;
    EXPECT_FALSE(llvm::sys::fs::exists(getPath("kept")));
    ASSERT_TRUE(mlir::succeeded(file.keep(error))) << error;
  }
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(getPath("kept")))->getBuffer(), "text");
  EXPECT_EQ(countFiles(), 1);
}

TEST_F(OutputFileTest, OthersLeaveNothing) {
  {
    OutputFile file(getPath("lost"));
    ASSERT_TRUE(mlir::succeeded(file.write("text", error))) << error;
  }
  EXPECT_EQ(countFiles(), 0);
}

TEST_F(OutputFileTest, AFailureKeepsWhatWasThere) {
  {
    OutputFile before(getPath("model"));
    ASSERT_TRUE(mlir::succeeded(before.write("old", error)) && mlir::succeeded(before.keep(error))) << error;
    OutputFile after(getPath("model"));
    ASSERT_TRUE(mlir::succeeded(after.write("new", error))) << error;
  }
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(getPath("model")))->getBuffer(), "old");
}

TEST_F(OutputFileTest, ErrorsNameTheFile) {
  OutputFile file(getPath("missing/model"));
  EXPECT_TRUE(mlir::failed(file.write("text", error)));
  EXPECT_NE(error.find("missing/model'"), std::string::npos) << error;
}

TEST_F(OutputFileTest, NamesCannotBeGuessed) {
  OutputFile first(getPath("model")), second(getPath("model"));
  EXPECT_NE(first.getTemporaryPath(), second.getTemporaryPath());
  // Both are there from the beginning, so that nobody can put anything instead of them.
  EXPECT_EQ(countFiles(), 2);
  // What was written by the first is not what the second keeps.
  ASSERT_TRUE(mlir::succeeded(first.write("first", error)) && mlir::succeeded(second.write("second", error))) << error;
  ASSERT_TRUE(mlir::succeeded(second.keep(error))) << error;
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(getPath("model")))->getBuffer(), "second");
  ASSERT_TRUE(mlir::succeeded(first.keep(error))) << error;
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(getPath("model")))->getBuffer(), "first");
}

TEST_F(OutputFileTest, FollowsNoLinkThatWaitsForIt) {
  // The name that a process's files had before: another user of the folder could have made it a link.
  std::string victim = getPath("victim"), guessed = getPath("model.tmp") + std::to_string(getpid());
  ASSERT_FALSE(llvm::sys::fs::create_link(victim, guessed));
  {
    OutputFile file(getPath("model"));
    ASSERT_TRUE(mlir::succeeded(file.write("text", error)) && mlir::succeeded(file.keep(error))) << error;
  }
  EXPECT_FALSE(llvm::sys::fs::exists(victim));
  EXPECT_FALSE(llvm::sys::fs::is_symlink_file(getPath("model")));
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(getPath("model")))->getBuffer(), "text");
}
