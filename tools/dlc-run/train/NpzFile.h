// SPDX-License-Identifier: Apache-2.0
/// \file
/// NumPy's .npz files: zip archives of .npy files.
#ifndef DLC_TOOLS_DLC_RUN_TRAIN_NPZFILE_H
#define DLC_TOOLS_DLC_RUN_TRAIN_NPZFILE_H

#include "tools/dlc-run/Array.h"

namespace dlcrun {

/// The names of an archive's arrays.
std::vector<std::string> listNpz(const std::string &path);

/// Reads the array called `name`. Throws Failure with the file's name.
Array readNpz(const std::string &path, const std::string &name);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_TRAIN_NPZFILE_H
