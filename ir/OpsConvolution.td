// SPDX-License-Identifier: Apache-2.0
// Convolutions over 1, 2 or 3 spatial dimensions.
#ifndef DLC_OPS_CONVOLUTION
#define DLC_OPS_CONVOLUTION

include "ir/DlcBase.td"

def Dlc_ConvOp : Dlc_GraphOp<"conv", Dlc_SumOfProducts> {
  let kernelKind = "Convolution";
  let summary = "Convolution (cross-correlation)";
  let description = [{
    `x: [N, C, spatial...]`, `w: [K, C / groups, kernel...]`, result `[N, K, out...]` with
    `out = floor((in + pad_low + pad_high - dilation (kernel - 1) - 1) / stride) + 1`. Padding is zero.
    `pads` lists all low pads, then all high ones; a negative pad crops. Integers narrower than 32 bits, of two types
    or one, are summed in i32.

    ```mlir
    %y = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64}
       : (tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x8x8xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$x, Dlc_Tensor:$w, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads, DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$x `,` $w attr-dict `:` `(` type($x) `,` type($w) `)` `->` type($result)";
  let elementTypeRule = "::dlc::getProductType(adaptor.getOperands())";
}

def Dlc_ConvTransposeOp : Dlc_GraphOp<"conv_transpose", Dlc_SumOfProducts> {
  let kernelKind = "Convolution";
  let summary = "Transposed convolution: the gradient of a convolution with respect to its input";
  let description = [{
    `x: [N, C, spatial...]`, `w: [C, K / groups, kernel...]`, result `[N, K, out...]` with
    `out = stride (in - 1) + output_padding + dilation (kernel - 1) + 1 - pad_low - pad_high`.
  }];
  let arguments = (ins Dlc_Tensor:$x, Dlc_Tensor:$w, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$output_padding,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$x `,` $w attr-dict `:` `(` type($x) `,` type($w) `)` `->` type($result)";
}

def Dlc_ConvWeightGradientOp : Dlc_GraphOp<"conv_weight_gradient", Dlc_SumOfProducts> {
  let kernelKind = "Convolution";
  let summary = "Gradient of a convolution with respect to its weight";
  let description = [{
    For `y = dlc.conv(x, w)` of a weight `[K, C / groups, kernel...]` and the gradient of `y`: element `[k, c, t...]` is
    the sum over images and positions of `y_gradient[n, k, o...]` times the element of `x` that tap `t` meets at
    position `o`. Sums are computed for a few images each and then added up in order.

    ```mlir
    %dw = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
        pads = array<i64: 1, 1, 1, 1>} : (tensor<?x3x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<16x3x3x3xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$x, Dlc_Tensor:$y_gradient, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = "$x `,` $y_gradient attr-dict `:` `(` type($x) `,` type($y_gradient) `)` `->` type($result)";
}

#endif // DLC_OPS_CONVOLUTION
