// RUN: dlc-opt %s --dlc-form-kernels --dlc-lower-to-program --cse --mlir-print-local-scope --split-input-file --verify-diagnostics | FileCheck %s
// RUN: dlc-opt %s --dlc-form-kernels --dlc-lower-to-program=share-memory=false --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=APART

// Four tensors of a chain alternate between two offsets; equal kernels are merged.
// CHECK: module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 128, live_bytes = 128, prepacked_bytes = 0>}
// APART: module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 192, live_bytes = 128
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[X:.*]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x"
// CHECK-SAME: %[[Y:.*]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y"
// CHECK-SAME: %[[WS:.*]]: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}
// CHECK-SAME: workspace_bytes = affine_map<() -> (128)>
// CHECK-DAG: %[[SIZE:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[A:.*]] = memref.view %[[WS]][%[[ZERO]]][%[[SIZE]]]
// CHECK: dlc.launch @[[K:.*]] "exp" ins(%[[X]] : memref<?xi8>) out(%[[A]]
// CHECK: %[[B:.*]] = memref.view %[[WS]][%[[SIZE]]][%[[SIZE]]]
// CHECK: dlc.launch @[[K]] "exp" ins(%[[A]] : memref<?xi8>) out(%[[B]]
// CHECK: dlc.launch @[[K]] "exp" ins(%[[B]] : memref<?xi8>) out(%[[A]]
// CHECK: dlc.launch @[[K]] "exp" ins(%[[A]] : memref<?xi8>) out(%[[Y]]
// CHECK: dlc.kernel_func @[[K]]
// CHECK-NOT: dlc.kernel_func
func.func @chain(%x: tensor<16xf32> {dlc.name = "x"}) -> (tensor<16xf32> {dlc.name = "y"}) {
  %a = dlc.exp %x : tensor<16xf32> -> tensor<16xf32>
  %b = dlc.exp %a : tensor<16xf32> -> tensor<16xf32>
  %c = dlc.exp %b : tensor<16xf32> -> tensor<16xf32>
  %y = dlc.exp %c : tensor<16xf32> -> tensor<16xf32>
  return %y : tensor<16xf32>
}

// -----

// What depends on constants alone runs once, in `prepare`. Offsets scale with the batch.
// CHECK: dlc.weights 64 offsets [0] types [tensor<2xf32>]
// CHECK-LABEL: func.func @run
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
// CHECK-SAME: workspace_bytes = affine_map<()[s0] -> (s0 * 64)>
// CHECK-NOT: "sqrt"
// CHECK: dlc.launch @{{.*}} "add" {{.*}} symbols(%[[N]])
// CHECK-LABEL: func.func @prepare
// CHECK: dlc.launch @{{.*}} "sqrt"
func.func @run(%x: tensor<?x2xf32> {dlc.name = "x", dlc.dims = ["N", 2]}) -> tensor<?x2xf32> {
  %w = dlc.constant dense<[4.0, 9.0]> : tensor<2xf32> : tensor<2xf32>
  %s = dlc.sqrt %w : tensor<2xf32> -> tensor<2xf32>
  %a = dlc.add %x, %s : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = dlc.exp %a : tensor<?x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// What such kernels write for runs has memory of its own (64 bytes each of "cos" and "abs"); what only they read shares
// the rest: "sin" writes where "sqrt" did.
// CHECK: module attributes {dlc.memory = #dlc.program_memory<{{.*}}prepacked_bytes = 256>}
// APART: module attributes {dlc.memory = #dlc.program_memory<{{.*}}prepacked_bytes = 320>}
// CHECK-LABEL: func.func @prepare
// CHECK: dlc.launch @{{.*}} "sqrt" {{.*}} out(%[[S:.*]] : memref
// CHECK: dlc.launch @{{.*}} "exp" ins(%[[S]] : {{.*}} out(%[[E:.*]] : memref
// CHECK: %[[C:.*]] = memref.view %{{.*}}[%c0]
// CHECK: dlc.launch @{{.*}} "cos" ins(%[[E]] : {{.*}} out(%[[C]] : memref
// CHECK: dlc.launch @{{.*}} "sin" ins(%[[E]] : {{.*}} out(%[[S]] : memref
// CHECK: %[[A:.*]] = memref.view %{{.*}}[%c64]
// CHECK: dlc.launch @{{.*}} "abs" ins(%[[S]] : {{.*}} out(%[[A]] : memref
func.func @run(%x: tensor<16xf32> {dlc.name = "x"}) -> (tensor<16xf32> {dlc.name = "y"}, tensor<16xf32> {dlc.name = "z"}) {
  %w = dlc.constant dense<4.0> : tensor<16xf32> : tensor<16xf32>
  %s = dlc.sqrt %w : tensor<16xf32> -> tensor<16xf32>
  %e = dlc.exp %s : tensor<16xf32> -> tensor<16xf32>
  %c = dlc.cos %e : tensor<16xf32> -> tensor<16xf32>
  %i = dlc.sin %e : tensor<16xf32> -> tensor<16xf32>
  %t = dlc.abs %i : tensor<16xf32> -> tensor<16xf32>
  %y = dlc.add %x, %c : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %z = dlc.add %x, %t : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %y, %z : tensor<16xf32>, tensor<16xf32>
}

// -----

// The halo of a tensor is filled by the program.
// CHECK-LABEL: func.func @halo
// CHECK: dlc.fill_halo
// CHECK-NEXT: dlc.launch
#halo = #dlc.layout<order = [0, 1], halo_low = [1, 0], halo_high = [1, 0]>
func.func @halo(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %p = dlc.pack %x : tensor<4x4xf32> -> tensor<4x4xf32, #halo>
  %y = dlc.unpack %p : tensor<4x4xf32, #halo> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// A loop-carried value alternates between two buffers of the arena; the first step reads the operand, and what the last one wrote is
// copied once. The workspace does not grow with the steps.
// CHECK-LABEL: func.func @alternating
// CHECK-SAME: %[[S:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "s"
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x"
// CHECK-SAME: %[[FINAL:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "final"
// CHECK-SAME: %[[WS:[a-z0-9]+]]: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}
// CHECK-SAME: %[[T:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "T"
// CHECK-SAME: workspace_bytes = affine_map<()[s0] -> (128)>
// CHECK: %[[A:.*]] = memref.view %[[WS]]
// CHECK: %[[B:.*]] = memref.view %[[WS]]
// CHECK: %[[STATE:.*]]:3 = scf.for %{{.*}} iter_args(%[[NOW:.*]] = %[[S]], %[[NEXT:.*]] = %[[A]], %[[OTHER:.*]] = %[[B]])
// CHECK: %[[PART:.*]] = memref.view %[[X]]
// CHECK: dlc.launch @{{.*}} "add" ins(%[[NOW]], %[[PART]] : memref<?xi8>, memref<?xi8>) out(%[[NEXT]]
// CHECK: scf.yield %[[NEXT]], %[[OTHER]], %[[NEXT]]
// CHECK: %[[LAST:.*]] = memref.view %[[STATE]]#0
// CHECK: %[[TO:.*]] = memref.view %[[FINAL]]
// CHECK: memref.copy %[[LAST]], %[[TO]]
func.func private @alternating_step(%step: tensor<i64>, %s: tensor<16xf32>, %x: tensor<16xf32>) -> tensor<16xf32>
    attributes {dlc.step = #dlc.loop_step<symbols = ["T"], loop_carried = 1, scan_outputs = 0>} {
  %0 = dlc.add %s, %x : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}
func.func @alternating(%s: tensor<16xf32> {dlc.name = "s"}, %x: tensor<?x16xf32> {dlc.name = "x", dlc.dims = ["T", 16]})
    -> (tensor<16xf32> {dlc.name = "final"}) {
  %0 = dlc.outlined_loop @alternating_step init(%s : tensor<16xf32>) scan(%x : tensor<?x16xf32>) captures() -> tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

// A loop-carried value that is also a scan output needs no buffer: a step reads what the step before stored.
// CHECK-LABEL: func.func @scan_outputs
// CHECK-SAME: %[[S:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "s"
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y"
// CHECK-SAME: workspace_bytes = affine_map<() -> (0)>
// CHECK: scf.for %{{.*}} iter_args(%[[NOW:.*]] = %[[S]])
// CHECK: %[[PART:.*]] = memref.view %[[Y]]
// CHECK: dlc.launch @{{.*}} "exp" ins(%[[NOW]] : memref<?xi8>) out(%[[PART]]
// CHECK: scf.yield %[[PART]]
func.func private @scan_outputs_step(%step: tensor<i64>, %s: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
    attributes {dlc.step = #dlc.loop_step<symbols = [], loop_carried = 1, scan_outputs = 1>} {
  %0 = dlc.exp %s : tensor<16xf32> -> tensor<16xf32>
  return %0, %0 : tensor<16xf32>, tensor<16xf32>
}
func.func @scan_outputs(%s: tensor<16xf32> {dlc.name = "s"}) -> (tensor<3x16xf32> {dlc.name = "y"}) {
  %0, %1 = dlc.outlined_loop @scan_outputs_step init(%s : tensor<16xf32>) scan() captures() {trip_count = 3 : i64}
      -> tensor<16xf32>, tensor<3x16xf32>
  return %1 : tensor<3x16xf32>
}

// -----

// A loop whose rows are independent runs for ranges of rows. What a step computes keeps its own memory to the last step: 1024 bytes
// of the sum, 1024 of its exponential, and two of 1024 for the loop-carried value.
// CHECK-LABEL: func.func @rows
// CHECK-SAME: workspace_bytes = affine_map<() -> (4096)>
// CHECK: scf.parallel (%{{.*}}) = (%{{.*}}) to (%c16) step (%c8) {
// CHECK: scf.for %{{.*}} iter_args(%[[NOW:.*]] = %{{.*}}, %[[NEXT:.*]] = %{{.*}}, %[[OTHER:.*]] = %{{.*}})
// CHECK: dlc.launch @{{.*}} "add"
// CHECK: dlc.launch @{{.*}} "exp"
// CHECK: dlc.launch @{{.*}} "mul" {{.*}} out(%[[NEXT]]
// CHECK: scf.yield %[[NEXT]], %[[OTHER]], %[[NEXT]]
// CHECK: scf.reduce
// CHECK: %[[LAST:.*]] = arith.select
// CHECK: memref.copy
func.func private @rows_step(%step: tensor<i64>, %s: tensor<16x16xf32>, %x: tensor<16x16xf32>) -> tensor<16x16xf32>
    attributes {dlc.step = #dlc.loop_step<symbols = [], loop_carried = 1, scan_outputs = 0>} {
  %0 = dlc.add %s, %x : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %1 = dlc.exp %0 : tensor<16x16xf32> -> tensor<16x16xf32>
  %2 = dlc.mul %0, %1 : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  return %2 : tensor<16x16xf32>
}
func.func @rows(%s: tensor<16x16xf32> {dlc.name = "s"}, %x: tensor<5x16x16xf32> {dlc.name = "x"}) -> (tensor<16x16xf32> {dlc.name = "final"}) {
  %0 = dlc.outlined_loop @rows_step init(%s : tensor<16x16xf32>) scan(%x : tensor<5x16x16xf32>) captures() {dlc.row_range = 8 : i64} -> tensor<16x16xf32>
  return %0 : tensor<16x16xf32>
}

// -----

// The host reads an extent that data decides and launches with it; the workspace is as large as it can become. What
// checks compare with it is checked there, too.
// CHECK-LABEL: func.func @found
// CHECK-SAME: %[[WS:[a-z0-9]+]]: memref<?xi8> {dlc.block = #dlc.program_block<workspace>}
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
// CHECK-SAME: index {dlc.symbol = #dlc.program_symbol<name = "found", bound = affine_map<()[s0, s1] -> (s0)>>}
// CHECK-SAME: workspace_bytes = affine_map<()[s0, s1] -> (
// CHECK-NOT: s1
// CHECK-SAME: )>
// CHECK: dlc.launch @{{.*}} "reduce"
// CHECK: %[[COUNT:.*]] = dlc.read_extent 1 "found" from %{{.*}} : memref<?xi8> bound
// CHECK: dlc.launch @{{.*}} "true_positions" {{.*}} symbols(%[[N]], %[[COUNT]])
func.func @found(%mask: tensor<?xi1> {dlc.name = "mask", dlc.dims = ["N"]}) -> (tensor<?xi64> {dlc.name = "y"}) {
  %i = dlc.cast %mask {to = i64} : tensor<?xi1> -> tensor<?xi64>
  %n = dlc.reduce sum %i {axes = array<i64: 0>} : tensor<?xi64> -> tensor<i64>
  %c = dlc.running_count %mask : tensor<?xi1> -> tensor<?xi64>
  %s = dlc.readback %n, %mask {bound = affine_map<()[s0] -> (s0)>, symbol = "found"} : (tensor<i64>, tensor<?xi1>) -> tensor<?xi1>
  %p = dlc.true_positions %c, %s : (tensor<?xi64>, tensor<?xi1>) -> tensor<?xi64>
  %y = dlc.add %p, %p : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// Without a bound, memory is reserved when the extent is known: a segment for tensors, and the output's own.
// CHECK-LABEL: func.func @counted
// CHECK-SAME: segments = 2
// CHECK: %[[COUNT:.*]] = dlc.read_extent 0 "n" from %{{[a-z0-9]+}} : memref<?xi8>
// CHECK: %[[SEGMENT:.*]] = dlc.reserve 0 bytes affine_map<()[s0] -> (s0 * {{.*}})> symbols(%[[COUNT]])
// CHECK: %[[OUTPUT:.*]] = dlc.reserve 1 bytes affine_map<()[s0] -> (s0 * 4)> output 1 symbols(%[[COUNT]])
// CHECK: dlc.launch @{{.*}} "index" {{.*}} symbols(%[[COUNT]])
// CHECK: dlc.launch @{{.*}} "cast" {{.*}} out(%[[OUTPUT]] : memref<?xi8>)
func.func @counted(%n: tensor<i64> {dlc.name = "n"}) -> (tensor<?xf32> {dlc.name = "y"}) {
  %s = dlc.readback %n {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  %i = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  %y = dlc.cast %i {to = f32} : tensor<?xi64> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A run completes once it overwrites a variable, here in its second launch; it may still be cancelled before.
// CHECK-LABEL: func.func @train
// CHECK: dlc.launch @{{.*}} "exp"
// CHECK-NOT: dlc.launch
// CHECK: dlc.commit
// CHECK-NOT: dlc.commit
// CHECK: dlc.launch @{{.*}} "w.update" {{.*}} out(%[[W:.*]] : memref<?xi8>)
// CHECK-NOT: dlc.commit
// CHECK: dlc.launch @{{.*}} "v.update"
// CHECK: return
// What is copied at the end comes after the last launch.
// APART-LABEL: func.func @train
// APART-NOT: dlc.commit
// APART: memref.copy
func.func @train(%x: tensor<16xf32> {dlc.name = "x"}, %w: tensor<16xf32> {dlc.variable = "w"}, %v: tensor<16xf32> {dlc.variable = "v"})
    -> (tensor<16xf32> {dlc.variable = "w"}, tensor<16xf32> {dlc.variable = "v"}) {
  %e = dlc.exp %x : tensor<16xf32> -> tensor<16xf32>
  %w1 = dlc.neg %e : tensor<16xf32> -> tensor<16xf32>
  %v1 = dlc.tanh %e : tensor<16xf32> -> tensor<16xf32>
  return %w1, %v1 : tensor<16xf32>, tensor<16xf32>
}
dlc.parameter @w : tensor<16xf32> = dense<0.0> : tensor<16xf32>
dlc.parameter @v : tensor<16xf32> = dense<0.0> : tensor<16xf32>

// -----

// A kernel does not know how its extents follow from the model's: "exp" is the same one for N floordiv 2 elements and
// for M, and "concat" does not know that its second input has half as many elements as the first.
// CHECK-LABEL: func.func @extents
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
// CHECK-SAME: %[[M:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "M">}
// CHECK: dlc.launch @{{.*}} "max_pool" {{.*}} symbols(%[[N]])
// CHECK: %[[HALF:.*]] = affine.apply affine_map<()[s0{{.*}}] -> (s0 floordiv 2)>()[%[[N]]
// CHECK: dlc.launch @[[EXP:.*]] "exp" {{.*}} symbols(%[[HALF]])
// CHECK: dlc.launch @[[EXP]] "exp" {{.*}} symbols(%[[M]])
// CHECK: dlc.launch @{{.*}} "concat" {{.*}} symbols(%[[N]], %[[HALF]])
// CHECK: dlc.kernel_func @[[EXP]] {{.*}} attributes {input_dims = [affine_map<()[s0] -> (1, 4, s0)>]
func.func @extents(%x: tensor<1x4x?xf32> {dlc.name = "x", dlc.dims = [1, 4, "N"]},
                   %z: tensor<1x4x?xf32> {dlc.name = "z", dlc.dims = [1, 4, "M"]})
    -> (tensor<1x4x?xf32> {dlc.name = "y"}, tensor<1x4x?xf32> {dlc.name = "u"}, tensor<1x4x?xf32> {dlc.name = "v"}) {
  %p = dlc.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
  %y = dlc.exp %p : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
  %u = dlc.exp %z : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
  %v = dlc.concat %x, %p {axis = 2 : i64} : (tensor<1x4x?xf32>, tensor<1x4x?xf32>) -> tensor<1x4x?xf32>
  return %y, %u, %v : tensor<1x4x?xf32>, tensor<1x4x?xf32>, tensor<1x4x?xf32>
}

// -----

// A kernel that adds what a pool makes of N elements to N floordiv 2 others must know that these are as many.
// CHECK-LABEL: func.func @compared
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
// CHECK: dlc.launch @{{.*}} "pool" {{.*}} symbols(%[[N]])
// CHECK: dlc.kernel_func {{.*}}pool {{.*}} attributes {input_dims = [affine_map<()[s0] -> (1, 4, s0)>, affine_map<()[s0] -> (1, 4, s0 floordiv 2)>]
func.func @compared(%x: tensor<1x4x?xf32> {dlc.name = "x", dlc.dims = [1, 4, "N"]}) -> (tensor<1x4x?xf32> {dlc.name = "y"}) {
  %p = dlc.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
  %y = dlc.kernel "pool" kind(window) (%x, %p : tensor<1x4x?xf32>, tensor<1x4x?xf32>) -> tensor<1x4x?xf32> {
  ^bb0(%a: tensor<1x4x?xf32>, %b: tensor<1x4x?xf32>):
    %q = dlc.max_pool %a {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
    %s = dlc.add %q, %b : (tensor<1x4x?xf32>, tensor<1x4x?xf32>) -> tensor<1x4x?xf32>
    dlc.yield %s : tensor<1x4x?xf32>
  }
  return %y : tensor<1x4x?xf32>
}

// -----

// Kernels are equal if their ops are and read the same: "c" subtracts the other way, and "d" has another bound.
// CHECK-LABEL: func.func @wiring
// CHECK: dlc.launch @[[A:.*]] "a"
// CHECK: dlc.launch @[[A]] "b"
// CHECK-NOT: dlc.launch @[[A]] "
// CHECK: dlc.launch @[[C:.*]] "c"
// CHECK-NOT: dlc.launch @[[C]] "
// CHECK: dlc.launch @{{.*}} "d"
// CHECK-COUNT-3: dlc.kernel_func
// CHECK-NOT: dlc.kernel_func
func.func @wiring(%x: tensor<16xf32> {dlc.name = "x"}, %y: tensor<16xf32> {dlc.name = "y"})
    -> (tensor<16xf32> {dlc.name = "p"}, tensor<16xf32> {dlc.name = "q"}, tensor<16xf32> {dlc.name = "r"}, tensor<16xf32> {dlc.name = "s"}) {
  %p = dlc.kernel "a" kind(elementwise) (%x, %y : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> attributes {schedules = []} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %c = dlc.clamp %a {low = 0.0 : f64} : tensor<16xf32> -> tensor<16xf32>
    %d = dlc.sub %c, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    dlc.yield %d : tensor<16xf32>
  }
  %q = dlc.kernel "b" kind(elementwise) (%y, %x : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> attributes {schedules = []} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %c = dlc.clamp %a {low = 0.0 : f64} : tensor<16xf32> -> tensor<16xf32>
    %d = dlc.sub %c, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    dlc.yield %d : tensor<16xf32>
  }
  %r = dlc.kernel "c" kind(elementwise) (%x, %y : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> attributes {schedules = []} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %c = dlc.clamp %a {low = 0.0 : f64} : tensor<16xf32> -> tensor<16xf32>
    %d = dlc.sub %b, %c : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    dlc.yield %d : tensor<16xf32>
  }
  %s = dlc.kernel "d" kind(elementwise) (%x, %y : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> attributes {schedules = []} {
  ^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
    %c = dlc.clamp %a {low = 1.0 : f64} : tensor<16xf32> -> tensor<16xf32>
    %d = dlc.sub %c, %b : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    dlc.yield %d : tensor<16xf32>
  }
  return %p, %q, %r, %s : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
}

// -----

// What follows from extents alone is written by the program: no kernel is compiled for it. It is one where LLVM would
// call a function to convert to the element type, and where something else is computed, too.
// CHECK-LABEL: func.func @integers
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "a"
// CHECK-SAME: %[[B:[a-z0-9]+]]: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "b"
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {dlc.symbol = #dlc.program_symbol<name = "N">}
// CHECK-DAG: %[[HALF:.*]] = affine.apply affine_map<()[s0] -> (s0 floordiv 2)>()[%[[N]]]
// CHECK-DAG: %[[H:.*]] = arith.index_cast %[[HALF]] : index to i64
// CHECK-DAG: %[[I:.*]] = memref.view %[[A]]{{.*}} to memref<2xi64>
// CHECK-DAG: memref.store %[[H]], %[[I]]
// CHECK-DAG: %[[X:.*]] = arith.sitofp %[[H]] : i64 to f32
// CHECK-DAG: %[[F:.*]] = memref.view %[[B]]{{.*}} to memref<1xf32>
// CHECK-DAG: memref.store %[[X]], %[[F]]
// CHECK-DAG: %[[ALL:.*]] = affine.apply affine_map<()[s0] -> (s0 * 4)>()[%[[N]]]
// CHECK-DAG: %[[L:.*]] = arith.index_cast %[[ALL]] : index to i64
// CHECK-DAG: %[[T:.*]] = arith.trunci %[[L]] : i64 to i32
// CHECK-DAG: memref.store %[[T]]
// CHECK-COUNT-2: dlc.launch
// CHECK-NOT: dlc.launch
func.func @integers(%x: tensor<4x?xf32> {dlc.name = "x", dlc.dims = [4, "N"]})
    -> (tensor<2xi64> {dlc.name = "a"}, tensor<1xf32> {dlc.name = "b"}, tensor<1xf16> {dlc.name = "c"}, tensor<1xi64> {dlc.name = "d"}, tensor<i32> {dlc.name = "e"}) {
  %a = dlc.integers %x {values = affine_map<()[s0, s1] -> (s1 floordiv 2, s1 * s0)>, element_type = i64} : (tensor<4x?xf32>) -> tensor<2xi64>
  %b = dlc.integers %x {values = affine_map<()[s0, s1] -> (s1 floordiv 2)>, element_type = f32} : (tensor<4x?xf32>) -> tensor<1xf32>
  %m = dlc.extent %x {axes = array<i64: 0, 1>, element_type = i32} : (tensor<4x?xf32>) -> tensor<i32>
  %c = dlc.integers %x {values = affine_map<()[s0, s1] -> (s1 floordiv 2)>, element_type = f16} : (tensor<4x?xf32>) -> tensor<1xf16>
  %d = dlc.kernel "d" kind(movement) (%x : tensor<4x?xf32>) -> tensor<1xi64> attributes {input_dims = [affine_map<()[s0] -> (4, s0)>], schedules = [], symbols = ["N"]} {
  ^bb0(%i: tensor<4x?xf32>):
    %e = dlc.integers %i {values = affine_map<()[s0, s1] -> (s1)>, element_type = i64} : (tensor<4x?xf32>) -> tensor<1xi64>
    %n = dlc.neg %e : tensor<1xi64> -> tensor<1xi64>
    dlc.yield %n : tensor<1xi64>
  }
  return %a, %b, %c, %d, %m : tensor<2xi64>, tensor<1xf32>, tensor<1xf16>, tensor<1xi64>, tensor<i32>
}
