// SPDX-License-Identifier: Apache-2.0
/// \file
/// The machines that kernels are compiled for: their features and throughputs. Code generation, schedules, cost models,
/// the selection at load time and docs/generated/targets.md all read one table, Machines.cpp.
#ifndef DLC_TARGETS_MACHINE_H
#define DLC_TARGETS_MACHINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc {

enum class Architecture { X86_64, AArch64 };

/// The length of vector registers.
enum class VectorKind {
  Fixed,   ///< `vectorBytes`
  Scalable ///< at least `vectorBytes`; the length is known at run time (SVE)
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

/// For which programs `native` and the portable target select a row.
enum class Selection {
  Always,
  IntegerProducts, ///< those that multiply integers of 8 bits, which it does several times as fast as rows before it
  ByName           ///< none: it is selected by name only
};

/// A level of the data cache, in bytes that one core may use.
struct Cache {
  int64_t bytes;
  int64_t ways;
  double bytesPerNanosecond; ///< that one core reads from it
};

/// A typical machine with an instruction set. Throughputs are per cycle and for full vectors.
struct Machine {
  llvm::StringRef name;    ///< as in `--target` and `#dlc.schedule`
  llvm::StringRef summary; ///< for documents
  Architecture architecture = Architecture::X86_64;
  uint64_t features = 0; ///< `dlc_cpu_feature` bits that its kernels require, and those that these require
  Selection selection = Selection::Always;
  llvm::StringRef halideTarget; ///< Halide's name

  VectorKind vectors = VectorKind::Fixed;
  int64_t vectorBytes = 16;
  int64_t registers = 16;
  llvm::SmallVector<DotProduct, 2> dotProducts;
  llvm::SmallVector<MatrixTile, 2> tiles;

  double gigahertz = 3.75;           ///< of a core that computes
  double multiplyAdds = 1;           ///< started per cycle
  double loads = 2;                  ///< of vectors or broadcast scalars
  int64_t latency = 4;               ///< of a multiply-add, in cycles
  bool broadcastsFromMemory = false; ///< a multiply-add takes a broadcast scalar as memory operand, without a register
  int64_t prefetchBytes = 0;         ///< how far ahead weights from memory are fetched; 0: not at all
  bool halvesAreAsFast = false;      ///< a cycle starts two multiply-adds of half vectors where it starts one

  Cache level1{32 << 10, 8, 300};
  Cache level2{512 << 10, 8, 120};
  Cache level3{8 << 20, 16, 40};        ///< the share of one core
  double memoryBytesPerNanosecond = 10; ///< that one core reads and writes

  /// Lanes of a vector of elements of `bytes` bytes.
  int64_t getLanes(int64_t bytes) const { return vectorBytes / (bytes < 4 ? 4 : bytes); }
};

/// All rows; those of an architecture in order of rising preference: a machine uses the last one whose features it has.
llvm::ArrayRef<Machine> getMachines();

/// The row of this name; null if there is none.
const Machine *findMachine(llvm::StringRef name);

/// The row for decisions that all versions of a library share: layouts, algorithms, ranges of threads.
const Machine &getReferenceMachine();

/// The row that a machine with these features uses for a program, one with integer products if `multipliesIntegers`;
/// null if dlc supports none of its instruction sets.
const Machine *chooseMachine(Architecture architecture, uint64_t features, bool multipliesIntegers = false);

/// The rows of an architecture for a program that is to run on any of its machines, in order of rising preference.
llvm::SmallVector<const Machine *> getPortableMachines(Architecture architecture, bool multipliesIntegers = false);

} // namespace dlc

#endif // DLC_TARGETS_MACHINE_H
