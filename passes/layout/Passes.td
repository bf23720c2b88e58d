// SPDX-License-Identifier: Apache-2.0
// Passes that decide how tensors are stored in memory.
#ifndef DLC_PASSES_LAYOUT
#define DLC_PASSES_LAYOUT

include "mlir/Pass/PassBase.td"

def WeightOnlyCodeMotion : Pass<"dlc-weight-only-code-motion", "::mlir::ModuleOp"> {
  let summary = "Move work that depends on weights only to an entry point that runs once after they change";
  let description = [{
    In a model whose weights can be replaced, packing, Winograd's transformation of weights, batch normalization that is
    folded, and whatever else depends on `dlc.load_parameter` and constants only, moves to an entry point of its own,
    `prepare_weights`. Each result that other ops read becomes a parameter of the kind "derived", which
    `prepare_weights` assigns and functions load; what several functions compute is shared. Reshapes and broadcasts stay
    with their readers. A parameter of the kind "stamp", the validity stamp, is assigned last; by it the runtime sees
    whether what is derived belongs to the weights. Runs after layouts are assigned; `--dlc-add-init`,
    `--dlc-hoist-parameter-loads` and `--dlc-bind-variables` follow.

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
    Ops have the layouts that the target wants for them. On CPUs, convolutions compute on channels-last tensors whose
    halo holds their padding, with weights blocked for the register tile; the layout spreads through the ops that take
    any layout (elementwise, windows, normalizations, concatenation, ...), and `dlc.pack` and `dlc.unpack` are inserted
    where it changes. Constant operands of matrix products are blocked in the same way. Attention reads and writes
    tensors whose heads are split off and merged by transposes in the order in which they are stored, so that these
    transposes only rename memory.

    Precondition: no tensor has a layout yet.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [Option<"math", "math", "std::string", "\"default\"", "Algebra that may change: strict, default or fast">];
}

#endif // DLC_PASSES_LAYOUT
