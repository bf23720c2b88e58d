// SPDX-License-Identifier: Apache-2.0
/// \file
/// Object files of programs and of runtimes on disk, found by what they were compiled from.
#ifndef DLC_TOOLS_DRIVER_OBJECTCACHE_H
#define DLC_TOOLS_DRIVER_OBJECTCACHE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace dlc {

/// A folder with one file an object, beside the kernels' cache. Nothing here fails: without a usable folder nothing is
/// found and nothing is kept.
class ObjectCache {
public:
  /// `directory` empty: keeps nothing.
  explicit ObjectCache(llvm::StringRef directory);

  /// Null if there is none, or if it is damaged.
  std::unique_ptr<llvm::MemoryBuffer> find(llvm::StringRef key) const;
  void insert(llvm::StringRef key, llvm::StringRef object) const;
  /// The object under the key that `getKey` computes, or what `make` makes, which is kept then.
  llvm::Expected<std::string> findOrMake(llvm::function_ref<std::string()> getKey,
                                         llvm::function_ref<llvm::Expected<std::string>()> make) const;

private:
  std::string getPath(llvm::StringRef key) const;
  std::string directory;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_OBJECTCACHE_H
