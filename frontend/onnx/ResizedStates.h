// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors that a Loop carries and that have other extents after a step than before it, as the tokens of a decoder,
/// which each step reads and makes longer.
///
/// What a loop carries keeps its extents, so it carries such a tensor padded to the largest extents that it can have,
/// its capacity. A step takes the tensor out of it and pads the next one. How large the tensor is follows from the
/// number of the step where each adds as much as the others; otherwise the loop carries the extent, too.
#ifndef DLC_FRONTEND_ONNX_RESIZEDSTATES_H
#define DLC_FRONTEND_ONNX_RESIZEDSTATES_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Which dimensions change is known once the body has been imported, so a Loop imports it with what is known, asks
/// `learn` whether the body does as assumed, and otherwise discards it and imports it again.
class ResizedStates {
public:
  enum class Finding {
    AsAssumed,
    Changed,  ///< the loop has to be made again
    Unbounded ///< nothing tells how large a state may become
  };

  /// `initial` are the graph values of the tensors that the loop carries.
  ResizedStates(NodeImporter &node, llvm::ArrayRef<mlir::Value> initial) : node(node), initial(initial) {}

  bool isResized(size_t state, int64_t dim) const { return find(state, dim) != nullptr; }
  /// Whether it depends on the number of steps how large a state may become.
  bool needsSteps() const {
    return llvm::any_of(resized, [](const ResizedDim &resize) { return !resize.most; });
  }

  /// What the loop carries: the tensors, padded to their capacities where the steps resize them, and the extents that
  /// data decides. `mostSteps` may be null unless they are needed.
  llvm::SmallVector<mlir::Value> makeCarried(mlir::AffineExpr mostSteps);

  /// The states as the step sees them that has the number `step` and takes `carried`.
  llvm::SmallVector<mlir::Value> takeOut(mlir::Value step, mlir::ValueRange carried);

  /// Compares the states that a step took with those that it gives. `countIsRead`: where the loop may end early, the
  /// number of its steps can be read. `isFixed` tells dimensions that are declared to keep their extents.
  Finding learn(mlir::ValueRange given, bool countIsRead, llvm::function_ref<bool(size_t state, int64_t dim)> isFixed);

  /// `extents` of what a step gives, in terms of those before the loop, as messages name them.
  Dims inFirstStep(llvm::ArrayRef<mlir::AffineExpr> extents);

  /// What the step gives the next one for the states `given`.
  llvm::SmallVector<mlir::Value> putBack(mlir::ValueRange given);

  /// The states that `carried` has after `count` steps; null: after all.
  llvm::SmallVector<mlir::Value> getStates(mlir::ValueRange carried, mlir::Value count);

private:
  struct ResizedDim {
    size_t state;
    int64_t dim;
    mlir::AffineExpr perStep; ///< elements that each step adds, at most if the extent is carried
    mlir::AffineExpr most;    ///< in place of `perStep`: the largest extent, however many steps there are
    bool isCarried = false;   ///< data decides the extent, so the loop carries it
    size_t position = 0;      ///< of the extent among what the loop carries
  };

  const ResizedDim *find(size_t state, int64_t dim) const;
  void note(ResizedDim resize);
  mlir::AffineExpr getInitialExtent(const ResizedDim &resize) {
    return node.getDims(initial[resize.state])[resize.dim];
  }
  mlir::AffineExpr getCapacity(const ResizedDim &resize);
  Dims getCapacities(size_t state);
  Finding learnDim(ResizedDim resize, mlir::AffineExpr before, mlir::AffineExpr after, bool countIsRead);
  Finding learnCarried(ResizedDim resize, mlir::AffineExpr before, mlir::AffineExpr after);
  mlir::Value pad(mlir::Value value, size_t state);

  NodeImporter &node;
  llvm::ArrayRef<mlir::Value> initial;
  llvm::SmallVector<ResizedDim> resized;
  mlir::AffineExpr mostSteps;
  llvm::SmallVector<Dims> taken; ///< the extents of the states that the step took
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_RESIZEDSTATES_H
