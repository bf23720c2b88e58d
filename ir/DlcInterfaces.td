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

def Dlc_ContractionOpInterface : OpInterface<"ContractionOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{Ops of which every element of the result is a sum of products.}];
  let methods = [
    InterfaceMethod<[{
        Products and sums that an element of the result takes, from the operands' extents. It may be an overestimate.
      }],
      "::dlc::OperationCount", "countOperationsPerElement", (ins "::llvm::ArrayRef<::dlc::Dims>":$operandDims)>
  ];
}

def Dlc_ReductionOpInterface : OpInterface<"ReductionOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops that compute totals or statistics of the first operand: reductions, and normalizations that do not get their
    statistics as operands.
  }];
  let methods = [
    InterfaceMethod<"The dimensions of the first operand that are added up or normalized together, ascending.",
      "::llvm::SmallVector<int64_t>", "getReducedDims">
  ];
}

def Dlc_BatchOpInterface : OpInterface<"BatchOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops that may compute each row of their result, an index of dimension 0, apart from the others. The default is the
    rule of elementwise ops: dimension 0 of an operand is that of the result if they have the same rank.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether row i of the result depends only on row i of the operands for which `isComputed` holds. All others may
        be read at any index. `getDims` gives the extents of operands and result.
      }],
      "bool", "keepsRows",
      (ins "::llvm::function_ref<bool(::mlir::Value)>":$isComputed,
           "::llvm::function_ref<::llvm::ArrayRef<::mlir::AffineExpr>(::mlir::Value)>":$getDims),
      /*methodBody=*/"", /*defaultImplementation=*/[{
        size_t rank = getDims($_op->getResult(0)).size();
        return ::llvm::all_of($_op->getOperands(), [&](::mlir::Value operand) {
          return !isComputed(operand) || getDims(operand).size() == rank;
        });
      }]>
  ];
}

def Dlc_SingularOpInterface : OpInterface<"SingularOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{Ops that can be infinite or NaN for finite operands.}];
  let methods = [
    InterfaceMethod<"Whether there are such operands, given the constants among them.", "bool", "isSingular", (ins),
      /*methodBody=*/"", /*defaultImplementation=*/"return true;">
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
