// SPDX-License-Identifier: Apache-2.0
// Each instruction on awkward and random values, against the host.
#include "test/unit/fake_cuda/PtxProgram.h"
#include <cmath>
#include <functional>

using namespace fake_cuda;

namespace {

constexpr size_t count = 301; // not a multiple of a warp

/// The register of a type, and the type that loads and stores it.
template <typename T> std::string registerOf(int number) {
  return (sizeof(T) == 2              ? "%h"
          : std::is_same_v<T, float>  ? "%f"
          : sizeof(T) == 4            ? "%r"
          : std::is_same_v<T, double> ? "%g"
                                      : "%d") +
         std::to_string(number);
}
template <typename T> std::string accessOf() { return ".global.b" + std::to_string(8 * sizeof(T)); }

template <typename T> std::string loadInput(int parameter, int number) {
  return "mad.wide.u32 %o, %i, " + std::to_string(sizeof(T)) + ", %p" + std::to_string(parameter) + ";\nld" +
         accessOf<T>() + " " + registerOf<T>(number) + ", [%o];\n";
}

/// `instruction` with three sources of type A, the first in register 1, and its result of type D in register 5, for
/// every triple of awkward values; lanes with an odd first source are left out.
template <typename D, typename A>
void check(const std::string &instruction, const std::function<D(A, A, A)> &expected) {
  SCOPED_TRACE(instruction);
  std::string body = "setp.ge.u32 %q0, %i, " + std::to_string(count) + ";\n@%q0 bra END;\n" + loadInput<A>(0, 1) +
                     loadInput<A>(1, 2) + loadInput<A>(2, 3) + "and.b32 %r20, %i, 4;\nsetp.ne.u32 %q1, %r20, 0;\n" +
                     loadInput<D>(3, 5) + "@!%q1 " + instruction + ";\nmad.wide.u32 %o, %i, " +
                     std::to_string(sizeof(D)) + ", %p4;\nst" + accessOf<D>() + " [%o], " + registerOf<D>(5) +
                     ";\nEND:";
  PtxProgram program(ptxKernel(5, body));
  std::vector<A> a = awkwardValues<A>(count, 1), b = awkwardValues<A>(count, 2), c = awkwardValues<A>(count, 3);
  std::vector<D> before(count);
  for (size_t i = 0; i < count; ++i)
    before[i] = static_cast<D>(i);
  program.add(a);
  program.add(b);
  program.add(c);
  program.add(before);
  uint64_t result = program.addResult<D>(count);
  program.run(3, 128);
  std::vector<D> results = program.read<D>(result, count);
  for (size_t i = 0; i < count; ++i) {
    D want = i & 4 ? before[i] : expected(a[i], b[i], c[i]);
    ASSERT_TRUE(sameValue(results[i], want)) << "element " << i << ": " << +a[i] << ", " << +b[i] << ", " << +c[i]
                                             << " gives " << +results[i] << ", not " << +want;
  }
}

float flush(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }
template <typename T> T least(T x, T y) {
  return std::isnan(x) ? y : std::isnan(y) ? x : x == y ? (std::signbit(x) ? x : y) : std::min(x, y);
}

TEST(FakeCudaArithmetic, Floats) {
  check<float, float>("add.f32 %f5, %f1, %f2", [](float a, float b, float) { return a + b; });
  check<float, float>("sub.rn.f32 %f5, %f1, %f2", [](float a, float b, float) { return a - b; });
  check<float, float>("mul.ftz.f32 %f5, %f1, %f2", [](float a, float b, float) { return flush(flush(a) * flush(b)); });
  check<float, float>("fma.rn.f32 %f5, %f1, %f2, %f3", [](float a, float b, float c) { return std::fma(a, b, c); });
  check<float, float>("div.rn.f32 %f5, %f1, %f2", [](float a, float b, float) { return a / b; });
  check<float, float>("min.f32 %f5, %f1, %f2", [](float a, float b, float) { return least(a, b); });
  check<float, float>("max.NaN.f32 %f5, %f1, %f2",
                      [](float a, float b, float) { return a != a || b != b ? NAN : -least(-a, -b); });
  check<float, float>("add.sat.f32 %f5, %f1, %f2",
                      [](float a, float b, float) { return a + b > 0 ? std::min(a + b, 1.0f) : 0.0f; });
  check<float, float>("sqrt.rn.f32 %f5, %f1", [](float a, float, float) { return std::sqrt(a); });
  check<float, float>("rcp.rn.f32 %f5, %f1", [](float a, float, float) { return 1 / a; });
  check<float, float>("ex2.approx.f32 %f5, %f1", [](float a, float, float) { return std::exp2(a); });
  check<float, float>("div.approx.f32 %f5, %f1, %f2", [](float a, float b, float) {
    return std::fabs(b) > 0x1p126f && !std::isinf(b) ? a * std::copysign(0.0f, b) : a / b;
  });
  check<double, double>("fma.rn.f64 %g5, %g1, %g2, %g3",
                        [](double a, double b, double c) { return std::fma(a, b, c); });
  check<double, double>("div.rn.f64 %g5, %g1, %g2", [](double a, double b, double) { return a / b; });
}

TEST(FakeCudaArithmetic, RoundingModes) {
  // 1 + 2^-30: to nearest and down 1, up the next float.
  for (auto [mode, expected] :
       {std::pair{"rn", 1.0f}, {"rz", 1.0f}, {"rm", 1.0f}, {"rp", std::nextafter(1.0f, 2.0f)}}) {
    PtxProgram program(ptxKernel(1, "mov.f32 %f1, 0f3F800000;\nmov.f32 %f2, 0f30800000;\nadd." + std::string(mode) +
                                        ".f32 %f3, %f1, %f2;\nst.global.f32 [%p0], %f3;"));
    uint64_t result = program.addResult<float>(1);
    program.run(1, 1);
    EXPECT_EQ(program.read<float>(result, 1)[0], expected) << mode;
  }
}

TEST(FakeCudaArithmetic, Integers) {
  using U = uint32_t;
  using S = int32_t;
  check<U, U>("add.u32 %r5, %r1, %r2", [](U a, U b, U) { return a + b; });
  check<U, U>("mad.lo.s32 %r5, %r1, %r2, %r3", [](U a, U b, U c) { return a * b + c; });
  check<U, U>("mul.hi.u32 %r5, %r1, %r2",
              [](U a, U b, U) { return static_cast<U>(static_cast<uint64_t>(a) * b >> 32); });
  check<S, S>("mul.hi.s32 %r5, %r1, %r2",
              [](S a, S b, S) { return static_cast<S>(static_cast<int64_t>(a) * b >> 32); });
  check<int64_t, S>("mul.wide.s32 %d5, %r1, %r2", [](S a, S b, S) { return static_cast<int64_t>(a) * b; });
  check<U, U>("div.u32 %r5, %r1, %r2", [](U a, U b, U) { return b ? a / b : ~0u; });
  check<S, S>("rem.s32 %r5, %r1, %r2", [](S a, S b, S) { return b == 0 ? a : b == -1 ? 0 : a % b; });
  check<S, S>("max.s32 %r5, %r1, %r2", [](S a, S b, S) { return std::max(a, b); });
  check<S, S>("add.sat.s32 %r5, %r1, %r2", [](S a, S b, S) {
    return static_cast<S>(std::clamp<int64_t>(static_cast<int64_t>(a) + b, INT32_MIN, INT32_MAX));
  });
  check<uint64_t, uint64_t>("mul.hi.u64 %d5, %d1, %d2", [](uint64_t a, uint64_t b, uint64_t) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
  });
  check<uint16_t, uint16_t>("sub.u16 %h5, %h1, %h2",
                            [](uint16_t a, uint16_t b, uint16_t) { return static_cast<uint16_t>(a - b); });
}

TEST(FakeCudaArithmetic, Bits) {
  using U = uint32_t;
  check<U, U>("shl.b32 %r5, %r1, %r2", [](U a, U b, U) { return b > 31 ? 0 : a << b; });
  check<int32_t, int32_t>("shr.s32 %r5, %r1, %r2", [](int32_t a, int32_t b, int32_t) {
    return a >> std::min<uint32_t>(static_cast<uint32_t>(b), 31);
  });
  check<U, U>("lop3.b32 %r5, %r1, %r2, %r3, 0x96", [](U a, U b, U c) { return a ^ b ^ c; });
  check<U, U>("prmt.b32 %r5, %r1, %r2, 0x5410", [](U a, U b, U) { return (a & 0xffff) | b << 16; });
  check<U, U>("popc.b32 %r5, %r1", [](U a, U, U) { return static_cast<U>(__builtin_popcount(a)); });
  check<U, U>("clz.b32 %r5, %r1", [](U a, U, U) { return a ? static_cast<U>(__builtin_clz(a)) : 32; });
  check<int32_t, int32_t>("bfe.s32 %r5, %r1, 5, 9", [](int32_t a, int32_t, int32_t) {
    return static_cast<int32_t>(static_cast<U>(a) << 18) >> 23;
  });
  check<U, U>("bfi.b32 %r5, %r1, %r2, 8, 4", [](U a, U b, U) { return (b & ~0xf00u) | (a & 15) << 8; });
  check<U, U>("shf.l.wrap.b32 %r5, %r1, %r2, %r3",
              [](U a, U b, U c) { return c & 31 ? b << (c & 31) | a >> (32 - (c & 31)) : b; });
}

TEST(FakeCudaArithmetic, Conversions) {
  using S = int32_t;
  check<S, float>("cvt.rzi.s32.f32 %r5, %f1", [](float a, float, float) {
    return a != a ? 0 : a >= 0x1p31f ? INT32_MAX : a < -0x1p31f ? INT32_MIN : static_cast<S>(a);
  });
  check<uint32_t, float>("cvt.rni.u32.f32 %r5, %f1", [](float a, float, float) {
    return !(a > 0) ? 0u : a >= 0x1p32f ? UINT32_MAX : static_cast<uint32_t>(std::nearbyint(a));
  });
  check<float, S>("cvt.rn.f32.s32 %f5, %r1", [](S a, S, S) { return static_cast<float>(a); });
  check<float, uint64_t>("cvt.rn.f32.u64 %f5, %d1",
                         [](uint64_t a, uint64_t, uint64_t) { return static_cast<float>(a); });
  check<float, double>("cvt.rn.f32.f64 %f5, %g1", [](double a, double, double) { return static_cast<float>(a); });
  check<int64_t, S>("cvt.s64.s32 %d5, %r1", [](S a, S, S) { return static_cast<int64_t>(a); });
  check<S, S>("cvt.s32.s8 %r5, %r1", [](S a, S, S) { return static_cast<S>(static_cast<int8_t>(a)); });
  check<uint16_t, float>("cvt.rn.f16.f32 %h5, %f1", [](float a, float, float) {
    auto half = static_cast<_Float16>(a);
    uint16_t bits;
    memcpy(&bits, &half, 2);
    return a != a ? uint16_t(0x7fff) : bits;
  });
  check<uint32_t, float>("cvt.rna.tf32.f32 %r5, %f1", [](float a, float, float) {
    uint32_t bits;
    memcpy(&bits, &a, 4);
    return (bits & 0x7f800000) == 0x7f800000 ? bits : (bits + 0x1000) & ~0x1fffu;
  });
}

TEST(FakeCudaArithmetic, Comparisons) {
  auto set = [](const char *comparison) {
    return "setp." + std::string(comparison) + ".f32 %q2, %f1, %f2;\n@!%q1 selp.b32 %r5, 1, 2, %q2";
  };
  check<int32_t, float>(set("lt"), [](float a, float b, float) { return a < b ? 1 : 2; });
  check<int32_t, float>(set("ltu"), [](float a, float b, float) { return !(a >= b) ? 1 : 2; });
  check<int32_t, float>(set("ne"), [](float a, float b, float) { return a < b || a > b ? 1 : 2; });
  check<int32_t, float>(set("neu"), [](float a, float b, float) { return a != b ? 1 : 2; });
  check<int32_t, float>(set("nan"), [](float a, float b, float) { return a != a || b != b ? 1 : 2; });
}

/// Pairs of f16: the halves of the registers, rounded once.
TEST(FakeCudaArithmetic, Halves) {
  auto half = [](uint32_t bits, int part) {
    auto part16 = static_cast<uint16_t>(bits >> 16 * part);
    _Float16 value;
    memcpy(&value, &part16, 2);
    return static_cast<double>(value);
  };
  auto bits = [](double value) {
    auto narrow = static_cast<_Float16>(value);
    uint16_t result;
    memcpy(&result, &narrow, 2);
    return value != value ? uint32_t(0x7fff) : result;
  };
  using U = uint32_t;
  check<U, U>("add.rn.f16x2 %r5, %r1, %r2",
              [&](U a, U b, U) { return bits(half(a, 0) + half(b, 0)) | bits(half(a, 1) + half(b, 1)) << 16; });
  check<U, U>("fma.rn.f16x2 %r5, %r1, %r2, %r3", [&](U a, U b, U c) {
    return bits(half(a, 0) * half(b, 0) + half(c, 0)) | bits(half(a, 1) * half(b, 1) + half(c, 1)) << 16;
  });
}
} // namespace
