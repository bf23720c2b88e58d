// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Journal.h"
#include "test/unit/ScratchFolder.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace dlc;
using tune::Journal;
using tune::Trial;

namespace {

Trial makeTrial(const std::string &kernel, double time, const std::string &problem = "") {
  Trial trial;
  trial.record.kernel = kernel;
  trial.record.machine = "x86-64-v3";
  trial.record.point = {"gemm", 8, -1, 1, {{"rows", 3}, {"columns", 16}}};
  trial.record.layer = "hidden \"\xff\"";
  trial.record.microseconds = time;
  trial.record.defaultTime = 2;
  trial.problem = problem;
  return trial;
}

TEST(JournalTest, KeepsWhatWasAppended) {
  ScratchFolder folder;
  std::string path = (folder.path / ("trials")).string();
  {
    Journal journal(path, "one", 1);
    EXPECT_TRUE(journal.getTrials().empty());
    journal.append(makeTrial("00ff", 1.5));
    journal.append(makeTrial("00fe", 0, "computes other numbers"));
  }
  // A line that a kill cut short.
  std::ofstream(path, std::ios::app) << "{\"kernel\": \"0";
  Journal(path, "one", 1).append(makeTrial("00fd", 1));
  Journal journal(path, "one", 1);
  ASSERT_EQ(journal.getTrials().size(), 3u);
  EXPECT_EQ(journal.getTrials()[2].record.kernel, "00fd");
  EXPECT_EQ(journal.getTrials()[0].record.kernel, "00ff");
  EXPECT_EQ(journal.getTrials()[0].record.point, makeTrial("", 0).record.point);
  EXPECT_DOUBLE_EQ(journal.getTrials()[0].record.getRatio(), 0.75);
  EXPECT_EQ(journal.getTrials()[1].problem, "computes other numbers");
}

TEST(JournalTest, TimesOfOtherConditionsDoNotCount) {
  ScratchFolder folder;
  std::string path = (folder.path / ("trials")).string();
  Journal(path, "one", 1).append(makeTrial("00ff", 1.5));
  EXPECT_TRUE(Journal(path, "another", 1).getTrials().empty());
  EXPECT_TRUE(Journal(path, "one", 2).getTrials().empty());
  EXPECT_EQ(Journal(path, "one", 1).getTrials().size(), 1u);
}

} // namespace
