// SPDX-License-Identifier: Apache-2.0
/// \file
/// Weights of recurrent layers that are stored quantized.
#ifndef DLC_FRONTEND_QUANTIZEDRECURRENCE_H
#define DLC_FRONTEND_QUANTIZEDRECURRENCE_H

#include "mlir/IR/Builders.h"

namespace dlc {

/// Operands of com.microsoft.DynamicQuantizeLSTM after those of LSTM.
enum QuantizedLstmOperand : unsigned { WeightScale = 8, WeightZeroPoint, RecurrentScale, RecurrentZeroPoint };

/// The matrix [D, G, I] that `weight`, [D, I, G] of i8 or u8, is with its scale and zero point (null: 0), which are [D]
/// or [D, G]. Null after `error` was called with what does not fit.
mlir::Value dequantizeGates(mlir::OpBuilder &builder, mlir::Location location, mlir::Value weight, mlir::Value scale,
                            mlir::Value zeroPoint, llvm::function_ref<void(const llvm::Twine &)> error);

} // namespace dlc

#endif // DLC_FRONTEND_QUANTIZEDRECURRENCE_H
