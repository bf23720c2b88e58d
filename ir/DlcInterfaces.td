// SPDX-License-Identifier: Apache-2.0
// What passes may query of any op.
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

def Dlc_KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{Ops that kernels compute.}];
  let methods = [
    InterfaceMethod<"The kind of the kernels whose anchor the op can be.", "::dlc::KernelKind", "getKernelKind">,
    InterfaceMethod<[{
        Operations that an element of what the op reads or makes takes, in vectors: 5 for a few instructions with their
        loads and stores, 1,000 for a function of libm, which takes one element at a time. Measured on a Zen 4 core that
        starts 100 in a nanosecond.
      }],
      "int64_t", "getOperationsPerElement">
  ];
}

def Dlc_LoopOpInterface : OpInterface<"LoopOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops that are anchors of kernels of the kind `loops`: what one computes is written as loops over scalars
    (backends/loops), not as a definition of each element of the result.
  }];
  let methods = [
    InterfaceMethod<[{
        How many leading dimensions of the result the outer loops run over, each step apart from all others. Threads
        share one of them.
      }],
      "int64_t", "getParallelRank">,
    InterfaceMethod<[{
        Operations that an element of the result takes, for estimates of time. Extents that only a run knows may be
        taken as a typical number.
      }],
      "int64_t", "getScalarOperations">
  ];
}

def Dlc_EvaluationOpInterface : OpInterface<"EvaluationOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{Elementwise ops that fold on constants.}];
  let methods = [
    StaticInterfaceMethod<[{
        An element of the result from those of the operands, in doubles (an op of one operand gets it twice). In f32 that
        is the same as f32 arithmetic: double has more than twice its precision, so rounding twice is harmless.
      }],
      "double", "evaluate", (ins "double":$x, "double":$y)>
  ];
}

def Dlc_GradientOpInterface : OpInterface<"GradientOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    How gradients pass through an op with one result. Rules are in passes/training, one file per family, and are
    attached to ops from there. They write ordinary graph ops.
  }];
  let methods = [
    InterfaceMethod<[{
        Writes the ops that compute the gradients of the operands from that of the result, and passes them to `gradients`.
        An operand that gets none has a zero gradient. Fails with a diagnostic at the op for a case without rule.
      }],
      "::mlir::LogicalResult", "buildGradients", (ins "::dlc::GradientBuilder &":$gradients)>
  ];
}

#endif // DLC_INTERFACES
