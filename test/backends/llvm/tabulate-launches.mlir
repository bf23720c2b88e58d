// RUN: dlc-opt %s --pass-pipeline='builtin.module(dlc-tabulate-launches{limit=2 smallest=3})' | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(dlc-tabulate-launches{limit=2 smallest=3},lower-affine,convert-scf-to-cf,dlc-lower-entry-points)' \
// RUN:   | FileCheck %s --check-prefix=LOWERED
// RUN: dlc-opt %s --dlc-tabulate-launches | FileCheck %s --check-prefix=SMALL

module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 0, live_bytes = 0, prepacked_bytes = 0>} {
  dlc.kernel_func @relu kind(elementwise) attributes {
      schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = -1>],
      input_dims = [affine_map<()[s0] -> (s0, 5)>], symbols = ["N"]} {
  ^bb0(%a: tensor<?x5xf32>):
    %r = dlc.relu %a : tensor<?x5xf32> -> tensor<?x5xf32>
    dlc.yield %r : tensor<?x5xf32>
  }

  // Two launches and a copy make a table; the loop and the single launch behind it stay. Bases: 13 = 5 | 8 = the input,
  // 9 = 1 | 8 = the workspace, both with offsets as they are. Values: 1 (the extent of a launch that is not split); the
  // symbol; what is not linear in it, once, with a factor; the size of the copy.
  // CHECK: #[[CEILDIV:.*]] = affine_map<()[s0] -> ((s0 * 20) ceildiv 64)>
  // CHECK-LABEL: func.func @run
  // CHECK-SAME: %[[N:[a-z0-9]*]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
  // CHECK: %[[BLOCKS:.*]] = affine.apply #[[CEILDIV]]()[%[[N]]]
  // CHECK-NEXT: dlc.launch_table 3 kernels [@relu]
  // CHECK-SAME: words [0, 3, 0, 0, 0, 13, 0, 9, 0, 0, 4, 0, 3, 0, 0, 0, 9, 0, 1, 8, 0, 4, -1, 2, 12, 0, 0, 9, 0, 1, 8]
  // CHECK-SAME: values [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 64, 0, 0, 0, 20, 0]
  // CHECK-SAME: largest 3 terms(%[[N]], %[[BLOCKS]])
  // CHECK: scf.for
  // CHECK-NEXT: dlc.launch @relu "in the loop"
  // CHECK: dlc.launch @relu "e"
  // CHECK-NEXT: return

  // LOWERED-LABEL: func.func @run.execute
  // LOWERED-SAME: (%[[CALL:.*]]: !llvm.ptr) -> i32
  // LOWERED: constant @relu.launch
  // LOWERED: %[[WORDS:.*]] = llvm.mlir.addressof @dlc.launch_table0 : !llvm.ptr
  // LOWERED: %[[VALUES:.*]] = llvm.mlir.addressof @dlc.launch_table0.values : !llvm.ptr
  // LOWERED: %[[COUNT:.*]] = arith.constant 3 : i64
  // LOWERED: %[[STATUS:.*]] = llvm.call @dlcRunLaunches(%[[CALL]], %[[COUNT]], %[[WORDS]], %[[VALUES]],
  // LOWERED: arith.cmpi eq, %[[STATUS]]
  // LOWERED: call @in_the_loop.launch
  // LOWERED: llvm.mlir.global internal constant @dlc.launch_table0(dense<[0, 3, 0,

  // SMALL-NOT: dlc.launch_table
  func.func @run(%x: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<?x5xf32>, dims = affine_map<()[s0] -> (s0, 5)>>},
                 %y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?x5xf32>, dims = affine_map<()[s0] -> (s0, 5)>>},
                 %ws: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}, %c: memref<?xi8> {dlc.block = #dlc.program_block<constants>}, %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>},
                 %N: index {dlc.symbol = #dlc.program_symbol<name = "N">})
      attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<()[s0] -> (((s0 * 20) ceildiv 64) * 64 + s0 * 20)>>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %size = affine.apply affine_map<()[s0] -> (s0 * 20)>()[%N]
    %second = affine.apply affine_map<()[s0] -> (((s0 * 20) ceildiv 64) * 64)>()[%N]
    %t = memref.view %ws[%c0][%size] : memref<?xi8> to memref<?xi8>
    %u = memref.view %ws[%second][%size] : memref<?xi8> to memref<?xi8>
    dlc.launch @relu "a" ins(%x : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
    dlc.launch @relu "b" ins(%t : memref<?xi8>) out(%u : memref<?xi8>) symbols(%N)
    memref.copy %u, %t : memref<?xi8> to memref<?xi8>
    scf.for %i = %c0 to %N step %c1 {
      dlc.launch @relu "in the loop" ins(%t : memref<?xi8>) out(%u : memref<?xi8>) symbols(%N)
    }
    dlc.launch @relu "e" ins(%u : memref<?xi8>) out(%y : memref<?xi8>) symbols(%N)
    return
  }
}
