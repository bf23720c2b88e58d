// SPDX-License-Identifier: Apache-2.0
/// \file
/// A check that comes before stb_image reads a JPEG file.
#ifndef DLC_DATA_JPEGTABLES_H
#define DLC_DATA_JPEGTABLES_H

#include <string_view>

namespace dlc::data {

/// Whether some Huffman table of the JPEG file `bytes` has more than 256 codes. No such table is valid (ITU T.81,
/// B.2.4.2), and stb_image before version 2.28, Debian 12's, writes the codes beyond its memory. False for other files.
bool hasOversizedHuffmanTable(std::string_view bytes);

} // namespace dlc::data

#endif // DLC_DATA_JPEGTABLES_H
