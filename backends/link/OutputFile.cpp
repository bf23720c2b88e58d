// SPDX-License-Identifier: Apache-2.0
#include "backends/link/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace dlc;

OutputFile::OutputFile(llvm::StringRef path)
    : path(path.str()), temporaryPath((path + ".tmp" + llvm::Twine(llvm::sys::Process::getProcessId())).str()) {
  llvm::sys::RemoveFileOnSignal(temporaryPath);
}

OutputFile::~OutputFile() {
  llvm::sys::fs::remove(temporaryPath);
  llvm::sys::DontRemoveFileOnSignal(temporaryPath);
}

mlir::LogicalResult OutputFile::write(llvm::StringRef content, std::string &error) {
  std::error_code code;
  llvm::raw_fd_ostream stream(temporaryPath, code);
  if (!code) {
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
  if (std::error_code code = llvm::sys::fs::rename(temporaryPath, path)) {
    error = "cannot write '" + path + "': " + code.message();
    return mlir::failure();
  }
  return mlir::success();
}
