// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ObjectCache.h"
#include "backends/link/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace dlc;

ObjectCache::ObjectCache(llvm::StringRef folder) {
  if (folder.empty())
    return;
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, "objects");
  directory = path.str().str();
}

std::string ObjectCache::getPath(llvm::StringRef key) const {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, key + ".o");
  return path.str().str();
}

/// Precedes the object: an entry that a full disk or a crash damaged is recognized by it.
static std::string checksum(llvm::StringRef object) {
  auto digest = llvm::BLAKE3::hash<16>(llvm::arrayRefFromStringRef(object));
  return std::string(digest.begin(), digest.end());
}

std::unique_ptr<llvm::MemoryBuffer> ObjectCache::find(llvm::StringRef key) const {
  if (directory.empty())
    return nullptr;
  auto file = llvm::MemoryBuffer::getFile(getPath(key), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file || (*file)->getBufferSize() < 16)
    return nullptr;
  llvm::StringRef content = (*file)->getBuffer();
  if (content.take_front(16) != checksum(content.drop_front(16)))
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(content.drop_front(16), key);
}

void ObjectCache::insert(llvm::StringRef key, llvm::StringRef object) const {
  if (directory.empty() || llvm::sys::fs::create_directories(directory))
    return;
  OutputFile file(getPath(key));
  std::string error;
  if (mlir::succeeded(file.write(checksum(object) + object.str(), error)))
    (void)mlir::succeeded(file.keep(error));
}

llvm::Expected<std::string> ObjectCache::findOrMake(llvm::function_ref<std::string()> getKey,
                                                    llvm::function_ref<llvm::Expected<std::string>()> make) const {
  if (directory.empty())
    return make();
  std::string key = getKey();
  if (auto cached = find(key))
    return cached->getBuffer().str();
  llvm::Expected<std::string> object = make();
  if (object)
    insert(key, *object);
  return object;
}
