// SPDX-License-Identifier: Apache-2.0
// Passes on graphs: less to compute.
#ifndef DLC_PASSES_GRAPH
#define DLC_PASSES_GRAPH

include "mlir/Pass/PassBase.td"

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

    After: `dlc.loop ... {trip_count = 2 : i64} ...` and `dlc.loop ... {reverse} ...`
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}

def PruneLoops : Pass<"dlc-prune-loops", "::mlir::func::FuncOp"> {
  let summary = "Drop scan outputs that nobody reads";
  let description = [{
    A recurrent layer of which only the last state is used need not keep every step's. Scan outputs without a reader are
    dropped from the loop, and dead ops are erased, from the end to the beginning.

    Before: `%h, %y = dlc.loop ...`, where nobody reads `%y`, with `dlc.next %1, %1`
    After: `%h = dlc.loop ...` with `dlc.next %1`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def CheckExtents : Pass<"dlc-check-extents", "::mlir::ModuleOp"> {
  let summary = "Record which extents must be equal, or not negative, in a run";
  let description = [{
    Shape inference takes two extents that meet in an elementwise op, a product, a concatenation or a reshape as equal
    if they are not numbers. Where they are different expressions of the symbols, the entry point gets an entry in
    `dlc.extent_checks`; so does an extent of a `dlc.shape` that might be negative, and one that is sliced beyond its
    smallest value. The program checks them before it computes anything.

    After: for `%x + %y` of types `tensor<?xf32>` with the extents N and M, the function has a check of the kind `equal`
    with `values = affine_map<()[s0, s1] -> (s0, s1)>` and `what = "add"`, and `symbols = ["N", "M"]`.
  }];
}

def CheckIndices : Pass<"dlc-check-indices", "::mlir::ModuleOp"> {
  let summary = "Record which inputs are indices and their legal range";
  let description = [{
    Where the indices of a `dlc.gather`, or the lengths that a loop's step compares its number with (a comparison with
    the attribute `dlc.lengths`), come from an input of an entry point and nothing is computed on the way (casts, reshapes, slices, loops that have it as a scan input),
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
    they are, for `--dlc-weight-only-code-motion`; a trainable model, whose parameters are variables anyway, is then an error.

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

def MoveDequantize : Pass<"dlc-move-dequantize", "::mlir::func::FuncOp"> {
  let summary = "Move dequantization after the ops that keep values";
  let description = [{
    Reshapes, transposes, slices, broadcasts, gathers and maximum pools (of 8 bits) of what is dequantized with one positive scale,
    and concatenations of what is dequantized with equal ones, move the integers instead: a quarter of the bytes, and
    the dequantization arrives where a product or an elementwise op can use it. Quantizing what was dequantized with the
    same scale and zero point, integers of 8 bits or fewer, gives the integers.

    Before: `%1 = dlc.dequantize %q, %s` and `%2 = dlc.reshape %1`

    After: `%1 = dlc.reshape %q` and `%2 = dlc.dequantize %1, %s`
  }];
}

def FormIntegerProducts : Pass<"dlc-form-integer-products", "::mlir::func::FuncOp"> {
  let summary = "Turn products of dequantized integers into products of integers";
  let description = [{
    A matrix product or convolution of two tensors that are dequantized from integers of 8 bits or fewer, with scales
    that all terms of a sum share, becomes one of the integers less their zero points, summed in i32, times both scales.
    Sums that might not fit 32 bits stay floating-point. The zero points of constants are subtracted at once, and what
    fits i8 stays i8. Without `turn-real`, which changes how results are rounded, only products that are integers
    already are simplified.

    Before: `%a = dlc.dequantize %x, %s`, `%b = dlc.dequantize %w, %t` and `dlc.matmul %a, %b`

    After: `%a = dlc.matmul %x, %w : (tensor<?x64xi8>, tensor<64x10xi8>) -> tensor<?x10xi32>`, a cast to f32 and a
    multiplication by `s * t`
  }];
  let options = [Option<"turnReal", "turn-real", "bool", "true", "Turn products of floating point">];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def SimplifyGraph : Pass<"dlc-simplify-graph", "::mlir::func::FuncOp"> {
  let summary = "Rewrite groups of ops as the one op that they amount to";
  let description = [{
    `0.5 x (1 + erf(x / sqrt(2)))` becomes `dlc.gelu`; `x sigmoid(x)` becomes `dlc.swish`; a clamp of a clamp, a relu of
    a clamp and a maximum or minimum with a scalar become one `dlc.clamp`. `dlc.top_k` takes its elements at the indices that a
    `dlc.top_k_indices` finds. A sum of tensors that zeros pad along one
    axis, each where the others are zero, becomes `dlc.concat`: the gradient of what is sliced into gates.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def LowerEinsums : Pass<"dlc-lower-einsums", "::mlir::func::FuncOp"> {
  let summary = "Lower einsums of two operands to products of matrices";
  let description = [{
    Operands are transposed where their letters are not in an order that `dlc.matmul` takes, and letters of rows,
    columns or terms become one dimension. Letters that one operand has alone are summed first, unless sums keep their
    order. Others stay: of one or more than two operands, with a letter twice in an operand, without a sum, and with
    several extents that only a run knows among the rows or columns.

    Before: `dlc.einsum "bqhd,bkhd->bhqk" %q, %k`, both `tensor<?x?x4x16xf32>`

    After: `dlc.matmul` of both transposed by `[0, 2, 1, 3]`, with `transpose_rhs`
  }];
  let options = [Option<"reorderSums", "reorder-sums", "bool", "true", "Allow sums in another order">];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def SplitTransposedConvolutions : Pass<"dlc-split-transposed-convolutions", "::mlir::func::FuncOp"> {
  let summary = "Split transposed convolutions into a convolution of all phases and their interleaving";
  let description = [{
    With a stride of s, every s-th result per dimension meets the same taps: a convolution of stride 1 with a set of
    output channels for each of these phases computes all of them, with full vectors even for one output channel. This
    is done for fewer than 8 output channels, and for 1 and 3 spatial dimensions, if the stride divides the kernel and
    there are no groups or dilations; other transposed convolutions compute their phases in their kernel. So do those of
    up to 4 output channels with `reorder-sums`, if the target fills vectors with rows of images. More than 16 phases
    are always split, as are images of one pixel, whose strides do not matter: with that of the kernel's extent, no
    product with padding is computed.

    Before: `dlc.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, ...} : (tensor<1x8x5x5xf32>, tensor<8x1x4x4xf32>) -> tensor<1x1x10x10xf32>`

    After: `dlc.conv` of `%x` with `tensor<4x8x2x2xf32>`, a reshape to `1x2x2x1x6x6`, a transpose to `1x1x6x2x6x2`, a
    reshape to `1x1x12x12`, and `dlc.pad` by -1.
  }];
  let options = [Option<"reorderSums", "reorder-sums", "bool", "true", "Allow sums in another order">];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def FoldBroadcasts : Pass<"dlc-fold-broadcasts", "::mlir::func::FuncOp"> {
  let summary = "Fold broadcasts into the elementwise ops that read them";
  let description = [{
    An elementwise op broadcasts by itself: where its other operands give its result the same shape, it reads the
    operand of a `dlc.expand`, or what was added to -0 of a larger shape (which is how gradients are broadcast to
    dynamic extents). Nothing is stored only to have the shape of something else.

    Before: `%1 = dlc.expand %dy {shape = array<i64: 8, 4>} : (tensor<8x1xf32>) -> tensor<8x4xf32>` and `dlc.mul %1, %x`

    After: `dlc.mul %dy, %x : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>`
  }];
}

def RewriteShapeUses : Pass<"dlc-rewrite-shape-uses", "::mlir::func::FuncOp"> {
  let summary = "Rewrite shape uses to read extents from arguments";
  let description = [{
    `dlc.fill`, `dlc.extent`, `dlc.index`, `dlc.reshape_like` and `dlc.random_uniform` read an operand's extents, not
    its elements. Where an argument of the function has the same extents, they read it instead, so that the operand need
    not be stored, and can be part of a kernel.

    Before: `dlc.fill %relu {shape = array<i64: -2, 16>, ...} : (tensor<?x16xf32>) -> tensor<?x16xf32>`, `?` being N

    After: `dlc.fill %image {shape = array<i64: -2, 16>, ...} : (tensor<?x1x8x8xf32>) -> tensor<?x16xf32>`
  }];
}

def LoopInvariantCodeMotion : Pass<"dlc-loop-invariant-code-motion", "::mlir::func::FuncOp"> {
  let summary = "Hoist work that does not depend on loop-carried values out of loops";
  let description = [{
    What is the same in every step moves before the loop, unless kernels repeat it for next to nothing (elementwise ops
    on captures). Matrix products that depend on scan inputs and captures only move before the loop, too, over all steps
    at once: a product of `[B, I]` in every one of T steps becomes one of `[T * B, I]`, and its result becomes
    a scan input. The ops that the product reads move with it, and so do elementwise ops that alone use it. What saves
    no work stays in the step, because its result would have to be stored for all steps.

    Before: `%y = dlc.matmul %x_t, %w : (tensor<?x3xf32>, tensor<3x8xf32>) -> tensor<?x8xf32>` in a step with the scan
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

#endif // DLC_PASSES_GRAPH
