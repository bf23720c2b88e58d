// SPDX-License-Identifier: Apache-2.0
// Arithmetic of f16, bf16 and their pairs. Each result is computed in f32 or f64 and rounded once.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Lanes.h"

namespace fake_cuda {

namespace {

struct HalfFormat {
  static float widen(uint16_t x) { return halfToFloat(x); }
  static uint16_t narrow(float x) { return floatToHalf(x); }
};
struct BfloatFormat {
  static float widen(uint16_t x) { return bfloatToFloat(x); }
  static uint16_t narrow(float x) { return floatToBfloat(x); }
};

/// A double as a float that rounds to 16 bits as the double would: the lowest bit is set where the float is inexact
/// (rounding to odd).
float roundedToOdd(double x) {
  auto result = static_cast<float>(x);
  if (static_cast<double>(result) == x || result != result || std::isinf(result))
    return result;
  uint32_t bits = bitsOf(result);
  if ((bits & 1) == 0)
    bits += std::fabs(static_cast<double>(result)) < std::fabs(x) ? 1 : static_cast<uint32_t>(-1);
  return floatFrom(bits);
}

enum class Operation {
  Add,
  Subtract,
  Multiply,
  Fma,
  FmaRelu,
  Minimum,
  Maximum,
  MinimumNan,
  MaximumNan,
  Negate,
  Absolute
};

template <typename Format, Operation operation, bool saturates> uint16_t compute(uint16_t a, uint16_t b, uint16_t c) {
  if (operation == Operation::Negate)
    return a ^ 0x8000;
  if (operation == Operation::Absolute)
    return a & 0x7fff;
  float x = Format::widen(a), y = Format::widen(b), z = Format::widen(c), result = 0;
  bool anyNan = x != x || y != y;
  switch (operation) {
  case Operation::Add:
    result = roundedToOdd(static_cast<double>(x) + y);
    break;
  case Operation::Subtract:
    result = roundedToOdd(static_cast<double>(x) - y);
    break;
  case Operation::Multiply: // 2 x 11 bits fit
    result = x * y;
    break;
  case Operation::Fma:
  case Operation::FmaRelu:
    result = roundedToOdd(static_cast<double>(x) * y + z);
    if (operation == Operation::FmaRelu)
      result = result > 0 || result != result ? result : 0.0f;
    break;
  case Operation::Minimum:
  case Operation::MinimumNan:
    if (anyNan)
      return operation == Operation::MinimumNan || (x != x && y != y) ? 0x7fff : x != x ? b : a;
    return x < y || (x == y && (a & 0x8000)) ? a : b;
  case Operation::Maximum:
  case Operation::MaximumNan:
    if (anyNan)
      return operation == Operation::MaximumNan || (x != x && y != y) ? 0x7fff : x != x ? b : a;
    return x > y || (x == y && !(a & 0x8000)) ? a : b;
  case Operation::Negate:
  case Operation::Absolute:
    break;
  }
  return Format::narrow(saturates ? saturated(result) : result);
}

template <typename Format, Operation operation, unsigned sources, bool saturates, unsigned count>
void arithmetic(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const uint16_t *a = warp.lanes<uint16_t>(instruction.a);
  const uint16_t *b = sources > 1 ? warp.lanes<uint16_t>(instruction.b) : a;
  const uint16_t *c = sources > 2 ? warp.lanes<uint16_t>(instruction.c) : a;
  uint16_t *destination = warp.lanes<uint16_t>(instruction.destination);
  forEachLane(lanes, [&](unsigned lane) {
    for (unsigned i = lane * count; i < (lane + 1) * count; ++i)
      destination[i] = compute<Format, operation, saturates>(a[i], b[i], c[i]);
  });
}

template <typename Format, unsigned count, Operation operation, unsigned sources>
Handler choose(const Statement &statement) {
  return statement.has("sat") ? arithmetic<Format, operation, sources, true, count>
                              : arithmetic<Format, operation, sources, false, count>;
}

template <typename Format, unsigned count> Handler chooseByName(const Statement &statement) {
  const std::string &name = statement.name();
  bool nan = statement.has("NaN");
  if (name == "add")
    return choose<Format, count, Operation::Add, 2>(statement);
  if (name == "sub")
    return choose<Format, count, Operation::Subtract, 2>(statement);
  if (name == "mul")
    return choose<Format, count, Operation::Multiply, 2>(statement);
  if (name == "fma")
    return statement.has("relu") ? choose<Format, count, Operation::FmaRelu, 3>(statement)
                                 : choose<Format, count, Operation::Fma, 3>(statement);
  if (name == "min")
    return nan ? choose<Format, count, Operation::MinimumNan, 2>(statement)
               : choose<Format, count, Operation::Minimum, 2>(statement);
  if (name == "max")
    return nan ? choose<Format, count, Operation::MaximumNan, 2>(statement)
               : choose<Format, count, Operation::Maximum, 2>(statement);
  if (name == "neg")
    return choose<Format, count, Operation::Negate, 1>(statement);
  if (name == "abs")
    return choose<Format, count, Operation::Absolute, 1>(statement);
  throw Error("not supported for 16-bit floats");
}
} // namespace

bool decodeHalf(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  bool isHalf = type == Type::F16 || type == Type::F16x2, isBfloat = type == Type::BF16 || type == Type::BF16x2;
  if (!isHalf && !isBfloat)
    return false;
  if (statement.has("ftz"))
    throw Error("'ftz' of 16-bit floats is not supported");
  const std::string &name = statement.name();
  unsigned bytes = bytesOf(type);
  decodeOperands(decoder, statement, instruction, bytes, name == "fma" ? 3 : name == "neg" || name == "abs" ? 1 : 2);
  if (isHalf)
    instruction.run = bytes == 4 ? chooseByName<HalfFormat, 2>(statement) : chooseByName<HalfFormat, 1>(statement);
  else
    instruction.run = bytes == 4 ? chooseByName<BfloatFormat, 2>(statement) : chooseByName<BfloatFormat, 1>(statement);
  return true;
}

} // namespace fake_cuda
