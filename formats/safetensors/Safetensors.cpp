// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/Safetensors.h"
#include "formats/json/Document.h"
#include "ir/ConstantTable.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace dlc;
using json::JsonValue;
using json::Member;
using llvm::StringRef;

/// The format's own limit on its header.
static constexpr uint64_t maxHeaderBytes = 100'000'000;
/// No model has deeper tensors, and a library rejects them.
static constexpr size_t maxRank = 16;

Type dlc::getSafetensorsType(StringRef name, MLIRContext *context) {
  auto integer = [&](unsigned width, IntegerType::SignednessSemantics sign = IntegerType::Signless) -> Type {
    return IntegerType::get(context, width, sign);
  };
  return llvm::StringSwitch<Type>(name)
      .Case("F64", Float64Type::get(context))
      .Case("F32", Float32Type::get(context))
      .Case("F16", Float16Type::get(context))
      .Case("BF16", BFloat16Type::get(context))
      .Case("F8_E4M3", Float8E4M3FNType::get(context))
      .Case("F8_E5M2", Float8E5M2Type::get(context))
      .Case("I64", integer(64))
      .Case("I32", integer(32))
      .Case("I16", integer(16))
      .Case("I8", integer(8))
      .Case("U64", integer(64, IntegerType::Unsigned))
      .Case("U32", integer(32, IntegerType::Unsigned))
      .Case("U16", integer(16, IntegerType::Unsigned))
      .Case("U8", integer(8, IntegerType::Unsigned))
      .Case("BOOL", integer(1))
      .Default({});
}

const Safetensors::Tensor *Safetensors::find(StringRef name) const {
  auto it = tensors.find(name);
  return it == tensors.end() ? nullptr : &it->second;
}

llvm::SmallVector<StringRef> Safetensors::getNames() const {
  llvm::SmallVector<StringRef> names(tensors.keys());
  llvm::sort(names);
  return names;
}

StringRef Safetensors::getMetadata(StringRef key) const {
  auto found = metadata.find(key);
  return found == metadata.end() ? StringRef() : StringRef(found->second);
}

/// A list of integers that are not negative.
static std::optional<llvm::SmallVector<int64_t>> readIntegers(const JsonValue *value) {
  if (!value || !value->isList())
    return std::nullopt;
  llvm::SmallVector<int64_t> result;
  for (const JsonValue &element : value->elements) {
    if (element.kind != JsonValue::Kind::Integer || element.integer < 0)
      return std::nullopt;
    result.push_back(element.integer);
  }
  return result;
}

namespace {
/// Checks a header, member by member, and counts what is wrong.
class HeaderReader {
public:
  HeaderReader(StringRef path, StringRef data, MLIRContext *context)
      : location(FileLineColLoc::get(context, path, 0, 0)), data(data) {}

  void fail(const llvm::Twine &message) {
    emitError(location) << message;
    hasFailed = true;
  }

  void read(StringRef text, llvm::StringMap<Safetensors::Tensor> &tensors, llvm::StringMap<std::string> &metadata) {
    // Where bytes begin is what a header has no byte order mark for, which JSON would allow.
    if (text.starts_with("\xEF\xBB\xBF"))
      return fail("the header must begin with '{'");
    std::optional<JsonValue> header =
        json::parseDocument(text, [&](json::Position position, const std::string &message) {
          fail("header, byte " + llvm::Twine(8 + position.column) + ": " + message);
        });
    if (!header || hasFailed)
      return;
    if (!header->isObject())
      return fail("the header must be an object, got " + header->describe());
    for (const Member &member : header->members) {
      if (member.key == "__metadata__")
        readMetadata(member.value, metadata);
      else if (std::optional<Safetensors::Tensor> tensor = readTensor(member))
        tensors[member.key] = *tensor;
    }
    checkRanges();
  }

  bool hasFailed = false;

private:
  void readMetadata(const JsonValue &value, llvm::StringMap<std::string> &metadata) {
    bool isText =
        value.isObject() && llvm::all_of(value.members, [](const Member &entry) { return entry.value.isString(); });
    if (!isText)
      return fail("'__metadata__' must be an object of strings");
    for (const Member &entry : value.members)
      metadata[entry.key] = entry.value.string;
  }

  std::optional<Safetensors::Tensor> readTensor(const Member &member) {
    const JsonValue *dtype = member.value.find("dtype");
    auto shape = readIntegers(member.value.find("shape")), offsets = readIntegers(member.value.find("data_offsets"));
    auto reject = [&](const llvm::Twine &problem) {
      fail("tensor '" + member.key + "' " + problem);
      return std::nullopt;
    };
    if (!dtype || !dtype->isString() || !shape || !offsets || offsets->size() != 2)
      return reject("lacks a proper 'dtype', 'shape' or 'data_offsets'");
    if (member.value.members.size() > 3)
      return reject("has keys beside 'dtype', 'shape' and 'data_offsets'");
    Type elementType = getSafetensorsType(dtype->string, location.getContext());
    if (!elementType)
      return reject("has the unsupported type '" + dtype->string + "'");
    if (shape->size() > maxRank)
      return reject("has " + llvm::Twine(shape->size()) + " dimensions, more than " + llvm::Twine(maxRank));
    int64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin > end || static_cast<uint64_t>(end) > data.size())
      return reject("is at bytes " + llvm::Twine(begin) + " to " + llvm::Twine(end) + ", but the data has " +
                    llvm::Twine(data.size()) + " bytes");
    uint64_t bytes = (elementType.getIntOrFloatBitWidth() + 7) / 8;
    bool hasOverflowed = false, isAnyOverflowed = false;
    for (int64_t extent : *shape) {
      bytes = llvm::SaturatingMultiply<uint64_t>(bytes, static_cast<uint64_t>(extent), &hasOverflowed);
      isAnyOverflowed |= hasOverflowed;
    }
    if (isAnyOverflowed || bytes != static_cast<uint64_t>(end - begin)) {
      std::string extents;
      llvm::raw_string_ostream stream(extents);
      llvm::interleaveComma(*shape, stream);
      return reject("of shape [" + extents + "] and type " + dtype->string + " does not fill its " +
                    llvm::Twine(end - begin) + " bytes");
    }
    if (begin != end)
      ranges.push_back({begin, end, member.key});
    return Safetensors::Tensor{RankedTensorType::get(*shape, elementType),
                               llvm::ArrayRef<char>(data.data() + begin, static_cast<size_t>(end - begin))};
  }

  /// Each tensor begins where the one before it ends, and the last one ends with the file.
  void checkRanges() {
    if (hasFailed)
      return;
    llvm::sort(ranges, [](const Range &a, const Range &b) { return a.begin < b.begin; });
    int64_t end = 0;
    StringRef before;
    for (const Range &range : ranges) {
      if (range.begin < end)
        fail("tensors '" + before + "' and '" + range.name + "' overlap");
      else if (range.begin > end)
        fail("no tensor is at bytes " + llvm::Twine(end) + " to " + llvm::Twine(range.begin) + " of the data");
      end = std::max(end, range.end);
      before = range.name;
    }
    if (!hasFailed && static_cast<uint64_t>(end) != data.size())
      fail("no tensor is at bytes " + llvm::Twine(end) + " to " + llvm::Twine(data.size()) + " of the data");
  }

  struct Range {
    int64_t begin, end;
    StringRef name;
  };
  Location location;
  StringRef data; ///< what follows the header
  std::vector<Range> ranges;
};
} // namespace

std::optional<Safetensors> Safetensors::open(StringRef path, MLIRContext *context) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  StringRef content = buffer ? (*buffer)->getBuffer() : StringRef();
  uint64_t headerBytes = content.size() < 8 ? 0 : llvm::support::endian::read64le(content.data());
  bool isWhole = content.size() >= 8 && headerBytes <= content.size() - 8 && headerBytes <= maxHeaderBytes;
  HeaderReader reader(path, isWhole ? content.substr(8 + headerBytes) : StringRef(), context);
  Safetensors result;
  if (!buffer)
    reader.fail("cannot read weights: " + buffer.getError().message());
  else if (content.size() < 8)
    reader.fail("not a safetensors file: shorter than 8 bytes");
  else if (!isWhole)
    reader.fail("not a safetensors file, or truncated: the header should have " + llvm::Twine(headerBytes) +
                " bytes, the file has " + llvm::Twine(content.size()));
  else
    reader.read(content.substr(8, headerBytes), result.tensors, result.metadata);
  if (reader.hasFailed)
    return std::nullopt;
  ConstantTable::get(context).addFile(std::move(*buffer));
  return result;
}
