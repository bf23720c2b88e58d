// SPDX-License-Identifier: Apache-2.0
// Windows that slide over the spatial dimensions of [N, C, spatial...].
#ifndef DLC_OPS_POOLING
#define DLC_OPS_POOLING

include "ir/DlcBase.td"

/// `pads` holds all low ones, then all high ones. The result's extent is
/// `floor_or_ceil((in + pad_low + pad_high - dilation (kernel - 1) - 1) / stride) + 1`, where with `ceil_mode` a last window
/// that would start in the high padding is dropped. Elements outside the input do not take part.
class Dlc_Window<string opMnemonic, string text, dag more = (ins)> : Dlc_GraphOp<opMnemonic> {
  let summary = text;
  let arguments = !con((ins Dlc_Tensor:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                            DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                            DefaultValuedAttr<BoolAttr, "false">:$ceil_mode), more);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = [{::dlc::windowDims(location, dims[0], adaptor.getKernel(), adaptor.getStrides(), adaptor.getDilations(),
                                      adaptor.getPads(), adaptor.getCeilMode(), result)}];
}

def Dlc_MaxPoolOp : Dlc_Window<"max_pool", "Largest element of each window">;
def Dlc_MaxPoolIndicesOp : Dlc_Window<"max_pool_indices", "Index of the first largest element of each window",
                                      (ins DefaultValuedAttr<BoolAttr, "false">:$column_major)> {
  let description = [{
    Indices count elements of the whole input `[N, C, spatial...]`, row-major, or with `column_major` with the spatial
    dimensions in reverse order.
  }];
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}
def Dlc_AveragePoolOp : Dlc_Window<"average_pool", "Mean of each window",
                                   (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad)> {
  let description = [{
    The divisor is the number of elements inside the input, or with `count_include_pad` inside the padded input.
  }];
}
def Dlc_LpPoolOp : Dlc_Window<"lp_pool", "p-norm of each window", (ins I64Attr:$p)>;

#endif // DLC_OPS_POOLING
