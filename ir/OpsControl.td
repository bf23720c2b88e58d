// SPDX-License-Identifier: Apache-2.0
// Control flow between graph ops.
#ifndef DLC_OPS_CONTROL
#define DLC_OPS_CONTROL

include "ir/DlcBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/LoopLikeInterface.td"

/// Runs functions of kernels as parts of the program: what outlining makes of an op with regions.
def Dlc_RunsFunctions : Dlc_Trait<"RunsFunctions">;

def Dlc_LoopOp : Dlc_Op<"loop",
    [SingleBlockImplicitTerminator<"NextOp">, AttrSizedOperandSegments, RecursiveMemoryEffects, RecursivelySpeculatable,
     DeclareOpInterfaceMethods<LoopLikeOpInterface, ["getInitsMutable", "getRegionIterArgs", "getYieldedValuesMutable",
                                                     "getLoopResults"]>,
     DeclareOpInterfaceMethods<RegionBranchOpInterface, ["getEntrySuccessorOperands"]>]> {
  let summary = "A loop over time: runs its region once per step and carries state from one step to the next";
  let description = [{
    The region, a single block, computes a step. It reads values of the code around the loop where they are (captures:
    the same in every step), and takes as arguments

    - the number of the step, a `tensor<i64>`: 0, 1, ... in the order in which steps run;
    - the loop-carried values: `initial_values` in the first step, then what the step before returned;
    - one step of each of the `scan_inputs`, which have the steps as dimension 0, without that dimension.

    It ends in `dlc.next` with the loop-carried values of the next step and one step of every scan output. The loop's
    results are the loop-carried values after the last step, and the scan outputs with the steps as dimension 0.

    With `reverse` the steps run from the last index of the scan inputs and outputs to the first. There are as many
    steps as the scan inputs have, or `trip_count` if there are none.

    With `stops` the last value of `dlc.next` is a `tensor<i1>`, and the loop ends after the first step in which it is
    true. With `limit`, a `tensor<i64>`, it ends after as many steps, none if that is negative. A loop that may end early
    has one more result, a `tensor<i64>` with the number of steps that ran. Its scan outputs are zero after those.

    ```mlir
    %h, %y = dlc.loop init(%h0 : tensor<?x8xf32>) scan(%x : tensor<5x?x8xf32>) -> tensor<?x8xf32>, tensor<5x?x8xf32> {
    ^bb0(%step: tensor<i64>, %before: tensor<?x8xf32>, %slice: tensor<?x8xf32>):
      %after = dlc.add %before, %slice : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
      dlc.next %after, %after : tensor<?x8xf32>, tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Dlc_Tensor>:$initial_values, Variadic<Dlc_Tensor>:$scan_inputs,
                       Optional<RankedTensorOf<[I64]>>:$limit, OptionalAttr<I64Attr>:$trip_count, UnitAttr:$reverse,
                       UnitAttr:$stops);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$region);
  let assemblyFormat = [{`init` `(` ($initial_values^ `:` type($initial_values))? `)`
    `scan` `(` ($scan_inputs^ `:` type($scan_inputs))? `)` (`limit` `(` $limit^ `:` type($limit) `)`)? attr-dict `->` type($outputs) $region}];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Arguments of the step: its number, and its part of the scan inputs; getRegionIterArgs are the loop-carried values.
    ::mlir::BlockArgument getStepNumber() { return getBody()->getArgument(0); }
    ::mlir::Block::BlockArgListType getScanSlices() {
      return getBody()->getArguments().drop_front(1 + getInitialValues().size());
    }
    /// What the step ends with: the next loop-carried values, its part of the scan outputs, and whether it is the last
    /// (null unless the loop `stops`).
    ::dlc::NextOp getNext();
    ::mlir::OperandRange getNextValues();
    ::mlir::OperandRange getOutputSlices();
    ::mlir::Value getStop();
    /// Whether fewer steps may run than there are.
    bool mayEndEarly() { return getStops() || getLimit(); }
    /// The results that are the loop-carried values after the last step, and those that hold one slice per step.
    ::mlir::ResultRange getFinalValues();
    ::mlir::ResultRange getScanOutputs();
    /// The number of steps that ran; null unless the loop may end early.
    ::mlir::Value getStepCount();
    /// The number of steps as types say it: ShapedType::kDynamic if only a run knows.
    int64_t getStaticStepCount();
  }];
}

def Dlc_NextOp : Dlc_Op<"next", [Pure, Terminator, HasParent<"LoopOp">,
                                 DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>]> {
  let summary = "Ends a step of a loop";
  let description = [{
    `values` are the loop-carried values of the next step, one step of every scan output, and, if the loop `stops`,
    whether this is the last step.
  }];
  let arguments = (ins Variadic<Dlc_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  // Of a loop without results; what the trait of a single block needs.
  let builders = [OpBuilder<(ins)>];
}

def Dlc_OutlinedLoopOp : Dlc_Op<"outlined_loop", [Pure, Dlc_RunsFunctions, Dlc_OutsideKernels, AttrSizedOperandSegments,
                                                  DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A `dlc.loop` whose step is a function";
  let description = [{
    What `--dlc-outline-loops` makes of a `dlc.loop`. `body` is a private function `(step, loop-carried values..., scan
    inputs..., captures...) -> (loop-carried values..., scan outputs..., [stop])`; all else is as for `dlc.loop`. A body
    belongs to one loop. Its dimensions refer to the same symbols as the loop's function: the attributes `dlc.extents` of
    its arguments are affine maps over the names in its `dlc.step`; `dlc.result_extents` of the loop gives the extents of
    one slice of each scan output.

    ```mlir
    %h, %y = dlc.outlined_loop @run.rnn init(%h0 : tensor<?x8xf32>) scan(%x : tensor<5x?x3xf32>) captures()
        -> tensor<?x8xf32>, tensor<5x?x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, Variadic<Dlc_Tensor>:$initial_values, Variadic<Dlc_Tensor>:$scan_inputs,
                       Variadic<Dlc_Tensor>:$captures, Optional<RankedTensorOf<[I64]>>:$limit,
                       OptionalAttr<I64Attr>:$trip_count, UnitAttr:$reverse, UnitAttr:$stops);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let assemblyFormat = [{$body `init` `(` ($initial_values^ `:` type($initial_values))? `)`
    `scan` `(` ($scan_inputs^ `:` type($scan_inputs))? `)` `captures` `(` ($captures^ `:` type($captures))? `)`
    (`limit` `(` $limit^ `:` type($limit) `)`)? attr-dict `->` type($outputs)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether fewer steps may run than there are.
    bool mayEndEarly() { return getStops() || getLimit(); }
    /// The results that are the loop-carried values after the last step, and those that hold one slice per step.
    ::mlir::ResultRange getFinalValues();
    ::mlir::ResultRange getScanOutputs();
    /// The number of steps that ran; null unless the loop may end early.
    ::mlir::Value getStepCount();
  }];
}

def Dlc_IfOp : Dlc_Op<"if",
    [SingleBlockImplicitTerminator<"EndIfOp">, NoRegionArguments, RecursiveMemoryEffects, RecursivelySpeculatable,
     DeclareOpInterfaceMethods<RegionBranchOpInterface>]> {
  let summary = "Computes one of two branches, as a value says that only a run knows";
  let description = [{
    Both regions, single blocks without arguments, read values of the code around them where they are (captures), and
    end in `dlc.end_if` with the results. A result has the same extents whichever branch is taken.

    `then_checks` and `else_checks` are conditions on extents that hold only in runs that take the branch; the program
    checks them where it enters it. They are written as a function's `dlc.extent_checks`.

    ```mlir
    %y = dlc.if %is_fast : tensor<i1> -> tensor<?x8xf32> {
      dlc.end_if %x : tensor<?x8xf32>
    } else {
      %z = dlc.tanh %x : tensor<?x8xf32> -> tensor<?x8xf32>
      dlc.end_if %z : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins RankedTensorOf<[I1]>:$condition, OptionalAttr<Dlc_ExtentChecks>:$then_checks,
                       OptionalAttr<Dlc_ExtentChecks>:$else_checks);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$then_region, SizedRegion<1>:$else_region);
  let assemblyFormat = [{$condition attr-dict `:` type($condition) (`->` type($outputs)^)? $then_region `else`
    $else_region}];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// What ends a branch: the first is taken where the condition is true.
    ::dlc::EndIfOp getEnd(unsigned branch);
  }];
}

def Dlc_EndIfOp : Dlc_Op<"end_if", [Pure, Terminator, HasParent<"IfOp">,
                                    DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>]> {
  let summary = "Ends a branch with the results of its `dlc.if`";
  let arguments = (ins Variadic<Dlc_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  // Of an op without results; what the trait of a single block needs.
  let builders = [OpBuilder<(ins)>];
}

def Dlc_OutlinedIfOp : Dlc_Op<"outlined_if", [Pure, Dlc_RunsFunctions, Dlc_OutsideKernels, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A `dlc.if` whose branches are functions";
  let description = [{
    What `--dlc-outline-branches` makes of a `dlc.if`. The branches are private functions `(captures...) -> (results...)`
    of the same captures; all else is as for `dlc.if`. A function belongs to one op. Dimensions refer to the same symbols
    as the function around it: the attributes `dlc.dims` of the functions' arguments are affine maps over the names in
    their `dlc.symbols`, and so are those of the op, which give the extents of its results.

    ```mlir
    %y = dlc.outlined_if %is_fast @run.fast @run.slow captures(%x : tensor<8xf32>) : tensor<i1> -> tensor<8xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[I1]>:$condition, FlatSymbolRefAttr:$then_body, FlatSymbolRefAttr:$else_body,
                       Variadic<Dlc_Tensor>:$captures, OptionalAttr<Dlc_ExtentChecks>:$then_checks,
                       OptionalAttr<Dlc_ExtentChecks>:$else_checks);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let assemblyFormat = [{$condition $then_body $else_body `captures` `(` ($captures^ `:` type($captures))? `)` attr-dict
    `:` type($condition) `->` type($outputs)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The name of the function of a branch: the first is taken where the condition is true.
    ::mlir::FlatSymbolRefAttr getBody(unsigned branch) { return branch == 0 ? getThenBodyAttr() : getElseBodyAttr(); }
  }];
}

#endif // DLC_OPS_CONTROL
