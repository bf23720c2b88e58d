// SPDX-License-Identifier: Apache-2.0
// Kernels in a graph: groups of ops that are computed together.
#ifndef DLC_OPS_KERNEL
#define DLC_OPS_KERNEL

include "ir/DlcBase.td"
include "ir/KernelInterface.td"

def Dlc_KernelOp : Dlc_Op<"kernel", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects, Dlc_OutsideKernels,
                                     Dlc_KernelLikeOpInterface]> {
  let summary = "A group of ops that one kernel computes";
  let description = [{
    The body's block arguments are the inputs; its terminator `dlc.yield` gives the results. Several results have the
    same shape and layout, for one loop nest computes an element of each; those of a `dlc.custom` may differ.
    `schedules` holds one `#dlc.schedule` per instruction set, once `--dlc-tile` has decided. Dynamic extents are expressions of symbols: `input_dims` gives each
    input's extents (one affine map per input, from the kernel's symbols), `symbols` the names of the entry point's
    symbols that the kernel takes, in order.

    ```mlir
    %y = dlc.kernel "conv1_relu" kind(convolution) (%x, %w : tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x8x8xf32> {
    ^bb0(%a: tensor<1x3x8x8xf32>, %b: tensor<16x3x3x3xf32>):
      %c = dlc.conv %a, %b {...} : ...
      %r = dlc.relu %c : tensor<1x16x8x8xf32> -> tensor<1x16x8x8xf32>
      dlc.yield %r : tensor<1x16x8x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$kernel_name, Dlc_KernelKindAttr:$kind, Variadic<Dlc_Tensor>:$inputs,
                       OptionalAttr<ArrayAttr>:$schedules, OptionalAttr<ArrayAttr>:$input_dims,
                       OptionalAttr<ArrayAttr>:$symbols);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{$kernel_name `kind` `(` $kind `)` `(` ($inputs^ `:` type($inputs))? `)` `->` type($outputs)
    attr-dict-with-keyword $body}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The first result; the others have its shape and layout.
    ::mlir::OpResult getResult() { return (*this)->getResult(0); }
  }];
}

def Dlc_YieldOp : Dlc_Op<"yield", [Pure, Terminator, PredOpTrait<"it is in a kernel",
    CPred<"::llvm::isa_and_present<::dlc::KernelLikeOpInterface>($_op.getParentOp())">>]> {
  let summary = "The results of a kernel";
  let arguments = (ins Variadic<Dlc_Tensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // DLC_OPS_KERNEL
