// SPDX-License-Identifier: Apache-2.0
// A transposed convolution of stride s as a convolution of stride 1 with s x s times as many channels, one set per
// phase, whose results are interleaved ("sub-pixel convolution"; Shi et al., arXiv:1609.07009):
//
//   y[o] = sum over j of x[p - j] w[s j + f]   where   o + pad = s p + f,   0 <= f < s
//
// so that all phases f meet the same inputs. Kernels compute phases by themselves
// (backends/halide/TransposedConvolution.cpp) where there are enough channels for vectors and two spatial dimensions,
// where there are so few that their vectors are those of rows (RowConvolution.cpp), or where phases differ in their
// taps.
#include "analysis/TargetInterface.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "dlc-split-transposed-convolutions"

namespace dlc {
#define GEN_PASS_DEF_SPLITTRANSPOSEDCONVOLUTIONS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class Split {
public:
  explicit Split(dlc::ConvTransposeOp op)
      : builder(op), op(op), w(llvm::cast<RankedTensorType>(op.getW().getType())), strides(op.getStrides()),
        spatial(w.getRank() - 2) {
    auto x = llvm::cast<RankedTensorType>(op.getX().getType());
    for (int64_t i = 0; i < spatial; ++i)
      if (w.getDimSize(i + 2) > 1 && x.getDimSize(i + 2) == 1) {
        strides[i] = w.getDimSize(i + 2);
        isSingle = true;
      }
  }

  /// Whether every phase has as many taps as the others (otherwise zeros would be multiplied with what may be
  /// infinite), and vectors are filled better, or what a kernel would compute of its own is not all needed.
  bool isWorthwhile(bool fillsRows) {
    if (!w.hasStaticShape() || w.getNumElements() == 0 || op.getGroups() != 1)
      return false;
    constexpr int64_t leastLanes = 8, fewChannels = 4, manyPhases = 16;
    int64_t phases = 1;
    for (int64_t i = 0; i < spatial; ++i) {
      if (op.getDilations()[i] != 1 || w.getDimSize(i + 2) % strides[i] != 0)
        return false;
      phases *= std::min(strides[i], manyPhases + 1);
    }
    if (isSingle || phases > manyPhases)
      return true;
    if (fillsRows && w.getDimSize(1) <= fewChannels)
      return false;
    return phases > 1 && (spatial != 2 || w.getDimSize(1) < leastLanes);
  }

  /// The same numbers; null if they do not get the type of the result.
  Value run() {
    Value z = convolve();
    Value interleaved = interleave(z);
    llvm::SmallVector<int64_t> low(spatial + 2, 0), high(spatial + 2, 0);
    for (int64_t i = 0; i < spatial; ++i) {
      low[i + 2] = -op.getPads()[i];
      high[i + 2] = -(strides[i] * (getHighPad(i) + 1) - op.getOutputPadding()[i] - w.getDimSize(i + 2) +
                      op.getPads()[i + spatial]);
    }
    return create<dlc::PadOp>(interleaved, Value(), low, high, dlc::PadMode::Constant);
  }

private:
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, op.getLoc(), std::forward<Args>(args)...);
  }
  Value reshape(Value x, llvm::ArrayRef<int64_t> shape) { return create<dlc::ReshapeOp>(x, shape); }

  int64_t getTaps(int64_t i) { return w.getDimSize(i + 2) / strides[i]; }

  /// Positions p beyond the operand's that results need.
  int64_t getHighPad(int64_t i) {
    return llvm::divideFloorSigned(op.getOutputPadding()[i] + w.getDimSize(i + 2) - 1 - op.getPads()[i + spatial],
                                   strides[i]);
  }

  /// [phases K, C, taps...] of [C, K, kernel...], the taps backwards.
  Value arrangeWeight() {
    int64_t inputs = w.getDimSize(0), outputs = w.getDimSize(1);
    llvm::SmallVector<int64_t> split{inputs, outputs}, starts{0, 0}, steps{1, 1}, phases, rest{1, 0}, shape{-1, inputs};
    for (int64_t i = 0; i < spatial; ++i) {
      split.append({getTaps(i), strides[i]});
      starts.append({getTaps(i) - 1, 0});
      steps.append({-1, 1});
      phases.push_back(3 + 2 * i);
      rest.push_back(2 + 2 * i);
      shape.push_back(getTaps(i));
    }
    Value backwards = create<dlc::SliceOp>(reshape(op.getW(), split), starts, split, steps);
    phases.append(rest);
    return reshape(create<dlc::TransposeOp>(backwards, phases), shape);
  }

  /// [N, phases K, positions...]
  Value convolve() {
    llvm::SmallVector<int64_t> ones(spatial, 1), pads;
    for (int64_t i = 0; i < spatial; ++i)
      pads.push_back(getTaps(i) - 1);
    for (int64_t i = 0; i < spatial; ++i)
      pads.push_back(getHighPad(i));
    return create<dlc::ConvOp>(op.getX(), arrangeWeight(), ones, ones, pads, 1);
  }

  /// [N, K, stride * positions...]
  Value interleave(Value z) {
    // -2 - d: as dimension d of the operand.
    llvm::SmallVector<int64_t> split{-2}, permutation{0, spatial + 1};
    for (int64_t i = 0; i < spatial; ++i)
      split.push_back(strides[i]);
    split.push_back(w.getDimSize(1));
    for (int64_t i = 0; i < spatial; ++i) {
      split.push_back(-2 - (i + 2));
      permutation.append({spatial + 2 + i, 1 + i});
    }
    Value merged = create<dlc::TransposeOp>(reshape(z, split), permutation);
    // One dimension after the other: a reshape can infer one extent.
    for (int64_t i = 0; i < spatial; ++i) {
      llvm::SmallVector<int64_t> shape;
      int64_t rank = 2 + 2 * spatial - i;
      for (int64_t d = 0; d < rank; ++d)
        if (d == 2 + i)
          shape.push_back(-1);
        else if (d != 3 + i)
          shape.push_back(-2 - d);
      merged = reshape(merged, shape);
    }
    return merged;
  }

  OpBuilder builder;
  dlc::ConvTransposeOp op;
  RankedTensorType w;
  /// Those of `op`, but that of a dimension with one position is as good as any: with the kernel's extent there is one
  /// tap for each result, and none that would meet padding.
  llvm::SmallVector<int64_t> strides;
  int64_t spatial;
  bool isSingle = false; ///< whether a dimension has one position
};

class SplitTransposedConvolutions final
    : public dlc::impl::SplitTransposedConvolutionsBase<SplitTransposedConvolutions> {
  using SplitTransposedConvolutionsBase::SplitTransposedConvolutionsBase;
  void runOnOperation() override {
    bool fillsRows = reorderSums && dlc::TargetInterface::get(&getContext()).fillsTransposedConvolutions();
    llvm::SmallVector<dlc::ConvTransposeOp> ops;
    getOperation().walk([&](dlc::ConvTransposeOp op) { ops.push_back(op); });
    for (dlc::ConvTransposeOp op : ops) {
      Split split(op);
      if (!split.isWorthwhile(fillsRows))
        continue;
      Value result = split.run();
      assert(result.getType() == op.getType() && "the same extents");
      op.replaceAllUsesWith(result);
      op.erase();
    }
  }
};

} // namespace
