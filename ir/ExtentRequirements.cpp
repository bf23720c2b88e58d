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
    collector->requirements.push_back({extent, other});
  return true;
}

bool requireAtLeast(AffineExpr extent, int64_t least) {
  if (std::optional<int64_t> known = constantDim(extent))
    return *known >= least;
  if (collector)
    collector->requirements.push_back({extent, getAffineConstantExpr(least, extent.getContext()), /*mayBeMore=*/true});
  return true;
}

} // namespace dlc
