// SPDX-License-Identifier: Apache-2.0
/// \file
/// The runtime's part of a library, compiled while the program is.
#ifndef DLC_TOOLS_DRIVER_RUNTIMETASK_H
#define DLC_TOOLS_DRIVER_RUNTIMETASK_H

#include "backends/llvm/RuntimeObject.h"
#include "tools/driver/ObjectCache.h"
#include <thread>

namespace dlc {

/// An object file of the runtime's functions that are needed. It is taken from the cache, or compiled beside what the
/// thread that made the task goes on with.
class RuntimeTask {
public:
  RuntimeTask(const RuntimePart &runtime, const ObjectCache &cache, llvm::StringRef compiler)
      : runtime(runtime), cache(cache), compiler(compiler) {}
  RuntimeTask(const RuntimeTask &) = delete;
  RuntimeTask &operator=(const RuntimeTask &) = delete;
  ~RuntimeTask();

  /// Begins to compile for what has been known to be needed and what `program` declares, unless it has begun or the
  /// cache has it.
  llvm::Error start(const llvm::Module &program);

  /// Waits for the object file. Compiles another one if `users`, object files, need more than was known when the task
  /// was started, or if it was not.
  llvm::Expected<std::string> finish(llvm::ArrayRef<llvm::StringRef> users);

private:
  bool findInCache();
  void compile();

  RuntimePart runtime;
  const ObjectCache &cache;
  std::string compiler;
  std::thread thread;
  bool isStarted = false;
  std::string object, problem;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_RUNTIMETASK_H
