// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Safetensors.h"
#include "frontend/json/Elements.h"
#include "ir/ConstantTable.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace dlc::json;

/// The format's own limit on its header.
static constexpr uint64_t maxHeaderBytes = 100'000'000;

const Safetensors::Tensor *Safetensors::find(StringRef name) const {
  auto it = tensors.find(name);
  return it == tensors.end() ? nullptr : &it->second;
}

SmallVector<StringRef> Safetensors::getNames() const {
  SmallVector<StringRef> names;
  for (const auto &entry : tensors)
    names.push_back(entry.getKey());
  llvm::sort(names);
  return names;
}

/// A list of integers that are not negative.
static std::optional<SmallVector<int64_t>> readIntegers(const JsonValue *value) {
  if (!value || !value->isList())
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const JsonValue &element : value->elements) {
    if (element.kind != JsonValue::Kind::Integer || element.integer < 0)
      return std::nullopt;
    result.push_back(element.integer);
  }
  return result;
}

std::optional<Safetensors> Safetensors::open(StringRef path, MLIRContext *context) {
  Reporter reporter(context, path);
  auto fail = [&](const Twine &message) {
    reporter.error({}, message);
    return std::nullopt;
  };
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail("cannot read weights: " + buffer.getError().message());
  StringRef content = (*buffer)->getBuffer();
  if (content.size() < 8)
    return fail("not a safetensors file: shorter than 8 bytes");
  uint64_t headerBytes = llvm::support::endian::read64le(content.data());
  if (headerBytes > content.size() - 8 || headerBytes > maxHeaderBytes)
    return fail("not a safetensors file, or truncated: the header should have " + Twine(headerBytes) +
                " bytes, the file has " + Twine(content.size()));
  StringRef data = content.substr(8 + headerBytes);
  std::optional<JsonValue> header =
      parseDocument(content.substr(8, headerBytes), [&](Position position, const std::string &message) {
        reporter.error({}, "header, byte " + Twine(8 + position.column) + ": " + message);
      });
  if (!header || reporter.hasErrors())
    return std::nullopt;
  if (!header->isObject())
    return fail("the header must be an object, got " + header->describe());

  Safetensors result;
  struct Range {
    int64_t begin, end;
    StringRef name;
  };
  std::vector<Range> ranges;
  for (const Member &member : header->members) {
    if (member.key == "__metadata__")
      continue;
    const JsonValue *dtype = member.value.find("dtype");
    auto shape = readIntegers(member.value.find("shape")), offsets = readIntegers(member.value.find("data_offsets"));
    if (!dtype || !dtype->isString() || !shape || !offsets || offsets->size() != 2) {
      reporter.error({}, "tensor '" + member.key + "' lacks a proper 'dtype', 'shape' or 'data_offsets'");
      continue;
    }
    Type elementType = getSafetensorsType(dtype->string, context);
    if (!elementType) {
      reporter.error({}, "tensor '" + member.key + "' has the unsupported type '" + dtype->string + "'");
      continue;
    }
    int64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin > end || static_cast<uint64_t>(end) > data.size()) {
      reporter.error({}, "tensor '" + member.key + "' is at bytes " + Twine(begin) + " to " + Twine(end) +
                             ", but the data has " + Twine(data.size()) + " bytes");
      continue;
    }
    std::optional<uint64_t> bytes = getByteCount(*shape, elementType);
    if (!bytes || *bytes != static_cast<uint64_t>(end - begin)) {
      reporter.error({}, "tensor '" + member.key + "' of shape " + formatShape(*shape) + " and type " + dtype->string +
                             " does not fill its " + Twine(end - begin) + " bytes");
      continue;
    }
    if (begin != end)
      ranges.push_back({begin, end, member.key});
    result.tensors[member.key] = {RankedTensorType::get(*shape, elementType),
                                  ArrayRef<char>(data.data() + begin, static_cast<size_t>(end - begin))};
  }
  llvm::sort(ranges, [](const Range &a, const Range &b) { return a.begin < b.begin; });
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end)
      reporter.error({}, "tensors '" + ranges[i - 1].name + "' and '" + ranges[i].name + "' overlap");
  if (reporter.hasErrors())
    return std::nullopt;
  ConstantTable::get(context).addFile(std::move(*buffer));
  return result;
}
