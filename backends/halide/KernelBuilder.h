// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the body of a kernel to a Halide pipeline.
#ifndef DLC_BACKENDS_HALIDE_KERNELBUILDER_H
#define DLC_BACKENDS_HALIDE_KERNELBUILDER_H

#include "backends/halide/ElementTypes.h"
#include "backends/halide/TensorFunc.h"
#include "ir/KernelShapes.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace dlc {
class KernelFuncOp;
}

namespace dlc::halide {

class KernelBuilder;
struct ReductionStages;

/// Arranges the loops of a kernel of one kind, as `builder.getSchedule()` decides.
using Scheduler = std::function<mlir::LogicalResult(KernelBuilder &)>;

/// Builds the pipeline of one kernel for one schedule.
///
/// The kernel's C signature is
/// `int kernel(void *context, halide_buffer_t *input..., int32_t symbol..., halide_buffer_t *result...)`: buffer
/// dimensions are the physical ones of the tensor's layout, innermost first, `min` 0 at the first interior element.
/// Extents and strides are constants or expressions of the symbols, except for the result's split dimension, whose
/// range is read from the buffer.
class KernelBuilder {
public:
  KernelBuilder(KernelFuncOp kernel, ScheduleAttr schedule, const Halide::Target &target);
  ~KernelBuilder();

  /// Emits all ops, defines the stored result and applies the schedule with `scheduler`, unless an emitter has set one
  /// of its own; none: only emitters know how kernels of this kind are arranged. Fails with a diagnostic; Halide's
  /// exceptions pass through.
  mlir::LogicalResult build(const Scheduler &scheduler);

  ScheduleAttr getSchedule() const { return schedule; }
  const Halide::Target &getTarget() const { return target; }
  /// Whether everything is to be computed in the plainest way.
  bool isNaive() const { return schedule.getAlgorithm() == "naive"; }
  mlir::Operation *getAnchorOp();

  /// The tensor that `value` is.
  const TensorFunc &get(mlir::Value value) const;
  /// The buffer behind a block argument, for schedules that stage it or know its packing (stored elements, physical
  /// order).
  const Halide::ImageParam &getBuffer(mlir::BlockArgument argument) const;

  /// The extents of a tensor of the body, as they are in the IR and as expressions of the symbols.
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const { return shapes->getDims(value); }
  Exprs getExtents(mlir::Value value) const;
  Halide::Expr toExpr(mlir::AffineExpr expr) const;
  /// The same in arithmetic of `type`, Int(32) or Int(64).
  Halide::Expr toExpr(mlir::AffineExpr expr, Halide::Type type) const;

  /// A function named after `op` with one argument a physical dimension of `value`'s type, whose element at logical
  /// `index` is `element(index)`. Unless a schedule says otherwise it is computed where it is used.
  TensorFunc define(mlir::Value value, llvm::function_ref<Halide::Expr(llvm::ArrayRef<Halide::Expr> index)> element);
  /// The same as an existing function of physical arguments.
  TensorFunc wrap(mlir::Value value, Halide::Func func) const;

  /// If the kernel yields the result of `op`, `define` (given the output and its arguments) writes the stored result in
  /// place of the plain loop over all elements.
  void setOutputDefinition(mlir::Operation *op,
                           std::function<void(Halide::Func, const std::vector<Halide::Var> &)> define);

  /// If `op` is the anchor op, `scheduler` arranges the loops instead of the scheduler of its kind: for an emitter
  /// whose stages are too many to pass by name.
  void setScheduler(mlir::Operation *op, Scheduler scheduler);

  /// Records `func` as a stage called `name` of `op`, which the scheduler of the anchor op arranges. Stages of ops that
  /// are not the anchor op are computed completely before everything else.
  void addStage(mlir::Operation *op, llvm::StringRef name, Halide::Func func);
  /// Records the stages of a reduction by `op`, for the scheduler of the anchor op. Those of other ops are computed
  /// completely before everything else.
  void addReduction(mlir::Operation *op, const ReductionStages &stages);
  /// The reductions of the anchor op, in order.
  std::vector<ReductionStages> &getReductions() { return reductions; }
  /// The anchor op's stage `name`; it must exist.
  Halide::Func getStage(llvm::StringRef name) const;
  bool hasStage(llvm::StringRef name) const;

  /// Notes that the kernel is simpler where `condition`, of the symbols, holds, as it does in most runs: a scheduler
  /// may make a version for that.
  void expectMostly(const Halide::Expr &condition) { usual = usual.defined() ? usual && condition : condition; }
  /// The conditions noted so far; undefined if there are none.
  Halide::Expr getUsual() const { return usual; }

  /// The stored result, a tuple if there are several: one argument a physical dimension, innermost first.
  Halide::Func getOutput() const { return output; }
  /// Lets `transform` change the loops of the kernel once they are lowered.
  void addLoweringPass(std::unique_ptr<Halide::Internal::IRMutator> transform) {
    output.add_custom_lowering_pass(transform.release());
  }
  /// The argument of the output that is (the outermost part of) a logical dimension.
  Halide::Var getOutputVar(int64_t logicalDim) const;
  /// The static extent of the output's argument `position` (innermost is 0); none if dynamic or if ranges of it are
  /// computed.
  std::optional<int64_t> getOutputExtent(size_t position) const;
  mlir::RankedTensorType getOutputType();

  /// Arguments of the compiled function without the context.
  std::vector<Halide::Argument> getArguments() const;

private:
  KernelFuncOp getKernel() const;
  void declareInput(mlir::BlockArgument argument);
  mlir::LogicalResult declareOutput();

  mlir::Operation *kernelOp; ///< a KernelFuncOp
  ScheduleAttr schedule;
  Halide::Target target;
  std::optional<KernelShapes> shapes;
  std::vector<Halide::Param<int32_t>> symbols;
  std::vector<Halide::ImageParam> inputs;
  llvm::DenseMap<mlir::Value, TensorFunc> values;
  llvm::StringMap<Halide::Func> rootStages;
  std::vector<Halide::Func> otherStages;
  std::vector<ReductionStages> reductions, otherReductions;
  Halide::Func output;
  std::function<void(Halide::Func, const std::vector<Halide::Var> &)> defineOutput;
  Scheduler ownScheduler;
  Halide::Expr usual;
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_KERNELBUILDER_H
