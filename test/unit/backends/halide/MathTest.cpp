// SPDX-License-Identifier: Apache-2.0
// The stated errors of the vectorized functions, against libm in double precision.
#include "backends/halide/Math.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

namespace {

using Function = Halide::Expr (*)(Halide::Expr);

/// Floats of every exponent, the range where most results are neither 0 nor 1, and the special ones.
std::vector<float> makeArguments() {
  std::vector<float> arguments{0.0f,    -0.0f,   1.0f,     -1.0f,  88.7229f, 88.722839f, -87.4f,     -103.97f,
                               -104.0f, 3.4e38f, -3.4e38f, 1e-45f, -1e-45f,  HUGE_VALF,  -HUGE_VALF, std::nanf("")};
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    arguments.push_back(value);
    arguments.push_back(std::uniform_real_distribution<float>(-1, 1)(random));
    arguments.push_back(std::uniform_real_distribution<float>(-20, 20)(random));
    arguments.push_back(std::uniform_real_distribution<float>(-110, 110)(random));
  }
  return arguments;
}

/// The largest error in units of the last place of the expected float; infinite if NaN or infinity differ.
double measureError(Function function, double (*reference)(double)) {
  std::vector<float> arguments = makeArguments();
  Halide::Buffer<float> input(arguments.data(), static_cast<int>(arguments.size()));
  Halide::Var i("i");
  Halide::Func result("result");
  result(i) = function(input(i));
  result.vectorize(i, 8);
  Halide::Target target = Halide::get_jit_target_from_environment();
  Halide::Buffer<float> output = result.realize({input.width()}, target.with_feature(Halide::Target::StrictFloat));
  double worst = 0;
  for (int at = 0; at < input.width(); ++at) {
    double expected = reference(arguments[at]);
    float nearest = static_cast<float>(expected), actual = output(at);
    if (std::isnan(nearest) || std::isinf(nearest) || std::isnan(actual) || std::isinf(actual)) {
      bool isSame = std::isnan(nearest) ? std::isnan(actual) : nearest == actual;
      // A result beyond the largest float may be rounded to it.
      if (!isSame && !(std::isinf(nearest) && std::abs(actual) > 3.4e38f))
        return HUGE_VAL;
      continue;
    }
    double unit = std::max<double>(std::nextafter(std::abs(nearest), HUGE_VALF) - std::abs(nearest), 1.4e-45);
    worst = std::max(worst, std::abs(actual - expected) / unit);
  }
  return worst;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double expOfMinusSize(double x) { return static_cast<float>(std::abs(x)) > 87.33654f ? 0 : std::exp(-std::abs(x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

struct Case {
  const char *name;
  Function function;
  double (*reference)(double);
  double limit; ///< in units of the last place
};

Halide::Expr expOfMinusSize(Halide::Expr x) { return dlc::halide::math::expOfNegative(-Halide::abs(x)); }

class MathTest : public testing::TestWithParam<Case> {};

TEST_P(MathTest, errorIsBelowItsLimit) {
  EXPECT_LE(measureError(GetParam().function, GetParam().reference), GetParam().limit);
}

/// `function` of `arguments`, in vectors of `lanes`, on this machine and without fused multiply-adds.
std::vector<float> evaluate(Function function, std::vector<float> arguments, int lanes, bool fuses) {
  Halide::Buffer<float> input(arguments.data(), static_cast<int>(arguments.size()));
  Halide::Var i("i");
  Halide::Func result("result");
  result(i) = function(input(i));
  result.vectorize(i, lanes, Halide::TailStrategy::GuardWithIf);
  Halide::Target target = Halide::get_jit_target_from_environment().with_feature(Halide::Target::StrictFloat);
  Halide::Buffer<float> output =
      result.realize({input.width()}, fuses ? target : target.without_feature(Halide::Target::FMA));
  return {output.begin(), output.end()};
}

TEST(MathLimitsTest, infinitiesAndLargeNumbersGiveTheLimit) {
  for (int lanes : {1, 4, 8})
    for (bool fuses : {false, true}) {
      EXPECT_EQ(evaluate(dlc::halide::math::tanh, {HUGE_VALF, -HUGE_VALF, 3e38f, -3e38f, 9.5f, -9.5f}, lanes, fuses),
                (std::vector<float>{1, -1, 1, -1, 1, -1}));
      EXPECT_EQ(evaluate(dlc::halide::math::erf, {HUGE_VALF, -HUGE_VALF, 3e38f, -3e38f}, lanes, fuses),
                (std::vector<float>{1, -1, 1, -1}));
      EXPECT_EQ(evaluate(dlc::halide::math::sigmoid, {HUGE_VALF, -HUGE_VALF, 3e38f, -3e38f}, lanes, fuses),
                (std::vector<float>{1, 0, 1, 0}));
    }
}

TEST(MathLimitsTest, signsOfZeros) {
  for (float sign : evaluate(dlc::halide::math::negate, {0.0f}, 1, false))
    EXPECT_TRUE(std::signbit(sign));
  for (float sign : evaluate(dlc::halide::math::magnitude, {-0.0f, -0.0f}, 1, false))
    EXPECT_FALSE(std::signbit(sign));
  for (Function odd :
       {&dlc::halide::math::tanh, &dlc::halide::math::sin, &dlc::halide::math::tan, &dlc::halide::math::asin,
        &dlc::halide::math::atan, &dlc::halide::math::sinh, &dlc::halide::math::asinh, &dlc::halide::math::atanh}) {
    for (float sign : evaluate(odd, {-0.0f, -1e-40f}, 1, false))
      EXPECT_TRUE(std::signbit(sign));
    for (float sign : evaluate(odd, {0.0f, 1e-40f}, 1, false))
      EXPECT_FALSE(std::signbit(sign));
  }
}

TEST(RemainderTest, isThatOfC) {
  std::vector<float> numbers{0.0f,   -0.0f,   1.0f,   -1.0f, 0.1f,      3.4028235e38f, -3.4028235e38f, 1.17549435e-38f,
                             1e-45f, -1e-45f, 3e-42f, 7.5f,  HUGE_VALF, -HUGE_VALF,    std::nanf("")},
      x, y;
  for (float a : numbers)
    for (float b : numbers) {
      x.push_back(a);
      y.push_back(b);
    }
  std::mt19937 random(2);
  auto any = [&] {
    uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  };
  std::uniform_real_distribution<float> small(-100, 100);
  for (int i = 0; i < 300000; ++i) {
    x.push_back(any());
    y.push_back(any());
    x.push_back(small(random));
    y.push_back(small(random));
    // Quotients that are close to integers, and to those plus a half.
    x.push_back(std::round(small(random)) * y.back() / 2);
    y.push_back(y.back());
  }
  Halide::Buffer<float> left(x.data(), static_cast<int>(x.size())), right(y.data(), static_cast<int>(y.size()));
  Halide::Var i("i");
  Halide::Func result("result");
  result(i) = dlc::halide::math::fmod(left(i), right(i));
  result.vectorize(i, 8, Halide::TailStrategy::GuardWithIf);
  Halide::Target target = Halide::get_jit_target_from_environment().with_feature(Halide::Target::StrictFloat);
  for (const Halide::Target &machine : {target, target.without_feature(Halide::Target::FMA)}) {
    Halide::Buffer<float> output = result.realize({left.width()}, machine);
    for (int at = 0; at < left.width(); ++at) {
      float expected = std::fmod(x[at], y[at]), actual = output(at);
      bool isSame = std::isnan(expected) ? std::isnan(actual)
                                         : expected == actual && std::signbit(expected) == std::signbit(actual);
      ASSERT_TRUE(isSame) << x[at] << " mod " << y[at] << " is " << expected << ", not " << actual;
    }
  }
}

// Without fused multiply-adds, which the test's target need not have, errors are slightly above those that Math.cpp
// states.
INSTANTIATE_TEST_SUITE_P(
    Functions, MathTest,
    testing::Values(
        Case{"exp", dlc::halide::math::exp, std::exp, 1.5}, Case{"expOfNegative", expOfMinusSize, expOfMinusSize, 1.5},
        Case{"expm1", dlc::halide::math::expm1, std::expm1, 2.5}, Case{"log", dlc::halide::math::log, std::log, 1.5},
        Case{"erf", dlc::halide::math::erf, std::erf, 2}, Case{"tanh", dlc::halide::math::tanh, std::tanh, 6},
        Case{"sigmoid", dlc::halide::math::sigmoid, logistic, 4}, Case{"sin", dlc::halide::math::sin, std::sin, 1.6},
        Case{"cos", dlc::halide::math::cos, std::cos, 1.6}, Case{"tan", dlc::halide::math::tan, std::tan, 3.1},
        Case{"asin", dlc::halide::math::asin, std::asin, 2.5}, Case{"acos", dlc::halide::math::acos, std::acos, 2.5},
        Case{"atan", dlc::halide::math::atan, std::atan, 2.1}, Case{"sinh", dlc::halide::math::sinh, std::sinh, 3},
        Case{"cosh", dlc::halide::math::cosh, std::cosh, 3}, Case{"asinh", dlc::halide::math::asinh, std::asinh, 3.2},
        Case{"acosh", dlc::halide::math::acosh, std::acosh, 3}, Case{"atanh", dlc::halide::math::atanh, std::atanh, 3},
        Case{"softplus", dlc::halide::math::softplus, softplus, 4}),
    [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

} // namespace
