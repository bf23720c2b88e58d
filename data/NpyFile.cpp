// SPDX-License-Identifier: Apache-2.0
#include "data/NpyFile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

using namespace dlc::data;

namespace {

/// The header is a Python dictionary literal with three known keys.
class HeaderParser {
public:
  HeaderParser(const std::string &text, const std::string &path) : text(text), path(path) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      std::string key = quoted();
      expect(':');
      if (key == "descr")
        descr = quoted();
      else if (key == "fortran_order")
        isFortran = boolean();
      else if (key == "shape")
        parseShape();
      else
        fail("unknown key '" + key + "' in the header");
      if (!accept(','))
        break;
    }
    if (descr.empty() || !hasShape)
      fail("the header lacks 'descr' or 'shape'");
  }

  std::string descr;
  bool isFortran = false;
  std::vector<dlc_int64> shape;

private:
  [[noreturn]] void fail(const std::string &what) const { throw Failure("'" + path + "' is not a .npy file: " + what); }

  void skipBlanks() {
    while (next < text.size() && std::strchr(" \t\r\n", text[next]))
      ++next;
  }
  bool accept(char c) {
    skipBlanks();
    if (next >= text.size() || text[next] != c)
      return false;
    ++next;
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      fail(std::string("expected '") + c + "' in the header");
  }
  std::string quoted() {
    skipBlanks();
    char quote = next < text.size() ? text[next] : 0;
    if (quote == '[')
      throw Failure("'" + path + "' holds records, not a tensor of numbers");
    size_t end = quote == '\'' || quote == '"' ? text.find(quote, next + 1) : std::string::npos;
    if (end == std::string::npos)
      fail("expected a quoted string in the header");
    std::string value = text.substr(next + 1, end - next - 1);
    next = end + 1;
    return value;
  }
  bool boolean() {
    skipBlanks();
    for (bool value : {false, true}) {
      const char *word = value ? "True" : "False";
      if (!text.compare(next, std::strlen(word), word)) {
        next += std::strlen(word);
        return value;
      }
    }
    fail("expected True or False in the header");
  }
  void parseShape() {
    hasShape = true;
    expect('(');
    while (!accept(')')) {
      skipBlanks();
      dlc_int64 extent = 0;
      size_t start = next;
      for (; next < text.size() && text[next] >= '0' && text[next] <= '9'; ++next)
        if (__builtin_mul_overflow(extent, dlc_int64(10), &extent) ||
            __builtin_add_overflow(extent, dlc_int64(text[next] - '0'), &extent))
          fail("an extent does not fit 64 bits");
      if (next == start)
        fail("expected an extent in the header");
      accept('L'); // Python 2 wrote long integers so
      shape.push_back(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    if (shape.size() > 64)
      fail("more than 64 dimensions");
  }

  const std::string &text;
  const std::string &path;
  size_t next = 0;
  bool hasShape = false;
};

/// The element type of a NumPy type string without its byte order; 0 if there is none.
dlc_uint32 elementTypeOf(const std::string &kind) {
  static const struct {
    const char *kind;
    dlc_uint32 type;
  } types[] = {{"i1", DLC_I8},  {"i2", DLC_I16}, {"i4", DLC_I32}, {"i8", DLC_I64}, {"u1", DLC_U8},  {"u2", DLC_U16},
               {"u4", DLC_U32}, {"u8", DLC_U64}, {"f2", DLC_F16}, {"f4", DLC_F32}, {"f8", DLC_F64}, {"b1", DLC_BOOL}};
  for (const auto &candidate : types)
    if (kind == candidate.kind)
      return candidate.type;
  return 0;
}

/// Whether an element of `type` takes one byte, which NumPy has no name for.
bool isByteOfBits(dlc_uint32 type) {
  return dlc_element_bytes(type) == 1 && type != DLC_I8 && type != DLC_U8 && type != DLC_BOOL;
}

void swapBytes(Array &array) {
  size_t width = dlc_element_bytes(array.elementType());
  for (size_t i = 0; i < array.count(); ++i)
    std::reverse(array.data() + i * width, array.data() + (i + 1) * width);
}

/// The same elements in row-major order, from an array whose memory is in column-major order.
Array fromFortranOrder(const Array &from) {
  Array to(from.elementType(), from.shape());
  size_t width = dlc_element_bytes(from.elementType()), rank = from.shape().size();
  std::vector<dlc_int64> index(rank, 0), stride(rank, 1);
  for (size_t d = 1; d < rank; ++d)
    stride[d] = stride[d - 1] * from.shape()[d - 1];
  size_t source = 0;
  for (size_t i = 0; i < to.count(); ++i) {
    std::memcpy(to.data() + i * width, from.data() + source * width, width);
    for (size_t d = rank; d-- > 0;) {
      source += stride[d];
      if (++index[d] < from.shape()[d])
        break;
      source -= stride[d] * index[d];
      index[d] = 0;
    }
  }
  return to;
}

} // namespace

Array dlc::data::readNpy(const std::string &path, dlc_uint32 wantedType) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Failure("cannot read '" + path + "': " + std::strerror(errno));
  return readNpy(file, path, wantedType);
}

Array dlc::data::readNpy(std::istream &file, const std::string &path, dlc_uint32 wantedType) {
  unsigned char prefix[12] = {};
  file.read(reinterpret_cast<char *>(prefix), 10);
  if (!file || std::memcmp(prefix, "\x93NUMPY", 6) != 0)
    throw Failure("'" + path + "' is not a .npy file");
  size_t headerBytes = prefix[8] | prefix[9] << 8;
  if (prefix[6] > 1) {
    file.read(reinterpret_cast<char *>(prefix) + 10, 2);
    headerBytes |= static_cast<size_t>(prefix[10]) << 16 | static_cast<size_t>(prefix[11]) << 24;
  }
  if (!file || prefix[6] < 1 || prefix[6] > 3 || headerBytes > 1 << 20)
    throw Failure("'" + path + "' is not a .npy file of version 1, 2 or 3");
  std::string header(headerBytes, ' ');
  file.read(header.data(), static_cast<std::streamsize>(headerBytes));
  if (!file)
    throw Failure("'" + path + "' ends within its header");
  HeaderParser parsed(header, path);
  parsed.parse();

  char order = std::strchr("<>|=", parsed.descr[0]) ? parsed.descr[0] : '=';
  std::string kind = parsed.descr.substr(std::strchr("<>|=", parsed.descr[0]) ? 1 : 0);
  dlc_uint32 type = elementTypeOf(kind);
  // Libraries that add bf16 to NumPy save it as two bytes of no type.
  if (wantedType == DLC_BF16 && (kind == "u2" || kind == "V2" || kind == "bfloat16"))
    type = DLC_BF16;
  // So do they save what takes a byte.
  if (isByteOfBits(wantedType) && (kind == "u1" || kind == "V1" || (kind == "i1" && wantedType < DLC_U2)))
    type = wantedType;
  if (!type)
    throw Failure("'" + path + "' holds elements of NumPy type '" + parsed.descr + "', which no model takes");

  // The file's own length bounds what is allocated for it.
  auto start = file.tellg();
  file.seekg(0, std::ios::end);
  auto available = static_cast<dlc_uint64>(file.tellg() - start);
  file.seekg(start);
  dlc_uint64 needed = dlc_element_bytes(type);
  bool isTooLong = false;
  for (dlc_int64 extent : parsed.shape)
    isTooLong |= __builtin_mul_overflow(needed, static_cast<dlc_uint64>(extent), &needed);
  if (isTooLong || needed > available)
    throw Failure("'" + path + "' is truncated: its shape " + describeShape(parsed.shape) +
                  " needs more bytes than it has");
  Array array(type, parsed.shape);
  file.read(reinterpret_cast<char *>(array.data()), static_cast<std::streamsize>(array.bytes()));
  if (!file)
    throw Failure("cannot read '" + path + "'");
  if (order == '>')
    swapBytes(array);
  return parsed.isFortran && parsed.shape.size() > 1 ? fromFortranOrder(array) : std::move(array);
}

void dlc::data::writeNpy(const std::string &path, const Array &array) {
  static const struct {
    dlc_uint32 type;
    const char *descr;
  } descriptions[] = {{DLC_I8, "|i1"},  {DLC_I16, "<i2"},  {DLC_I32, "<i4"}, {DLC_I64, "<i8"}, {DLC_U8, "|u1"},
                      {DLC_U16, "<u2"}, {DLC_U32, "<u4"},  {DLC_U64, "<u8"}, {DLC_F16, "<f2"}, {DLC_F32, "<f4"},
                      {DLC_F64, "<f8"}, {DLC_BF16, "<u2"}, {DLC_BOOL, "|b1"}};
  const char *descr = isByteOfBits(array.elementType()) ? "|u1" : "<f4";
  for (const auto &candidate : descriptions)
    if (candidate.type == array.elementType())
      descr = candidate.descr;
  std::string shape = "(";
  for (dlc_int64 extent : array.shape())
    shape += std::to_string(extent) + (array.shape().size() == 1 ? "," : ", ");
  if (array.shape().size() > 1)
    shape.resize(shape.size() - 2);
  std::string header = std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  const char prefix[10] = {'\x93',
                           'N',
                           'U',
                           'M',
                           'P',
                           'Y',
                           1,
                           0,
                           static_cast<char>(header.size() & 0xff),
                           static_cast<char>(header.size() >> 8)};
  file.write(prefix, sizeof prefix);
  file << header;
  file.write(reinterpret_cast<const char *>(array.data()), static_cast<std::streamsize>(array.bytes()));
  file.close();
  if (!file)
    throw Failure("cannot write '" + path + "': " + std::strerror(errno));
}
