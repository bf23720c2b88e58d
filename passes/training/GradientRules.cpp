// SPDX-License-Identifier: Apache-2.0
#include "passes/training/GradientRules.h"

namespace dlc {

void registerGradientRules(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](mlir::MLIRContext *context, DlcDialect *) {
    addElementwiseGradients(context);
    addAnalysisGradients(context);
    addActivationGradients(context);
    addLinearGradients(context);
    addReductionGradients(context);
    addMovementGradients(context);
    addNormalizationGradients(context);
    addStatisticsGradients(context);
    addSelectionGradients(context);
    addSizeGradients(context);
    addAttentionGradients(context);
    addBatchNormGradients(context);
    addConvolutionGradients(context);
    addPoolingGradients(context);
    addSamplingGradients(context);
    addCustomGradients(context);
  });
}

} // namespace dlc
