// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelCache.h"
#include "backends/link/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include <cstdlib>

namespace dlc::halide {

/// Starts every entry, followed by the SHA-256 of the rest: the kernel.
constexpr llvm::StringLiteral magic = "dlc-kernel-2\n";
constexpr size_t hashBytes = 32;

static std::string hash(llvm::StringRef bytes) {
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  return std::string(digest.begin(), digest.end());
}

std::string getDefaultCacheDirectory() {
  llvm::SmallString<128> path;
  if (const char *base = std::getenv("XDG_CACHE_HOME"); base && *base)
    path = base;
  else if (const char *home = std::getenv("HOME"); home && *home)
    llvm::sys::path::append(path, home, ".cache");
  else
    return {};
  llvm::sys::path::append(path, "dlc");
  return std::string(path);
}

KernelCache::KernelCache(llvm::StringRef directory) : directory(directory) {
  if (!this->directory.empty() && llvm::sys::fs::create_directories(this->directory))
    this->directory.clear();
}

std::string KernelCache::getPath(llvm::StringRef key) const {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, llvm::toHex(hash(key), /*LowerCase=*/true) + ".kernel");
  return std::string(path);
}

std::optional<CompiledKernel> KernelCache::find(llvm::StringRef key) const {
  if (directory.empty())
    return std::nullopt;
  auto file = llvm::MemoryBuffer::getFile(getPath(key), /*IsText=*/false, /*RequiresNullTerminator=*/false,
                                          /*IsVolatile=*/true);
  if (!file)
    return std::nullopt;
  llvm::StringRef bytes = (*file)->getBuffer();
  if (!bytes.consume_front(magic) || bytes.size() < hashBytes)
    return std::nullopt;
  llvm::StringRef expected = bytes.take_front(hashBytes), contents = bytes.drop_front(hashBytes);
  if (hash(contents) != expected)
    return std::nullopt;
  return CompiledKernel::deserialize(contents);
}

void KernelCache::insert(llvm::StringRef key, const CompiledKernel &kernel) const {
  if (directory.empty())
    return;
  std::string contents = kernel.serialize();
  OutputFile file(getPath(key));
  std::string error;
  if (mlir::succeeded(file.write(magic.str() + hash(contents) + contents, error)))
    (void)mlir::succeeded(file.keep(error));
}

} // namespace dlc::halide
