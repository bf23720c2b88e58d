// SPDX-License-Identifier: Apache-2.0
// Logic, shifts and bit fields.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <algorithm>

namespace fake_cuda {

namespace {

template <typename T> T bitAnd(T x, T y) { return x & y; }
template <typename T> T bitOr(T x, T y) { return x | y; }
template <typename T> T bitXor(T x, T y) { return x ^ y; }
template <typename T> T bitNot(T x) { return static_cast<T>(~x); }
template <typename T> T logicalNot(T x) { return x == 0; }

// Predicates hold a bit per lane.
template <auto function> void predicateBinary(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  uint32_t &destination = warp.predicate(instruction.destination);
  uint32_t result = function(warp.predicate(instruction.a), warp.predicate(instruction.b));
  destination = (destination & ~lanes) | (result & lanes);
}

void decodeLogic(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  const std::string &name = statement.name();
  decodeOperands(decoder, statement, instruction, bytesOf(type), name == "not" || name == "cnot" ? 1 : 2);
  if (type == Type::Pred) {
    instruction.run = name == "and"   ? predicateBinary<bitAnd<uint32_t>>
                      : name == "or"  ? predicateBinary<bitOr<uint32_t>>
                      : name == "xor" ? predicateBinary<bitXor<uint32_t>>
                                      : predicateBinary<[](uint32_t x, uint32_t) { return ~x; }>;
    if (name == "not")
      instruction.b = instruction.a;
    return;
  }
  withInteger(type, [&](auto zero) {
    using T = std::make_unsigned_t<decltype(zero)>;
    instruction.run = name == "and"   ? binary<T, T, T, bitAnd<T>>
                      : name == "or"  ? binary<T, T, T, bitOr<T>>
                      : name == "xor" ? binary<T, T, T, bitXor<T>>
                      : name == "not" ? unary<T, T, bitNot<T>>
                                      : unary<T, T, logicalNot<T>>;
  });
}

// Shifts clamp their count to the width.
template <typename T> T shiftLeft(T x, uint32_t n) { return n >= 8 * sizeof(T) ? T(0) : static_cast<T>(x << n); }
template <typename T> T shiftRight(T x, uint32_t n) {
  return static_cast<T>(n >= 8 * sizeof(T) ? (x < 0 ? -1 : 0) : x >> n);
}

void decodeShift(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  expectOperands(statement, 3, 3);
  instruction.a = decoder.read(statement.operands[1], bytesOf(type));
  instruction.b = decoder.read(statement.operands[2], 4);
  instruction.destination = decoder.write(statement.operands[0], bytesOf(type));
  bool isLeft = statement.name() == "shl";
  withInteger(type, [&](auto zero) {
    using T = decltype(zero);
    using U = std::make_unsigned_t<T>;
    instruction.run = isLeft ? binary<U, U, uint32_t, shiftLeft<U>> : binary<T, T, uint32_t, shiftRight<T>>;
  });
}

uint32_t funnelLeft(uint32_t low, uint32_t high, uint32_t n) {
  return n == 0 ? high : n >= 32 ? low : high << n | low >> (32 - n);
}
uint32_t funnelRight(uint32_t low, uint32_t high, uint32_t n) {
  return n == 0 ? low : n >= 32 ? high : low >> n | high << (32 - n);
}

void decodeFunnelShift(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  decodeOperands(decoder, statement, instruction, 4, 3);
  bool isLeft = statement.has("l"), wraps = statement.has("wrap");
  using T = uint32_t;
  instruction.run = isLeft ? (wraps ? ternary<T, T, T, T, [](T a, T b, T n) { return funnelLeft(a, b, n & 31); }>
                                    : ternary<T, T, T, T, funnelLeft>)
                           : (wraps ? ternary<T, T, T, T, [](T a, T b, T n) { return funnelRight(a, b, n & 31); }>
                                    : ternary<T, T, T, T, funnelRight>);
}

template <typename T> T extractField(T x, uint32_t position, uint32_t length) {
  constexpr uint32_t width = 8 * sizeof(T);
  using U = std::make_unsigned_t<T>;
  position &= 255;
  length &= 255;
  if (length == 0)
    return 0;
  U bits = position >= width ? U(0) : static_cast<U>(static_cast<U>(x) >> position);
  U mask = length >= width ? ~U(0) : static_cast<U>((U(1) << length) - 1);
  bits &= mask;
  if (std::is_signed_v<T>) {
    U sign = static_cast<U>(x) >> std::min(position + length - 1, width - 1) & 1;
    if (sign)
      bits |= ~mask | (position >= width ? ~U(0) : position ? static_cast<U>(~U(0) << (width - position)) : U(0));
  }
  return static_cast<T>(bits);
}

struct InsertDetails : Details {
  RegisterOffset length = 0;
};
template <typename T> void insertField(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a), *b = warp.lanes<T>(instruction.b);
  const uint32_t *positions = warp.lanes<uint32_t>(instruction.c);
  const uint32_t *lengths = warp.lanes<uint32_t>(static_cast<const InsertDetails *>(instruction.details)->length);
  T *destination = warp.lanes<T>(instruction.destination);
  constexpr uint32_t width = 8 * sizeof(T);
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t position = positions[lane] & 255, length = lengths[lane] & 255;
    T mask = position >= width ? T(0) : static_cast<T>((length >= width ? ~T(0) : (T(1) << length) - 1) << position);
    destination[lane] = (b[lane] & ~mask) | (position >= width ? T(0) : static_cast<T>(a[lane] << position) & mask);
  });
}

void decodeField(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool isInsert = statement.name() == "bfi";
  expectOperands(statement, 4 + isInsert, 4 + isInsert);
  instruction.a = decoder.read(statement.operands[1], bytesOf(type));
  if (isInsert) {
    instruction.b = decoder.read(statement.operands[2], bytesOf(type));
    instruction.c = decoder.read(statement.operands[3], 4);
    decoder.addDetails<InsertDetails>(instruction).length = decoder.read(statement.operands[4], 4);
    instruction.run = bytesOf(type) == 8 ? insertField<uint64_t> : insertField<uint32_t>;
  } else {
    instruction.b = decoder.read(statement.operands[2], 4);
    instruction.c = decoder.read(statement.operands[3], 4);
    withInteger(type, [&](auto zero) {
      using T = decltype(zero);
      instruction.run = ternary<T, T, uint32_t, uint32_t, extractField<T>>;
    });
  }
  instruction.destination = decoder.write(statement.operands[0], bytesOf(type));
}

uint32_t reversed(uint32_t x) { return __builtin_bitreverse32(x); }
uint64_t reversed64(uint64_t x) { return __builtin_bitreverse64(x); }
template <typename T> uint32_t populationCount(T x) { return static_cast<uint32_t>(__builtin_popcountll(x)); }
template <typename T> uint32_t leadingZeros(T x) {
  return x == 0 ? 8 * sizeof(T) : static_cast<uint32_t>(__builtin_clzll(x)) - (64 - 8 * sizeof(T));
}
/// The position of the highest bit that differs from the sign, or -1.
template <typename T> uint32_t highestBit(T x) {
  auto bits = static_cast<std::make_unsigned_t<T>>(x < 0 ? ~x : x);
  return bits == 0 ? ~0u : 63 - static_cast<uint32_t>(__builtin_clzll(bits));
}

void decodeCount(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool is64 = bytesOf(type) == 8;
  expectOperands(statement, 2, 2);
  const std::string &name = statement.name();
  instruction.a = decoder.read(statement.operands[1], bytesOf(type));
  instruction.destination = decoder.write(statement.operands[0], name == "brev" ? bytesOf(type) : 4);
  if (name == "brev") {
    instruction.run = is64 ? unary<uint64_t, uint64_t, reversed64> : unary<uint32_t, uint32_t, reversed>;
  } else if (name == "bfind") {
    bool isShift = statement.has("shiftamt");
    withInteger(type, [&](auto zero) {
      using T = decltype(zero);
      instruction.run = isShift ? unary<uint32_t, T,
                                        [](T x) {
                                          uint32_t at = highestBit(x);
                                          return at == ~0u ? at : static_cast<uint32_t>(8 * sizeof(T) - 1) - at;
                                        }>
                                : unary<uint32_t, T, highestBit<T>>;
    });
  } else if (name == "popc") {
    instruction.run = is64 ? unary<uint32_t, uint64_t, populationCount<uint64_t>>
                           : unary<uint32_t, uint32_t, populationCount<uint32_t>>;
  } else {
    instruction.run =
        is64 ? unary<uint32_t, uint64_t, leadingZeros<uint64_t>> : unary<uint32_t, uint32_t, leadingZeros<uint32_t>>;
  }
}

uint32_t permute(uint32_t a, uint32_t b, uint32_t selectors) {
  uint64_t bytes = static_cast<uint64_t>(b) << 32 | a;
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t selector = selectors >> 4 * i & 15;
    auto byte = static_cast<uint8_t>(bytes >> 8 * (selector & 7));
    if (selector & 8) // the sign of the byte in all its bits
      byte = byte & 0x80 ? 0xff : 0;
    result |= static_cast<uint32_t>(byte) << 8 * i;
  }
  return result;
}

void decodePermute(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (statement.opcode.size() != 2)
    throw Error("modes of prmt are not supported");
  decodeOperands(decoder, statement, instruction, 4, 3);
  instruction.run = ternary<uint32_t, uint32_t, uint32_t, uint32_t, permute>;
}

void lookUp(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const uint32_t *a = warp.lanes<uint32_t>(instruction.a), *b = warp.lanes<uint32_t>(instruction.b),
                 *c = warp.lanes<uint32_t>(instruction.c);
  alignas(64) uint32_t result[32] = {};
  for (unsigned row = 0; row < 8; ++row)
    if (instruction.value >> row & 1)
      for (unsigned lane = 0; lane < 32; ++lane)
        result[lane] |=
            (row & 4 ? a[lane] : ~a[lane]) & (row & 2 ? b[lane] : ~b[lane]) & (row & 1 ? c[lane] : ~c[lane]);
  writeLanes(warp.lanes<uint32_t>(instruction.destination), result, lanes);
}

void decodeLookUp(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 5, 5);
  instruction.a = decoder.read(statement.operands[1], 4);
  instruction.b = decoder.read(statement.operands[2], 4);
  instruction.c = decoder.read(statement.operands[3], 4);
  instruction.value = decoder.immediate(statement.operands[4]);
  instruction.destination = decoder.write(statement.operands[0], 4);
  instruction.run = lookUp;
}
} // namespace

void addBits(OpcodeTable &table) {
  for (const char *name : {"and", "or", "xor", "not", "cnot"})
    table[name] = decodeLogic;
  for (const char *name : {"shl", "shr"})
    table[name] = decodeShift;
  table["shf"] = decodeFunnelShift;
  for (const char *name : {"bfe", "bfi"})
    table[name] = decodeField;
  for (const char *name : {"brev", "popc", "clz", "bfind"})
    table[name] = decodeCount;
  table["prmt"] = decodePermute;
  table["lop3"] = decodeLookUp;
}

} // namespace fake_cuda
