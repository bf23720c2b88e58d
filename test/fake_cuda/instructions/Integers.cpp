// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic: add, sub, mul, mad, div, rem, min, max, abs, neg, sad, mul24, dp4a.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <type_traits>

namespace fake_cuda {

namespace {

template <typename T> using Unsigned = std::make_unsigned_t<T>;

/// Twice as wide, for products.
template <typename T> struct WideOf;
template <> struct WideOf<uint16_t> {
  using Type = uint32_t;
};
template <> struct WideOf<int16_t> {
  using Type = int32_t;
};
template <> struct WideOf<uint32_t> {
  using Type = uint64_t;
};
template <> struct WideOf<int32_t> {
  using Type = int64_t;
};
template <> struct WideOf<uint64_t> {
  using Type = unsigned __int128;
};
template <> struct WideOf<int64_t> {
  using Type = __int128;
};
template <typename T> using Wide = typename WideOf<T>::Type;

template <typename T> T add(T x, T y) {
  return static_cast<T>(static_cast<Unsigned<T>>(x) + static_cast<Unsigned<T>>(y));
}
template <typename T> T subtract(T x, T y) {
  return static_cast<T>(static_cast<Unsigned<T>>(x) - static_cast<Unsigned<T>>(y));
}
template <typename T> T multiplyLow(T x, T y) {
  return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
}
template <typename T> Wide<T> multiplyWide(T x, T y) { return static_cast<Wide<T>>(x) * y; }
template <typename T> T multiplyHigh(T x, T y) { return static_cast<T>(multiplyWide(x, y) >> (8 * sizeof(T))); }
template <typename T> T madLow(T x, T y, T z) { return add(multiplyLow(x, y), z); }
template <typename T> T madHigh(T x, T y, T z) { return add(multiplyHigh(x, y), z); }
template <typename T> Wide<T> madWide(T x, T y, Wide<T> z) { return add(multiplyWide(x, y), z); }
template <typename T> T minimum(T x, T y) { return x < y ? x : y; }
template <typename T> T maximum(T x, T y) { return x > y ? x : y; }
template <typename T> T negate(T x) { return static_cast<T>(-static_cast<Unsigned<T>>(x)); }
template <typename T> T absolute(T x) { return x < 0 ? negate(x) : x; }
// PTX leaves division by zero open; these are the results of NVIDIA's GPUs. The smallest value by -1 overflows.
template <typename T> T divide(T x, T y) {
  return y == 0 ? static_cast<T>(-1) : y == static_cast<T>(-1) && T(-1) < 0 ? negate(x) : static_cast<T>(x / y);
}
template <typename T> T remainder(T x, T y) {
  return y == 0 ? x : y == static_cast<T>(-1) && T(-1) < 0 ? T(0) : static_cast<T>(x % y);
}
template <typename T> T addSaturated(T x, T y) {
  int64_t sum = static_cast<int64_t>(x) + y;
  return static_cast<T>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}
template <typename T> T subtractSaturated(T x, T y) {
  int64_t sum = static_cast<int64_t>(x) - y;
  return static_cast<T>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}
template <typename T> T sumOfDifference(T x, T y, T z) { return add(z, x < y ? subtract(y, x) : subtract(x, y)); }

void decodeMultiply(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  unsigned bytes = bytesOf(type);
  bool isMad = statement.name() == "mad";
  if (statement.has("wide")) {
    expectOperands(statement, 3 + isMad, 3 + isMad);
    instruction.a = decoder.read(statement.operands[1], bytes);
    instruction.b = decoder.read(statement.operands[2], bytes);
    if (isMad)
      instruction.c = decoder.read(statement.operands[3], 2 * bytes);
    instruction.destination = decoder.write(statement.operands[0], 2 * bytes);
    withInteger(type, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (sizeof(T) <= 4)
        instruction.run = isMad ? ternary<Wide<T>, T, T, Wide<T>, madWide<T>> : binary<Wide<T>, T, T, multiplyWide<T>>;
      else
        throw Error("'wide' of 64 bits");
    });
    return;
  }
  bool isHigh = statement.has("hi");
  if (!isHigh && !statement.has("lo"))
    throw Error("needs .lo, .hi or .wide");
  decodeOperands(decoder, statement, instruction, bytes, isMad ? 3 : 2);
  withInteger(type, [&](auto zero) {
    using T = decltype(zero);
    if (isMad)
      instruction.run = isHigh ? ternary<T, T, T, T, madHigh<T>> : ternary<T, T, T, T, madLow<T>>;
    else
      instruction.run = isHigh ? binary<T, T, T, multiplyHigh<T>> : binary<T, T, T, multiplyLow<T>>;
  });
}

template <bool isSignedA, bool isSignedB> uint32_t dotOfBytes(uint32_t a, uint32_t b, uint32_t c) {
  for (int i = 0; i < 4; ++i) {
    int32_t x = isSignedA ? static_cast<int8_t>(a >> 8 * i) : static_cast<uint8_t>(a >> 8 * i);
    int32_t y = isSignedB ? static_cast<int8_t>(b >> 8 * i) : static_cast<uint8_t>(b >> 8 * i);
    c += static_cast<uint32_t>(x * y);
  }
  return c;
}

void decodeDot(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  decodeOperands(decoder, statement, instruction, 4, 3);
  bool a = statement.opcode.at(1) == "s32", b = statement.opcode.at(2) == "s32";
  using T = uint32_t;
  instruction.run =
      a ? (b ? ternary<T, T, T, T, dotOfBytes<true, true>> : ternary<T, T, T, T, dotOfBytes<true, false>>)
        : (b ? ternary<T, T, T, T, dotOfBytes<false, true>> : ternary<T, T, T, T, dotOfBytes<false, false>>);
}

/// add.cc, addc, sub.cc, subc: the carry is one more register, a bit per lane.
template <typename T, bool isSubtraction, bool takesCarry, bool setsCarry>
void withCarry(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a), *b = warp.lanes<T>(instruction.b);
  T *destination = warp.lanes<T>(instruction.destination);
  uint32_t &carry = warp.carry;
  forEachLane(lanes, [&](unsigned lane) {
    T in = takesCarry ? carry >> lane & 1 : 0;
    unsigned __int128 x = a[lane], y = b[lane];
    unsigned __int128 result = isSubtraction ? x - y - in : x + y + in;
    destination[lane] = static_cast<T>(result);
    if (setsCarry)
      carry = (carry & ~(1u << lane)) | static_cast<uint32_t>(result >> (8 * sizeof(T)) & 1) << lane;
  });
}

void decodeWithCarry(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  bool isSubtraction = statement.name().starts_with("sub"), takes = statement.name().ends_with("c"),
       sets = statement.has("cc");
  Type type = lastType(statement);
  decodeOperands(decoder, statement, instruction, bytesOf(type), 2);
  auto choose = [&](auto zero) {
    using T = decltype(zero);
    if (isSubtraction)
      instruction.run = takes ? (sets ? withCarry<T, true, true, true> : withCarry<T, true, true, false>)
                              : withCarry<T, true, false, true>;
    else
      instruction.run = takes ? (sets ? withCarry<T, false, true, true> : withCarry<T, false, true, false>)
                              : withCarry<T, false, false, true>;
  };
  bytesOf(type) == 8 ? choose(uint64_t()) : choose(uint32_t());
}
} // namespace

void decodeInteger(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  const std::string &name = statement.name();
  if (statement.has("cc"))
    return decodeWithCarry(decoder, statement, instruction);
  if (name == "mul" || name == "mad")
    return decodeMultiply(decoder, statement, instruction);
  Type type = lastType(statement);
  bool isUnary = name == "neg" || name == "abs", isTernary = name == "sad";
  decodeOperands(decoder, statement, instruction, bytesOf(type), isUnary ? 1 : isTernary ? 3 : 2);
  bool saturates = statement.has("sat");
  withInteger(type, [&](auto zero) {
    using T = decltype(zero);
    if (name == "add")
      instruction.run = saturates ? binary<T, T, T, addSaturated<T>> : binary<T, T, T, add<T>>;
    else if (name == "sub")
      instruction.run = saturates ? binary<T, T, T, subtractSaturated<T>> : binary<T, T, T, subtract<T>>;
    else if (name == "min")
      instruction.run = binary<T, T, T, minimum<T>>;
    else if (name == "max")
      instruction.run = binary<T, T, T, maximum<T>>;
    else if (name == "div")
      instruction.run = binary<T, T, T, divide<T>>;
    else if (name == "rem")
      instruction.run = binary<T, T, T, remainder<T>>;
    else if (name == "neg")
      instruction.run = unary<T, T, negate<T>>;
    else if (name == "abs")
      instruction.run = unary<T, T, absolute<T>>;
    else if (name == "sad")
      instruction.run = ternary<T, T, T, T, sumOfDifference<T>>;
    else
      throw Error("not supported for integers");
  });
}

void addIntegerArithmetic(OpcodeTable &table) {
  for (const char *name : {"rem", "sad", "mad"})
    table[name] = decodeInteger;
  for (const char *name : {"addc", "subc"})
    table[name] = decodeWithCarry;
  table["dp4a"] = decodeDot;
}

} // namespace fake_cuda
