// SPDX-License-Identifier: Apache-2.0
/// \file
/// How messages name the options of the program that reads data or trains.
#ifndef DLC_DATA_OPTIONNAMES_H
#define DLC_DATA_OPTIONNAMES_H

#include <algorithm>
#include <string>

namespace dlc::data {

/// Writes the names of options as users of the program write them: on a command line, the default, "--validation-split"
/// for "validation-split"; with {"", '_'}, for arguments of a function, "validation_split".
struct OptionNames {
  std::string prefix = "--";
  char separator = '-';

  std::string operator()(std::string name) const {
    std::replace(name.begin(), name.end(), '-', separator);
    return prefix + name;
  }
};

} // namespace dlc::data

#endif // DLC_DATA_OPTIONNAMES_H
