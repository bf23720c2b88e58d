// SPDX-License-Identifier: Apache-2.0
#include "frontend/Import.h"

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
