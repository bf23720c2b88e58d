// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/RuntimeTask.h"

using namespace dlc;

RuntimeTask::~RuntimeTask() {
  if (thread.joinable())
    thread.join();
}

bool RuntimeTask::findInCache() {
  auto cached = cache.find(compiled->getKey(compiler));
  if (cached)
    object = cached->getBuffer().str();
  return cached != nullptr;
}

void RuntimeTask::compile() {
  llvm::Expected<std::string> code = compiled->emitObject();
  if (code)
    object = std::move(*code);
  else
    problem = llvm::toString(code.takeError());
}

llvm::Error RuntimeTask::start(llvm::ArrayRef<llvm::StringRef> kernels, const llvm::Module &program) {
  if (compiled)
    return llvm::Error::success();
  compiled.emplace(needed);
  if (llvm::Error error = compiled->addNeeded(kernels))
    return error;
  if (llvm::Error error = compiled->addDeclared(program))
    return error;
  if (!findInCache())
    thread = std::thread([this] { compile(); });
  return llvm::Error::success();
}

llvm::Expected<std::string> RuntimeTask::finish(llvm::ArrayRef<llvm::StringRef> users) {
  bool isNew = thread.joinable();
  if (isNew)
    thread.join();
  if (llvm::Error error = needed.addNeeded(users))
    return error;
  if (!compiled || compiled->getKey(compiler) != needed.getKey(compiler)) {
    compiled.emplace(needed);
    problem.clear();
    isNew = !findInCache();
    if (isNew)
      compile();
  }
  if (!problem.empty())
    return llvm::createStringError(problem);
  if (isNew)
    cache.insert(compiled->getKey(compiler), object);
  return std::move(object);
}
