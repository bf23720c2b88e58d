// SPDX-License-Identifier: Apache-2.0
#include "analysis/MachineCost.h"
#include <gtest/gtest.h>

using namespace dlc;

namespace {

TEST(MachineCostTest, MoreWorkTakesLonger) {
  for (const Machine &machine : getMachines()) {
    double last = -1;
    for (double operations : {0.0, 1.0, 7.0, 1e3, 1e12}) {
      double bytesBefore = -1;
      for (double bytes : {0.0, 1.0, 13.0, 1e9}) {
        double nanoseconds = getNanoseconds(machine, operations, bytes);
        EXPECT_GT(nanoseconds, bytesBefore) << machine.name.str();
        bytesBefore = nanoseconds;
      }
      EXPECT_GT(getNanoseconds(machine, operations, 0), last) << machine.name.str();
      last = getNanoseconds(machine, operations, 0);
    }
    EXPECT_EQ(getNanoseconds(machine, 0, 0), 0);
  }
}

TEST(MachineCostTest, WiderVectorsAreNotSlower) {
  for (const Machine &machine : getMachines())
    for (int64_t lanes = 1; 2 * lanes <= machine.getLanes(4); lanes *= 2)
      EXPECT_LE(getOperationsPerNanosecond(machine, lanes), getOperationsPerNanosecond(machine, 2 * lanes))
          << machine.name.str() << ": " << lanes;
  // Two multiply-adds of half vectors for one of a full one.
  const Machine &avx512 = *findMachine("x86-64-v4");
  EXPECT_EQ(getOperationsPerNanosecond(avx512, 8), getOperationsPerNanosecond(avx512, 16));
  EXPECT_EQ(getMultiplyAddVectors(avx512, 8, 8), avx512.multiplyAdds);
}

TEST(MachineCostTest, RatesAreThoseMeasured) {
  EXPECT_DOUBLE_EQ(getOperationsPerNanosecond(getReferenceMachine(), 16), 100);
  EXPECT_DOUBLE_EQ(getOperationsPerNanosecond(*findMachine("x86-64-v2"), 4), 25);
}

TEST(MachineCostTest, AStepTakesWhatIsScarcest) {
  for (const Machine &machine : getMachines()) {
    int64_t lanes = machine.getLanes(4);
    SumStep little{lanes, 4, 1, 1, 0};
    EXPECT_EQ(getCycles(machine, little), machine.latency) << machine.name.str();
    for (int64_t more : {2, 3, 31, 1000}) {
      SumStep sums = little, loads = little, streamed = little;
      sums.accumulators = more;
      loads.loads = more;
      streamed.streamedBytes = more * machine.vectorBytes;
      for (const SumStep &step : {sums, loads, streamed})
        EXPECT_GE(getCycles(machine, step), getCycles(machine, little)) << machine.name.str() << ": " << more;
    }
    SumStep many{lanes, 4, 1000, 1, 0};
    EXPECT_EQ(getCycles(machine, many), 1000 / machine.multiplyAdds) << machine.name.str();
  }
}

} // namespace
