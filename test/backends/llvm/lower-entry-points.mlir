// RUN: dlc-opt %s --convert-scf-to-cf --dlc-lower-entry-points | FileCheck %s

// An entry point reads its arguments from the dlc_call; launches go through the pool if they may be long.

module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 0, live_bytes = 0, prepacked_bytes = 0>} {
  dlc.weights 64 offsets [0] types [tensor<16xf32>] values [dense<1.0> : tensor<16xf32>]
  dlc.kernel_func @relu kind(elementwise) attributes {
      schedules = [#dlc.schedule<algorithm = "flat", isa = "x86-64-v3", vector = 8, split = 0, grain = 4>],
      input_dims = [affine_map<()[s0] -> (s0, 16)>], symbols = ["N"]} {
  ^bb0(%a: tensor<?x16xf32>):
    %r = dlc.relu %a : tensor<?x16xf32> -> tensor<?x16xf32>
    dlc.yield %r : tensor<?x16xf32>
  }

  // CHECK-LABEL: func.func @run.execute
  // CHECK-SAME: (%[[CALL:.*]]: !llvm.ptr) -> i32
  func.func @run(%x: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<?x16xf32>, dims = affine_map<()[s0] -> (s0, 16)>>},
                 %y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?x16xf32>, dims = affine_map<()[s0] -> (s0, 16)>>},
                 %ws: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}, %c: memref<?xi8> {dlc.block = #dlc.program_block<constants>}, %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>},
                 %N: index {dlc.symbol = #dlc.program_symbol<name = "N">})
      attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<()[s0] -> (s0 * 64)>>} {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %size = arith.muli %N, %c64 : index
    %t = memref.view %ws[%c0][%size] : memref<?xi8> to memref<?xi8>
    // CHECK: constant @first_layer.launch
    // CHECK: %[[STATUS:.*]] = call @dlc.launch_in_ranges(%[[CALL]]
    // CHECK: %[[FINE:.*]] = arith.cmpi eq, %[[STATUS]]
    // CHECK: cf.cond_br %[[FINE]], ^bb1, ^[[LEAVE:.*]](%[[STATUS]] : i32)
    dlc.launch @relu "first layer" ins(%x : memref<?xi8>) out(%t : memref<?xi8>) symbols(%N)
    // From here on the run is not cancelled.
    // CHECK: llvm.call @dlcCommitRun(%[[CALL]]) : (!llvm.ptr) -> ()
    dlc.commit
    // CHECK: constant @second.launch
    dlc.launch @relu "second" ins(%t : memref<?xi8>) out(%y : memref<?xi8>) symbols(%N) {dlc.launch_number = 7 : i64}
    return
    // CHECK: ^[[LEAVE]](%[[CODE:.*]]: i32):
    // CHECK-NEXT: return %[[CODE]]
  }

  // The shapes of outputs whose extents are numbers and symbols are in the description; others take a function.
  func.func @twice(%y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?x16xf32>, dims = affine_map<()[s0] -> (s0 * 2, 16)>>},
                   %ws: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}, %c: memref<?xi8> {dlc.block = #dlc.program_block<constants>}, %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>},
                   %N: index {dlc.symbol = #dlc.program_symbol<name = "N">})
      attributes {dlc.entry = #dlc.entry_point<name = "twice", workspace_bytes = affine_map<()[s0] -> (0)>>} {
    return
  }

  // The task stops at once where there is nothing to do or too much, and crops the output to its range.
  // CHECK-LABEL: func.func private @first_layer.launch
  // CHECK-SAME: (%{{.*}}: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr) -> i32
  // CHECK-SAME: passthrough = ["noinline"]
  // CHECK: arith.cmpi sle
  // CHECK: arith.cmpi sgt
  // CHECK: arith.subi %[[END]], %[[BEGIN]]
  // CHECK: llvm.call @relu.kernel(%[[SCRATCH]]

  // A launch that is described looks first whether its thread is recorded. 7 | 2 buffers << 32 | 1 symbol << 48
  // CHECK-LABEL: func.func private @second.launch
  // CHECK-SAME: (%[[ARGUMENTS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr) -> i32
  // CHECK: %[[RECORDER:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[ANY:.*]] = llvm.icmp "ne" %[[RECORDER]]
  // CHECK: cf.cond_br %[[ANY]], ^[[RECORD:.*]], ^bb1
  // CHECK: ^[[RECORD]]:
  // CHECK: %[[SITE:.*]] = arith.constant 281483566645255 : i64
  // CHECK: llvm.call @dlcRecordLaunch(%[[ARGUMENTS]], %[[BEGIN]], %[[END]], %[[SCRATCH]], %{{.*}}, %[[SITE]])

  // CHECK-LABEL: func.func @run.workspace_bytes
  // CHECK: llvm.intr.smul.with.overflow
  // CHECK-NOT: func.func @run.output_shapes
  // CHECK-LABEL: func.func @twice.output_shapes
  // CHECK: %[[TWO:.*]] = arith.constant 2 : i64
  // CHECK: arith.muli %{{.*}}, %[[TWO]]
  // CHECK-NOT: func.func @run.output_shapes
  // CHECK: llvm.func @relu.kernel(!llvm.ptr, !llvm.ptr, i32, !llvm.ptr) -> i32
  // CHECK-NOT: dlc.weights
}
