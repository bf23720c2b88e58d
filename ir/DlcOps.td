// SPDX-License-Identifier: Apache-2.0
// All attributes and ops of the dialect, by family: what the documentation is generated from.
#ifndef DLC_OPS
#define DLC_OPS

include "ir/DlcBase.td"
include "ir/Annotations.td"
include "ir/OpsArithmetic.td"
include "ir/OpsElementwise.td"
include "ir/OpsExtrema.td"
include "ir/OpsConversion.td"
include "ir/OpsBits.td"
include "ir/OpsActivation.td"
include "ir/OpsLogic.td"
include "ir/OpsQuantization.td"
include "ir/OpsLinear.td"
include "ir/OpsConvolution.td"
include "ir/OpsAttention.td"
include "ir/OpsPooling.td"
include "ir/OpsNormalization.td"
include "ir/OpsReduction.td"
include "ir/OpsShape.td"
include "ir/OpsTransposition.td"
include "ir/OpsSize.td"
include "ir/OpsMovement.td"
include "ir/OpsIndexing.td"
include "ir/OpsSlicing.td"
include "ir/OpsSelection.td"
include "ir/OpsSampling.td"
include "ir/OpsGeneration.td"
include "ir/OpsControl.td"
include "ir/OpsConstant.td"
include "ir/OpsParameter.td"
include "ir/OpsTraining.td"
include "ir/OpsLayout.td"
include "ir/OpsKernel.td"
include "ir/OpsProgram.td"

#endif // DLC_OPS
