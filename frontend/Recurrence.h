// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recurrent layers as loops over time whose steps are the cells' equations.
#ifndef DLC_FRONTEND_RECURRENCE_H
#define DLC_FRONTEND_RECURRENCE_H

#include "ir/DlcDialect.h"
#include <functional>

namespace dlc {

enum class RecurrentKind { Elman, Gru, Lstm };

/// Appends the activation of a gate.
using GateActivation = std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value)>;

/// The equations of a cell. W, R, b are input weights, recurrent weights and biases:
///
///     Elman  h' = f(W x + R h + b)
///     LSTM   i, o, k = f(W x + R h + b)   c' = k c + i g(W x + R h + b)   h' = o s(c')      (k: the forget gate)
///     GRU    z, r = f(W x + R h + b)      n = g(W x + R (r h) + b), or g(W x + b + r (R h + b)) if `resetsAfter`
///            h' = (1 - z) n + z h
struct RecurrentCell {
  RecurrentKind kind = RecurrentKind::Elman;
  /// f; f, g for a GRU; f, g, s for an LSTM.
  llvm::SmallVector<GateActivation, 3> activations;
  /// The rows of the weights: a letter per gate, "iofc" or "ifco" of an LSTM, "zrh" of a GRU (any order of z and r).
  std::string gates;
  /// What activations of gates take is clamped to [-clip, clip].
  std::optional<double> clip;
  bool couplesGates = false; ///< LSTM: the forget gate is 1 - i
  bool resetsAfter = false;  ///< GRU: the reset gate works on the recurrent product

  size_t getGateCount() const { return gates.size(); }
};

/// Number of gates' matrices in the weights of a cell: 1, 3 or 4.
int64_t getGateCount(RecurrentKind kind);
/// Number of activations that a cell takes: 1, 2 or 3.
size_t getActivationCount(RecurrentKind kind);

/// Parameters of one direction, G gates of H units over I features. Biases and peepholes may be null.
struct RecurrentWeights {
  mlir::Value input;         ///< [G H, I]
  mlir::Value recurrent;     ///< [G H, H]
  mlir::Value inputBias;     ///< [G H]
  mlir::Value recurrentBias; ///< [G H]
  mlir::Value peepholes;     ///< [3 H]: of the input, output and forget gate of an LSTM
  mlir::Value stateFactor;   ///< [N, H]: of the hidden state in its product with R (dropout); null: none
};

/// What a layer carries over time; `cell` is an LSTM's.
struct RecurrentState {
  mlir::Value hidden; ///< [N, H]
  mlir::Value cell;   ///< [N, H]
};

struct RecurrentResults {
  mlir::Value sequence; ///< [T, N, H]; null unless asked for
  RecurrentState state; ///< after the last step
};

/// Appends a loop over the T steps of `x` [T, N, I]. Parts of `initial` that are null are zero. `lengths` [N]
/// (integers, or null) are the valid steps of each sequence: after them the state stays and the sequence is zero; a
/// `isReverse` loop runs from the last valid step to the first. A single step needs no loop. The operands must fit
/// together.
RecurrentResults buildRecurrence(mlir::OpBuilder &builder, mlir::Location location, const RecurrentCell &cell,
                                 const RecurrentWeights &weights, mlir::Value x, mlir::Value lengths,
                                 RecurrentState initial, bool isReverse, bool wantsSequence);

/// A zero state [N, units] for the N of dimension `batchDim` of `x`.
mlir::Value createZeroState(mlir::OpBuilder &builder, mlir::Location location, mlir::Value x, int64_t batchDim,
                            int64_t units);

} // namespace dlc

#endif // DLC_FRONTEND_RECURRENCE_H
