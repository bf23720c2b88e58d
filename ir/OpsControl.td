// SPDX-License-Identifier: Apache-2.0
// Control flow between graph ops.
#ifndef DLC_OPS_CONTROL
#define DLC_OPS_CONTROL

include "ir/DlcBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Dlc_LoopOp : Dlc_Op<"loop", [Pure, AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A loop over time: runs a function once per step and carries state from one step to the next";
  let description = [{
    `body` is a private function `(step, carried..., scanned..., invariants...) -> (carried..., stacked..., [stop])`:

    - `step` is the number of the step, a `tensor<i64>`: 0, 1, ... in the order in which steps run;
    - `carried` are the loop-carried values; the loop's first results are what the last step returned;
    - `scanned` are the scan inputs: they have the steps as dimension 0, and the body gets one step of each, without
      that dimension;
    - `invariants` are the captures: the same in every step;
    - `stacked` are the scan outputs: results of the body that become results of the loop with the steps as dimension 0.

    With `reverse` the steps run from the last index of the scan inputs and outputs to the first. There are as many
    steps as the scan inputs have, or `trip_count` if there are none.

    With `stops` the body's last result is a `tensor<i1>`, and the loop ends after the first step in which it is true.
    Scan outputs are zero after that; the loop has one more result, a `tensor<i64>` with the number of steps that ran.

    A body belongs to one loop. Its dimensions refer to the same symbols as the loop's function;
    `--dlc-bind-loop-shapes` writes them to the body's arguments.

    ```mlir
    %h, %y = dlc.loop @run.rnn carried(%h0 : tensor<?x8xf32>) scanned(%x : tensor<5x?x3xf32>) invariants()
        -> tensor<?x8xf32>, tensor<5x?x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, Variadic<Dlc_Tensor>:$carried, Variadic<Dlc_Tensor>:$scanned,
                       Variadic<Dlc_Tensor>:$invariants, OptionalAttr<I64Attr>:$trip_count, UnitAttr:$reverse,
                       UnitAttr:$stops);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let assemblyFormat = [{$body `carried` `(` ($carried^ `:` type($carried))? `)` `scanned` `(` ($scanned^ `:` type($scanned))? `)`
    `invariants` `(` ($invariants^ `:` type($invariants))? `)` attr-dict `->` type($outputs)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The function that computes a step.
    ::mlir::func::FuncOp getBodyFunction();
    /// The results that are the loop-carried values after the last step, and those that hold one slice per step.
    ::mlir::ResultRange getFinals();
    ::mlir::ResultRange getStacked();
    /// The number of steps that ran; null unless the loop `stops`.
    ::mlir::Value getStepCount();
  }];
}

#endif // DLC_OPS_CONTROL
