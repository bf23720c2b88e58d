// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/RuntimeTask.h"

using namespace dlc;

RuntimeTask::~RuntimeTask() {
  if (thread.joinable())
    thread.join();
}

bool RuntimeTask::findInCache() {
  auto cached = cache.find(runtime.getKey(compiler));
  if (cached)
    object = cached->getBuffer().str();
  return cached != nullptr;
}

void RuntimeTask::compile() {
  llvm::Expected<std::string> compiled = runtime.emitObject();
  if (compiled)
    object = std::move(*compiled);
  else
    problem = llvm::toString(compiled.takeError());
}

llvm::Error RuntimeTask::start(const llvm::Module &program) {
  if (isStarted)
    return llvm::Error::success();
  isStarted = true;
  if (llvm::Error error = runtime.addDeclared(program))
    return error;
  if (!findInCache())
    thread = std::thread([this] { compile(); });
  return llvm::Error::success();
}

llvm::Expected<std::string> RuntimeTask::finish(llvm::ArrayRef<llvm::StringRef> users) {
  bool isNew = thread.joinable();
  if (isNew)
    thread.join();
  size_t known = runtime.getNumNeeded();
  if (llvm::Error error = runtime.addNeeded(users))
    return error;
  if (!isStarted || runtime.getNumNeeded() != known) {
    problem.clear();
    isNew = !findInCache();
    if (isNew)
      compile();
  }
  if (!problem.empty())
    return llvm::createStringError(problem);
  if (isNew)
    cache.insert(runtime.getKey(compiler), object);
  return std::move(object);
}
