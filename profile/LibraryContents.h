// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a library consists of: its sizes, and its launches with the schedules of their kernels.
#ifndef DLC_PROFILE_LIBRARYCONTENTS_H
#define DLC_PROFILE_LIBRARYCONTENTS_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dlc::profile {

/// One launch, in the order of the program. Symbols of its kernel count as 1.
struct LaunchContents {
  std::string layer, kernel, kind, type;
  std::string schedules; ///< one for each instruction set, separated by "; "
  /// Numbers that nobody knows are NaN; `predictedSeconds` are of one core.
  double operations = 0, bytes = 0, predictedSeconds = 0;
};

struct LibraryContents {
  std::string path, model, compiler, target;
  /// Name and bytes: the file, the code and so on. Workspaces are those that symbols of 1 take; of a library for
  /// another architecture they are not known.
  std::vector<std::pair<std::string, uint64_t>> sizes;
  std::vector<LaunchContents> launches;

  /// Reads the library at `path`, which may be for another architecture. Throws Failure (or what dlc::Library throws)
  /// if it is not a library, or one of a dlc that said nothing of launches.
  static LibraryContents read(const std::string &path);
};

} // namespace dlc::profile

#endif // DLC_PROFILE_LIBRARYCONTENTS_H
