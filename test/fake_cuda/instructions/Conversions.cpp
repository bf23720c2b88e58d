// SPDX-License-Identifier: Apache-2.0
// cvt between integers and floats of all widths. Registers may be wider than the types.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <cfenv>
#include <cstring>
#include <type_traits>

namespace fake_cuda {

namespace {

struct Half {
  uint16_t bits;
};
struct Bfloat {
  uint16_t bits;
};
template <typename T>
constexpr bool isFloating = std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, Bfloat>;

enum class Rounding : uint8_t { None, ToNearestInteger, TowardZeroInteger, DownInteger, UpInteger };

struct ConversionDetails : Details {
  Rounding rounding = Rounding::None;
  bool flushes = false, saturates = false, isRelu = false;
  int mode = FE_TONEAREST;
  unsigned sourceBytes = 0, destinationBytes = 0; // of a lane
};

template <typename S> double widen(S x) {
  if constexpr (std::is_same_v<S, Half>)
    return halfToFloat(x.bits);
  else if constexpr (std::is_same_v<S, Bfloat>)
    return bfloatToFloat(x.bits);
  else
    return static_cast<double>(x);
}

double roundToInteger(double x, Rounding rounding) {
  switch (rounding) {
  case Rounding::None:
    return x;
  case Rounding::ToNearestInteger:
    return std::nearbyint(x);
  case Rounding::TowardZeroInteger:
    return std::trunc(x);
  case Rounding::DownInteger:
    return std::floor(x);
  case Rounding::UpInteger:
    return std::ceil(x);
  }
  return x;
}

/// Out of range: the nearest end of the type. NaN: 0, or the highest bit alone where 64 bits take part.
template <typename D, typename S> D integerFrom(double x) {
  if (x != x)
    return sizeof(D) == 8 || std::is_same_v<S, double>
               ? static_cast<D>(std::make_unsigned_t<D>(1) << (8 * sizeof(D) - 1))
               : D(0);
  constexpr auto low = static_cast<double>(std::numeric_limits<D>::min());
  const double beyond = std::ldexp(1.0, static_cast<int>(8 * sizeof(D)) - (std::is_signed_v<D> ? 1 : 0));
  return x <= low ? std::numeric_limits<D>::min() : x >= beyond ? std::numeric_limits<D>::max() : static_cast<D>(x);
}

template <typename D, typename S> D convert(S x, const ConversionDetails &details) {
  if constexpr (!isFloating<S> && !isFloating<D>) {
    if (details.saturates) {
      if constexpr (std::is_signed_v<S>) {
        if (std::is_unsigned_v<D>)
          return x < 0                                                      ? D(0)
                 : static_cast<uint64_t>(x) > std::numeric_limits<D>::max() ? std::numeric_limits<D>::max()
                                                                            : static_cast<D>(x);
        if (x < static_cast<int64_t>(std::numeric_limits<D>::min()))
          return std::numeric_limits<D>::min();
        return x > static_cast<int64_t>(std::numeric_limits<D>::max()) ? std::numeric_limits<D>::max()
                                                                       : static_cast<D>(x);
      } else {
        return x > static_cast<uint64_t>(std::numeric_limits<D>::max()) ? std::numeric_limits<D>::max()
                                                                        : static_cast<D>(x);
      }
    }
    return static_cast<D>(x);
  } else if constexpr (!isFloating<D>) {
    double value = widen(x);
    if (details.flushes && std::is_same_v<S, float>)
      value = flushed(static_cast<float>(value));
    return integerFrom<D, S>(roundToInteger(value, details.rounding));
  } else if constexpr (std::is_same_v<D, double>) {
    double value = roundToInteger(widen(x), details.rounding);
    return details.saturates ? saturated(value) : value;
  } else if constexpr (std::is_same_v<D, float>) {
    float value;
    if constexpr (isFloating<S>) {
      double wide = widen(x);
      if (details.flushes && std::is_same_v<S, float>)
        wide = flushed(static_cast<float>(wide));
      value = canonical(static_cast<float>(roundToInteger(wide, details.rounding)));
    } else {
      value = static_cast<float>(x);
    }
    if (details.flushes)
      value = flushed(value);
    return details.saturates ? saturated(value) : value;
  } else {
    // To 16 bits: through f32, which holds every 16-bit integer and float exactly; wider sources are rounded to odd
    // first.
    double wide;
    if constexpr (isFloating<S>)
      wide = roundToInteger(widen(x), details.rounding);
    else
      wide = static_cast<double>(x);
    auto value = static_cast<float>(wide);
    if (static_cast<double>(value) != wide && value == value && !std::isinf(value)) {
      uint32_t bits = bitsOf(value);
      if ((bits & 1) == 0)
        value =
            floatFrom(bits + (std::fabs(static_cast<double>(value)) < std::fabs(wide) ? 1 : static_cast<uint32_t>(-1)));
    }
    if (details.isRelu && value == value)
      value = value > 0 ? value : 0.0f;
    if (details.saturates)
      value = saturated(value);
    return D{std::is_same_v<D, Half> ? floatToHalf(value) : floatToBfloat(value)};
  }
}

template <typename D, typename S> void convertLanes(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const ConversionDetails *>(instruction.details);
  const uint8_t *source = warp.registers + instruction.a;
  uint8_t *destination = warp.registers + instruction.destination;
  int saved = FE_TONEAREST;
  if (details.mode != FE_TONEAREST) {
    saved = fegetround();
    fesetround(details.mode);
  }
  forEachLane(lanes, [&](unsigned lane) {
    S x;
    memcpy(&x, source + size_t{lane} * details.sourceBytes, sizeof x);
    D result = convert<D, S>(x, details);
    int64_t extended = 0;
    if constexpr (isFloating<D>)
      memcpy(&extended, &result, sizeof result);
    else
      extended = static_cast<int64_t>(result); // NOLINT(bugprone-signed-char-misuse): the sign is extended
    memcpy(destination + size_t{lane} * details.destinationBytes, &extended, details.destinationBytes);
  });
  if (details.mode != FE_TONEAREST)
    fesetround(saved);
}

/// The conversions that kernels are full of, when register and type agree.
template <typename D, typename S> D convertExactly(S x) { return static_cast<D>(x); }
template <typename D, typename S> Handler vectorized() { return unary<D, S, convertExactly<D, S>>; }

// NOLINTBEGIN(bugprone-branch-clone): the arguments are of different types
template <typename F> void withType(Type type, F &&function) {
  switch (type) {
  case Type::U8:
  case Type::B8:
    return function(uint8_t());
  case Type::S8:
    return function(int8_t());
  case Type::F16:
    return function(Half());
  case Type::BF16:
    return function(Bfloat());
  case Type::F32:
    return function(float());
  case Type::F64:
    return function(double());
  default:
    return withInteger(type, function);
  }
}
// NOLINTEND(bugprone-branch-clone)

/// cvt.rn.f16x2.f32 d, a, b: a is the upper half.
template <uint16_t (*narrow)(float), bool isRelu> uint32_t narrowPair(float a, float b) {
  if (isRelu) {
    a = a != a || a > 0 ? a : 0.0f;
    b = b != b || b > 0 ? b : 0.0f;
  }
  return static_cast<uint32_t>(narrow(a)) << 16 | narrow(b);
}

uint32_t roundToTf32(uint32_t bits) { // to nearest, ties away from zero
  return (bits & 0x7f800000) == 0x7f800000 ? bits : (bits + 0x1000) & ~0x1fffu;
}
uint32_t roundToTf32Even(uint32_t bits) {
  return (bits & 0x7f800000) == 0x7f800000 ? bits : (bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu;
}

bool decodePacked(Decoder &decoder, const Statement &statement, Instruction &instruction, Type to, Type from) {
  if (to == Type::TF32) {
    decodeOperands(decoder, statement, instruction, 4, 1);
    instruction.run =
        statement.has("rna") ? unary<uint32_t, uint32_t, roundToTf32> : unary<uint32_t, uint32_t, roundToTf32Even>;
    return true;
  }
  if ((to != Type::F16x2 && to != Type::BF16x2) || from != Type::F32)
    return false;
  if (!statement.has("rn"))
    throw Error("only .rn is supported");
  expectOperands(statement, 3, 3);
  instruction.a = decoder.read(statement.operands[1], 4);
  instruction.b = decoder.read(statement.operands[2], 4);
  instruction.destination = decoder.write(statement.operands[0], 4);
  bool isRelu = statement.has("relu");
  using T = uint32_t;
  if (to == Type::F16x2)
    instruction.run = isRelu ? binary<T, float, float, narrowPair<floatToHalf, true>>
                             : binary<T, float, float, narrowPair<floatToHalf, false>>;
  else
    instruction.run = isRelu ? binary<T, float, float, narrowPair<floatToBfloat, true>>
                             : binary<T, float, float, narrowPair<floatToBfloat, false>>;
  return true;
}

void decodeConversion(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type from = lastType(statement), to = typeNamed(statement.opcode.at(statement.opcode.size() - 2));
  if (decodePacked(decoder, statement, instruction, to, from))
    return;
  expectOperands(statement, 2, 2);
  auto &details = decoder.addDetails<ConversionDetails>(instruction);
  details.sourceBytes = bytesOf(from);
  details.destinationBytes = bytesOf(to);
  instruction.a = decoder.readWider(statement.operands[1], details.sourceBytes);
  instruction.destination = decoder.writeWider(statement.operands[0], details.destinationBytes);
  details.flushes = statement.has("ftz");
  details.saturates = statement.has("sat");
  details.isRelu = statement.has("relu");
  details.rounding = statement.has("rni")   ? Rounding::ToNearestInteger
                     : statement.has("rzi") ? Rounding::TowardZeroInteger
                     : statement.has("rmi") ? Rounding::DownInteger
                     : statement.has("rpi") ? Rounding::UpInteger
                                            : Rounding::None;
  details.mode = statement.has("rz")   ? FE_TOWARDZERO
                 : statement.has("rm") ? FE_DOWNWARD
                 : statement.has("rp") ? FE_UPWARD
                                       : FE_TONEAREST;
  if (details.mode != FE_TONEAREST && (to == Type::F16 || to == Type::BF16))
    throw Error("only .rn is supported to 16 bits");
  withType(to, [&](auto d) {
    withType(from, [&](auto s) {
      using D = decltype(d);
      using S = decltype(s);
      instruction.run = convertLanes<D, S>;
      bool isPlain = !details.flushes && !details.saturates && details.mode == FE_TONEAREST &&
                     details.sourceBytes == sizeof(S) && details.destinationBytes == sizeof(D);
      if constexpr (std::is_integral_v<S> && (std::is_integral_v<D> || std::is_same_v<D, float>))
        if (isPlain)
          instruction.run = vectorized<D, S>();
    });
  });
}
} // namespace

void addConversions(OpcodeTable &table) { table["cvt"] = decodeConversion; }

} // namespace fake_cuda
