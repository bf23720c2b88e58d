// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/Math.h"
#include "llvm/ADT/ArrayRef.h"

using Halide::cast;
using Halide::Expr;
using Halide::reinterpret;
using Halide::select;

// The f32 forms rely on the order of operations (Cody-Waite reduction, adding and taking away 1.5 * 2^23 to round), so
// each is under strict_float whatever the kernel's target allows. Errors were measured over all floats or a dense
// sample of them by test/unit/halide.
namespace dlc::halide::math {

Expr callLibm(const std::string &name, const std::vector<Expr> &arguments) {
  Halide::Type type = arguments[0].type();
  return Halide::Internal::Call::make(type, type.bits() == 32 ? name + "f" : name, arguments,
                                      Halide::Internal::Call::PureExtern);
}

/// The highest bit of a floating-point type, as an integer.
static Expr signBit(Halide::Type type) {
  return Halide::Internal::make_const(Halide::UInt(type.bits()), uint64_t(1) << (type.bits() - 1));
}

static bool isDouble(const Expr &x) { return x.type().bits() == 64; }

Expr polynomial(const Expr &x, llvm::ArrayRef<float> coefficients) {
  Expr sum = coefficients[0];
  for (float coefficient : coefficients.drop_front())
    sum = sum * x + coefficient;
  return sum;
}

/// The parts of e^x = 2^n (1 + r + r^2 p), for x in about [-105, 90]. NaN leaves n arbitrary and r NaN.
namespace {
struct ReducedExp {
  Expr n;      ///< integer
  Expr r;      ///< x - n math::log(2), at most math::log(2)/2 in size
  Expr minus1; ///< e^r - 1
};
} // namespace

static ReducedExp reduceExp(const Expr &x) {
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits, also for NaN, where a conversion to int would be
  // undefined.
  constexpr float shift = 12582912.0f;
  Expr shifted = x * 1.44269504088896341f + shift;
  Expr n = reinterpret<uint32_t>(shifted) - cast<uint32_t>(0x4B400000);
  Expr rounded = shifted - shift;
  Expr r = x - rounded * 0.693359375f;
  r = r - rounded * -2.12194440e-4f;
  Expr p = polynomial(
      r, {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f});
  return {n, r, p * (r * r) + r};
}

/// 2^n for n in [-126, 127].
static Expr powerOfTwo(const Expr &n) { return reinterpret<float>((n + cast<uint32_t>(127)) << cast<uint32_t>(23)); }

/// Limits that let NaN pass.
static Expr limit(const Expr &x, float low, float high) { return select(x < low, low, select(x > high, high, x)); }

/// 1.0 ULP, also for results that are denormal.
Expr exp(Expr x) {
  if (isDouble(x))
    return callLibm("exp", {x});
  ReducedExp reduced = reduceExp(limit(x, -105.0f, 90.0f));
  // Two factors, because 2^n itself may be denormal or infinite where the result is not.
  Expr half = cast<uint32_t>(cast<int32_t>(reduced.n) >> 1);
  return strict_float((reduced.minus1 + 1.0f) * powerOfTwo(half) * powerOfTwo(reduced.n - half));
}

Expr halfExp(Expr x) {
  ReducedExp reduced = reduceExp(limit(x, 0.0f, 90.0f));
  Expr n = reduced.n - cast<uint32_t>(1), half = cast<uint32_t>(cast<int32_t>(n) >> 1);
  return strict_float((reduced.minus1 + 1.0f) * powerOfTwo(half) * powerOfTwo(n - half));
}

/// 1.0 ULP.
Expr expOfNegative(Expr x) {
  if (isDouble(x))
    return callLibm("exp", {x});
  constexpr float lowest = -87.33654f;
  ReducedExp reduced = reduceExp(select(x < lowest, lowest, x));
  return strict_float(select(x < lowest, 0.0f, (reduced.minus1 + 1.0f) * powerOfTwo(reduced.n)));
}

/// 1 ULP.
Expr expm1(Expr x) {
  if (isDouble(x))
    return callLibm("expm1", {x});
  ReducedExp reduced = reduceExp(limit(x, -20.0f, 88.7f));
  // 2 (2^(n-1) (e^r - 1) + (2^(n-1) - 1/2)): n may be 128.
  Expr scale = powerOfTwo(reduced.n - cast<uint32_t>(1));
  Expr result =
      select(reduced.n == cast<uint32_t>(0), reduced.minus1, 2.0f * (scale * reduced.minus1 + (scale - 0.5f)));
  return strict_float(select(x > 88.7f, math::exp(x), result));
}

/// 1.0 ULP.
Expr log(Expr x) {
  if (isDouble(x))
    return callLibm("log", {x});
  Expr isTiny = x < 1.17549435e-38f;
  Expr normal = select(isTiny, x * 8388608.0f, x);
  // The mantissa into [sqrt(1/2), sqrt(2)), where log is close to 0 for arguments close to 1.
  Expr bits = reinterpret<uint32_t>(normal) - cast<uint32_t>(0x3F3504F3);
  Expr exponent = cast<float>((cast<int32_t>(bits) >> 23) - select(isTiny, 23, 0));
  Expr f = reinterpret<float>((bits & cast<uint32_t>(0x007FFFFF)) + cast<uint32_t>(0x3F3504F3)) - 1.0f;
  Expr square = f * f;
  Expr tail = polynomial(f, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                             -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f}) *
              (f * square);
  tail = tail + exponent * -2.12194440e-4f;
  tail = tail - 0.5f * square;
  Expr result = f + tail + exponent * 0.693359375f;
  Expr infinity = Halide::Internal::make_const(Halide::Float(32), HUGE_VAL);
  Expr nan = Halide::Internal::make_const(Halide::Float(32), std::nan(""));
  return strict_float(select(x == 0.0f, -infinity, x < 0.0f, nan, x < infinity, result, x));
}

/// 2 ULP.
Expr log1p(Expr x) {
  if (isDouble(x))
    return callLibm("log1p", {x});
  Expr sum = 1.0f + x;
  // What rounding took from 1 + x, as a first-order correction.
  Expr lost = x - (sum - 1.0f);
  Expr corrected = math::log(sum) + lost / sum;
  return strict_float(select(sum > 0.0f && sum < 3e38f, corrected, math::log(sum)));
}

Expr pow(Expr x, Expr y) { return callLibm("pow", {x, y}); }

/// 1.0 ULP (N. Juffa's form: an odd polynomial near 0, beyond it 1 - exp of a polynomial).
Expr erf(Expr x) {
  if (isDouble(x))
    return callLibm("erf", {x});
  Expr size = abs(x), square = x * x;
  // math::erf(4) is 1 in f32.
  Expr t = select(size > 4.0f, 4.0f, size), tt = t * t;
  Expr r = -1.72853470e-5f * t + 3.83197126e-4f;
  Expr u = -3.88396438e-3f * t + 2.42546219e-2f;
  r = r * tt + u;
  r = r * t + -1.06777877e-1f;
  r = r * t + -6.34846687e-1f;
  r = r * t + -1.28717512e-1f;
  r = r * t - t;
  Expr far = 1.0f - math::exp(r);
  Expr near = polynomial(square, {-5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f, 1.12819925e-1f, -3.76125336e-1f,
                                  1.28379166e-1f}) *
                  x +
              x;
  return strict_float(select(size > 0.927734375f, select(x < 0.0f, -far, far), near));
}

/// 5 ULP: a rational function of degrees 13 and 6, as in Eigen, of |x|. Where it reaches 1 depends on which products
/// are fused with sums; where it is cut off it is exactly 1 for each of the 512 choices, so that infinity gives 1.
Expr tanh(Expr x) {
  if (isDouble(x))
    return callLibm("tanh", {x});
  Expr size = magnitude(x);
  constexpr float whereOne = 8.078094482421875f;
  Expr t = select(size > whereOne, whereOne, size);
  Expr s = t * t;
  Expr p = polynomial(s, {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
                          1.48572235717979e-05f, 6.37261928875436e-04f, 4.89352455891786e-03f});
  Expr q = polynomial(s, {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f, 4.89352518554385e-03f});
  Expr ratio = t * p / q;
  Expr result = select(size < 0.0004f, size, select(ratio > 1.0f, 1.0f, ratio));
  return strict_float(withSign(result, x));
}

/// 2 ULP, also where the result is tiny: e / (1 + e) for x < 0, e = exp(-|x|).
Expr sigmoid(Expr x) {
  Expr e = math::exp(-abs(x)), one = Halide::Internal::make_one(x.type());
  return strict_float(select(x < Halide::Internal::make_zero(x.type()), e, one) / (one + e));
}

Expr softplus(Expr x) {
  Expr zero = Halide::Internal::make_zero(x.type());
  return strict_float(select(x > zero, x, x < zero, zero, x) + math::log1p(math::exp(-abs(x))));
}

Expr gelu(Expr x) {
  Halide::Type type = x.type();
  Expr half = Halide::Internal::make_const(type, 0.5),
       rootHalf = Halide::Internal::make_const(type, 0.70710678118654752440);
  return strict_float(half * x * (math::erf(x * rootHalf) + 1));
}

Expr geluTanh(Expr x) {
  Halide::Type type = x.type();
  Expr half = Halide::Internal::make_const(type, 0.5),
       scale = Halide::Internal::make_const(type, 0.79788456080286535588);
  Expr cubic = Halide::Internal::make_const(type, 0.044715);
  return strict_float(half * x * (math::tanh(scale * (x + cubic * x * x * x)) + 1));
}

Expr bind(Expr value, llvm::function_ref<Expr(const Expr &)> body) {
  if (value.as<Halide::Internal::Variable>() || Halide::Internal::is_const(value))
    return body(value);
  std::string name = Halide::Internal::unique_name("bound");
  return Halide::Internal::Let::make(name, value, body(Halide::Internal::Variable::make(value.type(), name)));
}

// A comparison with NaN is false: `a > b ? a : b`, one instruction of x86, is b if either is NaN, which is right unless
// only a is.
Expr max(Expr a, Expr b) {
  if (!a.type().is_float())
    return Halide::max(a, b);
  return bind(a, [&](const Expr &x) {
    return bind(b, [&](const Expr &y) { return strict_float(select(Halide::is_nan(x), x, select(x > y, x, y))); });
  });
}
Expr min(Expr a, Expr b) {
  if (!a.type().is_float())
    return Halide::min(a, b);
  return bind(a, [&](const Expr &x) {
    return bind(b, [&](const Expr &y) { return strict_float(select(Halide::is_nan(x), x, select(x < y, x, y))); });
  });
}

// Halide writes `a <= b` as `!(b < a)`, which holds for NaN.
Expr lessOrEqual(Expr a, Expr b) {
  if (!a.type().is_float())
    return a <= b;
  return bind(a, [&](const Expr &x) { return bind(b, [&](const Expr &y) { return strict_float(x < y || x == y); }); });
}

// Halide writes `-x` as `0 - x`, which is +0 for x = +0, and `abs` of doubles as a choice, which leaves -0.
Expr negate(Expr x) { return reinterpret(x.type(), reinterpret(Halide::UInt(x.type().bits()), x) ^ signBit(x.type())); }
Expr magnitude(Expr x) {
  return reinterpret(x.type(), reinterpret(Halide::UInt(x.type().bits()), x) & ~signBit(x.type()));
}

Expr roundHalfEven(Expr x) { return Halide::round(x); }

Expr withSign(Expr size, Expr sign) {
  return reinterpret(size.type(), reinterpret(Halide::UInt(size.type().bits()), size) |
                                      (reinterpret(Halide::UInt(sign.type().bits()), sign) & signBit(sign.type())));
}

} // namespace dlc::halide::math
