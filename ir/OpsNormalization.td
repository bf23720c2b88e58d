// SPDX-License-Identifier: Apache-2.0
// Normalizations, which one pass over the data computes better than their parts.
#ifndef DLC_OPS_NORMALIZATION
#define DLC_OPS_NORMALIZATION

include "ir/DlcBase.td"

class Dlc_Normalization<string opMnemonic, string text, list<Trait> traits = []> : Dlc_GraphOp<opMnemonic, traits> {
  let summary = text;
  let kernelKind = "Normalization";
  let shapeRule = "::dlc::copyDims(dims[0], result)";
}

def Dlc_BatchNormOp : Dlc_Normalization<"batch_norm", "(x - mean) / sqrt(variance + epsilon) * scale + bias, per channel", [Dlc_FollowsLayout]> {
  let shapeRule = "inferShape(location, adaptor, dims, result)";
  let description = [{Channels are dimension 1 of `x`; the other operands are `[C]`. Inference: mean and variance are given.}];
  let arguments = (ins Dlc_RealTensor:$x, Dlc_Tensor:$scale, Dlc_Tensor:$bias, Dlc_Tensor:$mean, Dlc_Tensor:$variance,
                       F64Attr:$epsilon);
  let assemblyFormat = [{$x `,` $scale `,` $bias `,` $mean `,` $variance attr-dict `:` `(` type($x) `,` type($scale) `,`
    type($bias) `,` type($mean) `,` type($variance) `)` `->` type($result)}];
}

def Dlc_LayerNormOp : Dlc_Normalization<"layer_norm", "Zero mean and unit variance over the trailing dimensions",
                                          [AttrSizedOperandSegments, Dlc_Reduces, Dlc_KeepsRows]> {
  let shapeRule = "::dlc::scaledDims(location, dims, result)";
  let description = [{
    Over the dimensions from `axis` on: `(x - mean) / sqrt(variance + epsilon) * scale + bias`; scale and bias broadcast
    to `x`. With `root_mean_square` nothing is subtracted: `x / sqrt(mean(x^2) + epsilon) * scale`. Sums are in f32 or
    wider.
  }];
  let assemblyFormat = [{$x (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))? attr-dict
    `:` type($x) `->` type($result)}];
  let arguments = (ins Dlc_RealTensor:$x, Optional<Dlc_Tensor>:$scale, Optional<Dlc_Tensor>:$bias, I64Attr:$axis, F64Attr:$epsilon,
                       DefaultValuedAttr<BoolAttr, "false">:$root_mean_square);
}
def Dlc_GroupNormOp : Dlc_Normalization<"group_norm", "Zero mean and unit variance over groups of channels of one sample",
                                        [Dlc_FollowsLayout, Dlc_Reduces]> {
  let shapeRule = "inferShape(location, adaptor, dims, result)";
  let description = [{
    `x: [N, C, spatial...]`, `groups` divides C (`groups = C` is instance normalization); scale and bias are `[C]`.
  }];
  let arguments = (ins Dlc_RealTensor:$x, Dlc_Tensor:$scale, Dlc_Tensor:$bias, I64Attr:$groups, F64Attr:$epsilon);
  let assemblyFormat = [{$x `,` $scale `,` $bias attr-dict `:` `(` type($x) `,` type($scale) `,` type($bias) `)` `->` type($result)}];
}
def Dlc_LrnOp : Dlc_Normalization<"lrn", "Local response normalization across channels", [Dlc_FollowsLayout]> {
  let operationsPerElement = "50";
  let description = [{
    `y = x / (bias + alpha / size * s)^beta`, s the sum of x^2 over channels
    `c - floor((size-1)/2) .. c + ceil((size-1)/2)`.
  }];
  let arguments = (ins Dlc_RealTensor:$x, I64Attr:$size, F64Attr:$alpha, F64Attr:$beta, F64Attr:$bias);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}
class Dlc_AlongAxis<string opMnemonic, string text, list<Trait> traits = []>
    : Dlc_Normalization<opMnemonic, text, [Dlc_Reduces] # traits> {
  let arguments = (ins Dlc_RealTensor:$x, DenseI64ArrayAttr:$axes);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let description = [{`axes` are the dimensions that are normalized together, ascending and not negative.}];
}
def Dlc_SoftmaxOp : Dlc_AlongAxis<"softmax", "exp(x - max) / sum of exp(x - max)", [Dlc_KeepsRows]> {
  let operationsPerElement = "50";
}
def Dlc_LogSoftmaxOp : Dlc_AlongAxis<"log_softmax", "x - max - log(sum of exp(x - max))", [Dlc_KeepsRows]> {
  let operationsPerElement = "50";
}
def Dlc_HardmaxOp : Dlc_AlongAxis<"hardmax", "1 at the first largest element, else 0"> {
  let operationsPerElement = "100";
}

#endif // DLC_OPS_NORMALIZATION
