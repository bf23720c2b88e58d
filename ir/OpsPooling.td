// SPDX-License-Identifier: Apache-2.0
// Windows that slide over the spatial dimensions of [N, C, spatial...].
#ifndef DLC_OPS_POOLING
#define DLC_OPS_POOLING

include "ir/DlcBase.td"

/// `pads` lists all low pads, then all high ones. The result's extent is
/// `floor_or_ceil((in + pad_low + pad_high - dilation (kernel - 1) - 1) / stride) + 1`, where with `ceil_mode` a last window
/// that would start in the high padding is dropped. Elements outside the input do not count.
class Dlc_Window<string opMnemonic, string text, list<Trait> traits, dag more = (ins), Type operand = Dlc_NumberTensor>
    : Dlc_GraphOp<opMnemonic, traits> {
  let summary = text;
  let kernelKind = "Window";
  let arguments = !con((ins operand:$x, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                            DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                            DefaultValuedAttr<BoolAttr, "false">:$ceil_mode), more);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = [{::dlc::windowDims(location, dims[0], adaptor.getKernel(), adaptor.getStrides(), adaptor.getDilations(),
                                      adaptor.getPads(), adaptor.getCeilMode(), result)}];
}

def Dlc_MaxPoolOp : Dlc_Window<"max_pool", "Largest element of each window", [Dlc_FollowsLayout]>;

def Dlc_MaxPoolIndicesOp : Dlc_Window<"max_pool_indices", "Index of the first largest element of each window", [Dlc_NotDifferentiable],
                                      (ins DefaultValuedAttr<BoolAttr, "false">:$column_major)> {
  let description = [{
    Indices count elements of the whole input `[N, C, spatial...]`, row-major, or with `column_major` with the spatial
    dimensions in reverse order.
  }];
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}

def Dlc_AveragePoolOp : Dlc_Window<"average_pool", "Mean of each window", [Dlc_FollowsLayout],
                                   (ins DefaultValuedAttr<BoolAttr, "false">:$count_include_pad)> {
  let description = [{
    The divisor is the number of elements inside the input, or with `count_include_pad` inside the padded input.
  }];
}

def Dlc_LpPoolOp : Dlc_Window<"lp_pool", "p-norm of each window", [Dlc_FollowsLayout], (ins I64Attr:$p), Dlc_RealTensor>;

def Dlc_MaxPoolOffsetsOp : Dlc_Window<"max_pool_offsets", "Which element of each window is the first largest", [Dlc_FollowsLayout, Dlc_NotDifferentiable]> {
  let description = [{
    Elements of a window are counted row-major from 0. The gradient of `dlc.max_pool` keeps this: it is smaller than
    `dlc.max_pool_indices`, and says directly whether a window's largest element is a given one.

    ```mlir
    %offsets = dlc.max_pool_offsets %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
        pads = array<i64: 0, 0, 0, 0>} : tensor<?x8x6x6xf32> -> tensor<?x8x3x3xi32>
    ```
  }];
  let elementTypeRule = "::mlir::IntegerType::get(context, 32)";
}

/// In the reverse direction: every element of the result, which has the shape of `x`, gathers from the windows that cover it. Windows are
/// added in a fixed order. Elements of `x` are not read.
class Dlc_WindowGradient<string opMnemonic, string text, dag operands> : Dlc_GraphOp<opMnemonic, [Dlc_FollowsLayout]> {
  let summary = text;
  let kernelKind = "Window";
  let arguments = !con(operands, (ins DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                                      DenseI64ArrayAttr:$pads, DefaultValuedAttr<BoolAttr, "false">:$ceil_mode));
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
  let shapeRule = [{::dlc::windowGradientDims(location, dims[0], dims.back(), adaptor.getKernel(), adaptor.getStrides(),
                                              adaptor.getDilations(), adaptor.getPads(), adaptor.getCeilMode(), result)}];
}

def Dlc_MaxPoolGradientOp : Dlc_WindowGradient<"max_pool_gradient", "Gradient of dlc.max_pool: that of each window goes to one element",
    (ins Dlc_Tensor:$y_gradient, Dlc_Tensor:$offsets, Dlc_Tensor:$x)> {
  let description = [{
    `offsets` are those of `dlc.max_pool_offsets` for the same windows.

    ```mlir
    %dx = dlc.max_pool_gradient %dy, %offsets, %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
        pads = array<i64: 0, 0, 0, 0>} : (tensor<?x8x3x3xf32>, tensor<?x8x3x3xi32>, tensor<?x8x6x6xf32>) -> tensor<?x8x6x6xf32>
    ```
  }];
}

def Dlc_SpreadWindowsOp : Dlc_WindowGradient<"spread_windows", "Each element is the sum of the windows that cover it",
    (ins Dlc_Tensor:$y_gradient, Dlc_Tensor:$x, Dlc_WindowDivisorAttr:$divisor)> {
  let description = [{
    Windows are divided by a number of their elements first: the gradient of `dlc.average_pool`, whose divisor is the
    number of elements `inside` the input or inside the `padded` input, and with `none` what the gradient of any sum
    over windows needs.

    ```mlir
    %dx = dlc.spread_windows %dy, %x {divisor = #dlc<window_divisor inside>, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>,
        dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<?x8x3x3xf32>, tensor<?x8x6x6xf32>) -> tensor<?x8x6x6xf32>
    ```
  }];
}

#endif // DLC_OPS_POOLING
