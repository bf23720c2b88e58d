// SPDX-License-Identifier: Apache-2.0
#include "data/IdxFile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <zlib.h>

using namespace dlc::data;

namespace {

using Stream = std::unique_ptr<gzFile_s, int (*)(gzFile)>;

Stream openStream(const std::string &path) { return Stream(gzopen(path.c_str(), "rb"), gzclose); }

dlc_uint32 elementTypeOf(unsigned char code) {
  switch (code) {
  case 0x08:
    return DLC_U8;
  case 0x09:
    return DLC_I8;
  case 0x0b:
    return DLC_I16;
  case 0x0c:
    return DLC_I32;
  case 0x0d:
    return DLC_F32;
  case 0x0e:
    return DLC_F64;
  default:
    return 0;
  }
}

/// Fails if the file cannot hold a tensor of this shape, so that no memory is allocated for what it merely claims.
void checkSize(const std::string &path, dlc_uint32 type, const std::vector<dlc_int64> &shape) {
  constexpr dlc_uint64 mostPacked = 1032; // bytes that deflate expands one to
  std::error_code error;
  dlc_uint64 available = std::filesystem::file_size(path, error), needed = dlc_element_bytes(type);
  if (error)
    return; // a pipe has no size
  bool isTooLong = false;
  for (dlc_int64 extent : shape)
    isTooLong |= __builtin_mul_overflow(needed, static_cast<dlc_uint64>(extent), &needed);
  if (isTooLong || needed / mostPacked > available)
    throw Failure("'" + path + "' is truncated: its shape " + describeShape(shape) + " needs more bytes than it has");
}

} // namespace

bool dlc::data::isIdx(const std::string &path) {
  Stream stream = openStream(path);
  unsigned char magic[4];
  return stream && gzread(stream.get(), magic, 4) == 4 && !magic[0] && !magic[1] && elementTypeOf(magic[2]) && magic[3];
}

Array dlc::data::readIdx(const std::string &path) {
  Stream stream = openStream(path);
  if (!stream)
    throw Failure("cannot read '" + path + "': " + std::strerror(errno));
  auto take = [&](unsigned char *to, size_t bytes) {
    while (bytes) {
      int got = gzread(stream.get(), to, static_cast<unsigned>(std::min<size_t>(bytes, 1 << 30)));
      if (got <= 0)
        throw Failure("'" + path + "' is truncated or broken");
      to += got;
      bytes -= static_cast<size_t>(got);
    }
  };
  unsigned char magic[4], extent[4];
  take(magic, 4);
  dlc_uint32 type = elementTypeOf(magic[2]);
  if (magic[0] || magic[1] || !type || !magic[3])
    throw Failure("'" + path + "' is not an IDX file");
  std::vector<dlc_int64> shape;
  for (int d = 0; d < magic[3]; ++d) {
    take(extent, 4);
    shape.push_back(static_cast<dlc_int64>(extent[0]) << 24 | extent[1] << 16 | extent[2] << 8 | extent[3]);
  }
  checkSize(path, type, shape);
  Array array(type, shape);
  take(array.data(), array.bytes());
  unsigned char rest;
  if (gzread(stream.get(), &rest, 1) != 0)
    throw Failure("'" + path + "' is longer than its shape " + describeShape(shape) + " says");
  size_t width = dlc_element_bytes(type);
  for (size_t i = 0; width > 1 && i < array.count(); ++i)
    std::reverse(array.data() + i * width, array.data() + (i + 1) * width);
  return array;
}
