// SPDX-License-Identifier: Apache-2.0
// Passes that decide how loops of kernels are arranged.
#ifndef DLC_PASSES_SCHEDULE
#define DLC_PASSES_SCHEDULE

include "mlir/Pass/PassBase.td"

def SplitLoopBatch : Pass<"dlc-split-loop-batch", "::mlir::ModuleOp"> {
  let summary = "Split loops over time by rows of the batch, so that each thread runs all steps";
  let description = [{
    The rows of a batch are independent in the steps of a recurrent layer: row i of what a step computes depends only on
    row i of what other kernels of the step and the steps before have computed, and on what the loop is given. Such a
    loop gets `dlc.row_range`, the number of rows that are worth a thread, and so do the kernels of its body, whose
    schedules then split their rows (dimension 0 of their results). The program runs the loop for ranges of rows, and
    threads do not wait for each other from its first step to its last.

    A loop keeps its form if its steps mix rows, if they stop early, know their number or hold loops, if there are fewer
    than twelve rows, if it is so short that a second thread gains nothing, and if the matrices that every range reads
    in every step have more than 4 MB: then threads share the columns of each product.

    Before: `dlc.outlined_loop @run.lstm init(%h, %c : tensor<32x128xf32>, ...) ...`

    After: the same with `{dlc.row_range = 8 : i64}`, and `dlc.kernel ... attributes {dlc.row_range = 8 : i64}` in
    `@run.lstm`
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

def Tile : Pass<"dlc-tile", "::mlir::func::FuncOp"> {
  let summary = "Decide the schedule of every kernel";
  let description = [{
    Gives every `dlc.kernel` one `#dlc.schedule` per instruction set: the algorithm, the tile of results that stays in
    registers, the order of loops, and the dimension whose ranges may go to different threads (the same for all
    instruction sets). The decisions come from a cost model of registers, caches and throughputs (targets/Machine.h). A
    kernel that has schedules keeps them.

    Neighbouring dimensions that are contiguous in every tensor of a kernel, and that its ops treat alike, are one for
    the schedule, and dimensions of extent 1 none (analysis/CollapsedSpace.h); `dlc.collapse` records which. Elementwise
    kernels of equal shapes thus get a single loop, whose ranges can be split between threads at any index. The leading
    dimensions of a product with one right operand are its rows. Kernels of a loop whose rows threads share
    (`dlc.row_range`) keep theirs. Reductions, softmax, layer and group normalization and layout conversions keep apart
    what they treat differently.

    After:
    ```mlir
    schedules = [#dlc.schedule<algorithm = "direct", isa = "x86-64-v4", vector = 16, split = 2, grain = 1,
                               tiles = {columns = 32 : i64, rows = 14 : i64, planes = 1 : i64, columns_loop = 0 : i64}>]
    ```
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
  let options = [ListOption<"isas", "isas", "std::string", "Instruction sets, the most basic first">,
                 Option<"naive", "naive", "bool", "false", "One element after the other, in one thread">];
}

def ApplyRecords : Pass<"dlc-apply-records", "::mlir::ModuleOp"> {
  let summary = "Take the schedules that were found by measuring";
  let description = [{
    Replaces the schedules of kernels for which the files have records (see docs/tuning.md). A record is for one kernel,
    named by its fingerprint, and one machine; of several for both the last one counts. Records for other kernels or
    machines are ignored, with a remark that says how many. A schedule that is not legal for its kernel is an error, and
    so is one that splits another dimension than the library's other machines do.

    Precondition: `--dlc-tile` has given every kernel its schedules.
  }];
  let options = [ListOption<"files", "files", "std::string", "Files of records, the most important last">];
}

def VerifySchedules : Pass<"dlc-verify-schedules", "::mlir::ModuleOp"> {
  let summary = "Check that every kernel's schedules are legal";
  let description = [{
    A schedule may have been written by a person, who edits the module, as well as by `--dlc-tile`. Every kernel must
    have one `#dlc.schedule` for each instruction set, whose algorithm is one of the kernel kind's, with its parameters
    and no others, each within what is legal for this kernel (analysis/KernelSchedules.h), on the dimensions that
    `dlc.collapse` leaves. What is wrong is an error that names the kernel and what is legal.
  }];
  let options = [ListOption<"isas", "isas", "std::string", "The target's instruction sets">];
}

def CollapseKernels : Pass<"dlc-collapse-kernels", "::mlir::ModuleOp"> {
  let summary = "Merge the dimensions that a kernel's attribute dlc.collapse lists";
  let description = [{
    Applies what `--dlc-tile`, or a person, has recorded in `dlc.collapse`: the dimensions of each list become one, and
    those in no list, of extent 1, are dropped. Schedules refer to what is left already, and stay as they are. A list
    whose dimensions cannot be merged is an error.

    Before:
    ```mlir
    dlc.kernel_func @add kind(elementwise) attributes {dlc.collapse = [[0, 1, 2, 3]], ...} {
    ^bb0(%x: tensor<8x64x7x7xf32>, %y: tensor<8x64x7x7xf32>):
      %z = dlc.add %x, %y : (tensor<8x64x7x7xf32>, tensor<8x64x7x7xf32>) -> tensor<8x64x7x7xf32>
    ```
    After:
    ```mlir
    dlc.kernel_func @add kind(elementwise) attributes {...} {
    ^bb0(%x: tensor<25088xf32>, %y: tensor<25088xf32>):
      %z = dlc.add %x, %y : (tensor<25088xf32>, tensor<25088xf32>) -> tensor<25088xf32>
    ```
    Precondition: launches refer to kernels as `dlc.kernel_func`s on buffers of bytes, to which types do not matter.
  }];
  let dependentDialects = ["::dlc::DlcDialect"];
}

#endif // DLC_PASSES_SCHEDULE
