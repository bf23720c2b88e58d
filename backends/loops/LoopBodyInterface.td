// SPDX-License-Identifier: Apache-2.0
// What loops over scalars compute.
#ifndef DLC_LOOP_BODY_INTERFACE
#define DLC_LOOP_BODY_INTERFACE

include "mlir/IR/OpBase.td"

def Dlc_LoopBodyOpInterface : OpInterface<"LoopBodyOpInterface"> {
  let cppNamespace = "::dlc::loops";
  let description = [{
    Ops whose kernels are loops over scalars (kind `loops`). Backends that have such kernels attach the bodies, one file
    per family.
  }];
  let methods = [
    InterfaceMethod<"Writes what computes the op.", "void", "writeBody", (ins "::dlc::loops::LoopBody &":$body)>
  ];
}

#endif // DLC_LOOP_BODY_INTERFACE
