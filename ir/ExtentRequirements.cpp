// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentRequirements.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc {

static thread_local ExtentRequirements *collector = nullptr;

ExtentRequirements::ExtentRequirements() : outer(collector) { collector = this; }
ExtentRequirements::~ExtentRequirements() { collector = outer; }

bool requireEqual(AffineExpr extent, AffineExpr other) {
  if (!mayBeEqual(extent, other))
    return false;
  if (collector && extent != other)
    collector->equal.emplace_back(extent, other);
  return true;
}

} // namespace dlc
