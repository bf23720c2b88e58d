// SPDX-License-Identifier: Apache-2.0
// Functions that the hardware approximates: here as exact as the host's library, so a kernel may not rely on their
// bits.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Lanes.h"

namespace fake_cuda {

namespace {

template <float (*function)(float), bool flushes> float evaluate(float x) {
  float result = canonical(function(flushes ? flushed(x) : x));
  return flushes ? flushed(result) : result;
}

float exponential2(float x) { return std::exp2(x); }
float logarithm2(float x) { return std::log2(x); }
float reciprocalRoot(float x) { return 1 / std::sqrt(x); }
float sine(float x) { return std::sin(x); }
float cosine(float x) { return std::cos(x); }
float tangent(float x) { return std::tanh(x); }

template <float (*function)(float)> uint16_t evaluateHalf(uint16_t x) { return floatToHalf(function(halfToFloat(x))); }
template <float (*function)(float)> uint16_t evaluateBfloat(uint16_t x) {
  return floatToBfloat(function(bfloatToFloat(x)));
}
template <uint16_t (*function)(uint16_t)> uint32_t evaluatePair(uint32_t x) {
  return function(static_cast<uint16_t>(x)) | static_cast<uint32_t>(function(static_cast<uint16_t>(x >> 16))) << 16;
}

template <float (*function)(float)>
void decodeFunction(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  Type type = lastType(statement);
  decodeOperands(decoder, statement, instruction, bytesOf(type), 1);
  switch (type) {
  case Type::F32:
    instruction.run = statement.has("ftz") ? unaryScalar<float, float, evaluate<function, true>>
                                           : unaryScalar<float, float, evaluate<function, false>>;
    return;
  case Type::F16:
    instruction.run = unaryScalar<uint16_t, uint16_t, evaluateHalf<function>>;
    return;
  case Type::BF16:
    instruction.run = unaryScalar<uint16_t, uint16_t, evaluateBfloat<function>>;
    return;
  case Type::F16x2:
    instruction.run = unaryScalar<uint32_t, uint32_t, evaluatePair<evaluateHalf<function>>>;
    return;
  case Type::BF16x2:
    instruction.run = unaryScalar<uint32_t, uint32_t, evaluatePair<evaluateBfloat<function>>>;
    return;
  case Type::F64:
    if (statement.name() == "rsqrt") {
      instruction.run = unary<double, double, [](double x) { return 1 / std::sqrt(x); }>;
      return;
    }
    [[fallthrough]];
  default:
    throw Error("not supported with this type");
  }
}
} // namespace

void addMath(OpcodeTable &table) {
  table["ex2"] = decodeFunction<exponential2>;
  table["lg2"] = decodeFunction<logarithm2>;
  table["rsqrt"] = decodeFunction<reciprocalRoot>;
  table["sin"] = decodeFunction<sine>;
  table["cos"] = decodeFunction<cosine>;
  table["tanh"] = decodeFunction<tangent>;
}

} // namespace fake_cuda
