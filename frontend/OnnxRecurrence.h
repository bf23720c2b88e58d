// SPDX-License-Identifier: Apache-2.0
/// \file
/// ONNX's RNN, GRU and LSTM, for every frontend whose nodes mean ONNX operations.
#ifndef DLC_FRONTEND_ONNXRECURRENCE_H
#define DLC_FRONTEND_ONNXRECURRENCE_H

#include "frontend/Recurrence.h"

namespace dlc {

/// One operation with D directions of H units over I features. Operands after `recurrent` may be null.
struct OnnxRecurrence {
  RecurrentKind kind;

  mlir::Value x;                 ///< [T, N, I]; [N, T, I] if `isBatchFirst`
  mlir::Value weight, recurrent; ///< [D, G H, I], [D, G H, H], static
  mlir::Value bias;              ///< [D, 2 G H]: of the inputs, then of the state
  mlir::Value lengths;           ///< [N], integers
  mlir::Value initialHidden;     ///< [D, N, H]; [N, D, H] if `isBatchFirst`
  mlir::Value initialCell;       ///< as `initialHidden`
  mlir::Value peepholes;         ///< [D, 3 H]

  std::string direction = "forward";
  /// Empty: ONNX's defaults; else one per activation of a cell and direction.
  llvm::SmallVector<std::string> activations;
  llvm::SmallVector<double> alphas, betas;
  std::optional<double> clip;
  std::optional<int64_t> units; ///< `hidden_size`; the recurrent weight's last extent if missing
  bool couplesGates = false, resetsAfter = false, isBatchFirst = false;
  bool wantsSequence = true;

  /// Takes the operands in ONNX's order; `get(i)` is null where there is none.
  void takeOperands(llvm::function_ref<mlir::Value(size_t)> get);
};

/// Null where the operation has no such result, or the sequence is not needed.
struct OnnxRecurrenceResults {
  mlir::Value sequence; ///< [T, D, N, H]; [N, T, D, H] if `isBatchFirst`
  mlir::Value hidden;   ///< [D, N, H]; [N, D, H] if `isBatchFirst`
  mlir::Value cell;     ///< as `hidden`
};

/// Appends the operation; nothing after `error` was called with what does not fit.
std::optional<OnnxRecurrenceResults> buildOnnxRecurrence(mlir::OpBuilder &builder, mlir::Location location,
                                                         const OnnxRecurrence &operation,
                                                         llvm::function_ref<void(const llvm::Twine &)> error);

} // namespace dlc

#endif // DLC_FRONTEND_ONNXRECURRENCE_H
