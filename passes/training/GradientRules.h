// SPDX-License-Identifier: Apache-2.0
/// \file
/// The gradient rules of all ops, by family.
#ifndef DLC_PASSES_TRAINING_GRADIENTRULES_H
#define DLC_PASSES_TRAINING_GRADIENTRULES_H

#include "ir/GradientBuilder.h"

namespace dlc {

/// A rule for `OpTy` as a plain function `LogicalResult rule(OpTy op, GradientBuilder &gradients)`.
template <typename OpTy, mlir::LogicalResult (*rule)(OpTy, GradientBuilder &)>
struct GradientRule : public GradientOpInterface::ExternalModel<GradientRule<OpTy, rule>, OpTy> {
  mlir::LogicalResult buildGradients(mlir::Operation *op, GradientBuilder &gradients) const {
    return rule(llvm::cast<OpTy>(op), gradients);
  }
};

template <typename OpTy, mlir::LogicalResult (*rule)(OpTy, GradientBuilder &)>
void addGradientRule(mlir::MLIRContext *context) {
  OpTy::template attachInterface<GradientRule<OpTy, rule>>(*context);
}

/// The rule of ops whose gradient is zero wherever it exists.
template <typename OpTy> mlir::LogicalResult hasZeroGradient(OpTy, GradientBuilder &) { return mlir::success(); }

void addElementwiseGradients(mlir::MLIRContext *context);
void addAnalysisGradients(mlir::MLIRContext *context);
void addActivationGradients(mlir::MLIRContext *context);
void addLinearGradients(mlir::MLIRContext *context);
void addReductionGradients(mlir::MLIRContext *context);
void addMovementGradients(mlir::MLIRContext *context);
void addNormalizationGradients(mlir::MLIRContext *context);
void addStatisticsGradients(mlir::MLIRContext *context);
void addSelectionGradients(mlir::MLIRContext *context);
void addSizeGradients(mlir::MLIRContext *context);
void addAttentionGradients(mlir::MLIRContext *context);
void addBatchNormGradients(mlir::MLIRContext *context);
void addConvolutionGradients(mlir::MLIRContext *context);
void addPoolingGradients(mlir::MLIRContext *context);
void addSamplingGradients(mlir::MLIRContext *context);
void addCustomGradients(mlir::MLIRContext *context);

/// Lets the dlc dialect bring all rules with it.
void registerGradientRules(mlir::DialectRegistry &registry);

} // namespace dlc

#endif // DLC_PASSES_TRAINING_GRADIENTRULES_H
