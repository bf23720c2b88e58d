// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentRequirements.h"
#include "ir/ShapeInference.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

using namespace mlir;
using dlc::Dims;

namespace {

class ShapeRulesTest : public testing::Test {
protected:
  /// Extents from integers; a negative one is symbol -1 - extent.
  Dims dims(llvm::ArrayRef<int64_t> extents) {
    Dims result;
    for (int64_t extent : extents)
      result.push_back(extent < 0 ? getAffineSymbolExpr(static_cast<unsigned>(-1 - extent), &context)
                                  : getAffineConstantExpr(extent, &context));
    return result;
  }
  std::optional<Dims> broadcast(llvm::ArrayRef<Dims> operands) {
    Dims result;
    if (failed(dlc::broadcastDims(std::nullopt, operands, result)))
      return std::nullopt;
    return result;
  }
  /// The extent of windows over one dimension; -1: it is refused.
  int64_t window(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t low, int64_t high,
                 bool ceil) {
    Dims result;
    if (failed(dlc::windowDims(std::nullopt, dims({2, 3, extent}), {kernel}, {stride}, {dilation}, {low, high}, ceil,
                               result)))
      return -1;
    return *dlc::constantDim(result.back());
  }

  static dlc::ExtentRequirement equal(AffineExpr extent, AffineExpr other) { return {extent, other}; }

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

TEST_F(ShapeRulesTest, BroadcastFollowsNumPy) {
  EXPECT_EQ(broadcast({dims({2, 1, 3}), dims({4, 1})}), dims({2, 4, 3}));
  EXPECT_EQ(broadcast({dims({}), dims({5})}), dims({5}));
  EXPECT_EQ(broadcast({dims({1}), dims({0})}), dims({0}));
  EXPECT_EQ(broadcast({dims({0, 3}), dims({1, 1})}), dims({0, 3}));
  EXPECT_EQ(broadcast({dims({2}), dims({3})}), std::nullopt);
  EXPECT_EQ(broadcast({dims({0}), dims({2})}), std::nullopt);
}

TEST_F(ShapeRulesTest, BroadcastTakesAKnownExtentOverASymbol) {
  EXPECT_EQ(broadcast({dims({-1}), dims({1})}), dims({-1}));
  EXPECT_EQ(broadcast({dims({1}), dims({-1})}), dims({-1}));
  EXPECT_EQ(broadcast({dims({-1}), dims({4})}), dims({4}));
  EXPECT_EQ(broadcast({dims({4}), dims({-1})}), dims({4}));
  EXPECT_EQ(broadcast({dims({-1, 2}), dims({-1, 1})}), dims({-1, 2}));
}

TEST_F(ShapeRulesTest, WindowsAreCountedOneByOne) {
  for (int64_t extent : {1, 2, 5, 7, 16})
    for (int64_t kernel : {1, 2, 3, 5})
      for (int64_t stride : {1, 2, 3})
        for (int64_t dilation : {1, 2})
          for (int64_t low : {0, 1})
            for (int64_t high : {0, 2})
              for (bool ceil : {false, true}) {
                int64_t reach = dilation * (kernel - 1) + 1, padded = low + extent + high, count = 0;
                if (padded < reach)
                  continue; // no window fits
                for (int64_t start = 0; start + reach <= padded; start += stride)
                  ++count;
                // One more window may end beyond the padding; the last one must not start in the high padding.
                if (ceil && (count - 1) * stride + reach < padded)
                  ++count;
                if (ceil && (count - 1) * stride >= extent + low)
                  --count;
                EXPECT_EQ(window(extent, kernel, stride, dilation, low, high, ceil), count)
                    << extent << ", kernel " << kernel << ", stride " << stride << ", dilation " << dilation
                    << ", padding " << low << " " << high << (ceil ? ", ceil" : "");
              }
}

TEST_F(ShapeRulesTest, ReductionKeepsOrDropsAxes) {
  Dims result;
  ASSERT_TRUE(succeeded(dlc::reducedDims(std::nullopt, dims({2, -1, 4}), {1}, /*keepDims=*/true, result)));
  EXPECT_EQ(result, dims({2, 1, 4}));
  result.clear();
  ASSERT_TRUE(succeeded(dlc::reducedDims(std::nullopt, dims({2, -1, 4}), {0, 2}, /*keepDims=*/false, result)));
  EXPECT_EQ(result, dims({-1}));
  result.clear();
  EXPECT_TRUE(failed(dlc::reducedDims(std::nullopt, dims({2, 3}), {2}, true, result)));
}

TEST_F(ShapeRulesTest, TopKTakesAtMostWhatIsThere) {
  Dims result;
  ASSERT_TRUE(succeeded(dlc::topKDims(std::nullopt, dims({2, 5}), 5, 1, result)));
  EXPECT_EQ(result, dims({2, 5}));
  result.clear();
  EXPECT_TRUE(failed(dlc::topKDims(std::nullopt, dims({2, 5}), 6, 1, result)));
}

TEST_F(ShapeRulesTest, ProductsAndQuotientsCancel) {
  AffineExpr n = getAffineSymbolExpr(0, &context), m = getAffineSymbolExpr(1, &context);
  auto constant = [&](int64_t value) { return getAffineConstantExpr(value, &context); };
  EXPECT_EQ(dlc::elementCount(dims({}), &context), constant(1));
  EXPECT_EQ(dlc::elementCount(dims({2, 0, 3}), &context), constant(0));
  EXPECT_EQ(dlc::elementCount(dims({2, -1, 3}), &context), n * 6);
  EXPECT_EQ(dlc::divideExactly(n * 6, constant(3)), n * 2);
  EXPECT_EQ(dlc::divideExactly(n * m * 6, n * 2), m * 3);
  EXPECT_EQ(dlc::divideExactly(n * m, n * m), constant(1));
  EXPECT_EQ(dlc::divideExactly(n, constant(4)), n.floorDiv(4));
  EXPECT_EQ(dlc::divideExactly(constant(0), constant(5)), constant(0));
}

TEST_F(ShapeRulesTest, OnlyConstantsThatDifferAreUnequal) {
  Dims extents = dims({2, 3, -1, -2});
  EXPECT_FALSE(dlc::mayBeEqual(extents[0], extents[1]));
  EXPECT_TRUE(dlc::mayBeEqual(extents[0], extents[0]));
  EXPECT_TRUE(dlc::mayBeEqual(extents[0], extents[2]));
  EXPECT_TRUE(dlc::mayBeEqual(extents[2], extents[3]));
}

TEST_F(ShapeRulesTest, RequirementsAreCollected) {
  Dims extents = dims({2, 3, -1, -2});
  EXPECT_TRUE(dlc::requireEqual(extents[0], extents[2])) << "nobody collects";
  dlc::ExtentRequirements outer;
  EXPECT_FALSE(dlc::requireEqual(extents[0], extents[1]));
  EXPECT_TRUE(dlc::requireEqual(extents[2], extents[2]));
  EXPECT_TRUE(outer.get().empty());
  {
    dlc::ExtentRequirements inner;
    EXPECT_TRUE(dlc::requireEqual(extents[2], extents[3]));
    ASSERT_EQ(inner.get().size(), 1u);
    EXPECT_EQ(inner.get()[0], equal(extents[2], extents[3]));
  }
  EXPECT_TRUE(dlc::requireEqual(extents[0], extents[2]));
  EXPECT_FALSE(dlc::requireAtLeast(extents[0], 3));
  EXPECT_TRUE(dlc::requireAtLeast(extents[0], 2));
  EXPECT_TRUE(dlc::requireAtLeast(extents[2], 2));
  ASSERT_EQ(outer.get().size(), 2u);
  EXPECT_EQ(outer.get()[0], equal(extents[0], extents[2]));
  EXPECT_EQ(outer.get()[1], (dlc::ExtentRequirement{extents[2], extents[0], /*mayBeMore=*/true}));
}

TEST_F(ShapeRulesTest, BroadcastRequiresWhatIsNotOne) {
  dlc::ExtentRequirements found;
  EXPECT_EQ(broadcast({dims({-1, 1, -2}), dims({-3, 3, 1}), dims({5, 3, 1})}), dims({5, 3, -2}));
  Dims extents = dims({-1, -3, 5});
  ASSERT_EQ(found.get().size(), 2u);
  EXPECT_EQ(found.get()[0], equal(extents[2], extents[0]));
  EXPECT_EQ(found.get()[1], equal(extents[2], extents[1]));
}

} // namespace
