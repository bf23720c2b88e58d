// SPDX-License-Identifier: Apache-2.0
// Named tensors of a module, which a model learns or is given.
#ifndef DLC_OPS_PARAMETER
#define DLC_OPS_PARAMETER

include "ir/DlcBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Dlc_ParameterOp : Dlc_Op<"parameter", [Symbol]> {
  let summary = "A named tensor of the model that training may change";
  let description = [{
    `kind` says what it is used for: "weight" (the default) is what optimizers change, "buffer" follows the data (a
    running mean), "slot" belongs to an optimizer, "counter" counts steps, "seed" is the seed of random numbers.
    "derived" is what `prepare_weights` computes from weights (of a type that may have a layout), and "stamp" is the
    validity stamp that says that it has done so.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Dlc_Tensor>:$type, OptionalAttr<ElementsAttr>:$value,
                       OptionalAttr<DictionaryAttr>:$initializer, DefaultValuedAttr<StrAttr, "\"weight\"">:$kind);
  let assemblyFormat = "$sym_name `:` $type (`=` $value^)? (`initializer` $initializer^)? attr-dict";
}
def Dlc_LoadParameterOp : Dlc_Op<"load_parameter", [Pure, Dlc_WeightSource, Dlc_OutsideKernels]> {
  let summary = "The current value of a parameter";
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
}

#endif // DLC_OPS_PARAMETER
