// SPDX-License-Identifier: Apache-2.0
// The program level: kernels as symbols, their launches on byte buffers, and the blocks of memory that they use.
#ifndef DLC_OPS_PROGRAM
#define DLC_OPS_PROGRAM

include "ir/DlcBase.td"
include "ir/KernelInterface.td"
include "mlir/IR/SymbolInterfaces.td"

class Dlc_ProgramOp<string opMnemonic, list<Trait> traits = []> : Dlc_Op<opMnemonic, [Dlc_OfProgram] # traits>;

def Dlc_KernelFuncOp : Dlc_ProgramOp<"kernel_func", [Symbol, IsolatedFromAbove, SingleBlock, Dlc_KernelLikeOpInterface]> {
  let summary = "A kernel that launches refer to; equal kernels are merged";
  let description = [{
    Attributes as of `dlc.kernel`. Its C signature is
    `int NAME(void *scratch, halide_buffer_t *input..., int32_t symbol..., halide_buffer_t *result...)`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Dlc_KernelKindAttr:$kind, OptionalAttr<ArrayAttr>:$schedules,
                       OptionalAttr<ArrayAttr>:$input_dims, OptionalAttr<ArrayAttr>:$symbols);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `kind` `(` $kind `)` attr-dict-with-keyword $body";
  let extraClassDeclaration = "::llvm::StringRef getKernelName() { return getSymName(); }";
}
def Dlc_LaunchOp : Dlc_ProgramOp<"launch", [AttrSizedOperandSegments]> {
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
def Dlc_LaunchTableOp : Dlc_ProgramOp<"launch_table"> {
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
def Dlc_ReadExtentOp : Dlc_ProgramOp<"read_extent"> {
  let summary = "Reads an extent that a kernel has computed";
  let description = [{
    `buffer` holds a `tensor<i64>`; the result is its element, which becomes the value of symbol `number` of the entry
    point. A run in which it is not from 0 to `bound` (2^31 - 1 if there is none) fails with the name of the layer,
    `name`.

    ```mlir
    %n = dlc.read_extent 1 "nonzero" from %count : memref<?xi8> bound %most
    ```
  }];
  let arguments = (ins I64Attr:$number, StrAttr:$name, AnyMemRef:$buffer, Optional<Index>:$bound);
  let results = (outs Index:$extent);
  let assemblyFormat = "$number $name `from` $buffer `:` type($buffer) (`bound` $bound^)? attr-dict";
}
def Dlc_ReserveOp : Dlc_ProgramOp<"reserve"> {
  let summary = "Memory for tensors whose sizes are known now";
  let description = [{
    The context keeps a block for each `segment` of an entry point, and lets it grow to `bytes`, a map of the entry
    point's symbols. With `output` it is the memory of that output, which the context keeps until its next run.

    ```mlir
    %m = dlc.reserve 0 bytes affine_map<()[s0] -> (s0 * 64)> symbols(%n) : memref<?xi8>
    ```
  }];
  let arguments = (ins I64Attr:$segment, AffineMapAttr:$bytes, OptionalAttr<I64Attr>:$output, Variadic<Index>:$symbols);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$segment `bytes` $bytes (`output` $output^)? `symbols` `(` $symbols `)` attr-dict `:` type($memory)";
}
def Dlc_CommitOp : Dlc_ProgramOp<"commit"> {
  let summary = "From here on the run changes what the model keeps, and completes";
  let description = [{
    A run can be cancelled before any launch, and leaves everything as it was. The first launch that overwrites a variable
    or a state comes after this op, and none after it can be cancelled.

    ```mlir
    dlc.commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}
def Dlc_FillHaloOp : Dlc_ProgramOp<"fill_halo"> {
  let summary = "Writes zeros to the halo of a buffer that holds a tensor with a halo";
  let description = [{`tensor` is the tensor's type, whose extents come from `dims` (an affine map of the symbols).}];
  let arguments = (ins AnyMemRef:$buffer, TypeAttr:$tensor, AffineMapAttr:$dims, Variadic<Index>:$symbols);
  let assemblyFormat = "$buffer `:` type($buffer) (`symbols` `(` $symbols^ `)`)? attr-dict";
}
def Dlc_CheckExtentsOp : Dlc_ProgramOp<"check_extents"> {
  let summary = "Ends the run with an error unless conditions on extents hold";
  let description = [{
    What a branch of a choice takes for granted, checked where a run enters it. `checks` are
    `#dlc.extent_check`s over `symbols`.
  }];
  let arguments = (ins ArrayAttr:$checks, Variadic<Index>:$symbols);
  let assemblyFormat = "$checks `symbols` `(` $symbols `)` attr-dict";
}
def Dlc_WeightsOp : Dlc_ProgramOp<"weights"> {
  let summary = "The model's constants: one block of bytes";
  let description = [{
    `values` are row-major constants, `types` their tensor types, whose layouts say how each is stored, and `offsets`
    their offsets in bytes, 64-byte aligned. The block of `size` bytes becomes the library's read-only data; functions
    get it as the argument that is the block `constants`.
  }];
  let arguments = (ins ArrayAttr:$values, TypeArrayAttr:$types, DenseI64ArrayAttr:$offsets, I64Attr:$size);
  let assemblyFormat = "$size `offsets` $offsets `types` $types `values` $values attr-dict";
}
def Dlc_VariablesOp : Dlc_ProgramOp<"variables"> {
  let summary = "The model's state: parameters, slots of optimizers and counters in one block of bytes that the caller owns";
  let description = [{
    Tensor `names[i]` of `types[i]` is stored row-major at `offsets[i]`, a multiple of 64. `kinds` are those of
    `dlc.parameter`. Functions get it as the argument that is the block `variables`.
  }];
  let arguments = (ins StrArrayAttr:$names, TypeArrayAttr:$types, StrArrayAttr:$kinds, DenseI64ArrayAttr:$offsets, I64Attr:$size);
  let assemblyFormat = "$size `names` $names `types` $types `kinds` $kinds `offsets` $offsets attr-dict";
}

#endif // DLC_OPS_PROGRAM
