// SPDX-License-Identifier: Apache-2.0
/// \file
/// IDX files, the format of MNIST: http://yann.lecun.com/exdb/mnist. Two zero bytes, a type, a number of dimensions,
/// the extents and the elements, all big-endian.
#ifndef DLC_DATA_IDXFILE_H
#define DLC_DATA_IDXFILE_H

#include "data/Array.h"

namespace dlc::data {

/// Whether the file's first bytes are those of an IDX file, possibly compressed by gzip.
bool isIdx(const std::string &path);

/// Reads it, compressed by gzip or not. Throws Failure with the file's name.
Array readIdx(const std::string &path);

} // namespace dlc::data

#endif // DLC_DATA_IDXFILE_H
