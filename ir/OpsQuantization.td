// SPDX-License-Identifier: Apache-2.0
// Numbers as quantized elements, and back. There is no quantized type: a tensor of integers, or of floating point of 8
// bits or fewer, means what the scale and zero point of these ops say. Both broadcast to the tensor: one number, one per
// channel `[C, 1, 1]`, or one per block of a tensor that is seen as `[..., blocks, block]`.
#ifndef DLC_OPS_QUANTIZATION
#define DLC_OPS_QUANTIZATION

include "ir/DlcElementwise.td"

defvar Dlc_QuantizedTensor = RankedTensorOf<[AnyFloat, AnyInteger]>;

def Dlc_QuantizeOp : Dlc_ElementwiseOp<"quantize", [Dlc_FewInstructions, Dlc_NotDifferentiable]> {
  let summary = "x / scale + zero_point, in the nearest element of the type `to`";
  let description = [{
    The quotient, of the type of `x`, is rounded to an integer, halves to even, before the zero point is added, and the
    sum is clamped to the range of the type; NaN gives 0. For a floating-point type there is no rounding to integers; it
    converts as `dlc.cast`.

    ```mlir
    %q = dlc.quantize %x, %scale zero_point %z {to = ui8}
       : (tensor<1x3x8x8xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x3x8x8xui8>
    ```
  }];
  let arguments = (ins Dlc_RealTensor:$x, Dlc_RealTensor:$scale, Optional<Dlc_QuantizedTensor>:$zero_point,
                       TypeAttr:$to, DefaultValuedAttr<BoolAttr, "true">:$saturate);
  let assemblyFormat = "$x `,` $scale (`zero_point` $zero_point^)? attr-dict `:` functional-type(operands, $result)";
  let shapeRule = "::dlc::scaledDims(location, dims, result)";
  let elementTypeRule = "adaptor.getTo()";
  let hasVerifier = 1;
}

def Dlc_DequantizeOp : Dlc_ElementwiseOp<"dequantize", [Dlc_FewInstructions, Dlc_NotDifferentiable]> {
  let summary = "(x - zero_point) * scale, in the element type of the scale";
  let description = [{
    Computed in f32 (f64 if the scale is) and rounded once.

    ```mlir
    %x = dlc.dequantize %q, %scale zero_point %z
       : (tensor<1x3x8x8xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x3x8x8xf32>
    ```
  }];
  let arguments = (ins Dlc_QuantizedTensor:$x, Dlc_RealTensor:$scale, Optional<Dlc_QuantizedTensor>:$zero_point);
  let assemblyFormat = "$x `,` $scale (`zero_point` $zero_point^)? attr-dict `:` functional-type(operands, $result)";
  let shapeRule = "::dlc::scaledDims(location, dims, result)";
  let elementTypeRule = "::mlir::getElementTypeOrSelf(adaptor.getScale())";
  let hasVerifier = 1;
}

def Dlc_CenterOp : Dlc_ElementwiseOp<"center", [Dlc_FewInstructions, Dlc_NotDifferentiable]> {
  let summary = "x - zero_point, in i16";
  let description = [{
    What integer products multiply: of tensors of 8 bits or fewer, whose differences fit 16 bits.

    ```mlir
    %c = dlc.center %q, %z : (tensor<1x3x8x8xui8>, tensor<ui8>) -> tensor<1x3x8x8xi16>
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyInteger]>:$x, RankedTensorOf<[AnyInteger]>:$zero_point);
  let assemblyFormat = "$x `,` $zero_point attr-dict `:` `(` type($x) `,` type($zero_point) `)` `->` type($result)";
  let shapeRule = "::dlc::scaledDims(location, dims, result)";
  let elementTypeRule = "::mlir::IntegerType::get(context, 16)";
  let hasVerifier = 1;
}

#endif // DLC_OPS_QUANTIZATION
