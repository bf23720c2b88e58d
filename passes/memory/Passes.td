// SPDX-License-Identifier: Apache-2.0
// Passes that decide when kernels run and where their tensors are.
#ifndef DLC_PASSES_MEMORY
#define DLC_PASSES_MEMORY

include "mlir/Pass/PassBase.td"

def EagerOptimizerUpdates : Pass<"dlc-eager-optimizer-updates", "::mlir::func::FuncOp"> {
  let summary = "Update variables as soon as their gradients are available (eager optimizer updates)";
  let description = [{
    What only one variable's new value depends on (the gradient of a weight, the optimizer's kernels, running means)
    moves up to where its operands have been computed: a gradient is consumed while it is in a cache, and neither it nor
    what it is made from is kept until the end. A new value waits until nobody reads the old one any more, so that it
    can be computed in place.

    Before:
    ```mlir
    %dw2 = dlc.kernel "dense_2" kind(contraction) (%y1, %dy2 ...)
    %dy1 = dlc.kernel "dense_2" kind(contraction) (%dy2, %w2 ...)
    %dw1 = dlc.kernel "dense_1" kind(contraction) (%x, %dy1 ...)
    %new_w2 = dlc.kernel "sub" kind(elementwise) (%w2, %dw2 ...)
    %new_w1 = dlc.kernel "sub" kind(elementwise) (%w1, %dw1 ...)
    ```
    After:
    ```mlir
    %dw2 = dlc.kernel "dense_2" kind(contraction) (%y1, %dy2 ...)
    %dy1 = dlc.kernel "dense_2" kind(contraction) (%dy2, %w2 ...)
    %new_w2 = dlc.kernel "sub" kind(elementwise) (%w2, %dw2 ...)
    %dw1 = dlc.kernel "dense_1" kind(contraction) (%x, %dy1 ...)
    %new_w1 = dlc.kernel "sub" kind(elementwise) (%w1, %dw1 ...)
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def SinkUpdates : Pass<"dlc-sink-updates", "::mlir::ModuleOp"> {
  let summary = "Change variables and states after the last op in which a run may fail";
  let description = [{
    A run that reads an extent back, itself or in a step or branch, may fail there: the number may contradict another one,
    or there may be no memory for it. What the model keeps must then be as it was, so that kernels that give variables and
    states their new values, and what reads these, move behind the last such op. What decides an extent itself stays.

    Before:
    ```mlir
    %new_w = dlc.kernel "sub" kind(elementwise) (%w, %dw ...)
    %s = dlc.readback %count {symbol = "found" ...}
    ```
    After:
    ```mlir
    %s = dlc.readback %count {symbol = "found" ...}
    %new_w = dlc.kernel "sub" kind(elementwise) (%w, %dw ...)
    ```
  }];
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
    %a = dlc.kernel "relu" kind(elementwise) (%x ...)
    %b = dlc.kernel "conv" kind(convolution) (%a, %w ...)
    ...
    %g = dlc.kernel "conv.gradient" kind(convolution) (%a, %dy ...)
    ```
    After:
    ```mlir
    %a = dlc.kernel "relu" kind(elementwise) (%x ...)
    %b = dlc.kernel "conv" kind(convolution) (%a, %w ...)
    ...
    %a2 = dlc.kernel "relu.again" kind(elementwise) (%x ...)
    %g = dlc.kernel "conv.gradient" kind(convolution) (%a2, %dy ...)
    ```

    Precondition: the functions hold kernels, loops, reshapes, constants and returns only.
  }];
  let options = [Option<"memoryLimit", "memory-limit", "int64_t", "0", "Bytes that an entry point may take; 0: no limit">];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def OutlineBranches : Pass<"dlc-outline-branches", "::mlir::ModuleOp"> {
  let summary = "Make functions of the branches of choices";
  let description = [{
    Every `dlc.if` becomes a `dlc.outlined_if`, whose branches are private functions named after the function around the
    op and its layer, with `.then` and `.else`. Outer values that a branch reads become arguments (captures) of both;
    constants, and what depends only on constants and parameters, are repeated in the branches. Loops in a branch stay
    regions of its function, and those around the op regions of theirs.

    Before:
    ```mlir
    %y = dlc.if %is_fast : tensor<i1> -> tensor<8xf32> {
      dlc.end_if %x : tensor<8xf32>
    } else {
      %z = dlc.tanh %x : tensor<8xf32> -> tensor<8xf32>
      dlc.end_if %z : tensor<8xf32>
    }
    ```
    After:
    ```mlir
    %y = dlc.outlined_if %is_fast @run.choice.then @run.choice.else captures(%x : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}

def OutlineLoops : Pass<"dlc-outline-loops", "::mlir::ModuleOp"> {
  let summary = "Make functions of the steps of loops";
  let description = [{
    Every `dlc.loop` becomes a `dlc.outlined_loop`, whose step is a private function named after the function around the
    loop and the loop's layer. Outer values that the step reads become arguments (captures); constants, and what depends
    only on constants and parameters, are repeated in the step.

    Before:
    ```mlir
    %h = dlc.loop init(%h0 : tensor<8xf32>) scan(%x : tensor<5x8xf32>) -> tensor<8xf32> {
    ^bb0(%step: tensor<i64>, %before: tensor<8xf32>, %slice: tensor<8xf32>):
      %scaled = dlc.mul %slice, %factor : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      %after = dlc.add %before, %scaled : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      dlc.next %after : tensor<8xf32>
    }
    ```
    After:
    ```mlir
    %h = dlc.outlined_loop @run.sum init(%h0 : tensor<8xf32>) scan(%x : tensor<5x8xf32>) captures(%factor : tensor<8xf32>) -> tensor<8xf32>
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::func::FuncDialect"];
}

def LowerToProgram : Pass<"dlc-lower-to-program", "::mlir::ModuleOp"> {
  let summary = "Plan memory and turn functions of tensors into programs on buffers";
  let description = [{
    Kernels become `dlc.kernel_func`s (equal ones become one) and launches; extents of a kernel's inputs become symbols
    of its own, whose values launches pass; constants become one block of weights; kernels that depend on constants only
    move to `prepare`; intermediate tensors get offsets in one arena, sharing memory where they are not live together
    and reusing the memory of an operand that dies where the kernel allows it.
    The module's attribute `dlc.memory` has the arena's size and the largest sum of live tensors, its lower bound, for
    symbols of value 1.

    A loop over time becomes a loop of the program: what a step reads of the step before is in one of two alternating
    buffers, or in that step's slice of a scan output; nothing is copied from step to step. Buffers of a step's own are
    shared by all steps. A choice becomes an `scf.if` on its condition's element; the tensors of one branch may have the
    memory of the other's.

    Precondition: the functions hold kernels, loops, reshapes, constants and returns only.
  }];
  let options = [Option<"shareMemory", "share-memory", "bool", "true", "Let tensors that are not live together share memory">];
  let dependentDialects = ["::dlc::DlcDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect"];
}

#endif // DLC_PASSES_MEMORY
