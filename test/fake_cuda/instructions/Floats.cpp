// SPDX-License-Identifier: Apache-2.0
// Arithmetic of f32 and f64: exact operations, with rounding modes, .ftz and .sat.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include <cfenv>

namespace fake_cuda {

namespace {

enum class Operation {
  Add,
  Subtract,
  Multiply,
  Fma,
  Divide,
  Minimum,
  Maximum,
  MinimumNan,
  MaximumNan,
  Negate,
  Absolute,
  SquareRoot,
  Reciprocal
};

template <typename T> T smaller(T x, T y) { return x < y || (x == y && std::signbit(x)) ? x : y; }
template <typename T> T larger(T x, T y) { return x > y || (x == y && !std::signbit(x)) ? x : y; }

template <typename T, Operation operation> T compute(T x, T y, T z) {
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  switch (operation) {
  case Operation::Add:
    return x + y;
  case Operation::Subtract:
    return x - y;
  case Operation::Multiply:
    return x * y;
  case Operation::Fma:
    return std::fma(x, y, z);
  case Operation::Divide:
    return x / y;
  case Operation::Minimum: // a number wins over NaN
    return x != x ? y : y != y ? x : smaller(x, y);
  case Operation::Maximum:
    return x != x ? y : y != y ? x : larger(x, y);
  case Operation::MinimumNan:
    return x != x || y != y ? nan : smaller(x, y);
  case Operation::MaximumNan:
    return x != x || y != y ? nan : larger(x, y);
  case Operation::Negate:
    return -x;
  case Operation::Absolute:
    return std::fabs(x);
  case Operation::SquareRoot:
    return std::sqrt(x);
  case Operation::Reciprocal:
    return 1 / x;
  }
}

template <typename T, Operation operation, unsigned sources, bool flushes, bool saturates>
void arithmetic(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const T *a = warp.lanes<T>(instruction.a);
  const T *b = sources > 1 ? warp.lanes<T>(instruction.b) : a;
  const T *c = sources > 2 ? warp.lanes<T>(instruction.c) : a;
  alignas(64) T result[32];
  for (unsigned lane = 0; lane < 32; ++lane) {
    T x = a[lane], y = b[lane], z = c[lane];
    if constexpr (flushes && sizeof(T) == 4) {
      x = flushed(x);
      y = flushed(y);
      z = flushed(z);
    }
    // Sign operations keep a NaN's bits; everything else makes it canonical.
    T value = compute<T, operation>(x, y, z);
    if constexpr (operation != Operation::Negate && operation != Operation::Absolute)
      value = canonical(value);
    if constexpr (flushes && sizeof(T) == 4)
      value = flushed(value);
    result[lane] = saturates ? saturated(value) : value;
  }
  writeLanes(warp.lanes<T>(instruction.destination), result, lanes);
}

/// Another rounding than to nearest: the host's, for this instruction.
struct RoundingDetails : Details {
  Handler inner = nullptr;
  int mode = FE_TONEAREST;
};
void withRounding(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const RoundingDetails *>(instruction.details);
  int saved = fegetround();
  fesetround(details.mode);
  details.inner(warp, instruction, lanes);
  fesetround(saved);
}

template <typename T, Operation operation, unsigned sources> Handler choose(const Statement &statement) {
  bool flushes = statement.has("ftz"), saturates = statement.has("sat");
  return flushes ? (saturates ? arithmetic<T, operation, sources, true, true>
                              : arithmetic<T, operation, sources, true, false>)
                 : (saturates ? arithmetic<T, operation, sources, false, true>
                              : arithmetic<T, operation, sources, false, false>);
}

// div.approx multiplies by a reciprocal that is 0 where the divisor is above 2^126; div.full scales first.
template <bool flushes> float divideApproximately(float x, float y) {
  if (flushes) {
    x = flushed(x);
    y = flushed(y);
  }
  float magnitude = std::fabs(y);
  float quotient =
      magnitude > 0x1p126f && magnitude <= std::numeric_limits<float>::max() ? x * std::copysign(0.0f, y) : x / y;
  return canonical(flushes ? flushed(quotient) : quotient);
}

template <typename T> Handler chooseByName(const std::string &name, const Statement &statement) {
  bool nan = statement.has("NaN");
  if (name == "add")
    return choose<T, Operation::Add, 2>(statement);
  if (name == "sub")
    return choose<T, Operation::Subtract, 2>(statement);
  if (name == "mul")
    return choose<T, Operation::Multiply, 2>(statement);
  if (name == "fma" || name == "mad")
    return choose<T, Operation::Fma, 3>(statement);
  if (name == "div")
    return choose<T, Operation::Divide, 2>(statement);
  if (name == "min")
    return nan ? choose<T, Operation::MinimumNan, 2>(statement) : choose<T, Operation::Minimum, 2>(statement);
  if (name == "max")
    return nan ? choose<T, Operation::MaximumNan, 2>(statement) : choose<T, Operation::Maximum, 2>(statement);
  if (name == "neg")
    return choose<T, Operation::Negate, 1>(statement);
  if (name == "abs")
    return choose<T, Operation::Absolute, 1>(statement);
  if (name == "sqrt")
    return choose<T, Operation::SquareRoot, 1>(statement);
  if (name == "rcp")
    return choose<T, Operation::Reciprocal, 1>(statement);
  throw Error("not supported for floats");
}
} // namespace

bool decodeFloat(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  if (type != Type::F32 && type != Type::F64)
    return false;
  const std::string &name = statement.name();
  bool isUnary = name == "neg" || name == "abs" || name == "sqrt" || name == "rcp";
  if (statement.has("xorsign"))
    throw Error("'xorsign' is not supported");
  decodeOperands(decoder, statement, instruction, bytesOf(type), name == "fma" || name == "mad" ? 3 : isUnary ? 1 : 2);
  instruction.run = type == Type::F32 ? chooseByName<float>(name, statement) : chooseByName<double>(name, statement);
  if (name == "div" && statement.has("approx"))
    instruction.run = statement.has("ftz") ? binary<float, float, float, divideApproximately<true>>
                                           : binary<float, float, float, divideApproximately<false>>;
  int mode = statement.has("rz")   ? FE_TOWARDZERO
             : statement.has("rm") ? FE_DOWNWARD
             : statement.has("rp") ? FE_UPWARD
                                   : FE_TONEAREST;
  if (mode != FE_TONEAREST) {
    auto &details = decoder.addDetails<RoundingDetails>(instruction);
    details.inner = instruction.run;
    details.mode = mode;
    instruction.run = withRounding;
  }
  return true;
}

/// `add` and its like, of any type.
static void decodeArithmetic(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (!decodeFloat(decoder, statement, instruction) && !decodeHalf(decoder, statement, instruction))
    decodeInteger(decoder, statement, instruction);
}

void addArithmetic(OpcodeTable &table) {
  for (const char *name : {"add", "sub", "mul", "fma", "div", "min", "max", "neg", "abs", "sqrt", "rcp"})
    table[name] = decodeArithmetic;
  table["mad"] = decodeArithmetic;
}

} // namespace fake_cuda
