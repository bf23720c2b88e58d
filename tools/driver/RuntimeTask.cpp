// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/RuntimeTask.h"

using namespace dlc;

llvm::Error RuntimeTask::start(llvm::ArrayRef<llvm::StringRef> kernels, const llvm::Module &program) {
  if (started)
    return llvm::Error::success();
  started.emplace(needed);
  if (llvm::Error error = started->addNeeded(kernels))
    return error;
  if (llvm::Error error = started->addDeclared(program))
    return error;
  // Files are the main thread's: how signals remove them is not made for several.
  if (!cache.find(started->getKey(compiler)))
    object = std::async(std::launch::async, [this] { return started->emitObject(); });
  return llvm::Error::success();
}

llvm::Expected<std::string> RuntimeTask::finish(llvm::ArrayRef<llvm::StringRef> users) {
  if (llvm::Error error = needed.addNeeded(users))
    return error;
  std::string key = needed.getKey(compiler);
  if (object.valid() && started->getKey(compiler) != key)
    llvm::consumeError(object.get().takeError());
  return cache.findOrMake([&] { return key; }, [&] { return object.valid() ? object.get() : needed.emitObject(); });
}
