// SPDX-License-Identifier: Apache-2.0
// setp, set, selp, slct, testp.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Lanes.h"

namespace fake_cuda {

namespace {

enum class Comparison { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan };

template <Comparison comparison, typename T> bool compare(T x, T y) {
  switch (comparison) {
  case Comparison::Eq:
    return x == y;
  case Comparison::Ne: // ordered: false with NaN
    return x < y || x > y;
  case Comparison::Lt:
    return x < y;
  case Comparison::Le:
    return x <= y;
  case Comparison::Gt:
    return x > y;
  case Comparison::Ge:
    return x >= y;
  case Comparison::Equ:
    return !(x < y || x > y);
  case Comparison::Neu:
    return x != y;
  case Comparison::Ltu:
    return !(x >= y);
  case Comparison::Leu:
    return !(x > y);
  case Comparison::Gtu:
    return !(x <= y);
  case Comparison::Geu:
    return !(x < y);
  case Comparison::Num:
    return x == x && y == y;
  case Comparison::Nan:
    return x != x || y != y;
  }
}

struct HalfBits {
  uint16_t bits;
  operator float() const { return halfToFloat(bits); }
};
struct BfloatBits {
  uint16_t bits;
  operator float() const { return bfloatToFloat(bits); }
};
struct FlushedFloat {
  float value;
  operator float() const { return flushed(value); }
};

struct SetDetails : Details {
  RegisterOffset complement = Decoder::ignored; // the second result, p|q
  RegisterOffset combined = Decoder::ignored;   // setp.CompOp.BoolOp
  uint32_t combinedFlip = 0;
  char combination = 0;
};

template <typename Stored, typename Compared, Comparison comparison>
uint32_t compareLanes(Warp &warp, const Instruction &instruction) {
  const Stored *a = warp.lanes<Stored>(instruction.a), *b = warp.lanes<Stored>(instruction.b);
  uint32_t result = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    result |= static_cast<uint32_t>(compare<comparison, Compared>(a[lane], b[lane])) << lane;
  return result;
}

void assign(uint32_t &predicate, uint32_t value, uint32_t lanes) { predicate = (predicate & ~lanes) | (value & lanes); }

template <typename Stored, typename Compared, Comparison comparison>
void setPredicate(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  uint32_t result = compareLanes<Stored, Compared, comparison>(warp, instruction);
  const auto *details = static_cast<const SetDetails *>(instruction.details);
  if (!details) {
    assign(warp.predicate(instruction.destination), result, lanes);
    return;
  }
  uint32_t complement = ~result;
  if (details->combination) {
    uint32_t other = warp.predicate(details->combined) ^ details->combinedFlip;
    auto combine = [&](uint32_t x) {
      return details->combination == 'a' ? x & other : details->combination == 'o' ? x | other : x ^ other;
    };
    result = combine(result);
    complement = combine(complement);
  }
  assign(warp.predicate(instruction.destination), result, lanes);
  if (details->complement != Decoder::ignored)
    assign(warp.predicate(details->complement), complement, lanes);
}

/// set: 1.0 or all bits where true.
template <typename Stored, typename Compared, Comparison comparison>
void setRegister(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  uint32_t result = compareLanes<Stored, Compared, comparison>(warp, instruction);
  uint32_t *destination = warp.lanes<uint32_t>(instruction.destination);
  forEachLane(lanes, [&](unsigned lane) {
    destination[lane] = result >> lane & 1 ? static_cast<uint32_t>(instruction.value) : 0;
  });
}

template <typename Stored, typename Compared> Handler choose(const std::string &name, bool isSetp) {
  auto pick = [&]<Comparison comparison>() -> Handler {
    return isSetp ? setPredicate<Stored, Compared, comparison> : setRegister<Stored, Compared, comparison>;
  };
  if (name == "eq")
    return pick.template operator()<Comparison::Eq>();
  if (name == "ne")
    return pick.template operator()<Comparison::Ne>();
  if (name == "lt" || name == "lo")
    return pick.template operator()<Comparison::Lt>();
  if (name == "le" || name == "ls")
    return pick.template operator()<Comparison::Le>();
  if (name == "gt" || name == "hi")
    return pick.template operator()<Comparison::Gt>();
  if (name == "ge" || name == "hs")
    return pick.template operator()<Comparison::Ge>();
  if constexpr (std::is_integral_v<Compared>)
    throw Error("comparison '" + name + "' of integers");
  if (name == "equ")
    return pick.template operator()<Comparison::Equ>();
  if (name == "neu")
    return pick.template operator()<Comparison::Neu>();
  if (name == "ltu")
    return pick.template operator()<Comparison::Ltu>();
  if (name == "leu")
    return pick.template operator()<Comparison::Leu>();
  if (name == "gtu")
    return pick.template operator()<Comparison::Gtu>();
  if (name == "geu")
    return pick.template operator()<Comparison::Geu>();
  if (name == "num")
    return pick.template operator()<Comparison::Num>();
  if (name == "nan")
    return pick.template operator()<Comparison::Nan>();
  throw Error("comparison '" + name + "'");
}

Handler chooseByType(Type type, const std::string &name, bool isSetp, bool flushes) {
  switch (type) {
  case Type::F32:
    return flushes ? choose<FlushedFloat, float>(name, isSetp) : choose<float, float>(name, isSetp);
  case Type::F64:
    return choose<double, double>(name, isSetp);
  case Type::F16:
    return choose<HalfBits, float>(name, isSetp);
  case Type::BF16:
    return choose<BfloatBits, float>(name, isSetp);
  default:
    break;
  }
  Handler result = nullptr;
  withInteger(type, [&](auto zero) { result = choose<decltype(zero), decltype(zero)>(name, isSetp); });
  return result;
}

void decodeSet(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool isSetp = statement.name() == "setp";
  expectOperands(statement, 3, isSetp ? 4 : 3);
  instruction.a = decoder.read(statement.operands[1], bytesOf(type));
  instruction.b = decoder.read(statement.operands[2], bytesOf(type));
  instruction.run = chooseByType(type, statement.opcode.at(1), isSetp, statement.has("ftz"));
  if (!isSetp) {
    instruction.value = statement.opcode.at(statement.opcode.size() - 2) == "f32" ? 0x3f800000 : 0xffffffff;
    instruction.destination = decoder.write(statement.operands[0], 4);
    return;
  }
  std::vector<std::string> results = splitOutsideBrackets(statement.operands[0], '|');
  instruction.destination = decoder.writePredicate(results[0]);
  if (results.size() == 1 && statement.operands.size() == 3)
    return;
  auto &details = decoder.addDetails<SetDetails>(instruction);
  if (results.size() == 2)
    details.complement = decoder.writePredicate(results[1]);
  if (statement.operands.size() == 4) {
    std::string_view other = statement.operands[3];
    details.combinedFlip = other.starts_with('!') ? ~0u : 0;
    details.combined = decoder.readPredicate(std::string(other.substr(other.starts_with('!'))));
    details.combination = statement.opcode.at(2)[0];
  }
}

template <typename T> void select(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a), *b = warp.lanes<T>(instruction.b);
  uint32_t condition = warp.predicate(instruction.c);
  alignas(64) T result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = condition >> lane & 1 ? a[lane] : b[lane];
  writeLanes(warp.lanes<T>(instruction.destination), result, lanes);
}

void decodeSelect(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  unsigned bytes = bytesOf(lastType(statement));
  expectOperands(statement, 4, 4);
  instruction.a = decoder.read(statement.operands[1], bytes);
  instruction.b = decoder.read(statement.operands[2], bytes);
  instruction.c = decoder.readPredicate(statement.operands[3]);
  instruction.destination = decoder.write(statement.operands[0], bytes);
  instruction.run = bytes == 2 ? select<uint16_t> : bytes == 4 ? select<uint32_t> : select<uint64_t>;
}

void decodeSelectBySign(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 4, 4);
  const std::string &type = statement.opcode.at(statement.opcode.size() - 2);
  if (bytesOf(typeNamed(type)) != 4)
    throw Error("only of 32 bits");
  instruction.a = decoder.read(statement.operands[1], 4);
  instruction.b = decoder.read(statement.operands[2], 4);
  instruction.c = decoder.read(statement.operands[3], 4);
  instruction.destination = decoder.write(statement.operands[0], 4);
  using T = uint32_t;
  instruction.run = statement.opcode.back() == "f32"
                        ? ternary<T, T, T, float, [](T a, T b, float c) { return c >= 0 ? a : b; }>
                        : ternary<T, T, T, int32_t, [](T a, T b, int32_t c) { return c >= 0 ? a : b; }>;
}

template <typename T> void test(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a);
  uint32_t result = 0;
  forEachLane(lanes, [&](unsigned lane) {
    int kind = std::fpclassify(a[lane]);
    bool holds = instruction.value == 0   ? std::isfinite(a[lane])
                 : instruction.value == 1 ? kind == FP_INFINITE
                 : instruction.value == 2 ? kind != FP_NAN
                 : instruction.value == 3 ? kind == FP_NAN
                 : instruction.value == 4 ? kind == FP_NORMAL
                                          : kind == FP_SUBNORMAL;
    result |= static_cast<uint32_t>(holds) << lane;
  });
  assign(warp.predicate(instruction.destination), result, lanes);
}

void decodeTest(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  expectOperands(statement, 2, 2);
  instruction.a = decoder.read(statement.operands[1], bytesOf(type));
  instruction.destination = decoder.writePredicate(statement.operands[0]);
  const char *const names[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  instruction.value = -1;
  for (int i = 0; i < 6; ++i)
    if (statement.opcode.at(1) == names[i])
      instruction.value = i;
  if (instruction.value < 0)
    throw Error("test '" + statement.opcode.at(1) + "'");
  instruction.run = type == Type::F64 ? test<double> : test<float>;
}
} // namespace

void addComparisons(OpcodeTable &table) {
  table["setp"] = decodeSet;
  table["set"] = decodeSet;
  table["selp"] = decodeSelect;
  table["slct"] = decodeSelectBySign;
  table["testp"] = decodeTest;
}

} // namespace fake_cuda
