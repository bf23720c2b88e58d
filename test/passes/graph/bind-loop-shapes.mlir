// RUN: dlc-opt %s --dlc-bind-loop-shapes --split-input-file --verify-diagnostics | FileCheck %s

func.func private @step(%step: tensor<i64>, %s: tensor<?xf32>, %x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  return %s, %x : tensor<?xf32>, tensor<?xf32>
}

// The extent of an operand may be an expression: here twice N.
// CHECK: func.func private @step(%{{.*}}: tensor<i64> {dlc.dims = affine_map<()[s0, s1] -> ()>},
// CHECK-SAME: %{{.*}}: tensor<?xf32> {dlc.dims = affine_map<()[s0, s1] -> (s0 * 2)>},
// CHECK-SAME: %{{.*}}: tensor<?xf32> {dlc.dims = affine_map<()[s0, s1] -> (s0)>})
// CHECK-SAME: attributes {dlc.carried = 1 : i64, dlc.stacked = 1 : i64, dlc.symbols = ["N", "T"]}
func.func @run(%x: tensor<?xf32> {dlc.dims = ["N"]}, %y: tensor<?x?xf32> {dlc.dims = ["T", "N"]}) -> tensor<?x?xf32> {
  %0 = dlc.concat %x, %x {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1, %2 = dlc.outlined_loop @step init(%0 : tensor<?xf32>) scan(%y : tensor<?x?xf32>) captures() -> tensor<?xf32>, tensor<?x?xf32>
  return %2 : tensor<?x?xf32>
}

// -----

func.func private @shared(%step: tensor<i64>, %s: tensor<2xf32>) -> tensor<2xf32> {
  return %s : tensor<2xf32>
}
func.func @run(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = dlc.outlined_loop @shared init(%x : tensor<2xf32>) scan() captures() {trip_count = 3 : i64} -> tensor<2xf32>
  // expected-error @below {{shares its body with another loop}}
  %1 = dlc.outlined_loop @shared init(%0 : tensor<2xf32>) scan() captures() {trip_count = 3 : i64} -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
