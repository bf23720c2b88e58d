// SPDX-License-Identifier: Apache-2.0
#include "analysis/TargetInterface.h"

namespace dlc {

const TargetInterface &TargetInterface::get(mlir::MLIRContext *context) {
  const auto *target = context->getOrLoadDialect<DlcDialect>()->getRegisteredInterface<TargetInterface>();
  assert(target && "a backend is registered before passes run");
  return *target;
}

} // namespace dlc
