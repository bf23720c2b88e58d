// SPDX-License-Identifier: Apache-2.0
// Conversions between layouts.
#ifndef DLC_OPS_LAYOUT
#define DLC_OPS_LAYOUT

include "ir/DlcBase.td"

class Dlc_LayoutConversion<string opMnemonic, string text> : Dlc_Op<opMnemonic, [Pure, Dlc_DimensionOpInterface, Dlc_KernelOpInterface, Dlc_NotDifferentiable,
                                                                       Dlc_ConvertsLayout]> {
  let summary = text;
  let arguments = (ins Dlc_Tensor:$x);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::LogicalResult inferDims(::llvm::ArrayRef<::dlc::Dims> dims, ::dlc::Dims &result) {
      return ::dlc::copyDims(dims[0], result);
    }
    ::dlc::KernelKind getKernelKind() { return ::dlc::KernelKind::Movement; }
    int64_t getOperationsPerElement() { return 5; }
  }];
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

#endif // DLC_OPS_LAYOUT
