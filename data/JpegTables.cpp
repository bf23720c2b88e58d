// SPDX-License-Identifier: Apache-2.0
#include "data/JpegTables.h"

#include <algorithm>
#include <cstddef>

using namespace dlc::data;

namespace {

constexpr unsigned huffmanTables = 0xc4, startOfImage = 0xd8, endOfImage = 0xd9, firstRestart = 0xd0,
                   lastRestart = 0xd7;

unsigned byteAt(std::string_view bytes, size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

/// Markers without a segment; 0 is a byte 0xff of coded data.
bool isAlone(unsigned marker) {
  return marker <= 1 || marker == startOfImage || (marker >= firstRestart && marker <= lastRestart);
}

/// Whether one of the tables at the start of `bytes`, of which `length` bytes belong to the segment, is too large. A
/// table is a byte of class and number, 16 counts of codes by their length, and the codes' values; the last one may end
/// behind the segment, as stb_image reads it.
bool isOversized(std::string_view bytes, size_t length) {
  constexpr size_t lengths = 16, mostCodes = 256;
  for (size_t used = 0; used < length && !bytes.empty();) {
    size_t codes = 0;
    for (size_t i = 1; i <= lengths; ++i)
      codes += byteAt(bytes, i);
    if (codes > mostCodes)
      return true;
    used += 1 + lengths + codes;
    bytes.remove_prefix(std::min(bytes.size(), 1 + lengths + codes));
  }
  return false;
}

} // namespace

bool dlc::data::hasOversizedHuffmanTable(std::string_view bytes) {
  // Bytes 0xff may fill up to any marker, the first one too.
  if (byteAt(bytes, 0) != 0xff)
    return false;
  for (size_t at = 0; at < bytes.size();) {
    // The next marker: coded data before it are skipped.
    while (at < bytes.size() && byteAt(bytes, at) != 0xff)
      ++at;
    while (at < bytes.size() && byteAt(bytes, at) == 0xff)
      ++at;
    unsigned marker = byteAt(bytes, at++);
    if (marker == endOfImage)
      return false;
    if (isAlone(marker))
      continue;
    size_t length = byteAt(bytes, at) << 8 | byteAt(bytes, at + 1); // counts itself
    length = std::max<size_t>(length, 2);
    if (marker == huffmanTables && at + 2 < bytes.size() && isOversized(bytes.substr(at + 2), length - 2))
      return true;
    at += length;
  }
  return false;
}
