// SPDX-License-Identifier: Apache-2.0
// What all kernels have, in a graph and in a program.
#ifndef DLC_KERNEL_INTERFACE
#define DLC_KERNEL_INTERFACE

include "mlir/IR/OpBase.td"

def Dlc_KernelLikeOpInterface : OpInterface<"KernelLikeOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Kernels, as a group of ops in a graph and as a symbol of a program. The region's terminator is `dlc.yield`.
  }];
  let methods = [
    InterfaceMethod<"What messages call the kernel.", "::llvm::StringRef", "getKernelName">,
    InterfaceMethod<"The kernel's kind.", "::dlc::KernelKind", "getKind">,
    InterfaceMethod<"What one loop nest computes.", "::mlir::Region &", "getBody">,
    InterfaceMethod<"One `#dlc.schedule` per instruction set; null before they are decided.",
      "::mlir::ArrayAttr", "getSchedulesAttr">,
    InterfaceMethod<"One map per input from the kernel's symbols to its extents; may be null where all are static.",
      "::mlir::ArrayAttr", "getInputDimsAttr">,
    InterfaceMethod<"The names of the kernel's symbols; null if there are none.", "::mlir::ArrayAttr", "getSymbolsAttr">,
    InterfaceMethod<"What the body yields.", "::mlir::OperandRange", "getYieldedValues", (ins), /*methodBody=*/"",
      /*defaultImplementation=*/"return $_op.getBody().front().getTerminator()->getOperands();">,
    InterfaceMethod<"The first of what the body yields.", "::mlir::Value", "getYielded", (ins), /*methodBody=*/"",
      /*defaultImplementation=*/"return $_op.getBody().front().getTerminator()->getOperand(0);">,
    InterfaceMethod<[{
        The anchor op, which decides the schedule: the op of the body of the kernel's kind that is nearest to the result;
        null if there is none.
      }],
      "::mlir::Operation *", "getAnchorOp", (ins), /*methodBody=*/"",
      /*defaultImplementation=*/"return ::dlc::findAnchorOp($_op.getBody().front(), $_op.getKind());">
  ];
}

#endif // DLC_KERNEL_INTERFACE
