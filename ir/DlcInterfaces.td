// SPDX-License-Identifier: Apache-2.0
// What passes may ask of any op.
#ifndef DLC_INTERFACES
#define DLC_INTERFACES

include "mlir/IR/OpBase.td"

def Dlc_DimensionOpInterface : OpInterface<"DimensionOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Extents of an op's result as expressions of its operands' extents. An extent is an affine (or
    semi-affine) expression over the symbols of the entry point, so the same function infers
    static types and symbolic shapes.
  }];
  let methods = [
    InterfaceMethod<"Extents of the result; fails with a diagnostic at the op if the operands do not fit.",
      "::mlir::LogicalResult", "inferDims",
      (ins "::llvm::ArrayRef<::dlc::Dims>":$operandDims, "::dlc::Dims &":$resultDims)>
  ];
}

#endif // DLC_INTERFACES
