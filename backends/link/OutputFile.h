// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files that appear whole or not at all.
#ifndef DLC_BACKENDS_LINK_OUTPUTFILE_H
#define DLC_BACKENDS_LINK_OUTPUTFILE_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <system_error>

namespace dlc {

/// A file that is written under a temporary name in the same folder and gets its own name by `keep`. Unless kept,
/// nothing is left of it, be it for an error, an exception or a signal that a program can catch.
class OutputFile {
public:
  /// `path` is the final one. Creates the temporary file, empty and under a name that cannot be guessed; it is not an
  /// error yet if that fails.
  explicit OutputFile(llvm::StringRef path);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  const std::string &getPath() const { return path; }
  /// Where to write: in the same folder, so that `keep` is a rename.
  const std::string &getTemporaryPath() const { return temporaryPath; }

  /// Writes `content` to the temporary file. On failure `error` names the file and the reason.
  mlir::LogicalResult write(llvm::StringRef content, std::string &error);
  /// Renames the temporary file, which the caller has written and closed. On failure `error` says why.
  mlir::LogicalResult keep(std::string &error);

private:
  std::string path, temporaryPath;
  std::error_code creation; ///< why there is no temporary file
  bool isOurs = false;      ///< whether the temporary file is to be removed
};

} // namespace dlc

#endif // DLC_BACKENDS_LINK_OUTPUTFILE_H
