// SPDX-License-Identifier: Apache-2.0
/// \file
/// Windows over the spatial dimensions of a tensor, which pools and their gradients share.
#ifndef DLC_BACKENDS_HALIDE_WINDOWS_H
#define DLC_BACKENDS_HALIDE_WINDOWS_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class MaxPoolGradientOp;
class SpreadWindowsOp;
} // namespace dlc

namespace dlc::halide {

/// The windows of a pooling over the spatial dimensions of x: [N, C, spatial...].
struct Windows {
  const TensorFunc &x;
  llvm::ArrayRef<int64_t> kernel, strides, dilations, padsLow, padsHigh;
  bool mayLeave; ///< whether a window can hang over an edge

  size_t rank() const { return kernel.size(); }
  int64_t size() const {
    int64_t product = 1;
    for (int64_t extent : kernel)
      product *= extent;
    return product;
  }
  /// The window's first position along spatial dimension `i`; may be below 0.
  Halide::Expr start(llvm::ArrayRef<Halide::Expr> index, size_t i) const {
    return index[2 + i] * static_cast<int>(strides[i]) - static_cast<int>(padsLow[i]);
  }
  /// The operand's coordinates of element `offset` of the window at `index`.
  Exprs position(llvm::ArrayRef<Halide::Expr> index, llvm::ArrayRef<Halide::Expr> offset) const {
    Exprs own(index.begin(), index.begin() + 2);
    for (size_t i = 0; i < rank(); ++i)
      own.push_back(Halide::Internal::simplify(start(index, i) + offset[i] * static_cast<int>(dilations[i])));
    return own;
  }
  Halide::Expr isInside(llvm::ArrayRef<Halide::Expr> position) const {
    Halide::Expr inside = Halide::Internal::const_true();
    for (size_t i = 0; i < rank(); ++i)
      inside = inside && position[2 + i] >= 0 && position[2 + i] < x.extents[2 + i];
    return inside;
  }
  /// The element at `position`, or `otherwise` outside the operand.
  Halide::Expr read(llvm::ArrayRef<Halide::Expr> position, const Halide::Expr &otherwise) const {
    if (!mayLeave)
      return x.at(position);
    Exprs clamped(position.begin(), position.begin() + 2);
    for (size_t i = 0; i < rank(); ++i)
      clamped.push_back(Halide::clamp(Halide::likely(position[2 + i]), 0, x.extents[2 + i] - 1));
    return Halide::select(isInside(position), Halide::likely(x.at(clamped)), otherwise);
  }
  /// Calls `visit` with the offsets of each element of a window, row-major.
  void forEach(llvm::function_ref<void(llvm::ArrayRef<Halide::Expr>)> visit) const { forEachOf(rank(), visit); }
  /// The same along the first `dims` spatial dimensions alone.
  void forEachOf(size_t dims, llvm::function_ref<void(llvm::ArrayRef<Halide::Expr>)> visit) const {
    int64_t count = 1;
    for (int64_t extent : kernel.take_front(dims))
      count *= extent;
    for (int64_t number = 0; number < count; ++number) {
      llvm::SmallVector<Halide::Expr> offset(dims);
      int64_t rest = number;
      for (int64_t i = static_cast<int64_t>(dims) - 1; i >= 0; rest /= kernel[i], --i)
        offset[i] = Halide::Expr(static_cast<int>(rest % kernel[i]));
      visit(offset);
    }
  }
};

/// The windows of a pool or of its gradient over `x`.
template <typename OpTy> Windows makeWindows(OpTy op, KernelBuilder &builder) {
  size_t rank = op.getKernel().size();
  llvm::ArrayRef<int64_t> pads = op.getPads();
  bool mayLeave = op.getCeilMode() || llvm::any_of(pads, [](int64_t pad) { return pad > 0; });
  return {builder.get(op.getX()), op.getKernel(),        op.getStrides(), op.getDilations(),
          pads.take_front(rank),  pads.drop_front(rank), mayLeave};
}

/// Windows of at most so many elements are written out, without a loop.
constexpr int64_t writtenOutSize = 16;

/// What the sum of the window at `index` is divided by: its elements inside x, or inside the padded x.
Halide::Expr countDivisor(const Windows &windows, llvm::ArrayRef<Halide::Expr> index, bool includesPad,
                          bool isCeilMode);

/// Emitters of gradients.
mlir::FailureOr<TensorFunc> emitMaxPoolGradient(MaxPoolGradientOp op, KernelBuilder &builder);
mlir::FailureOr<TensorFunc> emitSpreadWindows(SpreadWindowsOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_WINDOWS_H
