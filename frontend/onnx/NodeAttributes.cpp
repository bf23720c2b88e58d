// SPDX-License-Identifier: Apache-2.0
// A node's attributes, checked as they are read.
#include "formats/onnx/ElementTypes.h"
#include "frontend/onnx/NodeImporter.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace dlc::onnx_import {

using Proto = onnx::AttributeProto;

/// The schema is compiled for the lite runtime, which has no names.
static StringRef getTypeName(int type) {
  static constexpr StringRef names[] = {
      "UNDEFINED", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH",      "FLOATS",     "INTS",
      "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
  return type >= 0 && type < static_cast<int>(std::size(names)) ? names[type] : "one that ONNX does not have";
}

bool NodeImporter::hasAttribute(StringRef name) {
  read.insert(name);
  return attributes.contains(name);
}

/// Attribute `name` if it is of `type`, where that may be written instead of another one.
const Proto *NodeImporter::findPlain(StringRef name, int type) {
  const Proto *attribute = importer.hasPlainAttributes() ? attributes.lookup(name) : nullptr;
  return attribute && attribute->type() == type ? attribute : nullptr;
}

const Proto *NodeImporter::getAttribute(StringRef name, int type, StringRef typeName) {
  read.insert(name);
  const Proto *attribute = attributes.lookup(name);
  if (!attribute)
    return nullptr;
  // Models of the first IR version do not say which field counts.
  if (attribute->type() != type && attribute->type() != Proto::UNDEFINED) {
    error() << "attribute '" << name << "' must be of type " << typeName << ", got " << getTypeName(attribute->type());
    return nullptr;
  }
  return attribute;
}

int64_t NodeImporter::getInteger(StringRef name, int64_t otherwise) {
  const Proto *attribute = getAttribute(name, Proto::INT, "INT");
  return attribute ? attribute->i() : otherwise;
}

bool NodeImporter::getFlag(StringRef name, bool otherwise) {
  int64_t value = getInteger(name, otherwise);
  if (value != 0 && value != 1)
    error() << "attribute '" << name << "' must be 0 or 1, got " << value;
  return value != 0;
}

double NodeImporter::getReal(StringRef name, double otherwise) {
  if (const Proto *integer = findPlain(name, Proto::INT))
    return static_cast<double>(integer->i());
  const Proto *attribute = getAttribute(name, Proto::FLOAT, "FLOAT");
  return attribute ? attribute->f() : otherwise;
}

std::string NodeImporter::getString(StringRef name, StringRef otherwise) {
  const Proto *attribute = getAttribute(name, Proto::STRING, "STRING");
  return attribute ? attribute->s() : otherwise.str();
}

std::optional<SmallVector<int64_t>> NodeImporter::getIntegers(StringRef name) {
  const Proto *attribute = getAttribute(name, Proto::INTS, "INTS");
  if (!attribute)
    return std::nullopt;
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::optional<SmallVector<double>> NodeImporter::getReals(StringRef name) {
  if (const Proto *integers = findPlain(name, Proto::INTS))
    return SmallVector<double>(integers->ints().begin(), integers->ints().end());
  const Proto *attribute = getAttribute(name, Proto::FLOATS, "FLOATS");
  if (!attribute)
    return std::nullopt;
  return SmallVector<double>(attribute->floats().begin(), attribute->floats().end());
}

std::optional<SmallVector<std::string>> NodeImporter::getStrings(StringRef name) {
  const Proto *attribute = getAttribute(name, Proto::STRINGS, "STRINGS");
  if (!attribute)
    return std::nullopt;
  return SmallVector<std::string>(attribute->strings().begin(), attribute->strings().end());
}

ConstantTensor NodeImporter::getTensorAttribute(StringRef name) {
  const Proto *attribute = getAttribute(name, Proto::TENSOR, "TENSOR");
  if (!attribute)
    return {};
  std::string reason;
  FailureOr<ConstantTensor> tensor = importer.getFile().getTensor(attribute->t(), reason);
  if (mlir::failed(tensor)) {
    error() << "attribute '" << name << "': " << reason;
    return {};
  }
  return *tensor;
}

const onnx::GraphProto *NodeImporter::getGraph(StringRef name) {
  const Proto *attribute = getAttribute(name, Proto::GRAPH, "GRAPH");
  return attribute ? &attribute->g() : nullptr;
}

SmallVector<int64_t> NodeImporter::getSizes(StringRef name, int64_t count, int64_t otherwise, int64_t minimum) {
  std::optional<SmallVector<int64_t>> values = getIntegers(name);
  if (!values)
    return SmallVector<int64_t>(count, otherwise);
  if (static_cast<int64_t>(values->size()) != count) {
    error() << "attribute '" << name << "' has " << values->size() << " elements, expected " << count;
    return SmallVector<int64_t>(count, otherwise);
  }
  for (int64_t &value : *values)
    if (value < minimum || value > INT32_MAX) {
      error() << "attribute '" << name << "' holds " << value << ", expected " << minimum << " to " << INT32_MAX;
      value = otherwise;
    }
  return *values;
}

Type NodeImporter::getTypeAttribute(StringRef name, Type otherwise) {
  if (!hasAttribute(name))
    return otherwise;
  if (const Proto *text = findPlain(name, Proto::STRING)) {
    if (Type type = onnx_format::findElementType(text->s(), getContext()))
      return type;
    error() << "attribute '" << name << "': there is no element type '" << text->s() << "'";
    return {};
  }
  int64_t number = getInteger(name, 0);
  Type type = onnx::TensorProto::DataType_IsValid(number) && number == static_cast<int>(number)
                  ? onnx_import::getElementType(number, getContext())
                  : Type();
  if (!type && !failed)
    error() << "element type " << getElementTypeName(number) << " is not supported";
  return type;
}

int64_t NodeImporter::normalizeAxis(int64_t axis, int64_t rank) {
  int64_t normalized = axis < 0 ? axis + rank : axis;
  if (normalized >= 0 && normalized < rank)
    return normalized;
  if (!failed)
    error() << "axis " << axis << " is not one of the " << rank << " dimensions";
  return 0;
}

SmallVector<int64_t> NodeImporter::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  llvm::SmallBitVector seen(rank);
  for (int64_t axis : axes) {
    int64_t normalized = normalizeAxis(axis, rank);
    if (failed)
      return {};
    if (seen.test(normalized)) {
      error() << "axis " << axis << " is given twice";
      return {};
    }
    seen.set(normalized);
  }
  return SmallVector<int64_t>(seen.set_bits_begin(), seen.set_bits_end());
}

} // namespace dlc::onnx_import
