// SPDX-License-Identifier: Apache-2.0
// Layout conversions and kernels: groups of graph ops that are computed together.
#ifndef DLC_OPS_KERNEL
#define DLC_OPS_KERNEL

include "ir/DlcBase.td"

class Dlc_LayoutConversion<string opMnemonic, string text> : Dlc_Op<opMnemonic, [Pure]> {
  let summary = text;
  let arguments = (ins Dlc_Tensor:$x);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dlc_PackOp : Dlc_LayoutConversion<"pack", "The same tensor, stored in the result type's layout"> {
  let description = [{
    Also computes Winograd-transformed weights, where the result's layout says so.

    ```mlir
    %p = dlc.pack %w : tensor<64x64x3x3xf32> -> tensor<64x64x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>>
    ```
  }];
}
def Dlc_UnpackOp : Dlc_LayoutConversion<"unpack", "The same tensor, stored row-major without halo">;

def Dlc_KernelRoot : I32EnumAttr<"KernelRoot", "The kind of a kernel: its anchor op, which decides its schedule", [
  I32EnumAttrCase<"Elementwise", 0, "elementwise">, I32EnumAttrCase<"Convolution", 1, "convolution">,
  I32EnumAttrCase<"Contraction", 2, "contraction">, I32EnumAttrCase<"Window", 3, "window">,
  I32EnumAttrCase<"Reduction", 4, "reduction">, I32EnumAttrCase<"Normalization", 5, "normalization">,
  I32EnumAttrCase<"Movement", 6, "movement">,
  I32EnumAttrCase<"Recurrent", 7, "recurrent">, I32EnumAttrCase<"Attention", 8, "attention">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_KernelRootAttr : EnumAttr<Dlc_Dialect, Dlc_KernelRoot, "root">;

def Dlc_KernelOp : Dlc_Op<"kernel", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "A group of ops that one kernel computes";
  let description = [{
    The body's block arguments are the inputs; its terminator `dlc.yield` gives the results. Several results have the
    same shape and layout: one loop nest computes an element of each. `schedules` holds one `#dlc.schedule` per
    instruction set, once `--dlc-tile` has decided. Dynamic extents are expressions of symbols: `input_dims` gives each
    input's extents (one affine map per input, from the kernel's symbols), `symbols` the names of the entry point's
    symbols that the kernel takes, in order.

    ```mlir
    %y = dlc.kernel "conv1_relu" root(convolution) (%x, %w : tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x8x8xf32> {
    ^bb0(%a: tensor<1x3x8x8xf32>, %b: tensor<16x3x3x3xf32>):
      %c = dlc.conv %a, %b {...} : ...
      %r = dlc.relu %c : tensor<1x16x8x8xf32> -> tensor<1x16x8x8xf32>
      dlc.yield %r : tensor<1x16x8x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$kernel_name, Dlc_KernelRootAttr:$root, Variadic<Dlc_Tensor>:$inputs,
                       OptionalAttr<ArrayAttr>:$schedules, OptionalAttr<ArrayAttr>:$input_dims,
                       OptionalAttr<ArrayAttr>:$symbols);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{$kernel_name `root` `(` $root `)` `(` ($inputs^ `:` type($inputs))? `)` `->` type($outputs)
    attr-dict-with-keyword $body}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The first result; the others have its shape and layout.
    ::mlir::OpResult getResult() { return (*this)->getResult(0); }
    /// What the body yields, and the first of it.
    ::mlir::OperandRange getYieldedValues();
    ::mlir::Value getYielded();
    /// The anchor op, which decides the schedule: the op of the body of kind `root` that is nearest to the result.
    ::mlir::Operation *getRootOp();
  }];
}
def Dlc_YieldOp : Dlc_Op<"yield", [Pure, Terminator, ParentOneOf<["KernelOp", "KernelFuncOp"]>]> {
  let summary = "The results of a kernel";
  let arguments = (ins Variadic<Dlc_Tensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // DLC_OPS_KERNEL
