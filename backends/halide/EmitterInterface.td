// SPDX-License-Identifier: Apache-2.0
// How Halide computes ops.
#ifndef DLC_EMITTER_INTERFACE
#define DLC_EMITTER_INTERFACE

include "mlir/IR/OpBase.td"

def Dlc_EmitterOpInterface : OpInterface<"EmitterOpInterface"> {
  let cppNamespace = "::dlc::halide";
  let description = [{
    Ops that Halide computes in a kernel. Backends that compile kernels with it attach the emitters, one file per family.
  }];
  let methods = [
    InterfaceMethod<[{
        The op's result from its operands (`builder.get(operand)`). Fails with a diagnostic at the op; Halide's exceptions
        pass through.
      }],
      "::mlir::FailureOr<::dlc::halide::TensorFunc>", "emit", (ins "::dlc::halide::KernelBuilder &":$builder)>
  ];
}

#endif // DLC_EMITTER_INTERFACE
