// SPDX-License-Identifier: Apache-2.0
// Tensors known at compile time.
#ifndef DLC_OPS_CONSTANT
#define DLC_OPS_CONSTANT

include "ir/DlcBase.td"

def Dlc_ConstantOp : Dlc_Op<"constant", [Pure, ConstantLike, Dlc_KernelOpInterface, Dlc_Recomputable, Dlc_WeightSource,
                                        Dlc_OutsideKernels, Dlc_SingularByConstants]> {
  let summary = "A tensor known at compile time";
  let description = [{
    The value is row-major, whatever the result's layout: that says how it is stored when weights are written.
    Large values are `dense_resource`s that refer to the model file's memory.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::dlc::KernelKind getKernelKind() { return ::dlc::KernelKind::Movement; }
    int64_t getOperationsPerElement() { return 5; }
  }];
}

#endif // DLC_OPS_CONSTANT
