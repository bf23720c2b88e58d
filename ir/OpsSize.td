// SPDX-License-Identifier: Apache-2.0
// Sizes that a run computes: shapes as values, and ops whose results have such a shape.
#ifndef DLC_OPS_SIZE
#define DLC_OPS_SIZE

include "ir/DlcMovement.td"

def Dlc_ShapeOp : Dlc_Movement<"shape", "A shape: a tensor of which only the extents count",
                               (ins Variadic<Dlc_Tensor>:$operands, AffineMapAttr:$dims), [Dlc_NotDifferentiable, Dlc_OutsideKernels]> {
  let description = [{
    The symbols of `dims` are the extents of all operands, one operand after another; its results are the extents of the
    shape, none of which is negative in a run. Ops that take a tensor `like` for its extents alone take a shape. It has no
    elements that anybody could read, hence no kernel and no memory: kernels contain a copy of it.

    ```mlir
    %s = dlc.shape %x, %y {dims = affine_map<()[s0, s1, s2] -> (s0 * 2, 4, s2 - 1)>}
        : (tensor<?x8xf32>, tensor<?xi64>) -> tensor<?x4x?xi1>
    ```
  }];
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
}
def Dlc_IntegersOp : Dlc_Movement<"integers", "Integers that follow from extents, as a tensor of rank 1",
                                  (ins Variadic<Dlc_Tensor>:$operands, AffineMapAttr:$values, TypeAttr:$element_type),
                                  [Dlc_NotDifferentiable]> {
  let description = [{
    The symbols of `values` are the extents of all operands, whose elements are not read. Where all extents are static it
    folds to a constant.

    ```mlir
    %v = dlc.integers %x {values = affine_map<()[s0, s1] -> (s0, s1 - 1)>, element_type = i64} : (tensor<?x?xf32>) -> tensor<2xi64>
    ```
  }];
  let elementTypeRule = "adaptor.getElementType()";
  let hasFolder = 1;
}
def Dlc_ExpandLikeOp : Dlc_Movement<"expand_like", "Broadcast to the shape of another tensor",
                                    (ins Dlc_Tensor:$x, Dlc_Tensor:$like, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$open),
                                    [Dlc_Recomputable, Dlc_MovesElements]> {
  let description = [{
    As `dlc.expand`, to extents that a run computes; elements of `like` are not read. The dimensions `open` of `x` have the
    extent 1 in some runs, in which they are broadcast, and that of `like` in all others.

    ```mlir
    %y = dlc.expand_like %class, %s : (tensor<1x1x64xf32>, tensor<?x1x64xi1>) -> tensor<?x1x64xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}
def Dlc_SliceLikeOp : Dlc_Movement<"slice_like", "Elements from a start and as many as a size that a run computes",
                                   (ins Dlc_Tensor:$x, Dlc_Tensor:$starts, Dlc_Tensor:$sizes, DenseI64ArrayAttr:$steps),
                                   [Dlc_Recomputable, Dlc_MovesElements]> {
  let description = [{
    As `dlc.slice`, with `starts` and `sizes` of the same rank as `x`, of which only the extents count: dimension d of the
    result holds elements `start[d] + i * steps[d]` for i below `size[d]`. All of them are inside `x`.

    ```mlir
    %y = dlc.slice_like %x, %from, %size {steps = array<i64: 1, 1>}
        : (tensor<?x8xf32>, tensor<?x0xi1>, tensor<?x8xi1>) -> tensor<?x8xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}
def Dlc_PadLikeOp : Dlc_Movement<"pad_like", "Padding to a size that a run computes",
                                 (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$value, Dlc_Tensor:$low, Dlc_Tensor:$sizes,
                                      Dlc_PadModeAttr:$mode)> {
  let description = [{
    As `dlc.pad`: `low`, of which only the extents count, is how much comes before each dimension, and `sizes` the shape of
    the result, which is at least that of `x` and `low` together.

    ```mlir
    %y = dlc.pad_like %x, %low, %size {mode = #dlc.pad_mode<constant>}
        : (tensor<?x8xf32>, tensor<0x0xi1>, tensor<?x8xi1>) -> tensor<?x8xf32>
    ```
  }];
  let hasCanonicalizer = 1;
}

def Dlc_ReadbackOp : Dlc_Movement<"readback", "An extent that data decides: a shape of rank 1 whose extent is an element",
                                  (ins Dlc_Tensor:$count, Variadic<Dlc_Tensor>:$extents_of, StrAttr:$symbol, AffineMapAttr:$bound),
                                  [Dlc_NotDifferentiable, Dlc_OutsideKernels]> {
  let description = [{
    The host program reads `count`, a `tensor<i64>`, when it has been computed, and gives its value to `symbol`, a name
    that no other extent of the function has. The result is as that of `dlc.shape`: it has no elements, and ops that take
    a tensor for its extents take it. `bound` is the largest value that the count can have, over the extents of
    `extents_of`, one operand after another; memory is planned by it. A map without results says that there is no bound
    but 2^31 - 1: then memory is reserved when the count is known. A run in which the count is negative or above the
    bound fails. In a branch or the step of a loop, the extent is known in there only.

    ```mlir
    %s = dlc.readback %count, %x {symbol = "found", bound = affine_map<()[s0] -> (s0 * 8)>}
        : (tensor<i64>, tensor<?x8xf32>) -> tensor<?xi1>
    ```
  }];
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
  let hasVerifier = 1;
}

#endif // DLC_OPS_SIZE
