// SPDX-License-Identifier: Apache-2.0
// The dialect, and the base class of its attributes.
#ifndef DLC_DIALECT
#define DLC_DIALECT

include "mlir/IR/AttrTypeBase.td"

def Dlc_Dialect : Dialect {
  let name = "dlc";
  let cppNamespace = "::dlc";
  let summary = "Deep-learning models, from graphs of tensors to kernels and programs";
  let description = [{
    Three levels share this dialect. *Graph* ops compute on tensors and have one result each; their
    shapes are functions of their operands' shapes. *Kernels* (`dlc.kernel`) group graph ops that one
    Halide pipeline computes. *Program* ops (`dlc.kernel_func`, `dlc.launch`) run kernels on byte buffers.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  // What Annotations.def lists.
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let extraClassDeclaration = [{
    void registerAttributes();
#define DLC_OP_FAMILY(family) void register##family##Ops();
#include "ir/OpFamilies.def"
  }];
}

class Dlc_Attr<string name, string attrMnemonic> : AttrDef<Dlc_Dialect, name> {
  let mnemonic = attrMnemonic;
}

#endif // DLC_DIALECT
