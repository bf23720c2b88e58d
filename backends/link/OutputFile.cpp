// SPDX-License-Identifier: Apache-2.0
#include "backends/link/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <random>

using namespace dlc;

/// A name that nobody can guess: in a folder that others may write to, nobody has put a file or a link of it.
static std::string makeTemporaryPath(llvm::StringRef path) {
  std::random_device device;
  uint64_t number = static_cast<uint64_t>(device()) << 32 | device();
  return (path + ".tmp" + llvm::Twine(llvm::utohexstr(number, /*LowerCase=*/true, /*Width=*/16))).str();
}

/// Lets signals that end the program remove the file, but not those that it was started to ignore (by nohup, or by a
/// shell in the background): LLVM takes all of them.
static void removeOnSignal(llvm::StringRef path) {
  constexpr int endings[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR2};
  llvm::SmallVector<int> ignored;
  for (int signal : endings) {
    struct sigaction before;
    if (!sigaction(signal, nullptr, &before) && before.sa_handler == SIG_IGN)
      ignored.push_back(signal);
  }
  llvm::sys::RemoveFileOnSignal(path);
  for (int signal : ignored)
    std::signal(signal, SIG_IGN);
}

OutputFile::OutputFile(llvm::StringRef path) : path(path.str()) {
  int file = -1;
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporaryPath = makeTemporaryPath(path);
    removeOnSignal(temporaryPath);
    creation = llvm::sys::fs::openFileForWrite(temporaryPath, file, llvm::sys::fs::CD_CreateNew);
    if (!creation) {
      llvm::sys::fs::file_t handle = llvm::sys::fs::convertFDToNativeFile(file);
      creation = llvm::sys::fs::closeFile(handle);
      isOurs = true;
      return;
    }
    // Another's file of this name is not ours to remove.
    llvm::sys::DontRemoveFileOnSignal(temporaryPath);
    if (creation != std::errc::file_exists)
      return;
  }
}

OutputFile::~OutputFile() {
  if (!isOurs)
    return;
  (void)llvm::sys::fs::remove(temporaryPath);
  llvm::sys::DontRemoveFileOnSignal(temporaryPath);
}

mlir::LogicalResult OutputFile::write(llvm::StringRef content, std::string &error) {
  std::error_code code = creation;
  if (!code) {
    llvm::raw_fd_ostream stream(temporaryPath, code, llvm::sys::fs::CD_OpenExisting);
    stream << content;
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (!code)
    return mlir::success();
  error = "cannot write '" + path + "': " + code.message();
  return mlir::failure();
}

mlir::LogicalResult OutputFile::keep(std::string &error) {
  if (std::error_code code = creation ? creation : llvm::sys::fs::rename(temporaryPath, path)) {
    error = "cannot write '" + path + "': " + code.message();
    return mlir::failure();
  }
  return mlir::success();
}
