// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiled kernels on disk, found by what they were compiled from.
#ifndef DLC_BACKENDS_HALIDE_KERNELCACHE_H
#define DLC_BACKENDS_HALIDE_KERNELCACHE_H

#include "backends/halide/CompiledKernel.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace dlc::halide {

/// A folder with one file per kernel. Entries carry a hash of their contents, so that a damaged one counts as missing;
/// they are written to a temporary file and renamed, so that several compilers may share the folder. Nothing here
/// fails: without a usable folder nothing is found and nothing is kept.
class KernelCache {
public:
  explicit KernelCache(llvm::StringRef directory);

  /// `key` is everything that the code depends on, as a string.
  std::optional<CompiledKernel> find(llvm::StringRef key) const;
  void insert(llvm::StringRef key, const CompiledKernel &kernel) const;

private:
  std::string getPath(llvm::StringRef key) const;
  std::string directory;
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_KERNELCACHE_H
