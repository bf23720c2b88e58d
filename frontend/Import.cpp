// SPDX-License-Identifier: Apache-2.0
#include "frontend/Import.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace dlc;

FailureOr<ShapeOverride> ShapeOverride::parse(StringRef text, std::string &error) {
  // Input names may hold '=' and 'x': the last '=' starts the extents.
  auto [name, extents] = text.rsplit('=');
  ShapeOverride result;
  result.input = name.str();
  if (name.empty() || name.size() == text.size()) {
    error = "expected NAME=AxBxC, got '" + text.str() + "'";
    return failure();
  }
  SmallVector<StringRef> parts;
  if (!extents.empty())
    extents.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent;
    if (part.getAsInteger(10, extent) || extent < 0 || extent > INT32_MAX) {
      error = "expected an extent between 0 and 2147483647, got '" + part.str() + "' in '" + text.str() + "'";
      return failure();
    }
    result.extents.push_back(extent);
  }
  return result;
}

/// Values up to this size are printed as numbers and stored in the context; larger ones are only referred to.
static constexpr size_t maxCopiedBytes = 1024;

ElementsAttr dlc::borrowElements(RankedTensorType type, ArrayRef<char> bytes, StringRef name) {
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits(bytes.size());
    llvm::transform(bytes, bits.begin(), [](char byte) { return byte != 0; });
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  if (bytes.size() <= maxCopiedBytes)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  size_t alignment = type.getElementType().getIntOrFloatBitWidth() / 8;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % alignment != 0)
    alignment = 1;
  return DenseResourceElementsAttr::get(type, name, UnmanagedAsmResourceBlob::allocateWithAlign(bytes, alignment));
}
