// SPDX-License-Identifier: Apache-2.0
// Tensors that are computed from numbers and shapes, not from elements.
#ifndef DLC_OPS_GENERATION
#define DLC_OPS_GENERATION

include "ir/DlcMovement.td"

def Dlc_FillOp : Dlc_Movement<"fill", "One number everywhere, in a shape that may follow an operand's",
                              (ins Dlc_Tensor:$like, DenseI64ArrayAttr:$shape, F64Attr:$value, TypeAttr:$element_type), [Dlc_Recomputable, Dlc_NotDifferentiable]> {
  let description = [{
    An extent of `shape` is a number, or -2 - d: the extent of dimension d of `like`, whose elements are not read. With
    static extents it folds to a constant.

    ```mlir
    %h0 = dlc.fill %x {shape = array<i64: -2, 128>, value = 0.0 : f64, element_type = f32} : (tensor<?x7x8xf32>) -> tensor<?x128xf32>
    ```
  }];
  let elementTypeRule = "adaptor.getElementType()";
  let hasFolder = 1;
}
def Dlc_IotaOp : Dlc_GraphOp<"iota", [Dlc_Recomputable, Dlc_NotDifferentiable]> {
  let summary = "start, start + step, ...: a constant sequence of rank 1";
  let arguments = (ins F64Attr:$start, F64Attr:$step, I64Attr:$size, TypeAttr:$element_type);
  let assemblyFormat = "attr-dict `:` type($result)";
  let elementTypeRule = "adaptor.getElementType()";
}
def Dlc_IndexOp : Dlc_Movement<"index", "0, 1, ...: the indices along dimension `axis` of the operand, as i64 of rank 1",
                               (ins Dlc_Tensor:$x, I64Attr:$axis), [Dlc_NotDifferentiable]> {
  let description = [{
    What `dlc.iota` gives for an extent that is known only at run time; elements of `x` are not read.

    ```mlir
    %positions = dlc.index %x {axis = 1 : i64} : (tensor<?x?x64xf32>) -> tensor<?xi64>
    ```
  }];
  let elementTypeRule = "::mlir::IntegerType::get(adaptor.getX().getContext(), 64)";
}
def Dlc_ExtentOp : Dlc_Movement<"extent", "The number of elements of the dimensions `axes` together, as a scalar of rank 0",
                                (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$axes, TypeAttr:$element_type), [Dlc_NotDifferentiable]> {
  let description = [{
    The product of the extents; elements of `x` are not read. With static extents it folds to a constant.

    ```mlir
    %count = dlc.extent %x {axes = array<i64: 0, 2>, element_type = f32} : (tensor<?x6x?xf32>) -> tensor<f32>
    ```
  }];
  let elementTypeRule = "adaptor.getElementType()";
  let hasFolder = 1;
}
def Dlc_RandomUniformOp : Dlc_GraphOp<"random_uniform", [Dlc_NotDifferentiable]> {
  let operationsPerElement = "300";
  let summary = "Random numbers between 0 and 1 in the shape of `like`, as a function of a seed and a counter";
  let description = [{
    f32, neither 0 nor 1: element i (row-major) is `((w >> 9) + 0.5) / 2^23` for the first word w of the block that
    Philox4x32-10 (Salmon et al., 2011) computes from the key `seed` and the counter
    `(i, 0, counter mod 2^32, counter / 2^32)`. So equal seeds and counters give the same bits on any target and any
    number of threads, and two counters give independent numbers. The elements of `like` are not read.

    ```mlir
    %u = dlc.random_uniform %seed, %step, %logits : (tensor<i64>, tensor<i64>, tensor<1x65xf32>) -> tensor<1x65xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$seed, Dlc_Tensor:$counter, Dlc_Tensor:$like);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
  let shapeRule = "::dlc::copyDims(dims[2], result)";
  let elementTypeRule = "::mlir::Float32Type::get(context)";
  let hasVerifier = 1;
}

#endif // DLC_OPS_GENERATION
