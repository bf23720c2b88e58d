// RUN: dlc-opt %s --pass-pipeline='builtin.module(dlc-outline-launches{part-size=2})' | FileCheck %s
// RUN: dlc-opt %s --pass-pipeline='builtin.module(dlc-outline-launches{part-size=2},convert-scf-to-cf,dlc-lower-entry-points)' \
// RUN:   | FileCheck %s --check-prefix=LOWERED
// RUN: dlc-opt %s --dlc-outline-launches | FileCheck %s --check-prefix=SMALL

module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 0, live_bytes = 0, prepacked_bytes = 0>} {
  dlc.kernel_func @relu kind(elementwise) attributes {
      schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = -1>],
      input_dims = [affine_map<()[s0] -> (s0, 16)>], symbols = ["N"]} {
  ^bb0(%a: tensor<?x16xf32>):
    %r = dlc.relu %a : tensor<?x16xf32> -> tensor<?x16xf32>
    dlc.yield %r : tensor<?x16xf32>
  }

  // Seven launches. A part ends where the copy has used the second loop's result; the buffer that the third loop gives
  // is used to the end, so that its launch stays.
  // CHECK-LABEL: func.func @run
  // CHECK: call @run.part0(%arg0, %arg1, %arg2, %arg3, %arg4, %arg5) : (
  // CHECK-NEXT: call @run.part1(
  // CHECK-NEXT: call @run.part2(
  // CHECK: %[[LAST:.*]] = scf.for
  // CHECK-NEXT: dlc.launch @relu "in the third loop"
  // CHECK: call @elsewhere(%[[LAST]])
  // CHECK-NEXT: return

  // Addresses are computed again where they are needed.
  // CHECK-LABEL: func.func private @run.part0
  // CHECK-SAME: attributes {dlc.part = "run"}
  // CHECK: %[[T:.*]] = memref.view %arg2[%{{.*}}][%{{.*}}] : memref<?xi8> to memref<?xi8>
  // CHECK: dlc.launch @relu "a" ins(%arg0 : memref<?xi8>) out(%[[T]] : memref<?xi8>)
  // CHECK: dlc.launch @relu "b" ins(%[[T]] : memref<?xi8>)
  // CHECK-NEXT: return
  // CHECK-LABEL: func.func private @run.part1
  // CHECK: dlc.launch @relu "c"
  // CHECK: memref.copy
  // CHECK: scf.for %{{.*}} = %{{.*}} to %arg5
  // CHECK-NEXT: dlc.launch @relu "in the loop" ins(%arg1 : memref<?xi8>)
  // CHECK: return
  // CHECK-LABEL: func.func private @run.part2
  // CHECK: dlc.launch @relu "e"
  // CHECK: %[[LOOP:.*]] = scf.for {{.*}} iter_args(%[[BUFFER:.*]] = %arg0)
  // CHECK-NEXT: dlc.launch @relu "in the second loop" ins(%[[BUFFER]] : memref<?xi8>)
  // CHECK: %[[VIEW:.*]] = memref.view %[[LOOP]]
  // CHECK-NEXT: memref.copy %[[VIEW]], %arg1
  // CHECK-NEXT: return

  // LOWERED-LABEL: func.func @run.execute
  // LOWERED-SAME: (%[[CALL:.*]]: !llvm.ptr) -> i32
  // LOWERED: %[[STATUS:.*]] = call @run.execute.part0(%[[CALL]]) : (!llvm.ptr) -> i32
  // LOWERED-NEXT: %[[ZERO:.*]] = arith.constant 0
  // LOWERED-NEXT: %[[FINE:.*]] = arith.cmpi eq, %[[STATUS]], %[[ZERO]]
  // LOWERED-NEXT: cf.cond_br %[[FINE]], ^{{.*}}, ^[[LEAVE:.*]](%[[STATUS]] : i32)
  // LOWERED: call @run.execute.part1(%[[CALL]]) : (!llvm.ptr) -> i32
  // LOWERED: call @run.execute.part2(%[[CALL]]) : (!llvm.ptr) -> i32
  // LOWERED: func.func private @run.execute.part0(%{{.*}}: !llvm.ptr) -> i32
  // LOWERED: call @a.launch
  // LOWERED: call @b.launch

  // SMALL-NOT: dlc.part
  func.func private @elsewhere(memref<?xi8>)
  func.func @run(%x: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<?x16xf32>, dims = affine_map<()[s0] -> (s0, 16)>>},
                 %y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?x16xf32>, dims = affine_map<()[s0] -> (s0, 16)>>},
                 %ws: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}, %c: memref<?xi8> {dlc.block = #dlc.program_block<constants>}, %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>},
                 %N: index {dlc.symbol = #dlc.program_symbol<name = "N">})
      attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<()[s0] -> (s0 * 64)>>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %size = affine.apply affine_map<()[s0] -> (s0 * 64)>()[%N]
    %t = memref.view %ws[%c0][%size] : memref<?xi8> to memref<?xi8>
    dlc.launch @relu "a" ins(%x : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
    dlc.launch @relu "b" ins(%t : memref<?xi8>) out(%y : memref<?xi8>) symbols(%N)
    dlc.launch @relu "c" ins(%y : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
    memref.copy %t, %y : memref<?xi8> to memref<?xi8>
    scf.for %i = %c0 to %N step %c1 {
      dlc.launch @relu "in the loop" ins(%y : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
    }
    dlc.launch @relu "e" ins(%t : memref<?xi8>) out(%y : memref<?xi8>) symbols(%N)
    %r = scf.for %i = %c0 to %N step %c1 iter_args(%buffer = %x) -> (memref<?xi8>) {
      dlc.launch @relu "in the second loop" ins(%buffer : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
      scf.yield %t : memref<?xi8>
    }
    %v = memref.view %r[%c0][%size] : memref<?xi8> to memref<?xi8>
    memref.copy %v, %y : memref<?xi8> to memref<?xi8>
    %s = scf.for %i = %c0 to %N step %c1 iter_args(%buffer = %x) -> (memref<?xi8>) {
      dlc.launch @relu "in the third loop" ins(%buffer : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
      scf.yield %t : memref<?xi8>
    }
    // A call is not moved.
    func.call @elsewhere(%s) : (memref<?xi8>) -> ()
    return
  }
}
