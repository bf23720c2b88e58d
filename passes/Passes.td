// SPDX-License-Identifier: Apache-2.0
// All passes; their order is in Pipelines.cpp.
#ifndef DLC_PASSES
#define DLC_PASSES

include "mlir/Pass/PassBase.td"

//===-- training ------------------------------------------------------------===//

def LiftParameters : Pass<"dlc-lift-parameters", "::mlir::ModuleOp"> {
  let summary = "Hoist parameter loads out of loops";
  let description = [{
    Frontends repeat constants and parameters in the bodies of loops, where inference folds and packs them. In a module
    with gradients or assignments, parameters become captures of the loops: gradients are taken with respect to them,
    and their values come with each run.

    Before: `%w = dlc.load_parameter @w : tensor<3x8xf32>` in a loop's body

    After: the same before the loop, which has `%w` among its captures
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
def SinkLoopWork : Pass<"dlc-sink-loop-work", "::mlir::ModuleOp"> {
  let summary = "Sink sums and products over all steps out of loops (reduction sinking)";
  let description = [{
    The gradient of a recurrent layer's weights is a sum of products over all steps, to which each step adds its own.
    Where a loop-carried value is only such a sum, of products `a^T b` or of sums over rows, the loop has `a` and `b` as
    scan outputs (or inputs) instead, and one product of `[T * B, M]^T` and `[T * B, N]` after the loop replaces T small
    ones (its transpose, where only M columns fill vectors). Products with a capture that are only scan outputs move
    after the loop, too: the opposite of `--dlc-hoist-loop-work`.

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

//===-- graph ---------------------------------------------------------------===//

def LowerLeastSquares : Pass<"dlc-lower-least-squares", "::mlir::ModuleOp"> {
  let summary = "Decompose `dlc.least_squares` into loops over columns";
  let description = [{
    A loop takes one column per step, the one with the largest remainder, scales it to length 1 and subtracts its part
    from all other columns and the right-hand sides (modified Gram-Schmidt with pivoting). The right-hand sides are
    treated as columns, which makes this as accurate as Householder's method (Bjorck, 1967): the normal equations, which
    square the condition, are not formed. A second loop goes back through the steps for the coefficients. Columns are
    scaled to length 1 before, so units do not matter; once nothing longer than 8 sqrt(M) rounding errors is left of any
    column, the coefficients of those that remain are 0.

    Before: `%x = dlc.least_squares %a, %b : (tensor<?x2xf64>, tensor<?xf64>) -> tensor<2xf64>`

    After: `dlc.loop @run.orthogonalize ...` and `dlc.loop @run.substitute ... {reverse}`
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}
def PruneLoops : Pass<"dlc-prune-loops", "::mlir::ModuleOp"> {
  let summary = "Drop scan outputs that nobody reads";
  let description = [{
    A recurrent layer of which only the last state is used need not keep every step's. Scan outputs without a reader are
    dropped from the loop and its body, dead ops are erased, and so are bodies of erased loops.

    Before: `%h, %y = dlc.loop @step ...`, where nobody reads `%y`, and `return %1, %1` in `@step`.
    After: `%h = dlc.loop @step ...` and `return %1`.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def BindLoopShapes : Pass<"dlc-bind-loop-shapes", "::mlir::ModuleOp"> {
  let summary = "Tell the bodies of loops the extents of their arguments";
  let description = [{
    Passes look at one function at a time. This one writes, from what a loop's operands are, `dlc.dims` (an affine map)
    to every argument of the loop's body, and to the body itself the names of the symbols (`dlc.symbols`) and the
    numbers of values that are loop-carried and scan outputs (`dlc.carried`, `dlc.stacked`). Passes that change the
    operands of loops do the same at their end.

    After:
    `func.func private @body(%step: tensor<i64>, %h: tensor<?x8xf32> {dlc.dims = affine_map<()[s0] -> (s0, 8)>}, ...) attributes {dlc.carried = 1 : i64, dlc.stacked = 0 : i64, dlc.symbols = ["N"]}`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def CheckIndices : Pass<"dlc-check-indices", "::mlir::ModuleOp"> {
  let summary = "Record which inputs are indices and their legal range";
  let description = [{
    Where the indices of a `dlc.gather`, or the lengths of a loop (its capture number `dlc.lengths`), come from an input
    of an entry point and nothing is computed on the way (casts, reshapes, slices, loops that have it as a scan input),
    the input gets an entry in `dlc.checks`. The runtime checks such inputs before a run writes anything. Indices that
    the model computes are not checked; `dlc.gather` clamps them. With `dlc.vocabulary` on the gather, negative indices
    do not count from the end.

    After: the argument `tokens` has a check of the kind `index`, with `extent = 65` and
    `what = "the vocabulary of 'words'"`.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FoldParameters : Pass<"dlc-fold-parameters", "::mlir::ModuleOp"> {
  let summary = "Turn parameters into constants, for inference";
  let description = [{
    Every `dlc.load_parameter` becomes the `dlc.constant` of its parameter's value, and the parameters are erased. After
    this the model can no longer be trained. A parameter without value is an error. With `replaceable`, loads stay as
    they are, for `--dlc-hoist-weight-work`; a trainable model, whose parameters are variables anyway, is then an error.

    Before: `%w = dlc.load_parameter @w : tensor<2xf32>` with
    `dlc.parameter @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>`

    After: `%w = dlc.constant dense<1.0> : tensor<2xf32>`
  }];
  let options = [Option<"replaceable", "replaceable", "bool", "false", "Keep parameters, whose values may be replaced later">];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FoldBatchNorm : Pass<"dlc-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "Fold batch normalization into the convolution before it";
  let description = [{
    `batch_norm(conv(x, w) [+ b])` with operands that are known before a run becomes `conv(x, w') + b'` with
    `w' = w * scale / sqrt(variance + epsilon)` per output channel. A batch normalization after anything else becomes a
    multiplication and an addition per channel. All this is written as ops, those of channels in double precision, and
    computed at once where operands are constants; where they depend on parameters that may be replaced the ops stay.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FoldConstants : Pass<"dlc-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "Compute ops whose operands are all constants, if the result is small";
  let description = [{
    Reshapes, and slices of neighbouring elements, of constants of any size (they share memory), and transposes,
    broadcasts, f32 and f64 arithmetic and casts of floating-point numbers of at most `limit` elements. What is left of
    constant-only ops runs once, when a library is loaded.
  }];
  let options = [Option<"limit", "limit", "int64_t", "1 << 16", "Elements of a computed constant, at most">];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def SimplifyGraph : Pass<"dlc-simplify-graph", "::mlir::func::FuncOp"> {
  let summary = "Rewrite groups of ops as the one op that they amount to";
  let description = [{
    `0.5 x (1 + erf(x / sqrt(2)))` becomes `dlc.gelu`; `x sigmoid(x)` becomes `dlc.swish`; a clamp of a clamp, a relu of
    a clamp and a maximum or minimum with a scalar become one `dlc.clamp`. A sum of tensors that zeros pad along one
    axis, each where the others are zero, becomes `dlc.concat`: the gradient of what is sliced into gates.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def AbsorbBroadcasts : Pass<"dlc-absorb-broadcasts", "::mlir::func::FuncOp"> {
  let summary = "Fold broadcasts into the elementwise ops that read them";
  let description = [{
    An elementwise op broadcasts by itself: where its other operands give its result the same shape, it reads the
    operand of a `dlc.expand`, or what was added to -0 of a larger shape (which is how gradients are broadcast to
    dynamic extents). Nothing is stored only to have the shape of something else.

    Before: `%1 = dlc.expand %dy {shape = array<i64: 8, 4>} : (tensor<8x1xf32>) -> tensor<8x4xf32>` and `dlc.mul %1, %x`

    After: `dlc.mul %dy, %x : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>`
  }];
}

def DetachExtents : Pass<"dlc-detach-extents", "::mlir::func::FuncOp"> {
  let summary = "Rewrite shape uses to read extents from arguments";
  let description = [{
    `dlc.fill`, `dlc.extent`, `dlc.index`, `dlc.reshape_like` and `dlc.random_uniform` read an operand's extents, not
    its elements. Where an argument of the function has the same extents, they read it instead, so that the operand need
    not be stored, and can be part of a kernel.

    Before: `dlc.fill %relu {shape = array<i64: -2, 16>, ...} : (tensor<?x16xf32>) -> tensor<?x16xf32>`, `?` being N

    After: `dlc.fill %image {shape = array<i64: -2, 16>, ...} : (tensor<?x1x8x8xf32>) -> tensor<?x16xf32>`
  }];
}

def HoistLoopWork : Pass<"dlc-hoist-loop-work", "::mlir::ModuleOp"> {
  let summary = "Hoist matrix products that do not depend on loop-carried values out of loops";
  let description = [{
    Matrix products in a loop's body that depend on scan inputs, constants and captures only move before the loop, over
    all steps at once: a product of `[B, I]` in every one of T steps becomes one of `[T * B, I]`, and its result becomes
    a scan input. The ops that the product reads move with it, and so do elementwise ops that alone use it. What saves
    no work stays in the body, because its result would have to be stored for all steps.

    Before: `%y = dlc.matmul %x_t, %w : (tensor<?x3xf32>, tensor<3x8xf32>) -> tensor<?x8xf32>` in a body with the scan
    input `x`

    After: `dlc.matmul %x_all, %w : (tensor<?x3xf32>, tensor<3x8xf32>) -> tensor<?x8xf32>` before the loop, whose scan
    input is its result
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FuseAttention : Pass<"dlc-fuse-attention", "::mlir::func::FuncOp"> {
  let summary = "Rewrite products around a softmax as attention";
  let description = [{
    `softmax(scale q k^T + mask) v` becomes `dlc.attention`, which never stores the matrix of scores. The scale may be
    anywhere before the softmax: on the scores, on q, on k, or as a square root on both; the mask may be a sum, or a
    select between the scores and minus infinity. Not where scores have another use, or samples or heads broadcast.

    Before:
    ```mlir
    %kt = dlc.transpose %k {permutation = array<i64: 0, 1, 3, 2>} ...
    %s = dlc.matmul %q, %kt ...
    %c = dlc.mul %s, %eighth ...
    %p = dlc.softmax %c {axes = array<i64: 3>} ...
    %y = dlc.matmul %p, %v ...
    ```
    After: `%y = dlc.attention %q, %k, %v {scale = 0.125 : f64} : ...`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

//===-- layout --------------------------------------------------------------===//

def PackInvariants : Pass<"dlc-pack-invariants", "::mlir::ModuleOp"> {
  let summary = "Pack the matrices that a loop's steps multiply with before the loop";
  let description = [{
    A matrix that changes from run to run, but not from step to step, is a capture of its loop. Where steps multiply
    with it, it is packed once, before the loop, into the layout that the product reads fastest, and the loop gets the
    packed one as another capture.

    Before: `dlc.matmul %h, %w {transpose_rhs = true}` in a body whose argument `%w` is a capture

    After: the same with an argument
    `%p : tensor<512x128xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]>>`, for which the loop
    has the result of a `dlc.pack`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def HoistWeightWork : Pass<"dlc-hoist-weight-work", "::mlir::ModuleOp"> {
  let summary = "Move work that depends on weights only to an entry point that runs once after they change";
  let description = [{
    In a model whose weights can be replaced, packing, Winograd's transformation of weights, batch normalization that is
    folded, and whatever else depends on `dlc.load_parameter` and constants only, moves to an entry point of its own,
    `prepare_weights`. Each result that other ops read becomes a parameter of the kind "derived", which
    `prepare_weights` assigns and functions load; what several functions compute is shared. Reshapes and broadcasts stay
    with their readers. A parameter of the kind "stamp", the validity stamp, is assigned last; by it the runtime sees
    whether what is derived belongs to the weights. Runs after layouts are assigned; `--dlc-add-init`,
    `--dlc-lift-parameters` and `--dlc-bind-variables` follow.

    Before: `%p = dlc.pack %w : tensor<16x8xf32> -> tensor<16x8xf32, #layout>` with `%w = dlc.load_parameter @w`

    After: `%p = dlc.load_parameter @derived : tensor<16x8xf32, #layout>`, and
    ```mlir
    func.func @prepare_weights() {
      %w = dlc.load_parameter @w : tensor<16x8xf32>
      %p = dlc.pack %w : tensor<16x8xf32> -> tensor<16x8xf32, #layout>
      dlc.assign @derived, %p : tensor<16x8xf32, #layout>
      ...
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}
def AssignLayouts : Pass<"dlc-assign-layouts", "::mlir::func::FuncOp"> {
  let summary = "Choose the layout of every tensor";
  let description = [{
    Convolutions compute on channels-last tensors whose halo holds their padding, with weights blocked for the register
    tile; the layout spreads through the ops that take any layout (elementwise, windows, normalizations, concatenation,
    ...), and `dlc.pack` and `dlc.unpack` are inserted where it changes. Constant operands of matrix products are
    blocked in the same way. Attention reads and writes tensors whose heads are split off and merged by transposes in
    the order in which they are stored, so that these transposes only rename memory.

    Precondition: no tensor has a layout yet.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [Option<"math", "math", "std::string", "\"default\"", "Algebra that may change: strict, default or fast">,
                 ListOption<"isas", "isas", "std::string", "Instruction sets, the most basic first">];
}

//===-- fusion --------------------------------------------------------------===//

def FuseLstmGates : Pass<"dlc-fuse-lstm-gates", "::mlir::func::FuncOp"> {
  let summary = "Form one kernel of the step of an LSTM";
  let description = [{
    In the body of a loop, or in a function that does a single step: the products of the state with each gate's constant
    matrix (one packed product whose columns are sliced, or one product per gate, or products of the state and the input
    side by side), the gates' activations, and the new states become one `dlc.kernel` with `root(recurrent)` and one
    result per state. The matrices are packed as `[H/VL][K][G][VL]` (passes/schedule/PlanRecurrent.h); products of the
    input become one. Any elementwise op may occur in the equations: peepholes, coupled gates, clipping, any activation,
    masks of shorter sequences. A state is an argument with a result of its type that depends on it; an LSTM reads a
    second one. Weights that are not constants stay with the ordinary kernels.

    Before:
    ```mlir
    %z = dlc.matmul %h, %r : (tensor<1x8xf32>, tensor<8x32xf32>) -> tensor<1x32xf32>
    %s = dlc.add %zx, %z : ...
    %i = dlc.slice %s {starts = array<i64: 0, 0>, sizes = array<i64: -1, 8>, steps = array<i64: 1, 1>} : ...
    %ia = dlc.sigmoid %i : ...
    ```
    After:
    ```mlir
    %n:2 = dlc.kernel "lstm" root(recurrent) (%h, %packed, %zx, %c : ...) -> tensor<1x8xf32>, tensor<1x8xf32> {
      %z = dlc.matmul %arg0, %arg1 : (tensor<1x8xf32>, tensor<4x8x8xf32, #dlc.layout<...>>) -> tensor<4x1x8xf32>
      ...
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [Option<"reorderSums", "reorder-sums", "bool", "true", "Sums over a concatenation may be split in two">];
}
def FuseGruGates : Pass<"dlc-fuse-gru-gates", "::mlir::func::FuncOp"> {
  let summary = "Form the kernels of the step of a GRU";
  let description = [{
    As `--dlc-fuse-lstm-gates`, for cells that mix the new state with the old one. Where the reset gate acts after the
    product (`linear_before_reset`) a step is one kernel; where it acts on the state before the product, it is two: the
    first gives the update gate and the state after reset, the second multiplies that.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [Option<"reorderSums", "reorder-sums", "bool", "true", "Sums over a concatenation may be split in two">];
}
def FuseRnnGates : Pass<"dlc-fuse-rnn-gates", "::mlir::func::FuncOp"> {
  let summary = "Form one kernel of the step of an Elman network";
  let description = [{
    As `--dlc-fuse-lstm-gates`, for what is left: a product of the state that goes through an activation, of any kind.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [Option<"reorderSums", "reorder-sums", "bool", "true", "Sums over a concatenation may be split in two">];
}
def FuseConvReluPool : Pass<"dlc-fuse-conv-relu-pool", "::mlir::func::FuncOp"> {
  let summary = "Form kernels around convolutions and matrix products";
  let description = [{
    A convolution or matrix product absorbs the elementwise ops that follow it (bias, normalization, activation,
    residual sum), as long as each result has one use, and then a pooling whose windows do not overlap.

    Before:
    ```mlir
    %c = dlc.conv %x, %w ...
    %s = dlc.add %c, %b ...
    %r = dlc.relu %s ...
    %p = dlc.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, ...} ...
    ```
    After:
    ```mlir
    %p = dlc.kernel "conv" root(convolution) (%x, %w, %b : ...) -> ... { ... }
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def SplitConcats : Pass<"dlc-split-concats", "::mlir::func::FuncOp"> {
  let summary = "Split concatenations of very many operands into concatenations of fewer";
  let description = [{
    A kernel has a loop for each operand of a concatenation, and the time to compile it grows with the square of their
    number. Concatenations of row-major tensors take at most 32 operands each.

    Before: `dlc.concat` of 100 operands. After: one of four, which are concatenations of 25 operands each.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def ShareKernels : Pass<"dlc-share-kernels", "::mlir::func::FuncOp"> {
  let summary = "Share kernels that differ only in a number, which they then read from memory";
  let description = [{
    Networks that were unrolled take one step after the other out of a sequence, or hold thousands of numbers. More than
    `slice-limit` slices of one tensor that differ in where they start along one axis, of which they take one element,
    become gathers by constant indices. If a function holds more than `number-limit` different floating-point numbers,
    the kernels' inputs are these numbers, not immediates of their code. So are the counters of random numbers, if there
    are more than `counter-limit`: those of the initial values of a model with many variables. Such constants are marked
    `dlc.as_input`.

    Before:
    `dlc.slice %x {starts = array<i64: 0, 7>, sizes = array<i64: -1, 1>, ...} : tensor<?x99xf32> -> tensor<?x1xf32>`, 99
    of these
    After: `dlc.gather %x, %seven {axis = 1 : i64} : (tensor<?x99xf32>, tensor<1xi64>) -> tensor<?x1xf32>`
  }];
  let options = [Option<"sliceLimit", "slice-limit", "int64_t", "64", "slices that keep kernels of their own">,
                 Option<"numberLimit", "number-limit", "int64_t", "256", "numbers that are immediates of kernels">,
                 Option<"counterLimit", "counter-limit", "int64_t", "16", "counters that are immediates of kernels">];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FuseElementwise : Pass<"dlc-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Form kernels of elementwise chains, and of other ops with the elementwise ops around them";
  let description = [{
    Reductions, normalizations, windows and data-movement ops absorb the elementwise ops that follow them; reductions
    also those before them, if cheap, and concatenations all that compute one of X slices with long rows, mirrored ones
    and gathers of single elements are read where they are used, together with the arithmetic of their indices.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def FormKernels : Pass<"dlc-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "Put every op that is not yet in a kernel into one of its own";
  let description = [{
    Reshapes between row-major tensors stay outside: they only rename memory. Results of the function that are
    arguments, constants or results already get a kernel that copies them; a value that is both loop-carried
    and a scan output of a loop's body needs none.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def ExposeTensors : Pass<"dlc-expose-tensors", "::mlir::func::FuncOp"> {
  let summary = "Make every kernel's result an output of the model, for comparison layer by layer";
  let dependentDialects = ["::dlc::DlcDialect"];
}

//===-- schedule ------------------------------------------------------------===//

def SplitLoopRows : Pass<"dlc-split-loop-rows", "::mlir::ModuleOp"> {
  let summary = "Split loops over time by rows of the batch, so that each thread runs all steps";
  let description = [{
    The rows of a batch are independent in the steps of a recurrent layer: row i of what a step computes depends only on
    row i of what other kernels of the step and the steps before have computed, and on what the loop is given. Such a
    loop gets `dlc.row_range`, the number of rows that are worth a thread, and so do the kernels of its body, whose
    schedules then split their rows (dimension 0 of their results). The program runs the loop for ranges of rows, and
    threads do not wait for each other from its first step to its last.

    A loop keeps its form if its steps mix rows, if they stop early, know their number or hold loops, if there are fewer
    than twelve rows, if it is so short that a second thread gains nothing, and if the matrices that every range reads
    in every step have more than 4 MB: then threads share the columns of each product.

    Before: `dlc.loop @run.lstm carried(%h, %c : tensor<32x128xf32>, ...) ...`

    After: the same with `{dlc.row_range = 8 : i64}`, and `dlc.kernel ... attributes {dlc.row_range = 8 : i64}` in
    `@run.lstm`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}
def Tile : Pass<"dlc-tile", "::mlir::func::FuncOp"> {
  let summary = "Decide the schedule of every kernel";
  let description = [{
    Gives every `dlc.kernel` one `#dlc.schedule` per instruction set: the algorithm, the tile of results that stays in
    registers, the order of loops, and the dimension whose ranges may go to different threads (the same for all
    instruction sets). The decisions come from a cost model of registers, caches and throughputs (targets/Machine.h). A
    kernel that has schedules keeps them.

    Neighbouring dimensions that are contiguous in every tensor of a kernel, and that its ops treat alike, are one for
    the schedule, and dimensions of extent 1 none (analysis/CollapsedSpace.h); `dlc.collapse` records which. Elementwise
    kernels of equal shapes thus get a single loop, whose ranges can be split between threads at any index. The leading
    dimensions of a product with one right operand are its rows. Kernels of a loop whose rows threads share
    (`dlc.row_range`) keep theirs. Reductions, softmax, layer and group normalization and layout conversions keep apart
    what they treat differently.

    After:
    ```mlir
    schedules = [#dlc.schedule<algorithm = "direct", isa = "x86-64-v4", vector = 16, split = 2, grain = 1,
                               tiles = {columns = 32 : i64, rows = 14 : i64, planes = 1 : i64, columns_loop = 0 : i64}>]
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [ListOption<"isas", "isas", "std::string", "Instruction sets, the most basic first">,
                 Option<"naive", "naive", "bool", "false", "One element after the other, in one thread">];
}

def VerifySchedules : Pass<"dlc-verify-schedules", "::mlir::ModuleOp"> {
  let summary = "Check that every kernel's schedules are legal";
  let description = [{
    A schedule may have been written by a person, who edits the module, as well as by `--dlc-tile`. Every kernel must
    have one `#dlc.schedule` for each instruction set, whose algorithm is one of the kernel kind's, with its parameters
    and no others, each within what is legal for this kernel (passes/schedule/KernelSchedules.h), on the dimensions that
    `dlc.collapse` leaves. What is wrong is an error that names the kernel and what is legal.
  }];
  let options = [ListOption<"isas", "isas", "std::string", "The target's instruction sets">];
}

def CollapseKernels : Pass<"dlc-collapse-kernels", "::mlir::ModuleOp"> {
  let summary = "Merge the dimensions that a kernel's attribute dlc.collapse lists";
  let description = [{
    Applies what `--dlc-tile`, or a person, has recorded in `dlc.collapse`: the dimensions of each list become one, and
    those in no list, of extent 1, are dropped. Schedules refer to what is left already, and stay as they are. A list
    whose dimensions cannot be merged is an error.

    Before:
    ```mlir
    dlc.kernel_func @add root(elementwise) attributes {dlc.collapse = [[0, 1, 2, 3]], ...} {
    ^bb0(%x: tensor<8x64x7x7xf32>, %y: tensor<8x64x7x7xf32>):
      %z = dlc.add %x, %y : (tensor<8x64x7x7xf32>, tensor<8x64x7x7xf32>) -> tensor<8x64x7x7xf32>
    ```
    After:
    ```mlir
    dlc.kernel_func @add root(elementwise) attributes {...} {
    ^bb0(%x: tensor<25088xf32>, %y: tensor<25088xf32>):
      %z = dlc.add %x, %y : (tensor<25088xf32>, tensor<25088xf32>) -> tensor<25088xf32>
    ```
    Precondition: launches refer to kernels as `dlc.kernel_func`s on buffers of bytes, to which types do not matter.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

//===-- memory --------------------------------------------------------------===//

def AdvanceUpdates : Pass<"dlc-advance-updates", "::mlir::func::FuncOp"> {
  let summary = "Update variables as soon as their gradients are available (eager optimizer updates)";
  let description = [{
    What only one variable's new value depends on (the gradient of a weight, the optimizer's kernels, running means)
    moves up to where its operands have been computed: a gradient is consumed while it is in a cache, and neither it nor
    what it is made from is kept until the end. A new value waits until nobody reads the old one any more, so that it
    can be computed in place.

    Before:
    ```mlir
    %dw2 = dlc.kernel "dense_2" root(contraction) (%y1, %dy2 ...)
    %dy1 = dlc.kernel "dense_2" root(contraction) (%dy2, %w2 ...)
    %dw1 = dlc.kernel "dense_1" root(contraction) (%x, %dy1 ...)
    %new_w2 = dlc.kernel "sub" root(elementwise) (%w2, %dw2 ...)
    %new_w1 = dlc.kernel "sub" root(elementwise) (%w1, %dw1 ...)
    ```
    After:
    ```mlir
    %dw2 = dlc.kernel "dense_2" root(contraction) (%y1, %dy2 ...)
    %dy1 = dlc.kernel "dense_2" root(contraction) (%dy2, %w2 ...)
    %new_w2 = dlc.kernel "sub" root(elementwise) (%w2, %dw2 ...)
    %dw1 = dlc.kernel "dense_1" root(contraction) (%x, %dy1 ...)
    %new_w1 = dlc.kernel "sub" root(elementwise) (%w1, %dw1 ...)
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def Recompute : Pass<"dlc-recompute", "::mlir::ModuleOp"> {
  let summary = "Recompute tensors instead of keeping them, until a memory limit is met";
  let description = [{
    Training keeps what the backward pass reads of the forward pass. Where an entry point takes more memory than
    `memory-limit` (variables and intermediate tensors together), a tensor that is not read for long is dropped in
    between: its kernel, and those that compute its operands where these are not kept for others, run a second time
    before the next reader.

    The tensor that saves the most above the limit for the time that its kernels are estimated to take
    (`analysis/KernelCost.h`) goes first. Each round takes several, twice as many as the one before, and then plans the
    memory again; if they save less than it seemed, they are undone and fewer are tried. Elementwise kernels and
    normalizations go first; convolutions follow when there is nothing else. Without a limit nothing is computed twice. A
    limit that cannot be met is an error that says what is needed. The results are the same bits: the same kernel reads
    the same numbers.

    Before:
    ```mlir
    %a = dlc.kernel "relu" root(elementwise) (%x ...)
    %b = dlc.kernel "conv" root(convolution) (%a, %w ...)
    ...
    %g = dlc.kernel "conv.gradient" root(convolution) (%a, %dy ...)
    ```
    After:
    ```mlir
    %a = dlc.kernel "relu" root(elementwise) (%x ...)
    %b = dlc.kernel "conv" root(convolution) (%a, %w ...)
    ...
    %a2 = dlc.kernel "relu.again" root(elementwise) (%x ...)
    %g = dlc.kernel "conv.gradient" root(convolution) (%a2, %dy ...)
    ```

    Precondition: the functions hold kernels, loops, reshapes, constants and returns only.
  }];
  let options = [Option<"memoryLimit", "memory-limit", "int64_t", "0", "Bytes that an entry point may take; 0: no limit">];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def LowerToProgram : Pass<"dlc-lower-to-program", "::mlir::ModuleOp"> {
  let summary = "Plan memory and turn functions of tensors into programs on buffers";
  let description = [{
    Kernels become `dlc.kernel_func`s (equal ones become one) and launches; constants become one block of weights;
    kernels that depend on constants only move to `prepare`; intermediate tensors get offsets in one arena, sharing
    memory where they are not live together and reusing the memory of an operand that dies where the kernel allows it.
    The module's attributes `dlc.arena_bytes` and `dlc.live_bytes` hold the arena's size and the largest sum of live
    tensors, its lower bound, for symbols of value 1.

    A loop over time becomes a loop of the program: what a step reads of the step before is in one of two alternating
    buffers, or in that step's slice of a scan output; nothing is copied from step to step. Buffers of a step's own are
    shared by all steps.

    Precondition: the functions hold kernels, loops, reshapes, constants and returns only.
  }];
  let options = [Option<"shareMemory", "share-memory", "bool", "true", "Let tensors that are not live together share memory">];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect"];
}

#endif // DLC_PASSES
