// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Measurement.h"
#include "dlc/abi.h"
#include "test/unit/ScratchFolder.h"
#include "gtest/gtest.h"
#include <csignal>

using namespace dlc;
using namespace dlc::tune;

namespace {

/// A model of one op.
std::string makeModel(const std::string &op) {
  return "func.func @run(%x: tensor<8x100xf32> {dlc.name = \"x\"}) -> (tensor<8x100xf32> {dlc.name = \"y\"}) {\n"
         "  %0 = dlc." +
         op + " %x : tensor<8x100xf32> -> tensor<8x100xf32>\n  return %0 : tensor<8x100xf32>\n}\n";
}

class MeasurementTest : public testing::Test {
protected:
  std::string build(const std::string &name, const std::string &model) {
    std::string path = (folder.path / (name + ".so")).string();
    llvm::Expected<std::string> done = startCompilation(model, path, "")->finish();
    EXPECT_TRUE(static_cast<bool>(done)) << llvm::toString(done.takeError());
    return path;
  }

  ScratchFolder folder;
  Signature signature{{{DLC_F32, {8, 100}, 3200, false}}, {{DLC_F32, {8, 100}, 3200, false}}};
  MeasurementOptions options{1, 0.02, 0, ""};
};

TEST_F(MeasurementTest, TimesWhatComputesTheSame) {
  std::string library = build("relu", makeModel("relu"));
  llvm::Expected<Comparison> times = compare(signature, library, library, options);
  ASSERT_TRUE(static_cast<bool>(times)) << llvm::toString(times.takeError());
  EXPECT_GT(times->reference, 0);
  EXPECT_GT(times->candidate, 0);
}

TEST_F(MeasurementTest, RefusesWhatComputesOtherNumbers) {
  // A wrong kernel, however fast, must not be recorded.
  llvm::Expected<Comparison> times =
      compare(signature, build("relu", makeModel("relu")), build("abs", makeModel("abs")), options);
  ASSERT_FALSE(static_cast<bool>(times));
  std::string problem = llvm::toString(times.takeError());
  EXPECT_NE(problem.find("computes other numbers"), std::string::npos) << problem;
}

TEST_F(MeasurementTest, WeightsHaveCopiesThatComputeTheSame) {
  std::string library = build("relu", makeModel("relu"));
  signature.inputs.front().isWeight = true;
  options.weightBytes = 50000;
  EXPECT_TRUE(static_cast<bool>(compare(signature, library, library, options)));
}

TEST_F(MeasurementTest, ReportsWhatDoesNotCompileOrLoad) {
  std::string broken = (folder.path / ("broken.so")).string();
  llvm::Expected<std::string> done = startCompilation("func.func @run(", broken, "")->finish();
  EXPECT_FALSE(static_cast<bool>(done));
  llvm::consumeError(done.takeError());
  llvm::Expected<Comparison> times = compare(signature, broken, broken, options);
  EXPECT_FALSE(static_cast<bool>(times));
  llvm::consumeError(times.takeError());
}

TEST(ChildProcessTest, GivesTheTextOrTheReason) {
  auto finish = [](const std::function<llvm::Expected<std::string>()> &work, unsigned seconds = 30) {
    llvm::Expected<std::string> result = ChildProcess(work, seconds).finish();
    return result ? *result : "error: " + llvm::toString(result.takeError());
  };
  EXPECT_EQ(finish([] { return std::string(100000, 'x'); }), std::string(100000, 'x'));
  EXPECT_EQ(finish([] { return llvm::createStringError("no"); }), "error: no");
  EXPECT_EQ(finish([]() -> llvm::Expected<std::string> {
              std::raise(SIGKILL);
              return "";
            }),
            "error: died: Killed");
  EXPECT_EQ(finish(
                []() -> llvm::Expected<std::string> {
                  while (true)
                    ;
                },
                1),
            "error: took more than 1 s");
}

TEST(ChildProcessTest, FindsOutHowItEndedWhereSignalsAreIgnored) {
  // As programs are that a shell started so: the system would reap the process.
  auto old = std::signal(SIGCHLD, SIG_IGN);
  auto work = []() -> llvm::Expected<std::string> { return llvm::createStringError("no"); };
  llvm::Expected<std::string> result = ChildProcess(work, 30).finish();
  std::signal(SIGCHLD, old);
  ASSERT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(llvm::toString(result.takeError()), "no");
}

} // namespace
