// SPDX-License-Identifier: Apache-2.0
// Ops that a user's C functions compute.
#ifndef DLC_OPS_CUSTOM
#define DLC_OPS_CUSTOM

include "ir/DlcBase.td"

def Dlc_CustomOp : Dlc_ImpureGraphOp<"custom", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
                                                DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let summary = "An op that a user's C function computes";
  let description = [{
    `op_name` is what the model calls the op; the command line says which function it is. The function sees all
    `inputs`, and all results at once: that of this op is the first, `dlc.custom_result` gives the others. `types` are
    the element types of all results, `dims` their extents over the extents of all operands, inputs first; of the
    operands `sizes` only the extents count. The results of `equal` are pairs of extents, over the same, that are equal
    in a run. `gradient` names the op that takes the inputs, the results and the gradients of the floating-point ones,
    and gives the gradients of the floating-point inputs. An op with `has_effects` runs even if nobody reads its
    results. In a kernel, `layer` is what the model calls the node, which the function may ask for.

    ```mlir
    %y = dlc.custom "shrink" (%x : tensor<?x3xf32>) {types = [f32], dims = [affine_map<()[s0, s1] -> (s0 - 1, s1)>],
        parameters = {threshold = 5.000000e-01 : f64}} -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_name, Variadic<Dlc_Tensor>:$inputs, Variadic<Dlc_Tensor>:$sizes,
                       TypeArrayAttr:$types, AffineMapArrayAttr:$dims,
                       DefaultValuedAttr<DictionaryAttr, "{}">:$parameters, OptionalAttr<AffineMapAttr>:$equal,
                       OptionalAttr<StrAttr>:$gradient, UnitAttr:$has_effects, OptionalAttr<StrAttr>:$layer);
  let assemblyFormat = [{$op_name `(` ($inputs^ `:` type($inputs))? `)` (`sizes` `(` $sizes^ `:` type($sizes) `)`)?
    attr-dict `->` type($result)}];
  let kernelKind = "Loops";
  let elementTypeRule = "::llvm::cast<::mlir::TypeAttr>(adaptor.getTypes()[0]).getValue()";
  let hasVerifier = 1;
}

def Dlc_CustomResultOp : Dlc_GraphOp<"custom_result"> {
  let summary = "A further result of a `dlc.custom`";
  let description = [{
    `first` is the result of the `dlc.custom`, in the same block, and `extents_of` are all of its operands, for their
    extents. One kernel computes it and the `dlc.custom` together.

    ```mlir
    %z = dlc.custom_result 1 of %y (%x : tensor<?x3xf32>) : tensor<?x3xf32> -> tensor<?xi64>
    ```
  }];
  let arguments = (ins I64Attr:$number, Dlc_Tensor:$first, Variadic<Dlc_Tensor>:$extents_of);
  let assemblyFormat = [{$number `of` $first `(` ($extents_of^ `:` type($extents_of))? `)` attr-dict `:` type($first) `->`
    type($result)}];
  let elementTypeRule = "::dlc::getFurtherType(adaptor.getFirst(), adaptor.getNumber())";
  let hasVerifier = 1;
}

#endif // DLC_OPS_CUSTOM
