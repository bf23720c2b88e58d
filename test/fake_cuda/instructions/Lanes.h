// SPDX-License-Identifier: Apache-2.0
// Handlers made of a function on one lane's values. All 32 lanes are computed, so that the compiler vectorizes the
// loop, and only those that take part are written; the functions must therefore be defined for every value.
#pragma once
#include "test/fake_cuda/machine/Warp.h"
#include "test/fake_cuda/ptx/Decoder.h"

namespace fake_cuda {

template <typename T> inline void writeLanes(T *destination, const T *values, uint32_t lanes) {
  if (lanes == allLanes) {
    for (unsigned lane = 0; lane < 32; ++lane)
      destination[lane] = values[lane];
    return;
  }
  for (unsigned lane = 0; lane < 32; ++lane)
    destination[lane] = lanes >> lane & 1 ? values[lane] : destination[lane];
}

template <typename D, typename A, auto function>
void unary(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const A *a = warp.lanes<A>(instruction.a);
  alignas(64) D result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = function(a[lane]);
  writeLanes(warp.lanes<D>(instruction.destination), result, lanes);
}

template <typename D, typename A, typename B, auto function>
void binary(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const A *a = warp.lanes<A>(instruction.a);
  const B *b = warp.lanes<B>(instruction.b);
  alignas(64) D result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = function(a[lane], b[lane]);
  writeLanes(warp.lanes<D>(instruction.destination), result, lanes);
}

template <typename D, typename A, typename B, typename C, auto function>
void ternary(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const A *a = warp.lanes<A>(instruction.a);
  const B *b = warp.lanes<B>(instruction.b);
  const C *c = warp.lanes<C>(instruction.c);
  alignas(64) D result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = function(a[lane], b[lane], c[lane]);
  writeLanes(warp.lanes<D>(instruction.destination), result, lanes);
}

/// The same for functions that cost much, such as those of the mathematical library: only lanes that take part.
template <typename D, typename A, auto function>
void unaryScalar(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const A *a = warp.lanes<A>(instruction.a);
  D *destination = warp.lanes<D>(instruction.destination);
  forEachLane(lanes, [&](unsigned lane) { destination[lane] = function(a[lane]); });
}

/// Calls `function` with a value of the C++ type of an integer type; Error for others.
template <typename F> void withInteger(Type type, F &&function) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return function(uint16_t());
  case Type::S16:
    return function(int16_t());
  case Type::U32:
  case Type::B32:
    return function(uint32_t());
  case Type::S32:
    return function(int32_t());
  case Type::U64:
  case Type::B64:
    return function(uint64_t());
  case Type::S64:
    return function(int64_t());
  default:
    throw Error("not supported with this type");
  }
}

/// The type that the last modifier names; Error if it names none.
inline Type lastType(const Statement &statement) {
  Type type = typeNamed(statement.opcode.back());
  if (type == Type::None)
    throw Error("no type '" + statement.opcode.back() + "'");
  return type;
}

inline void expectOperands(const Statement &statement, size_t least, size_t most) {
  if (statement.operands.size() < least || statement.operands.size() > most)
    throw Error("wrong number of operands");
}

/// Destination and up to three sources of `bytes` each, in the order of the operands.
inline void decodeOperands(Decoder &decoder, const Statement &statement, Instruction &instruction, unsigned bytes,
                           unsigned sources) {
  expectOperands(statement, sources + 1, sources + 1);
  RegisterOffset *offsets[] = {&instruction.a, &instruction.b, &instruction.c};
  for (unsigned i = 0; i < sources; ++i)
    *offsets[i] = decoder.read(statement.operands[i + 1], bytes);
  instruction.destination = decoder.write(statement.operands[0], bytes);
}

} // namespace fake_cuda
