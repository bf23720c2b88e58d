// SPDX-License-Identifier: Apache-2.0
// The protobuf wire format: a message is a row of fields, each a varint tag (number << 3 | type) and a value.
// https://protobuf.dev/programming-guides/encoding
#include "frontend/onnx/WireFormat.h"
#include <cstdint>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

// Field numbers of onnx-ml.proto.
constexpr uint64_t modelGraphField = 7, graphInitializerField = 5, tensorRawDataField = 9;
constexpr uint64_t lengthDelimited = 2;
/// Smaller values are not worth an entry: protobuf copies them.
constexpr size_t minimumSplitBytes = 4096;

struct Field {
  uint64_t number = 0, type = 0;
  ArrayRef<char> whole;   ///< tag and value
  ArrayRef<char> payload; ///< of a length-delimited field
};

/// Walks the fields of one message.
class FieldReader {
public:
  explicit FieldReader(ArrayRef<char> message) : left(message) {}
  bool atEnd() const { return left.empty(); }

  FailureOr<Field> next() {
    ArrayRef<char> start = left;
    Field field;
    uint64_t tag, length;
    if (failed(readVarint(tag)))
      return failure();
    field.number = tag >> 3;
    field.type = tag & 7;
    switch (field.type) {
    case 0:
      if (failed(readVarint(length)))
        return failure();
      break;
    case 1:
      if (failed(skip(8)))
        return failure();
      break;
    case lengthDelimited:
      if (failed(readVarint(length)) || length > left.size())
        return failure();
      field.payload = left.take_front(length);
      left = left.drop_front(length);
      break;
    case 5:
      if (failed(skip(4)))
        return failure();
      break;
    default: // groups, which the schema does not have
      return failure();
    }
    field.whole = start.drop_back(left.size());
    return field;
  }

private:
  LogicalResult readVarint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left.empty())
        return failure();
      auto byte = static_cast<uint8_t>(left.front());
      left = left.drop_front();
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (!(byte & 128))
        return success();
    }
    return failure();
  }
  LogicalResult skip(size_t bytes) {
    if (left.size() < bytes)
      return failure();
    left = left.drop_front(bytes);
    return success();
  }
  ArrayRef<char> left;
};

void append(std::string &out, ArrayRef<char> bytes) { out.append(bytes.data(), bytes.size()); }

void appendField(std::string &out, uint64_t number, StringRef payload) {
  for (uint64_t value : {number << 3 | lengthDelimited, static_cast<uint64_t>(payload.size())}) {
    for (; value >= 128; value >>= 7)
      out.push_back(static_cast<char>((value & 127) | 128));
    out.push_back(static_cast<char>(value));
  }
  out.append(payload.data(), payload.size());
}

/// Copies a TensorProto without its `raw_data`, which goes to `rawData`.
LogicalResult splitTensor(ArrayRef<char> tensor, std::string &rest, ArrayRef<char> &rawData) {
  for (FieldReader reader(tensor); !reader.atEnd();) {
    FailureOr<Field> field = reader.next();
    if (failed(field))
      return failure();
    if (field->number == tensorRawDataField && field->type == lengthDelimited)
      rawData = field->payload; // as protobuf does, the last one counts
    else
      append(rest, field->whole);
  }
  return success();
}

} // namespace

FailureOr<SplitModel> splitLargeInitializers(ArrayRef<char> model) {
  SplitModel result;
  int position = 0;
  for (FieldReader reader(model); !reader.atEnd();) {
    FailureOr<Field> field = reader.next();
    if (failed(field))
      return failure();
    if (field->number != modelGraphField || field->type != lengthDelimited) {
      append(result.rest, field->whole);
      continue;
    }
    std::string graph;
    for (FieldReader graphReader(field->payload); !graphReader.atEnd();) {
      FailureOr<Field> member = graphReader.next();
      if (failed(member))
        return failure();
      if (member->number != graphInitializerField || member->type != lengthDelimited) {
        append(graph, member->whole);
        continue;
      }
      std::string tensor;
      ArrayRef<char> rawData;
      if (member->payload.size() < minimumSplitBytes)
        append(graph, member->whole);
      else if (failed(splitTensor(member->payload, tensor, rawData)))
        return failure();
      else
        appendField(graph, graphInitializerField, tensor);
      if (rawData.data())
        result.initializers[position] = rawData;
      ++position;
    }
    appendField(result.rest, modelGraphField, graph);
  }
  return result;
}

} // namespace dlc::onnx_import
