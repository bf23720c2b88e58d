// RUN: dlc-opt %s --dlc-number-launches --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-number-launches=limit=1 --split-input-file | FileCheck %s --check-prefix=SHARED

// A line per launch; what is said of a kernel is said once. 09 and 0A are tab and line feed.
// CHECK: module attributes {dlc.launches = "first layer\09relu\09elementwise\09f32\09s0 80 *\09s0 128 *\09s0\09s0 860880 * 1048576 / s0 671104 * 1048576 / +\09x86-64-v3 flat vector=8 split=0 grain=4\0Asecond\09relu\0A"
// Where there are many launches, those of a kernel share a line.
// SHARED: module attributes {dlc.launches = "relu\09relu\09elementwise\09f32\09s0 80 *\09s0 128 *\09s0\09s0 860880 * 1048576 / s0 671104 * 1048576 / +\09x86-64-v3 flat vector=8 split=0 grain=4\0A"
module {
  // CHECK: dlc.kernel_func @relu
  // CHECK-NOT: dlc.launch_number
  // SHARED: dlc.kernel_func @relu
  // SHARED-SAME: dlc.launch_number = 0 : i64
  dlc.kernel_func @relu kind(elementwise) attributes {
      schedules = [#dlc.schedule<algorithm = "flat", isa = "x86-64-v3", vector = 8, split = 0, grain = 4>],
      input_dims = [affine_map<()[s0] -> (s0, 16)>], symbols = ["N"]} {
  ^bb0(%a: tensor<?x16xf32>):
    %r = dlc.relu %a : tensor<?x16xf32> -> tensor<?x16xf32>
    dlc.yield %r : tensor<?x16xf32>
  }
  func.func @run(%x: memref<?xi8>, %y: memref<?xi8>, %n: index)
      attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<()[s0] -> (s0 * 64)>>} {
    // CHECK: dlc.launch @relu "first\09layer" {{.*}} {dlc.launch_number = 0 : i64}
    // SHARED-NOT: dlc.launch_number
    dlc.launch @relu "first\09layer" ins(%x : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      // CHECK: dlc.launch @relu "second" {{.*}} {dlc.launch_number = 1 : i64}
      dlc.launch @relu "second" ins(%x : memref<?xi8>) out(%y : memref<?xi8>) symbols(%n)
    }
    return
  }
}

// -----

// What prepacks weights is not described, nor are functions without launches.
// CHECK-LABEL: @weights
// CHECK-NOT: dlc.launch_number
// SHARED-LABEL: @weights
// SHARED-NOT: dlc.launch_number
dlc.kernel_func @weights kind(elementwise) attributes {
    schedules = [#dlc.schedule<algorithm = "flat", isa = "x86-64-v3", vector = 8, split = 0, grain = 4>]} {
^bb0(%a: tensor<4x16xf32>):
  %r = dlc.relu %a : tensor<4x16xf32> -> tensor<4x16xf32>
  dlc.yield %r : tensor<4x16xf32>
}
func.func @prepare(%x: memref<?xi8>, %y: memref<?xi8>)
    attributes {dlc.entry = #dlc.entry_point<name = "prepare", workspace_bytes = affine_map<() -> (0)>>} {
  dlc.launch @weights "w" ins(%x : memref<?xi8>) out(%y : memref<?xi8>)
  return
}
