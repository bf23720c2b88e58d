// SPDX-License-Identifier: Apache-2.0
// What the kernels of a target compute besides their anchor op.
#ifndef DLC_EPILOGUE_INTERFACE
#define DLC_EPILOGUE_INTERFACE

include "mlir/IR/OpBase.td"

def Dlc_EpilogueOpInterface : OpInterface<"EpilogueOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Sums of products whose kernels compute what follows as well, tile by tile. A backend attaches it to ops.
  }];
  let methods = [
    InterfaceMethod<"Whether a kernel with the op as its anchor computes elementwise ops on its result.",
      "bool", "takesEpilogue">
  ];
}

#endif // DLC_EPILOGUE_INTERFACE
