// SPDX-License-Identifier: Apache-2.0
/// \file
/// The machines that kernels are compiled for: what they have, and how fast it is. One table, Machines.cpp, from which
/// code generation, schedules, cost models, the choice at load and docs/generated/targets.md follow.
#ifndef DLC_TARGETS_MACHINE_H
#define DLC_TARGETS_MACHINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc {

enum class Architecture { X86_64, AArch64 };

/// How long vector registers are.
enum class VectorKind {
  Fixed,   ///< `vectorBytes`
  Scalable ///< `vectorBytes` at least, in steps that a run finds out (SVE)
};

/// An instruction that adds `terms` products of narrow elements to each lane of a wider accumulator.
struct DotProduct {
  llvm::StringRef elements;     ///< of the factors: "u8 x i8", "bf16"
  llvm::StringRef accumulators; ///< "i32", "f32"
  int64_t terms;
};

/// A matrix unit: accumulators of rows x columns elements, to which a product of depth `terms` is added at a time.
struct MatrixTile {
  llvm::StringRef elements, accumulators;
  int64_t rows, columns, terms;
};

/// A level of the data cache, in bytes of which one core may make use.
struct Cache {
  int64_t bytes;
  int64_t ways;
  double bytesPerNanosecond; ///< that one core reads from it
};

/// A typical machine with a set of instructions. Throughputs are per cycle and of full vectors.
struct Machine {
  llvm::StringRef name;    ///< as in `--target` and `#dlc.schedule`
  llvm::StringRef summary; ///< for documents
  Architecture architecture = Architecture::X86_64;
  uint64_t features = 0; ///< `dlc_cpu_feature` bits that its kernels require, closed over what these require
  /// `native` and the portable target choose it by themselves; others are asked for by name.
  bool isDefault = true;
  llvm::StringRef halideTarget; ///< Halide's name

  VectorKind vectors = VectorKind::Fixed;
  int64_t vectorBytes = 16;
  int64_t registers = 16;
  llvm::SmallVector<DotProduct, 2> dotProducts;
  llvm::SmallVector<MatrixTile, 2> tiles;

  double multiplyAdds = 1;           ///< started per cycle
  double loads = 2;                  ///< of vectors or broadcast scalars
  int64_t latency = 4;               ///< of a multiply-add, in cycles
  bool broadcastsFromMemory = false; ///< a multiply-add takes a broadcast scalar as memory operand, without a register
  bool halvesAreAsFast = false;      ///< a cycle starts two multiply-adds of half vectors where it starts one

  Cache level1{32 << 10, 8, 300};
  Cache level2{512 << 10, 8, 120};
  Cache level3{8 << 20, 16, 40}; ///< what one core may count on
  double memoryBytesPerNanosecond = 12;

  /// Lanes of a vector of elements of `bytes` bytes.
  int64_t getLanes(int64_t bytes) const { return vectorBytes / (bytes < 4 ? 4 : bytes); }
};

/// All rows; those of an architecture by rising preference: a run takes the last one whose features it has.
llvm::ArrayRef<Machine> getMachines();

/// The row of this name; null if there is none.
const Machine *findMachine(llvm::StringRef name);

/// The default row that the machine with these features takes; null if it is none of ours.
const Machine *chooseMachine(Architecture architecture, uint64_t features);

/// The default rows of an architecture, by rising preference.
llvm::SmallVector<const Machine *> getPortableMachines(Architecture architecture);

} // namespace dlc

#endif // DLC_TARGETS_MACHINE_H
