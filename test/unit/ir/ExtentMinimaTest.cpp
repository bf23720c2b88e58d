// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentMinima.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ShapeInference.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;

namespace {

class ExtentMinima : public testing::Test {
protected:
  AffineExpr number(int64_t value) { return getAffineConstantExpr(value, &context); }
  AffineExpr symbol(unsigned position) { return getAffineSymbolExpr(position, &context); }

  int64_t evaluate(AffineExpr expr, llvm::ArrayRef<AffineExpr> values) {
    std::optional<int64_t> result = dlc::constantDim(expr.replaceSymbols(values));
    EXPECT_TRUE(result);
    return result.value_or(0);
  }

  int64_t evaluate(const dlc::ExtentChoices &sum, llvm::ArrayRef<AffineExpr> values) {
    int64_t result = sum.number;
    for (const dlc::ExtentChoice &choice : sum.choices) {
      int64_t a = evaluate(choice.first, values), b = evaluate(choice.second, values);
      result += choice.times * (choice.isMaximum ? std::max(a, b) : std::min(a, b));
    }
    for (auto [term, factor] : sum.terms)
      result += factor * evaluate(term, values);
    return result;
  }

  MLIRContext context;
};

TEST_F(ExtentMinima, OneChoice) {
  for (bool isMaximum : {false, true}) {
    AffineExpr expr = isMaximum ? dlc::maximumExtent(symbol(0), symbol(1)) : dlc::minimumExtent(symbol(0), symbol(1));
    dlc::ExtentChoices sum = dlc::splitChoices(dlc::addExtents(dlc::multiplyExtents(expr, number(3)), number(7)));
    ASSERT_EQ(sum.choices.size(), 1u);
    EXPECT_EQ(sum.choices[0].isMaximum, isMaximum);
    EXPECT_EQ(sum.choices[0].times, 3);
    bool inOrder = sum.choices[0].first == symbol(0);
    EXPECT_EQ(sum.choices[0].first, symbol(inOrder ? 0 : 1));
    EXPECT_EQ(sum.choices[0].second, symbol(inOrder ? 1 : 0));
    EXPECT_TRUE(sum.terms.empty());
    EXPECT_EQ(sum.number, 7);
  }
}

TEST_F(ExtentMinima, NoChoice) {
  AffineExpr positive = dlc::atLeastZero(dlc::subtractExtents(symbol(0), symbol(1)));
  dlc::ExtentChoices sum = dlc::splitChoices(dlc::addExtents(positive, symbol(2)));
  EXPECT_TRUE(sum.choices.empty());
  EXPECT_EQ(sum.terms.size(), 2u);
  sum = dlc::splitChoices(number(5));
  EXPECT_TRUE(sum.choices.empty() && sum.terms.empty());
  EXPECT_EQ(sum.number, 5);
}

TEST_F(ExtentMinima, OneTermServesOneChoice) {
  // n - max(n - k, 0) - max(n - m, 0): n belongs to one of the two.
  AffineExpr sum = dlc::subtractExtents(dlc::minimumExtent(symbol(0), symbol(1)),
                                        dlc::atLeastZero(dlc::subtractExtents(symbol(0), symbol(2))));
  dlc::ExtentChoices found = dlc::splitChoices(sum);
  EXPECT_EQ(found.choices.size(), 1u);
  EXPECT_EQ(found.terms.size(), 1u);
}

TEST_F(ExtentMinima, ManyChoices) {
  AffineExpr sum = number(0);
  for (int i = 0; i < 90; ++i)
    sum = dlc::addExtents(sum, dlc::minimumExtent(symbol(i), number(300)));
  dlc::ExtentChoices found = dlc::splitChoices(sum);
  EXPECT_EQ(found.choices.size(), 90u);
  EXPECT_TRUE(found.terms.empty());
  EXPECT_EQ(found.number, 0);
  // The minimum of that sum is one choice between it and the other.
  found = dlc::splitChoices(dlc::minimumExtent(sum, number(100)));
  ASSERT_EQ(found.choices.size(), 1u);
  EXPECT_TRUE(found.choices[0].first == sum || found.choices[0].second == sum);
}

TEST_F(ExtentMinima, ValuesRemain) {
  std::mt19937 random(3);
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  unsigned choices = 0;
  for (int round = 0; round < 200; ++round) {
    llvm::SmallVector<AffineExpr> parts{symbol(0), symbol(1), symbol(2), number(pick(9) - 4)};
    for (int step = 0; step < 8; ++step) {
      AffineExpr a = parts[pick(parts.size())], b = parts[pick(parts.size())];
      switch (pick(5)) {
      case 0:
        parts.push_back(dlc::minimumExtent(a, b));
        break;
      case 1:
        parts.push_back(dlc::maximumExtent(a, b));
        break;
      case 2:
        parts.push_back(dlc::addExtents(a, b));
        break;
      case 3:
        parts.push_back(dlc::subtractExtents(a, b));
        break;
      default:
        parts.push_back(dlc::multiplyExtents(a, number(pick(5) - 2)));
      }
    }
    dlc::ExtentChoices found = dlc::splitChoices(parts.back());
    choices += found.choices.size();
    for (int i = 0; i < 8; ++i) {
      AffineExpr values[] = {number(pick(12)), number(pick(12)), number(pick(12))};
      ASSERT_EQ(evaluate(found, values), evaluate(parts.back(), values));
    }
  }
  EXPECT_GT(choices, 40u);
}

} // namespace
