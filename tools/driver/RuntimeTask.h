// SPDX-License-Identifier: Apache-2.0
/// \file
/// The runtime's part of a library, compiled while the program is.
#ifndef DLC_TOOLS_DRIVER_RUNTIMETASK_H
#define DLC_TOOLS_DRIVER_RUNTIMETASK_H

#include "backends/llvm/RuntimeObject.h"
#include "tools/driver/ObjectCache.h"
#include <future>
#include <optional>

namespace dlc {

/// An object file of the runtime's functions that are needed, from the cache or compiled in a thread of its own.
class RuntimeTask {
public:
  /// `runtime` knows of nothing that is needed yet.
  RuntimeTask(const RuntimePart &runtime, const ObjectCache &cache, llvm::StringRef compiler)
      : needed(runtime), cache(cache), compiler(compiler) {}
  RuntimeTask(const RuntimeTask &) = delete;
  RuntimeTask &operator=(const RuntimeTask &) = delete;

  /// Begins to compile what `kernels`, object files, refer to and `program` declares, unless it has begun or the cache
  /// has it.
  llvm::Error start(llvm::ArrayRef<llvm::StringRef> kernels, const llvm::Module &program);

  /// Waits for the object file of exactly what `users`, object files, refer to. Compiles another one if the task was
  /// not started or has compiled something else: the bytes do not depend on when it was started.
  llvm::Expected<std::string> finish(llvm::ArrayRef<llvm::StringRef> users);

private:
  RuntimePart needed; ///< in the end
  const ObjectCache &cache;
  std::string compiler;
  std::optional<RuntimePart> started;
  std::future<llvm::Expected<std::string>> object; ///< of what was started; its destructor waits
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_RUNTIMETASK_H
