// SPDX-License-Identifier: Apache-2.0
/// \file
/// NumPy's .npy files: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#ifndef DLC_DATA_NPYFILE_H
#define DLC_DATA_NPYFILE_H

#include "data/Array.h"

#include <istream>

namespace dlc::data {

/// Reads versions 1 to 3, either byte order, C and Fortran order. Where the model wants a type that NumPy lacks (bf16),
/// an array of unsigned integers of the same width is taken bit for bit. Throws Failure with the file's name in the
/// message.
Array readNpy(const std::string &path, dlc_uint32 wantedType);

/// The same from a stream that can be searched; `path` is what messages call it.
Array readNpy(std::istream &file, const std::string &path, dlc_uint32 wantedType);

/// Writes version 1, C order; bf16 as u16.
void writeNpy(const std::string &path, const Array &array);

} // namespace dlc::data

#endif // DLC_DATA_NPYFILE_H
