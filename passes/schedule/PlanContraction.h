// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts that matrix products want, decided before kernels are formed.
#ifndef DLC_PASSES_SCHEDULE_PLANCONTRACTION_H
#define DLC_PASSES_SCHEDULE_PLANCONTRACTION_H

#include "ir/DlcDialect.h"
#include "passes/Pipelines.h"

namespace dlc {

/// Layout of the right operand of `op` if it is a constant: columns in blocks, `[N/32][K][32]`. Null: row-major.
LayoutAttr planMatMulWeight(MatMulOp op, const PipelineOptions &options);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_PLANCONTRACTION_H
