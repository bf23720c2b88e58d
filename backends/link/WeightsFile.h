// SPDX-License-Identifier: Apache-2.0
/// \file
/// The model's constants on their way into an object file or a file of their own.
#ifndef DLC_BACKENDS_LINK_WEIGHTSFILE_H
#define DLC_BACKENDS_LINK_WEIGHTSFILE_H

#include "backends/Target.h"
#include "ir/DlcDialect.h"

namespace dlc {
class WeightsOp;

/// Whether the memory of a value may be released once it is written.
enum class WeightsMemory {
  Keep,
  Release ///< the module must not be used for its weights afterwards
};

/// Writes an ELF relocatable for `target` with one read-only section, 64-byte aligned, that holds the block of
/// `weights` under the hidden symbol `symbol`. The block is streamed: beside the values themselves no memory is needed.
/// Above 2 GB, which code in the same library could not span, it fails and recommends a file of its own.
mlir::LogicalResult writeWeightsObject(WeightsOp weights, const Target &target, llvm::StringRef symbol,
                                       llvm::StringRef path, WeightsMemory memory);

/// Writes the block of `weights` as a sidecar: the bytes, then DLC_WEIGHTS_MAGIC, then their FNV-1a 64 hash, which
/// `hash` gets.
mlir::LogicalResult writeWeightsSidecar(WeightsOp weights, llvm::StringRef path, WeightsMemory memory, uint64_t &hash);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_WEIGHTSFILE_H
