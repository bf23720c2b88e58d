// SPDX-License-Identifier: Apache-2.0
#include "ir/ExtentRequirements.h"

using namespace mlir;

namespace dlc {

static thread_local ExtentRequirements *collector = nullptr;

ExtentRequirements::ExtentRequirements() : outer(collector) { collector = this; }
ExtentRequirements::~ExtentRequirements() { collector = outer; }

bool requireEqual(AffineExpr extent, AffineExpr other) {
  if (extent != other && llvm::isa_and_present<AffineConstantExpr>(extent) &&
      llvm::isa_and_present<AffineConstantExpr>(other))
    return false;
  if (collector && extent != other)
    collector->requirements.push_back({extent, other});
  return true;
}

bool requireAtLeast(AffineExpr extent, int64_t least) {
  if (auto known = llvm::dyn_cast<AffineConstantExpr>(extent))
    return known.getValue() >= least;
  if (collector)
    collector->requirements.push_back({extent, getAffineConstantExpr(least, extent.getContext()), /*mayBeMore=*/true});
  return true;
}

} // namespace dlc
