// SPDX-License-Identifier: Apache-2.0
// The types of PTX operands.
#pragma once
#include <cstdint>
#include <string_view>

namespace fake_cuda {

enum class Type : uint8_t {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F64,
  E4M3x2,
  E5M2x2,
};

/// The type that a modifier such as `f32` names, or None.
Type typeNamed(std::string_view name);

/// Size in memory and in a register; Pred has none.
unsigned bytesOf(Type type);

inline bool isSigned(Type type) { return type >= Type::S8 && type <= Type::S64; }
inline bool isInteger(Type type) { return type >= Type::B8 && type <= Type::S64 && type != Type::B128; }

} // namespace fake_cuda
