// SPDX-License-Identifier: Apache-2.0
// From the program level to the LLVM dialect.
#ifndef DLC_BACKENDS_LLVM_PASSES
#define DLC_BACKENDS_LLVM_PASSES

include "mlir/Pass/PassBase.td"

def LowerFillHalo : Pass<"dlc-lower-fill-halo", "::mlir::ModuleOp"> {
  let summary = "Replace dlc.fill_halo by calls of functions that clear the halo";
  let description = [{
    The halo of the outermost dimensions is cleared in whole slabs; inside them, row by row. Buffers of one type share a
    function, which takes the extents that are open.

    Before:
    ```mlir
    dlc.fill_halo %b : memref<?xi8> {tensor = tensor<1x4x8x8xf32, #dlc.layout<...>>, dims = affine_map<() -> (1, 4, 8, 8)>}
    ```
    After: `call @fill_halo.0(%address)`, with `scf.for` loops around `llvm.intr.memset` in the function.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::affine::AffineDialect", "::mlir::func::FuncDialect"];
}

def LowerExtents : Pass<"dlc-lower-extents", "::mlir::ModuleOp"> {
  let summary = "Replace affine.apply by arithmetic that computes what expressions have in common once";
  let description = [{
    Offsets and sizes are written as trees, in which the extent of a tensor may appear at many leaves. The tree of a
    model whose extents are computed from each other over many layers has more nodes than could be emitted one by one.
    Of the `affine.apply`s of one block with the same operands, each subexpression is computed once, as i64.

    Before:
    ```mlir
    %0 = affine.apply affine_map<()[s0] -> (s0 floordiv 2 + 8)>()[%n]
    %1 = affine.apply affine_map<()[s0] -> ((s0 floordiv 2) * 4)>()[%n]
    ```
    After: one quotient, which a sum and a product read.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def OutlineRanges : Pass<"dlc-outline-ranges", "::mlir::ModuleOp"> {
  let summary = "Move the bodies of scf.parallel to functions that threads run for ranges";
  let description = [{
    Launches inside `scf.parallel` compute the rows of its iteration: those from the induction variable on, as many as
    the step says. The function takes what the body reads from outside and, as its last two arguments, where a range of
    rows begins and ends; the call is for all rows. `dlc.range_grain`, the step, marks it for
    `--dlc-lower-entry-points`, which makes it a task of the pool. Precondition: what the body reads are buffers
    (`memref<?xi8>`) and indices, but not the induction variable.

    Before:
    ```mlir
    scf.parallel (%row) = (%c0) to (%n) step (%c8) {
      dlc.launch @k "k" ins(%x : memref<?xi8>) out(%y : memref<?xi8>)
    }
    ```
    After:
    ```mlir
    func.call @run.ranges0(%x, %y, %c0, %n) : (memref<?xi8>, memref<?xi8>, index, index) -> ()
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
}

def NumberLaunches : Pass<"dlc-number-launches", "::mlir::ModuleOp"> {
  let summary = "Describe launches for profiles, and number them";
  let description = [{
    Writes what profiles say of each launch (layer, kernel, kind, element type, operations and bytes as formulas of the
    kernel's symbols) to `dlc.launches` of the module, one line per launch, in the form of `dlc_program.launches` of the
    ABI. `dlc.launch_number` of a launch is its line; `--dlc-lower-entry-points` lets launches that have one be
    recorded. In an entry point with more than `limit` launches, all launches of a kernel share one line, whose number
    the kernel has. What prepacks weights is not numbered.

    Before:
    ```mlir
    dlc.launch @k "conv1" ins(%x : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
    ```
    After:
    ```mlir
    dlc.launch @k "conv1" ins(%x : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n) {dlc.launch_number = 0 : i64}
    ```
  }];
  let options = [Option<"limit", "limit", "int64_t", "512", "launches of an entry point that have lines of their own">];
}

def TabulateLaunches : Pass<"dlc-tabulate-launches", "::mlir::ModuleOp"> {
  let summary = "Turn the launches of entry points with very many into data";
  let description = [{
    A launch takes some fifty instructions that pass addresses to a function and look at its status; LLVM takes about
    0.2 ms for them. In an entry point with more than `limit` launches, runs of at least `smallest` launches (and of
    copies between them) become one `dlc.launch_table` each, which the runtime walks through: a tenth of the time to
    compile, and less memory when it runs. A launch that depends on anything but the arguments of the entry point, or
    whose kernel counts its launches (`alternating_units`), stays, and so do smaller entry points.

    Before (with a limit of 1 and a smallest run of 2):
    ```mlir
    dlc.launch @k "a" ins(%x : memref<?xi8>) out(%t : memref<?xi8>) symbols(%n)
    dlc.launch @k "b" ins(%t : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
    ```
    After:
    ```mlir
    dlc.launch_table 2 kernels [@k] words [0, 3, ...] values [...] largest 3 terms(%n)
    ```
  }];
  let options = [Option<"limit", "limit", "int64_t", "512", "launches of an entry point that stay code">,
                 Option<"smallest", "smallest", "int64_t", "16", "launches for which a table is made">];
  let dependentDialects = ["::mlir::affine::AffineDialect"];
}

def OutlineLaunches : Pass<"dlc-outline-launches", "::mlir::ModuleOp"> {
  let summary = "Split entry points with very many launches into functions";
  let description = [{
    Some of LLVM's passes take time that grows with the square of a function's size. In an entry point with more than
    `part-size` launches, runs of about as many launches (and of loops of them, `dlc.fill_halo`, copies and stores between
    them) become functions of the entry point's own signature, marked `dlc.part`; addresses are computed again in each. A part
    ends where no later op uses a result of its loops. Smaller entry points do not change.

    Before (with a part size of 2):
    ```mlir
    dlc.launch @k "a" ins(%x : memref<?xi8>) out(%t : memref<?xi8>)
    dlc.launch @k "b" ins(%t : memref<?xi8>) out(%x : memref<?xi8>)
    dlc.launch @k "c" ins(%x : memref<?xi8>) out(%y : memref<?xi8>)
    ```
    After:
    ```mlir
    func.call @run.part0(%x, %y, %workspace) : (memref<?xi8>, memref<?xi8>, memref<?xi8>) -> ()
    dlc.launch @k "c" ins(%x : memref<?xi8>) out(%y : memref<?xi8>)
    ```
  }];
  let options = [Option<"partSize", "part-size", "int64_t", "512", "launches per function">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
}

def LowerEntryPoints : Pass<"dlc-lower-entry-points", "::mlir::ModuleOp"> {
  let summary = "Turn entry points and launches into functions of the C ABI";
  let description = [{
    Precondition: control flow is unstructured (`convert-scf-to-cf`), no `dlc.fill_halo` is left.

    An entry point `@run` becomes `@run.execute(%call: !llvm.ptr) -> i32`, with `@run.workspace_bytes`
    beside it, and `@run.output_shapes` where a run computes extents of outputs. A `dlc.launch @k "conv1"` becomes a function
    `@conv1.launch(%arguments, %begin, %end, %scratch)` that describes the buffers and calls `@k.kernel`, and a call of
    it: direct, or in ranges through the pool of `dlc_call` when the estimated work is worth the hand-over. A status
    other than 0 ends the entry point. Kernels become declarations. A function that `--dlc-outline-ranges` has made
    becomes a task of the pool: its launches are direct calls for the task's own range. One that
    `--dlc-outline-launches` has made becomes `@run.execute.part0(%call: !llvm.ptr) -> i32`. Launches have
    functions of their own, under the names of their layers, except those of a kernel with more than 16 of them, or with
    more than one in a module of more than 256 launches: these share one, `@k.launch`. The function of a launch or kernel
    with `dlc.launch_number` hands over to the runtime's recorder where the thread has one.

    With `device`, addresses are those of a GPU: loads, stores and copies of the program become calls of the runtime, and
    `@run.execute`, which the runtime calls with addresses of the host, hands `@run.execute.device` to the runtime's
    `dlcDeviceExecute`.
  }];
  let options = [Option<"device", "device", "bool", "false", "the memory of the program is that of a GPU">];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // DLC_BACKENDS_LLVM_PASSES
