// RUN: dlc-opt %s --dlc-outline-ranges | FileCheck %s
// RUN: dlc-opt %s --dlc-outline-ranges --convert-scf-to-cf --dlc-lower-entry-points | FileCheck %s --check-prefix=TASK

// All steps of a loop for a range of rows are a function, whose calls the pool makes.
module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 0, live_bytes = 0, prepacked_bytes = 0>} {
  dlc.kernel_func @relu kind(elementwise) attributes {
      schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0>]} {
  ^bb0(%a: tensor<32x16xf32>):
    %r = dlc.relu %a : tensor<32x16xf32> -> tensor<32x16xf32>
    dlc.yield %r : tensor<32x16xf32>
  }

  // CHECK-LABEL: func.func @run
  // CHECK: call @run.ranges0(%arg0, %arg1, %{{.*}}, %{{.*}}) : (memref<?xi8>, memref<?xi8>, index, index) -> ()
  // CHECK-NEXT: return
  // CHECK-LABEL: func.func private @run.ranges0
  // CHECK-SAME: (%[[X:.*]]: memref<?xi8>, %[[Y:.*]]: memref<?xi8>, %{{.*}}: index, %{{.*}}: index) attributes {dlc.range_grain = 8 : i64}
  // CHECK: scf.for
  // CHECK: dlc.launch @relu "layer" ins(%[[X]] : memref<?xi8>) out(%[[Y]] : memref<?xi8>)

  // One range a thread, in whole grains.
  // TASK-LABEL: func.func @run.execute
  // TASK-SAME: (%[[CALL:.*]]: !llvm.ptr) -> i32
  // TASK: %[[GRAINS:.*]] = arith.divui
  // TASK: arith.muli %[[GRAINS]]
  // TASK: constant @run.ranges0
  // TASK: %[[STATUS:.*]] = llvm.call %{{.*}}(%[[CALL]]
  // TASK: arith.cmpi eq, %[[STATUS]]
  // TASK-LABEL: func.func private @run.ranges0
  // TASK-SAME: (%{{.*}}: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr) -> i32
  // TASK: call @layer.launch(%{{.*}}, %[[BEGIN]], %[[END]], %[[SCRATCH]])
  func.func @run(%x: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<32x16xf32>, dims = affine_map<() -> (32, 16)>>},
                 %y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<32x16xf32>, dims = affine_map<() -> (32, 16)>>},
                 %ws: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}, %c: memref<?xi8> {dlc.block = #dlc.program_block<constants>}, %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>})
      attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<() -> (0)>>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    scf.parallel (%row) = (%c0) to (%c32) step (%c8) {
      scf.for %step = %c0 to %c8 step %c1 {
        dlc.launch @relu "layer" ins(%x : memref<?xi8>) out(%y : memref<?xi8>)
      }
    }
    return
  }
}
