// SPDX-License-Identifier: Apache-2.0
// Passes that write training steps: gradients, optimizers, variables.
#ifndef DLC_PASSES_TRAINING
#define DLC_PASSES_TRAINING

include "mlir/Pass/PassBase.td"

def HoistParameterLoads : Pass<"dlc-hoist-parameter-loads", "::mlir::ModuleOp"> {
  let summary = "Hoist parameter loads out of loops";
  let description = [{
    Layers inside loops load parameters where they use them. The loads move before the outermost loop around them, so
    that the steps capture the values: gradients are taken with respect to them, and variables are arguments.

    Before: `%w = dlc.load_parameter @w : tensor<3x8xf32>` in the step of a loop

    After: the same before the loop
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def AddOptimizer : Pass<"dlc-add-optimizer", "::mlir::ModuleOp"> {
  let summary = "Write out the steps of optimizers";
  let description = [{
    Every `dlc.apply_gradients` becomes the arithmetic of its optimizer and one `dlc.assign` per parameter. What the
    optimizer keeps for each parameter (a momentum, mean squares) becomes parameters of the kind "slot", zeros at first,
    called `SCOPE.ROLE.PARAMETER`; Adam's count of steps is the counter `SCOPE.step`. Gradients are clipped before
    (`clip_value`, or together by `clip_norm`). Lists with one entry per parameter (`rates`, `weight_decays`,
    `max_norms`) give parameters a factor of the rate, a decay and a largest norm of their own. With `accumulate = K`
    gradients are added up in slots (`SCOPE.gradient.PARAMETER`), and every K-th run does the step; the others select
    what was.

    Before:
    `dlc.apply_gradients [@w] rate(%r : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sgd"}, scope = "optimizer"}`

    After: `dlc.assign @w, %w1 : tensor<2xf32>` with `%w1 = dlc.sub %w, %d` and `%d = dlc.mul %g, %r`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def AddInit : Pass<"dlc-add-init", "::mlir::ModuleOp"> {
  let summary = "Add the entry point that initializes parameters";
  let description = [{
    In a module in which something is assigned, `init(seed)` assigns every parameter that is not derived its value or
    what its initializer makes of the seed: `{distribution = "uniform", low, high}`,
    `{distribution = "normal", mean, stddev}` or `{distribution = "orthogonal", gain}`. Random numbers are a function of
    the seed, the parameter's name and the element's index, so no parameter depends on another one, on the target, or on
    threads.

    After: `func.func @init(%seed: tensor<i64>)` with one `dlc.assign` per parameter
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}

def SinkReductions : Pass<"dlc-sink-reductions", "::mlir::func::FuncOp"> {
  let summary = "Sink sums and products over all steps out of loops (reduction sinking)";
  let description = [{
    The gradient of a recurrent layer's weights is a sum of products over all steps, to which each step adds its own.
    Where a loop-carried value is only such a sum, of products `a^T b` or of sums over rows, the loop has `a` and `b` as
    scan outputs (or inputs) instead, and one product of `[T * B, M]^T` and `[T * B, N]` after the loop replaces T small
    ones (its transpose, where only M columns fill vectors). Products with a capture that are only scan outputs move
    after the loop, too: the opposite of `--dlc-loop-invariant-code-motion`.

    Before: `%s1 = dlc.add %s, %p` with `%p = dlc.matmul %dz, %h {transpose_lhs = true}` in a body with the loop-carried
    value `%s`

    After: `%dz` is a scan output; `dlc.matmul %dz_all, %h_all {transpose_lhs = true}` after the loop
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def Differentiate : Pass<"dlc-differentiate", "::mlir::ModuleOp"> {
  let summary = "Write out gradients";
  let description = [{
    Every `dlc.gradient` becomes the ops that compute it, by reverse-mode differentiation: from the tensor that is
    differentiated back to those it is differentiated with respect to, with the rule of every op on the way
    (`GradientOpInterface`); gradients that reach a value on several paths are added. An op without a rule on the way is
    an error. No gradient passes through `dlc.stop_gradient`, integers and comparisons. Runs before parameters are
    folded.

    Before: `%d = dlc.gradient %y with_respect_to(%x : tensor<4xf32>) : tensor<4xf32>` with `%y = dlc.exp %x`

    After: `%d = dlc.mul %one, %y` with ones in `%one`
  }];
}

def BindVariables : Pass<"dlc-bind-variables", "::mlir::ModuleOp"> {
  let summary = "Turn parameters that change into arguments and results";
  let description = [{
    In a module in which something is assigned, parameters are variables: every function gets an argument for each that
    it loads and a result for each that it assigns, both with the parameter's name as `dlc.variable`. The memory of the
    argument is the variable's memory in the caller's block, and the memory planner computes results there if nobody
    reads the old value afterwards. In other modules nothing happens: there, parameters become constants.

    Before: `%w = dlc.load_parameter @w : tensor<2xf32>` and `dlc.assign @w, %1 : tensor<2xf32>`

    After: `func.func @step(%w: tensor<2xf32> {dlc.variable = "w"}) -> (tensor<2xf32> {dlc.variable = "w"})`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

#endif // DLC_PASSES_TRAINING
