// SPDX-License-Identifier: Apache-2.0
#include "profile/MeasuredTimes.h"
#include "data/Failure.h"
#include "test/unit/ScratchFolder.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>

using namespace dlc::profile;

namespace {

class MeasuredTimesTest : public testing::Test {
protected:
  MeasuredTimes read(const std::string &text) {
    std::string path = folder.path / "profile.json";
    std::ofstream(path) << text;
    return MeasuredTimes::read(path);
  }
  ScratchFolder folder;
};

TEST_F(MeasuredTimesTest, AreThoseOfOneRun) {
  std::string row = R"({"entry": "run", "layer": "conv \"1\"", "kernel": "k0", "seconds": 0.5, "operations": 8,
                        "bytes": null, "predicted_seconds": 0.25})";
  std::string profile = R"({"model": "m", "threads": 2, "roof": null, "entries": [{"name": "run", "runs": 4,
                            "seconds": 1.0, "launch_seconds": 0.9}], "launches": [)" +
                        row + "]}";
  // As `dlc-run profile --json` prints it, and as a part of what `dlc-run bench --profile --json` prints.
  for (const std::string &text : {profile, "{\"min_ms\": 1, \"profile\": " + profile + "}"}) {
    MeasuredTimes times = read(text);
    EXPECT_EQ(times.model, "m");
    EXPECT_EQ(times.threads, 2u);
    EXPECT_FALSE(times.roof);
    EXPECT_DOUBLE_EQ(times.entrySeconds.at("run"), 0.25);
    const MeasuredLaunch *launch = times.find("run", "conv \"1\"", "k0");
    ASSERT_TRUE(launch);
    EXPECT_DOUBLE_EQ(launch->seconds, 0.125);
    EXPECT_DOUBLE_EQ(launch->predictedSeconds, 0.0625);
    EXPECT_DOUBLE_EQ(launch->operations, 2);
    EXPECT_TRUE(std::isnan(launch->bytes));
    EXPECT_FALSE(times.find("train_step", "conv \"1\"", "k0"));
    EXPECT_FALSE(times.find("run", "conv \"1\"", "k1"));
  }
}

TEST_F(MeasuredTimesTest, RejectOtherFiles) {
  for (const char *text : {"", "{}", "[1]", "{\"dlc_records\": 1}", R"({"model": "m", "threads": 1, "roof": null,
       "entries": [], "launches": [{"entry": "run", "seconds": 1}]})",
                           R"({"model": "m", "threads": "two", "roof": null, "entries": [], "launches": []})",
                           R"({"model": "m", "threads": 1, "roof": {}, "entries": [], "launches": []})"})
    EXPECT_THROW(read(text), dlc::data::Failure) << text;
  EXPECT_THROW(MeasuredTimes::read(folder.path / "none.json"), dlc::data::Failure);
}

} // namespace
