// SPDX-License-Identifier: Apache-2.0
// Parameters, and the ops of the program level: kernels as symbols and their launches on byte buffers.
#ifndef DLC_OPS_PROGRAM
#define DLC_OPS_PROGRAM

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
def Dlc_LoadParameterOp : Dlc_Op<"load_parameter", [Pure]> {
  let summary = "The current value of a parameter";
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
}
def Dlc_ConstantOp : Dlc_Op<"constant", [Pure, ConstantLike]> {
  let summary = "A tensor known at compile time";
  let description = [{
    The value is row-major, whatever the result's layout: that says how it is stored when weights are written.
    Large values are `dense_resource`s that refer to the model file's memory.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Dlc_KernelFuncOp : Dlc_Op<"kernel_func", [Symbol, IsolatedFromAbove, SingleBlock]> {
  let summary = "A kernel that launches refer to; equal kernels are merged";
  let description = [{
    Attributes as of `dlc.kernel`. Its C signature is
    `int NAME(void *scratch, halide_buffer_t *input..., int32_t symbol..., halide_buffer_t *result...)`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Dlc_KernelRootAttr:$root, OptionalAttr<ArrayAttr>:$schedules,
                       OptionalAttr<ArrayAttr>:$input_dims, OptionalAttr<ArrayAttr>:$symbols);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `root` `(` $root `)` attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    ::mlir::OperandRange getYieldedValues();
    ::mlir::Value getYielded();
    ::mlir::Operation *getRootOp();
  }];
}
def Dlc_LaunchOp : Dlc_Op<"launch", [AttrSizedOperandSegments]> {
  let summary = "Runs a kernel on buffers";
  let description = [{
    `inputs` and `outputs` are byte buffers (`memref<?xi8>`) that hold tensors of the kernel's types, interior and halo;
    `symbols` are the values of the kernel's symbols. `name` is what a profiler shows (the layer).

    ```mlir
    dlc.launch @conv1 "layer1" ins(%x, %w : memref<?xi8>, memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$name, Variadic<AnyMemRef>:$inputs,
                       Variadic<AnyMemRef>:$outputs, Variadic<Index>:$symbols);
  let assemblyFormat = [{$kernel $name `ins` `(` ($inputs^ `:` type($inputs))? `)` `out` `(` $outputs `:` type($outputs) `)`
    (`symbols` `(` $symbols^ `)`)? attr-dict}];
}
def Dlc_LaunchTableOp : Dlc_Op<"launch_table", []> {
  let summary = "Runs very many launches, which are data";
  let description = [{
    `words` and `values` are the launches as `dlcRunLaunches` of the runtime reads them, `count` their number; `kernels`
    are the functions that the words refer to, and `terms` the numbers that the values refer to. `largest` is the number
    of arguments of the launch that has most. Only `--dlc-tabulate-launches` makes this op.

    ```mlir
    dlc.launch_table 2 kernels [@k] words [0, 3, 0, 0, 0, 5, 2, 1, 2, 0, 0, ...] values [0, 1, 0, 1, ...] largest 3 terms(%n)
    ```
  }];
  let arguments = (ins I64Attr:$count, ArrayAttr:$kernels, DenseI32ArrayAttr:$words, DenseI64ArrayAttr:$values,
                       I64Attr:$largest, Variadic<Index>:$terms);
  let assemblyFormat = [{$count `kernels` $kernels `words` $words `values` $values `largest` $largest
    (`terms` `(` $terms^ `)`)? attr-dict}];
}
def Dlc_FillHaloOp : Dlc_Op<"fill_halo", []> {
  let summary = "Writes zeros to the halo of a buffer that holds a tensor with a halo";
  let description = [{`tensor` is the tensor's type, whose extents come from `dims` (an affine map of the symbols).}];
  let arguments = (ins AnyMemRef:$buffer, TypeAttr:$tensor, AffineMapAttr:$dims, Variadic<Index>:$symbols);
  let assemblyFormat = "$buffer `:` type($buffer) (`symbols` `(` $symbols^ `)`)? attr-dict";
}
def Dlc_WeightsOp : Dlc_Op<"weights", []> {
  let summary = "The model's constants: one block of bytes";
  let description = [{
    `values` are row-major constants, `types` their tensor types, whose layouts say how each is stored, and `offsets`
    their offsets in bytes, 64-byte aligned. The block of `size` bytes becomes the library's read-only data; functions
    get it as the argument marked `dlc.constants`.
  }];
  let arguments = (ins ArrayAttr:$values, TypeArrayAttr:$types, DenseI64ArrayAttr:$offsets, I64Attr:$size);
  let assemblyFormat = "$size `offsets` $offsets `types` $types `values` $values attr-dict";
}

#endif // DLC_OPS_PROGRAM
