// SPDX-License-Identifier: Apache-2.0
// Passes that form kernels.
#ifndef DLC_PASSES_FUSION
#define DLC_PASSES_FUSION

include "mlir/Pass/PassBase.td"

def FuseLstmGates : Pass<"dlc-fuse-lstm-gates", "::mlir::func::FuncOp"> {
  let summary = "Form one kernel of the step of an LSTM";
  let description = [{
    In the body of a loop, or in a function that does a single step: the products of the state with each gate's constant
    matrix (one packed product whose columns are sliced, or one product per gate, or products of the state and the input
    side by side), the gates' activations, and the new states become one `dlc.kernel` with `kind(recurrent)` and one
    result per state. The matrices are packed as `[H/VL][K][G][VL]` (backends/cpu/PlanRecurrent.h); products of the
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
    %n:2 = dlc.kernel "lstm" kind(recurrent) (%h, %packed, %zx, %c : ...) -> tensor<1x8xf32>, tensor<1x8xf32> {
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
    %p = dlc.kernel "conv" kind(convolution) (%x, %w, %b : ...) -> ... { ... }
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

def DuplicateDequantize : Pass<"dlc-duplicate-dequantize", "::mlir::func::FuncOp"> {
  let summary = "Give each elementwise op and reduction its own dequantization";
  let description = [{
    What is dequantized for several users is computed in the kernel of each from the integers, rather than stored.

    Before: `%1 = dlc.dequantize %q, %s`, with the users `dlc.add %1, %x` and `dlc.relu %1`

    After: two of the `dlc.dequantize`, one for each
  }];
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

def ObserveTensors : Pass<"dlc-observe-tensors", "::mlir::func::FuncOp"> {
  let summary = "Make every kernel's result an output of the model, for comparison layer by layer";
  let dependentDialects = ["::dlc::DlcDialect"];
}

#endif // DLC_PASSES_FUSION
