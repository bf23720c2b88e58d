// SPDX-License-Identifier: Apache-2.0
#include "data/RandomNumbers.h"
#include "gtest/gtest.h"

#include <set>

using namespace dlc::data;

namespace {

/// What 4,096 elements of a type are.
std::set<double> listValues(dlc_uint32 type) {
  std::mt19937 generator(1);
  Array array(type, {64, 64});
  fillRandomly(array, generator);
  std::set<double> values;
  for (size_t i = 0; i < array.count(); ++i)
    values.insert(array.at(i));
  return values;
}

// Images of few values have equal neighbours, among which a max pool would choose by rounding alone.
TEST(RandomNumbersTest, BytesTakeAllValues) {
  std::set<double> values = listValues(DLC_U8);
  EXPECT_EQ(values.size(), 256u);
  EXPECT_EQ(*values.begin(), 0);
  EXPECT_EQ(*values.rbegin(), 255);
}

TEST(RandomNumbersTest, OtherIntegersAreIndicesOfTwo) {
  for (dlc_uint32 type : {DLC_I8, DLC_I32, DLC_I64, DLC_U16, DLC_BOOL})
    EXPECT_EQ(listValues(type), (std::set<double>{0, 1}));
}

TEST(RandomNumbersTest, RealNumbersAreAroundZero) {
  for (dlc_uint32 type : {DLC_F16, DLC_BF16, DLC_F32, DLC_F64}) {
    std::set<double> values = listValues(type);
    EXPECT_GE(values.size(), 200u);
    EXPECT_GE(*values.begin(), -1);
    EXPECT_LT(*values.begin(), -0.9);
    EXPECT_GT(*values.rbegin(), 0.9);
    EXPECT_LE(*values.rbegin(), 1);
  }
}

} // namespace
