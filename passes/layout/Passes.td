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

def MultiplyBytes : Pass<"dlc-multiply-bytes", "::mlir::func::FuncOp"> {
  let summary = "Turn products of differences of bytes into products of u8 and i8, where a machine is fastest at them";
  let description = [{
    A product of `dlc.center` of u8 and of a constant i8 weight becomes one of the u8 themselves, from which the zero
    point times the sum of each channel's weights is subtracted. What pads a convolution is the zero point,
    too, of a `dlc.pad` before it. An i8
    factor is moved to u8 by 128, as is its zero point, and dequantizations of it read the u8.

    ```mlir
    %c = dlc.center %x, %z : (tensor<4x64xui8>, tensor<ui8>) -> tensor<4x64xi16>
    %y = dlc.matmul %c, %w : (tensor<4x64xi16>, tensor<64x32xi8>) -> tensor<4x32xi32>
    // becomes
    %s = dlc.matmul %x, %w : (tensor<4x64xui8>, tensor<64x32xi8>) -> tensor<4x32xi32>
    %y = dlc.sub %s, %corrections : (tensor<4x32xi32>, tensor<32xi32>) -> tensor<4x32xi32>
    ```

    Precondition: no tensor has a layout yet.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [ListOption<"isas", "isas", "std::string", "The instruction sets of the target">];
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
