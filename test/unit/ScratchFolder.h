// SPDX-License-Identifier: Apache-2.0
/// \file
/// A folder for a test's files.
#ifndef DLC_TEST_UNIT_SCRATCHFOLDER_H
#define DLC_TEST_UNIT_SCRATCHFOLDER_H

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

/// Removed with all that is in it.
class ScratchFolder {
public:
  ScratchFolder() {
    std::string name = std::filesystem::temp_directory_path() / "dlc-data-XXXXXX";
    if (!mkdtemp(name.data()))
      throw std::system_error(errno, std::generic_category(), name);
    path = name;
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }

  /// Writes a file; returns its path.
  std::string write(const std::string &name, const std::string &content) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << content;
    return path / name;
  }

  std::filesystem::path path;
};

/// What `call` fails with; empty if it does not.
template <typename Call> std::string failureOf(Call &&call) {
  try {
    call();
  } catch (const std::exception &failure) {
    return failure.what();
  }
  return "";
}

#endif // DLC_TEST_UNIT_SCRATCHFOLDER_H
