// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentBounds.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/ShapeInference.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace {

/// Expressions of the extent `n`, of `found`, which is at most 2 * n, and of `some`, which is at most n + 3.
class ExtentBounds : public testing::Test {
protected:
  int64_t evaluate(AffineExpr expr, int64_t n, int64_t found, int64_t some) {
    AffineExpr values[] = {number(n), number(found), number(some)};
    std::optional<int64_t> result = dlc::constantDim(expr.replaceSymbols(values));
    EXPECT_TRUE(result);
    return result.value_or(0);
  }

  /// Expects the bounds to hold for all values of the derived symbols, and to depend on none. Returns by how much the
  /// upper one is too large at most.
  int64_t expectBounds(AffineExpr expr) {
    AffineExpr above = dlc::boundAbove(expr, bounds), below = dlc::boundBelow(expr, bounds);
    EXPECT_FALSE(dlc::isDerived(above, bounds));
    EXPECT_FALSE(dlc::isDerived(below, bounds));
    int64_t slack = 0;
    for (int64_t n : {0, 1, 2, 3, 7, 12}) {
      int64_t most = evaluate(above, n, 0, 0), least = evaluate(below, n, 0, 0), largest = INT64_MIN;
      for (int64_t found = 0; found <= 2 * n; ++found)
        for (int64_t some = 0; some <= n + 3; ++some) {
          int64_t value = evaluate(expr, n, found, some);
          EXPECT_LE(value, most) << n << " " << found << " " << some;
          EXPECT_GE(value, least) << n << " " << found << " " << some;
          largest = std::max(largest, value);
        }
      slack = std::max(slack, most - largest);
    }
    return slack;
  }

  AffineExpr number(int64_t value) { return getAffineConstantExpr(value, &context); }
  std::string describe(AffineExpr expr) { return dlc::describeExtent(expr, {"N", "found", "some"}); }

  MLIRContext context;
  AffineExpr n = getAffineSymbolExpr(0, &context), found = getAffineSymbolExpr(1, &context),
             some = getAffineSymbolExpr(2, &context);
  AffineExpr bounds[3] = {nullptr, n * 2, n + 3};
};

TEST_F(ExtentBounds, WithoutDerivedSymbols) {
  EXPECT_FALSE(dlc::isDerived(n + 1, bounds));
  EXPECT_TRUE(dlc::isDerived(found.floorDiv(2), bounds));
  EXPECT_EQ(dlc::boundAbove(n * 4 + 1, bounds), n * 4 + 1);
  EXPECT_EQ(dlc::boundBelow(n * 4 + 1, bounds), n * 4 + 1);
  // Symbols after the last bound are not derived.
  EXPECT_EQ(dlc::boundAbove(found, llvm::ArrayRef(bounds).take_front(1)), found);
}

TEST_F(ExtentBounds, WithoutBound) {
  // `found` may be anything, and `some` is at most three more.
  AffineExpr open[] = {nullptr, found, found + 3};
  EXPECT_FALSE(dlc::isUnbounded(n, open));
  EXPECT_TRUE(dlc::isUnbounded(found * 2, open));
  EXPECT_TRUE(dlc::isUnbounded(some, open));
  EXPECT_FALSE(dlc::isUnbounded(found, bounds));
  EXPECT_TRUE(dlc::isDerived(found, open));
  EXPECT_EQ(dlc::boundAbove(found * 8, open), found * 8);
  EXPECT_EQ(describe(dlc::boundAbove(some * 8, open)), "found * 8 + 24");
}

TEST_F(ExtentBounds, SumsAndProducts) {
  EXPECT_EQ(dlc::boundAbove(found, bounds), n * 2);
  EXPECT_EQ(dlc::boundBelow(found, bounds), number(0));
  EXPECT_EQ(describe(dlc::boundAbove(found * 8 + 1, bounds)), "N * 16 + 1");
  EXPECT_EQ(expectBounds(found * 8 + some), 0);
  EXPECT_EQ(expectBounds(dlc::multiplyExtents(found, some)), 0);
  EXPECT_EQ(expectBounds(dlc::multiplyExtents(n, found)), 0);
  // What is left is most where least is found.
  EXPECT_EQ(dlc::boundAbove(dlc::subtractExtents(n * 2, found), bounds), n * 2);
  EXPECT_EQ(expectBounds(dlc::subtractExtents(n * 2, found)), 0);
  EXPECT_EQ(expectBounds(dlc::subtractExtents(found, some)), 0);
  EXPECT_EQ(expectBounds(dlc::multiplyExtents(dlc::subtractExtents(found, n), dlc::subtractExtents(some, n))), 0);
}

TEST_F(ExtentBounds, MinimumAndMaximum) {
  AffineExpr ten = number(10);
  // As TopK of at most 10 elements has them: never more than 10, however many there are.
  EXPECT_EQ(expectBounds(dlc::minimumExtent(found, ten)), 0);
  EXPECT_EQ(expectBounds(dlc::maximumExtent(found, ten)), 0);
  EXPECT_EQ(expectBounds(dlc::minimumExtent(dlc::minimumExtent(found, some), ten)), 0);
  EXPECT_EQ(expectBounds(dlc::multiplyExtents(dlc::minimumExtent(found, ten), number(8))), 0);
  EXPECT_EQ(expectBounds(dlc::atLeastZero(dlc::subtractExtents(found, some))), 0);
  EXPECT_EQ(expectBounds(dlc::subtractExtents(ten, dlc::minimumExtent(found, ten))), 0);
}

TEST_F(ExtentBounds, ManyMinima) {
  // As a detector of 90 classes has them, each of which keeps at most 300 boxes: linear time, and nothing is lost.
  constexpr int classes = 90;
  llvm::SmallVector<AffineExpr> most;
  AffineExpr sum = number(0);
  for (int i = 0; i < classes; ++i) {
    most.push_back(number(200 + 2 * i));
    sum = dlc::addExtents(sum, dlc::minimumExtent(getAffineSymbolExpr(i, &context), number(300)));
  }
  int64_t expected = 0;
  for (int i = 0; i < classes; ++i)
    expected += std::min(200 + 2 * i, 300);
  EXPECT_EQ(dlc::boundAbove(sum, most), number(expected));
  EXPECT_EQ(dlc::boundBelow(sum, most), number(0));
  EXPECT_EQ(dlc::boundAbove(dlc::minimumExtent(sum, number(100)), most), number(100));
  EXPECT_EQ(dlc::boundBelow(dlc::subtractExtents(number(5), sum), most), number(5 - expected));
  // The minimum of a minimum, more often than all alternatives are tried.
  AffineExpr last = found;
  for (int i = 20; i > 3; --i)
    last = dlc::minimumExtent(dlc::addExtents(last, number(-1)), number(i));
  EXPECT_EQ(expectBounds(dlc::addExtents(last, number(30))), 0);
}

TEST_F(ExtentBounds, Quotients) {
  EXPECT_EQ(expectBounds(dlc::divideExtents(found, number(3))), 0);
  EXPECT_EQ(expectBounds(dlc::divideExtentsUp(found + 1, number(2))), 0);
  EXPECT_EQ(expectBounds(dlc::divideExtents(dlc::subtractExtents(found, number(5)), number(2))), 0);
  EXPECT_EQ(expectBounds(dlc::divideExtents(n * 6, dlc::maximumExtent(some, number(1)))), 0);
  // A remainder is bounded by its divisor alone.
  EXPECT_LE(expectBounds(dlc::getRemainder(found, number(3))), 2);
}

TEST_F(ExtentBounds, Choices) {
  AffineExpr isFew = dlc::isLessExtent(found, number(4));
  expectBounds(isFew);
  expectBounds(dlc::chooseExtent(isFew, number(4), found));
  expectBounds(dlc::chooseExtent(isFew, dlc::subtractExtents(n, found), some));
  expectBounds(dlc::isEqualExtent(found, some));
}

} // namespace
