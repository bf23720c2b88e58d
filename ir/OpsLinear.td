// SPDX-License-Identifier: Apache-2.0
// Products of matrices and tensors.
#ifndef DLC_OPS_LINEAR
#define DLC_OPS_LINEAR

include "ir/DlcBase.td"

def Dlc_MatMulOp : Dlc_GraphOp<"matmul", Dlc_SumOfProducts # [Dlc_KeepsRows]> {
  let kernelKind = "Contraction";
  let summary = "Product of matrices, broadcast over leading dimensions";
  let description = [{
    `[..., M, K] x [..., K, N] -> [..., M, N]`; operands of rank 1 are a row (left) or a column (right), whose unit
    dimension the result lacks. With `transpose_lhs` the left matrices are stored `[..., K, M]`, with `transpose_rhs`
    the right ones `[..., N, K]`. Integers narrower than 32 bits, of two types or one, are summed in i32.

    ```mlir
    %y = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<?x784xf32>, tensor<256x784xf32>) -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$lhs, Dlc_Tensor:$rhs, DefaultValuedAttr<BoolAttr, "false">:$transpose_lhs,
                       DefaultValuedAttr<BoolAttr, "false">:$transpose_rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)";
  let elementTypeRule = "::dlc::getProductType(adaptor.getOperands())";
}

def Dlc_EinsumOp : Dlc_GraphOp<"einsum", Dlc_SumOfProducts> {
  let kernelKind = "Contraction";
  let summary = "Sum of products over named indices";
  let description = [{
    `equation` is in explicit form, without spaces and ellipses, one lower- or upper-case letter per dimension:
    `"bij,bjk->bik"`. A letter that the result lacks is summed over.
  }];
  let arguments = (ins Variadic<Dlc_Tensor>:$operands, StrAttr:$equation);
  let assemblyFormat = "$equation $operands attr-dict `:` functional-type($operands, $result)";
}

def Dlc_LeastSquaresOp : Dlc_GraphOp<"least_squares", [Dlc_Contraction]> {
  let summary = "The coefficients x for which |a x - b| is smallest";
  let description = [{
    `[..., M, N], [..., M, K] -> [..., N, K]`, or `[..., M] -> [..., N]` for one right-hand side; M is at least N. A
    column of `a` that depends linearly on the others, or is zero, gets the coefficient 0, so that the solution is
    always unique; which of them that is, is decided by what is left of each column, relative to its own length.

    The gradient is that of the solution where the columns of `a` are independent.

    ```mlir
    %x = dlc.least_squares %a, %b : (tensor<?x2xf64>, tensor<?xf64>) -> tensor<2xf64>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$a, RankedTensorOf<[F32, F64]>:$b);
  let assemblyFormat = "$a `,` $b attr-dict `:` `(` type($a) `,` type($b) `)` `->` type($result)";
  let hasVerifier = 1;
}

def Dlc_DeterminantOp : Dlc_GraphOp<"determinant", [DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let kernelKind = "Loops";
  let summary = "The determinant of each matrix";
  let description = [{
    `[..., N, N] -> [...]`. That of a matrix without elements is 1.

    ```mlir
    %d = dlc.determinant %x : tensor<?x3x3xf32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$x);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

def Dlc_CofactorsOp : Dlc_GraphOp<"cofactors", [DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let kernelKind = "Loops";
  let summary = "The cofactors of each matrix: the derivatives of its determinant";
  let description = [{
    `[..., N, N] -> [..., N, N]`: for each element the determinant of what is left without its row and column, negative
    where the sum of its indices is odd. Singular matrices have them, too.

    ```mlir
    %c = dlc.cofactors %x : tensor<?x3x3xf32> -> tensor<?x3x3xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$x);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

#endif // DLC_OPS_LINEAR
