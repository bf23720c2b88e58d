// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace {

class ExtentAlgebra : public testing::Test {
protected:
  /// The value of `expr` where the symbols are `a` and `b`.
  int64_t evaluate(AffineExpr expr, int64_t a, int64_t b) {
    AffineExpr values[] = {getAffineConstantExpr(a, &context), getAffineConstantExpr(b, &context)};
    auto result = llvm::dyn_cast<AffineConstantExpr>(expr.replaceSymbols(values));
    EXPECT_TRUE(result);
    return result ? result.getValue() : 0;
  }

  /// Expects `expr` to be `expected` for extents from 0 up, in its range, and the same in its normal form.
  void expectValues(AffineExpr expr, llvm::function_ref<int64_t(int64_t, int64_t)> expected) {
    dlc::ExtentRange range = dlc::getExtentRange(expr);
    for (int64_t a : {0, 1, 2, 3, 4, 7, 16, 31})
      for (int64_t b : {0, 1, 2, 3, 5, 16, 30}) {
        EXPECT_EQ(evaluate(expr, a, b), expected(a, b)) << a << " " << b;
        EXPECT_EQ(evaluate(dlc::normalizeExtent(expr), a, b), expected(a, b)) << a << " " << b;
        EXPECT_LE(range.low, expected(a, b));
        EXPECT_GE(range.high, expected(a, b));
      }
  }

  std::string describe(AffineExpr expr) { return dlc::describeExtent(expr, {"N", "S"}); }
  AffineExpr number(int64_t value) { return getAffineConstantExpr(value, &context); }

  MLIRContext context;
  AffineExpr n = getAffineSymbolExpr(0, &context), s = getAffineSymbolExpr(1, &context);
};

TEST_F(ExtentAlgebra, MinimumAndMaximum) {
  expectValues(dlc::minimumExtent(n, s), [](int64_t a, int64_t b) { return std::min(a, b); });
  expectValues(dlc::maximumExtent(n, s), [](int64_t a, int64_t b) { return std::max(a, b); });
  expectValues(dlc::minimumExtent(number(3), s), [](int64_t, int64_t b) { return std::min<int64_t>(3, b); });
  expectValues(dlc::atLeastZero(dlc::subtractExtents(n, s)),
               [](int64_t a, int64_t b) { return std::max<int64_t>(a - b, 0); });
  expectValues(dlc::atLeastZero(dlc::subtractExtents(number(5), n)),
               [](int64_t a, int64_t) { return std::max<int64_t>(5 - a, 0); });
}

TEST_F(ExtentAlgebra, Comparisons) {
  expectValues(dlc::isLessExtent(n, s), [](int64_t a, int64_t b) { return a < b; });
  expectValues(dlc::isEqualExtent(n, s), [](int64_t a, int64_t b) { return a == b; });
  expectValues(dlc::chooseExtent(dlc::isLessExtent(n, s), n, number(7)),
               [](int64_t a, int64_t b) { return a < b ? a : 7; });
}

TEST_F(ExtentAlgebra, Quotients) {
  AffineExpr difference = dlc::subtractExtents(n, s);
  expectValues(dlc::divideExtents(difference, number(3)),
               [](int64_t a, int64_t b) { return llvm::divideFloorSigned(a - b, 3); });
  expectValues(dlc::divideExtentsUp(n, number(4)), [](int64_t a, int64_t) { return (a + 3) / 4; });
  expectValues(dlc::truncateQuotient(difference, number(3)), [](int64_t a, int64_t b) { return (a - b) / 3; });
  expectValues(dlc::getRemainder(difference, number(4)), [](int64_t a, int64_t b) { return ((a - b) % 4 + 4) % 4; });
  // What is divided by an extent of 0 is 0 elements of something.
  expectValues(dlc::divideExtents(n, dlc::maximumExtent(s, number(1))),
               [](int64_t a, int64_t b) { return a / std::max<int64_t>(b, 1); });
}

TEST_F(ExtentAlgebra, OneFormForEqualExtents) {
  EXPECT_EQ(dlc::addExtents(s, n), dlc::addExtents(n, s));
  EXPECT_EQ(dlc::multiplyExtents(s, n), dlc::multiplyExtents(n, s));
  EXPECT_EQ(dlc::normalizeExtent(s * n * 2), dlc::multiplyExtents(number(2), dlc::multiplyExtents(n, s)));
  EXPECT_EQ(dlc::subtractExtents(dlc::addExtents(n, s), n), s);
  // x[3:] and x[:-3] are as long as each other.
  EXPECT_EQ(dlc::subtractExtents(s, dlc::minimumExtent(number(3), s)),
            dlc::atLeastZero(dlc::subtractExtents(s, number(3))));
  EXPECT_EQ(dlc::divideExtents(dlc::addExtents(dlc::multiplyExtents(s, number(4)), number(3)), number(4)), s);
  EXPECT_EQ(dlc::getRemainder(dlc::multiplyExtents(s, number(6)), number(3)), number(0));
}

TEST_F(ExtentAlgebra, PaddingToMultiples) {
  AffineExpr four = number(4), up = dlc::multiplyExtents(dlc::divideExtentsUp(n, four), four);
  AffineExpr padding = dlc::subtractExtents(up, n);
  expectValues(padding, [](int64_t a, int64_t) { return (a + 3) / 4 * 4 - a; });
  EXPECT_EQ(dlc::getExtentRange(padding).low, 0);
  EXPECT_EQ(dlc::getExtentRange(padding).high, 3);
  EXPECT_EQ(dlc::atLeastZero(padding), padding);
  EXPECT_EQ(dlc::addExtents(n, padding), up);
  EXPECT_EQ(dlc::subtractExtents(n, up), dlc::multiplyExtents(padding, number(-1)));
  EXPECT_EQ(dlc::addExtents(n, dlc::subtractExtents(s, dlc::getRemainder(n, four))),
            dlc::addExtents(s, dlc::multiplyExtents(dlc::divideExtents(n, four), four)));
  EXPECT_EQ(dlc::subtractExtents(dlc::multiplyExtents(dlc::divideExtents(n, four), number(8)),
                                 dlc::multiplyExtents(n, number(2))),
            dlc::multiplyExtents(dlc::getRemainder(n, four), number(-2)));
  // What is only a part of a quotient's numerator stays.
  AffineExpr partial =
      dlc::subtractExtents(dlc::multiplyExtents(dlc::divideExtents(dlc::addExtents(n, s), four), four), n);
  expectValues(partial, [](int64_t a, int64_t b) { return (a + b) / 4 * 4 - a; });
}

// "same" padding as exporters compute it: what comes out is half of what goes in, rounded up, at any depth.
TEST_F(ExtentAlgebra, ChainsOfPaddingStayShort) {
  AffineExpr two = number(2), extent = n;
  for (int level = 0; level < 40; ++level) {
    AffineExpr covered = dlc::addExtents(
        dlc::multiplyExtents(dlc::subtractExtents(dlc::divideExtentsUp(extent, two), number(1)), two), number(3));
    AffineExpr padding = dlc::atLeastZero(dlc::subtractExtents(covered, extent)),
               low = dlc::divideExtents(padding, two), high = dlc::subtractExtents(padding, low);
    AffineExpr padded = dlc::addExtents(dlc::addExtents(low, extent), high);
    AffineExpr next = dlc::addExtents(dlc::divideExtents(dlc::subtractExtents(padded, number(3)), two), number(1));
    EXPECT_EQ(next, dlc::divideExtentsUp(extent, two));
    extent = next;
  }
}

// What detectors compute: at most so many of each class, and so many of all.
TEST_F(ExtentAlgebra, SumsOfManyMinima) {
  AffineExpr sum = number(0);
  for (int i = 0; i < 90; ++i)
    sum = dlc::addExtents(sum, dlc::minimumExtent(getAffineSymbolExpr(i, &context), number(300)));
  EXPECT_EQ(dlc::getExtentRange(sum).low, 0);
  EXPECT_EQ(dlc::getExtentRange(sum).high, 90 * 300);
  AffineExpr kept = dlc::minimumExtent(sum, number(100));
  EXPECT_EQ(dlc::getExtentRange(kept).low, 0);
  EXPECT_EQ(dlc::getExtentRange(kept).high, 100);
  EXPECT_EQ(dlc::minimumExtent(sum, number(27000)), sum);
  // The terms in another order are the same sum.
  EXPECT_EQ(dlc::normalizeExtent(sum), sum);
  AffineExpr reversed = number(0);
  for (int i = 89; i >= 0; --i)
    reversed = dlc::minimumExtent(getAffineSymbolExpr(i, &context), number(300)) + reversed;
  EXPECT_EQ(dlc::normalizeExtent(reversed), sum);
}

TEST_F(ExtentAlgebra, RangesDecide) {
  EXPECT_EQ(dlc::isEqualExtent(n, number(-1)), number(0));
  EXPECT_EQ(dlc::isLessExtent(n, number(0)), number(0));
  EXPECT_EQ(dlc::minimumExtent(n, number(INT32_MAX)), n);
  EXPECT_EQ(dlc::maximumExtent(n, number(0)), n);
  EXPECT_EQ(dlc::atLeastZero(dlc::subtractExtents(number(-1), n)), number(0));
  dlc::ExtentRange one = dlc::getExtentRange(dlc::minimumExtent(n, number(1)));
  EXPECT_EQ(one.low, 0);
  EXPECT_EQ(one.high, 1);
}

TEST_F(ExtentAlgebra, Descriptions) {
  EXPECT_EQ(describe(dlc::minimumExtent(s, number(3))), "min(S, 3)");
  EXPECT_EQ(describe(dlc::maximumExtent(n, s)), "max(S, N)");
  EXPECT_EQ(describe(dlc::atLeastZero(dlc::subtractExtents(s, number(1)))), "max(S - 1, 0)");
}

} // namespace
