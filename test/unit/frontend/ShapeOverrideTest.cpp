// SPDX-License-Identifier: Apache-2.0
#include "frontend/Import.h"
#include <gtest/gtest.h>

using dlc::ShapeOverride;

namespace {

struct Parsed {
  std::string input;
  std::vector<int64_t> extents;
  bool operator==(const Parsed &other) const { return input == other.input && extents == other.extents; }
};

/// Nothing if the string is rejected, which has to come with a reason that quotes it.
std::optional<Parsed> parse(const std::string &text) {
  std::string error;
  mlir::FailureOr<ShapeOverride> shape = ShapeOverride::parse(text, error);
  EXPECT_EQ(mlir::failed(shape), error.find("'" + text + "'") != std::string::npos) << error;
  if (mlir::failed(shape))
    return std::nullopt;
  return Parsed{shape->input, {shape->extents.begin(), shape->extents.end()}};
}

TEST(ShapeOverrideTest, ReadsANameAndExtents) {
  EXPECT_EQ(parse("image=1x3x224x224"), (Parsed{"image", {1, 3, 224, 224}}));
  EXPECT_EQ(parse("x=0"), (Parsed{"x", {0}}));
  EXPECT_EQ(parse("x="), (Parsed{"x", {}})); // a scalar
  EXPECT_EQ(parse("x=2147483647"), (Parsed{"x", {2147483647}}));
  EXPECT_EQ(parse("x=007"), (Parsed{"x", {7}}));
}

TEST(ShapeOverrideTest, TheLastEqualsSignEndsTheName) {
  EXPECT_EQ(parse("a=b=2x3"), (Parsed{"a=b", {2, 3}}));
  EXPECT_EQ(parse("1x2=3"), (Parsed{"1x2", {3}}));
  EXPECT_EQ(parse("a=="), (Parsed{"a=", {}}));
}

TEST(ShapeOverrideTest, RefusesTheRest) {
  for (const char *text : {"", "x", "=1x2", "x=1x", "x=x1", "x=1xx2", "x=-1", "x=2147483648", "x=99999999999999999999",
                           "x=1.5", "x=1 x2", "x=0x10x", "x=1X2", "x=N"})
    EXPECT_EQ(parse(text), std::nullopt) << text;
}

} // namespace
