// SPDX-License-Identifier: Apache-2.0
/// \file
/// NumPy's .npz files: zip archives of .npy files.
#ifndef DLC_DATA_NPZFILE_H
#define DLC_DATA_NPZFILE_H

#include "data/Array.h"

namespace dlc::data {

/// The names of an archive's arrays.
std::vector<std::string> listNpz(const std::string &path);

/// Reads the array called `name`. Throws Failure with the file's name.
Array readNpz(const std::string &path, const std::string &name);

} // namespace dlc::data

#endif // DLC_DATA_NPZFILE_H
