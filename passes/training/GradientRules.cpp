// SPDX-License-Identifier: Apache-2.0
#include "passes/training/GradientRules.h"

namespace dlc {

void registerGradientRules(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](mlir::MLIRContext *context, DlcDialect *) {
    addElementwiseGradients(context);
    addLinearGradients(context);
    addReductionGradients(context);
    addMovementGradients(context);
    addNormalizationGradients(context);
  });
}

} // namespace dlc
