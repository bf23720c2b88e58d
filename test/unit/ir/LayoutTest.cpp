// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

using namespace mlir;

namespace {

class LayoutTest : public ::testing::Test {
protected:
  LayoutTest() { context.loadDialect<dlc::DlcDialect>(); }

  DenseI64ArrayAttr array(llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(&context, values); }

  std::vector<float> pack(llvm::ArrayRef<int64_t> shape, dlc::LayoutAttr layout) {
    auto type = RankedTensorType::get(shape, Float32Type::get(&context), layout);
    std::vector<float> source(type.getNumElements());
    std::iota(source.begin(), source.end(), 1.0f);
    std::vector<float> target(*dlc::constantDim(dlc::getBufferBytes(type, dlc::staticDims(type))) / 4);
    dlc::packElements(type, {reinterpret_cast<char *>(source.data()), source.size() * 4},
                      {reinterpret_cast<char *>(target.data()), target.size() * 4});
    return target;
  }

  MLIRContext context;
};

TEST_F(LayoutTest, channelsLastMovesChannelsInnermost) {
  auto layout = dlc::getChannelsLastLayout(&context, 4);
  EXPECT_EQ(pack({1, 2, 1, 3}, layout), (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST_F(LayoutTest, haloSurroundsTheInteriorWithZeros) {
  auto layout = dlc::LayoutAttr::get(&context, array({0, 1}), array({0, 1}), array({1, 0}), {}, {}, 0);
  EXPECT_EQ(pack({2, 2}, layout), (std::vector<float>{0, 1, 2, 0, 3, 4, 0, 0, 0}));
}

TEST_F(LayoutTest, blocksFillThePartialLastOneWithZeros) {
  // [3, 2] as [ceil(3 / 2)][2][2 of dimension 0].
  auto layout = dlc::LayoutAttr::get(&context, array({0, 1}), {}, {}, array({0}), array({2}), 0);
  EXPECT_EQ(pack({3, 2}, layout), (std::vector<float>{1, 3, 2, 4, 5, 0, 6, 0}));
}

TEST_F(LayoutTest, twoBlocksOfOneDimensionNest) {
  // [4] as [1][2][2]: the outer block counts in steps of the inner one.
  auto layout = dlc::LayoutAttr::get(&context, array({0}), {}, {}, array({0, 0}), array({2, 2}), 0);
  EXPECT_EQ(pack({4}, layout), (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(LayoutTest, emptyAndScalarTensors) {
  EXPECT_TRUE(pack({0, 3, 2, 2}, dlc::getChannelsLastLayout(&context, 4)).empty());
  EXPECT_EQ(pack({}, {}), std::vector<float>{1});
}

TEST_F(LayoutTest, winogradWeightsHoldTransformedTiles) {
  auto layout = dlc::LayoutAttr::get(&context, array({0, 2, 3, 1}), {}, {}, array({0}), array({32}), 4);
  auto type = RankedTensorType::get({33, 5, 3, 3}, Float32Type::get(&context), layout);
  EXPECT_EQ(dlc::constantDim(dlc::getBufferBytes(type, dlc::staticDims(type))), 2 * 6 * 6 * 5 * 32 * 4);
}

TEST_F(LayoutTest, verifierRefusesWhatIsNoPermutation) {
  ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
  auto emit = [&] { return emitError(UnknownLoc::get(&context)); };
  EXPECT_TRUE(failed(dlc::LayoutAttr::verify(emit, array({0, 0}), {}, {}, {}, {}, 0)));
  EXPECT_TRUE(failed(dlc::LayoutAttr::verify(emit, array({0, 1}), array({1, 1}), {}, {}, {}, 0)));
}

} // namespace
